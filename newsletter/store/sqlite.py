"""A store in a file: SQLite, opened safely.

A write takes the write lock when it begins, so no transaction fails half-way because another one was faster; WAL
lets readers go on meanwhile; `synchronous=FULL` makes a committed state survive the loss of power, which the rules
of the outbox stand on.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from newsletter.errors import StoreError
from newsletter.store.backend import Backend
from newsletter.store.flock import FileLock, FileOwners

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


class File(Backend):
    """A database in one file."""

    path: Path
    errors = (sqlite3.Error,)

    def __init__(self, url: URL, *, busy_timeout_seconds: float) -> None:
        self.path = _path(url)
        self._opened: tuple[int, int] | None = None
        self.name = str(self.path)
        self.reader = create_engine(
            make_url("sqlite://").set(database=self.name),
            connect_args={"timeout": busy_timeout_seconds},
        )
        self.writer = self.reader.execution_options(writes=True)
        event.listen(self.reader, "connect", _on_connect)
        event.listen(self.reader, "begin", _on_begin)

    def prepare(self) -> None:
        """Choose WAL: it is a property of the file, so it is set only when the file has turned out to be ours."""
        with closing(sqlite3.connect(self.path, timeout=30)) as plain:
            plain.execute("PRAGMA journal_mode=WAL")

    def told(self, error: BaseException) -> str:
        """Return what went wrong and the way out, by how SQLite's message starts."""
        cause = str(error.orig if isinstance(error, DBAPIError) else error)
        return next((way for said, way in _WAYS_OUT.items() if cause.startswith(said)), cause)

    def lock(self) -> FileLock:
        """Return the lock that keeps two runs apart: a file beside the database."""
        return FileLock(self._beside(".lock"))

    def owners(self) -> FileOwners:
        """Return the senders of this database: a file each, in a folder beside it."""
        return FileOwners(self._beside(".owners"))

    def opened(self) -> None:
        """Remember which file was opened."""
        self._opened = self._identity()

    @property
    def is_current(self) -> bool:
        """Return whether the file that was opened is still the one of that name."""
        try:
            return self._opened == self._identity()
        except OSError:
            return False

    def close(self) -> None:
        """Close every connection."""
        self.reader.dispose()

    def _beside(self, suffix: str) -> Path:
        # Two names of one file share one lock, as they share SQLite's journal.
        real = self.path.resolve() if self.path.is_symlink() else self.path
        return real.with_name(real.name + suffix)

    def _identity(self) -> tuple[int, int]:
        """Return what tells a file from another of its name."""
        found = self.path.stat()
        return found.st_dev, found.st_ino


def _path(url: URL) -> Path:
    """Return the file of `sqlite:///path`."""
    if not url.database or url.database == ":memory:":
        raise StoreError(
            "the store is a file, so that nothing is sent twice; write for example sqlite:///newsletter.db"
        )
    return Path(url.database)


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where sqlite3 guesses
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=FULL")
    # Debian's SQLite overwrites what is deleted: of each message that is sent, three pages for nothing.
    connection.execute("PRAGMA secure_delete=FAST")


def _on_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
