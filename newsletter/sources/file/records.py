"""Records of files: what a bibliography, a JSON file or a saved page tells of one paper, and the entry made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from newsletter.ids import arxiv_id, doi
from newsletter.models import Entry, Signals
from newsletter.sources.entries import LONGEST_ID, make_entry

_PMID = re.compile(r"(?i)pmid:\s*([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class Record:
    """One paper as a file tells it, at its place there (`:12` for a line, `#3` for the third).

    `ids` are texts that may be ids: arXiv ids, DOIs, addresses, `pmid:…`; the first of each kind counts. `authors` are
    names already split. `problem` says what is wrong with the record; one with a title is kept nevertheless.
    """

    at: str
    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    url: str = ""
    categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    venue: str = ""
    published: date | None = None
    upvotes: int | None = None
    problem: str = ""


def entry_of(record: Record, *, source: str, location: str) -> Entry:
    """Return the entry of a record; its title is empty where the record has none."""
    ids = [one for one in record.ids if one and len(one) <= LONGEST_ID]
    found_doi = next(filter(None, map(doi, ids)), "")
    return make_entry(
        source=source,
        place=location + record.at,
        title=record.title,
        abstract=record.abstract,
        authors=record.authors,
        arxiv=next(filter(None, map(arxiv_id, ids)), None),
        url=record.url or (f"https://doi.org/{found_doi}" if found_doi else ""),
        doi=found_doi,
        categories=record.categories,
        published=record.published,
        also=tuple(dict.fromkeys(_pmids(ids))),
        signals=Signals(upvotes=record.upvotes, keywords=record.keywords, venue=record.venue),
    )


def _pmids(ids: list[str]) -> Iterator[str]:
    for one in ids:
        if match := _PMID.fullmatch(one.strip()):
            yield f"pmid:{match[1]}"
