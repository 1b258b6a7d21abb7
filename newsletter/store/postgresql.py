"""A store on a PostgreSQL server, by psycopg 3.

A write first takes an advisory lock of its own, for its transaction, and then reads what is committed: what BEGIN
IMMEDIATE is on SQLite. So one rule, that of one writer at a time, carries every invariant on both: papers are merged
with all that is stored, positions are not given twice, ids grow in the order of commits. SERIALIZABLE was not taken:
its losers have to be run again, which a block of code cannot be, and READ COMMITTED alone lets two runs take one work
for new. Readers are not kept waiting: they see one snapshot (REPEATABLE READ, READ ONLY).

A connection is asked for a sign of life before it is used, and replaced where it gives none, since a server that was
started again has dropped them all. What is committed is on the server's disk (`synchronous_commit`). The locks of
`advisory` belong to sessions: a pooler between us and the server must keep sessions, not share them.
"""

from __future__ import annotations

import os
import re
import socket
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.exc import DBAPIError

from newsletter.errors import StoreError
from newsletter.store.advisory import ServerLock, ServerOwners, key_of
from newsletter.store.backend import Backend

# PostgreSQL's compiler reads SQLite's ON CONFLICT but for one attribute. So one `insert` serves both, and who has a
# file need not load this dialect, which takes 0.04 s.
_clauses: tuple[Any, ...] = (OnConflictDoNothing, OnConflictDoUpdate)
for _clause in _clauses:
    _clause.constraint_target = None

_ANOTHER_WRITER = "another program keeps the database locked; end it and try again"
_LOST = "the connection to the server was lost; try again, and see the server's log if it happens often"
_DISK = "the server's disk does not answer as it should; check it, then try again"

# What the server says, by its SQLSTATE or the class of it, and what a person can do about it.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_STATES = {
    "08": _LOST,
    "25006": "the server only reads, as a standby does; name the one that writes in `store:`",
    "28": "the server refuses the user or the password; correct `store:`",
    "3D000": "there is no such database; make it with `createdb`, or correct `store:`",
    "40": "two writers were in each other's way; try again",
    "42501": "the user may not do this; make it the owner of the database, or GRANT it CREATE and USAGE on the schema",
    "53100": "the server's disk is full; make room and try again",
    "53200": "the server is out of memory; free some and try again",
    "53300": "the server has no connection left; raise its max_connections, or end what holds them",
    "55P03": _ANOTHER_WRITER,
    "57014": "the server gave the statement up; raise its statement_timeout for this user, or try again",
    "57": _LOST,
    "58": _DISK,
    "XX001": "the database is damaged; restore a copy",
    "XX002": "an index of the database is damaged; REINDEX it, or restore a copy",
}

# A connection that is refused has no SQLSTATE: what libpq or the server says of it, in English, in order.
_WORDS = (
    (r"Connection refused|No such file or directory", "no server answers there; start it, or correct `store:`"),
    (r"resolve host|translate host name|Name or service not known", "there is no such host; correct `store:`"),
    (r"timeout expired|timed out|No route|unreachable", "the server does not answer; check the network and `store:`"),
    (r"password authentication failed|no password supplied", _STATES["28"]),
    (r'role ".*" does not exist', _STATES["28"]),
    (r'database ".*" does not exist', _STATES["3D000"]),
    (r"no pg_hba.conf entry", "the server lets no such user in from this machine; see its pg_hba.conf"),
    (r"too many (clients|connections)|connection slots", _STATES["53300"]),
    (r"starting up|shutting down|recovery mode|not accepting", "the server is starting or stopping; try again"),
    (r"does not support SSL|certificate|SSL error", "TLS with the server fails; see sslmode and sslrootcert"),
    (r"connection .*(closed|lost|abort|reset|terminat)|terminating connection|consuming input failed", _LOST),
)

# For each connection: `lock_timeout` ends the wait for another writer; a machine that is gone is found dead within a
# minute, so that its locks are; a setting of the role must not undo what the outbox stands on.
_SETTINGS = """
SET SESSION TimeZone = 'UTC';
SET SESSION synchronous_commit = on;
SET SESSION lock_timeout = {milliseconds};
SET SESSION idle_in_transaction_session_timeout = 0;
SET SESSION tcp_keepalives_idle = 30;
SET SESSION tcp_keepalives_interval = 10;
SET SESSION tcp_keepalives_count = 3;
"""
_CONNECT = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}


class Server(Backend):
    """A database on a server; `url` is `postgresql://user:password@host/database`, with libpq's options after a `?`."""

    def __init__(self, url: URL, *, busy_timeout_seconds: float) -> None:
        psycopg = _driver(url)
        self.errors = (psycopg.Error,)
        self.name = _name(url)
        program = f"newsletter {os.getpid()} on {socket.gethostname()}"[:63]
        self._engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={**_CONNECT, "application_name": program, **url.query},
            pool_pre_ping=True,
        )
        self.reader = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self.writer = self._engine.execution_options(isolation_level="READ COMMITTED", writes=True)
        settings = _SETTINGS.format(milliseconds=max(1, round(busy_timeout_seconds * 1000)))

        @event.listens_for(self._engine, "connect")
        def _set(connection: Any, _record: object) -> None:
            connection.execute(settings)
            connection.commit()

        event.listen(self._engine, "begin", _on_begin)

    def prepare(self) -> None:
        """Refuse a database that cannot hold every character."""
        with self.reader.connect() as connection:
            encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding != "UTF8":
            raise StoreError(f"{self.name}: its encoding is {encoding}; make one by `createdb --encoding=UTF8`")

    def opened(self) -> None:
        """Remember nothing: an address of a server has no second meaning."""

    def told(self, error: BaseException) -> str:
        """Return what went wrong and the way out, by SQLSTATE, and by words where there is none."""
        cause: Any = error.orig if isinstance(error, DBAPIError) else error
        state = getattr(cause, "sqlstate", None) or ""
        for known in (state, state[:2]):
            if known in _STATES:
                return _STATES[known]
        said = str(cause).strip()
        if not state:
            for words, way_out in _WORDS:
                if re.search(words, said, re.IGNORECASE):
                    return way_out
        return said.partition("\n")[0] or type(cause).__name__

    def lock(self) -> ServerLock:
        """Return the lock that keeps two runs apart."""
        return ServerLock(self._engine, self.name, self.told)

    def owners(self) -> ServerOwners:
        """Return the senders of this database."""
        return ServerOwners(self._engine, self.name, self.told)

    @property
    def is_current(self) -> bool:
        """Return True: what an address of a server names does not change."""
        return True

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _driver(url: URL) -> Any:
    if url.drivername not in {"postgresql", "postgresql+psycopg"}:
        raise StoreError(
            f"{url.drivername}: PostgreSQL is spoken to by psycopg; write postgresql://user@host/newsletter"
        )
    try:
        import psycopg  # noqa: PLC0415 - an extra
    except ImportError:
        raise StoreError(
            "PostgreSQL needs psycopg, which is not installed: pip install 'paper-newsletter[postgres]'"
        ) from None
    return psycopg


def _name(url: URL) -> str:
    """Return what messages call the database: without password and options, both of which may be secrets."""
    host = url.host or str(url.query.get("host", ""))
    shown = URL.create("postgresql", url.username, None, host or None, url.port, url.database)
    return shown.render_as_string(hide_password=True)


def _on_begin(connection: Connection) -> None:
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key_of('writer')})")
