-- What leans on Procrastinate's own things, and would keep its migrations from changing them: taken
-- away before these, and made anew after them.

-- Its tables under the names that the queue's statements use. PostgreSQL writes through such views.
CREATE VIEW jobs AS SELECT
    id AS number, token, task_name AS name, queue_name AS queue, priority, payload,
    payload_version, state, run_at, attempts AS attempt, max_attempts, claim, claimed_by,
    queueing_lock AS unique_key, limit_key, limit_size, progress, progress_note,
    abort_requested AS cancel_asked, error, request_id, created_at, started_at, finished_at, held
FROM procrastinate_jobs;

CREATE VIEW processes AS
SELECT process AS id, pid, host, threads, started_at, heartbeat_at, last_heartbeat
FROM procrastinate_workers WHERE process IS NOT NULL;

-- Its own trigger does not fire for a status that another trigger has set.
CREATE TRIGGER tell_of_state
    AFTER UPDATE OF state ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status)
    EXECUTE FUNCTION procrastinate_trigger_function_status_events_update_v1();
