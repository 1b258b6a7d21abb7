"""`newsletter preview`."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import columns, counted, note, say, say_json
from newsletter.cli.options import (
    DEFAULT_CONFIG,
    AsOption,
    ConfigOption,
    IssueOption,
    JsonOption,
    day_of,
    find_subscribers,
    read_config,
)
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.models import Edition
    from newsletter.preview import Previewed
    from newsletter.store import Store


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(preview)


def preview(
    *,
    once: Annotated[bool, typer.Option("--once", help="Write the files and end; the only way there is so far.")] = True,
    out: Annotated[Path, typer.Option("--out", help="Where to write the issues.", file_okay=False)] = Path("preview"),
    issue: IssueOption = None,
    only: AsOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Write everybody's issue as files to look at; sends nothing and needs no network.

    Without settings the example's subscribers are shown, without a collected edition the papers that ship.
    """
    from newsletter.preview import write  # noqa: PLC0415 - the pipeline is loaded by the command that runs it

    del once
    loaded = _config_or_example(config)
    readers = find_subscribers(loaded, only)
    previewed = _drawn(loaded, readers, day_of(issue))
    index = write(previewed, out)
    if as_json:
        say_json([_preview_data(each) for each in previewed])
        return
    columns(
        [(each.email.recipient[1], counted(len(each.issue.papers), "paper"), each.email.subject) for each in previewed]
    )
    say(f"Open {index}")


def _config_or_example(path: Path) -> Config:
    from newsletter.config import load  # noqa: PLC0415
    from newsletter.demo import example_path  # noqa: PLC0415

    if path.exists() or path != DEFAULT_CONFIG:
        return read_config(path)
    note(f"there is no {path}: showing the example's subscribers (`newsletter init` writes your own)")
    return load(example_path(), environment=os.environ, sending=False)


def _drawn(config: Config, readers: tuple[Any, ...], day: date | None) -> tuple[Previewed, ...]:
    from newsletter.demo import sample_edition  # noqa: PLC0415
    from newsletter.preview import draw  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    if _store_exists(config):
        with Store.open(config.store) as store:
            if edition := _kept(store, day):
                return draw(config, edition, readers, store=store)
    if day is not None:
        raise UsageError(f"there is no edition of {day}; collect today's with `newsletter collect`")
    note("nothing is collected yet: showing the papers that ship")
    return draw(config, sample_edition(), readers)


def _store_exists(config: Config) -> bool:
    return Path(config.store.removeprefix("sqlite:///")).exists()


def _kept(store: Store, day: date | None) -> Edition | None:
    wanted = day or store.editions.latest_day()
    return store.editions.on(wanted) if wanted else None


def _preview_data(each: Previewed) -> dict[str, Any]:
    return {
        "email": each.email.recipient[1],
        "subject": each.email.subject,
        "papers": [matched.paper.title for matched in each.issue.papers],
        "left_out": len(each.issue.cut),
    }
