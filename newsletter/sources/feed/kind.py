"""A feed of any kind: what it is, where it is, and its entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from pydantic import Field, field_validator, model_validator

from newsletter.ids import ArxivId, arxiv_id, doi
from newsletter.models import Entry
from newsletter.sources.addresses import check_address, shown, web_address, without_secrets_of
from newsletter.sources.arxiv import is_arxiv, read_announcement
from newsletter.sources.arxiv.query import GATE, PAUSE_SECONDS
from newsletter.sources.days import published_on
from newsletter.sources.entries import LONGEST_ID, make_entry
from newsletter.sources.feed.json_feed import is_json, read_json_feed
from newsletter.sources.feed.xml import read
from newsletter.sources.names import split_names
from newsletter.sources.source import Parsed, Request, Source
from newsletter.text import LONGEST, clean, plain

_ARXIV = re.compile(r"(?i)https?://(?:[\w-]+\.)*arxiv\.org(?=[:/?#]|$)")  # one gate for all of its hosts


class Feed(Source):
    """An RSS, RDF, Atom or JSON feed, by its address or from a saved file."""

    name: str = Field(min_length=1, description="What reasons, logs and source health call it.", examples=["Distill"])
    url: str | None = Field(default=None, description="The feed's address.", examples=["https://distill.pub/rss.xml"])
    path: str | None = Field(
        default=None,
        min_length=1,
        description="A saved feed instead: a file or a pattern.",
        examples=["saved/journal.xml"],
    )

    @field_validator("url")
    @classmethod
    def _web_address(cls, url: str | None) -> str | None:
        return url if url is None else check_address(url)

    @model_validator(mode="after")
    def _one_place(self) -> Feed:
        if (self.url is None) == (self.path is None):
            raise ValueError("a feed needs url: (its address) or path: (a saved file), one of the two")
        return self

    @property
    def label(self) -> str:
        """Return `feed` and its name."""
        return f"feed {clean(self.name)}"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the feed's address, or its path; a feed holds what is newest, whatever the day."""
        if day < now.date():
            return ()
        if self.url and _ARXIV.match(self.url):
            return (Request(self.url, gate=GATE, pause_seconds=PAUSE_SECONDS),)
        return (Request(self.url or self.path or ""),)

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the feed's entries; those without a title are left out with a warning."""
        location, today = request.address, now.date()
        if is_json(body):
            return read_json_feed(body, request, source=self.label, today=today)
        if is_arxiv(body):
            return read_announcement(body, request, source=self.label, now=now)
        feed, warnings = read(body, location)
        entries: list[Entry] = []
        for number, item in enumerate(feed.entries, 1):
            place = f"{shown(location)}#{number}"
            published, problem = published_on(item, today=today)
            warnings += (f"{place}: {problem}",) if problem else ()
            entry = _entry(item, feed.version, location, source=self.label, place=place, published=published)
            if entry.title:
                entries.append(entry)
            else:
                warnings += (f"{place}: no title, so the entry is left out",)
        return Parsed(tuple(entries), warnings, left_out=len(feed.entries) - len(entries))


def _entry(item: Any, version: str, location: str, *, source: str, place: str, published: date | None) -> Entry:
    arxiv, found_doi = _identifiers(item)
    return make_entry(
        source=source,
        place=place,
        title=_text(item, "title", version),
        abstract=_abstract(item, version),
        markup=False,
        authors=_authors(item),
        arxiv=arxiv,
        url=_url(item, location, found_doi),
        doi=found_doi,
        categories=(str(tag.get("term") or "") for tag in item.get("tags", ())),
        published=published,
    )


# ------------------------------------------------------------------ one entry


def _text(item: Any, key: str, version: str) -> str:
    """Return a field as clean text: as HTML where its type says so, and in RSS, which never says."""
    return _typed(item.get(key) or "", (item.get(f"{key}_detail") or {}).get("type"), version)


def _typed(value: str, kind: str | None, version: str) -> str:
    return clean(value[:LONGEST]) if version.startswith("atom") and kind == "text/plain" else plain(value)


def _abstract(item: Any, version: str) -> str:
    summary = _text(item, "summary", version)
    contents = (_typed(part.get("value") or "", part.get("type"), version) for part in item.get("content", ()))
    return summary or next(filter(None, contents), "")


def _identifiers(item: Any) -> tuple[ArxivId | None, str]:
    given = [item.get(key) for key in ("id", "dc_identifier", "prism_doi", "arxiv_doi", "link")]
    candidates = [str(one)[:LONGEST_ID] for one in given if one]
    return next(filter(None, map(arxiv_id, candidates)), None), next(filter(None, map(doi, candidates)), "")


def _url(item: Any, location: str, found_doi: str) -> str:
    link = web_address(str(item.get("link") or ""), base=location) or web_address(str(item.get("id") or ""))
    link = without_secrets_of(link, location)
    return link or (f"https://doi.org/{found_doi}" if found_doi else "")


def _authors(item: Any) -> Iterator[str]:
    """Yield the names of an entry's authors, however many elements the feed writes them in."""
    written = [str(author.get("name") or "") for author in item.get("authors", ())]
    for field in written or [str(item.get("author") or "")]:
        yield from split_names(field)
