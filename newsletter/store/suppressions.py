"""Who gets nothing any more, whatever the settings say.

An address is kept as a hash, so that it stays suppressed after its owner asked to be forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from newsletter.store.database import Database, insert
from newsletter.store.papers import chunks
from newsletter.store.tables import suppressions
from newsletter.tokens import canonical

_REASONS = ("bounced", "unsubscribed", "complained")  # a later one tells more than an earlier


@dataclass(frozen=True, slots=True)
class Suppression:
    """That an address gets nothing any more: why (`unsubscribed`, `complained`, `bounced`), by what, and since when.

    `address` is "" where its owner asked to be forgotten. Made by `Suppressions`.
    """

    address: str
    reason: str
    detail: str
    at: datetime

    @property
    def told(self) -> str:
        """Return it in one line, with the way out."""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{self.reason} on {self.at:%Y-%m-%d}{detail}; only `newsletter subscribers resubscribe` undoes it"


class Suppressions:
    """The suppressions of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, address: str, *, reason: str, detail: str, at: datetime) -> bool:
        """Suppress an address; False, and nothing changed, if it is already.

        What its owner said takes the place of what a server said, and a complaint that of an unsubscribe.
        """
        told = {"reason": reason, "detail": detail, "at": at}
        weaker = _REASONS[: _REASONS.index(reason)] if reason in _REASONS else ()
        statement = (
            insert(suppressions)
            .values(address_hash=address_hash(address), address=address, **told)
            .on_conflict_do_update(index_elements=["address_hash"], set_=told, where=suppressions.c.reason.in_(weaker))
            .returning(suppressions.c.at)
        )
        with self._database.writing() as connection:
            return connection.execute(statement).one_or_none() is not None

    def remove(self, address: str) -> bool:
        """Let an address get issues again; False if it was not suppressed."""
        statement = delete(suppressions).where(suppressions.c.address_hash == address_hash(address))
        with self._database.writing() as connection:
            return bool(connection.execute(statement).rowcount)

    def forget(self, address: str) -> bool:
        """Clear an address and what is told of it, and keep that it is suppressed; False if it is not."""
        known = suppressions.c.address_hash == address_hash(address)
        with self._database.writing() as connection:
            return bool(connection.execute(update(suppressions).where(known).values(address="", detail="")).rowcount)

    def get(self, address: str) -> Suppression | None:
        """Return why an address gets nothing, None where it may get issues."""
        return self.among((address,)).get(address)

    def among(self, addresses: Iterable[str]) -> Mapping[str, Suppression]:
        """Return those of the addresses that are suppressed, as they were spelled."""
        hashes = {address: address_hash(address) for address in addresses}
        found: dict[str, Suppression] = {}
        with self._database.reading() as connection:
            for some in chunks(dict.fromkeys(hashes.values())):
                asked = select(suppressions).where(suppressions.c.address_hash.in_(some))
                found |= {row.address_hash: _suppression(row) for row in connection.execute(asked)}
        return {address: found[kept] for address, kept in hashes.items() if kept in found}

    def all(self) -> tuple[Suppression, ...]:
        """Return every suppression, the oldest first."""
        with self._database.reading() as connection:
            asked = select(suppressions).order_by(suppressions.c.at, suppressions.c.address_hash)
            return tuple(map(_suppression, connection.execute(asked)))


def _suppression(row: Any) -> Suppression:
    return Suppression(row.address, row.reason, row.detail, row.at)


def address_hash(address: str) -> str:
    """Return what an address is kept as: the same however it is spelled, and not to be read from the database."""
    return hashlib.sha256(canonical(address).encode(errors="replace")).hexdigest()


def suppressed_among(connection: Connection, addresses: Iterable[str]) -> frozenset[str]:
    """Return those of the addresses that get nothing any more."""
    if connection.execute(select(suppressions.c.address_hash).limit(1)).one_or_none() is None:
        return frozenset()
    hashes = {address: address_hash(address) for address in addresses}
    asked = select(suppressions.c.address_hash).where(suppressions.c.address_hash.in_(set(hashes.values())))
    found = frozenset(connection.execute(asked).scalars())
    return frozenset(address for address, kept in hashes.items() if kept in found)
