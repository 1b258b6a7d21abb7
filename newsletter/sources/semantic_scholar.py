"""Papers that Semantic Scholar recommends, or that are named by their ids: https://api.semanticscholar.org/api-docs/"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from newsletter.errors import SourceError, SourceThrottled
from newsletter.ids import arxiv_id, doi
from newsletter.models import Entry, Signals
from newsletter.sources.addresses import Site, shown
from newsletter.sources.days import day_written
from newsletter.sources.entries import LONGEST_ID, make_entry
from newsletter.sources.json_body import items, mapping, read_json, string
from newsletter.sources.labels import short_label
from newsletter.sources.names import one_name
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import clean, shorten

MOST_IDS = 500  # of one call, what the API allows
MOST_RECOMMENDED = 100
_FIELDS = "title,abstract,authors.name,externalIds,url,venue,publicationDate"
_PAUSE_SECONDS = 1.0  # with a key one request a second; without, everybody shares what there is
_S2 = re.compile(r"[0-9a-f]{40}")


def _paper_id(written: Any) -> str:
    """Return a paper's id in the API's form: `ARXIV:…`, `DOI:…`, `PMID:…`, `CorpusId:…` or forty hexadecimal digits."""
    if not isinstance(written, str):
        raise ValueError(  # noqa: TRY004 pydantic reports a ValueError only
            f"{written} must stand in quotes and with its prefix, such as 'arxiv:2401.10020': "
            "YAML reads a bare arXiv id as a number and drops its last zero"
        )
    prefix, _, rest = written.strip().rpartition(":")
    if found := arxiv_id(written):
        return f"ARXIV:{found.base}"
    if found_doi := doi(written):
        return f"DOI:{found_doi}"
    if prefix.lower() == "pmid" and rest.strip().isascii() and rest.strip().isdigit():
        return f"PMID:{rest.strip()}"
    if prefix.lower() in {"s2", "corpusid"} and rest.strip().isascii() and rest.strip().isdigit():
        return f"CorpusId:{rest.strip()}"
    if prefix.lower() in {"", "s2"} and _S2.fullmatch(rest.strip().lower()):
        return rest.strip().lower()
    raise ValueError(f'"{written}" is no id of a paper; write arxiv:2401.10020, doi:10.1145/3586037, pmid:… or s2:…')


PaperId = Annotated[str, BeforeValidator(_paper_id)]


class SemanticScholar(Source):
    """Papers like some and unlike others, as Semantic Scholar sees it, or papers named by their ids."""

    like: tuple[PaperId, ...] = Field(
        default=(),
        max_length=100,
        description="Papers you want more of, by their ids.",
        examples=[["arxiv:2401.10020", "doi:10.1145/3586037"]],
    )
    unlike: tuple[PaperId, ...] = Field(
        default=(), max_length=100, description="Papers you want less of.", examples=[["arxiv:2106.15928"]]
    )
    ids: tuple[PaperId, ...] = Field(
        default=(), description="Papers to list themselves, by their ids.", examples=[["pmid:31452104"]]
    )
    api_key: SecretStr | None = Field(
        default=None,
        description="Your key; without one, everybody without a key shares a small allowance.",
        examples=["${S2_API_KEY}"],
    )
    site: Site = Field(
        default="https://api.semanticscholar.org",
        description="Where the API stands, or a mirror of it.",
        examples=["https://api.semanticscholar.org"],
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> SemanticScholar:
        if not self.like and not self.ids:
            raise ValueError("semantic_scholar needs like: (papers you want more of) or ids: (papers to list)")
        return self

    @property
    def label(self) -> str:
        """Return `semantic_scholar` and what is asked for, shortened."""
        like = f"like {'+'.join(self.like)}" if self.like else ""
        listed = "+".join(self.ids)
        return short_label(f"semantic_scholar {' '.join(filter(None, (like, listed)))}")

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return what to post; nothing for a past day, since recommendations are of now."""
        return tuple(self._posts()) if day >= now.date() else ()

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the recommended or named papers; warns of ids that nobody knows."""
        place = shown(request.address).partition("?")[0]
        told = read_json(body, replace(request, address=place))
        papers = told if isinstance(told, list) else mapping(told).get("recommendedPapers")
        if not isinstance(papers, list):
            raise _refusal(mapping(told), place)
        asked = _asked(request) if isinstance(told, list) else []
        entries: list[Entry] = []
        warnings: list[str] = []
        left_out = 0
        for number, paper in enumerate(papers, 1):
            entry = _entry(mapping(paper), source=self.label, place=f"{place}#{number}", today=now.date())
            if entry.title:
                entries.append(entry)
            elif paper is None and number <= len(asked):
                warnings.append(f"{entry.place}: no paper {asked[number - 1]} is known; correct it under ids")
            else:
                warnings.append(f"{entry.place}: no title, so the paper is left out")
                left_out += 1
        return Parsed(tuple(entries), tuple(warnings), left_out=left_out)

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return that nothing is recommended, or that a past day cannot be asked for."""
        if day < now.date():
            return Silence("Semantic Scholar recommends for today only")
        return Silence("Semantic Scholar recommends nothing for these papers now")

    def _posts(self) -> Iterator[Request]:
        if self.like:
            body = {"positivePaperIds": self.like, "negativePaperIds": self.unlike}
            yield self._post(f"recommendations/v1/papers/?fields={_FIELDS}&limit={MOST_RECOMMENDED}", body)
        for start in range(0, len(self.ids), MOST_IDS):
            yield self._post(f"graph/v1/paper/batch?fields={_FIELDS}", {"ids": self.ids[start : start + MOST_IDS]})

    def _post(self, path: str, body: Mapping[str, Iterable[str]]) -> Request:
        return Request(
            f"{self.site}/{path}",
            accept="application/json",
            headers=(("x-api-key", self.api_key.get_secret_value()),) if self.api_key else (),
            body=json.dumps(body).encode(),
            gate="api.semanticscholar.org",
            pause_seconds=_PAUSE_SECONDS,
        )


def _asked(request: Request) -> list[str]:
    """Return the ids that were posted, in whose order the batch answers."""
    try:
        posted = json.loads(request.body)
    except (ValueError, RecursionError):
        return []
    return [clean(string(one)) for one in items(mapping(posted).get("ids"))]


def _refusal(told: Mapping[str, Any], place: str) -> SourceError:
    said = shorten(clean(str(told.get("error") or told.get("message") or "no list of papers")), limit=300)
    if re.search(r"(?i)too many requests|429", f"{said} {told.get('code', '')}"):
        return SourceThrottled(f"{place}: Semantic Scholar answers: {said}; a key of your own under api_key: helps")
    return SourceError(f"{place}: Semantic Scholar answers: {said}; check the ids")


def _entry(paper: Mapping[str, Any], *, source: str, place: str, today: date) -> Entry:
    external = mapping(paper.get("externalIds"))
    found = {name: clean(string(external.get(name))[:LONGEST_ID]) for name in ("ArXiv", "DOI", "PubMed", "CorpusId")}
    ids = {"pmid": found["PubMed"], "s2": _s2_id(paper), "s2 corpus": found["CorpusId"]}
    return make_entry(
        source=source,
        place=place,
        title=_text(paper.get("title")),
        abstract=_text(paper.get("abstract")),
        authors=(one_name(_text(mapping(author).get("name"))) for author in items(paper.get("authors"))),
        arxiv=arxiv_id(found["ArXiv"]),
        url=_text(paper.get("url")),
        doi=doi(found["DOI"]),
        published=day_written(_text(paper.get("publicationDate")), today=today),
        also=tuple(f"{kind.split()[0]}:{one}" for kind, one in ids.items() if re.fullmatch(r"[0-9a-f]{1,40}", one)),
        signals=Signals(venue=_text(paper.get("venue"))),
    )


def _s2_id(paper: Mapping[str, Any]) -> str:
    written = _text(paper.get("paperId"))
    return written if _S2.fullmatch(written) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
