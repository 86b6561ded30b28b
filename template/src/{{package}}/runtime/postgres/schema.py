"""Make the tables, or bring them up to date: Procrastinate's by its own files, then ours."""

from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import psycopg

from ..errors import QueueError

OURS = ("schema_1.sql", "schema_2.sql")
"""What each version of ours adds to the one before."""

_LOCK = "SELECT pg_advisory_lock(hashtextextended(%s, 1))"

_UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 1))"

_VERSIONS = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS versions (procrastinate text NOT NULL, ours integer NOT NULL);
"""

_UNLINK = """
DROP VIEW IF EXISTS jobs, processes;
DROP TRIGGER IF EXISTS tell_of_state ON procrastinate_jobs;
"""


def prepare(connection: psycopg.Connection[Any], schema: str) -> None:
    """Make or migrate the tables; several processes may come at once.

    Raises QueueError if they are of a later version than this app knows.
    """
    sql = resources.files("procrastinate") / "sql"
    files = sorted((sql / "migrations").iterdir(), key=lambda file: file.name)
    migrations = [file for file in files if file.name.endswith(".sql")]
    if _are_ready(connection, migrations):
        return
    connection.execute(_LOCK, (schema,))
    try:
        if not _are_ready(connection, migrations):
            connection.execute(_VERSIONS.format(schema=schema))
            _migrate(connection, sql / "schema.sql", migrations)
    finally:
        connection.execute(_UNLOCK, (schema,))


def _are_ready(connection: psycopg.Connection[Any], migrations: list[Traversable]) -> bool:
    # The links are taken away first and made last.
    ((made,),) = connection.execute("SELECT to_regclass('jobs')").fetchall()
    return bool(made) and _versions(connection) == (migrations[-1].name, len(OURS))


def _versions(connection: psycopg.Connection[Any]) -> tuple[str, int]:
    rows = connection.execute("SELECT procrastinate, ours FROM versions").fetchall()
    return rows[0] if rows else ("", 0)


def _migrate(
    connection: psycopg.Connection[Any], schema: Traversable, migrations: list[Traversable]
) -> None:
    theirs, ours = _versions(connection)
    if ours > len(OURS) or theirs > migrations[-1].name:
        raise QueueError(
            f"PostgreSQL: the jobs' tables are of a later version ({theirs}, {ours}) than this "
            f"app knows ({migrations[-1].name}, {len(OURS)}): install what ran last"
        )
    connection.execute(_UNLINK)
    if not theirs:
        theirs = migrations[-1].name
        _run(connection, [schema], theirs, 0)
    # Each in a transaction of its own, as Procrastinate wants it.
    for file in [each for each in migrations if each.name > theirs]:
        _run(connection, [file], file.name, ours)
    own = resources.files(__package__ or "")
    files = [own / name for name in (*OURS[ours:], "links.sql")]
    _run(connection, files, migrations[-1].name, len(OURS))


def _run(
    connection: psycopg.Connection[Any], files: list[Traversable], theirs: str, ours: int
) -> None:
    with connection.transaction():
        for file in files:
            connection.execute(file.read_bytes())
        connection.execute("DELETE FROM versions")
        connection.execute("INSERT INTO versions VALUES (%s, %s)", (theirs, ours))
