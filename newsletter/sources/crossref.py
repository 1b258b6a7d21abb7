"""Articles of journals as their publishers register them at Crossref: https://api.crossref.org/swagger-ui/"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import BeforeValidator, Field, field_validator

from newsletter.errors import SourceError
from newsletter.ids import arxiv_id, doi
from newsletter.models import Entry, Signals
from newsletter.sources.addresses import Mailbox, Site, shown
from newsletter.sources.days import day_written, possible_day
from newsletter.sources.entries import LONGEST_ID, make_entry
from newsletter.sources.json_body import items, mapping, read_json, whole
from newsletter.sources.labels import short_label
from newsletter.sources.names import one_name
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import LONGEST, clean, plain, shorten

MOST_PAGES = 10
ROWS = 200  # of one page
_SELECT = "DOI,title,abstract,author,container-title,published,created,URL,type,relation,subject"
_PAUSE_SECONDS = 0.2  # the public pool: https://www.crossref.org/documentation/retrieve-metadata/rest-api/
_ISSN = re.compile(r"(\d{4})-?(\d{3})([\dX])", re.ASCII)


def _issn(written: Any) -> str:
    """Return an ISSN as `0028-0836`; ValueError where it is none: https://www.issn.org/understanding-the-issn/"""
    if not isinstance(written, str):
        raise ValueError(f'{written} must stand in quotes, such as "0028-0836"')  # noqa: TRY004 what pydantic reports
    match = _ISSN.fullmatch(written.strip().upper().removeprefix("ISSN").strip(" :"))
    if not match:
        raise ValueError(f'"{written}" is not an ISSN, which has eight characters, such as "0028-0836"')
    digits = match[1] + match[2]
    remainder = -sum(weight * int(digit) for weight, digit in zip(range(8, 1, -1), digits, strict=True)) % 11
    check = "X" if remainder == 10 else str(remainder)
    if check != match[3]:
        raise ValueError(f'"{written}" is not an ISSN: after {digits} comes {check}; copy it from the journal\'s page')
    return f"{match[1]}-{match[2]}{match[3]}"


Issn = Annotated[str, BeforeValidator(_issn)]


class Crossref(Source):
    """New articles of some journals, by ISSN."""

    issn: tuple[Issn, ...] = Field(
        description="The journals, by an ISSN of each.", examples=[["0028-0836", "1476-4687"]]
    )
    email: Mailbox = Field(
        default="",
        description="Yours, told to Crossref with each request: those who do are served better.",
        examples=["papers@example.org"],
    )
    site: Site = Field(
        default="https://api.crossref.org",
        description="Where Crossref's API stands, or a mirror of it.",
        examples=["https://api.crossref.org"],
    )

    @field_validator("issn")
    @classmethod
    def _some(cls, issn: tuple[str, ...]) -> tuple[str, ...]:
        if not issn:
            raise ValueError('crossref needs a journal at least, such as issn: ["0028-0836"]')
        return tuple(dict.fromkeys(issn))

    @property
    def label(self) -> str:
        """Return `crossref` and the ISSNs, shortened."""
        return short_label(f"crossref {'+'.join(self.issn)}")

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the first page of each journal: `day` and the day before, in a back-fill that day only."""
        first = day - timedelta(days=1) if day >= now.date() else day
        span = f"from-created-date:{first.isoformat()},until-created-date:{day.isoformat()},type:journal-article"
        return tuple(
            self._request(f"{self.site}/journals/{issn}/works", {"filter": span, "cursor": "*"}, 1)
            for issn in self.issn
        )

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the articles of one page, and the next page where this one is full."""
        place = shown(request.address).partition("?")[0]  # what follows holds an email address
        told = mapping(read_json(body, replace(request, address=place)))
        message = mapping(told.get("message"))
        works = message.get("items")
        if not isinstance(works, list):
            raise SourceError(f"{place}: Crossref answers: {_refusal(told)}; check issn: and email:")
        entries: list[Entry] = []
        warnings: list[str] = []
        for number, work in enumerate(works, 1):
            entry = _entry(mapping(work), source=self.label, place=f"{place}#{number}", today=now.date())
            if entry.title:
                entries.append(entry)
            else:
                warnings.append(f"{entry.place}: no title, so the article is left out")
        more, warning = self._next(message, len(works), request)
        warnings += [f"{place}: {warning}"] if warning else []
        return Parsed(tuple(entries), tuple(warnings), more, left_out=len(works) - len(entries))

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that nothing was registered."""
        span = "today or yesterday" if day >= now.date() else "on that day"
        return Silence(f"the publishers registered no articles of these journals {span}")

    def _next(self, message: Mapping[str, Any], works: int, request: Request) -> tuple[tuple[Request, ...], str]:
        cursor = message.get("next-cursor")
        if works < ROWS or not isinstance(cursor, str) or not cursor:
            return (), ""
        parts = urlsplit(request.address)
        page = whole(parts.fragment) or 1
        if page >= MOST_PAGES:
            return (), f"more than {MOST_PAGES * ROWS} articles; only those are read"
        query = {"filter": parse_qs(parts.query).get("filter", [""])[0], "cursor": cursor}
        return (self._request(f"{parts.scheme}://{parts.netloc}{parts.path}", query, page + 1),), ""

    def _request(self, address: str, query: dict[str, str], page: int) -> Request:
        mail = {"mailto": self.email} if self.email else {}
        asked = urlencode({**query, "rows": ROWS, "select": _SELECT, **mail}, safe=":,*")
        # The page goes into the fragment, which never leaves us: RFC 3986, section 3.5.
        return Request(
            f"{address}?{asked}#{page}",
            accept="application/json",
            gate="api.crossref.org",
            pause_seconds=_PAUSE_SECONDS,
        )


def _refusal(told: Mapping[str, Any]) -> str:
    messages = told.get("message")
    said = [mapping(one).get("message") for one in items(messages)] if isinstance(messages, list) else [messages]
    written = "; ".join(one for one in said if isinstance(one, str))
    return shorten(clean(written) or "no list of articles", limit=300)


# ------------------------------------------------------------------ one article


def _entry(work: Mapping[str, Any], *, source: str, place: str, today: date) -> Entry:
    found = doi(_text(work.get("DOI"))[:LONGEST_ID])
    return make_entry(
        source=source,
        place=place,
        title=_first(work.get("title")),
        abstract=_abstract(_text(work.get("abstract"))),
        authors=_authors(work.get("author")),
        url=f"https://doi.org/{found}" if found else _text(work.get("URL")),
        doi=found,
        published=_published(work, today=today),
        also=tuple(dict.fromkeys(_preprints(work))),
        signals=Signals(
            venue=plain(_first(work.get("container-title"))),
            keywords=tuple(plain(one) for one in items(work.get("subject")) if isinstance(one, str)),
        ),
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _first(value: Any) -> str:
    """Return the first text of a list; some fields of one value are lists, of old some lists are texts."""
    return next((one for one in items(value) if isinstance(one, str) and one.strip()), "") or _text(value)


_HEADING = re.compile(r"\s*<jats:title>\s*(?:abstract|summary)\s*[.:]?\s*</jats:title>", re.IGNORECASE)
# A formula in several forms, of which TeX is the one that is read on; publishers wrap it in a whole document.
_ALTERNATIVES = re.compile(r"<jats:alternatives>((?:(?!</?jats:alternatives>).)*)</jats:alternatives>", re.DOTALL)
_TEX = re.compile(r"<jats:tex-math[^<>]{0,200}>((?:(?!</?jats:tex-math).)*)</jats:tex-math>", re.DOTALL)
_PREAMBLE = re.compile(
    r"\\documentclass(?:(?!\\documentclass|\\begin\{document\}).)*\\begin\{document\}|\\end\{document\}", re.DOTALL
)


def _abstract(jats: str) -> str:
    """Return an abstract without its heading, and each formula once."""
    shorter = _HEADING.sub("", jats[:LONGEST], count=1)
    return _PREAMBLE.sub("", _ALTERNATIVES.sub(_formula, shorter)).replace("$$", "$")


def _formula(match: re.Match[str]) -> str:
    tex = _TEX.search(match[1])
    return tex[1] if tex else match[1]


def _authors(written: Any) -> Iterator[str]:
    """Yield names in their order, the first author first."""
    people = [mapping(one) for one in items(written)]
    for person in sorted(people, key=lambda one: one.get("sequence") != "first"):
        parts = (_text(person.get(part)) for part in ("given", "family", "suffix"))
        yield one_name(" ".join(filter(None, parts)) or _text(person.get("name")))


def _published(work: Mapping[str, Any], *, today: date) -> date | None:
    """Return the day of publication, or where only its month or year is told, the day of registration."""
    for parts in items(mapping(work.get("published")).get("date-parts"))[:1]:
        numbers = [whole(part) for part in items(parts)]
        if len(numbers) == 3 and None not in numbers:
            year, month, day = (number or 0 for number in numbers)
            if found := possible_day(year, month, day, today=today):
                return found
    return day_written(_text(mapping(work.get("created")).get("date-time")), today=today)


def _preprints(work: Mapping[str, Any]) -> Iterable[str]:
    """Yield the ids of the preprints an article is known to have come from."""
    for relation in map(mapping, items(mapping(work.get("relation")).get("has-preprint"))):
        written = _text(relation.get("id"))[:LONGEST_ID]
        if arxiv := arxiv_id(written):
            yield f"arxiv:{arxiv.base}"
        elif found := doi(written):
            yield f"doi:{found}"
