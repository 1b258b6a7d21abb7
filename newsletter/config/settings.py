"""What the program reads of the settings: complete, checked, frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time
from pathlib import Path
from typing import Literal

from newsletter.errors import Problem
from newsletter.models import (
    DeliverSettings,
    DkimKey,
    InboxSettings,
    Newsletter,
    Pick,
    SmtpSettings,
    Status,
    Subscriber,
    TldrSettings,
)
from newsletter.sources.source import Source


@dataclass(frozen=True, slots=True)
class Schedule:
    """When issues go out to those who say nothing else, and the newsletter's own time zone (IANA).

    `weekdays` are ISO numbers, Monday is 1.
    """

    send_at: time = time(7, 0)
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class IssueSettings:
    """How every issue looks.

    `abstract` is None for whole abstracts, 0 for none, `summary` for a summary; `look` is a folder of templates.
    """

    max_papers: int = 12
    trending: int = 3
    abstract: int | Literal["summary"] | None = "summary"
    look: str = "issue"
    send_when_empty: bool = False


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that `subscribers.yaml` says. Made by `load`.

    `store` is a database address with an absolute path. Addresses may hold passwords: neither `store` nor
    `sources` show in a representation. `smtp` and `tldr` are None where the file has no such section.
    `test_recipients` are who may be sent a test of an issue, each once. `files` are those that were read, the first and
    what it includes; `folders` those in which such files lie or may lie; `includes` the patterns that find them, each
    with the folder it begins in; `secret_files` the files of secrets that were read, or were to be.

    `inbox` is None too where its password is not there. `secret_file` is where the secret of `newsletter` is to be made
    (`with_secret`), None where there is one or nothing needs one.
    """

    path: Path
    newsletter: Newsletter
    sources: tuple[Source, ...] = field(repr=False)
    schedule: Schedule
    smtp: SmtpSettings | None
    issue: IssueSettings
    store: str = field(repr=False)
    templates: Path | None
    subscribers: tuple[Subscriber, ...]
    picks: tuple[Pick, ...] = ()
    tldr: TldrSettings | None = None
    deliver: DeliverSettings = field(default_factory=DeliverSettings)
    dkim: tuple[DkimKey, ...] = ()
    inbox: InboxSettings | None = None
    secret_file: Path | None = None
    test_recipients: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()
    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    includes: tuple[tuple[Path, str], ...] = ()
    secret_files: tuple[Path, ...] = ()

    @property
    def store_file(self) -> Path | None:
        """Return the SQLite file of the store, None where it is on a server."""
        prefix = "sqlite:///"
        return Path(self.store.removeprefix(prefix)) if self.store.startswith(prefix) else None

    @property
    def has_store(self) -> bool:
        """Return whether there may be something in the store: its file is there, or it is on a server."""
        return self.store_file is None or self.store_file.exists()

    @property
    def readers(self) -> int:
        """Return how many people receive the newsletter."""
        return sum(subscriber.status is Status.ACTIVE for subscriber in self.subscribers)
