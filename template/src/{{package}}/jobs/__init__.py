"""The jobs: one file is one job."""
