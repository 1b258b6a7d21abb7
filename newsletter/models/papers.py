"""What was collected: entries, health, papers, the edition, its topics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class AnnounceType(StrEnum):
    """How arXiv announced a paper, strongest first: https://info.arxiv.org/help/atom_specifications.html"""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as a source gave it, its text cleaned. Made by the parsers in `sources`.

    `place` says where it stood (`page.txt:12`, `https://…#3`). `arxiv_id` and `doi` are bare, without
    prefix or version; `version` is 0 where unknown. `byline` is who put it on a listing page.
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


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser found in one body: its entries, and one line for each thing it could not read."""

    entries: tuple[Entry, ...]
    warnings: tuple[str, ...] = ()


class HealthState(StrEnum):
    """How a source answered on one day."""

    FETCHED = "fetched"
    EMPTY = "empty"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """What became of one source on one day. Made by `collect`.

    `detail` is the error of a failed source or the explanation of an empty one, one line.
    """

    source: str
    state: HealthState
    entries: int = 0
    detail: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything the sources gave in one run. Made by `collect`."""

    entries: tuple[Entry, ...]
    health: tuple[SourceHealth, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, whatever number of entries it came through. Made by `dedupe`.

    `id` has a prefix (`arxiv:2401.10020`, `doi:10.1145/3586037`, `title:3f2a…`) and never a version.
    `identities` holds every such id by which another entry would be recognised as this work.
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

    @property
    def text(self) -> str:
        """Return title and abstract as one text, which vectors and word counts are made of."""
        return f"{self.title}. {self.abstract}"


@dataclass(frozen=True, slots=True)
class Edition:
    """What was collected for one day, the same for everyone. Made by `pipeline`, kept by `store`.

    `entries` counts what the sources gave before merging; `papers` are those first seen on this day.
    """

    day: date
    papers: tuple[Paper, ...]
    health: tuple[SourceHealth, ...]
    entries: int


@dataclass(frozen=True, slots=True)
class Topic:
    """A cluster of an edition's papers, central ones first, with a readable label. Made by `cluster`."""

    label: str
    papers: tuple[Paper, ...]
