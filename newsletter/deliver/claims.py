"""What delivering asks of the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from newsletter.models import Delivery, Move


class Claimed(Protocol):
    """A delivery taken to be sent: its envelope and its bytes."""

    @property
    def id(self) -> int:
        """Its number in the outbox."""

    @property
    def subscriber(self) -> str:
        """Whose issue it is."""

    @property
    def issue_date(self) -> date:
        """Of which date."""

    @property
    def message_id(self) -> str:
        """Its Message-ID."""

    @property
    def sender(self) -> str:
        """Where the envelope says it comes from."""

    @property
    def recipient(self) -> str:
        """Where it goes."""

    @property
    def message(self) -> bytes:
        """The same bytes on every attempt."""

    @property
    def papers(self) -> int:
        """How many papers it holds."""

    @property
    def attempts(self) -> int:
        """How often the server was asked and answered, before now."""

    @property
    def may_have_arrived(self) -> bool:
        """Whether nobody knows what became of an earlier attempt."""

    @property
    def expires_at(self) -> datetime:
        """When it has no value any more."""


class Outbox(Protocol):
    """Where deliveries wait and what became of them is kept; each call is durable when it returns."""

    def owning(self) -> AbstractContextManager[str]:
        """Give a name for what one drain claims; others see whether it is alive."""

    def reconcile(self, owner: str, *, now: datetime, resend: bool) -> Iterable[Delivery]:
        """Settle what dead owners left behind."""

    def claim(self, owner: str, limit: int, *, now: datetime) -> Sequence[Claimed]:
        """Take deliveries that are due."""

    def keep(self, owner: str, moves: Collection[Move], *, now: datetime) -> frozenset[int]:
        """Keep moves in one transaction; return the ids of the deliveries that made theirs."""

    def release(self, owner: str, *, now: datetime) -> None:
        """Give back what is still claimed."""
