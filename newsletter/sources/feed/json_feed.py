"""JSON Feed, versions 1 and 1.1: https://www.jsonfeed.org/version/1.1/"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from newsletter.errors import SourceError
from newsletter.ids import arxiv_id, doi
from newsletter.models import Entry
from newsletter.sources.addresses import shown, web_address, without_secrets_of
from newsletter.sources.days import day_written
from newsletter.sources.entries import LONGEST_ID, make_entry
from newsletter.sources.json_body import items, mapping, read_json, string
from newsletter.sources.names import split_names
from newsletter.sources.source import Parsed, Request
from newsletter.text import LONGEST, clean, decode, plain

MOST_ITEMS = 5_000  # of one body, as of other feeds


def is_json(body: bytes) -> bool:
    """Return whether a body is a JSON object, whole or not; no XML begins so."""
    return decode(body[:200]).lstrip()[:1] == "{"


def read_json_feed(body: bytes, request: Request, *, source: str, today: date) -> Parsed:
    """Return the items of a JSON Feed; those without a title are left out with a warning."""
    place = shown(request.address)
    feed = mapping(read_json(body, request))
    if "jsonfeed.org/version/" not in string(feed.get("version")) or not isinstance(feed.get("items"), list):
        raise SourceError(f"{place}: this is JSON, but no JSON Feed; look for the site's RSS, Atom or JSON Feed")
    entries: list[Entry] = []
    warnings: list[str] = []
    found = items(feed.get("items"))
    if len(found) > MOST_ITEMS:
        warnings.append(f"{place}: more than {MOST_ITEMS} items; only those are read")
    for number, item in enumerate(map(mapping, found[:MOST_ITEMS]), 1):
        entry = _entry(item, request.address, source=source, place=f"{place}#{number}", today=today)
        if entry.title:
            entries.append(entry)
        else:
            warnings.append(f"{entry.place}: no title, so the entry is left out")
    return Parsed(tuple(entries), tuple(warnings), left_out=min(len(found), MOST_ITEMS) - len(entries))


def _entry(item: Mapping[str, Any], location: str, *, source: str, place: str, today: date) -> Entry:
    ids = [string(item.get(name))[:LONGEST_ID] for name in ("id", "url", "external_url")]
    found_doi = next(filter(None, map(doi, ids)), "")
    links = [web_address(_text(item.get(name)), base=location) for name in ("url", "external_url")]
    links.append(web_address(ids[0]))
    link = without_secrets_of(next(filter(None, links), ""), location)
    written = _text(item.get("date_published")) or _text(item.get("date_modified"))
    return make_entry(
        source=source,
        place=place,
        title=_text(item.get("title")),
        abstract=_abstract(item),
        markup=False,
        authors=_authors(item),
        arxiv=next(filter(None, map(arxiv_id, ids)), None),
        url=link or (f"https://doi.org/{found_doi}" if found_doi else ""),
        doi=found_doi,
        categories=(_text(tag) for tag in items(item.get("tags"))),
        published=day_written(written, today=today),
    )


def _abstract(item: Mapping[str, Any]) -> str:
    """Return the summary, or else the whole content; only `content_html` is HTML."""
    summary, content = (clean(_text(item.get(name))[:LONGEST]) for name in ("summary", "content_text"))
    return summary or content or plain(_text(item.get("content_html")))


def _authors(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names under `authors`, or under `author` as in version 1."""
    for author in (*items(item.get("authors")), item.get("author")):
        yield from split_names(_text(mapping(author).get("name")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
