"""What was collected: entries, health, papers, the edition, its topics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class AnnounceType(StrEnum):
    """How arXiv announced a paper, strongest first: https://info.arxiv.org/help/atom_specifications.html"""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True)
class Signals:
    """What a community and the authors say of a paper besides its text.

    `upvotes` is None where nobody told, which is not 0; they move, so `upvotes_at` says when they were read. `venue` is
    where the paper is accepted or published, `comment` what the authors say of it (pages, venue, code).
    """

    upvotes: int | None = None
    upvotes_at: datetime | None = None
    submitter: str = ""
    organization: str = ""
    keywords: tuple[str, ...] = ()
    venue: str = ""
    comment: str = ""
    code_url: str = ""
    project_url: str = ""
    thumbnail_url: str = ""


NO_SIGNALS = Signals()


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a source gave it, its text cleaned. Made by `sources.entries`.

    `place` says where it stood (`page.txt:12`, `https://…#3`). `arxiv_id` and `doi` are bare, without
    prefix or version; `version` is 0 where unknown; `also` are further ids with their prefix (`pmid:31452104`,
    `openreview:KS8mIvetg2`, `s2:…`, a journal's `doi:…` beside the preprint's). `byline` is who listed it.
    `raw_title` and `raw_abstract` keep the TeX that `title` and `abstract` show as characters, "" where it is the same.
    """

    source: str
    place: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    url: str = ""
    arxiv_id: str = ""
    version: int = 0
    doi: str = ""
    categories: tuple[str, ...] = ()
    announce_type: AnnounceType | None = None
    published: date | None = None
    byline: str = ""
    also: tuple[str, ...] = ()
    raw_title: str = ""
    raw_abstract: str = ""
    signals: Signals = NO_SIGNALS


class HealthState(StrEnum):
    """How a source answered on one day."""

    FETCHED = "fetched"
    EMPTY = "empty"  # it answered, and rightly lists nothing
    LATE = "late"  # it should have announced by now
    THROTTLED = "throttled"  # it asks us to wait
    FAILED = "failed"


UNREAD = frozenset((HealthState.THROTTLED, HealthState.FAILED))
"""The states in which nobody knows what a source has."""


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What became of one source on one day. Made by `collect`.

    `detail` is the error of a failed source or the explanation of an empty one, one line. `at` is when it was asked,
    `again_at` from when asking again makes sense (None where any time is good), `next_at` when it announces next, where
    that is known. `failures` counts how often in a row it could not be read.
    """

    source: str
    state: HealthState
    entries: int = 0
    detail: str = ""
    warnings: tuple[str, ...] = ()
    at: datetime | None = None
    again_at: datetime | None = None
    next_at: datetime | None = None
    failures: int = 0

    @property
    def incomplete(self) -> bool:
        """Return whether papers of that day may be missing: all of them, or a part that could not be read."""
        return self.state in UNREAD or self.state is HealthState.LATE or self.failures > 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one source gave in one run: its entries and its health. Made by `collect`."""

    health: SourceHealth
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, whatever number of entries it came through. Made by `dedupe`.

    `id` has a prefix (`arxiv:2401.10020`, `doi:10.1145/3586037`, `title:3f2a…`) and never a version.
    `identities` holds every such id by which another entry would be recognised as this work.
    `summary` is a sentence or two of the abstract, at most 200 characters, that say what was found; `tldr` is what a
    language model says of it, "" unless one is asked.
    """

    id: str
    title: str
    abstract: str
    authors: tuple[str, ...]
    url: str
    categories: tuple[str, ...]
    published: date | None
    version: int
    identities: tuple[str, ...]
    entries: tuple[Entry, ...]
    signals: Signals = NO_SIGNALS
    summary: str = ""
    tldr: str = ""

    @property
    def text(self) -> str:
        """Return title and abstract as one text, which vectors and word counts are made of."""
        return f"{self.title}. {self.abstract}"


@dataclass(frozen=True, slots=True)
class Edition:
    """What was collected for one day, the same for everyone. Made by `pipeline`, kept by `store`.

    `entries` counts what the sources gave before merging; `papers` are those first seen on this day, `updates` those
    of earlier days of which a newer version was announced.
    """

    day: date
    papers: tuple[Paper, ...]
    health: tuple[SourceHealth, ...]
    entries: int
    updates: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Topic:
    """A cluster of an edition's papers, central ones first, with a readable label. Made by `cluster`."""

    label: str
    papers: tuple[Paper, ...]
