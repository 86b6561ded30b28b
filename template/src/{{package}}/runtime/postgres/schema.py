"""Make the tables, or bring them up to date: Procrastinate's by its own files, then ours."""

import re
from collections.abc import Iterator
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from typing import Any

import psycopg

from ..errors import QueueError

OURS = ("schema_1.sql",)
"""What each version of ours adds to the one before."""

_BEGIN = """
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('{schema}', 1));
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS versions (procrastinate text NOT NULL, ours integer NOT NULL);
"""


def prepare(connection: psycopg.Connection[Any], schema: str) -> None:
    """Make or migrate the tables in one transaction; several processes may come at once.

    Raises QueueError if they are of a later version of the app.
    """
    theirs = metadata.version("procrastinate")
    if _versions(connection) == (theirs, len(OURS)):
        return
    connection.execute(_BEGIN.format(schema=schema))
    try:
        _migrate(connection, _versions(connection) or ("", 0), theirs)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _versions(connection: psycopg.Connection[Any]) -> tuple[str, int] | None:
    ((found,),) = connection.execute("SELECT to_regclass('versions')").fetchall()
    rows = connection.execute("SELECT procrastinate, ours FROM versions") if found else None
    return rows.fetchone() if rows else None


def _migrate(connection: psycopg.Connection[Any], were: tuple[str, int], theirs: str) -> None:
    procrastinate, ours = were
    if ours > len(OURS) or _number(procrastinate) > _number(theirs):
        raise QueueError(
            f"PostgreSQL: the jobs there are of a later version (Procrastinate {procrastinate}, "
            f"tables {ours}) than this app knows ({theirs}, {len(OURS)}): install what ran last"
        )
    connection.execute("DROP VIEW IF EXISTS jobs, processes")
    sql = resources.files("procrastinate") / "sql"
    files = _later(sql / "migrations", procrastinate) if procrastinate else [sql / "schema.sql"]
    own = resources.files(__package__)
    for file in [*files, *(own / name for name in OURS[ours:]), own / "views.sql"]:
        connection.execute(file.read_text("utf-8"))
    connection.execute("DELETE FROM versions")
    connection.execute("INSERT INTO versions VALUES (%s, %s)", (theirs, len(OURS)))


def _later(folder: Traversable, version: str) -> Iterator[Traversable]:
    """Give Procrastinate's migrations after a version, in their order: 03.04.00_01_pre_name.sql."""
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        if file.name.endswith(".sql") and _number(file.name.partition("_")[0]) > _number(version):
            yield file


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(each) for each in re.findall(r"\d+", version)[:3])
