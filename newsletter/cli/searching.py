"""`newsletter search`: any sentence against everything that was ever collected."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import Bars, counted, note, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.errors import UsageError
from newsletter.text import shorten

if TYPE_CHECKING:
    from collections.abc import Sequence

    from newsletter.models import Paper, Reason
    from newsletter.search import Found
    from newsletter.store import Store

_WIDTH = 100  # columns of a terminal that everybody has
_MARGIN = 6  # where titles begin, behind the score
_PASSES = 0.5
_LONGEST = 60  # characters of a query that are said again


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(search)


def search(
    query: Annotated[
        str, typer.Argument(help="What to look for; or an id, a DOI or an address: papers like that one.")
    ],
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many papers at most.")] = 10,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAYS|DATE", help="Only papers collected since (30d, 2026-11-01).")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Find stored papers by what they are about, the best first, scored as an interest of these words would be."""
    if not query.strip():
        raise UsageError('an empty query finds nothing; write for example `newsletter search "graph neural networks"`')
    first = _day(since, datetime.now(UTC).date()) if since else None
    loaded = read_config(config)
    if not loaded.has_store:
        _tell_nothing(query, "nothing was collected yet: `newsletter collect`", as_json=as_json)
        return
    from newsletter.search import asked_words  # noqa: PLC0415 - numpy and SQLAlchemy are loaded where they are needed
    from newsletter.search import search as find  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415
    from newsletter.weights import load  # noqa: PLC0415

    with Store.open(loaded.store) as store:
        example = store.papers.named(query)
        if why_not := _hopeless(store, query, example, known=bool(asked_words(query))):
            _tell_nothing(query, why_not, as_json=as_json)
            return
        with Bars() as bars:
            found = find(store, load(), query, limit=limit, since=first, progress=bars)
        searched = store.papers.count(since=first)
    if as_json:
        say_json(_data(query, example, first, searched, found))
        return
    if example is not None:
        note(f"papers like {example.id}: {example.title}")
    _tell(found, f"{counted(searched, 'paper')}{f' since {first}' if first else ''}")


def _day(written: str, today: date) -> date:
    """Return the day of --since, a number of days before today or a date; UsageError otherwise."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})d?", written.strip())
    try:
        day = today - timedelta(days=int(found[1])) if found else date.fromisoformat(written.strip())
    except (ValueError, OverflowError):
        raise UsageError(f"--since {written} is neither a number of days (30d) nor a date (2026-11-01)") from None
    if day > today:
        raise UsageError(f"--since {written} is still to come")
    return day


def _hopeless(store: Store, query: str, example: Paper | None, *, known: bool) -> str:
    """Return why this query can find nothing here, "" where it may."""
    from newsletter.ids import arxiv_id, doi  # noqa: PLC0415

    if not store.papers.count():
        return "nothing was collected yet: `newsletter collect`"
    if example is not None:
        return ""
    if arxiv_id(query) or doi(query):
        return f"{shorten(query.strip(), limit=_LONGEST)} is not among the papers that were collected"
    if not known:
        return "no word here tells papers apart: write words of the subject, in Latin letters or digits"
    return ""


# ------------------------------------------------------------------ for people


def _tell_nothing(query: str, why: str, *, as_json: bool) -> None:
    say_json({"query": query, "results": [], "note": why}) if as_json else say(why)


def _tell(found: Sequence[Found], searched: str) -> None:
    passing = sum(each.score >= _PASSES for each in found)
    for place, each in enumerate(found):
        if place == passing:
            say(f"{'no other passes' if passing else 'nothing passes'} ({_PASSES:.2f}); the nearest:")
        _tell_paper(each)
    if not found:
        say(f"none of {searched} is about this")


def _tell_paper(each: Found) -> None:
    title = wrap(each.paper.title, _WIDTH - _MARGIN, break_on_hyphens=False)
    lines = [*title, f"{each.first_day}  {_people(each.paper.authors)}  {each.paper.id}", _evidence(each.reason)]
    for number, line in enumerate(lines):
        say((f"{each.score:.2f}" if not number else "").ljust(_MARGIN) + line)


def _people(authors: Sequence[str]) -> str:
    """Return the authors, of more than three the first and how many more."""
    if not authors:
        return "no authors"
    return ", ".join(authors) if len(authors) <= 3 else f"{authors[0]} and {len(authors) - 1} more"


def _evidence(reason: Reason) -> str:
    found = shorten(", ".join(reason.words), limit=_WIDTH - _MARGIN - 30)
    if reason.kind.value == "words":
        return f"{found} {'in the title' if reason.in_title else 'in title and abstract'}"
    if reason.kind.value == "example":
        return f"{reason.likeness:.2f} of 1 alike in words and meaning"
    return "close in meaning" + (f"; has {found}" if found else "")


# ------------------------------------------------------------------ for programs


def _data(
    query: str, example: Paper | None, first: date | None, searched: int, found: Sequence[Found]
) -> dict[str, Any]:
    return {
        "query": query,
        "like": {"id": example.id, "title": example.title} if example else None,
        "since": first.isoformat() if first else None,
        "searched": searched,
        "results": [_found_data(each) for each in found],
    }


def _found_data(each: Found) -> dict[str, Any]:
    paper, reason = each.paper, each.reason
    return {
        "id": paper.id,
        "score": round(each.score, 4),
        "first_day": each.first_day.isoformat(),
        "title": paper.title,
        "authors": list(paper.authors),
        "url": paper.url,
        "categories": list(paper.categories),
        "published": paper.published.isoformat() if paper.published else None,
        "abstract": paper.abstract,
        "summary": paper.summary,
        "tldr": paper.tldr,
        "reason": {
            "kind": reason.kind.value,
            "words": list(reason.words),
            "in_title": reason.in_title,
            "lexical": round(reason.lexical, 4),
            "closeness": round(reason.closeness, 4),
            "likeness": round(reason.likeness, 4),
        },
    }
