"""Print the address of a new database for an app's test, until stdin ends.

It is run in the app's folder and environment, as what finds or starts a server is the app's own.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, "tests/runtime")

from postgres_server import OwnServer, find_server, temporary_database

with ExitStack() as stack:
    url = find_server()
    if url is None:
        own = OwnServer(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(own.close)
        url = own.url
    print(stack.enter_context(temporary_database(url)), flush=True)
    sys.stdin.read()
