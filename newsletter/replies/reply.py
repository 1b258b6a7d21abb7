"""What was read of one mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReplyKind(StrEnum):
    """What a mail that came back is."""

    UNSUBSCRIBE = "unsubscribe"
    VOTE = "vote"
    BOUNCE = "bounce"  # it did not arrive, and the address never takes any
    SOFT_BOUNCE = "soft bounce"  # it did not arrive, for a reason that may pass, or that nobody knows
    REFUSAL = "refusal"  # it did not arrive because of what it is or who sent it: not the reader's doing
    DELAY = "delay"  # it did not arrive yet and is still tried
    COMPLAINT = "complaint"  # the reader calls it spam
    AUTOMATIC = "automatic"  # no person wrote it: a vacation note, a receipt
    OTHER = "other"  # for a person to read


NOT_ARRIVED = frozenset((ReplyKind.BOUNCE, ReplyKind.SOFT_BOUNCE, ReplyKind.REFUSAL))
"""The kinds which say that an email was given up before it reached its reader."""


@dataclass(frozen=True, slots=True)
class ReplyVote:
    """A vote for a paper (1) or against it (-1): its identity, or "" and its number in the issue that is answered."""

    paper: str
    number: int
    value: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One mail as it was read. Made by `read`; every text is one line.

    `sender` is the one address in From, "" where there is none or several. `addressed` are the addresses it was sent
    to, `answered` the Message-IDs of what it answers, returns or complains about. `token` and `leaving` are the token
    and the address behind "unsubscribe". `recipients` are those a bounce or a complaint names, `status` is the
    enhanced status code of a bounce (RFC 3463) and `detail` what the server said, or the first line of what a person
    wrote. `date` is that of its header.
    """

    kind: ReplyKind
    message_id: str = ""
    sender: str = ""
    addressed: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    token: str = ""
    leaving: str = ""
    recipients: tuple[str, ...] = ()
    status: str = ""
    detail: str = ""
    votes: tuple[ReplyVote, ...] = ()
