"""Which line of a template wrote each line of an email.

The units of the templates (see `skeleton`) are filled with texts that know where they were written; what an expression
shows belongs to the expression. Through MJML and the inliner, a comment goes before each line of the markup. What comes
out is compared with the email itself: a place is right, or there is none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import accumulate, groupby, pairwise
from typing import Any, Literal

from newsletter.errors import TemplateError
from newsletter.render.compile import Compiled, as_template, html_of, in_short_lines, line_ends, mjml_of, styled
from newsletter.render.files import Sources
from newsletter.render.language import Language, language_of
from newsletter.render.once import BLANK_LINES, Filled, Filling
from newsletter.render.protect import TOKEN, Joined, Kind, Piece, Place, Protected, advance, flatten, protect, restore
from newsletter.render.shown import IssueView
from newsletter.render.skeleton import Slot
from newsletter.transfer import in_ascii

Part = Literal["html", "text"]
Marks = tuple[tuple[int, Place], ...]
"""From which offset on a text was written where."""


@dataclass(frozen=True, slots=True)
class Traced:
    """Which place wrote the beginning of each line of an email's parts; none at all where that is not certain."""

    html: tuple[Place, ...]
    text: tuple[Place, ...]
    marks: Mapping[Part, Marks]

    def at(self, part: Part, offset: int) -> Place | None:
        """Return what wrote the character at `offset` of a part, None where that is not certain."""
        return _at(self.marks[part], offset)


def trace(sources: Sources, code: str, *, html: tuple[str, IssueView], text: tuple[str, IssueView]) -> Traced:
    """Return what wrote an issue's parts in the language `code`: each as it is sent ("" for none), and its view."""
    language = language_of(code, sources.catalogs())
    marks: dict[Part, Marks] = {
        "html": _marks(_html(sources, language), *html),
        "text": _marks(_text(sources, language), *text),
    }
    return Traced(_of_lines(html[0], marks["html"]), _of_lines(text[0], marks["text"]), marks)


def _marks(template: Compiled, written: str, shown: IssueView) -> Marks:
    if not written:
        return ()
    filling = Tracing(template, {"issue": shown})
    text, marks = _joined(template.pieces(filling))
    if filling.in_html:
        text, marks = _in_ascii(text, marks)
    return marks if written in (text, text.rstrip() + "\n") else ()


def _of_lines(text: str, marks: Marks) -> tuple[Place, ...]:
    offsets = (0, *(found.end() for found in re.finditer("\n", text)))
    return tuple(place for offset in offsets if (place := _at(marks, offset)))


def _at(marks: Marks, offset: int) -> Place | None:
    return marks[max(bisect_right(marks, offset, key=lambda mark: mark[0]) - 1, 0)][1] if marks else None


# ------------------------------------------------------------------ filling


class Written(str):
    """A text that knows where it was written."""

    __slots__ = ("marks",)
    marks: Marks

    def __add__(self, other: str) -> Written:
        """Return this text with another behind it."""
        return _written(*_joined((self, other)))

    def __radd__(self, other: str) -> Written:
        """Return this text with another before it."""
        return _written(*_joined((other, self)))


def _written(text: str, marks: Marks) -> Written:
    made = Written(text)
    made.marks = marks
    return made


def _joined(texts: Iterable[str]) -> tuple[str, Marks]:
    whole, marks, end = list[str](), list[tuple[int, Place]](), 0
    for text in texts:
        if isinstance(text, Written):
            marks += [(end + offset, place) for offset, place in text.marks]
        whole.append(text)
        end += len(text)
    return "".join(whole), tuple(marks)


class Tracing(Filling):
    """A filling, from the start, whose every piece knows where it was written."""

    def __init__(self, template: Compiled, values: dict[str, Any]) -> None:
        super().__init__(Filled(), template.templates, values)
        self._units = template.parted.units
        self._kept: dict[int, tuple[str, Written]] = {}  # by the id of what is in `filled`

    def texts(self, number: int) -> Iterator[str]:
        """Yield what one of the templates writes."""
        template, generator = self.templates[number], super().texts(number)
        for text in generator:
            if isinstance(text, Written):
                yield text
            elif id(text) in self._kept:
                yield self._kept[id(text)][1]
            else:
                line = template.get_corresponding_lineno(generator.gi_frame.f_lineno)  # type: ignore[attr-defined]
                yield _written(text, ((0, self._units[number].source.at_line(line)),))

    def keep(self, key: tuple[Any, ...], texts: Iterable[str]) -> str:
        """Return a part that is filled once, and remember where each of its pieces was written."""
        text, marks = _joined(texts)
        part = super().keep(key, (text,))
        if self.in_html:
            marks = _on_own_lines(text, marks)
        self._kept[id(part)] = (part, _written(part, marks))
        return part


def _in_ascii(text: str, marks: Marks) -> tuple[str, Marks]:
    """Return HTML as it is sent, and its marks there."""
    offsets = [offset for offset, _ in marks]
    parts = [in_ascii(text[start:end]) for start, end in pairwise((0, *offsets, len(text)))]
    ends = accumulate(map(len, parts[:-1]))
    return "".join(parts), tuple((end, place) for end, (_, place) in zip(ends, marks, strict=True))


def _on_own_lines(text: str, marks: Marks) -> Marks:
    """Return the marks of a part of HTML on lines of its own, where a run of blanks became one line end."""
    ends, starts, less = list[int](), list[int](), [0]
    for blanks in BLANK_LINES.finditer(f"\n{text}\n"):
        starts.append(blanks.start())
        ends.append(blanks.end())
        less.append(less[-1] + len(blanks[0]) - 1)

    def moved(offset: int) -> int:
        index = bisect_right(ends, offset)
        inside = index < len(starts) and starts[index] < offset
        return (starts[index] + 1 if inside else offset) - less[index]

    return tuple((moved(offset + 1), place) for offset, place in marks)


# ------------------------------------------------------------------ templates whose texts know their places


@lru_cache(maxsize=8)
def _text(sources: Sources, language: Language) -> Compiled:
    pieces = flatten("issue/issue.txt.j2", sources.by_name(), files=sources.own_files())
    return as_template("issue/issue.txt.j2", _lines(pieces), language, autoescape=False, show=_shown)


@lru_cache(maxsize=8)
def _html(sources: Sources, language: Language) -> Compiled:
    plain = html_of(sources, "issue", language.direction)
    pieces, css = mjml_of(sources, "issue", language.direction)
    protected = protect(pieces)
    markup, places = _marked(protected)
    constructs = (*protected.constructs, *(Piece(Kind.DATA, "", place) for place in places))
    try:
        marked = tuple(_as_sent(restore(styled(markup, css), constructs), pieces[0].place))
    except TemplateError:
        marked = plain
    same = [each for each in _texts(marked) if each[1]] == [each for each in _texts(plain) if each[1]]
    return as_template("issue/issue.mjml.j2", marked if same else plain, language, autoescape=True, show=_shown)


def _shown(slot: Slot) -> str | int:
    if isinstance(slot, int):
        return slot
    return _written(*_joined(_written(piece.text, ((0, piece.place),)) for piece in slot))


def _lines(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Yield the pieces, each line of a text as one of its own."""
    for piece in pieces:
        if piece.kind is not Kind.DATA:
            yield piece
            continue
        for number, line in enumerate(re.findall(r"[^\n]*\n|[^\n]+", piece.text)):
            yield Piece(Kind.DATA, line, Place(piece.place.template, piece.place.line + number))


def _marked(protected: Protected) -> tuple[Joined, tuple[Place, ...]]:
    """Return the markup with a comment before each line of the body, a token as those of constructs, and their places.

    What stands on the line of a construct has none, nor what stands inside a tag: it belongs to what is before it.
    """
    markup, last = protected.markup, Place("", 0)
    state, inside, texts, places = "content", False, list[str](), list[Place]()
    for start, end, place in zip(markup.starts, (*markup.starts[1:], len(markup.text)), markup.places, strict=True):
        if TOKEN.match(markup.text, start, end):
            texts.append(markup.text[start:end])
            last = place
            continue
        for number, line in enumerate(re.finditer(r"([ \t]*)([^\n]*\n?)", markup.text[start:end])):
            indent, rest = line.groups()
            here, token = Place(place.template, place.line + number), len(protected.constructs) + len(places)
            inside = inside and not rest.startswith(("</mj-body", "</mjml"))
            if inside and state == "content" and here != last and rest.strip() and token < _TOKENS:
                texts.append(f"{indent}<!--jx{token:04d}xj-->{rest}")
                places.append(here)
            else:
                texts.append(line[0])
            state, inside, last = advance(state, line[0]), inside or rest.startswith("<mj-body"), here
    return Joined("".join(texts), (0,), (Place("", 1),)), tuple(places)


_TOKENS = 10_000  # a token has four digits


def _as_sent(pieces: Iterable[Piece], start: Place) -> Iterator[Piece]:
    """Yield the pieces of HTML with line ends as they are sent; each text in as many pieces as it has places."""
    for is_text, group in groupby(pieces, lambda piece: piece.kind is Kind.DATA):
        parts = list(group)
        if not is_text:
            yield from parts
            continue
        whole = replace(parts[0], text="".join(part.text for part in parts))
        (sent,) = in_short_lines((whole,))
        added = [end.start() for end in line_ends(whole.text) if not end[0]]
        begin, ends = 0, list[int]()
        for part in parts:
            begin += len(part.text)
            ends.append(begin + bisect_right(added, begin))
        for part, start_, end in zip(parts, (0, *ends), (*ends[:-1], len(sent.text)), strict=False):
            yield Piece(Kind.DATA, sent.text[start_:end], part.place if part.place.template else start)


def _texts(pieces: Iterable[Piece]) -> Iterator[tuple[bool, str]]:
    """Yield the pieces as they read, texts that stand together as one."""
    for is_text, group in groupby(pieces, lambda piece: piece.kind is Kind.DATA):
        if is_text:
            yield True, "".join(piece.text for piece in group)
        else:
            yield from ((False, piece.text) for piece in group)
