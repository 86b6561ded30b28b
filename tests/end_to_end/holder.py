"""Hold the app's mutex, as another worker would, until it is killed."""

import signal

from my_app.runtime import open_app

with open_app() as app, app.services.mutex:
    print("held", flush=True)
    signal.pause()
