-- Version 4: how many jobs a worker process may have for others to give it one as they schedule it.
-- 0: it takes none, as one of an earlier version.

ALTER TABLE processes ADD COLUMN takes INTEGER NOT NULL DEFAULT 0;

PRAGMA user_version = 4;
