"""bioRxiv and medRxiv, by the interface they share: https://api.biorxiv.org

    details/{server}/{from}/{to}/{cursor} ──► read_json ──► Entry, in the wanted categories ──► the next page

One chain of pages serves all categories. A page holds 30 or 100 papers, as the service likes, so the next one begins
after those that this one held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from newsletter.errors import SourceError
from newsletter.ids import doi
from newsletter.models import Entry
from newsletter.sources.addresses import Site, shown
from newsletter.sources.days import published_on
from newsletter.sources.entries import LONGEST_ID, make_entry
from newsletter.sources.json_body import items, mapping, read_json, string, whole
from newsletter.sources.names import one_name, turned
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import LONGEST, clean, shorten

_MOST_PAGES = 100
_MOST_PAPERS = 10_000
_MOST_VERSIONS = 999
_SATURDAY = 5
_CURSOR = re.compile(r"/(\d{1,9})/json(?=\?|$)")


def _key(category: str) -> str:
    """Return what is left of a category's name when case, spaces, underscores and signs are not counted."""
    return "".join(re.findall(r"[a-z0-9]+", category.lower().replace("&", "and")))


def _by_key(names: str) -> Mapping[str, str]:
    return {_key(name): name for name in " ".join(names.split()).split(", ")}


# https://www.biorxiv.org/alertsrss and https://www.medrxiv.org/content/alertsrss
_BIORXIV = _by_key(
    """animal behavior and cognition, biochemistry, bioengineering, bioinformatics, biophysics, cancer biology,
    cell biology, clinical trials, developmental biology, ecology, epidemiology, evolutionary biology, genetics,
    genomics, immunology, microbiology, molecular biology, neuroscience, paleontology, pathology,
    pharmacology and toxicology, physiology, plant biology, scientific communication and education, synthetic biology,
    systems biology, zoology"""
)
_MEDRXIV = _by_key(
    """addiction medicine, allergy and immunology, anesthesia, cardiovascular medicine, dentistry and oral medicine,
    dermatology, emergency medicine, endocrinology, epidemiology, forensic medicine, gastroenterology,
    genetic and genomic medicine, geriatric medicine, health economics, health informatics, health policy,
    health systems and quality improvement, hematology, hiv/aids, infectious diseases,
    intensive care and critical care medicine, medical education, medical ethics, nephrology, neurology, nursing,
    nutrition, obstetrics and gynecology, occupational and environmental health, oncology, ophthalmology, orthopedics,
    otolaryngology, pain medicine, palliative medicine, pathology, pediatrics, pharmacology and therapeutics,
    primary care research, psychiatry and clinical psychology, public and global health, radiology and imaging,
    rehabilitation medicine and physical therapy, respiratory medicine, rheumatology, sexual and reproductive health,
    sports medicine, surgery, toxicology, transplantation, urology"""
)


class Biorxiv(Source):
    """The preprints that bioRxiv posted today and yesterday, in all categories or some."""

    server: ClassVar[str] = "biorxiv"
    name: ClassVar[str] = "bioRxiv"
    known: ClassVar[Mapping[str, str]] = _BIORXIV
    others: ClassVar[Mapping[str, str]] = _MEDRXIV

    categories: tuple[str, ...] = Field(
        default=(),
        description="Categories as the server names them; all papers without.",
        examples=[["bioinformatics", "cell biology"]],
    )
    site: Site = Field(
        default="https://api.biorxiv.org",
        description="The address of the interface that bioRxiv and medRxiv share, or of a mirror.",
        examples=["https://api.biorxiv.org"],
    )

    @field_validator("categories")
    @classmethod
    def _known_categories(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(cls._known(one) for one in categories))

    @classmethod
    def _known(cls, written: str) -> str:
        key = _key(written)
        if key in cls.known:
            return cls.known[key]
        server, other = ("medRxiv", "medrxiv") if cls.server == "biorxiv" else ("bioRxiv", "biorxiv")
        near = get_close_matches(key, cls.known, n=2, cutoff=0.6)
        if key in cls.others:
            hint = f"it is one of {server}, so it goes under {other}:"
        elif near:
            hint = f"did you mean {' or '.join(cls.known[one] for one in near)}?"
        else:
            hint = f"see https://www.{cls.server}.org"
        raise ValueError(f'"{written}" is not a {cls.name} category; {hint}')

    @property
    def label(self) -> str:
        """Return the server and the categories."""
        return f"{self.server} {'+'.join(self.categories)}".strip()

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return the first page of the papers of `day` and the day before; of a past day exactly its papers."""
        first, last = _span(day, now=now)
        # One category is picked by the service; a name with other signs is not sure to be understood by it.
        plain = len(self.categories) == 1 and re.fullmatch(r"[a-z ]+", self.categories[0])
        query = f"?category={self.categories[0].replace(' ', '_')}" if plain else ""
        return (Request(f"{self.site}/details/{self.server}/{first}/{last}/0/json{query}", accept="application/json"),)

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the papers of a page in the wanted categories, and the next page where there is one."""
        place = shown(request.address)
        message, papers = _reply(read_json(body, request), place)
        entries: list[Entry] = []
        warnings: list[str] = []
        left_out = 0
        for number, paper in enumerate(papers, 1):
            item, where = mapping(paper), f"{place}#{number}"
            if not self._wanted(item):
                continue
            entry, problem = self._entry(item, where, today=now.date())
            if entry.title:
                entries.append(entry)
            else:
                problem = "no title, so the entry is left out"
                left_out += 1
            if problem:
                warnings.append(f"{where}: {problem}")
        more, problem = _more(request, message, held=len(papers))
        if problem:
            warnings.append(f"{place}: {problem}")
        return Parsed(tuple(entries), tuple(warnings), more, left_out=left_out)

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that weekends are sparse, or that the categories have nothing; a whole server should have some."""
        if any(one.weekday() >= _SATURDAY for one in _span(day, now=now)):
            return Silence(f"{self.name} posts few papers at weekends")
        if self.categories:
            return Silence(f"{self.name} posted nothing in these categories")
        return Silence(f"{self.name} lists nothing, though it posts on weekdays", late=day >= now.date())

    def _wanted(self, item: Mapping[str, Any]) -> bool:
        # A paper without category is kept: nobody can say that it was not asked for.
        key = _key(string(item.get("category")))
        return not self.categories or not key or key in map(_key, self.categories)

    def _entry(self, item: Mapping[str, Any], place: str, *, today: date) -> tuple[Entry, str]:
        """Return the entry of one paper, and what is wrong with it or ""."""
        written, category = string(item.get("date")), string(item.get("category"))
        published, problem = published_on({"published": written} if written else {}, today=today)
        found, version = doi(string(item.get("doi"))[:LONGEST_ID]), whole(item.get("version")) or 0
        version = version if 0 < version <= _MOST_VERSIONS else 0
        journal = doi(string(item.get("published"))[:LONGEST_ID])  # "NA" is none
        entry = make_entry(
            source=self.label,
            place=place,
            title=_without_codes(string(item.get("title"))[:LONGEST]),
            abstract=_readable(string(item.get("abstract"))[:LONGEST]),
            authors=_authors(string(item.get("authors"))),
            categories=(self.known.get(_key(category), category),),
            url=f"https://www.{self.server}.org/content/{found}" + (f"v{version}" if version else "") if found else "",
            doi=found,
            also=(f"doi:{journal}",) if journal and journal != found else (),
            published=published,
        )
        return replace(entry, version=version), problem


class Medrxiv(Biorxiv):
    """The preprints that medRxiv posted today and yesterday, in all categories or some."""

    server: ClassVar[str] = "medrxiv"
    name: ClassVar[str] = "medRxiv"
    known: ClassVar[Mapping[str, str]] = _MEDRXIV
    others: ClassVar[Mapping[str, str]] = _BIORXIV

    categories: tuple[str, ...] = Field(
        default=(),
        description="Categories as the server names them; all papers without.",
        examples=[["neurology", "public and global health"]],
    )


def _span(day: date, *, now: datetime) -> tuple[date, date]:
    """Return the first and the last day to ask for; a day ends in New York, later than in most of the world."""
    if day < now.date():
        return day, day
    return min(day, now.astimezone(ZoneInfo("America/New_York")).date()) - timedelta(days=1), day


# ------------------------------------------------------------------ pages


def _reply(body: Any, place: str) -> tuple[Mapping[str, Any], list[Any]]:
    """Return the message and the papers of an answer; SourceError where it is an error or none of theirs."""
    reply = mapping(body)
    message = mapping(next(iter(items(reply.get("messages"))), reply.get("messages")))
    papers, status = items(reply.get("collection")), clean(string(message.get("status")))
    if papers or status.lower() == "ok" or re.match(r"no (?:posts|papers|articles|records)", status, re.IGNORECASE):
        return message, papers
    if status:
        raise SourceError(f'{place}: it answers "{shorten(status, limit=200)}"; the next run tries again')
    raise SourceError(f"{place}: neither messages nor papers in this; see whether site: is the right address")


def _more(request: Request, message: Mapping[str, Any], *, held: int) -> tuple[tuple[Request, ...], str]:
    """Return the request of the next page, and what is wrong with the paging or ""."""
    found = _CURSOR.search(request.address)
    asked = int(found[1]) if found else 0
    total, count, cursor = (whole(message.get(key)) for key in ("total", "count", "cursor"))
    # Never further than this page reached: a count that is the total would skip what lies between.
    after = asked + (held if count is None else min(max(count, 0), held))
    if asked and not held:
        return (), "no papers here, though the page before announced more"
    if total is None and held:
        return (), "it does not say how many papers there are, so only this page is read"
    if not found or total is None or total <= after:
        return (), ""
    if problem := _endless(asked, after, cursor):
        return (), f"it counts {total} papers, and those after the first {after} are not read: {problem}"
    address = f"{request.address[: found.start(1)]}{after}{request.address[found.end(1) :]}"
    return (replace(request, address=address),), ""


def _endless(asked: int, after: int, cursor: int | None) -> str:
    """Return why going on would not end, or ""."""
    if after == asked:
        return "this page holds none"
    if cursor is not None and cursor < asked:
        return f"it repeats the page from {cursor} on"
    too_many = after >= min(_MOST_PAPERS, _MOST_PAGES * (after - asked))
    return "that would be too many pages; name some categories" if too_many else ""


# ------------------------------------------------------------------ text


# The publisher's codes for markup are left in titles and abstracts, glued to the words: O_SCPLOW … C_SCPLOW are small
# capitals, O_ST_ABS … C_ST_ABS a heading, O_LI … C_LI an item of a list, O_FIG … C_FIG a whole figure.
_FIGURE = re.compile(r"O_(FIG|TBL).*?(?:C_\1|\Z)", re.DOTALL)
_HEADING = re.compile(r"O_ST_ABS(.{0,100}?)C_ST_ABS", re.DOTALL)
_CAPITALS = re.compile(r"[OC]_SCP(?:LOW|CAP)")
_CODE = re.compile(r"[OC]_(?:ST_ABS|LI|LST|QD|FIG|TBL)")
_OPENING = re.compile(
    r"\A\s*(?:(?:ABSTRACT|SUMMARY)(?=[A-Z\s:.])[\s:.]*|(?:Abstract|Summary)(?:\s*[:.\n]\s*|(?=[A-Z])))"
)
_GLUED = re.compile(
    r"""(?<![^\s.!?)\]])(Background|Objectives?|Aims?|Purpose|Introduction|Motivation|Importance|Significance|Design|
    Setting|Participants|Methods?|Results?|Findings|Interpretation|Discussion|Conclusions?|Funding)
    (?=[A-Z][a-z]|[AI]\s)""",
    re.VERBOSE,
)


def _readable(abstract: str) -> str:
    """Return an abstract without codes, its headings apart from the text they are glued to."""
    return _GLUED.sub(r" \1: ", _OPENING.sub("", _without_codes(abstract)))


def _without_codes(text: str) -> str:
    if "O_" not in text and "C_" not in text:
        return text
    return _CODE.sub(" ", _CAPITALS.sub("", _HEADING.sub(r" \1: ", _FIGURE.sub(" ", text))))


def _authors(written: str) -> Iterator[str]:
    """Yield the names in `Lovelace, A.; Hopper, G. B.`."""
    for name in one_name(written).split(";"):
        yield turned(name)
