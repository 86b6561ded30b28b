"""The queue's statements in PostgreSQL's words.

Most of them are the same in both, but for the marks of their parameters. Those that are not stand
in OTHERWISE: because of another syntax, or because here several transactions write at once. So
whoever wants rows that somebody else is about to take skips them, where a statement has the comment
`skip`, and who counts the jobs of a limit does so when its turn has come.
"""

# ruff: noqa: S608 - all that is put into a statement is COLUMNS

import re
from functools import lru_cache

from ..queue import statements as sql
from ..queue.counting import NOT_READY
from ..queue.statements import COLUMNS

_LOCK_LIMIT = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || :key, 0))"

OTHERWISE: dict[str, tuple[str, ...]] = {
    sql.INSERT: (
        f"""
{sql.INSERT_INTO} SELECT ?::text, ?::text, ?::int, ?::int, ?::text, ?::float8, ?::int,
       ?::text, ?::text, ?::int, ?::text, ?::float8, ?::int, value ->> 0, value ->> 1
FROM json_array_elements(?::json) WITH ORDINALITY AS given (value, place) ORDER BY place
ON CONFLICT DO NOTHING RETURNING token, number
""",
    ),
    sql.HOLDER_OF_KEY: ("SELECT number, token FROM holder_of_key(?)",),
    sql.STAND_BACK: (_LOCK_LIMIT, sql.STAND_BACK),
    sql.LET_GO: (sql.LET_GO.replace("max(0,", "greatest(0,"),),
    sql.RUNNING_OF_LIMIT: (_LOCK_LIMIT, sql.RUNNING_OF_LIMIT),
    # Jobs come by the server, and go to whoever asks first.
    sql.TAKES: (),
    # The process that is declared dead meanwhile waits for this transaction to end.
    sql.KNOWN: ("SELECT 1 FROM processes WHERE id = ? FOR KEY SHARE",),
    sql.HEARTBEAT: ("UPDATE processes SET heartbeat_at = ?, last_heartbeat = now() WHERE id = ?",),
    sql.FIRST_READY: (
        """
SELECT coalesce(json_agg(json_build_array(-priority, number)), '[]')::text FROM (
    SELECT priority, number FROM jobs
    WHERE state = 'ready' AND held = 0 AND queue = ?
    ORDER BY priority DESC, number LIMIT ? FOR UPDATE SKIP LOCKED) AS first
""",
    ),
    sql.CLAIM: (sql.CLAIM.replace("json_each(", "json_array_elements_text("),),
    sql.CLAIMED: (
        f"""
SELECT coalesce(json_agg(json_build_array({COLUMNS}) ORDER BY place), '[]')::text
FROM json_array_elements_text(?::json) WITH ORDINALITY AS chosen (value, place)
JOIN jobs ON jobs.number = chosen.value::bigint
""",
    ),
    sql.COMPLETE: (sql.COMPLETE.replace("json_each(", "json_each_text("),),
    NOT_READY: (NOT_READY.replace(" INDEXED BY jobs_held", ""),),
    # What one process sums up, no other does: it finds the rows deleted.
    sql.SUM_UP_TALLIES: (
        """
WITH old AS (DELETE FROM tallies WHERE minute > 0 AND minute < ? RETURNING *)
INSERT INTO tallies (minute, queue, name, outcome, bucket, runs, waited, ran)
SELECT 0, queue, name, outcome, bucket, sum(runs), sum(waited), sum(ran)
FROM old GROUP BY queue, name, outcome, bucket
ON CONFLICT (minute, queue, name, outcome, bucket) DO UPDATE SET
    runs = tallies.runs + excluded.runs, waited = tallies.waited + excluded.waited,
    ran = tallies.ran + excluded.ran
""",
    ),
}


@lru_cache(maxsize=1000)
def translated(statement: str) -> tuple[str, ...]:
    """Return what to run for a statement of the queue's."""
    return tuple(_marked(each) for each in OTHERWISE.get(statement, (statement,)))


def _marked(statement: str) -> str:
    named = re.sub(r"(?<!:):([a-z]\w*)", r"%(\1)s", statement)
    named = named.replace("json_each(", "json_array_elements(")
    return named.replace("?", "%s").replace("/* skip */", "FOR UPDATE SKIP LOCKED")
