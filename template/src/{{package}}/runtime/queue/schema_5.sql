-- Version 5: a recurring job's times each have a row of their own, as an app's old release and its new
-- one may run side by side, and each has its own in mind.

CREATE TABLE ticks (
    name     TEXT NOT NULL,
    -- cron and time zone
    schedule TEXT NOT NULL,
    -- UTC seconds: when the job was first seen with these times
    begun_at REAL NOT NULL,
    -- the same, until it was scheduled by them
    last_run REAL NOT NULL,
    PRIMARY KEY (name, schedule)
) STRICT, WITHOUT ROWID;

INSERT INTO ticks SELECT name, schedule, last_run - 1, last_run FROM cron_ticks WHERE schedule <> '';
DROP TABLE cron_ticks;
ALTER TABLE ticks RENAME TO cron_ticks;

PRAGMA user_version = 5;
