"""Schedule the jobs of the app's side."""

from body import schedule_all
from my_app.runtime import open_app

with open_app() as app:
    schedule_all(lambda number: app.job("drain", number=number).schedule())
