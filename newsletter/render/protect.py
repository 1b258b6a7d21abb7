"""Jinja hidden from parsers that would damage it: includes flattened, constructs behind tokens.

A template is lexed once into pieces. MJML and the inliner then see only markup, with one alphanumeric
token for each construct, and never see data. Each piece remembers the file and line it was written on, so that every
later error can name them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

import jinja2

from newsletter.errors import TemplateError

# Alphanumeric, hence legal in a URL, an attribute, a value of CSS and a comment.
TOKEN = re.compile(r"<!--jx(\d{4})xj-->|jx(\d{4})xj")

# Attributes that may hold data: escaping is enough for some, others need their filter; MJML turns the rest into CSS.
PLAIN_ATTRIBUTES = frozenset(("alt", "aria-label", "class", "dir", "lang", "title"))
GUARDED_ATTRIBUTES = {"href": "safe_url", "src": "safe_url"} | dict.fromkeys(
    ("style", "bgcolor", "color", "background-color", "container-background-color", "border-color"), "hexcolor"
)

_LEXER = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=True)
_REFUSED_BLOCKS = frozenset({"extends", "import", "from", "block"})
NO_FILES: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a template, counted from 1."""

    template: str
    line: int


class Kind(StrEnum):
    """What a piece of a template is."""

    DATA = "data"
    EXPRESSION = "expression"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of markup, one `{{ … }}` or one `{% … %}`, and where it was written."""

    kind: Kind
    text: str
    place: Place

    @property
    def inner(self) -> str:
        """Return what stands between the delimiters of a construct."""
        return self.text[2:-2].strip()

    @property
    def keyword(self) -> str:
        """Return the first word of a block: `for`, `endif`."""
        words = self.text[2:-2].split(maxsplit=1)
        return words[0] if words else ""

    @property
    def opens(self) -> int:
        """Return 1 for a construct that opens a block, -1 for one that closes a block, else 0."""
        keyword = self.keyword if self.kind is Kind.BLOCK else ""
        if keyword in _OPENING:
            return not (keyword == "set" and "=" in self.inner)
        return -(keyword in _CLOSING)


@dataclass(frozen=True, slots=True)
class Joined:
    """Pieces as one text, which can still say where each of its lines or offsets was written."""

    text: str
    starts: tuple[int, ...]  # offset of each piece
    places: tuple[Place, ...]

    def at_offset(self, offset: int) -> Place:
        """Return where the character at `offset` was written."""
        if not self.places:
            return Place("", 0)
        index = max(bisect_right(self.starts, offset) - 1, 0)
        place = self.places[index]
        return Place(place.template, place.line + self.text.count("\n", self.starts[index], offset))

    def at_line(self, line: int) -> Place:
        """Return where line `line` of a text made by `join` was written."""
        offset = line_offset(self.text, line)
        place = self.at_offset(offset)
        index = max(bisect_right(self.starts, offset) - 1, 0)
        in_construct = self.text.startswith(("{{\n", "{%\n"), self.starts[index])
        return Place(place.template, place.line - in_construct)


def line_offset(text: str, line: int) -> int:
    """Return the offset at which line `line`, counted from 1, begins."""
    offset = 0
    for _ in range(line - 1):
        offset = text.find("\n", offset) + 1
    return offset


def flatten(
    name: str,
    sources: Mapping[str, str],
    *,
    files: Mapping[str, str] = NO_FILES,
    inside: tuple[str, ...] = (),
) -> Iterator[Piece]:
    """Yield the pieces of a template, those of each static `{% include "file" %}` in its place.

    `files` names the files that templates stand in whose names are others: errors tell these.
    """
    for piece in _pieces(files.get(name, name), sources[name]):
        keyword = piece.keyword if piece.kind is Kind.BLOCK else ""
        if keyword == "include":
            included = _included(piece, sources, inside=(*inside, name))
            yield from flatten(included, sources, files=files, inside=(*inside, name))
        elif keyword in _REFUSED_BLOCKS:
            raise _error(f'"{piece.keyword}" is not supported; use include with a file name', piece.place)
        else:
            yield piece


def join(pieces: Iterable[Piece]) -> Joined:
    """Return pieces as a template in which every construct begins a line of its own.

    The line break stands inside the delimiters, so it never shows in the output; it is what lets a line number of
    Jinja's be turned into the place where the construct was written.
    """
    written = [
        (piece.text if piece.kind is Kind.DATA else f"{piece.text[:2]}\n{piece.text[2:]}", piece.place)
        for piece in pieces
    ]
    return _joined(written)


@dataclass(frozen=True, slots=True)
class Protected:
    """Markup with a token for each construct, and the constructs in the order of their tokens."""

    markup: Joined
    constructs: tuple[Piece, ...]


def protect(pieces: Iterable[Piece]) -> Protected:
    """Return markup in which each construct is a token that survives MJML, lxml and CSS parsers."""
    state, attribute, written, constructs = "content", "", list[tuple[str, Place]](), list[Piece]()
    for piece in pieces:
        if piece.kind is Kind.DATA:
            if found := TOKEN.search(piece.text):
                line = piece.place.line + piece.text.count("\n", 0, found.start())
                raise _error("text of the form jx0000xj is reserved", Place(piece.place.template, line))
            state = advance(state, piece.text)
            opened = _OPEN_ATTRIBUTE.search(piece.text)
            attribute = opened[1].lower() if opened else attribute
            written.append((piece.text, piece.place))
        else:
            _check_context(piece, state, attribute)
            token = f"jx{len(constructs):04d}xj"
            in_content = piece.kind is Kind.BLOCK and state == "content"
            written.append((f"<!--{token}-->" if in_content else token, piece.place))
            constructs.append(piece)
    return Protected(_joined(written), tuple(constructs))


def mirror(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces with left and right changed, for a script that runs from right to left."""
    for piece in pieces:
        yield replace(piece, text=_SIDE.sub(_other_side, piece.text)) if piece.kind is Kind.DATA else piece


def restore(html: str, constructs: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Return the pieces of compiled markup, each token again the construct it stood for."""
    pieces, end, place = [], 0, Place("", 1)
    for token in TOKEN.finditer(html):
        construct = constructs[int(token[1] or token[2])]
        pieces += [Piece(Kind.DATA, html[end : token.start()], place), construct]
        end, place = token.end(), construct.place
    return (*pieces, Piece(Kind.DATA, html[end:], place))


# A side where it is one: `padding-left`, `align="right"`, `text-align: left`, `direction="ltr"`.
_SIDE = re.compile(
    r"""(?<=-)(left|right)(?=[":\s])|(?<=align=")(left|right)|(?<=align: )(left|right)|(?<=direction=")(ltr)"""
)
_OTHER = {"left": "right", "right": "left", "ltr": "rtl"}


def _other_side(found: re.Match[str]) -> str:
    return _OTHER[found[0]]


# ------------------------------------------------------------------ lexing


@lru_cache(maxsize=512)
def _pieces(name: str, source: str) -> tuple[Piece, ...]:
    """Return the pieces of one file; TemplateError for a block left open, which Jinja would tell of another file."""
    pieces, stack = tuple(_lexed(name, source)), list[Piece]()
    for piece in pieces:
        if piece.opens > 0:
            stack.append(piece)
        elif piece.opens < 0 and (not stack or stack.pop().keyword != _CLOSING[piece.keyword]):
            raise _error(f'"{piece.keyword}" closes nothing', piece.place)
    if stack:
        raise _error(f'"{stack[-1].keyword}" is never closed', stack[-1].place)
    return pieces


_OPENING = frozenset(("if", "for", "once", "set", "with", "filter", "macro", "call", "autoescape"))
_CLOSING = {f"end{keyword}": keyword for keyword in _OPENING}


def _lexed(name: str, source: str) -> Iterator[Piece]:
    """Yield the pieces of one file, comments dropped and whitespace control already applied."""
    inner, start = list[str](), 1
    try:
        for line, lexeme, value in _LEXER.lex(source, name):
            if lexeme == "data":
                yield Piece(Kind.DATA, value, Place(name, line))
            elif lexeme == "raw_begin":
                raise _error('"raw" is not supported', Place(name, line))
            elif lexeme in ("variable_begin", "block_begin"):
                inner, start = [], line
            elif lexeme == "variable_end":
                yield Piece(Kind.EXPRESSION, f"{{{{{''.join(inner)}}}}}", Place(name, start))
            elif lexeme == "block_end":
                yield Piece(Kind.BLOCK, f"{{%{''.join(inner)}%}}", Place(name, start))
            else:
                inner.append(value)
    except jinja2.TemplateSyntaxError as error:
        raise _error(error.message or "syntax error", Place(name, error.lineno)) from error


def _included(piece: Piece, sources: Mapping[str, str], *, inside: tuple[str, ...]) -> str:
    static = re.fullmatch(r"""include\s+(["'])([^"']+)\1""", piece.inner)
    if not static:
        raise _error('an include names one file in quotes: {% include "issue/paper.mjml.j2" %}', piece.place)
    if static[2] not in sources:
        raise _error(f'there is no template "{static[2]}"', piece.place)
    if static[2] in inside:
        raise _error(f'"{static[2]}" includes itself', piece.place)
    return static[2]


def _joined(written: list[tuple[str, Place]]) -> Joined:
    starts, offset = [], 0
    for text, _ in written:
        starts.append(offset)
        offset += len(text)
    return Joined("".join(text for text, _ in written), tuple(starts), tuple(place for _, place in written))


# ------------------------------------------------------------------ where in the markup a construct stands

_EXITS = {
    "content": re.compile(r"(?P<comment><!--)|(?P<style_tag><(?:mj-)?style\b)|(?P<tag><[a-z/!?])", re.IGNORECASE),
    "tag": re.compile(r"(?P<double>\")|(?P<single>')|(?P<content>>)"),
    "double": re.compile(r"(?P<tag>\")"),
    "single": re.compile(r"(?P<tag>')"),
    "comment": re.compile(r"(?P<content>-->)"),
    "style_tag": re.compile(r"(?P<style>>)"),
    "style": re.compile(r"(?P<tag></(?:mj-)?style)", re.IGNORECASE),
}
_OPEN_ATTRIBUTE = re.compile(r"""([\w:-]+)\s*=\s*(?:"[^"]*|'[^']*)$""")


def advance(state: str, markup: str) -> str:
    """Return the state after `markup`; each state names its exits, and each exit the next state."""
    position = 0
    while found := _EXITS[state].search(markup, position):
        state, position = found.lastgroup or state, found.end()
    return state


def _check_context(piece: Piece, state: str, attribute: str) -> None:
    if state in ("style", "style_tag"):
        raise _error("Jinja is not allowed in styles: escaping does not protect them", piece.place)
    if state == "tag":
        raise _error("Jinja is not allowed between attributes; write the tag twice under an if", piece.place)
    if state in ("double", "single") and piece.kind is Kind.EXPRESSION and attribute not in PLAIN_ATTRIBUTES:
        needed = GUARDED_ATTRIBUTES.get(attribute)
        if not needed:
            raise _error(f'a value is not allowed in the attribute "{attribute}"', piece.place)
        if not re.search(rf"\|\s*{needed}\s*$", piece.inner):
            raise _error(f'a value in the attribute "{attribute}" must end with "| {needed}"', piece.place)


def _error(message: str, place: Place) -> TemplateError:
    return TemplateError(message, template=place.template, line=place.line)
