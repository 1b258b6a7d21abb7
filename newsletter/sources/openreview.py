"""Submissions that go online at OpenReview: https://docs.openreview.net/reference/api-v2

Its API tells no day's submissions: they are read last changed first, until a page is older than the days asked for. The
fragment of an address says which days and which page; it never leaves us: RFC 3986, section 3.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, field_validator

from newsletter.errors import SourceError
from newsletter.models import Entry, Signals
from newsletter.sources.addresses import Site, shown
from newsletter.sources.days import day_at
from newsletter.sources.entries import make_entry
from newsletter.sources.json_body import items, mapping, read_json, whole
from newsletter.sources.labels import short_label
from newsletter.sources.names import one_name
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import clean, decode, shorten

MOST_PAGES = 30  # 30,000 submissions: the largest conferences stay below
PAGE = 1_000  # notes, the most the API gives: https://docs.openreview.net/reference/api-v2/entities/note
_VENUE = re.compile(r"[\w.-]+(?:/[\w.-]+)*")
_FORUM = re.compile(r"[\w-]{1,64}")
_WINDOW = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2}),page=(\d{1,4})")


class OpenReview(Source):
    """Submissions to some venues of OpenReview, on the day they go online or are published."""

    venues: tuple[str, ...] = Field(
        description="Venues, as in openreview.net/group?id=VENUE.",
        examples=[["ICLR.cc/2027/Conference"]],
    )
    site: Site = Field(
        default="https://api2.openreview.net",
        description="Where OpenReview's API stands, or a mirror of it.",
        examples=["https://api2.openreview.net"],
    )

    @field_validator("venues")
    @classmethod
    def _named(cls, venues: tuple[str, ...]) -> tuple[str, ...]:
        if not venues:
            raise ValueError("openreview needs a venue at least, such as venues: [ICLR.cc/2027/Conference]")
        for venue in venues:
            if not _VENUE.fullmatch(venue):
                raise ValueError(f'"{venue}" is no venue; write what follows id= at openreview.net/group?id=…')
        return tuple(dict.fromkeys(venues))

    @property
    def label(self) -> str:
        """Return `openreview` and the venues, shortened."""
        return short_label(f"openreview {'+'.join(self.venues)}")

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the first page of each venue: for `day` and the day before, in a back-fill for that day only."""
        first = day - timedelta(days=1) if day >= now.date() else day
        return tuple(self._request(_invitation(venue), 0, (first, day), 1) for venue in self.venues)

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the submissions of one page that went online or were published on the days asked for."""
        place = shown(request.address).partition("#")[0]
        told = _read(body, replace(request, address=place))
        notes = told.get("notes")
        if not isinstance(notes, list):
            said = clean(str(told.get("message") or "it holds no notes"))
            raise SourceError(f"{place}: OpenReview answers: {shorten(said, limit=300)}; check the venues")
        days, page = _asked(request.address, today=now.date())
        entries: list[Entry] = []
        warnings: list[str] = []
        undated = untitled = 0
        for number, note in enumerate(map(mapping, notes), 1):
            if note.get("ddate"):  # deleted
                continue
            news = tuple(_news(note))
            undated += not news
            day = next((day for day in news if days[0] <= day <= days[1]), None)
            if day is None:
                continue
            entry = _entry(note, source=self.label, place=f"{place}#{number}", day=day)
            if entry.title:
                entries.append(entry)
            else:
                warnings.append(f"{entry.place}: no title, so the submission is left out")
                untitled += 1
        if undated:
            warnings.append(f"{place}: {undated} of {len(notes)} submissions have no readable date and are left out")
        more, warning = self._next(told, notes, request, days, page)
        warnings += [f"{place}: {warning}"] if warning else []
        return Parsed(tuple(entries), tuple(warnings), more, left_out=undated + untitled)

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that conferences come in batches."""
        del now
        return Silence(f"conferences come in batches; nothing went online by {day:%Y-%m-%d}")

    def _next(
        self, told: Mapping[str, Any], notes: list[Any], request: Request, days: tuple[date, date], page: int
    ) -> tuple[tuple[Request, ...], str]:
        """Return the next page where it may hold more, and a warning where it will not be read."""
        query = parse_qs(urlsplit(request.address).query)
        offset = (whole(next(iter(query.get("offset", ())), "")) or 0) + len(notes)
        is_last = len(notes) < PAGE and offset >= (whole(told.get("count")) or 0)
        if not notes or is_last or all(_is_older(mapping(note), days[0]) for note in notes):
            return (), ""
        if page >= MOST_PAGES:
            return (), f"more than {MOST_PAGES} pages; only those are read"
        invitation = next(iter(query.get("invitation", ())), "")
        return (self._request(invitation, offset, days, page + 1),), ""

    def _request(self, invitation: str, offset: int, days: tuple[date, date], page: int) -> Request:
        # Last changed first, not last created first: a conference makes notes public weeks after they were created.
        query = urlencode({"invitation": invitation, "limit": PAGE, "offset": offset, "sort": "tmdate:desc"})
        window = f"{days[0].isoformat()}..{days[1].isoformat()},page={page}"
        return Request(f"{self.site}/notes?{query}#{window}", accept="application/json")


def _invitation(venue: str) -> str:
    return venue if "/-/" in venue else f"{venue}/-/Submission"


def _asked(address: str, *, today: date) -> tuple[tuple[date, date], int]:
    """Return the first and last day and the page that an address asks for."""
    match = _WINDOW.fullmatch(urlsplit(address).fragment)
    if not match:
        return (today - timedelta(days=1), today), 1
    return (date.fromisoformat(match[1]), date.fromisoformat(match[2])), int(match[3])


def _read(body: bytes, request: Request) -> Mapping[str, Any]:
    if re.match(r"\s*<", decode(body[:200])):
        way_out = "the next run tries again; if it lasts, open openreview.net in a browser on this machine"
        raise SourceError(f"{request.address}: a web page instead of data, as OpenReview shows to robots; {way_out}")
    return mapping(read_json(body, request))


# ------------------------------------------------------------------ one note


def _news(note: Mapping[str, Any]) -> Iterator[date]:
    """Yield the days on which a submission is news: when it went online, and when it was published."""
    online = whole(note.get("odate")) or whole(note.get("cdate")) or whole(note.get("tcdate"))
    for milliseconds in (online, whole(note.get("pdate"))):
        if day := day_at(milliseconds):
            yield day


def _is_older(note: Mapping[str, Any], day: date) -> bool:
    changed = day_at(whole(note.get("tmdate")) or whole(note.get("mdate")))
    return changed is not None and changed < day


def _entry(note: Mapping[str, Any], *, source: str, place: str, day: date) -> Entry:
    content = mapping(note.get("content"))
    forum = _text(note.get("forum")) or _text(note.get("id"))
    known = bool(_FORUM.fullmatch(forum))
    return make_entry(
        source=source,
        place=place,
        title=_text(_value(content, "title")),
        abstract=_text(_value(content, "abstract")),
        markup=False,
        authors=_authors(_value(content, "authors")),
        url=f"https://openreview.net/forum?id={forum}" if known else "",
        published=day,
        also=(f"openreview:{forum}",) if known else (),
        signals=Signals(keywords=tuple(_words(_value(content, "keywords"))), venue=_text(_value(content, "venue"))),
    )


def _value(content: Mapping[str, Any], name: str) -> Any:
    """Return a field of a note: wrapped in version 2 of the API, bare in version 1."""
    field = content.get(name)
    return field.get("value") if isinstance(field, Mapping) else field


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _words(value: Any) -> Iterator[str]:
    written = re.split(r"[,;]", value) if isinstance(value, str) else items(value)
    yield from (word for word in written if isinstance(word, str))


def _authors(value: Any) -> tuple[str, ...]:
    names = (one_name(name) for name in _words(value))
    return tuple(name for name in names if name and not re.fullmatch(r"(?i)anonymous(?: authors?)?\d*", name))
