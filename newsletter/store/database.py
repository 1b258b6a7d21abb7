"""The database: opened, brought up to date, its transactions, its errors in a person's words.

The same tables, statements and revisions serve SQLite and PostgreSQL; what each needs besides is said by its
`Backend`. `insert` is SQLite's, with its ON CONFLICT, whose syntax is that of PostgreSQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Column, ColumnElement, Connection, inspect, make_url, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import ArgumentError, DBAPIError

from newsletter.errors import StoreError
from newsletter.store.backend import Backend
from newsletter.store.sqlite import File
from newsletter.store.tables import HEAD

__all__ = ["Database", "has_part", "insert"]

_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One database: `reading()` and `writing()` give transactions, every failure is a StoreError."""

    def __init__(self, url: str, *, busy_timeout_seconds: float) -> None:
        self.backend = _backend(url, busy_timeout_seconds)
        self.name = self.backend.name
        self._failures: tuple[type[BaseException], ...] = (DBAPIError, *self.backend.errors)
        self._patience = busy_timeout_seconds
        self._turn = Lock()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a transaction that sees one state of the database and changes nothing."""
        with self._explained(), self.backend.reader.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a transaction that no other one writes beside; it is on the disk when the block ends without an error.

        The writers of this process take turns here, since SQLite has those who wait sleep up to 0.1 s at a time.
        """
        if not self._turn.acquire(timeout=self._patience):
            raise StoreError(f"{self.name}: another part of this program keeps writing; try again")
        try:
            with self._explained(), self.backend.writer.begin() as connection:
                yield connection
        finally:
            self._turn.release()

    def upgrade(self) -> None:
        """Bring the tables to the newest revision: nothing on a current database, all of them in an empty one."""
        with self.reading() as connection:
            revision = self._revision(connection)
        self.backend.opened()
        if revision == HEAD:
            return
        with self._explained():
            self.backend.prepare()
        with self.writing() as connection:
            _migrate(connection)

    def close(self) -> None:
        """Close every connection."""
        self.backend.close()

    def _revision(self, connection: Connection) -> str:
        """Return the revision of the tables, "" for an empty database; StoreError for one that is not ours."""
        tables = set(inspect(connection).get_table_names())
        if not tables:
            return ""
        if {"alembic_version", "papers", "deliveries"} <= tables:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
            if revision in _known_revisions():
                return str(revision)
            raise StoreError(f"{self.name}: written by a newer version of newsletter; upgrade newsletter to use it")
        kind = "file" if self.backend.path else "database"
        raise StoreError(f"{self.name}: holds something else than a newsletter; name another {kind} in `store:`")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except self._failures as error:
            raise StoreError(f"{self.name}: {self.backend.told(error)}") from error


def has_part(connection: Connection, column: Column[str], part: str) -> ColumnElement[bool]:
    """Return whether a text has `part` in it, whatever the case of ASCII letters.

    SQLite's LIKE does not count it, and PostgreSQL's ILIKE folds ASCII alone in the collation "C", which the columns
    have; `icontains`, which says both, takes twice the time on SQLite.
    """
    if connection.dialect.name == "sqlite":
        return column.contains(part, autoescape=True)
    return column.icontains(part, autoescape=True)


def _backend(url: str, busy_timeout_seconds: float) -> Backend:
    """Return the database of an address; StoreError for an address of none."""
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except (ArgumentError, ValueError):  # a port that is no number is a ValueError
        raise StoreError(
            f'"{_without_password(url)}" is no address of a store; '
            "write for example sqlite:///newsletter.db or postgresql://user@host/newsletter"
        ) from None
    if kind == "sqlite":
        return File(parsed, busy_timeout_seconds=busy_timeout_seconds)
    if kind == "postgresql":
        from newsletter.store.postgresql import Server  # noqa: PLC0415 - loads the dialect

        return Server(parsed, busy_timeout_seconds=busy_timeout_seconds)
    raise StoreError(f"{kind}: a store is kept in SQLite or PostgreSQL; write for example sqlite:///newsletter.db")


def _without_password(url: str) -> str:
    return re.sub(r"(?s)(://).*@", r"\1***@", url).partition("?")[0]


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
