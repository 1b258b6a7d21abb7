"""What takes mail: a mailer opens sessions, and a session hands over one message after the other.

    SmtpMailer      a server                                    MaildirMailer, FileMailer     folders, to look at
    SendmailMailer  the command of a host that has one

Whatever takes it, a message's end falls on one side of a line, the final dot. Before it nothing was delivered, so
trying again is safe; between it and its answer nobody knows (RFC 1047).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

BeforeDot = Callable[[], Awaitable[None]]
"""Called when everything but the final dot is written; what it raises abandons the message, undelivered."""


class Reply(NamedTuple):
    """What a server answered: its code, and its text on one line."""

    code: int
    text: str

    def __str__(self) -> str:
        """Return the reply as it is told."""
        return f"{self.code} {self.text}"


class Session(Protocol):
    """One conversation, kept for many messages; it is for one task at a time."""

    async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
        """Hand `message` over and return the reply that takes it.

        RecipientRefused for this message or address alone; ServerUnavailable where it was not taken and may be tried
        again; ServerRefused where no other would fare better; OutcomeUnknown where the end came after the dot.
        """

    async def close(self) -> None:
        """Take leave; another message begins anew."""


class Mailer(Protocol):
    """What takes mail, by the settings."""

    @property
    def connections(self) -> int:
        """Return how many sessions it bears at once."""

    @property
    def max_per_minute(self) -> int:
        """Return how many messages it bears in a minute, 0 for as many as come."""

    def session(self) -> Session:
        """Return a session; nothing is opened before its first message."""


def hand_over(mailer: Mailer, message: bytes, *, sender: str, recipient: str) -> Reply:
    """Hand one message over, outside the outbox, and return the reply; the errors are those of a session."""

    async def once() -> Reply:
        session = mailer.session()
        try:
            return await session.send(message, sender=sender, recipient=recipient, before_dot=_nothing)
        finally:
            await session.close()

    return asyncio.run(once())


async def _nothing() -> None:
    """Keep nothing."""
