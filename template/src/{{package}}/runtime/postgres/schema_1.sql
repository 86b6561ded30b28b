-- Version 1 of what the app adds to Procrastinate's tables, in a PostgreSQL schema of its own.
--
-- Procrastinate knows neither who holds a job, nor more than the attempts of it. Its rows are kept:
-- what it lacks stands in columns beside its own, and a trigger keeps `status` and `state` alike,
-- whoever of the two has changed one. So its functions, its shell and its admin pages see our jobs
-- and steer them, and what they schedule runs here.

ALTER TABLE procrastinate_jobs
    ADD COLUMN token           text    NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', ''),
    ADD COLUMN payload         text    NOT NULL DEFAULT '{}',
    ADD COLUMN payload_version integer NOT NULL DEFAULT 1,
    -- NULL until the trigger has seen a row that Procrastinate inserted.
    ADD COLUMN state           text,
    ADD COLUMN run_at          double precision,
    ADD COLUMN max_attempts    integer NOT NULL DEFAULT 8,
    -- Counts the claims of a job: the fence, which Procrastinate's finish has not.
    ADD COLUMN claim           bigint  NOT NULL DEFAULT 0,
    ADD COLUMN claimed_by      text,
    ADD COLUMN limit_key       text,
    ADD COLUMN limit_size      integer,
    ADD COLUMN held            integer NOT NULL DEFAULT 0,
    ADD COLUMN progress        double precision,
    ADD COLUMN progress_note   text,
    ADD COLUMN error           text,
    ADD COLUMN request_id      text,
    ADD COLUMN created_at      double precision NOT NULL DEFAULT extract(epoch FROM now()),
    ADD COLUMN started_at      double precision,
    ADD COLUMN finished_at     double precision,
    -- A worker of Procrastinate's own would run jobs without the fence: it gets none.
    ADD CONSTRAINT jobs_run_under_a_claim CHECK ((state = 'running') = (claimed_by IS NOT NULL));

ALTER TABLE procrastinate_workers
    ADD COLUMN process      text UNIQUE,
    ADD COLUMN pid          integer,
    ADD COLUMN host         text,
    ADD COLUMN threads      integer,
    ADD COLUMN started_at   double precision,
    ADD COLUMN heartbeat_at double precision;

CREATE FUNCTION keep_state_and_status_alike() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    now_is double precision := extract(epoch FROM clock_timestamp());
BEGIN
    IF NEW.state IS NULL THEN
        NEW.payload := NEW.args::text;
        NEW.run_at := coalesce(extract(epoch FROM NEW.scheduled_at), now_is);
        NEW.state := CASE WHEN NEW.run_at > now_is THEN 'scheduled' ELSE 'ready' END;
    ELSIF TG_OP = 'UPDATE' AND NEW.state = OLD.state AND NEW.status <> OLD.status THEN
        NEW.state := CASE NEW.status WHEN 'todo' THEN 'ready' WHEN 'doing' THEN 'running'
            WHEN 'succeeded' THEN 'completed' WHEN 'failed' THEN 'failed' ELSE 'cancelled' END;
        NEW.claimed_by := NULL;
        NEW.finished_at := CASE WHEN NEW.status <> 'todo' THEN now_is END;
        IF NEW.status = 'todo' THEN
            NEW.attempts := 0;
            NEW.abort_requested := FALSE;
            NEW.run_at := coalesce(extract(epoch FROM NEW.scheduled_at), now_is);
            NEW.state := CASE WHEN NEW.run_at > now_is THEN 'scheduled' ELSE 'ready' END;
            NEW.held := CASE WHEN NEW.limit_key IS NULL THEN 0 ELSE 1 END;
        END IF;
    END IF;
    IF TG_OP = 'INSERT' OR NEW.state <> OLD.state THEN
        NEW.status := CASE NEW.state WHEN 'running' THEN 'doing' WHEN 'completed' THEN 'succeeded'
            WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN
                CASE WHEN TG_OP = 'UPDATE' AND OLD.status = 'doing' THEN 'aborted' ELSE 'cancelled' END
            ELSE 'todo' END;
    END IF;
    NEW.scheduled_at := CASE NEW.state WHEN 'scheduled' THEN to_timestamp(NEW.run_at) END;
    NEW.worker_id := CASE NEW.state WHEN 'running'
        THEN (SELECT id FROM procrastinate_workers WHERE process = NEW.claimed_by) END;
    RETURN NEW;
END
$$;

CREATE TRIGGER keep_state_and_status_alike
    BEFORE INSERT OR UPDATE OF state, status, run_at ON procrastinate_jobs
    FOR EACH ROW EXECUTE FUNCTION keep_state_and_status_alike();

-- Procrastinate tells who listens of what is inserted; this, of all else that may be claimed.
CREATE FUNCTION tell_of_ready_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('procrastinate_any_queue_v1', '{"type": "job_inserted"}');
    RETURN NULL;
END
$$;

CREATE TRIGGER tell_of_ready_jobs
    AFTER UPDATE ON procrastinate_jobs
    FOR EACH ROW WHEN (NEW.state = 'ready' AND NEW.held = 0 AND (OLD.state <> 'ready' OR OLD.held <> 0))
    EXECUTE FUNCTION tell_of_ready_jobs();

CREATE INDEX jobs_ready ON procrastinate_jobs (queue_name, priority DESC, id)
    WHERE state = 'ready' AND held = 0;
CREATE INDEX jobs_due ON procrastinate_jobs (run_at, id) WHERE state = 'scheduled';
CREATE INDEX jobs_running ON procrastinate_jobs (claimed_by) WHERE state = 'running';
CREATE INDEX jobs_completed ON procrastinate_jobs (finished_at, id) WHERE state = 'completed';
CREATE INDEX jobs_failed ON procrastinate_jobs (finished_at, id) WHERE state = 'failed';
CREATE INDEX jobs_cancelled ON procrastinate_jobs (finished_at, id) WHERE state = 'cancelled';
CREATE UNIQUE INDEX jobs_unique ON procrastinate_jobs (queueing_lock)
    WHERE queueing_lock IS NOT NULL AND state IN ('scheduled', 'ready', 'running');
CREATE INDEX jobs_limited ON procrastinate_jobs (limit_key, held, priority DESC, id)
    WHERE limit_key IS NOT NULL AND state IN ('ready', 'running');
CREATE INDEX jobs_held ON procrastinate_jobs (limit_key, id) WHERE state = 'ready' AND held = 1;

CREATE TABLE paused_queues (queue text PRIMARY KEY, paused_at double precision NOT NULL);

CREATE TRIGGER tell_of_ready_jobs
    AFTER DELETE ON paused_queues
    FOR EACH ROW EXECUTE FUNCTION tell_of_ready_jobs();

CREATE TABLE cron_ticks (
    name text PRIMARY KEY, last_run double precision NOT NULL, schedule text NOT NULL
);

CREATE TABLE removed (reason text PRIMARY KEY, jobs bigint NOT NULL);

CREATE TABLE tallies (
    minute  bigint NOT NULL,
    queue   text   NOT NULL,
    name    text   NOT NULL,
    outcome text   NOT NULL,
    bucket  integer NOT NULL,
    runs    bigint NOT NULL,
    waited  double precision NOT NULL,
    ran     double precision NOT NULL,
    PRIMARY KEY (minute, queue, name, outcome, bucket)
);

-- What listing.py asks SQLite's function of this name: whether the one text is in the other.
CREATE FUNCTION instr(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT
AS 'SELECT strpos($1, $2) > 0';

-- Somebody's key that was live a moment ago is not any more: try the whole transaction again.
CREATE FUNCTION holder_of_key(key text, OUT number bigint, OUT token text)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT jobs.id, jobs.token INTO number, token FROM procrastinate_jobs AS jobs
    WHERE queueing_lock = key AND state IN ('scheduled', 'ready', 'running');
    IF NOT FOUND THEN
        RAISE 'the key was freed meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
