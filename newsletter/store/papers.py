"""Papers as rows and back, without loss; and two sightings of one paper made one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from itertools import islice
from typing import Any

from newsletter.ids import title_key
from newsletter.models import AnnounceType, Entry, Paper

_CHUNK = 500  # SQLite takes 999 parameters at least

Row = Mapping[Any, Any]  # a row of a result is one, whatever its keys


def paper_row(paper: Paper, *, first_day: date, first_at: datetime) -> dict[str, Any]:
    """Return the columns of `paper`."""
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
        "entries": [_entry_json(entry, _as_entry(paper)) for entry in paper.entries],
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
    )
    return replace(paper, entries=tuple(_entry_of(told, _as_entry(paper)) for told in row["entries"]))


def seen_again(paper: Paper, known: Paper) -> Paper:
    """Return `paper` under the id it is `known` by, with what both sightings tell."""
    return replace(paper, id=known.id, identities=_union(known, paper), entries=_entries(known.entries, paper.entries))


def told_more(known: Paper, paper: Paper) -> Paper:
    """Return `known` as readers saw it, with the identities and entries that `paper` adds."""
    return replace(known, identities=_union(known, paper), entries=_entries(known.entries, paper.entries))


def chunks(items: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Cut `items` into tuples that fit into one statement."""
    rest = iter(items)
    while chunk := tuple(islice(rest, _CHUNK)):
        yield chunk


def _union(known: Paper, paper: Paper) -> tuple[str, ...]:
    return tuple(dict.fromkeys(known.identities + paper.identities))


def _entries(known: Sequence[Entry], new: Sequence[Entry]) -> tuple[Entry, ...]:
    """Return all entries once. Where one stands moves as its source grows, so `place` makes no difference."""
    return tuple({replace(entry, place=""): entry for entry in (*known, *new)}.values())


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


def _entry_json(entry: Entry, base: Entry) -> dict[str, Any]:
    """Return the fields in which `entry` differs from `base`: most abstracts are stored once, not twice."""
    told = {field.name: getattr(entry, field.name) for field in fields(Entry)}
    return {name: _json(value) for name, value in told.items() if value != getattr(base, name)}


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _entry_of(told: Row, base: Entry) -> Entry:
    values = dict(told)
    for name in ("authors", "categories"):
        if name in values:
            values[name] = tuple(values[name])
    if values.get("published"):
        values["published"] = date.fromisoformat(values["published"])
    if values.get("announce_type"):
        values["announce_type"] = AnnounceType(values["announce_type"])
    return replace(base, **values)
