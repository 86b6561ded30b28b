"""Schedule the jobs of Huey's side."""

from body import schedule_all
from huey_tasks import drain

schedule_all(drain)
