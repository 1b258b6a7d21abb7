"""What a server says in the place of a polite answer, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

MODERN = ("PIPELINING", "SIZE 50000000", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8", "DSN")
PLAIN = ("SIZE 50000000", "8BITMIME", "SMTPUTF8")


@dataclass(frozen=True, slots=True)
class Act:
    """What a server does in the place of a polite answer: waits, says something or nothing, hangs up.

    `taken` says whether the message is logged, where it is not plain from the reply; `parts` are how many octets are
    written at a time, 0 for all; `reset` hangs up by RST. `silent` never answers and does not hang up.
    """

    say: str | bytes = ""
    after: float = 0.0
    hang_up: bool = False
    reset: bool = False
    silent: bool = False
    taken: bool | None = None
    parts: int = 0

    @property
    def takes(self) -> bool:
        """Return whether a message is logged that is answered so."""
        told = self.say if isinstance(self.say, str) else self.say.decode("latin-1")
        return told.startswith("2") if self.taken is None else self.taken


HANG_UP = Act(hang_up=True)
RESET = Act(reset=True)
SILENT = Act(silent=True)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a conversation stands: the command, which of its kind it is (from 1), the connection, for whom."""

    verb: str
    line: str
    count: int
    connection: int
    recipient: str = ""
    message_id: str = ""


Answer = str | Act | Callable[[Moment], "str | Act | None"]  # None is the polite one

POLITE: Mapping[str, str] = {
    "CONNECT": "220 sink.example.org ESMTP",
    "HELO": "250 sink.example.org",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 go on",
    ".": "250 2.0.0 taken",
    "RSET": "250 2.0.0 OK",
    "QUIT": "221 2.0.0 bye",
    "AUTH": "235 2.7.0 welcome",
    "STARTTLS": "220 2.0.0 ready",
}
