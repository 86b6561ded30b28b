-- Version 3: what the dashboard's charts and the metrics read.

-- Runs that ended, counted by minute: UTC seconds divided by 60. Minute 0 has all that are older
-- than a day, so that the sums over all rows only grow.
CREATE TABLE tallies (
    minute  INTEGER NOT NULL,
    queue   TEXT    NOT NULL,
    name    TEXT    NOT NULL,
    -- completed, failed, cancelled or retried
    outcome TEXT    NOT NULL,
    -- the first of tally.BOUNDS that the run did not exceed
    bucket  INTEGER NOT NULL,
    runs    INTEGER NOT NULL,
    -- seconds, of all runs together: from when each was due until it was claimed, and its run
    waited  REAL    NOT NULL,
    ran     REAL    NOT NULL,
    PRIMARY KEY (minute, queue, name, outcome, bucket)
) STRICT, WITHOUT ROWID;

-- With the name, so that a search among a million finished jobs reads the index alone.
DROP INDEX jobs_completed;
CREATE INDEX jobs_completed ON jobs (finished_at, number, name) WHERE state = 'completed';

PRAGMA user_version = 3;
