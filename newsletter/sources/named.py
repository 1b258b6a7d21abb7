"""Papers by their identities: what to ask for those that no source lists, and what the answers hold.

    arxiv:…       arXiv's API        https://info.arxiv.org/help/api/user-manual.html
    doi:…         Crossref           https://www.crossref.org/documentation/retrieve-metadata/rest-api/
    pmid:…        PubMed's efetch    https://www.ncbi.nlm.nih.gov/books/NBK25499/
    openreview:…  OpenReview         https://docs.openreview.net/reference/api-v2
    s2:…          Semantic Scholar   https://api.semanticscholar.org/api-docs/

The sources' own parsers read the answers; a mirror or a key that a source of the settings names is used here too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from newsletter.ids import CATEGORIES, identities
from newsletter.models import Entry
from newsletter.sources.arxiv import Arxiv, read_announcement
from newsletter.sources.arxiv.query import GATE, PAUSE_SECONDS
from newsletter.sources.crossref import Crossref
from newsletter.sources.openreview import OpenReview
from newsletter.sources.pubmed import PubMed
from newsletter.sources.semantic_scholar import SemanticScholar
from newsletter.sources.source import Parsed, Request, Source

# Archives that papers have ids of though nothing is sent to them any more: https://arxiv.org/category_taxonomy
_CLOSED = """acc-phys adap-org alg-geom ao-sci atom-ph bayes-an chao-dyn chem-ph cmp-lg comp-gas dg-ga funct-an mtrl-th
    patt-sol plasm-ph q-alg solv-int supr-con"""
_ARCHIVES = frozenset(name.partition(".")[0] for name in CATEGORIES) | frozenset(_CLOSED.split())
_S2 = re.compile(r"[0-9a-f]{40}|[0-9]{1,12}")
_WORKS = "DOI,title,abstract,author,container-title,published,created,URL,type,relation,subject"
_ANY_DAY = "1990-01-01..9999-12-31,page=1"  # in the fragment, which never leaves us: RFC 3986, section 3.5
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)  # a list of ids is the same at any time


@dataclass(frozen=True, slots=True)
class Question:
    """One request to a service (`arXiv`, `Crossref` …), and the identities of the papers that it asks for."""

    service: str
    identities: tuple[str, ...]
    request: Request


def refusal(identity: str) -> str:
    """Return why nobody can be asked for the paper of an identity, "" where somebody can."""
    kind, _, value = identity.partition(":")
    if kind not in {"arxiv", "doi", "pmid", "openreview", "s2"}:
        return "nobody can be asked for a paper by this id; write its arXiv id or its DOI"
    if kind == "arxiv" and "/" in value and value.partition("/")[0] not in _ARCHIVES:
        return f"arXiv has no archive {value.partition('/')[0]}; correct the id"
    if kind == "s2" and not _S2.fullmatch(value):
        return "an id of Semantic Scholar has forty characters, or digits only; correct it"
    return ""


def requests(wanted: Iterable[str], *, sources: Sequence[Source] = ()) -> tuple[Question, ...]:
    """Return what to ask for papers by their identities, but for those that `refusal` says something of.

    `sources` are those of the settings: of the first of each kind the address, email and key are used. Questions come
    in the order of the services above, and each identity once.
    """
    by_service: dict[str, list[str]] = {service: [] for service in _SERVICES}
    for identity in sorted(set(wanted)):
        if not refusal(identity):
            by_service[_service(identity)].append(identity)
    return tuple(
        Question(service, together, _SERVICES[service].ask(together, sources))
        for service, asked in by_service.items()
        for together in _together(asked, _SERVICES[service].at_once)
    )


def parse(body: bytes, question: Question, *, now: datetime) -> dict[str, Entry]:
    """Return the papers of an answer by the identities that were asked for; raises `SourceError`.

    What is not in it the service does not know.
    """
    parsed = _SERVICES[question.service].read(body, question, now)
    found: dict[str, Entry] = {}
    for entry in parsed.entries:
        told = replace(entry, source=question.service)
        for identity in identities(told):
            if identity in question.identities:
                found.setdefault(identity, told)
    return found


def halves(question: Question, *, sources: Sequence[Source] = ()) -> tuple[Question, ...]:
    """Return a refused question in two parts, since one bad id spoils the answer for all; nothing for a single one."""
    middle = len(question.identities) // 2
    parts = (question.identities[:middle], question.identities[middle:]) if middle else ()
    return tuple(one for part in parts for one in requests(part, sources=sources))


def _service(identity: str) -> str:
    kind = identity.partition(":")[0]
    # A comma ends a filter of Crossref, and some old DOIs hold one.
    return "Semantic Scholar" if kind == "doi" and "," in identity else _SERVICE_OF[kind]


def _together(asked: Sequence[str], at_once: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(asked), at_once):
        yield tuple(asked[start : start + at_once])


def _setting(sources: Iterable[Source], kind: type[Source], name: str) -> Any:
    """Return a setting of the first source of a kind, what it is unless told where there is none."""
    own = next((source for source in sources if isinstance(source, kind)), None)
    return getattr(own, name) if own else kind.model_fields[name].default


def _values(asked: Iterable[str]) -> list[str]:
    return [identity.partition(":")[2] for identity in asked]


# ------------------------------------------------------------------ asking


def _ask_arxiv(asked: Sequence[str], sources: Sequence[Source]) -> Request:
    terms = urlencode({"id_list": ",".join(_values(asked)), "max_results": len(asked)}, safe=",/")
    site = _setting(sources, Arxiv, "api_site")
    return Request(f"{site}/api/query?{terms}", gate=GATE, pause_seconds=PAUSE_SECONDS)


def _ask_crossref(asked: Sequence[str], sources: Sequence[Source]) -> Request:
    terms = {"filter": ",".join(f"doi:{value}" for value in _values(asked)), "rows": len(asked), "select": _WORKS}
    terms |= {"mailto": email} if (email := _setting(sources, Crossref, "email")) else {}
    address = f"{_setting(sources, Crossref, 'site')}/works?{urlencode(terms, safe=':,/')}"
    return Request(address, accept="application/json", gate="api.crossref.org", pause_seconds=0.2)


def _ask_pubmed(asked: Sequence[str], sources: Sequence[Source]) -> Request:
    key = _setting(sources, PubMed, "api_key")
    terms = {
        "db": "pubmed",
        "id": ",".join(_values(asked)),
        "rettype": "abstract",
        "retmode": "xml",
        "tool": "paper-newsletter",
        "email": _setting(sources, PubMed, "email"),
        "api_key": key.get_secret_value() if key else "",
    }
    told = urlencode({name: value for name, value in terms.items() if value}, safe=",")
    address = f"{_setting(sources, PubMed, 'site')}/efetch.fcgi?{told}"
    return Request(address, accept="application/xml, text/xml", gate="eutils.ncbi.nlm.nih.gov", pause_seconds=0.34)


def _ask_openreview(asked: Sequence[str], sources: Sequence[Source]) -> Request:
    address = f"{_setting(sources, OpenReview, 'site')}/notes?{urlencode({'id': _values(asked)[0]})}#{_ANY_DAY}"
    return Request(address, accept="application/json", pause_seconds=0.5)


def _ask_semantic_scholar(asked: Sequence[str], sources: Sequence[Source]) -> Request:
    settings = {name: _setting(sources, SemanticScholar, name) for name in ("site", "api_key")}
    source = SemanticScholar.model_validate({"ids": tuple(asked), **settings})
    [request] = source.requests(_ANY_TIME.date(), now=_ANY_TIME)
    return request


# ------------------------------------------------------------------ reading


def _read_arxiv(body: bytes, question: Question, now: datetime) -> Parsed:
    return read_announcement(body, question.request, source=question.service, now=now)


def _reader(source: Source) -> Callable[[bytes, Question, datetime], Parsed]:
    return lambda body, question, now: source.parse(body, question.request, now=now)


@dataclass(frozen=True, slots=True)
class _Service:
    """How one service is asked, how many papers at once, and how its answer is read."""

    at_once: int
    ask: Callable[[Sequence[str], Sequence[Source]], Request]
    read: Callable[[bytes, Question, datetime], Parsed]


_SERVICES: Mapping[str, _Service] = MappingProxyType(
    {
        "arXiv": _Service(100, _ask_arxiv, _read_arxiv),
        "Crossref": _Service(20, _ask_crossref, _reader(Crossref.model_construct(issn=()))),
        "PubMed": _Service(100, _ask_pubmed, _reader(PubMed(search="papers by their ids"))),
        "OpenReview": _Service(1, _ask_openreview, _reader(OpenReview(venues=("openreview.net",)))),
        "Semantic Scholar": _Service(100, _ask_semantic_scholar, _reader(SemanticScholar(ids=("CorpusId:1",)))),
    }
)
_SERVICE_OF = {
    "arxiv": "arXiv",
    "doi": "Crossref",
    "pmid": "PubMed",
    "openreview": "OpenReview",
    "s2": "Semantic Scholar",
}
