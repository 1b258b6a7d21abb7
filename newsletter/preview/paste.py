"""The lines of the settings that would keep what is tried, as they stand in the reader's own file; where they go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_ITEM = re.compile(r"^(\s*-\s+)\S")


def lines_to_paste(files: Sequence[Path], origin: str, changes: Mapping[str, str]) -> str:
    """Return a line for each of `changes`, indented as in the file, with a comment that says where it goes.

    `origin` is the line of the reader's entry (`subscribers.yaml:14`); a key that stands in the entry is replaced, one
    that does not is added below that line. "" where nothing changes. Nothing is written.
    """
    name, _, number = origin.rpartition(":")
    lines = _lines_of(files, name)
    first = int(number) if number.isdigit() else 0
    item = _ITEM.match(lines[first - 1]) if 0 < first <= len(lines) else None
    indent = " " * len(item[1]) if item else "    "
    body = _body(lines, first, len(indent)) if item else {}
    told = []
    for key, value in changes.items():
        line = next((at for at, text in body.items() if re.match(rf"{indent}{key}\s*:", text)), 0)
        where = f"in the place of line {line}" if line else f"below line {first}"
        told.append(f"{indent}{key}: {value}  # {where}\n" if item else f"{indent}{key}: {value}\n")
    return "".join(told)


def _lines_of(files: Sequence[Path], name: str) -> list[str]:
    """Return the lines of the file that errors and reasons call by this name."""
    path = next((file for file in files if file.as_posix().endswith(name)), None)
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines() if path and name else []
    except OSError:
        return []


def _body(lines: Sequence[str], first: int, indent: int) -> dict[int, str]:
    """Return the lines of one entry by number: those indented as deep, until one that is not."""
    found = {}
    for number, text in enumerate(lines[first:], first + 1):
        if text.strip() and not text.lstrip().startswith("#"):
            if len(text) - len(text.lstrip()) < indent:
                break
            found[number] = text
    return found
