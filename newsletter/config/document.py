"""YAML text → nodes with places: strict YAML 1.2, no tags, no merge keys, no surprises.

The events of ruamel.yaml are read directly. That is twice as fast as its round-trip loader, and a scalar keeps its
spelling, so that a message can say `2401.10020` where a loader has already made it 2401.1002.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from newsletter.config.place import Findings, Node, Place, YamlFile

MAX_BYTES = 5_000_000  # ten times 2,000 subscribers
_MAX_DEPTH = 20  # the grammar needs eight
_MAX_NODES = 1_000_000  # with aliases counted as often as they are used

# https://yaml.org/spec/1.2.2/#103-core-schema
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_TRUTH = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# What ruamel.yaml says, and what a person can do about it. Only these words are shown: its own may quote the file.
_WORDS = (
    (r"character '\\t'", "a tab; YAML is indented with spaces"),
    (r"found character '[@`%]'", "a value cannot begin with this character; put it in quotes"),
    ("unexpected end of stream", "this quote is never closed"),
    ("mapping values are not allowed", "a ':' is not expected here; check the indentation, or quote a text with ': '"),
    ("could not find expected ':'", "a key without ':' stands here or in the line above"),
    ("expected ',' or", "a ',' or the closing bracket is missing"),
    ("expected <block end>", "the indentation does not fit the lines above"),
    ("unknown escape character", r"an unknown escape in double quotes; write \\ for a backslash, or use single quotes"),
    ("tag", "a value cannot begin with '!'; put it in quotes"),
    ("expected alphabetic or numeric", "a value that begins with '*' or '&' must stand in quotes"),
)


class _Unreadable(Exception):
    """The rest of the file cannot be read; the place and the words for it."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


def read(file: YamlFile, findings: Findings) -> Node | None:
    """Return the mapping that a file holds, or None after noting why there is none."""
    try:
        text = _text(file)
        return _Reader(file, findings).document(text)
    except _Unreadable as error:
        findings.problem(error.place, str(error))
        return None


def _text(file: YamlFile) -> str:
    """Return the text of a file: UTF-8, of a sane size, without control characters."""
    start = Place(file, 1, 1)
    if not file.path.exists():
        raise _Unreadable(start, "no such file; `newsletter init` writes one to begin with")
    if not file.path.is_file():
        raise _Unreadable(start, "not a file")
    try:
        with file.path.open("rb") as stream:
            body = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _Unreadable(start, f"cannot be read: {error.strerror}") from None
    if len(body) > MAX_BYTES:
        raise _Unreadable(start, f"larger than {MAX_BYTES // 1_000_000} MB; is it the right file?")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = body[: error.start].decode("utf-8-sig", "replace")
        raise _Unreadable(_place_after(file, before), "not UTF-8; save the file as UTF-8") from None
    if found := _CONTROL.search(text):
        code = f"U+{ord(found.group()):04X}"
        raise _Unreadable(_place_after(file, text[: found.start()]), f"a control character ({code}); remove it")
    return text


def _place_after(file: YamlFile, text: str) -> Place:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return Place(file, len(lines), len(lines[-1]) + 1)


class _Reader:
    """Builds the nodes of one file from the events of the parser."""

    def __init__(self, file: YamlFile, findings: Findings) -> None:
        self.file = file
        self.findings = findings
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.nodes = 0
        self.events: Iterator[Any] = iter(())

    def document(self, text: str) -> Node:
        """Return the one mapping of the text."""
        self.events = YAML(typ="safe", pure=True).parse(text)
        try:
            return self._only_document()
        except (MarkedYAMLError, ReaderError) as error:
            raise self._unreadable(error) from None
        except (YAMLError, ValueError, OverflowError, RecursionError):
            raise _Unreadable(Place(self.file, 1, 1), "not readable as YAML") from None

    def _only_document(self) -> Node:
        root: Node | None = None
        for event in self.events:
            if isinstance(event, DocumentStartEvent) and root:
                raise _Unreadable(self._place(event), "a second document begins here; one file holds one")
            if isinstance(event, NodeEvent):
                root = self._node(event, depth=0)
        if root is None or root.value is None:
            raise _Unreadable(Place(self.file, 1, 1), "the file is empty; `newsletter init` writes one to begin with")
        if not isinstance(root.value, dict):
            kind = "a list" if isinstance(root.value, list) else "a single value"
            raise _Unreadable(root.place, f"the file holds {kind}, not keys such as 'newsletter:' and 'subscribers:'")
        return root

    def _place(self, event: Any) -> Place:
        mark = event.start_mark
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _node(self, event: Any, *, depth: int) -> Node:
        before = self.nodes
        self._count(1, event)
        if depth > _MAX_DEPTH:
            raise _Unreadable(self._place(event), "nested too deeply")
        if isinstance(event, AliasEvent):
            return self._alias(event)
        if isinstance(event, ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.tag:
            self.findings.problem(self._place(event), "a value cannot begin with '!'; put it in quotes")
            node.broken = True
        if event.anchor:
            self.anchors[event.anchor] = (node, self.nodes - before)
        return node

    def _count(self, nodes: int, event: Any) -> None:
        self.nodes += nodes
        if self.nodes > _MAX_NODES:
            raise _Unreadable(self._place(event), "the aliases in this file unfold to more than a million values")

    def _alias(self, event: Any) -> Node:
        """Return the node of an anchor; one inside itself is not known yet, so there are no cycles."""
        if event.anchor not in self.anchors:
            message = "an alias (*) without its anchor (&) above it; a text that begins with '*' must stand in quotes"
            raise _Unreadable(self._place(event), message)
        node, size = self.anchors[event.anchor]
        self._count(size, event)
        return node

    def _scalar(self, event: Any) -> Node:
        value = resolve(event.value) if event.style is None else event.value
        return Node(self._place(event), value, event.value)

    def _sequence(self, start: Any, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(self.events), SequenceEndEvent):
            items.append(self._node(event, depth=depth + 1))
        return Node(self._place(start), items)

    def _mapping(self, start: MappingStartEvent, depth: int) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            place = self._place(event)
            if not isinstance(event, ScalarEvent):
                raise _Unreadable(place, "a key must be one word")
            value = self._node(next(self.events), depth=depth + 1)
            if event.value in keys:
                first = keys[event.value].line
                self.findings.problem(
                    place, f"{shown_key(event.value)} stands already in line {first}; keep one of them"
                )
                continue
            entries[event.value] = value
            keys[event.value] = place
        return Node(self._place(start), entries, keys=keys)

    def _unreadable(self, error: MarkedYAMLError | ReaderError) -> _Unreadable:
        said = str(getattr(error, "problem", ""))
        words = next((words for pattern, words in _WORDS if re.search(pattern, said)), "not readable as YAML")
        # A quote that is never closed is noticed at the end of the file; the slip is where it opens.
        opened = "unexpected end of stream" in said
        mark: StringMark | None = getattr(error, "context_mark" if opened else "problem_mark", None)
        return _Unreadable(Place(self.file, mark.line + 1, mark.column + 1) if mark else Place(self.file, 1, 1), words)


def resolve(plain: str) -> str | int | float | bool | None:
    """Return the value of a scalar without quotes, by the core schema of YAML 1.2: `no`, `07:30` and `2e` are text."""
    if plain in _NULL:
        return None
    if plain in _TRUTH:
        return _TRUTH[plain]
    if not plain[0].isascii() or plain[0].isalpha():
        return plain
    if _INTEGER.fullmatch(plain):
        return int(plain)
    if _FLOAT.fullmatch(plain):
        return float(plain.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return plain


def shown_key(key: str) -> str:
    """Return a key for a message: the word it begins with, because a forgotten space makes `password:…` a key."""
    found = re.match(r"[A-Za-z_][A-Za-z0-9_-]*", key)
    word = found.group()[:40] if found else ""
    if not word:
        return "this key"
    return f"key '{word}'" if word == key else f"the key that begins with '{word}'"
