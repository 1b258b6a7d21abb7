"""Saved listing pages of Hugging Face's trending papers, as text: titles and abstracts in turn, between furniture.

    bytes ── text.decode ──► lines ── _peel ──► furniture | content ── _kinds ──► title, abstract ──► Entry

Two forms are known: with blank lines, `new`, `Subscribe`, the byline and a date such as `Apr 28`; and without any of
these, the first title glued to the word Subscribe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources.addresses import file_name
from newsletter.sources.entries import make_entry
from newsletter.sources.source import Parsed, Request, Source
from newsletter.text import clean, decode, mend


class Pages(Source):
    """Listing pages saved as text files."""

    path: str = Field(min_length=1, description="The files: a path or a pattern.", examples=["saved/*.txt"])

    @property
    def label(self) -> str:
        """Return `pages` and the last part of the pattern."""
        return f"pages {clean(file_name(self.path))}"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the pattern; saved pages are today's news."""
        return (Request(self.path),) if day >= now.date() else ()

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return an entry for each title; warns of a title without abstract and an abstract without title."""
        location = request.address
        page = _page(_text(body, location), today=now.date())
        if not page:
            raise SourceError(f"{location}: no papers in this page; save the listing again, as text")
        entries: list[Entry] = []
        warnings: list[str] = []
        left_out = 0
        for title, abstract in _pairs(page):
            line = title or abstract
            place = f"{location}:{line.number}" if line else location
            if title:
                entries.append(_entry(title, abstract, source=self.label, place=place))
            left_out += not title
            if not (title and abstract):
                missing = "an abstract without a title, left out" if abstract else "no abstract under this title"
                warnings.append(f"{place}: {missing}")
        return Parsed(tuple(entries), tuple(warnings), left_out=left_out)


# What no page of text has many of: control characters and bytes that are no character.
_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")


def _text(body: bytes, location: str) -> str:
    text = decode(body)
    if len(_BINARY.findall(text)) > len(text) // 100:
        raise SourceError(f"{location}: this is not text; save the listing as a text file")
    if re.match(r"\s*<(?:!doctype|html|\?xml)\b", text, re.IGNORECASE):
        way_out = "name a saved page of huggingface.co/papers under file:, or save the listing as text"
        raise SourceError(f"{location}: this is HTML; {way_out}")
    return text


def _entry(title: _Line, abstract: _Line | None, *, source: str, place: str) -> Entry:
    return make_entry(
        source=source,
        place=place,
        title=title.text,
        abstract=abstract.text if abstract else "",
        markup=False,
        published=title.day,
        byline=title.byline,
    )


# ------------------------------------------------------------------ lines and furniture


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of content: its number in the file, its text, whether an entry surely begins here, what stood above."""

    number: int
    text: str
    begins: bool
    day: date | None
    byline: str


_INVITATION = re.compile(r"Get trending papers in your email inbox(?: once a day)?[!.]?\s*", re.IGNORECASE)
_BYLINE = re.compile(r"by\s*(\S.{0,80}?\band the research community)\s*")
_NEW = re.compile(r"new", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE = re.compile(rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}\.? ([0-9]{{1,2}})(?:,? ([0-9]{{4}}))?", re.IGNORECASE)


@dataclass(slots=True)
class _Reader:
    """What has been seen so far of a page, top to bottom."""

    today: date
    lines: list[_Line] = field(default_factory=list)
    begins: bool = True
    subscribe_due: bool = True
    day: date | None = None
    byline: str = ""

    def read(self, number: int, text: str) -> None:
        """Take one line: what furniture says is remembered, what is left is content."""
        text = self._peel(text)
        if _NEW.fullmatch(text):
            self.begins = True
        elif day := _day(text, today=self.today):
            self.day, self.begins = day, True
        elif text:
            self.lines.append(_Line(number, text, self.begins, self.day, self.byline))
            self.begins = self.subscribe_due = False

    def _peel(self, text: str) -> str:
        """Return `text` without the furniture it begins with, also glued to it."""
        if match := _INVITATION.match(text):
            self.begins = self.subscribe_due = True
            return self._peel(text[match.end() :])
        if match := _BYLINE.match(text):
            self.byline = match[1]  # above its entries or under each of them: it begins nothing
            return self._peel(text[match.end() :])
        if text.lower() == "subscribe":
            self.begins, self.subscribe_due = True, False
            return ""
        # Glued only where the button is due: after the invitation, or where a page begins.
        if self.subscribe_due and re.match(r"Subscribe(?=[^\sa-z])", text):
            self.subscribe_due = False
            return text.removeprefix("Subscribe")
        return text


def _page(text: str, *, today: date) -> list[_Line]:
    reader = _Reader(today)
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        if shown := clean(mend(line)):
            reader.read(number, shown)
    first_byline = next((line.byline for line in reader.lines if line.byline), reader.byline)
    return [replace(line, byline=line.byline or first_byline) for line in reader.lines]


def _day(text: str, *, today: date) -> date | None:
    """Return the day a line is, or None; without a year the most recent one that is not after `today`."""
    match = _DATE.fullmatch(text)
    if not match:
        return None
    month, day = _MONTHS.index(match[1].lower()) + 1, int(match[2])
    years = (int(match[3]),) if match[3] else range(today.year, today.year - 9, -1)  # 29 February comes within eight
    for year in years:
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found <= today or match[3]:
            return found
    return None


# ------------------------------------------------------------------ titles and abstracts


class _Kind(StrEnum):
    TITLE = "title"
    ABSTRACT = "abstract"


# Costs of reading a page in one way or another; the cheapest reading wins. Turns are free, and a missing line costs
# more than a short abstract or a long title can, so that only what is far too long or short breaks the alternation.
_MISSING = 4.0
_MISSING_AT_END = 2.0
_BETWEEN = 180  # characters: titles are shorter, abstracts longer
_UNIT = 60
_MOST_BY_LENGTH = 3.0
_FULL_STOP = 1.5
_NO_FULL_STOP = -1.0


def _looks_like_abstract(text: str) -> float:
    """Return how much a line looks like an abstract by its length and end; negative for a title."""
    by_length = max(-_MOST_BY_LENGTH, min(_MOST_BY_LENGTH, (len(text) - _BETWEEN) / _UNIT))
    return by_length + (_FULL_STOP if text.endswith((".", ".)", '."', ".”")) else _NO_FULL_STOP)


def _kinds(lines: Sequence[_Line]) -> list[_Kind]:
    """Return the cheapest reading of the lines: the Viterbi path through title and abstract."""
    costs = {_Kind.TITLE: _MISSING, _Kind.ABSTRACT: 0.0}  # as if an abstract stood above the page
    came_from: list[dict[_Kind, _Kind]] = []
    for line in lines:
        evidence = _looks_like_abstract(line.text)
        to_title = {
            _Kind.TITLE: costs[_Kind.TITLE] + (_MISSING_AT_END if line.begins else _MISSING),
            _Kind.ABSTRACT: costs[_Kind.ABSTRACT],
        }
        to_abstract = {
            _Kind.TITLE: costs[_Kind.TITLE] + (_MISSING if line.begins else 0.0),
            _Kind.ABSTRACT: costs[_Kind.ABSTRACT] + _MISSING,
        }
        before = {
            _Kind.TITLE: min(to_title, key=lambda kind: to_title[kind]),
            _Kind.ABSTRACT: min(to_abstract, key=lambda kind: to_abstract[kind]),
        }
        costs = {
            _Kind.TITLE: to_title[before[_Kind.TITLE]] + max(0.0, evidence),
            _Kind.ABSTRACT: to_abstract[before[_Kind.ABSTRACT]] + max(0.0, -evidence),
        }
        came_from.append(before)
    costs[_Kind.TITLE] += _MISSING_AT_END
    kind = min(costs, key=lambda one: costs[one])
    kinds: list[_Kind] = []
    for before in reversed(came_from):
        kinds.append(kind)
        kind = before[kind]
    return kinds[::-1]


def _pairs(lines: Sequence[_Line]) -> Iterator[tuple[_Line | None, _Line | None]]:
    """Yield each title with its abstract; None for the one that is missing."""
    title: _Line | None = None
    for line, kind in zip(lines, _kinds(lines), strict=True):
        if kind is _Kind.TITLE:
            if title:
                yield title, None
            title = line
        else:
            yield title, line
            title = None
    if title:
        yield title, None
