-- Procrastinate's tables under the names that the queue's statements use. PostgreSQL writes through
-- such views. They are made anew whenever Procrastinate's tables have changed.

CREATE VIEW jobs AS SELECT
    id AS number, token, task_name AS name, queue_name AS queue, priority, payload,
    payload_version, state, run_at, attempts AS attempt, max_attempts, claim, claimed_by,
    queueing_lock AS unique_key, limit_key, limit_size, progress, progress_note,
    abort_requested AS cancel_asked, error, request_id, created_at, started_at, finished_at, held
FROM procrastinate_jobs;

CREATE VIEW processes AS
SELECT process AS id, pid, host, threads, started_at, heartbeat_at, last_heartbeat
FROM procrastinate_workers WHERE process IS NOT NULL;
