"""The queue's statements in PostgreSQL's words.

Most of them are the same in both, but for the marks of their parameters. Those that are not stand
in OTHERWISE: because of another syntax, or because here several transactions write at once. So
whoever wants rows that somebody else is about to take skips them, and who counts the jobs of a
limit does so when its turn has come.
"""

# ruff: noqa: S608 - all that is put into a statement is COLUMNS

import re
from functools import lru_cache

from ..queue import statements as sql
from ..queue.counting import NOT_READY
from ..queue.statements import COLUMNS

_LOCK_LIMIT = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || :key, 0))"

_STAND_BACK = """
UPDATE jobs SET held = 1
WHERE state = 'ready' AND held = 0 AND number IN (
    SELECT number FROM jobs
    WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0 AND state = 'ready'
      AND priority < (SELECT max(priority) FROM jobs
                      WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 1)
    FOR UPDATE SKIP LOCKED)
"""

_LET_GO = """
UPDATE jobs SET held = 0
WHERE state = 'ready' AND held = 1 AND number IN (
    SELECT number FROM jobs
    WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 1
    ORDER BY priority DESC, number
    LIMIT greatest(0, coalesce(
        (SELECT limit_size FROM (
            (SELECT number, limit_size FROM jobs
             WHERE limit_key = :key AND state = 'ready' AND held = 1
             ORDER BY number DESC LIMIT 1)
            UNION ALL
            SELECT number, limit_size FROM jobs
            WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0) AS live
         ORDER BY number DESC LIMIT 1), 0)
      - (SELECT count(*) FROM jobs
         WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0)))
"""

_FINISH = """
UPDATE jobs
SET state = CASE WHEN jobs.cancel_asked AND f.value ->> 2 IN ('ready', 'scheduled')
                 THEN 'cancelled' ELSE f.value ->> 2 END,
    error = f.value ->> 3,
    run_at = coalesce((f.value ->> 4)::float8, jobs.run_at),
    attempt = jobs.attempt - (f.value ->> 5)::boolean::int,
    finished_at = CASE WHEN f.value ->> 2 IN ('ready', 'scheduled') AND NOT jobs.cancel_asked
                       THEN NULL ELSE ?::float8 END,
    claimed_by = NULL
FROM json_array_elements(?::json) AS f (value)
WHERE jobs.number = (f.value ->> 0)::bigint AND jobs.claim = (f.value ->> 1)::bigint
  AND jobs.state = 'running' AND jobs.token = f.value ->> 6 AND jobs.claimed_by = f.value ->> 7
RETURNING jobs.number
"""

OTHERWISE: dict[str, tuple[str, ...]] = {
    # The conflict may be with Procrastinate's own index or with ours, so none is named.
    sql.INSERT_ONE: (
        f"""
{sql.INSERT_INTO} VALUES ({", ".join("?" * 15)}) ON CONFLICT DO NOTHING RETURNING token, number
""",
    ),
    sql.INSERT: (
        f"""
{sql.INSERT_INTO} SELECT ?::text, ?::text, ?::int, ?::int, ?::text, ?::float8, ?::int,
       ?::text, ?::text, ?::int, ?::text, ?::float8, ?::int, value ->> 0, value ->> 1
FROM json_array_elements(?::json) WITH ORDINALITY AS given (value, place) ORDER BY place
ON CONFLICT DO NOTHING RETURNING token, number
""",
    ),
    sql.HOLDER_OF_KEY: ("SELECT number, token FROM holder_of_key(?)",),
    sql.PROMOTE_DUE: (
        """
UPDATE jobs SET state = 'ready', held = CASE WHEN limit_key IS NULL THEN 0 ELSE 1 END
WHERE number IN (SELECT number FROM jobs WHERE state = 'scheduled' AND run_at <= ?
                 ORDER BY run_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
RETURNING limit_key
""",
    ),
    sql.STAND_BACK: (_LOCK_LIMIT, _STAND_BACK),
    sql.LET_GO: (_LET_GO,),
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
    sql.CLAIM: (
        """
UPDATE jobs
SET state = 'running', claim = claim + 1, attempt = attempt + 1, claimed_by = ?, started_at = ?,
    progress = NULL, progress_note = NULL, cancel_asked = FALSE, held = 0
WHERE number IN (SELECT value::bigint FROM json_array_elements_text(?::json))
""",
    ),
    sql.CLAIMED: (
        f"""
SELECT coalesce(json_agg(json_build_array({COLUMNS}) ORDER BY place), '[]')::text
FROM json_array_elements_text(?::json) WITH ORDINALITY AS chosen (value, place)
JOIN jobs ON jobs.number = chosen.value::bigint
""",
    ),
    sql.COMPLETE: (
        """
UPDATE jobs SET state = 'completed', error = NULL, finished_at = ?::float8, claimed_by = NULL
FROM json_each_text(?::json) AS f (key, value)
WHERE jobs.number = f.key::bigint AND jobs.state = 'running'
  AND jobs.claim || ' ' || jobs.token || ' ' || jobs.claimed_by = f.value
""",
    ),
    **dict.fromkeys((sql.FINISH, sql.FINISH_AND_TELL), (_FINISH,)),
    sql.GIVE_BACK_ALL_BUT: (
        """
UPDATE jobs
SET state = CASE WHEN cancel_asked THEN 'cancelled' ELSE 'ready' END,
    finished_at = CASE WHEN cancel_asked THEN ?::float8 END,
    attempt = attempt - 1,
    claimed_by = NULL
WHERE state = 'running' AND claimed_by = ? AND (number, claim) NOT IN
    (SELECT (value ->> 0)::bigint, (value ->> 1)::bigint FROM json_array_elements(?::json))
RETURNING limit_key, number, token, claim
""",
    ),
    sql.MAKE_WAY: (
        """
UPDATE jobs SET held = 1
WHERE number = (
    SELECT number FROM jobs
    WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0 AND state = 'ready'
    ORDER BY priority, number DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
""",
    ),
    # A race with one who takes the key meanwhile is told as an error, and then tried again.
    sql.RETRY: (
        """
UPDATE jobs
SET state = 'ready', attempt = 0, run_at = ?, finished_at = NULL, cancel_asked = FALSE,
    held = CASE WHEN limit_key IS NULL THEN 0 ELSE 1 END
WHERE number = ? AND token = ? AND state IN ('failed', 'cancelled') AND NOT EXISTS (
    SELECT 1 FROM jobs AS live
    WHERE live.unique_key = jobs.unique_key AND live.state IN ('scheduled', 'ready', 'running'))
RETURNING limit_key
""",
    ),
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
    return named.replace("?", "%s")
