"""`newsletter collect`."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from newsletter.cli.console import Bars, columns, counted, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.cli.report import FAILED, health_data, health_rows
from newsletter.models import HealthState


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(collect)


def collect(*, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Fetch every source and keep today's edition; what was there already stays."""
    from newsletter.collect.fetch import HttpAndFiles  # noqa: PLC0415 - the pipeline is loaded by the command that runs it
    from newsletter.pipeline import collect_edition  # noqa: PLC0415
    from newsletter.schedule import today  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    loaded, now = read_config(config), datetime.now(UTC)
    with Store.open(loaded.store) as store, Bars() as bars:
        fetch = HttpAndFiles(config.absolute().parent)
        edition = collect_edition(loaded.sources, store, fetch=fetch, day=today(loaded, now), now=now, progress=bars)
    if as_json:
        say_json(
            {
                "day": edition.day.isoformat(),
                "entries": edition.entries,
                "papers": len(edition.papers),
                "sources": health_data(edition.health),
            }
        )
    else:
        columns(health_rows(edition.health))
        say(f"edition of {edition.day}: {counted(len(edition.papers), 'new paper')}")
    if edition.health and all(each.state is HealthState.FAILED for each in edition.health):
        raise typer.Exit(FAILED)
