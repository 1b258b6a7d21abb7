"""`newsletter health`: whether `serve` is at work, for Docker's HEALTHCHECK and for monitoring."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from newsletter.cli.console import say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.config import Config


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(health)


def health(*, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Say whether `serve` has been alive in the last 3 minutes, with these settings and this database; else exit 1."""
    from newsletter.config import load  # noqa: PLC0415 - pydantic and ruamel take their time

    try:
        loaded = load(config, environment=os.environ) if config.exists() else read_config(config)
        why = next(_ills(loaded), "")
    except NewsletterError as error:
        why = str(error).partition("\n")[0]
    if as_json:
        say_json({"version": 1, "healthy": not why, "detail": why})
    else:
        say(why or "serve is alive, the settings load, the database answers")
    raise typer.Exit(int(bool(why)))


def _ills(config: Config) -> Iterator[str]:
    """Yield what is wrong, the cheapest to find out first."""
    from newsletter.doctor.heartbeat import ALIVE_SECONDS, heartbeat_file, silent_seconds  # noqa: PLC0415

    silent = silent_seconds(config, datetime.now(UTC))
    if silent is None:
        yield f"`newsletter serve` is not running: {heartbeat_file(config)} is not there"
        return
    if silent > ALIVE_SECONDS:
        yield f"`newsletter serve` gave no sign of life for {silent:,.0f} seconds; see its log"
    from newsletter.doctor.database import unanswered  # noqa: PLC0415 - SQLAlchemy takes its time

    yield from filter(None, [unanswered(config)])
