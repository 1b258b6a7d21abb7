"""Bodies as arXiv answers them: the Atom announcement, its RSS variant, the API's Atom, and its errors.

Forms: https://info.arxiv.org/help/atom_specifications.html, …/rss_specifications.html, …/api/user-manual.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

from makers import DAY

EASTERN = ZoneInfo("America/New_York")
_NAMESPACES = (
    'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
    'xmlns="http://www.w3.org/2005/Atom"'
)
_RSS_NAMESPACES = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
_API_NAMESPACES = (
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom" '
    'xmlns="http://www.w3.org/2005/Atom"'
)
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def midnight(day: date) -> datetime:
    """Return the beginning of a day in New York, which arXiv puts on everything in that day's list."""
    return datetime.combine(day, time(), tzinfo=EASTERN)


def the_id(number: int) -> str:
    """Return an arXiv id of November 2026."""
    return f"2611.{number:05}"


# ------------------------------------------------------------------ the announcement as Atom


def an_atom_entry(number: int = 1, announced: str = "new", **fields: Any) -> str:
    """Return one entry of the announcement; `doi` and `journal` stand only where they are given."""
    told = {**_PAPER, "id": the_id(number), "title": f"Paper {number}", "version": 1, "day": DAY, **fields}
    return (
        f"<entry><id>oai:arXiv.org:{told['id']}v{told['version']}</id><title>{escape(told['title'])}</title>"
        f"<updated>{midnight(told['day']).astimezone(UTC).isoformat()}</updated>"
        f'<link href="https://arxiv.org/abs/{told["id"]}" rel="alternate" type="text/html"/>'
        f"<summary>{escape(_preamble(told, announced) + told['abstract'])}</summary>"
        + "".join(f"<category term={quoteattr(one)}/>" for one in told["categories"])
        + f"<published>{midnight(told['day']).isoformat()}</published>{_extensions(told, announced)}</entry>"
    )


def an_atom_feed(
    *entries: str, day: date = DAY, title: str = "", subtitle: str = "", categories: str = "cs.CL"
) -> bytes:
    """Return the Atom announcement of a day."""
    built = midnight(day).astimezone(UTC).replace(second=11, microsecond=123456).isoformat()
    return (
        f'{_DECLARATION}<feed {_NAMESPACES} xml:lang="en-us"><id>http://rss.arxiv.org/atom/{categories}</id>'
        f"<title>{escape(title or f'{categories} updates on arXiv.org')}</title><updated>{built}</updated>"
        f'<link href="http://rss.arxiv.org/atom/{categories}" rel="self" type="application/atom+xml"/>'
        f"<subtitle>{escape(subtitle)}</subtitle>{''.join(entries)}</feed>"
    ).encode()


# ------------------------------------------------------------------ the announcement as RSS


def an_rss_item(number: int = 1, announced: str = "new", **fields: Any) -> str:
    """Return one item of the RSS announcement: its description is plain text, and never says so."""
    told = {**_PAPER, "id": the_id(number), "title": f"Paper {number}", "version": 1, "day": DAY, **fields}
    return (
        f"<item><title>{escape(told['title'])}</title><link>https://arxiv.org/abs/{told['id']}</link>"
        f"<description>{escape(_preamble(told, announced) + told['abstract'])}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{told["id"]}v{told["version"]}</guid>'
        + "".join(f"<category>{escape(one)}</category>" for one in told["categories"])
        + f"<pubDate>{format_datetime(midnight(told['day']))}</pubDate>{_extensions(told, announced)}</item>"
    )


def an_rss_feed(
    *items: str, day: date = DAY, title: str = "", description: str = "", categories: str = "cs.CL"
) -> bytes:
    """Return the RSS announcement of a day."""
    built = format_datetime(midnight(day))
    return (
        f'{_DECLARATION}<rss {_RSS_NAMESPACES} xmlns:atom="http://www.w3.org/2005/Atom" version="2.0"><channel>'
        f"<title>{escape(title or f'{categories} updates on arXiv.org')}</title>"
        f"<link>http://rss.arxiv.org/rss/{categories}</link><description>{escape(description)}</description>"
        f'<atom:link href="http://rss.arxiv.org/rss/{categories}" rel="self" type="application/rss+xml"/>'
        f"<lastBuildDate>{built}</lastBuildDate><pubDate>{built}</pubDate>"
        f"<skipDays><day>Saturday</day><day>Sunday</day></skipDays>{''.join(items)}</channel></rss>"
    ).encode()


def a_feed_error(query: str = "cs.zz", said: str = "Bad subject class 'zz'. Valid classes are: cs.AI, cs.AR") -> bytes:
    """Return what the feeds answer, with status 400, to a query they refuse."""
    return an_atom_feed(title=f"Feed error for query: {query}", subtitle=said, categories=query)


# ------------------------------------------------------------------ the API


def an_api_entry(number: int = 1, **fields: Any) -> str:
    """Return one entry of the API: `authors` are pairs of name and affiliation ("" where there is none)."""
    told: dict[str, Any] = {
        **_PAPER,
        "id": the_id(number),
        "title": f"Paper {number}",
        "version": 1,
        "authors": (("Ada Lovelace", "Analytical Society"), ("Grace Hopper", "")),
        "submitted": datetime(2026, 11, 18, 19, 30, tzinfo=UTC),
        "comment": "",
        **fields,
    }
    optional = (("comment", told["comment"]), ("journal_ref", told["journal"]), ("doi", told["doi"]))
    submitted = told["submitted"].strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"<entry><id>http://arxiv.org/abs/{told['id']}v{told['version']}</id><title>{escape(told['title'])}</title>"
        f"<updated>{submitted}</updated><published>{submitted}</published>"
        f'<link href="https://arxiv.org/abs/{told["id"]}v{told["version"]}" rel="alternate" type="text/html"/>'
        f'<link href="https://arxiv.org/pdf/{told["id"]}v{told["version"]}" rel="related" title="pdf"/>'
        f"<summary>{escape(told['abstract'])}</summary>"
        + "".join(f"<category term={quoteattr(one)}/>" for one in told["categories"])
        + "".join(f"<arxiv:{name}>{escape(value)}</arxiv:{name}>" for name, value in optional if value)
        + f"<arxiv:primary_category term={quoteattr(told.get('primary', told['categories'][0]))}/>"
        + "".join(
            f"<author><name>{escape(name)}</name>"
            + (f"<arxiv:affiliation>{escape(place)}</arxiv:affiliation></author>" if place else "</author>")
            for name, place in told["authors"]
        )
        + "</entry>"
    )


def an_api_page(*entries: str, total: int | None = None, start: int = 0, per_page: int = 500) -> bytes:
    """Return one page of the API's answer; it counts `total` papers (as many as it holds unless given)."""
    counted = start + len(entries) if total is None else total
    return (
        f"{_DECLARATION}<feed {_API_NAMESPACES}><id>https://arxiv.org/api/0123456789abcdefghijklmnopq</id>"
        "<title>arXiv Query: search_query=cat:cs.CL</title><updated>2026-11-20T05:00:00Z</updated>"
        f"<opensearch:itemsPerPage>{per_page}</opensearch:itemsPerPage>"
        f"<opensearch:totalResults>{counted}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{''.join(entries)}</feed>"
    ).encode()


def an_api_slice(entries: Sequence[str], *, start: int, max_results: int) -> bytes:
    """Return the page of an answer of many entries that was asked for."""
    return an_api_page(*entries[start : start + max_results], total=len(entries), start=start, per_page=max_results)


def an_api_error(said: str = "start must be non-negative") -> bytes:
    """Return what the API answers to a query it refuses: a feed of one entry."""
    return an_api_page(
        "<entry><id>https://arxiv.org/api/errors#start_must_be_non-negative</id><title>Error</title>"
        f"<summary>{escape(said)}</summary><author><name>arXiv api core</name></author></entry>"
    )


# ------------------------------------------------------------------ what they share

_PAPER: dict[str, Any] = {
    "abstract": "A short text about a long story.",
    "creator": "Ada Lovelace, Grace Hopper",
    "categories": ("cs.CL",),
    "doi": "",
    "journal": "",
}


def _preamble(told: dict[str, Any], announced: str) -> str:
    return f"arXiv:{told['id']}v{told['version']} Announce Type: {announced} \nAbstract: "


def _extensions(told: dict[str, Any], announced: str) -> str:
    optional = (("DOI", told["doi"]), ("journal_reference", told["journal"]))
    return (
        f"<arxiv:announce_type>{announced}</arxiv:announce_type>"
        "<dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>"
        + "".join(f"<arxiv:{name}>{escape(value)}</arxiv:{name}>" for name, value in optional if value)
        + f"<dc:creator>{escape(told['creator'])}</dc:creator>"
    )
