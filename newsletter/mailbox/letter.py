"""One mail of a mailbox, and what every mailbox does with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

LONGEST = 1 << 20
"""Bytes of a mail that are fetched: what it says stands before what is attached."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail: its name in its mailbox, and its bytes, at most `LONGEST`. Made by a `Mailbox`."""

    name: str
    message: bytes = field(repr=False)


class Mailbox(Protocol):
    """Where mails come to."""

    def letters(self) -> Iterator[Letter]:
        """Yield the mails that may not have been looked at yet, the oldest first."""

    def done(self, letter: Letter) -> None:
        """Mark a mail that is settled: nobody needs to read it."""

    def leave(self, letter: Letter) -> None:
        """Leave a mail for a person, unread as it is."""
