-- Version 2: limits, and a recurring job's own times.

-- A ready job that waits until fewer of its limit key run. At most limit_size of a key are ready and
-- not held, or running: so who claims need not count.
ALTER TABLE jobs ADD COLUMN held INTEGER NOT NULL DEFAULT 0;

DROP INDEX jobs_ready;
DROP INDEX jobs_limited;
CREATE INDEX jobs_ready ON jobs (queue, priority DESC, number) WHERE state = 'ready' AND held = 0;
CREATE INDEX jobs_limited ON jobs (limit_key, held, priority DESC, number)
    WHERE limit_key IS NOT NULL AND state IN ('ready', 'running');
CREATE INDEX jobs_held ON jobs (limit_key, number) WHERE state = 'ready' AND held = 1;

-- The times by which last_run was told: when they are changed, nothing has been missed.
ALTER TABLE cron_ticks ADD COLUMN schedule TEXT NOT NULL DEFAULT '';

PRAGMA user_version = 2;
