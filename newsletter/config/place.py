"""Where things stand in the files of the settings, and what was found wrong there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from newsletter.errors import Problem


@dataclass(frozen=True, slots=True)
class YamlFile:
    """One file: `path` opens it, `shown` names it in problems, `name` (seen from the main file) in origins."""

    path: Path
    shown: str
    name: str


@dataclass(slots=True)
class Place:
    """A position in a file; lines and columns count from 1. Not frozen only because tens of thousands are made."""

    file: YamlFile
    line: int
    column: int

    @property
    def origin(self) -> str:
        """Return `subscribers.yaml:14`, the same on every machine."""
        return f"{self.file.name}:{self.line}"

    def seen_from(self, other: Place) -> str:
        """Return `line 5`, with the file where it is not the same."""
        return f"line {self.line}" if self.file == other.file else f"{self.file.shown}, line {self.line}"


@dataclass(slots=True)
class Node:
    """A value of the YAML with its place.

    `written` is a scalar as it stands in the file, before variables are filled in: messages show this and never
    the value. `keys` are the places of a mapping's keys. `broken` says that a problem with it was already reported.
    """

    place: Place
    value: str | int | float | bool | dict[str, Node] | list[Node] | None
    written: str = ""
    keys: dict[str, Place] = field(default_factory=dict)
    broken: bool = False

    def child(self, key: str | int) -> Node | None:
        """Return the value under a key or an index, or None."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            return self.value[key]
        return None

    def find(self, *keys: str | int) -> Node | None:
        """Return the value under a path of keys and indices, or None."""
        node: Node | None = self
        for key in keys:
            node = node.child(key) if node else None
        return node

    def forget(self, key: str) -> None:
        """Take out an entry whose key is not known: its name may hold a secret, so nothing more is said of it."""
        self.entries.pop(key, None)

    @property
    def items(self) -> list[Node]:
        """Return the items of a list; nothing for any other value."""
        return self.value if isinstance(self.value, list) else []

    @property
    def entries(self) -> dict[str, Node]:
        """Return the entries of a mapping; nothing for any other value."""
        return self.value if isinstance(self.value, dict) else {}


@dataclass(slots=True)
class Findings:
    """What the reading of the settings found so far: problems stop the program, warnings do not."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def problem(self, place: Place, message: str) -> None:
        """Note a mistake."""
        self.problems.append(Problem(place.file.shown, place.line, place.column, message))

    def warning(self, place: Place, message: str) -> None:
        """Note what works and is probably not meant."""
        self.warnings.append(Problem(place.file.shown, place.line, place.column, message))


def plain(node: Node) -> Any:
    """Return the values alone: dictionaries, lists and scalars."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value
