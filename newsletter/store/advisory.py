"""The locks of a store on a server: advisory locks of PostgreSQL, dropped with the session that holds them.

https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS. They are 64-bit numbers, and apart for
each database; a digest of their name keeps them from those of other programs. Each is held on a connection of its own,
outside the pool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from secrets import token_hex
from typing import Any

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from newsletter.errors import LockedError, StoreError
from newsletter.store.lock import Lock, Owners

_HOLDER = text("""
    SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND pg_locks.database = pg_stat_activity.datid
    AND (classid::bigint << 32) | objid::bigint = :key
""")


def key_of(name: str) -> int:
    """Return the number of a lock, -2⁶³ to 2⁶³-1."""
    return int.from_bytes(sha256(f"newsletter {name}".encode()).digest()[:8], "big", signed=True)


class _Locks:
    """Locks on a server, each on its own connection."""

    def __init__(self, engine: Engine, name: str, told: Callable[[BaseException], str]) -> None:
        self._engine = engine
        self._name = name
        self._told = told

    def _connected(self) -> Any:
        """Return a connection of the driver that no pool takes back."""
        try:
            pooled = self._engine.raw_connection()
            connection: Any = pooled.driver_connection
            pooled.detach()
            connection.autocommit = True
        except self._errors() as error:
            raise self._failed(error) from error
        return connection

    def _is_taken(self, connection: Any, key: int) -> bool:
        """Return whether the lock is this connection's now."""
        try:
            return bool(connection.execute("SELECT pg_try_advisory_lock(%s::bigint)", (key,)).fetchone()[0])
        except self._errors() as error:
            raise self._failed(error) from error

    def _give_back(self, connection: Any, key: int) -> None:
        """Drop the lock; one that was lost is gone already."""
        with suppress(*self._errors()):
            connection.execute("SELECT pg_advisory_unlock(%s::bigint)", (key,))
        connection.close()

    def _errors(self) -> tuple[type[Exception], ...]:
        return (DBAPIError, self._engine.dialect.loaded_dbapi.Error)

    def _failed(self, error: Exception) -> StoreError:
        return StoreError(f"{self._name}: {self._told(error)}")


class ServerLock(_Locks, Lock):
    """The lock that keeps two runs on one database apart."""

    def __init__(self, engine: Engine, name: str, told: Callable[[BaseException], str]) -> None:
        super().__init__(engine, name, told)
        self.name = name
        self.held = False

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock for the length of the block; LockedError at once if another run has it."""
        key = key_of("run")
        connection = self._connected()
        try:
            if not self._is_taken(connection, key):
                raise LockedError(f"{self.name}: {self._holder(key)} holds the lock; wait for it to end, or end it")
            self.held = True
            yield
        finally:
            self.held = False
            self._give_back(connection, key)

    def _holder(self, key: int) -> str:
        with suppress(*self._errors()), self._engine.connect() as connection:
            found = connection.execute(_HOLDER, {"key": key}).scalars().first()
            return str(found).replace("newsletter ", "process ", 1) if found else "another program"
        return "another program"


class ServerOwners(_Locks, Owners):
    """The senders of a database on a server."""

    def __init__(self, engine: Engine, name: str, told: Callable[[BaseException], str]) -> None:
        super().__init__(engine, name, told)
        self._held: dict[str, Any] = {}

    @contextmanager
    def take(self) -> Iterator[str]:
        """Be a sender for the length of the block: gives a new id, whose lock is held meanwhile."""
        owner = token_hex(8)
        connection = self._connected()
        try:
            if not self._is_taken(connection, _key(owner)):
                raise StoreError(f"{self._name}: the lock of a new sender is taken; another program uses it")
            self._held[owner] = connection
            yield owner
        finally:
            self._held.pop(owner, None)
            self._give_back(connection, _key(owner))

    def is_dead(self, owner: str) -> bool:
        """Return whether nobody holds the lock of `owner` any more; True for "", which is nobody."""
        if not owner:
            return True
        # The lock is asked for on another connection than the one that may hold it here, and dropped with the question.
        asked = text("SELECT pg_try_advisory_xact_lock(:key)")
        try:
            with self._engine.begin() as connection:
                return bool(connection.execute(asked, {"key": _key(owner)}).scalar_one())
        except self._errors() as error:
            raise self._failed(error) from error

    def is_held(self, owner: str) -> bool:
        """Return whether a lock that was taken by this object is still held: its session answers."""
        connection = self._held.get(owner)
        if connection is None:
            return False
        try:
            connection.execute("SELECT 1")
        except self._errors():
            return False
        return True


def _key(owner: str) -> int:
    return key_of(f"owner {owner}")
