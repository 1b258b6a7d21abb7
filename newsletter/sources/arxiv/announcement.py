"""What arXiv's bodies mean: entries, how they were announced, and whether the list is today's and whole.

arXiv cuts a feed at 2000 items, and new papers first; so a feed that is nearly full is asked for again in halves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from urllib.parse import unquote

from newsletter.ids import CATEGORIES, arxiv_id, category, doi
from newsletter.models import AnnounceType, Entry, Signals
from newsletter.sources.arxiv.body import Body, Item, place_of, read_body
from newsletter.sources.arxiv.calendar import EASTERN, latest_feed
from newsletter.sources.arxiv.query import GATE, PAUSE_SECONDS
from newsletter.sources.arxiv.remarks import code_in, venue_in
from newsletter.sources.entries import make_entry
from newsletter.sources.names import one_name, split_creator
from newsletter.sources.source import Parsed, Request
from newsletter.sources.xml_root import is_feed, root_of
from newsletter.tex import readable
from newsletter.text import clean, decode

_NEARLY_FULL = 1_900  # of 2000
_HEAD = 8_000  # bytes
_LONGEST_DATE = 60  # characters
_STRENGTH = (*AnnounceType, None)
_ARXIVS_OWN = re.compile(r"http://arxiv\.org/schemas/atom|//rss\.arxiv\.org/|//(?:export\.)?arxiv\.org/api/")


def is_arxiv(body: bytes) -> bool:
    """Return whether a body is arXiv's RSS or Atom, by what stands before its first item."""
    text = decode(body[:_HEAD])
    start, root = root_of(text) or (0, "")
    if not is_feed(root):
        return False
    head = re.split(r"<(?:item|entry)[\s>]", text[start:], maxsplit=1)[0]
    return _ARXIVS_OWN.search(head) is not None


def read_announcement(body: bytes, request: Request, *, source: str, now: datetime) -> Parsed:
    """Return the papers of a body of arXiv's, of every announce type; raises `SourceError`.

    `source` is the label that the entries get. `Parsed.more` holds the halves of a feed that is nearly full.
    """
    return announced(read_body(body, request), request, source=source, now=now)


def announced(
    body: Body, request: Request, *, source: str, now: datetime, asked: Collection[str] = frozenset()
) -> Parsed:
    """Return the papers of a body, each id once; `asked` are the categories that a search was made for."""
    entries, warnings, left_out = _entries(body, request, source=source, now=now, asked=asked)
    if body.is_search or len(body.items) < _NEARLY_FULL:
        more: tuple[Request, ...] = ()
    elif not (more := _halves(request)):
        what = f"{place_of(request)}: {len(body.items)} papers, and arXiv cuts at 2000, so some may be missing"
        warnings += (f"{what}; there is no smaller list to ask for",)
    return Parsed(
        entries,
        body.warnings + warnings,
        more,
        late=_late(body, entries, request, now),
        left_out=body.lost + left_out,
    )


# ------------------------------------------------------------------ items to entries


def _entries(
    body: Body, request: Request, *, source: str, now: datetime, asked: Collection[str]
) -> tuple[tuple[Entry, ...], tuple[str, ...], int]:
    """Return the entries, a line for each thing that could not be read, and how many items were left out."""
    warnings: list[str] = []
    papers: dict[str, Entry] = {}
    undated = left_out = 0
    where = place_of(request)
    zone = UTC if body.is_search else EASTERN
    for number, item in enumerate(body.items, 1 + (body.start or 0)):
        place = f"{where}#{number}"
        published = _day(item.fields.get("published") or item.fields.get("pubdate") or "", zone, now)
        undated += published is None
        entry = _entry(item, source=source, place=place, published=published, asked=asked)
        if not entry.title:
            warnings.append(f"{place}: no title, so the entry is left out")
            left_out += 1
            continue
        key = entry.arxiv_id or place
        papers[key] = _stronger(papers[key], entry) if key in papers else entry
    if undated:
        warnings.append(f"{where}: {undated} of {len(body.items)} papers have no readable date")
    return tuple(papers.values()), tuple(warnings), left_out


def _stronger(kept: Entry, other: Entry) -> Entry:
    """Return the entry that was announced in the stronger way, at the place of the first."""
    stronger = _STRENGTH.index(other.announce_type) < _STRENGTH.index(kept.announce_type)
    return replace(other, place=kept.place) if stronger else kept


_PREAMBLE = re.compile(r"\A\s*arXiv:\S+\s+Announce Type:\s*\S+\s*(?:Abstract:)?")


def _entry(item: Item, *, source: str, place: str, published: date | None, asked: Collection[str]) -> Entry:
    fields = item.fields
    categories = tuple(filter(None, map(category, (fields.get("primary_category", ""), *item.categories))))
    abstract = _PREAMBLE.sub("", fields.get("summary") or fields.get("description") or "", count=1)
    comment, journal = fields.get("comment", ""), fields.get("journal_ref") or fields.get("journal_reference") or ""
    signals = Signals(
        venue=readable(clean(journal)) if journal else venue_in(comment) if comment else "",
        comment=comment,
        code_url=code_in(comment, abstract),
    )
    return make_entry(
        source=source,
        place=place,
        title=fields.get("title", ""),
        abstract=abstract,
        markup=False,
        authors=tuple(map(one_name, item.names)) if item.names else split_creator(fields.get("creator", "")),
        arxiv=next(filter(None, (arxiv_id(fields.get(key, "")) for key in ("id", "guid", "link"))), None),
        doi=doi(fields.get("doi", "")),
        categories=categories,
        announce_type=_announce_type(fields.get("announce_type", ""), categories, asked),
        published=published,
        signals=signals,
    )


def _announce_type(written: str, categories: Sequence[str], asked: Collection[str]) -> AnnounceType | None:
    """Return how a paper was announced; of a search's paper that follows from its primary category."""
    written = written.strip().lower()
    if written in set(AnnounceType):
        return AnnounceType(written)
    if written or not (asked and categories):
        return None
    primary = categories[0]
    return AnnounceType.NEW if {primary, primary.partition(".")[0]} & set(asked) else AnnounceType.CROSS


# ------------------------------------------------------------------ dates


def _day(written: str, zone: tzinfo, now: datetime) -> date | None:
    """Return the day of a moment in the zone that counts, None where it is no date or an impossible one."""
    moment = _moment(written)
    if moment is None:
        return None
    try:
        day = moment.astimezone(zone).date() if moment.tzinfo else moment.date()
    except (OverflowError, ValueError):
        return None
    return day if date(1986, 1, 1) <= day <= now.date() + timedelta(days=366) else None


@lru_cache(maxsize=64)
def _moment(written: str) -> datetime | None:
    written = written.strip()[:_LONGEST_DATE]
    try:
        return datetime.fromisoformat(written) if written[:4].isdecimal() else _rfc_822(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _rfc_822(written: str) -> datetime:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 costs 20 ms, and only RSS needs it

    return parsedate_to_datetime(written)


def _late(body: Body, entries: Sequence[Entry], request: Request, now: datetime) -> str:
    """Return that a list got by an address is still that of an earlier day, where a later one was to be expected."""
    if body.is_search or not request.address.lower().startswith("http"):
        return ""
    listed = [entry.published for entry in entries if entry.published]
    built = (_day(body.about.get(key, ""), EASTERN, now) for key in ("pubdate", "lastbuilddate", "updated"))
    dated = max(listed or filter(None, built), default=None)
    return f"the list is still that of {dated}" if dated and dated < latest_feed(now) else ""


# ------------------------------------------------------------------ the limit of 2000 items

_ASKED = re.compile(r"(?i)(?P<before>https?://[^?#]+/(?:atom|rss)/)(?P<categories>[^/?#]+)(?P<after>[?#].*)?")


def feed_address(site: str, categories: Sequence[str]) -> str:
    """Return where the announcement of some categories is read."""
    return f"{site}/atom/{'+'.join(categories)}"


def _halves(request: Request) -> tuple[Request, ...]:
    """Return the two requests that together ask for what one asked for; an archive is divided into its classes."""
    match = _ASKED.fullmatch(request.address)
    if match is None:
        return ()
    asked = [category(one) for one in unquote(match["categories"]).split("+")]
    if len(asked) == 1:
        asked = [one for one in CATEGORIES if one.startswith(f"{asked[0]}.")]
    if len(asked) < 2 or not all(asked):
        return ()
    middle = len(asked) // 2
    return tuple(
        Request(
            f"{match['before']}{'+'.join(half)}{match['after'] or ''}",
            accept=request.accept,
            gate=GATE,
            pause_seconds=PAUSE_SECONDS,
        )
        for half in (asked[:middle], asked[middle:])
    )
