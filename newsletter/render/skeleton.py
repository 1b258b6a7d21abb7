"""Jinja apart from the text around it: compiled once for its constructs, whatever stands between them.

pieces → units, texts numbered → code, kept by its constructs → the code with its texts

A template is parted into units that are compiled by themselves: each body of `{% once %}`, and runs of the outermost
level. Of a unit Jinja sees the constructs alone, and a number for each text between them; the code it makes holds that
number as bytes, which no construct can write, and the text takes its place there. So an edit of markup or CSS costs no
compiling of Jinja, one of a sentence only that of the units it stands in, and another language none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import add
from types import CodeType

import jinja2

from newsletter.errors import TemplateError
from newsletter.render.environment import Generator, environment
from newsletter.render.language import ENGLISH, language_of
from newsletter.render.once import Path, asked_of, told
from newsletter.render.protect import Joined, Kind, Piece, Place, join

# An outermost block with at least so many constructs ends a unit: fewer cost next to nothing with what is around.
_MANY = 12
_KEPT = 1024  # units, of some 10 KB; a look has some thirty

Slot = tuple[Piece, ...] | int
"""What a number in a unit stands for: the pieces of a text, or which unit is the body of a `{% once %}`."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A run of pieces that is compiled by itself: its constructs, and what their numbers stand for."""

    source: Joined
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Parted:
    """A template as units: all of them, bodies before what they stand in, and which are the outermost, in order."""

    units: tuple[Unit, ...]
    outermost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A unit compiled, its numbers still in it.

    `reads` is what it takes from outside, with the lines; `named` what each `{% once %}` names, by its number.
    """

    code: CodeType
    reads: tuple[tuple[Path, int], ...]
    named: Mapping[int, frozenset[Path]]


def part(pieces: Iterable[Piece]) -> Parted:
    """Return the pieces of a template as units; bodies that are alike, places and all, are one."""
    units: dict[Unit, int] = {}
    runs: list[list[Piece | int]] = [[]]
    escaping: list[Piece] = []  # the blocks around, which hold for a body too

    def number(run: list[Piece | int]) -> int:
        return units.setdefault(_unit(run), len(units))

    for piece in pieces:
        keyword = piece.keyword if piece.kind is Kind.BLOCK else ""
        if keyword == "once":
            runs[-1].append(piece)
            runs.append([*escaping])
        elif keyword == "endonce":
            body = runs.pop() + [Piece(Kind.BLOCK, "{% endautoescape %}", piece.place)] * len(escaping)
            runs[-1] += [number(body), piece]
        else:
            if keyword == "autoescape":
                escaping.append(piece)
            elif keyword == "endautoescape":
                escaping.pop()
            runs[-1].append(piece)
    outermost = tuple(number(run) for run in _outermost(runs[0]))
    return Parted(tuple(units), outermost)


def compiled(parted: Parted, *, autoescape: bool) -> tuple[Code, ...]:
    """Return the code of each unit; TemplateError for a mistake in its Jinja, at its place.

    A body of `{% once %}` that reads more than its tag names is one: the first reader's would be shown to all.
    """
    codes = tuple(_code_at(unit, autoescape=autoescape) for unit in parted.units)
    for unit, code in zip(parted.units, codes, strict=True):
        for number, named in code.named.items():
            body = unit.slots[number]
            if not isinstance(body, int):
                continue
            for path, line in codes[body].reads:
                if not any(path[: len(one)] == one for one in named):
                    raise _error(told(path, named), parted.units[body].source.at_line(line))
    return codes


def with_texts(code: CodeType, texts: Sequence[str | int]) -> CodeType:
    """Return the code with the text, or the number of a unit, that each of its own numbers stands for."""
    return code.replace(co_consts=tuple(_with_texts(constant, texts) for constant in code.co_consts))


def text_of(slot: Slot) -> str | int:
    """Return the text of a slot; what is the number of a unit stays one."""
    return slot if isinstance(slot, int) else "".join(piece.text for piece in slot)


def _with_texts(constant: object, texts: Sequence[str | int]) -> object:
    if isinstance(constant, bytes):
        parts = [texts[each] if isinstance(each, int) else each for each in json.loads(constant)]
        return reduce(add, parts)
    if isinstance(constant, CodeType):
        return with_texts(constant, texts)
    if isinstance(constant, tuple):
        return tuple(_with_texts(each, texts) for each in constant)
    return constant


def _outermost(pieces: Iterable[Piece | int]) -> Iterator[list[Piece | int]]:
    """Yield the runs of the outermost level, each to the end of a large block."""
    run, depth, inside = list[Piece | int](), 0, 0
    for piece in pieces:
        run.append(piece)
        if isinstance(piece, int) or piece.kind is Kind.DATA:
            continue
        depth, inside = depth + piece.opens, inside + 1
        if not depth:
            if inside >= _MANY:
                yield run
                run = []
            inside = 0
    yield run


def _unit(run: Iterable[Piece | int]) -> Unit:
    written: list[Piece] = []
    slots: list[Slot] = []
    place = Place("", 1)
    texts: list[Piece] = []

    def end_text() -> None:
        if texts:
            written.append(Piece(Kind.DATA, str(len(slots)), texts[0].place))
            slots.append(tuple(texts))
            texts.clear()

    for piece in run:
        if isinstance(piece, int):
            written.append(Piece(Kind.DATA, str(len(slots)), place))
            slots.append(piece)
        elif piece.kind is not Kind.DATA:
            end_text()
            written.append(piece)
            place = piece.place
        elif piece.text:
            texts.append(piece)
    end_text()
    return Unit(join(written), tuple(slots))


def _code_at(unit: Unit, *, autoescape: bool) -> Code:
    try:
        return code_of(unit.source.text, autoescape)
    except jinja2.TemplateSyntaxError as error:
        raise _error(error.message or "syntax error", unit.source.at_line(error.lineno)) from error
    except (jinja2.TemplateError, SyntaxError) as error:
        raise _error(str(error), unit.source.at_line(1)) from error


@lru_cache(maxsize=_KEPT)
def code_of(text: str, autoescape: bool) -> Code:  # noqa: FBT001 - the cache takes it so
    """Return the code of a unit, compiled once per process; jinja2.TemplateError or SyntaxError for a mistake."""
    # What a language writes is looked up when a template is filled, so any language's will do.
    jinja = environment(language_of(ENGLISH, {}), autoescape=autoescape)
    tree = jinja.parse(text)
    generator = Generator(jinja)
    generator.visit(tree)
    reads, named = asked_of(tree, generator.outside)
    return Code(compile(generator.written, "<template>", "exec"), reads, named)


def _error(message: str, place: Place) -> TemplateError:
    return TemplateError(message, template=place.template, line=place.line)
