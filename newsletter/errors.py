"""What can go wrong, by what the person who meets it can do.

NewsletterError                 exit 1: one line, no traceback
├── UsageError                  exit 2: the command line asks for what is not there
├── ConfigError(problems)       exit 3: every problem of the YAML at once, each with its place
├── SourceError                 one source: recorded as its health, the others go on
│   ├── SourceUnreachable       it does not answer at all: what else it has is left for later
│   └── SourceThrottled(wait)   it asks us to wait: not asked again before
├── TemplateError(name, line)   a template does not compile, with its place
├── WeightsError                the files of the term vectors are missing or damaged
├── KeyUnusable                 a DKIM key cannot sign, with its place in DNS
├── StoreError                  the database cannot be opened or is not ours
├── LockedError                 exit 5: another run holds the lock
└── DeliveryError(code)         one email
    ├── RecipientRefused        the address: this delivery fails, the others go on
    ├── ServerUnavailable       the server, for now: stays queued, tried again
    ├── ServerRefused           the server, for good (login, TLS, sender): stop and tell the operator
    └── OutcomeUnknown          the connection ended after the final dot: held, never sent again by itself
"""

from __future__ import annotations

from dataclasses import dataclass


class NewsletterError(Exception):
    """The base of every error a person can cause or mend; its text is one line that says what and the way out."""

    exit_code = 1


class UsageError(NewsletterError):
    """The command line asks for something that is not there."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the settings: where it stands, what it is, and the way out. Lines and columns count from 1."""

    path: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        """Return `file:line:column: message`, which editors and terminals turn into a link."""
        return f"{self.path}:{self.line}:{self.column}: {self.message}"


class ConfigError(NewsletterError):
    """The settings cannot be used; `problems` holds every mistake found, in the order of the file."""

    exit_code = 3

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class SourceError(NewsletterError):
    """One source could not be read; the others go on."""


class SourceUnreachable(SourceError):
    """A source did not answer: no connection, or silence until the time was over."""


class SourceThrottled(SourceError):
    """A source asks to be left alone for `wait_seconds` (0 where it does not say how long)."""

    def __init__(self, message: str, *, wait_seconds: float = 0.0) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class TemplateError(NewsletterError):
    """A template does not compile or render; carries its name and line (0 where unknown)."""

    def __init__(self, message: str, *, template: str, line: int = 0) -> None:
        super().__init__(f"{template}:{line}: {message}" if line else f"{template}: {message}")
        self.template = template
        self.line = line


class WeightsError(NewsletterError):
    """The shipped term vectors are missing or damaged."""


class KeyUnusable(NewsletterError):
    """A DKIM key, or where its public part stands in DNS, is not one that receivers take."""


class StoreError(NewsletterError):
    """The database cannot be opened, or holds something else."""


class LockedError(NewsletterError):
    """Another run holds the lock of this store."""

    exit_code = 5


class DeliveryError(NewsletterError):
    """One email could not be handed over; `code` is the SMTP reply, 0 where there was none."""

    def __init__(self, message: str, *, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class RecipientRefused(DeliveryError):
    """The server refuses this message or this address for good."""


class ServerUnavailable(DeliveryError):
    """The server cannot take the message now; certainly not delivered, so trying again is safe."""


class ServerRefused(DeliveryError):
    """The server refuses us (login, TLS, sender): no other message would fare better."""


class OutcomeUnknown(DeliveryError):
    """The connection ended between the final dot and its reply: the message may have been delivered."""
