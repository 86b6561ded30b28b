"""SQLite with one writer, and the named pipes that wake and watch processes."""
