"""The queue's SQL, one statement each. The tables and indexes are in schema_1.sql and on."""

# ruff: noqa: S608 - all that is put into a statement is COLUMNS, or the name of a state

from ..job import FINAL

COLUMNS = (
    "number, token, name, queue, priority, payload, payload_version, state, run_at, attempt, "
    "max_attempts, claim, claimed_by, unique_key, limit_key, limit_size, progress, progress_note, "
    "cancel_asked, error, request_id, created_at, started_at, finished_at"
)

INSERT_INTO = """
INSERT INTO jobs (name, queue, priority, payload_version, state, run_at, max_attempts, unique_key,
                  limit_key, limit_size, request_id, created_at, held, token, payload)
"""

# No index is named: the conflict may also be with Procrastinate's own.
_UNLESS_LIVE = "ON CONFLICT DO NOTHING"

# For SQLite, which tells the row's number anyway: to return it is a sixth of all that it does.
INSERT_ALONE = f"{INSERT_INTO} VALUES ({', '.join('?' * 15)}) {_UNLESS_LIVE}"

# Many rows in one statement, and what they share told once: to take fifteen values out of JSON for
# each takes longer than to insert them.
INSERT = f"""
{INSERT_INTO} SELECT {", ".join("?" * 13)}, value ->> 0, value ->> 1 FROM json_each(?) WHERE true
{_UNLESS_LIVE} RETURNING token, number
"""

# A job that nobody waits before, for a process that is known and a queue that is open.
INSERT_RUNNING = f"""
INSERT INTO jobs ({COLUMNS.removeprefix("number, ")})
SELECT {", ".join("?" * COLUMNS.count(","))}
WHERE EXISTS (SELECT 1 FROM processes WHERE id = ?)
  AND NOT EXISTS (SELECT 1 FROM paused_queues WHERE queue = ?)
  AND NOT EXISTS (SELECT 1 FROM jobs WHERE state = 'ready' AND held = 0 AND queue = ?)
{_UNLESS_LIVE}
"""

# The same, for a process that does not know of the job yet, if it takes one more.
INSERT_GIVEN = INSERT_RUNNING.replace(
    "id = ?)",
    """id = ? AND takes >
    (SELECT count(*) FROM jobs WHERE state = 'running' AND claimed_by = processes.id))""",
)

HOLDER_OF_KEY = """
SELECT number, token FROM jobs
WHERE unique_key = ? AND state IN ('scheduled', 'ready', 'running')
"""

PROMOTE_DUE = """
UPDATE jobs SET state = 'ready', held = CASE WHEN limit_key IS NULL THEN 0 ELSE 1 END
WHERE number IN (SELECT number FROM jobs WHERE state = 'scheduled' AND run_at <= ?
                 ORDER BY run_at LIMIT 1000 /* skip */)
RETURNING limit_key
"""

# Who may run and has not begun stands back for those of a higher priority that came later.
STAND_BACK = """
UPDATE jobs SET held = 1
WHERE state = 'ready' AND held = 0 AND number IN (
    SELECT number FROM jobs
    WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0 AND state = 'ready'
      AND priority < (SELECT max(priority) FROM jobs
                      WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 1)
    /* skip */)
"""

# As many as may run besides those that run or may run already, by the newest live job's limit.
LET_GO = """
UPDATE jobs SET held = 0
WHERE state = 'ready' AND held = 1 AND number IN (
    SELECT number FROM jobs
    WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 1
    ORDER BY priority DESC, number
    LIMIT max(0, coalesce(
        (SELECT limit_size FROM (
            SELECT * FROM (SELECT number, limit_size FROM jobs
                           WHERE limit_key = :key AND state = 'ready' AND held = 1
                           ORDER BY number DESC LIMIT 1) AS newest
            UNION ALL
            SELECT number, limit_size FROM jobs
            WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0) AS live
         ORDER BY number DESC LIMIT 1), 0)
      - (SELECT count(*) FROM jobs
         WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0)))
"""

# For a job that is to run at once: the limit's last one that may run and has not begun.
MAKE_WAY = """
UPDATE jobs SET held = 1
WHERE number = (
    SELECT number FROM jobs
    WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0 AND state = 'ready'
    ORDER BY priority, number DESC LIMIT 1 /* skip */)
"""

RUNNING_OF_LIMIT = """
SELECT count(*) FROM jobs
WHERE limit_key = :key AND state IN ('ready', 'running') AND held = 0 AND state = 'running'
"""

NEXT_DUE = "SELECT min(run_at) FROM jobs WHERE state = 'scheduled'"

PROBE = """
SELECT EXISTS (SELECT 1 FROM jobs WHERE state = 'ready' AND held = 0),
       (SELECT min(run_at) FROM jobs WHERE state = 'scheduled'),
       EXISTS (SELECT 1 FROM processes WHERE id = ?)
"""

# Steps from one queue's name to the next through the index, however many jobs each one holds.
READY_QUEUES = """
WITH RECURSIVE ready (queue) AS (
    SELECT min(queue) FROM jobs WHERE state = 'ready' AND held = 0
    UNION ALL
    SELECT (SELECT min(queue) FROM jobs WHERE state = 'ready' AND held = 0 AND queue > ready.queue)
    FROM ready WHERE ready.queue IS NOT NULL
)
SELECT queue FROM ready
WHERE queue IS NOT NULL AND queue NOT IN (SELECT queue FROM paused_queues)
"""

# Answers of many rows come as one JSON text, which is one step of SQLite: Python takes its own lock
# again after each step, and the threads that run jobs want it too.
FIRST_READY = """
SELECT json_group_array(json_array(-priority, number)) FROM (
    SELECT priority, number FROM jobs
    WHERE state = 'ready' AND held = 0 AND queue = ?
    ORDER BY priority DESC, number LIMIT ?)
"""

CLAIM = """
UPDATE jobs
SET state = 'running', claim = claim + 1, attempt = attempt + 1, claimed_by = ?, started_at = ?,
    progress = NULL, progress_note = NULL, cancel_asked = FALSE, held = 0
WHERE number IN (SELECT CAST(value AS bigint) FROM json_each(?))
"""

# In the order of the numbers given. Times come with five decimals.
CLAIMED = f"""
SELECT json_group_array(json_array({COLUMNS}))
FROM json_each(?) AS chosen JOIN jobs ON jobs.number = chosen.value
"""

# A job that was asked to stop and did not finish by itself is cancelled, not run again. The claim
# fences off whom the job was taken from; the token and the claimer, who was busy with it while a
# backup took the file's place, in which the counters stand lower.
FINISH = """
UPDATE jobs
SET state = CASE WHEN jobs.cancel_asked AND f.value ->> 2 IN ('ready', 'scheduled')
                 THEN 'cancelled' ELSE f.value ->> 2 END,
    error = f.value ->> 3,
    run_at = coalesce(CAST(f.value ->> 4 AS double precision), jobs.run_at),
    attempt = jobs.attempt - CAST(f.value ->> 5 AS integer),
    finished_at = CASE WHEN f.value ->> 2 IN ('ready', 'scheduled') AND NOT jobs.cancel_asked
                       THEN NULL ELSE CAST(? AS double precision) END,
    claimed_by = NULL
FROM json_each(?) AS f
WHERE jobs.number = CAST(f.value ->> 0 AS bigint) AND jobs.claim = CAST(f.value ->> 1 AS bigint)
  AND jobs.state = 'running' AND jobs.token = f.value ->> 6 AND jobs.claimed_by = f.value ->> 7
RETURNING jobs.number
"""

# Most of them, in half the time: the number and all that has to be as it was are one pair.
COMPLETE = """
UPDATE jobs SET state = 'completed', error = NULL, finished_at = ?, claimed_by = NULL
FROM json_each(?) AS f
WHERE jobs.number = CAST(f.key AS bigint) AND jobs.state = 'running'
  AND jobs.claim || ' ' || jobs.token || ' ' || jobs.claimed_by = f.value
"""

RESCUE = """
UPDATE jobs
SET state = CASE WHEN cancel_asked THEN 'cancelled'
                 WHEN attempt >= max_attempts THEN 'failed' ELSE 'ready' END,
    error = 'the worker process that had claimed this job died',
    finished_at = CASE WHEN cancel_asked OR attempt >= max_attempts THEN ? END,
    claimed_by = NULL
WHERE state = 'running' AND claimed_by = ?
RETURNING limit_key
"""

GIVE_BACK_ALL_BUT = """
UPDATE jobs
SET state = CASE WHEN cancel_asked THEN 'cancelled' ELSE 'ready' END,
    finished_at = CASE WHEN cancel_asked THEN CAST(? AS double precision) END,
    attempt = attempt - 1,
    claimed_by = NULL
WHERE state = 'running' AND claimed_by = ? AND NOT EXISTS
    (SELECT 1 FROM json_each(?) AS held
     WHERE jobs.number = CAST(held.value ->> 0 AS bigint)
       AND jobs.claim = CAST(held.value ->> 1 AS bigint))
RETURNING limit_key, number, token, claim
"""

REPORT = """
UPDATE jobs SET progress = ?, progress_note = ?
WHERE number = ? AND claim = ? AND state = 'running'
"""

CANCELS = """
SELECT number, token FROM jobs WHERE state = 'running' AND claimed_by = ? AND cancel_asked
"""

CANCEL_WAITING = """
UPDATE jobs SET state = 'cancelled', finished_at = ?
WHERE number = ? AND token = ? AND state IN ('scheduled', 'ready')
RETURNING limit_key
"""

CANCEL_RUNNING = """
UPDATE jobs SET cancel_asked = TRUE WHERE number = ? AND token = ? AND state = 'running'
"""

RETRY = """
UPDATE jobs
SET state = 'ready', attempt = 0, run_at = ?, finished_at = NULL, cancel_asked = FALSE,
    held = CASE WHEN limit_key IS NULL THEN 0 ELSE 1 END
WHERE number = ? AND token = ? AND state IN ('failed', 'cancelled') AND NOT EXISTS (
    SELECT 1 FROM jobs AS live
    WHERE live.unique_key = jobs.unique_key AND live.state IN ('scheduled', 'ready', 'running'))
RETURNING limit_key
"""

RUN_NOW = """
UPDATE jobs SET state = 'ready', run_at = ?, held = CASE WHEN limit_key IS NULL THEN 0 ELSE 1 END
WHERE number = ? AND token = ? AND state = 'scheduled'
RETURNING limit_key
"""

DISCARD = """
DELETE FROM jobs
WHERE number = ? AND token = ? AND state IN ('completed', 'failed', 'cancelled')
"""

COUNT_REMOVED = """
INSERT INTO removed (reason, jobs) VALUES (?, ?)
ON CONFLICT (reason) DO UPDATE SET jobs = removed.jobs + excluded.jobs
"""

GET = f"SELECT {COLUMNS} FROM jobs WHERE number = ? AND token = ?"

FIND = f"""
SELECT {COLUMNS} FROM jobs
WHERE state = coalesce(?, state) AND name = coalesce(?, name)
ORDER BY number DESC LIMIT ?
"""

# One for each state: a partial index serves only what is written out.
PRUNE = {
    state: f"""
DELETE FROM jobs
WHERE number IN (SELECT number FROM jobs
                 WHERE state = '{state}' AND (finished_at, number) <= (?, ?)
                 ORDER BY finished_at, number LIMIT ? /* skip */)
"""
    for state in FINAL
}

NEWEST = {
    state: f"""
SELECT finished_at, number FROM jobs
WHERE state = '{state}' ORDER BY finished_at DESC, number DESC LIMIT 1 OFFSET ?
"""
    for state in FINAL
}

REGISTER = """
INSERT INTO processes (id, pid, host, threads, started_at, heartbeat_at) VALUES (?, ?, ?, ?, ?, ?)
"""

HEARTBEAT = "UPDATE processes SET heartbeat_at = ? WHERE id = ?"

TAKES = "UPDATE processes SET takes = ? WHERE id = ?"

KNOWN = "SELECT 1 FROM processes WHERE id = ?"

REMOVE_PROCESS = "DELETE FROM processes WHERE id = ?"

REMOVE_SILENT_PROCESS = "DELETE FROM processes WHERE id = ? AND heartbeat_at = ?"

PEERS = """
SELECT id, pid, host, threads, started_at, heartbeat_at FROM processes ORDER BY started_at
"""

PAUSE = "INSERT INTO paused_queues (queue, paused_at) VALUES (?, ?) ON CONFLICT DO NOTHING"

RESUME = "DELETE FROM paused_queues WHERE queue = ?"

PAUSED = "SELECT queue FROM paused_queues ORDER BY queue"

TICKS = "SELECT name, schedule, begun_at, last_run FROM cron_ticks"

# Anew, if other times came after these, or if a clock was wrong that has been put back since.
BEGIN_CRON = """
INSERT INTO cron_ticks (name, schedule, begun_at, last_run) VALUES (?, ?, ?, ?)
ON CONFLICT (name, schedule) DO UPDATE
    SET begun_at = excluded.begun_at, last_run = excluded.last_run
    WHERE cron_ticks.last_run > excluded.last_run + 86400
       OR cron_ticks.begun_at < (SELECT max(begun_at) FROM cron_ticks AS each
                                 WHERE each.name = excluded.name
                                   AND each.begun_at <= excluded.begun_at + 86400)
"""

TICK = "UPDATE cron_ticks SET last_run = ? WHERE name = ? AND schedule = ? AND last_run = ?"

REMOVED = "SELECT reason, jobs FROM removed"

TALLY = """
INSERT INTO tallies (minute, queue, name, outcome, bucket, runs, waited, ran)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (minute, queue, name, outcome, bucket) DO UPDATE SET
    runs = tallies.runs + excluded.runs, waited = tallies.waited + excluded.waited,
    ran = tallies.ran + excluded.ran
"""

SUM_UP_TALLIES = """
INSERT INTO tallies (minute, queue, name, outcome, bucket, runs, waited, ran)
SELECT 0, queue, name, outcome, bucket, sum(runs), sum(waited), sum(ran)
FROM tallies WHERE minute > 0 AND minute < ? GROUP BY queue, name, outcome, bucket
ON CONFLICT (minute, queue, name, outcome, bucket) DO UPDATE SET
    runs = tallies.runs + excluded.runs, waited = tallies.waited + excluded.waited,
    ran = tallies.ran + excluded.ran
"""

DELETE_TALLIES = "DELETE FROM tallies WHERE minute > 0 AND minute < ?"

MINUTES = """
SELECT minute, outcome, CAST(sum(runs) AS BIGINT), sum(waited), sum(ran) FROM tallies
WHERE minute >= ? GROUP BY minute, outcome ORDER BY minute, outcome
"""

TOTALS = """
SELECT queue, name, outcome, bucket, CAST(sum(runs) AS BIGINT), sum(waited), sum(ran) FROM tallies
GROUP BY queue, name, outcome, bucket ORDER BY queue, name, outcome, bucket
"""
