"""A file of papers: which format it is, and its records as entries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from types import MappingProxyType

from pydantic import Field

from newsletter.errors import SourceError
from newsletter.models import Entry
from newsletter.sources.addresses import file_name
from newsletter.sources.file.bibliography import read_bibtex, read_ris
from newsletter.sources.file.json_records import read_json_records
from newsletter.sources.file.listing_html import read_listing
from newsletter.sources.file.records import Record, entry_of
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import clean, decode

MOST_RECORDS = 5_000  # of one file: more is no day's news


class File(Source):
    """Papers of a bibliography, of a JSON file, or of a saved page of Hugging Face."""

    path: str = Field(
        min_length=1,
        description="The files: a path or a pattern (.bib, .ris, .jsonl, .json, .html).",
        examples=["library/*.bib"],
    )

    @property
    def label(self) -> str:
        """Return `file` and the last part of the pattern."""
        return f"file {clean(file_name(self.path))}"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the pattern; what stands in a file is today's news."""
        return (Request(self.path),) if day >= now.date() else ()

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the papers of one file; a damaged record is a warning, and the rest is kept."""
        location = request.address
        text = _text(body, location)
        read = _READERS[_format(text, location)]
        entries: list[Entry] = []
        warnings: list[str] = []
        left_out = 0
        for record in _records(read, text, location, now.date()):
            if len(entries) + len(warnings) >= MOST_RECORDS:
                warnings.append(f"{location}: more than {MOST_RECORDS} records; only those are read")
                break
            entry = entry_of(record, source=self.label, location=location)
            if entry.title:
                entries.append(entry)
            left_out += not entry.title
            if record.problem or not entry.title:
                warnings.append(f"{entry.place}: {record.problem or 'no title, so the record is left out'}")
        if not entries:
            first = f" ({warnings[0]})" if warnings else ""
            raise SourceError(f"{location}: no paper could be read in this file{first}; is it the right one?")
        return Parsed(tuple(entries), tuple(warnings), left_out=left_out)

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that no file holds a paper, or that a file tells nothing of a past day."""
        if day < now.date():
            return Silence("a file tells nothing of past days")
        return Silence("no file of this name holds a paper")


# ------------------------------------------------------------------ what a file is

_BINARY = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]")  # what no file of text has many of
_JSON = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\]\[{"])')
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|main|section|article|div|h[1-6])\b", re.IGNORECASE)
_FEED = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|feed|rdf)\b", re.IGNORECASE)
_BIBLIOGRAPHY = re.compile(r"^(?:(?P<ris>TY {2}-)|[ \t]{0,20}(?P<bib>@[A-Za-z]{1,40}[ \t]{0,20}[{(]))", re.MULTILINE)
_ENDINGS = re.compile(r"(?i)\.(?:(bib)|(ris)|(jsonl|ndjson|json)|(html?))$")


def _text(body: bytes, location: str) -> str:
    if not body.strip():
        raise SourceError(f"{location}: the file is empty")
    text = decode(body)
    if len(_BINARY.findall(text)) > len(text) // 100:
        raise SourceError(f"{location}: this is not text; it may be BibTeX, RIS, JSON Lines or a saved page (HTML)")
    return text


def _format(text: str, location: str) -> str:
    """Return what a file is: `bib`, `ris`, `json` or `html`; `SourceError` where it is none of them."""
    if _JSON.match(text):
        return "json"
    if text.lstrip()[:1] == "<":
        if not _HTML.search(text[:20_000]) and _FEED.search(text[:20_000]):
            raise SourceError(f"{location}: this is a feed; name it under feed: with path:")
        return "html"
    if match := _BIBLIOGRAPHY.search(text):
        return "ris" if match["ris"] else "bib"
    if match := _ENDINGS.search(location):
        return ("bib", "ris", "json", "html")[(match.lastindex or 1) - 1]
    raise SourceError(f"{location}: neither BibTeX, RIS, JSON nor HTML; listings saved as text go under pages:")


_Reader = Callable[..., Iterator[Record]]
_READERS: Mapping[str, _Reader] = MappingProxyType(
    {"bib": read_bibtex, "ris": read_ris, "json": read_json_records, "html": read_listing}
)


def _records(read: _Reader, text: str, location: str, today: date) -> Iterator[Record]:
    """Yield what a reader finds; its errors with the name of the file, which it does not know."""
    try:
        yield from read(text, today=today)
    except SourceError as error:
        raise SourceError(f"{location}: {error}") from error
