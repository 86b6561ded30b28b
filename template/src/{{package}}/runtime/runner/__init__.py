"""The runner: what runs jobs in worker threads."""
