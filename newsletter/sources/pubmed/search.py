"""A search of PubMed: what to ask, page after page, and what the answers are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator

from newsletter.errors import SourceError
from newsletter.sources.addresses import Mailbox, Site, shown
from newsletter.sources.json_body import items, mapping, read_json, string, whole
from newsletter.sources.labels import short_label
from newsletter.sources.pubmed.articles import raise_said, read_papers
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import clean, decode, shorten

_GATE = "eutils.ncbi.nlm.nih.gov"
_PAUSE_SECONDS = 0.34  # three requests a second, and ten with a key
_PAUSE_WITH_KEY_SECONDS = 0.11
_IDS_A_PAGE = 200  # more would have to be posted
_MOST_PAGES = 25
_MOST_IDS = _IDS_A_PAGE * _MOST_PAGES  # PubMed itself ends at 9,999
_START = re.compile(r"[?&]retstart=(\d{1,9})(?=&|\Z)")


class PubMed(Source):
    """What came into PubMed today and yesterday and answers a search."""

    search: str = Field(
        min_length=1,
        max_length=2_000,
        description="A search as one would type it into PubMed, with its fields and operators.",
        examples=["graph neural network AND protein"],
    )
    email: Mailbox = Field(
        default="",
        description="An address under which NCBI can reach whoever runs this newsletter, which it asks for.",
        examples=["ada@example.org"],
    )
    api_key: SecretStr | None = Field(
        default=None, description="A key of NCBI, for more requests a second.", examples=["${NCBI_KEY}"]
    )
    site: Site = Field(
        default="https://eutils.ncbi.nlm.nih.gov/entrez/eutils",
        description="The address of the E-utilities, or of a mirror.",
        examples=["https://eutils.ncbi.nlm.nih.gov/entrez/eutils"],
    )

    @field_validator("search")
    @classmethod
    def _one_line(cls, search: str) -> str:
        if not clean(search):
            raise ValueError("search is empty; write it as in PubMed's search box")
        return clean(search)

    @property
    def label(self) -> str:
        """Return `pubmed` and the search, shortened."""
        return short_label(f"pubmed {self.search}")

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the search for what came in on `day` and the day before; on a past day exactly then."""
        first = last = day
        if day >= now.date():  # PubMed's day ends in Maryland, later than in most of the world
            first = min(day, now.astimezone(ZoneInfo("America/New_York")).date()) - timedelta(days=1)
        return (self._search(f"{first:%Y/%m/%d}", f"{last:%Y/%m/%d}"),)

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the requests that a page of ids asks for, or the entries of its papers."""
        # Neither the search nor two hundred ids, nor anybody's mail address, belong into a message.
        place = shown(request.address.partition("?")[0])
        text = decode(body).lstrip("\ufeff\0 \t\r\n")
        if text.startswith("<"):
            page = read_papers(text, source=self.label, place=place, today=now.date())
            asked, absent = _asked(request), _absent(page, request)
            if not absent:
                return page
            listed = shorten(", ".join(absent), limit=100)
            warning = f"{place}: {len(absent)} of {len(asked)} papers did not come: {listed}"
            # One without title is among the absent.
            return replace(page, warnings=(*page.warnings, warning), left_out=max(page.left_out, len(absent)))
        return self._ids(read_json(body, Request(place)), request, place)

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that nothing new answers the search, which may happen on any day."""
        del day, now
        return Silence("nothing new in PubMed answers this search")

    def _request(self, tool: str, accept: str, **params: str) -> Request:
        known = {"db": "pubmed", **params, "tool": "paper-newsletter", "email": self.email}
        key = self.api_key.get_secret_value() if self.api_key else ""
        query = urlencode({name: value for name, value in (known | {"api_key": key}).items() if value})
        pause = _PAUSE_WITH_KEY_SECONDS if key else _PAUSE_SECONDS
        return Request(f"{self.site}/{tool}.fcgi?{query}", accept=accept, gate=_GATE, pause_seconds=pause)

    def _search(self, first: str, last: str) -> Request:
        return self._request(
            "esearch",
            "application/json",
            term=self.search,
            datetype="edat",
            mindate=first,
            maxdate=last,
            retmode="json",
            retmax=str(_IDS_A_PAGE),
            retstart="0",
        )

    # -------------------------------------------------------------- esearch

    def _ids(self, body: Any, request: Request, place: str) -> Parsed:
        result = _result(body, place)
        listed = (string(one) for one in items(result.get("idlist")))
        ids = tuple(dict.fromkeys(one for one in listed if re.fullmatch(r"[0-9]{1,12}", one)))[:_MOST_IDS]
        fetch = [
            self._request(
                "efetch",
                "application/xml, text/xml",
                id=",".join(ids[start : start + _IDS_A_PAGE]),
                rettype="abstract",
                retmode="xml",
            )
            for start in range(0, len(ids), _IDS_A_PAGE)
        ]
        further, problem = _further(result, request, held=len(ids))
        problems = (*_misunderstood(result), *filter(None, (problem,)))
        return Parsed(warnings=tuple(f"{place}: {one}" for one in problems), more=(*fetch, *further))


def _result(body: Any, place: str) -> Mapping[str, Any]:
    """Return what esearch found; SourceError where it answers an error: NCBI says so with any status."""
    reply = mapping(body)
    result = mapping(reply.get("esearchresult"))
    if said := string(reply.get("error") or result.get("ERROR") or reply.get("ERROR")):
        raise_said(said, place)
    if "idlist" not in result:
        raise SourceError(f"{place}: this is no answer to a search; see whether site: is the address of E-utilities")
    return result


def _further(result: Mapping[str, Any], request: Request, *, held: int) -> tuple[tuple[Request, ...], str]:
    """Return the request of the next page of ids, and what is wrong with the paging or ""."""
    found = _START.search(request.address)
    start = int(found[1]) if found else 0
    count, told = whole(result.get("count")), whole(result.get("retstart"))
    after = start + held
    if not found or count is None or count <= after:
        return (), ""
    unread = f"{count} papers answer the search, and those after the first {after} are not read"
    if not held:
        return (), f"{unread}: this page lists none"
    if told is not None and told < start:
        return (), f"{unread}: it repeats the page from {told} on"
    if after >= min(_MOST_IDS, _MOST_PAGES * held):
        return (), f"{unread}; narrow the search"
    address = f"{request.address[: found.start(1)]}{after}{request.address[found.end(1) :]}"
    return (replace(request, address=address),), ""


def _misunderstood(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for what PubMed left out of the search, so that it answers more or less than was meant."""
    for listing, key, what in (
        ("errorlist", "fieldsnotfound", "knows no field"),
        ("errorlist", "phrasesnotfound", "finds no paper for"),
        ("warninglist", "quotedphrasesnotfound", "finds nowhere the exact words"),
        ("warninglist", "phrasesignored", "ignores"),
    ):
        told = mapping(result.get(listing)).get(key)
        words = [clean(string(one)) for one in (items(told) or [told])]
        if any(words):
            yield f"PubMed {what} {shorten(', '.join(filter(None, words)), limit=200)}; correct the search"


def _asked(request: Request) -> list[str]:
    listed = parse_qs(urlsplit(request.address).query).get("id", [""])[0]
    return [pmid for pmid in listed.split(",") if pmid]


def _absent(page: Parsed, request: Request) -> list[str]:
    """Return the papers that were asked for and did not come."""
    came = {identity for entry in page.entries for identity in entry.also}
    return [pmid for pmid in _asked(request) if f"pmid:{pmid}" not in came]
