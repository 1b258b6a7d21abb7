"""A message taken apart without losing a byte: header fields with their lines, parts with what they weigh.

By hand and not by `email.parser`, which rewrites what it reads (folds, line ends, bytes beyond ASCII) and raises on
some of it. Nothing here raises: what is broken is told in `Reading.broken`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from newsletter.checks.words import characters

_DEEPEST = 8  # levels of multipart; ours are two

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_HEAD_END = re.compile(rb"(?:\A|\r\n|(?<!\r)\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))")
_PARAMETER = re.compile(r';\s*([!-:<>-~]{1,80})=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')
_FOLD = re.compile(r"\r\n(?=[ \t])|\r(?=[ \t])|\n(?=[ \t])")


@dataclass(frozen=True, slots=True)
class Field:
    """A header field: `raw` is its value with its folds, octets beyond ASCII as Latin-1; `line` counts from 1."""

    name: str
    raw: str
    line: int

    @property
    def value(self) -> str:
        """Return the value on one line (RFC 5322 §2.2.3)."""
        return _FOLD.sub("", self.raw).strip(" \t\r\n")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that holds no other parts; `body` is as it travels, `data` decoded, `text` as characters.

    `wrong` says what could not be decoded. `inside` are the media types of the parts around it, outermost first.
    """

    media_type: str
    parameters: dict[str, str]
    encoding: str
    content_id: str
    inside: tuple[str, ...]
    body: bytes = field(repr=False)
    data: bytes = field(repr=False)
    text: str = field(repr=False)
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A message taken apart. Made by `read`.

    `head` is the raw header; `strays` are its lines that are no field, with their numbers; `shape` the tree of media
    types, such as `multipart/alternative(text/plain, text/html)`.
    """

    message: bytes = field(repr=False)
    head: bytes = field(repr=False)
    fields: tuple[Field, ...]
    strays: tuple[tuple[int, str], ...]
    leaves: tuple[Leaf, ...]
    shape: str
    broken: tuple[str, ...]

    @property
    def html(self) -> Leaf | None:
        """Return the HTML part."""
        return next((leaf for leaf in self.leaves if leaf.media_type == "text/html"), None)

    @property
    def text(self) -> Leaf | None:
        """Return the text part."""
        return next((leaf for leaf in self.leaves if leaf.media_type == "text/plain"), None)

    @property
    def pictures(self) -> tuple[Leaf, ...]:
        """Return the parts that are neither."""
        return tuple(leaf for leaf in self.leaves if leaf.media_type not in {"text/html", "text/plain"})

    def named(self, name: str) -> tuple[Field, ...]:
        """Return the fields of a name, whatever its case."""
        return tuple(one for one in self.fields if one.name.lower() == name.lower())

    def value(self, name: str) -> str:
        """Return the value of the first field of a name, "" without one."""
        return next((one.value for one in self.named(name)), "")


def read(message: bytes) -> Reading:
    """Return `message` taken apart, whatever it is."""
    head, body = _parted(message)
    fields, strays = _fields(head)
    leaves: list[Leaf] = []
    broken: list[str] = []
    shape = _walk(fields, body, (), leaves, broken)
    return Reading(message, head, tuple(fields), tuple(strays), tuple(leaves), shape, tuple(broken))


def _parted(entity: bytes) -> tuple[bytes, bytes]:
    found = _HEAD_END.search(entity)
    return (entity[: found.start()], entity[found.end() :]) if found else (entity, b"")


def _fields(head: bytes) -> tuple[list[Field], list[tuple[int, str]]]:
    fields: list[Field] = []
    strays: list[tuple[int, str]] = []
    for number, line in _logical_lines(head):
        found = _FIELD.fullmatch(line)
        if found:
            fields.append(Field(found[1].decode("ascii"), found[2].decode("latin-1"), number))
        else:
            strays.append((number, line.decode("latin-1")))
    return fields, strays


def _logical_lines(head: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each field with its folds, and the number of its first line."""
    start, begun, number = 0, 1, 1
    for found in _LINE_END.finditer(head):
        number += 1
        if head[found.end() : found.end() + 1] not in {b" ", b"\t"}:
            yield begun, head[start : found.start()]
            start, begun = found.end(), number
    if start < len(head):
        yield begun, head[start:]


def _walk(fields: list[Field], body: bytes, inside: tuple[str, ...], leaves: list[Leaf], broken: list[str]) -> str:
    """Add the leaves of a part to `leaves`, and return its shape."""
    values = {one.name.lower(): one.value for one in reversed(fields)}
    media_type, parameters = _content_type(values.get("content-type", ""))
    if not media_type.startswith("multipart/"):
        leaves.append(_leaf(values, media_type, parameters, inside, body))
        return media_type
    boundary = parameters.get("boundary", "")
    if not boundary or len(inside) >= _DEEPEST:
        broken.append(f"{media_type} without a boundary" if not boundary else "parts nested too deeply")
        return media_type
    parts, closed = _parts(body, boundary)
    if not parts or not closed:
        broken.append(f"{media_type} has no parts" if not parts else f"the last boundary of {media_type} is missing")
    shapes = []
    for part in parts:
        head, content = _parted(part)
        shapes.append(_walk(_fields(head)[0], content, (*inside, media_type), leaves, broken))
    return f"{media_type}({', '.join(shapes)})"


def _parts(body: bytes, boundary: str) -> tuple[list[bytes], bool]:
    """Return what stands between the boundary lines, and whether the last of them closes."""
    mark = re.escape(boundary.encode("latin-1", "replace"))
    parts: list[bytes] = []
    start = -1
    for found in re.finditer(rb"(?:\A|\r\n|\n)--" + mark + rb"(--)?[ \t]*(?=\r\n|\n|\Z)", body):
        if start >= 0:
            parts.append(body[start : max(start, found.start())])
        if found[1]:
            return parts, True
        start = found.end()
        start += 2 if body[start : start + 2] == b"\r\n" else 1
    if 0 <= start < len(body):
        parts.append(body[start:])
    return parts, False


def _content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return a media type and its parameters (RFC 2045 §5.1); text/plain for none (§5.2)."""
    media_type = value.partition(";")[0].strip().lower() or "text/plain"
    found = _PARAMETER.findall(value)
    return media_type, {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else token for name, quoted, token in found
    }


def _leaf(
    values: dict[str, str], media_type: str, parameters: dict[str, str], inside: tuple[str, ...], body: bytes
) -> Leaf:
    encoding = values.get("content-transfer-encoding", "").strip().lower()
    data, wrong = _decoded(body, encoding)
    text = ""
    if media_type.startswith("text/"):
        text, badly = _characters(data, parameters.get("charset", "us-ascii"))
        wrong = wrong or badly
    content_id = values.get("content-id", "").strip().removeprefix("<").removesuffix(">")
    return Leaf(media_type, parameters, encoding, content_id, inside, body, data, text, wrong)


def _decoded(body: bytes, encoding: str) -> tuple[bytes, str]:
    if encoding == "quoted-printable":
        bad = re.search(rb"=(?![0-9A-Fa-f]{2}|[ \t]*(?:\r?\n|\Z))", body)
        return binascii.a2b_qp(body), "a = that is no escape" if bad else ""
    if encoding == "base64":
        try:
            return binascii.a2b_base64(body), ""
        except binascii.Error as problem:
            return b"", f"base64 is damaged ({problem})"
    return body, ""


def _characters(data: bytes, charset: str) -> tuple[str, str]:
    try:
        text = characters(data, charset)
    except ValueError:
        text = data.decode("utf-8", "replace")
        return _newlines(text), f"its bytes are not {charset[:40]}"
    return _newlines(text), ""


def _newlines(text: str) -> str:
    # Decoders such as UTF-7's can give lone surrogates, which nothing can encode again.
    return text.encode("utf-8", "replace").decode().replace("\r\n", "\n")
