"""Papers that readers name as "more like this" and that no source brought: fetched once, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from newsletter.models import Entry
from newsletter.store.database import Database, insert
from newsletter.store.papers import chunks
from newsletter.store.records import entry_json, entry_of
from newsletter.store.tables import examples


class MissingExample(NamedTuple):
    """A paper that was asked for in vain: why, and when last."""

    identity: str
    reason: str
    at: datetime


class Examples:
    """The examples of a store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, identity: str, entry: Entry, at: datetime) -> None:
        """Keep what was found of a paper at an instant, instead of what was known before."""
        values = {"entry": entry_json(entry), "reason": "", "at": at}
        row = insert(examples).values(identity=identity, **values)
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["identity"], set_=values))

    def keep_missing(self, identity: str, reason: str, at: datetime) -> None:
        """Note that a paper was asked for in vain, and why; what was found before stays."""
        values = {"reason": reason, "at": at}
        row = insert(examples).values(identity=identity, entry=None, **values)
        failed = examples.c.entry.is_(None)
        with self._database.writing() as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["identity"], set_=values, where=failed))

    def of(self, identities: Iterable[str]) -> dict[str, Entry]:
        """Return the entry of each of these papers that was found."""
        found: dict[str, Entry] = {}
        asked = select(examples.c.identity, examples.c.entry).where(examples.c.entry.is_not(None))
        with self._database.reading() as connection:
            for chunk in chunks(dict.fromkeys(identities)):
                rows = connection.execute(asked.where(examples.c.identity.in_(chunk)))
                found.update((identity, entry_of(entry)) for identity, entry in rows)
        return found

    def missing(self) -> tuple[MissingExample, ...]:
        """Return the papers that were asked for in vain, by identity."""
        asked = select(examples.c.identity, examples.c.reason, examples.c.at).where(examples.c.entry.is_(None))
        with self._database.reading() as connection:
            return tuple(sorted(MissingExample(*row) for row in connection.execute(asked)))
