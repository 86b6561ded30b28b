"""diskcache's side of `benchmarks/store.py`: a Cache as its docs open it, in the folder given.

Besides, one that forgets what was used least recently: there each get writes as well.
"""

import sys

import diskcache
from store_body import VALUE, answer

_, folder = sys.argv
cache = diskcache.Cache(folder)
used = diskcache.Cache(f"{folder}-used", eviction_policy="least-recently-used")
answer(
    f"diskcache {diskcache.__version__}",
    {
        "put": lambda key: cache.set(key, VALUE),
        "get": cache.get,
        "put-used": lambda key: used.set(key, VALUE),
        "get-used": used.get,
    },
)
