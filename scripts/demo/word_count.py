"""Count the words of a text that somebody sent."""

import re
from collections import Counter

from my_app.runtime import Arena, JobEnv, Params


def run(allocator: Arena, params: Params, env: JobEnv) -> None:
    """Keep what was counted in the store, under this job's id.

    Args:
        allocator: not needed here.
        params: `text`, and `name`, the file that it was in.
        env: its store takes the result.
    """
    words = Counter(re.findall(r"[\w']+", params["text"].lower()))
    result = {"file": params["name"], "words": words.total(), "most": words.most_common(3)}
    env.store.put(f"word_count:{env.current.id}", result)
    env.logger.info("Counted {words} words of {file}", **result)
