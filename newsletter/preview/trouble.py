"""What is wrong with settings or templates, for who is writing them: file, line, the lines around it, the way out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from newsletter.errors import ConfigError, NewsletterError, TemplateError

_AROUND = 3  # lines shown above and below
_LONGEST_LINE = 200
_MOST_PROBLEMS = 20


class What(StrEnum):
    """What changed, or is wrong."""

    SETTINGS = "settings"
    TEMPLATE = "template"
    DATA = "data"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file; `here` is the one that is meant."""

    line: int
    text: str
    here: bool


@dataclass(frozen=True, slots=True)
class Complaint:
    """One mistake. `line` and `column` count from 1, 0 where unknown; `hint` is the way out, "" where none is known."""

    file: str
    line: int
    column: int
    message: str
    hint: str
    excerpt: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the newest state of the files cannot be shown. Made by `trouble_of`."""

    what: What
    title: str
    problems: tuple[Complaint, ...]


def trouble_of(error: Exception, what: What, *, folders: Iterable[Path] = ()) -> Trouble:
    """Return what `error` says to who writes the files; templates are looked for in `folders`, the first first."""
    if isinstance(error, ConfigError):
        found = error.problems[:_MOST_PROBLEMS]
        problems = tuple(_complaint(Path(each.path), each.path, each.line, each.column, each.message) for each in found)
        return Trouble(What.SETTINGS, _counted(len(error.problems), "the settings"), problems)
    if isinstance(error, TemplateError):
        path = _template(error.template, folders)
        message = str(error).removeprefix(f"{error.template}:").removeprefix(f"{error.line}:").strip()
        where = _complaint(path, str(path or error.template), error.line, 0, message)
        return Trouble(What.TEMPLATE, f"{error.template} cannot be used", (where,))
    said = str(error) if isinstance(error, NewsletterError) else f"{type(error).__name__}: {error}"
    return Trouble(what, "this cannot be shown", (_complaint(None, "", 0, 0, said),))


def _counted(number: int, where: str) -> str:
    return f"a mistake in {where}" if number == 1 else f"{number} mistakes in {where}"


def _template(name: str, folders: Iterable[Path]) -> Path | None:
    """Return the file of a template: the user's own if there is one."""
    files = (folder / name for folder in folders)
    return next((_shown(file) for file in files if file.is_file()), None)


def _shown(path: Path) -> Path:
    """Return a path as people write it: relative to where they are, where it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _complaint(path: Path | None, shown: str, line: int, column: int, told: str) -> Complaint:
    message, hint = _parted(told)
    return Complaint(shown, line, column, message, hint, _excerpt(path, line) if path and line else ())


def _parted(told: str) -> tuple[str, str]:
    """Return what is wrong, and the way out: our errors put it after a semicolon, a dash or a colon of its own."""
    found = re.fullmatch(r"(.+?)(?:; | – | - )(.+)", told, re.DOTALL)
    return (found[1], found[2]) if found else (told, "")


def _excerpt(path: Path, line: int) -> tuple[Line, ...]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:  # deleted meanwhile; the place is told all the same
        return ()
    first, last = max(line - _AROUND, 1), min(line + _AROUND, len(lines))
    return tuple(
        Line(number, lines[number - 1].rstrip("\r")[:_LONGEST_LINE], number == line)
        for number in range(first, last + 1)
    )
