"""What every kind of source answers: what it is called, what to read, what stands in it, and when it is silent.

requests ──► Request ──► (`collect` brings the bytes) ──► parse ──► Parsed: entries, and what to read next
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict

from newsletter.models import Entry

FRESH_FOR = timedelta(hours=3)  # a source read before it announced is read again for later readers


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to read: an address (http, https) or a file pattern; with a `body` the address is posted to, as JSON.

    `headers` are further ones, keys among them. Requests of one `gate` (the host, unless named) go over one connection,
    `pause_seconds` apart, whatever process makes them: that is for services whose terms ask for it.
    """

    address: str
    accept: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = b""
    gate: str = ""
    pause_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser found in one body: its entries, a line for each thing it could not read, and what to read next.

    `late` says why this is not what was to be expected today (a list that is still yesterday's), `empty` why a list
    that is there gives nothing; both are "" otherwise. `left_out` counts entries that were there and could not be used,
    not those that nobody asked for.
    """

    entries: tuple[Entry, ...] = ()
    warnings: tuple[str, ...] = ()
    more: tuple[Request, ...] = ()
    late: str = ""
    empty: str = ""
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Silence:
    """Why a source lists nothing, one line; `late` where it should. `next_at` is when it announces next, if known."""

    reason: str
    late: bool = False
    next_at: datetime | None = None


class Source(BaseModel, ABC):
    """One place papers come from; its fields are its settings. It reads nothing itself: `collect` brings the bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @property
    @abstractmethod
    def label(self) -> str:
        """Return the name used in health, logs and entries, one line: `arxiv cs.CL+cs.LG`, `feed Distill`."""

    @abstractmethod
    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return what to read first for `day`; nothing where this source cannot be asked about a past day.

        `now` is aware, in the newsletter's zone; a `day` before its date is a back-fill.
        """

    @abstractmethod
    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the entries of one body; raises `SourceError` where it is nothing of this kind at all.

        `request` is what was asked; for a file its `address` is that file's name.
        """

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return why this source lists nothing for `day`, asked at `now`."""
        if day < now.date() and not self.requests(day, now=now):
            return Silence("it cannot be asked about a past day")
        return Silence("it answered, and lists nothing")

    def again_at(self, now: datetime) -> datetime:
        """Return from when a source that answered at `now` may have more."""
        return now + FRESH_FOR
