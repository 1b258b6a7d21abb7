"""Papers as rows and back, without loss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any, TypeVar

from newsletter.ids import arxiv_id, doi, title_key
from newsletter.models import Entry, Paper
from newsletter.store.records import entry_json, entry_of, signals_json, signals_of

_Item = TypeVar("_Item")

_CHUNK = 500  # SQLite takes 999 parameters at least

Row = Mapping[Any, Any]  # a row of a result is one, whatever its keys


def paper_row(paper: Paper, *, first_day: date, first_at: datetime) -> dict[str, Any]:
    """Return the columns of `paper`."""
    base = _as_entry(paper)  # most abstracts are stored once, not twice
    return {
        "id": paper.id,
        "title": paper.title,
        "title_key": title_key(paper.title),
        "abstract": paper.abstract,
        "authors": list(paper.authors),
        "url": paper.url,
        "categories": list(paper.categories),
        "published": paper.published,
        "version": paper.version,
        "identities": list(paper.identities),
        "entries": [entry_json(entry, base=base) for entry in paper.entries],
        "signals": signals_json(paper.signals),
        "summary": paper.summary,
        "tldr": paper.tldr,
        "first_day": first_day,
        "first_at": first_at,
    }


def paper_of(row: Row) -> Paper:
    """Return the paper that `row` holds."""
    paper = Paper(
        id=row["id"],
        title=row["title"],
        abstract=row["abstract"],
        authors=tuple(row["authors"]),
        url=row["url"],
        categories=tuple(row["categories"]),
        published=row["published"],
        version=row["version"],
        identities=tuple(row["identities"]),
        entries=(),
        signals=signals_of(row["signals"]),
        summary=row["summary"],
        tldr=row["tldr"],
    )
    base = _as_entry(paper)
    return replace(paper, entries=tuple(entry_of(told, base=base) for told in row["entries"]))


def chunks(items: Iterable[_Item]) -> Iterator[tuple[_Item, ...]]:
    """Cut `items` into tuples that fit into one statement."""
    rest = iter(items)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk


def named_identities(query: str) -> tuple[str, ...]:
    """Return the identities that `query` may mean."""
    arxiv, digital = arxiv_id(query), doi(query)
    bare = (f"arxiv:{arxiv.base}" if arxiv else "", f"doi:{digital}" if digital else "")
    return (query, *(identity for identity in bare if identity))


def _as_entry(paper: Paper) -> Entry:
    """Return what an entry tells when it tells nothing of its own: the fields of its paper."""
    return Entry(
        source="",
        place="",
        title=paper.title,
        abstract=paper.abstract,
        authors=paper.authors,
        url=paper.url,
        categories=paper.categories,
        published=paper.published,
        version=paper.version,
    )
