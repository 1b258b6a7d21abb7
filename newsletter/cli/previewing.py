"""`newsletter preview`."""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

import typer

from newsletter.cli.console import Bars, columns, counted, note, say, say_json
from newsletter.cli.options import (
    DEFAULT_CONFIG,
    AsOption,
    ConfigOption,
    IssueOption,
    day_of,
    find_subscribers,
    read_config,
)
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.preview.material import Material
    from newsletter.preview.setup import Look

_USUAL_OUT = Path("preview")
_USUAL_PORT = 8025
_FIRST_STEP = "collect today's papers with `newsletter collect`"


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(preview)


def preview(
    *,
    issue: IssueOption = None,
    only: AsOption = None,
    port: Annotated[
        int, typer.Option("--port", help="Where on this machine the page is; 0 for any that is free.", min=0, max=65535)
    ] = _USUAL_PORT,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Other settings, to compare issues under both.", exists=True, dir_okay=False),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Write everybody's issue as files, and end.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help=f"Where --once writes (default: {_USUAL_OUT}).", file_okay=False),
    ] = None,
    png: Annotated[
        bool, typer.Option("--png", help="With --once: pictures too, by the Chromium that is here.")
    ] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: print what index.json holds.")] = False,
) -> None:
    """Look at everybody's issue before anybody receives it; sends nothing and needs no network.

    A page on this machine alone that shows any issue as any subscriber, why each paper is in it or not, and changes as
    templates and settings are saved. Without settings the example's subscribers are shown, without a collected edition
    the papers that ship.
    """
    if once:
        for option, given in (("--port", port != _USUAL_PORT), ("--open", browser), ("--against", against is not None)):
            if given:
                raise UsageError(f"{option} is for the page; --once writes files and ends")
        _write_files(config, only, day_of(issue), out or _USUAL_OUT, png=png, as_json=as_json)
        return
    for option, given in (("--out", out is not None), ("--png", png), ("--json", as_json)):
        if given:
            raise UsageError(f"{option} goes with --once, which writes files: newsletter preview --once {option}")
    if only and len(only) > 1:
        raise UsageError("the page shows one subscriber's issue at a time: name one with --as, and choose others there")
    _serve(config, only[0] if only else "", day_of(issue), against=against, port=port, browser=browser)


def _serve(config: Path, reader: str, day: date | None, *, against: Path | None, port: int, browser: bool) -> None:
    """Serve the studio until it is stopped."""
    from newsletter.preview.desk import Desk  # noqa: PLC0415 - the pipeline is loaded by the command that runs it
    from newsletter.preview.wanted import Wanted  # noqa: PLC0415
    from newsletter.preview.web import serve  # noqa: PLC0415

    path = config if config.exists() or config != DEFAULT_CONFIG else None
    if path is None:
        note(f"there is no {config}: showing the example's subscribers (`newsletter init` writes your own)")
    desk = Desk(path, against=against, environment=os.environ)
    for problem in desk.trouble.problems if desk.trouble else ():
        where = f"{problem.file}:{problem.line}: " if problem.file else ""
        note(f"{where}{problem.message}" + (f"; {problem.hint}" if problem.hint else ""))
    place = Wanted(issue=day or "", reader=reader)
    if not desk.trouble:
        desk.setup.look(place)  # a slip is told here, where it was made

    def ready(address: str) -> None:
        query = urlencode(place.query)
        say(f"{address}?{query}" if query else address)
        sys.stdout.flush()  # whoever started it in the background waits for this line
        note("saved templates and settings are shown at once; Ctrl-C ends it")
        if browser:
            webbrowser.open(f"{address}?{query}")

    with closing(desk), suppress(KeyboardInterrupt):  # its usual end
        serve(desk, port=port, clock=lambda: datetime.now(UTC), ready=ready)


def _write_files(
    config: Path, only: list[str] | None, day: date | None, out: Path, *, png: bool, as_json: bool
) -> None:
    site = _write(_config_or_example(config), only, day, out, png=png)
    if as_json:
        say_json(site)
        return
    columns([(each["as"], counted(each["papers"], "paper"), each["subject"], _told(each)) for each in site["readers"]])
    say(f"Open {out / 'index.html'}")


def _write(config: Config, only: list[str] | None, day: date | None, out: Path, *, png: bool) -> dict[str, Any]:
    """Write the files of `--once`, and return what their index says."""
    from newsletter.preview import looks, setup_of, write  # noqa: PLC0415 - the pipeline is loaded by what runs it
    from newsletter.preview.pictures import camera  # noqa: PLC0415
    from newsletter.preview.site import INDEX  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    readers = find_subscribers(config, only)
    with ExitStack() as stack:
        store = stack.enter_context(Store.open(config.store)) if config.has_store else None
        setup = setup_of(config, store)
        shown, label = _shown(setup.material, day)
        page = write(
            _told_of(looks(setup, readers, issue=shown), len(readers), stack.enter_context(Bars())),
            out,
            newsletter=config.newsletter.name,
            label=label,
            camera=stack.enter_context(camera()) if png else None,
        )
    site: dict[str, Any] = json.loads(page.with_name(INDEX).read_text(encoding="utf-8"))
    return site


def _shown(material: Material, day: date | None) -> tuple[date | str, str]:
    """Return which edition is shown and what it is called, after saying so; UsageError where there is none."""
    from newsletter.preview.setup import long_day  # noqa: PLC0415
    from newsletter.preview.wanted import SAMPLE  # noqa: PLC0415

    if day is not None:
        if day not in material.papers.days:
            latest = next(iter(material.papers.days), None)
            raise UsageError(
                f"there is no edition of {day}; " + (f"the latest is of {latest}" if latest else _FIRST_STEP)
            )
        return day, long_day(day)
    newest = material.newest
    if isinstance(newest, str):
        why = "no edition has papers" if material.papers.days else "nothing is collected"
        note(f"{why} yet: showing the papers that ship")
        return SAMPLE, "Papers that ship"
    empty = next(iter(material.papers.days))
    skipped = f"; that of {empty} has none" if empty != newest else ""
    note(f"showing the edition of {newest}, {counted(material.papers.days[newest], 'paper')}{skipped}")
    return newest, long_day(newest)


def _told_of(looks: Iterator[Look], total: int, bars: Bars) -> Iterator[Look]:
    """Yield the looks, and tell how far it is."""
    bars("drawing", 0, total)
    for done, look in enumerate(looks, 1):
        yield look
        bars("drawing", done, total)


def _told(each: dict[str, Any]) -> str:
    """Return what the checks found, and that a reader receives nothing."""
    return each["verdict"] if each["status"] == "active" else f"{each['verdict']}; {each['status']}"


def _config_or_example(path: Path) -> Config:
    from newsletter.config import load  # noqa: PLC0415
    from newsletter.demo import example_path  # noqa: PLC0415

    if path.exists() or path != DEFAULT_CONFIG:
        return read_config(path)
    note(f"there is no {path}: showing the example's subscribers (`newsletter init` writes your own)")
    return load(example_path(), environment=os.environ, sending=False)
