-- The store's file, version 1. A key lives in one of the two tables. Times are UTC seconds.

CREATE TABLE entries (
    key        TEXT PRIMARY KEY,
    value      BLOB NOT NULL,
    expires_at REAL
) STRICT;

CREATE INDEX entries_expiring ON entries (expires_at) WHERE expires_at IS NOT NULL;

-- The values of arrays. Positions have gaps and go below zero; only their order counts.
CREATE TABLE items (
    key      TEXT    NOT NULL,
    position INTEGER NOT NULL,
    value    BLOB    NOT NULL,
    PRIMARY KEY (key, position)
) STRICT;

PRAGMA user_version = 1;
