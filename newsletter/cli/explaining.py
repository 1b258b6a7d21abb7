"""`newsletter explain`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.console import columns, say, say_json
from newsletter.cli.options import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    find_subscriber,
    read_config,
)

if TYPE_CHECKING:
    from newsletter.explain import Explanation
    from newsletter.models import Paper
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
    from newsletter.explain.sentences import as_data  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415
    from newsletter.weights import load as load_weights  # noqa: PLC0415

    loaded = read_config(config)
    reader = find_subscriber(loaded, email)
    with Store.open(loaded.store) as store:
        if (named := named_paper(store, paper)) is not None:
            one, first_day = named
            told = trace(loaded, store, load_weights(), subscriber=reader, paper=one, first_day=first_day)
            say_json(as_data(told)) if as_json else _tell(told, reader.email)
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
    from newsletter.explain import sentences  # noqa: PLC0415 - loaded with what was explained

    say(told.paper.title)
    say(f"  {told.paper.id}")
    for line in sentences.history(told.paper, told.first_day):
        say(f"  {line}")
    say()
    say(sentences.verdict(told, email))
    if told.note:
        say(told.note)
    for reason in told.matched.reasons if told.matched else ():
        say(f"  {sentences.sentence(reason)}")
    for line in (*sentences.trend_told(told), *sentences.exclusion_told(told)):
        say(line)
    if told.nearest:
        say()
        say("Every interest, nearest first (0.50 passes):")
        numbers = sentences.numbers
        columns([(f"  {each.score:.2f}", each.interest, numbers(each.reason), each.origin) for each in told.nearest])
    if told.remedies:
        say()
        say("It would have come with one of:")
        columns([(f"  {each.change}", each.origin) for each in told.remedies])
