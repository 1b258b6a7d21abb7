"""Any RSS, RDF or Atom feed.

    bytes ── read ──► feedparser's entries ── _entry ──► Entry

`read` is also what `arxiv` begins with. feedparser gets a stream of bytes, never a name or an address (it would open
them), without the document type (it would expand its entities) and with HTML left as it is (its sanitiser takes
`a<b` and `<think>` for tags): `text.plain` cleans it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from html.entities import html5
from io import BytesIO
from itertools import islice
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.parsers import expat

from pydantic import Field, field_validator, model_validator

from newsletter.errors import SourceError
from newsletter.ids import ArxivId, arxiv_id, doi
from newsletter.models import Entry, Parsed
from newsletter.sources.source import Source, shown
from newsletter.text import accents, clean, decode, plain, shorten

MOST_ENTRIES = 5_000  # of one body: more is no day's news
LARGEST_DAMAGED = 2_000_000  # characters: damage is read 100 times more slowly
LONGEST_TITLE = 1_000  # characters
LONGEST_ABSTRACT = 10_000
_MOST_DIGITS = 8  # of a character reference


class Feed(Source):
    """An RSS, RDF or Atom feed, by its address or from a saved file."""

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
        if url is not None and not re.fullmatch(r"(?i:https?)://[^\s/?#]+\S*", url):
            raise ValueError(f'"{url}" is not a web address; it begins with https:// (a file goes under path:)')
        return url

    @model_validator(mode="after")
    def _one_place(self) -> Feed:
        if (self.url is None) == (self.path is None):
            raise ValueError("a feed needs url: (its address) or path: (a saved file), one of the two")
        return self

    @property
    def label(self) -> str:
        """Return `feed` and its name."""
        return f"feed {clean(self.name)}"

    def locations(self, day: date) -> tuple[str, ...]:
        """Return the feed's address, or its path."""
        del day
        return (self.url or self.path or "",)

    def parse(self, body: bytes, location: str, *, today: date) -> Parsed:
        """Return the feed's entries; those without a title are left out with a warning."""
        feed, warnings = read(body, location)
        entries: list[Entry] = []
        for number, item in enumerate(feed.entries, 1):
            place = f"{shown(location)}#{number}"
            title = shorten(_text(item, "title", feed.version), limit=LONGEST_TITLE)
            if not title:
                warnings += (f"{place}: no title, so the entry is left out",)
                continue
            published, problem = published_on(item, today=today)
            warnings += (f"{place}: {problem}",) if problem else ()
            entries.append(_entry(item, title, feed, location, source=self.label, place=place, published=published))
        return Parsed(tuple(entries), warnings)


def _entry(
    item: Any, title: str, feed: Any, location: str, *, source: str, place: str, published: date | None
) -> Entry:
    arxiv, found_doi = _identifiers(item)
    return Entry(
        source=source,
        place=place,
        title=accents(title),
        abstract=shorten(_abstract(item, feed.version), limit=LONGEST_ABSTRACT),
        authors=tuple(_authors(item)),
        url=_url(item, location, arxiv, found_doi),
        arxiv_id=arxiv.base if arxiv else "",
        version=arxiv.version if arxiv else 0,
        doi=found_doi,
        categories=tuple(dict.fromkeys(filter(None, (clean(tag.get("term") or "") for tag in item.get("tags", ()))))),
        published=published,
    )


# ------------------------------------------------------------------ bytes to feedparser's entries


def read(body: bytes, location: str) -> tuple[Any, tuple[str, ...]]:
    """Return what feedparser makes of a body, and a warning for each damage; SourceError where it is no feed."""
    import feedparser  # noqa: PLC0415 costs 80 ms

    place = shown(location)
    if not body.strip():
        raise SourceError(f"{place}: the body is empty; open the address in a browser to see what it answers")
    text = decode(body, declared=_declared_encoding(body))
    root = _ROOT.search(text)
    if not root:
        kind = "an HTML page" if re.search(r"<html[\s>]", text[:5_000], re.IGNORECASE) else "neither RSS nor Atom"
        raise SourceError(f"{place}: this is {kind}, not a feed; look for the address of the site's RSS or Atom feed")
    # Everything before the root goes: the declared encoding no longer holds, and no entity may be declared.
    prologue = text[: root.start()]
    text, warnings = _well_formed(text[root.start() :], root[1])
    if "<!ENTITY" in prologue:
        warnings.append("it declares entities, which are never resolved; where they stand, text is missing")
    if len(text) > LARGEST_DAMAGED and not _is_well_formed(text):
        raise SourceError(f"{place}: a large body that is not well-formed; ask its publisher to mend it")
    try:
        feed = feedparser.parse(BytesIO(text.encode()), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:  # its parser for damaged feeds has mistakes of its own
        what = f"{type(error).__name__}: {clean(str(error))}"
        raise SourceError(f"{place}: damaged beyond reading ({what}); ask its publisher to mend it") from error
    if feed.bozo:
        warnings.append(f"not well-formed, read as far as possible ({clean(str(feed.bozo_exception))})")
    return feed, tuple(f"{place}: {warning}" for warning in warnings)


_DECLARATION = re.compile(rb"""^\s*<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']""")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # https://www.w3.org/TR/xml/#charsets
_ROOT = re.compile(r"<((?:[\w.-]+:)?(?:rss|feed|rdf))\b", re.IGNORECASE)
_END_OF_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_AMPERSAND = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|&(?:(?P<name>[A-Za-z][A-Za-z0-9]*)|#(?:(?P<decimal>[0-9]+)|[xX](?P<hex>[0-9a-fA-F]+)));|&",
    re.DOTALL,
)
_XML_NAMES = frozenset({"lt", "gt", "amp", "quot", "apos"})  # all that XML knows: &nbsp; and &eacute; are HTML


def _declared_encoding(body: bytes) -> str:
    match = _DECLARATION.match(body)
    return match[1].decode("ascii") if match else ""


def _well_formed(text: str, root: str) -> tuple[str, list[str]]:
    """Return the element `root` with the commonest damage repaired, and what was lost by it."""
    text = _AMPERSAND.sub(_escaped, _ILLEGAL.sub("", text))
    ends = [match.end() for match in islice(_END_OF_ENTRY.finditer(text), MOST_ENTRIES + 1)]
    if len(ends) > MOST_ENTRIES:
        warning, end = f"more than {MOST_ENTRIES} entries; only those are read", ends[MOST_ENTRIES - 1]
    elif ends and f"</{root}" not in text[ends[-1] :]:
        warning, end = "the feed breaks off; the entries before that are kept", ends[-1]
    else:
        return text, []
    return text[:end] + (f"</channel></{root}>" if root.lower() == "rss" else f"</{root}>"), [warning]


def _is_well_formed(text: str) -> bool:
    try:
        expat.ParserCreate(namespace_separator=" ").Parse(text.encode(), True)  # noqa: FBT003 the last part
    except expat.ExpatError:
        return False
    return True


def _escaped(match: re.Match[str]) -> str:
    """Return a reference that any XML parser accepts, and nothing for a character that XML cannot hold."""
    if match[0].startswith("<") or match["name"] in _XML_NAMES:
        return match[0]
    if digits := match["decimal"] or match["hex"]:
        number = int(digits, 10 if match["decimal"] else 16) if len(digits) <= _MOST_DIGITS else 0
        return f"&#{number};" if 0 < number <= sys.maxunicode and not _ILLEGAL.match(chr(number)) else ""
    characters = html5.get(f"{match['name']};")
    return "".join(f"&#{ord(one)};" for one in characters) if characters else f"&amp;{match[0][1:]}"


# ------------------------------------------------------------------ one entry


def published_on(item: Any, *, today: date) -> tuple[date | None, str]:
    """Return the day an entry was published (by the feed's own clock, where it says), and a problem or ""."""
    for key in ("published", "prism_publicationdate", "updated"):
        if key not in item:
            continue
        found = _day(str(item[key]), item.get(f"{key}_parsed") if f"{key}_parsed" in item else None)
        if found and date(1900, 1, 1) <= found <= today + timedelta(days=366):
            return found, ""
        return None, f"the date {shorten(clean(str(item[key])), limit=60)!r} is not one, so the entry has none"
    return None, ""


def _day(written: str, parsed: Any) -> date | None:
    # By hand first: the day as written (feedparser moves it to UTC), and also without leading zeros.
    match = re.match(r"\s*(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)", written)
    numbers = match.groups() if match else parsed[:3] if parsed else ()
    try:
        return date(*map(int, numbers)) if numbers else None
    except (ValueError, OverflowError):
        return None


def _text(item: Any, key: str, version: str) -> str:
    """Return a field as clean text: as HTML where its type says so, and in RSS, which never says."""
    return _typed(item.get(key) or "", (item.get(f"{key}_detail") or {}).get("type"), version)


def _typed(value: str, kind: str | None, version: str) -> str:
    return clean(value) if version.startswith("atom") and kind == "text/plain" else plain(value)


def _abstract(item: Any, version: str) -> str:
    summary = _text(item, "summary", version)
    contents = (_typed(part.get("value") or "", part.get("type"), version) for part in item.get("content", ()))
    return summary or next(filter(None, contents), "")


def _identifiers(item: Any) -> tuple[ArxivId | None, str]:
    given = [item.get(key) for key in ("id", "dc_identifier", "prism_doi", "arxiv_doi", "link")]
    candidates = [str(one)[:LONGEST_TITLE] for one in given if one]
    return next(filter(None, map(arxiv_id, candidates)), None), next(filter(None, map(doi, candidates)), "")


def _url(item: Any, location: str, arxiv: ArxivId | None, found_doi: str) -> str:
    if arxiv:
        return f"https://arxiv.org/abs/{arxiv.base}"
    base = location if location.startswith("http") else ""
    link = web_address(str(item.get("link") or ""), base=base) or web_address(str(item.get("id") or ""))
    return link or (f"https://doi.org/{found_doi}" if found_doi else "")


def web_address(written: str, *, base: str = "") -> str:
    """Return `written` as an absolute http(s) address without spaces, controls or login, or ""."""
    if not written.strip():
        return ""
    try:
        url = urljoin(base, written.strip())
        parts = urlsplit(url)
        safe = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:  # an impossible IPv6 host
        return ""
    return url if safe and url.isprintable() and not re.search(r"[\s<>\"]", url) else ""


# ------------------------------------------------------------------ names

_INITIALS = re.compile(r"(?:\w\.?[\s-]?){1,5}")


def _authors(item: Any) -> Iterator[str]:
    """Yield the names of an entry's authors, however many elements the feed writes them in."""
    written = [str(author.get("name") or "") for author in item.get("authors", ())]
    for field in written or [str(item.get("author") or "")]:
        for name in _names(plain(accents(field))):
            if name and "@" not in name:
                yield name


def _names(field: str) -> list[str]:
    """Return the names in one field: "A B; C D", "Surname, I. J., Surname, I.", "A B, C D and E F", "Surname, A"."""
    if ";" in field:
        return [_turned(part) for part in field.split(";")]
    parts = [part.strip() for part in field.split(",") if part.strip()]
    if len(parts) > 1 and len(parts) % 2 == 0 and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return [f"{initials} {surname}" for surname, initials in zip(parts[::2], parts[1::2], strict=True)]
    if len(parts) == 2 and all(len(part.split()) == 1 for part in parts):  # surname, given name
        return [_turned(field)]
    names = [name.strip() for part in parts for name in re.split(r"(?:^|\s)(?:and|&)\s", part) if name.strip()]
    return names if all(len(name.split()) > 1 for name in names) else [field]


def _turned(name: str) -> str:
    surname, comma, given = (part.strip() for part in name.partition(","))
    return f"{given} {surname}" if comma and given else surname
