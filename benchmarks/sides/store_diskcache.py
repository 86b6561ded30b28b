"""diskcache's side of `benchmarks/store.py`: a Cache as its docs open it, in the folder given."""

import sys

import diskcache
from store_body import VALUE, answer

_, folder = sys.argv
cache = diskcache.Cache(folder)
answer(
    f"diskcache {diskcache.__version__}",
    {"put": lambda key: cache.set(key, VALUE), "get": cache.get},
)
