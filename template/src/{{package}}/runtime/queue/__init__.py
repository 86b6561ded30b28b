"""The queue: what it promises, and the SQLite that keeps it."""
