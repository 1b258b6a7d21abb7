"""`newsletter explain`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import columns, counted, say, say_json
from newsletter.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    find_subscriber,
    read_config,
)
from newsletter.models import PICKS

if TYPE_CHECKING:
    from newsletter.explain import Explanation
    from newsletter.models import Paper, Reason
    from newsletter.store import Store


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(explain)


def explain(
    email: Annotated[str, typer.Argument(help="The subscriber.")],
    paper: Annotated[
        str, typer.Argument(help="The paper: an arXiv id, a DOI, an address, or its title or a part of it.")
    ],
    *,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Say why a paper is in a subscriber's issue, or why it is not."""
    from newsletter.explain import explain as trace  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415
    from newsletter.weights import load as load_weights  # noqa: PLC0415

    loaded = read_config(config)
    reader = find_subscriber(loaded, email)
    with Store.open(loaded.store) as store:
        if (named := named_paper(store, paper)) is not None:
            one, first_day = named
            told = trace(loaded, store, load_weights(), subscriber=reader, paper=one, first_day=first_day)
            say_json(_explanation_data(told)) if as_json else _tell(told, reader.email)
            return
        tell_unclear(store, paper, as_json=as_json)


def named_paper(store: Store, wanted: str) -> tuple[Paper, date] | None:
    """Return the one paper that an id, an address or a title names, with its first day; None for none or several."""
    found = store.editions.find_papers(wanted)
    return found[0] if len(found) == 1 else None


def tell_unclear(store: Store, wanted: str, *, as_json: bool) -> None:
    """Say that several papers have these words in their title, or that none is known by them."""
    found, latest = store.editions.find_papers(wanted), store.editions.latest_day()
    if as_json:
        say_json({"fate": "ambiguous" if found else "unknown", "papers": [each.title for each, _ in found]})
    elif found:
        say(f'several papers have "{wanted}" in their title, the newest first; ask for one of them:')
        columns([(f"  {each.id}", str(day), each.title) for each, day in found])
    else:
        say(f'"{wanted}" is unknown: no source ever brought it, under this id or title.')
        say(f"The newest edition is of {latest}." if latest else "Nothing was collected yet: `newsletter collect`.")


def _tell(told: Explanation, email: str) -> None:
    paper = told.paper
    say(paper.title)
    say(f"  {paper.id}")
    for line in _history(paper, told.first_day):
        say(f"  {line}")
    say()
    say(_verdict(told, email))
    if told.note:
        say(told.note)
    for reason in told.matched.reasons if told.matched else ():
        say(f"  {_sentence(reason)}")
    if told.trend is not None and told.fate != "trending":
        say(f"It trends as number {told.rank}, with {told.trend.score:.2f}:")
        for reason in told.trend.reasons:
            say(f"  {_sentence(reason)}")
    if told.exclusion is not None and told.cut is None:
        say(f'An exclusion covers it, whatever matches: "{told.exclusion.name}" - {told.exclusion.origin}')
    if told.nearest:
        say()
        say("Every interest, nearest first (0.50 passes):")
        columns([(f"  {each.score:.2f}", each.interest, _numbers(each.reason), each.origin) for each in told.nearest])
    if told.remedies:
        say()
        say("It would have come with one of:")
        columns([(f"  {each.change}", each.origin) for each in told.remedies])


def _history(paper: Paper, first_day: date) -> list[str]:
    versions = [f" v{entry.version}" if entry.version else "" for entry in paper.entries]
    entries = [
        f"fetched from {entry.source}{version} ({entry.place})"
        for entry, version in zip(paper.entries, versions, strict=True)
    ]
    merged = [f"merged from {len(paper.entries)} entries"] if len(paper.entries) > 1 else []
    return [*entries, *merged, f"new in the edition of {first_day}"]


def _verdict(told: Explanation, email: str) -> str:
    if told.delivery is not None:
        where = f'in "{told.section}"' if told.section else "as the lead"
        delivery = told.delivery
        sent = "SENT to" if delivery.state == "sent" else f"IN THE OUTBOX ({delivery.state}) for"
        return f"{sent} {email} {where}, issue of {delivery.issue_date}, {delivery.message_id}"
    if told.fate == "chosen":
        where = f'in "{told.section}"' if told.section else "as the lead"
        return f"IN the issue of {told.issue_day} for {email} {where}, which was not sent yet"
    if told.fate == "trending" and told.trend is not None:
        where = "AMONG THE EDITOR'S PICKS" if told.section == PICKS else "TRENDING"
        return (
            f"{where} in the issue of {told.issue_day} for {email}, which was not sent yet: "
            f"number {told.rank} of what others recommend, with {told.trend.score:.2f}"
        )
    if told.cut is not None:
        last = (
            f"; of those chosen the lowest has {told.last_chosen:.2f}: what counts besides is to be unlike the others, "
            "and that every interest gets its share"
            if told.cut.reason == "limit"
            else ""
        )
        return f"CUT for {email} ({told.cut.reason}): {told.cut.detail}; it has {told.cut.matched.score:.2f}{last}"
    return f"NOT MATCHED for {email}: no interest lets it through"


def _sentence(reason: Reason) -> str:
    where = "in the title" if reason.in_title else "in title and abstract"
    sentences = {
        "words": f'"{reason.interest}": {", ".join(reason.words)} {where}',
        "meaning": f'"{reason.interest}": close in meaning'
        + (f"; has {', '.join(reason.words)}" if reason.words else ""),
        "category": f"{reason.interest}: the paper is in {', '.join(reason.words)}",
        "author": f"{reason.interest}: an author is {', '.join(reason.words)}",
        "venue": f"{reason.interest}: it states {', '.join(reason.words)}",
        "example": f'like "{reason.example}", which the reader named ({reason.likeness:.2f} of 1)',
        "liked": f'like "{reason.example}", which the reader voted for ({reason.likeness:.2f} of 1)',
        "upvotes": f"{counted(reason.count, 'upvote')} on Hugging Face",
        "votes": f"{counted(reason.count, 'reader')} recommended it",
        "pick": f"picked by {reason.editor or 'the editor'}" + (f": {reason.note}" if reason.note else ""),
        "update": f"updated to v{reason.count}; received before on {reason.since}",
    }
    numbers = f" ({told})" if (told := _numbers(reason)) else ""
    return sentences[reason.kind] + numbers + (f" - {reason.origin}" if reason.origin else "")


def _numbers(reason: Reason | None) -> str:
    """Return how the score of a phrase came about: BM25 of its words, and z of its closeness, against the gate."""
    from newsletter.match.phrases import CLOSENESS_WEIGHT, GATE  # noqa: PLC0415 - loaded with what was explained

    if reason is None or reason.kind not in {"words", "meaning"}:
        return ""
    total = reason.lexical + CLOSENESS_WEIGHT * reason.closeness
    sign = "≥" if total >= GATE else "<"
    near = f"{CLOSENESS_WEIGHT} × closeness {reason.closeness:.1f}"
    return f"words {reason.lexical:.2f} + {near} = {total:.2f} {sign} {GATE}"


def _explanation_data(told: Explanation) -> dict[str, Any]:
    return {
        "fate": told.delivery.state.value if told.delivery else told.fate.value,
        "paper": {"id": told.paper.id, "title": told.paper.title},
        "first_day": told.first_day.isoformat(),
        "entries": [{"source": each.source, "place": each.place} for each in told.paper.entries],
        "section": told.section,
        "score": told.matched.score if told.matched else None,
        "reasons": [_sentence(each) for each in told.matched.reasons] if told.matched else [],
        "trend": {
            "rank": told.rank,
            "score": told.trend.score,
            "reasons": [_sentence(each) for each in told.trend.reasons],
        }
        if told.trend
        else None,
        "delivery": told.delivery.state.value if told.delivery else None,
        "cut": {"reason": told.cut.reason.value, "detail": told.cut.detail} if told.cut else None,
        "nearest": [
            {"interest": each.interest, "origin": each.origin, "score": each.score, "numbers": _numbers(each.reason)}
            for each in told.nearest
        ],
        "excluded_by": {"name": told.exclusion.name, "origin": told.exclusion.origin} if told.exclusion else None,
        "would_have_come_with": [{"change": each.change, "origin": each.origin} for each in told.remedies],
        "issue": told.issue_day.isoformat() if told.issue_day else None,
    }
