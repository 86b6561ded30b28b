-- Version 2: limits, and a recurring job's own times.
--
-- The table is made anew without the check of the words for its states: SQLite looked at it at each
-- of a job's moves, for a tenth of their cost, and the words come from one enum.

CREATE TABLE jobs_2 (
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    token           TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    queue           TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    payload         TEXT    NOT NULL,
    payload_version INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    run_at          REAL    NOT NULL,
    attempt         INTEGER NOT NULL DEFAULT 0,
    max_attempts    INTEGER NOT NULL,
    claim           INTEGER NOT NULL DEFAULT 0,
    claimed_by      TEXT,
    unique_key      TEXT,
    limit_key       TEXT,
    limit_size      INTEGER,
    progress        REAL,
    progress_note   TEXT,
    cancel_asked    INTEGER NOT NULL DEFAULT 0,
    error           TEXT,
    request_id      TEXT,
    created_at      REAL    NOT NULL,
    started_at      REAL,
    finished_at     REAL,
    -- A ready job that waits until fewer of its limit key run. At most limit_size of a key are
    -- ready and not held, or running: so who claims need not count.
    held            INTEGER NOT NULL DEFAULT 0,
    CHECK ((state = 'running') = (claimed_by IS NOT NULL))
) STRICT;

INSERT INTO jobs_2
SELECT number, token, name, queue, priority, payload, payload_version, state, run_at, attempt,
       max_attempts, claim, claimed_by, unique_key, limit_key, limit_size, progress, progress_note,
       cancel_asked, error, request_id, created_at, started_at, finished_at, 0
FROM jobs;

-- A number is never used twice, those of jobs that are gone included.
UPDATE sqlite_sequence
SET seq = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'jobs'), 0)
WHERE name = 'jobs_2';

DROP TABLE jobs;
ALTER TABLE jobs_2 RENAME TO jobs;

CREATE INDEX jobs_ready ON jobs (queue, priority DESC, number) WHERE state = 'ready' AND held = 0;
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'scheduled';
CREATE INDEX jobs_running ON jobs (claimed_by) WHERE state = 'running';
CREATE INDEX jobs_completed ON jobs (finished_at) WHERE state = 'completed';
CREATE INDEX jobs_failed ON jobs (finished_at) WHERE state = 'failed';
CREATE INDEX jobs_cancelled ON jobs (finished_at) WHERE state = 'cancelled';
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running');
CREATE INDEX jobs_limited ON jobs (limit_key, held, priority DESC, number)
    WHERE limit_key IS NOT NULL AND state IN ('ready', 'running');
CREATE INDEX jobs_held ON jobs (limit_key, number) WHERE state = 'ready' AND held = 1;

-- The times by which last_run was told: when they are changed, nothing has been missed.
ALTER TABLE cron_ticks ADD COLUMN schedule TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 2;
