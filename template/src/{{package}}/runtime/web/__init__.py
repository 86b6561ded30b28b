"""The web face: views answer requests, and hand what takes long to a job."""
