"""`newsletter doctor`: asks the world, and says what to mend."""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import counted, note, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.errors import ConfigError, Problem

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.doctor import Line

_SIGNS = {"well": "✓", "warning": "!", "failed": "✗"}
_PLAIN_SIGNS = {"well": "+", "warning": "!", "failed": "x"}  # for a terminal that has no others

OfflineOption = Annotated[bool, typer.Option("--offline", help="Leave out what asks other machines.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(doctor)


def doctor(
    *, offline: OfflineOption = False, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False
) -> None:
    """Ask the mail server, the DNS, the sources and this machine what stands against mail; sends nothing.

    0 where nothing fails, 1 otherwise; warnings (!) fail nothing. What is to be published in the DNS is printed as a
    line of a zone file.
    """
    from newsletter.doctor import Mark, World, examine  # noqa: PLC0415 - loads the pipeline

    loaded, problems = _settings(config)
    lines: list[Line] = []
    signs = _signs()
    for line in _of_settings(loaded, problems):
        lines.append(line)
        if not as_json:
            _tell(line, signs)
    for line in examine(loaded, World(), offline=offline, waiting=_waiting):
        lines.append(line)
        if not as_json:
            _tell(line, signs)
    counts = Counter(line.mark for line in lines)
    if as_json:
        say_json(_data(loaded, lines, well=not counts[Mark.FAILED]))
    else:
        warnings = counted(counts[Mark.WARNING], "warning")
        say(f"{counted(counts[Mark.FAILED], 'failure')}, {warnings}, {counts[Mark.WELL]:,} as it should be")
    raise typer.Exit(int(counts[Mark.FAILED] > 0))


def _settings(path: Path) -> tuple[Config, tuple[Problem, ...]]:
    """Return the settings, and what keeps them from being used to send; ConfigError where nothing can be read."""
    from newsletter.config import load  # noqa: PLC0415 - pydantic and ruamel take their time

    if not path.exists():
        return read_config(path), ()
    try:
        return load(path, environment=os.environ), ()
    except ConfigError as error:
        return load(path, environment=os.environ, sending=False), error.problems


def _of_settings(config: Config, problems: tuple[Problem, ...]) -> list[Line]:
    from newsletter.doctor.line import failed, warning, well  # noqa: PLC0415 - loaded by now

    lines = [failed("settings", str(problem), "without it nothing is sent") for problem in problems]
    lines += [warning("settings", str(each)) for each in config.warnings if str(each) not in map(str, problems)]
    readers = f"{counted(config.readers, 'reader')}, {counted(len(config.sources), 'source')}"
    return lines or [well("settings", f"{config.path}: {readers}")]


def _tell(line: Line, signs: dict[str, str]) -> None:
    say(f"{signs[line.mark]} {line.about}: {line.found}")
    if line.fix:
        say(f"    {line.fix}{':' if line.record else ''}")
    if line.record:
        say(f"    {line.record}")


def _signs() -> dict[str, str]:
    try:
        "".join(_SIGNS.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return _PLAIN_SIGNS
    return _SIGNS


def _waiting(names: tuple[str, ...]) -> None:
    if sys.stderr.isatty():
        note(f"still asking: {', '.join(names)}")


def _data(config: Config, lines: list[Line], *, well: bool) -> dict[str, Any]:
    return {"version": 1, "path": str(config.path), "well": well, "lines": [asdict(line) for line in lines]}
