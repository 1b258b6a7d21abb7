"""What differs between the databases that a store may be kept in, each with a module: `sqlite` and `postgresql`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from sqlalchemy import Engine

from newsletter.store.lock import Lock, Owners


class Backend(ABC):
    """One kind of database, at one address.

    `name` is what messages call it, without a password; `reader` begins transactions that see one state and change
    nothing, `writer` those that have the database to themselves among writers. `errors` are what the driver raises
    where SQLAlchemy does not wrap it, `path` is the file where it is one.
    """

    name: str
    reader: Engine
    writer: Engine
    errors: tuple[type[BaseException], ...]
    path: Path | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Do what must be done outside of a transaction before tables are made; StoreError where none can be."""

    @abstractmethod
    def opened(self) -> None:
        """Remember what was opened, now that it is there."""

    @abstractmethod
    def told(self, error: BaseException) -> str:
        """Return what went wrong and the way out, in one line and a person's words, without the name."""

    @abstractmethod
    def lock(self) -> Lock:
        """Return the lock that keeps two runs apart."""

    @abstractmethod
    def owners(self) -> Owners:
        """Return the senders of this database."""

    @property
    @abstractmethod
    def is_current(self) -> bool:
        """Return whether what was opened is still what the address names."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""
