"""Hugging Face's Daily Papers, picked by people and voted on: https://huggingface.co/docs/hub/api#paper-pages-api

    daily_papers?date=… ──► read_json ──► an outer item with the paper inside ──► Entry

Where a field stands differs between this service's answers, so each is looked for inside and then outside. Only the
date is not: inside it is the paper's own, outside that of its listing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from newsletter.errors import SourceError
from newsletter.ids import arxiv_id
from newsletter.models import Entry, Signals
from newsletter.sources.addresses import Site, shown
from newsletter.sources.days import published_on
from newsletter.sources.entries import make_entry
from newsletter.sources.json_body import items, mapping, read_json, string, whole
from newsletter.sources.names import one_name
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import clean, shorten

_PAPERS_A_PAGE = 100
_FEWEST_OF_FULL = 50  # the service's own page size: it may give no more, whatever is asked for
_MOST_PAGES = 10  # of one day, which has 20 to 40 papers
_MOST_UPVOTES = 1_000_000_000
_SATURDAY = 5
_PAPER = re.compile(r"[A-Za-z0-9][\w.-]{0,99}", re.ASCII)


class HuggingFace(Source):
    """The papers that Hugging Face's community lists today and yesterday, with their votes."""

    listing: Literal["daily_papers"] = Field(
        default="daily_papers", description="Which of its lists.", examples=["daily_papers"]
    )
    site: Site = Field(
        default="https://huggingface.co",
        description="The address of Hugging Face, or of a mirror.",
        examples=["https://huggingface.co"],
    )

    @property
    def label(self) -> str:
        """Return `huggingface` and the listing."""
        return f"huggingface {self.listing}"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return today's list and yesterday's, which fill during their days; for a past day exactly that day's."""
        return tuple(self._page(listed.isoformat(), 0) for listed in _days(day, now=now))

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the listed papers; those without a title are left out with a warning."""
        place = shown(request.address)
        listed = _listed(read_json(body, request), place)
        entries: list[Entry] = []
        warnings: list[str] = []
        for number, item in enumerate(listed, 1):
            where = f"{place}#{number}"
            entry, problem = self._entry(mapping(item), where, now=now)
            if entry.title:
                entries.append(entry)
            else:
                problem = "no title, so the entry is left out"
            if problem:
                warnings.append(f"{where}: {problem}")
        more = self._more(request, len(listed))
        if len(listed) >= _FEWEST_OF_FULL and not more:
            warnings.append(f"{place}: this list has more than {_MOST_PAGES} pages; only those are read")
        return Parsed(tuple(entries), tuple(warnings), more, left_out=len(listed) - len(entries))

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that weekends have few papers; on other days yesterday's list at least should hold some."""
        days = _days(day, now=now)
        if any(listed.weekday() >= _SATURDAY for listed in days):
            return Silence("Hugging Face lists few or no papers at weekends")
        if day < now.date():
            return Silence("Hugging Face lists no papers for this day")
        return Silence("Hugging Face lists no papers, neither today's nor yesterday's", late=True)

    def _page(self, listed: str, page: int) -> Request:
        query = f"date={listed}&limit={_PAPERS_A_PAGE}" + (f"&p={page}" if page else "")
        return Request(f"{self.site}/api/{self.listing}?{query}", accept="application/json")

    def _more(self, request: Request, held: int) -> tuple[Request, ...]:
        """Return the next page of a list whose page is full, up to the last that is read."""
        asked = parse_qs(urlsplit(request.address).query)
        listed, page = asked.get("date", [""])[0], whole(asked.get("p", ["0"])[0]) or 0
        wanted = held >= _FEWEST_OF_FULL and listed and page + 1 < _MOST_PAGES
        return (self._page(listed, page + 1),) if wanted else ()

    def _entry(self, item: Mapping[str, Any], place: str, *, now: datetime) -> tuple[Entry, str]:
        """Return the entry of one item, and what is wrong with it or ""."""
        paper = mapping(item.get("paper")) or item
        fields = {**item, **{key: value for key, value in paper.items() if value not in (None, "", [])}}
        found = fields.get("id")
        paper_id = found if isinstance(found, str) and _PAPER.fullmatch(found) else ""
        written = string(paper.get("publishedAt"))
        published, problem = published_on({"published": written} if written else {}, today=now.date())
        entry = make_entry(
            source=self.label,
            place=place,
            title=string(fields.get("title")),
            abstract=string(fields.get("summary")),
            markup=False,
            authors=_authors(fields.get("authors")),
            arxiv=arxiv_id(paper_id),
            url=f"https://huggingface.co/papers/{paper_id}" if paper_id else "",
            published=published,
            signals=_signals(fields, now=now),
        )
        return entry, problem


def _days(day: date, *, now: datetime) -> tuple[date, ...]:
    """Return the days to ask for; none is later than today in UTC, which the service refuses (400)."""
    if day < now.date():
        return (day,)
    today = now.astimezone(UTC).date()
    return today, today - timedelta(days=1)


def _listed(body: Any, place: str) -> list[Any]:
    if isinstance(body, list):
        return body
    said = shorten(clean(string(mapping(body).get("error") or mapping(body).get("message"))), limit=200)
    if said:
        raise SourceError(f'{place}: Hugging Face answers an error: "{said}"; the next run tries again')
    raise SourceError(f"{place}: this is no list of papers; see whether site: is the address of Hugging Face")


def _authors(written: Any) -> Iterator[str]:
    for author in items(written):
        name = string(mapping(author).get("name"))
        if name and not mapping(author).get("hidden"):
            yield one_name(name)


def _signals(fields: Mapping[str, Any], *, now: datetime) -> Signals:
    upvotes = whole(fields.get("upvotes"))
    told = upvotes is not None and 0 <= upvotes <= _MOST_UPVOTES
    return Signals(
        upvotes=upvotes if told else None,
        upvotes_at=now if told else None,
        submitter=_called(fields.get("submittedBy")) or _called(fields.get("submittedOnDailyBy")),
        organization=_called(fields.get("organization")),
        keywords=tuple(map(string, items(fields.get("ai_keywords")))),
        code_url=string(fields.get("githubRepo")),
        project_url=string(fields.get("projectPage")),
        thumbnail_url=string(fields.get("thumbnail")),
    )


def _called(someone: Any) -> str:
    """Return the name of a person or an organization, in full where it is told."""
    told = mapping(someone)
    return next(filter(None, (string(told.get(key)) for key in ("fullname", "name", "user"))), "") or string(someone)
