-- Version 2: whether a recurring job has been scheduled at last_run, or was first seen then.

ALTER TABLE cron_ticks ADD COLUMN ran integer NOT NULL DEFAULT 1;
