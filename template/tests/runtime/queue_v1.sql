PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE cron_ticks (
    name     TEXT PRIMARY KEY,
    last_run REAL NOT NULL
) STRICT;
CREATE TABLE jobs (
    -- AUTOINCREMENT: a number is never used twice, so a claim on a pruned job fences nothing else.
    number          INTEGER PRIMARY KEY AUTOINCREMENT,
    token           TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    queue           TEXT    NOT NULL,
    priority        INTEGER NOT NULL,
    payload         TEXT    NOT NULL,
    payload_version INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN
                        ('scheduled', 'ready', 'running', 'completed', 'failed', 'cancelled')),
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
INSERT INTO "jobs" VALUES(1,'58hf2qrken','plain','default',0,'{"state":"completed"}',1,'completed',1795000001.0,1,8,1,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1795000001.0,1795000001.0,1795000001.0);
INSERT INTO "jobs" VALUES(2,'x2c6vhhdma','plain','default',0,'{"state":"failed"}',1,'failed',1795000002.0,1,1,1,NULL,NULL,NULL,NULL,NULL,NULL,0,'ValueError: broken

Traceback (most recent call last):
  ...
ValueError: broken
',NULL,1795000002.0,1795000002.0,1795000002.0);
INSERT INTO "jobs" VALUES(3,'z97n1tvsp1','plain','default',0,'{"state":"cancelled"}',1,'cancelled',1795000003.0,1,8,1,NULL,NULL,NULL,NULL,NULL,NULL,0,'the job cancelled itself',NULL,1795000003.0,1795000003.0,1795000003.0);
INSERT INTO "jobs" VALUES(4,'aeb61me6vp','plain','default',0,'{"state":"retried"}',1,'scheduled',1795000034.0,1,8,1,NULL,NULL,NULL,NULL,NULL,NULL,0,'ValueError: once',NULL,1795000004.0,1795000004.0,NULL);
INSERT INTO "jobs" VALUES(5,'fqc4bkfjg5','plain','default',0,'{"state":"running"}',1,'running',1795000005.0,1,8,1,'b0a0c1d2e3f40516','k',NULL,NULL,NULL,NULL,0,NULL,'r1',1795000005.0,1795000005.0,NULL);
INSERT INTO "jobs" VALUES(6,'34gaq593rt','plain','default',0,'{"state":"scheduled","when":{"$datetime":"2026-11-23T22:00:00+00:00"}}',1,'scheduled',1795000066.0,0,8,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1795000006.0,NULL,NULL);
INSERT INTO "jobs" VALUES(7,'w6mctcx8bv','plain','mail',5,'{"state":"ready"}',1,'ready',1795000007.0,0,8,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1795000007.0,NULL,NULL);
INSERT INTO "jobs" VALUES(8,'m0319b6v60','old/name','default',0,'{"state":"renamed"}',1,'ready',1795000008.0,0,8,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1795000008.0,NULL,NULL);
INSERT INTO "jobs" VALUES(9,'952k1w44ce','nowhere','default',0,'{"state":"unknown"}',1,'ready',1795000009.0,0,8,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1795000009.0,NULL,NULL);
INSERT INTO "jobs" VALUES(10,'m9q32nwa8z','plain','default',0,'{"state":',99,'ready',1795000010.0,0,8,0,NULL,NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,1795000010.0,NULL,NULL);
CREATE TABLE paused_queues (
    queue     TEXT PRIMARY KEY,
    paused_at REAL NOT NULL
) STRICT;
INSERT INTO "paused_queues" VALUES('paused',1795000010.0);
CREATE TABLE processes (
    id           TEXT    PRIMARY KEY,
    pid          INTEGER NOT NULL,
    host         TEXT    NOT NULL,
    threads      INTEGER NOT NULL,
    started_at   REAL    NOT NULL,
    heartbeat_at REAL    NOT NULL
) STRICT;
INSERT INTO "processes" VALUES('b0a0c1d2e3f40516',13935,'vm',4,1795000000.0,1795000000.0);
CREATE TABLE removed (
    reason TEXT    PRIMARY KEY,
    jobs   INTEGER NOT NULL
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('jobs',10);
COMMIT;
