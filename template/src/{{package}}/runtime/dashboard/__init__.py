"""The pages under /_jobs, to see the jobs and to steer them; /_metrics, /_health and /_ready."""
