-- The queue's file, version 1. One table of jobs with a partial index per use: this measured
-- faster than a table per state or one composite index. Times are UTC seconds.

CREATE TABLE jobs (
    -- AUTOINCREMENT: a number is never used twice, so a claim on a pruned job fences nothing else.
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
    CHECK ((state = 'running') = (claimed_by IS NOT NULL))
) STRICT;

CREATE INDEX jobs_ready ON jobs (queue, priority DESC, number) WHERE state = 'ready';
CREATE INDEX jobs_due ON jobs (run_at) WHERE state = 'scheduled';
CREATE INDEX jobs_running ON jobs (claimed_by) WHERE state = 'running';
CREATE INDEX jobs_completed ON jobs (finished_at) WHERE state = 'completed';
CREATE INDEX jobs_failed ON jobs (finished_at) WHERE state = 'failed';
CREATE INDEX jobs_cancelled ON jobs (finished_at) WHERE state = 'cancelled';
CREATE UNIQUE INDEX jobs_unique ON jobs (unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running');
CREATE INDEX jobs_limited ON jobs (limit_key)
    WHERE limit_key IS NOT NULL AND state = 'running';

-- One row per worker process, under a random id per start.
CREATE TABLE processes (
    id           TEXT    PRIMARY KEY,
    pid          INTEGER NOT NULL,
    host         TEXT    NOT NULL,
    threads      INTEGER NOT NULL,
    started_at   REAL    NOT NULL,
    heartbeat_at REAL    NOT NULL
) STRICT;

-- Queues that somebody paused; a queue without a row is open.
CREATE TABLE paused_queues (
    queue     TEXT PRIMARY KEY,
    paused_at REAL NOT NULL
) STRICT;

-- When each recurring job last had its tick.
CREATE TABLE cron_ticks (
    name     TEXT PRIMARY KEY,
    last_run REAL NOT NULL
) STRICT;

-- Jobs that went for good, by reason ('pruned', 'discarded'), so that every job is accounted for.
CREATE TABLE removed (
    reason TEXT    PRIMARY KEY,
    jobs   INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 1;
