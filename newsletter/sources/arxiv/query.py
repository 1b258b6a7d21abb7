"""arXiv's API, for the papers of a past day: https://info.arxiv.org/help/api/user-manual.html"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode

from newsletter.errors import SourceError
from newsletter.ids import CATEGORIES
from newsletter.sources.arxiv.body import Body, place_of
from newsletter.sources.source import Request

GATE = "arxiv.org"
PAUSE_SECONDS = 3.0  # https://info.arxiv.org/help/api/tou.html: all hosts, over one connection

_A_PAGE = 500
_MOST_PAPERS = 30_000  # of one query: arXiv refuses more
_STAMP = "%Y%m%d%H%M"


def query(site: str, categories: Iterable[str], window: tuple[datetime, datetime]) -> Request:
    """Return the request for the papers of some categories that were submitted in a window, its end excluded."""
    first, last = (moment.astimezone(UTC).strftime(_STAMP) for moment in (window[0], window[1] - timedelta(minutes=1)))
    wanted = " OR ".join(f"cat:{_pattern(one)}" for one in categories)
    terms = {
        "search_query": f"({wanted}) AND submittedDate:[{first} TO {last}]",
        "start": "0",
        "max_results": str(_A_PAGE),
        "sortBy": "submittedDate",
        "sortOrder": "ascending",
    }
    return _request(f"{site}/api/query", terms)


def next_page(body: Body, request: Request) -> tuple[tuple[Request, ...], str]:
    """Return what to ask after this page, and a warning where papers may be missing, or "".

    Raises `SourceError` for an answer without papers that counts some: https://github.com/lukasschwab/arxiv.py has it
    as `UnexpectedEmptyPageError`.
    """
    place = place_of(request)
    service, _, written = request.address.partition("?")
    terms = {name: values[-1] for name, values in parse_qs(written).items()}
    asked = int(terms["start"]) if terms.get("start", "").isdecimal() else 0
    total, start, held = body.total, asked if body.start is None else body.start, len(body.items)
    if start != asked:
        return (), f"{place}: arXiv's API answered from paper {start} on instead of {asked}; ask again for the rest"
    if total is None:
        return (), f"{place}: arXiv's API does not say how many papers there are; some may be missing"
    if held == 0 and total > asked:
        kept = f", of which {asked} came before" if asked else ""
        raise SourceError(
            f"{place}: arXiv's API answered an empty page though it counts {total} papers{kept}; try again"
        )
    following = asked + held
    if following >= total:
        return (), ""
    if following >= _MOST_PAPERS:
        return (), f"{place}: {total} papers, of which arXiv's API gives {_MOST_PAPERS}; ask for fewer categories"
    return (_request(service, terms | {"start": str(following)}),), ""


def _request(service: str, terms: Mapping[str, str]) -> Request:
    return Request(f"{service}?{urlencode(terms)}", gate=GATE, pause_seconds=PAUSE_SECONDS)


def _pattern(category: str) -> str:
    """Return how the API is asked for a category: an archive stands for all its classes."""
    return f"{category}.*" if any(one.startswith(f"{category}.") for one in CATEGORIES) else category
