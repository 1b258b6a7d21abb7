"""arXiv's daily announcement: https://info.arxiv.org/help/atom_specifications.html

The Atom feed and never the RSS one, whose abstracts nobody can tell from HTML. All categories in one request: arXiv
then says for each paper the strongest way in which it was announced in any of them.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import Field, field_validator, model_validator

from newsletter.errors import SourceError
from newsletter.ids import CATEGORIES, arxiv_id, category, doi
from newsletter.models import AnnounceType, Entry, Parsed
from newsletter.sources.feed import LONGEST_ABSTRACT, LONGEST_TITLE, published_on, read
from newsletter.sources.source import Source, file_name, shown
from newsletter.text import accents, clean, shorten

log = logging.getLogger(__name__)

_ADDRESS = "https://rss.arxiv.org/atom/"
_NEARLY_FULL = 1_900  # of 2000 entries; beyond, arXiv cuts the new papers first
_STRENGTH = (*AnnounceType, None)
_SATURDAY = 5


class Arxiv(Source):
    """The papers arXiv announces today in some categories, or a saved Atom feed of them."""

    categories: tuple[str, ...] = Field(
        default=(),
        description="arXiv categories or whole archives, read in one request.",
        examples=[["cs.LG", "cs.CL"]],
    )
    announce_types: tuple[AnnounceType, ...] = Field(
        default=(AnnounceType.NEW, AnnounceType.CROSS),
        min_length=1,
        description="new papers, cross-lists, and replacements if you want new versions as well.",
        examples=[["new", "cross"]],
    )
    path: str | None = Field(
        default=None,
        min_length=1,
        description="A saved Atom feed instead: a file or a pattern.",
        examples=["saved/arxiv.xml"],
    )

    @field_validator("categories")
    @classmethod
    def _known_categories(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        # One bad part makes arXiv refuse the whole request.
        return tuple(dict.fromkeys(_known(one) for one in categories))

    @model_validator(mode="after")
    def _one_place(self) -> Arxiv:
        if bool(self.categories) == (self.path is not None):
            raise ValueError("arxiv needs categories: (such as cs.LG) or path: (a saved feed), one of the two")
        return self

    @property
    def label(self) -> str:
        """Return `arxiv` and the categories, or the name of the file."""
        return f"arxiv {'+'.join(self.categories) or clean(file_name(self.path or ''))}"

    def locations(self, day: date) -> tuple[str, ...]:
        """Return the address of today's announcement (arXiv serves no other day), or the path."""
        del day
        return (self.path or _ADDRESS + "+".join(self.categories),)

    def silence(self, day: date) -> str:
        """Return that arXiv rests on weekends: https://info.arxiv.org/help/availability.html"""
        resting = day.weekday() >= _SATURDAY and not self.path
        return "arXiv announces nothing on Saturday and Sunday" if resting else ""

    def parse(self, body: bytes, location: str, *, today: date) -> Parsed:
        """Return the announced papers of the wanted announce types, each id once; those of unknown type are kept."""
        feed, warnings = read(body, location)
        _raise_refusal(feed, location)
        papers: dict[str, Entry] = {}
        for number, item in enumerate(feed.entries, 1):
            place = f"{shown(location)}#{number}"
            entry = _entry(item, source=self.label, place=place, today=today)
            if not entry.title:
                warnings += (f"{place}: no title, so the entry is left out",)
                continue
            key = entry.arxiv_id or place
            papers[key] = _stronger(papers.get(key, entry), entry)
        wanted = [entry for entry in papers.values() if entry.announce_type in {None, *self.announce_types}]
        log.info("%s: %d of %d entries are of the wanted announce types", self.label, len(wanted), len(feed.entries))
        if len(feed.entries) >= _NEARLY_FULL:
            way_out = "name some of the categories in a second arxiv source"
            warnings += (f"{shown(location)}: {len(feed.entries)} entries, and arXiv cuts at 2000; {way_out}",)
        return Parsed(tuple(wanted), warnings)


def _known(written: str) -> str:
    if known := category(written):
        return known
    near = get_close_matches(written.strip().lower(), [name.lower() for name in CATEGORIES], n=2, cutoff=0.6)
    hint = f"did you mean {' or '.join(map(category, near))}?" if near else "see https://arxiv.org/category_taxonomy"
    raise ValueError(f'"{written}" is not an arXiv category; {hint}')


def _raise_refusal(feed: Any, location: str) -> None:
    """Raise what arXiv says in the feed it answers to a query it refuses, and in the entry its API answers."""
    title, said = clean(feed.feed.get("title") or ""), clean(feed.feed.get("subtitle") or "")
    if title.startswith("Feed error for query"):
        raise SourceError(f"{shown(location)}: {shorten(f'{title}. {said}', limit=300)}; correct the categories")
    if len(feed.entries) == 1 and "/api/errors" in str(feed.entries[0].get("id")):
        said = clean(feed.entries[0].get("summary") or "")
        raise SourceError(f"{shown(location)}: arXiv answers an error: {shorten(said, limit=300)}")


def _stronger(kept: Entry, other: Entry) -> Entry:
    """Return the entry that was announced in the stronger way, at the place of the first."""
    stronger = _STRENGTH.index(other.announce_type) < _STRENGTH.index(kept.announce_type)
    return replace(other, place=kept.place) if stronger else kept


def _entry(item: Any, *, source: str, place: str, today: date) -> Entry:
    found = arxiv_id(item.get("id") or "") or arxiv_id(item.get("link") or "")
    announced = item.get("arxiv_announce_type")
    return Entry(
        source=source,
        place=place,
        title=shorten(_line(item.get("title")), limit=LONGEST_TITLE),
        abstract=shorten(_abstract(item), limit=LONGEST_ABSTRACT),
        authors=_authors(item),
        url=f"https://arxiv.org/abs/{found.base}" if found else "",
        arxiv_id=found.base if found else "",
        version=found.version if found else 0,
        doi=doi(item.get("arxiv_doi") or ""),
        categories=_categories(item),
        announce_type=AnnounceType(announced) if announced in set(AnnounceType) else None,
        published=published_on(item, today=today)[0],
    )


def _categories(item: Any) -> tuple[str, ...]:
    """Return arXiv's own categories, the primary one first; classes of other schemes (MSC, ACM) are left out."""
    terms = (str(tag.get("term") or "") for tag in item.get("tags", ()))
    return tuple(dict.fromkeys(filter(None, map(category, terms))))


def _line(written: str | None) -> str:
    return accents(clean(written or ""))


def _abstract(item: Any) -> str:
    summary = _line(item.get("summary"))
    return re.sub(r"^arXiv:\S+ Announce Type: \S+ (?:Abstract: ?)?", "", summary)


# ------------------------------------------------------------------ authors

_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|V|PhD|M\.?D)\.?", re.IGNORECASE)


def _authors(item: Any) -> tuple[str, ...]:
    """Return the names: one each in `author` elements, or all in a `dc:creator` with affiliations in brackets.

    The form is that of arXiv's own serialiser: https://github.com/arXiv/arxiv-feed feed/serializers/extensions.py
    """
    each = [_line(author.get("name")) for author in item.get("authors", ())]
    if len(each) > 1:
        return tuple(filter(None, each))
    names: list[str] = []
    for part in _outside_brackets(_line(item.get("author"))).split(","):
        name = part.strip()
        if names and _SUFFIX.fullmatch(name):
            names[-1] += f" {name}"
        elif name:
            names.append(name)
    return tuple(names)


def _outside_brackets(text: str) -> str:
    """Return `text` without what stands in round brackets, nested ones included; an unclosed one ends it."""
    kept: list[str] = []
    depth = 0
    for character in text:
        depth += character == "("
        if not depth:
            kept.append(character)
        depth -= character == ")" and depth > 0
    return re.sub(r"\s+", " ", "".join(kept))
