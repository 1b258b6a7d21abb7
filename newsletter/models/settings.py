"""What people write in the YAML, made by `config`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Newsletter:
    """What every email of this installation says about its sender.

    `archive` is the web address of the issues, with `{date}` in it where each has its own; `unsubscribe` the https
    address where a POST unsubscribes `{email}`. Both are "" where there is none.

    `inbox` is the address whose mail `newsletter inbox` reads, "" where a person does; `plus` says that mail to
    `local+anything@domain` comes there too (RFC 5233). `secret` is what tokens in addresses are made with; it never
    shows in a representation.
    """

    name: str
    sender_name: str
    sender_email: str
    reply_to: str = ""
    editor: str = ""
    archive: str = ""
    unsubscribe: str = ""
    inbox: str = ""
    plus: bool = False
    secret: bytes = field(default=b"", repr=False)

    @property
    def domain(self) -> str:
        """Return the domain of the sender's address, which Message-ID and List-Id are made with."""
        return self.sender_email.rpartition("@")[2]


class Encryption(StrEnum):
    """How the connection to the SMTP server is protected: https://www.rfc-editor.org/rfc/rfc8314"""

    TLS = "tls"  # from the first byte, usually port 465
    STARTTLS = "starttls"  # required, never opportunistic, usually port 587
    NONE = "none"  # loopback only


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """The server that takes the mail. The password never shows in a representation.

    `token_command` prints an OAuth 2.0 access token, which is used instead of a password (XOAUTH2).
    `timeout_seconds` is how long an answer is waited for, None for the times of RFC 5321; the answer to a whole
    message always has the ten minutes of RFC 5321. At most `connections` are open at once, and at most
    `max_per_minute` messages handed over, 0 for as many as it takes.
    """

    host: str
    port: int = 587
    encryption: Encryption = Encryption.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)
    token_command: tuple[str, ...] = field(default=(), repr=False)
    timeout_seconds: float | None = None
    connections: int = 4
    max_per_minute: int = 0


class OnUnknown(StrEnum):
    """What becomes of an email of which nobody knows whether it arrived."""

    HOLD = "hold"  # it is shown, and a person decides
    RESEND = "resend"  # it is sent once more, with the same Message-ID


@dataclass(frozen=True, slots=True)
class DeliverSettings:
    """How emails leave this machine, where it is not by the SMTP server.

    At most one of the three is given: `maildir` and `file` are folders that emails are written into, to look at them
    or to test; `sendmail` is the command of a host that has one, with its arguments.
    """

    on_unknown: OnUnknown = OnUnknown.HOLD
    maildir: str = ""
    file: str = ""
    sendmail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DkimKey:
    """What emails are signed with (RFC 6376): the private key in PEM never shows in a representation."""

    domain: str
    selector: str
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """The IMAP server of a mailbox. The password never shows in a representation; see `SmtpSettings` for the rest."""

    host: str
    port: int = 993
    encryption: Encryption = Encryption.TLS
    username: str = ""
    password: str = field(default="", repr=False)
    token_command: tuple[str, ...] = field(default=(), repr=False)
    folder: str = "INBOX"
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class InboxSettings:
    """The mailbox that answers, bounces and complaints come to: a folder in Maildir format, or one on an IMAP server.

    `address` is what reaches it; one of `maildir` and `imap` is given.
    """

    address: str
    maildir: str = ""
    imap: ImapSettings | None = None
    plus: bool = False


@dataclass(frozen=True, slots=True)
class TldrSettings:
    """The language model that is asked. The key never shows in a representation.

    `url` is the address before `/chat/completions`; `max_papers` are asked about in one run, each within
    `timeout_seconds`.
    """

    url: str
    model: str
    api_key: str = field(default="", repr=False)
    language: str = "English"
    max_papers: int = 50
    timeout_seconds: float = 30.0


class InterestKind(StrEnum):
    """What an interest asks by."""

    PHRASE = "phrase"
    CATEGORY = "category"
    AUTHOR = "author"
    VENUE = "venue"
    PAPER = "paper"  # more like this one
    VOTES = "votes"  # more like what the reader voted for; nobody writes this one down


@dataclass(frozen=True, slots=True)
class Interest:
    """One line of what a subscriber cares about (or, among exclusions, does not).

    `name` is what the reader wrote and sees again in reasons; `phrases` are what is matched: for a
    phrase the name, its description and keywords; for a category, an author or a venue that one value; for an example
    paper its identity (`arxiv:2401.10020`); for votes the reader's address, case-folded.
    `origin` is the line it stands on (`subscribers.yaml:14`), for `explain`; it takes no part in equality,
    so that readers who ask for the same thing share one score.
    """

    kind: InterestKind
    name: str
    phrases: tuple[str, ...]
    weight: float = 1.0
    origin: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper that the editor recommends to everybody.

    `paper` is an identity with its prefix (`arxiv:2401.10020`), `note` one line for the reader, `editor` who picked,
    "" where the newsletter names nobody.
    """

    paper: str
    note: str = ""
    editor: str = ""
    origin: str = field(default="", compare=False)


class Status(StrEnum):
    """Whether a subscriber receives anything."""

    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Somebody who receives the newsletter: the address, what they care about, and when they want it.

    `weekdays` are ISO numbers, Monday is 1. `timezone` is an IANA name. `min_score` is on the scale of
    `MatchedPaper.score`, where 0.5 is the measured gate. `trending` is the most papers of that section, beside
    `max_papers`; `updates` says whether a newer version of a paper they have is sent too. `language` (BCP 47) is
    that of the words around the papers; who wants `text_only` gets no HTML.
    """

    email: str
    interests: tuple[Interest, ...]
    name: str = ""
    exclude: tuple[Interest, ...] = ()
    status: Status = Status.ACTIVE
    max_papers: int = 12
    min_score: float = 0.5
    send_at: time = time(7, 0)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    timezone: str = "UTC"
    trending: int = 3
    updates: bool = False
    language: str = "en"
    text_only: bool = False
    origin: str = field(default="", compare=False)
