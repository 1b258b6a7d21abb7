"""`newsletter collect` and `newsletter editions list`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.console import Bars, columns, counted, note, say, say_json
from newsletter.cli.options import (
    DEFAULT_CONFIG,
    AtOption,
    ConfigOption,
    JsonOption,
    days_ago,
    read_config,
    tools,
)
from newsletter.cli.report import INTERRUPTED, collect_code, edition_data, health_data, health_rows, state
from newsletter.errors import UsageError
from newsletter.models import Edition, HealthState, SourceHealth

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.schedule import Asked

_editions = typer.Typer(no_args_is_help=True, help="What was collected, day by day.")


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(collect)
    app.add_typer(_editions, name="editions")


def collect(
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="DAYS", help="Also fill the days before today: 7d, or a date such as 2026-11-14."
        ),
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option("--source", help="Only sources whose name begins so; may be repeated.")
    ] = None,
    at: AtOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Fetch every source and keep today's edition; what was there already stays.

    Exits with 0 when every source answered or is rightly silent, 4 when some could not be read, 1 when none could.
    """
    from newsletter.schedule import backfill, edition_of_today, today  # noqa: PLC0415 - the pipeline is loaded by the command that runs it
    from newsletter.store import Store  # noqa: PLC0415

    loaded = read_config(config)
    asked = _asked(loaded, source)
    try:
        with Store.open(loaded.store) as store, Bars() as bars:
            kit = tools(loaded, at=at)
            day = today(loaded, kit.clock())
            first = days_ago(since, day) if since else None
            before = store.editions.counts(first or day, day)
            filled = list(backfill(loaded, store, kit, since=first, asked=asked, progress=bars)) if first else []
            edition = edition_of_today(loaded, store, kit, asked=asked, progress=bars)
    except KeyboardInterrupt:
        note("interrupted; what arrived is kept, and the next `newsletter collect` asks only the others")
        raise typer.Exit(INTERRUPTED) from None
    editions = [_of_asked(each, source) for each in (*filled, edition)]
    if as_json:
        backfilled = {"backfilled": [edition_data(each) for each in editions[:-1]]} if first else {}
        say_json(edition_data(editions[-1]) | backfilled)
    else:
        for each in editions:
            columns(health_rows(each.health))
            fresh = len(each.papers) - before.get(each.day, 0)
            just_now = f", {fresh} of them just now" if before.get(each.day) else ""
            say(f"edition of {each.day}: {_news(each)}{just_now}")
    raise typer.Exit(collect_code([health for each in editions for health in each.health]))


def _of_asked(edition: Edition, wanted: Sequence[str] | None) -> Edition:
    """Return an edition with the health of the sources that were asked for."""
    if not wanted:
        return edition
    return replace(edition, health=tuple(each for each in edition.health if each.source.startswith(tuple(wanted))))


def _asked(config: Config, wanted: Sequence[str] | None) -> Asked:
    """Return the rule by which sources are asked; UsageError where a wanted one is none of the settings'."""
    from newsletter.collect import named  # noqa: PLC0415 - as above

    names = named(config.sources)
    for prefix in wanted or ():
        if not any(name.startswith(prefix) for name in names):
            raise UsageError(f"--source {prefix}: no source is called so; there are {', '.join(names)}")
    return lambda name, _health: not wanted or name.startswith(tuple(wanted))


# ------------------------------------------------------------------ editions


@_editions.command("list")
def list_editions(
    *,
    days: Annotated[int, typer.Option("--days", min=1, help="How many of the newest.")] = 14,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List the editions, the newest first, with what each source answered."""
    from newsletter.store import Store  # noqa: PLC0415 - as above

    loaded = read_config(config)
    with Store.open(loaded.store) as store:
        newest = store.editions.days()[:days]
        found = [edition for day in newest if (edition := store.editions.on(day)) is not None]
    if as_json:
        say_json([_summary_data(edition) for edition in found])
        return
    if not found:
        say("nothing is collected yet: `newsletter collect`")
    for edition in found:
        say(f"{edition.day:%a} {edition.day}  {_news(edition)}")
        columns([(f"  {each.source}", state(each), _told(each)) for each in edition.health])


def _news(edition: Edition) -> str:
    updates = f", {counted(len(edition.updates), 'update')}" if edition.updates else ""
    return counted(len(edition.papers), "new paper") + updates


def _told(health: SourceHealth) -> str:
    if health.state is HealthState.FETCHED:
        warnings = f", {counted(len(health.warnings), 'warning')}" if health.warnings else ""
        return counted(health.entries, "entry", "entries") + warnings
    return health.detail


def _summary_data(edition: Edition) -> dict[str, object]:
    return {
        "day": edition.day.isoformat(),
        "entries": edition.entries,
        "papers": len(edition.papers),
        "updates": len(edition.updates),
        "sources": health_data(edition.health),
    }
