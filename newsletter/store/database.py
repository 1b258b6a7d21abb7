"""The connection to SQLite: opened safely, brought up to date, its errors in a person's words.

A write takes the write lock when it begins, so no transaction fails half-way because another one was faster; WAL
lets readers go on meanwhile; `synchronous=FULL` makes a committed state survive the loss of power, which the rules
of the outbox stand on. What is said in SQLite alone is said here and in `sqlalchemy.dialects.sqlite.insert`, whose
`on_conflict_…` PostgreSQL's insert shares.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError

from newsletter.errors import StoreError
from newsletter.store.tables import HEAD

_MIGRATIONS = Path(__file__).parent / "migrations"

# What SQLite says (the start of its message) and what a person can do about it.
_WAYS_OUT = {
    "file is not a database": "this is not a newsletter database; name another file in `store:`",
    "database disk image is malformed": "the database is damaged; restore a copy, or move it away and start anew",
    "attempt to write a readonly database": "the file or its directory cannot be written; change its owner or mode",
    "unable to open database file": "cannot be opened; the directory must exist and be writable",
    "database is locked": "another program keeps the database locked; end it and try again",
    "database or disk is full": "the disk is full; make room and try again",
    "disk I/O error": "the disk does not answer as it should; check it, then try again",
}


class Database:
    """One SQLite file: `reading()` and `writing()` give transactions, every failure is a StoreError."""

    def __init__(self, url: str, *, busy_timeout_seconds: float) -> None:
        self.path = _path(url)
        self._engine = create_engine(
            make_url("sqlite://").set(database=str(self.path)),
            connect_args={"timeout": busy_timeout_seconds},
        )
        self._writer = self._engine.execution_options(writes=True)
        self._opened: tuple[int, int] | None = None
        event.listen(self._engine, "connect", _on_connect)
        event.listen(self._engine, "begin", _on_begin)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database and changes nothing."""
        with self._explained(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that holds the write lock; it is on the disk when the block ends without an error."""
        with self._explained(), self._writer.begin() as connection:
            yield connection

    def upgrade(self) -> None:
        """Bring the tables to the newest revision: nothing on a current database, all of them in an empty one."""
        with self.reading() as connection:
            revision = self._revision(connection)
        self._opened = _identity(self.path)
        if revision == HEAD:
            return
        # WAL is a property of the file, so it is set only when the file has turned out to be ours.
        with self._explained(), closing(sqlite3.connect(self.path, timeout=30)) as plain:
            plain.execute("PRAGMA journal_mode=WAL")
        with self.writing() as connection:
            _migrate(connection)

    @property
    def is_current(self) -> bool:
        """Return whether the file that was opened is still the one of that name."""
        try:
            return self._opened == _identity(self.path)
        except OSError:
            return False

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _revision(self, connection: Connection) -> str:
        """Return the revision of the tables, "" for an empty database; StoreError for one that is not ours."""
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return ""
        if {"alembic_version", "papers", "deliveries"} <= tables:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
            if revision in _known_revisions():
                return str(revision)
            raise StoreError(f"{self.path}: written by a newer version of newsletter; upgrade newsletter to use it")
        raise StoreError(f"{self.path}: holds something else than a newsletter; name another file in `store:`")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            cause = str(error.orig if isinstance(error, DBAPIError) else error)
            way_out = next((way for said, way in _WAYS_OUT.items() if cause.startswith(said)), cause)
            raise StoreError(f"{self.path}: {way_out}") from error


def has_part(column: Column[str], part: str) -> ColumnElement[bool]:
    """Return whether a text has `part` in it, whatever the case of ASCII letters, which SQLite's LIKE does not count.

    On PostgreSQL the same is ILIKE; SQLAlchemy's `icontains`, which says both, takes twice the time here.
    """
    return column.contains(part, autoescape=True)


def _identity(path: Path) -> tuple[int, int]:
    """Return what tells a file from another of its name."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _path(url: str) -> Path:
    """Return the file of `sqlite:///path`; StoreError for every other kind of address."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f'"{url}" is no address of a store; write for example sqlite:///newsletter.db') from None
    if parsed.get_backend_name() != "sqlite":
        raise StoreError(
            f"{parsed.get_backend_name()}: this version keeps its data in SQLite; write `store: sqlite:///newsletter.db`"
        )
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError(
            "the store is a file, so that nothing is sent twice; write for example sqlite:///newsletter.db"
        )
    return Path(parsed.database)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where sqlite3 guesses
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _known_revisions() -> frozenset[str]:
    return frozenset(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(connection: Connection) -> None:
    """Run every revision that is missing; harmless when another process was faster."""
    from alembic import command  # noqa: PLC0415 - 0.1 s, and most runs have nothing to migrate
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
