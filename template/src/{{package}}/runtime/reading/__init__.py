"""What `check` does: read the app's code, without importing or starting any of it."""
