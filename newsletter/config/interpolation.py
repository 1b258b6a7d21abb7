"""Variables in values: `${VAR}`, `${VAR:-default}`, `${VAR:?message}`, and `$$` for a dollar sign.

The grammar is that of Compose: https://docs.docker.com/reference/compose-file/interpolation/ . It is applied after
parsing and to texts only, so that nothing in the environment can change the shape of the YAML.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from newsletter.config.naming import Location, subject
from newsletter.config.place import Findings, Node

_PATTERN = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::(?P<rule>[-?])(?P<rest>[^{}]*))?\}|\{)"
)


class Unset(ValueError):
    """A variable that a text needs has no value; its text says so, and the way out."""


def interpolate(text: str, environment: Mapping[str, str]) -> str:
    """Return the text with its variables filled in; raises Unset, or ValueError where the text is no valid template."""

    def value(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        if not (name := found["name"]):
            raise ValueError("holds an unfinished ${…}; write ${NAME}, or $$ for a dollar sign")
        if found["rule"]:  # as in a shell, the colon makes an empty variable count as unset
            return environment.get(name) or _fallback(name, found["rule"], found["rest"])
        if name not in environment:
            raise Unset(f"needs the environment variable {name}, which is not set")
        return environment[name]

    return _PATTERN.sub(value, text)


def _fallback(name: str, rule: str, rest: str) -> str:
    if rule == "-":
        return rest
    raise Unset(f"needs the environment variable {name}: {rest or 'it is not set'}")


def fill_in(
    root: Node, environment: Mapping[str, str], findings: Findings, *, may_lack: Collection[Location] = ()
) -> Node:
    """Return the tree with every text filled in; what cannot be is noted and marked as broken.

    An unset variable at a location that `may_lack` names, or under it, is a warning, and what stands there is left out.
    """
    filling = _Filling(root, environment, findings, may_lack)
    filled = filling.fill(root, ())
    for location in filling.lacking:
        filled = _without(filled, location)
    return filled


def _without(node: Node, location: Location) -> Node:
    key, *rest = location
    child = node.entries.get(str(key))
    kept = {name: each for name, each in node.entries.items() if name != key}
    if child is not None and rest:
        kept = node.entries | {str(key): _without(child, tuple(rest))}
    return replace(node, value=kept)


@dataclass(slots=True)
class _Filling:
    root: Node
    environment: Mapping[str, str]
    findings: Findings
    may_lack: Collection[Location]
    lacking: set[Location] = field(default_factory=set)

    def fill(self, node: Node, location: Location) -> Node:
        if isinstance(node.value, dict):
            return replace(node, value={key: self.fill(child, (*location, key)) for key, child in node.value.items()})
        if isinstance(node.value, list):
            return replace(node, value=[self.fill(child, (*location, i)) for i, child in enumerate(node.value)])
        if not isinstance(node.value, str):
            return node
        return self._text(node, node.value, location)

    def _text(self, node: Node, text: str, location: Location) -> Node:
        try:
            value = _storable(interpolate(text, self.environment) if "$" in text else text)
        except ValueError as error:
            return self._broken(node, location, error)
        return node if value == text else replace(node, value=value)

    def _broken(self, node: Node, location: Location, error: ValueError) -> Node:
        message = f"{subject(self.root, location)} {error}"
        lacking = next((above for above in self.may_lack if location[: len(above)] == above), None)
        if isinstance(error, Unset) and lacking:
            self.lacking.add(lacking)
            self.findings.warning(node.place, message)
        else:
            self.findings.problem(node.place, message)
        return replace(node, broken=True)


def _storable(text: str) -> str:
    r"""Return a text that files and databases can hold; escapes such as "\0" and "\ud800" make others."""
    if "\0" in text or (not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)):
        raise ValueError("holds a NUL or half a character; retype it")
    return text
