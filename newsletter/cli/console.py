"""What people see: results on stdout, everything else on stderr, progress only on a terminal."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

_STAGES = {
    "collect": "collecting",
    "prepare": "matching",
    "compose": "composing",
    "deliver": "sending",
}

# Titles are clean, but ids, places and file names are shown as they came: an ESC or its C1 twin would take over the
# terminal, and half a surrogate (a file name of no encoding) would end the program. Tabs and ends of lines are ours.
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def say(text: str = "") -> None:
    """Print one line of the result, without control characters."""
    print(_HARMFUL.sub("", text))  # noqa: T201 - the one place that prints results


def note(text: str) -> None:
    """Print one line that is not the result, without control characters."""
    print(_HARMFUL.sub("", text), file=sys.stderr)  # noqa: T201 - the one place that prints notes


def say_json(value: Any) -> None:
    """Print the result for a program."""
    written = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    say(_HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", written))


class LogFormatter(logging.Formatter):
    """Log lines without control characters: they quote what came from outside."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, and its traceback."""
        return _HARMFUL.sub("", super().format(record))


def columns(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows with their columns aligned, each on one line."""
    rows = [tuple(" ".join(_HARMFUL.sub("", cell).splitlines()) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))] if rows else []
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 paper`, `12 papers`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


class Bars:
    """A progress bar per stage on a terminal, nothing elsewhere. Called as a `Progress`."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that `stage` has done `done` of `total`."""
        if self._progress is None:
            return
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(_STAGES.get(stage, stage), total=total or 1)
        self._progress.update(self._tasks[stage], completed=done, total=total or 1)

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 - 60 ms that no pipe should wait for
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

            from newsletter.cli.speed import SpeedColumn  # noqa: PLC0415

            self._progress = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                SpeedColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()
