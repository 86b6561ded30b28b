-- Version 5: whether a recurring job has been scheduled at last_run, or was first seen then.

ALTER TABLE cron_ticks ADD COLUMN ran INTEGER NOT NULL DEFAULT 1;

PRAGMA user_version = 5;
