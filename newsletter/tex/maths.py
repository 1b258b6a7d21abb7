"""Formulas as one line of characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

from newsletter.tex.braces import DEEPEST, Braces
from newsletter.tex.signs import (
    DECLARATIONS,
    ESCAPES,
    FUNCTIONS,
    GAP,
    HATS,
    IN_MATHS,
    LETTERS,
    MANGLED,
    SHAPES,
    SMALL,
    character,
    formula_in_chemistry,
    link,
    script,
    symbols,
    without_gaps,
)

LONGEST_FORMULA = 300  # characters: longer ones would be no easier to read

_ATOM = re.compile(
    r"\\(?P<command>[A-Za-z]+|.)|(?P<group>\{)|(?P<script>[\^_])|(?P<space>[\s~&]+)|(?P<plain>[^\\{}^_\s~&]+)",
    re.DOTALL,
)
_SPACES = re.compile(r"(?:[\s~]|\\[,;:! ])*")
_NEGATIVE = re.compile(r"-\d+")
_DEGREE = re.compile(r"\s*\[([34n])\]")
_AFTER_FRACTION = re.compile(r"[\s)\]},.;:=<>+|-]|\\(?:[,;:! |)]|right|[bB]ig)|\Z")
_BLACKBOARD = str.maketrans("CHNPQRZ", "ℂℍℕℙℚℝℤ")  # the other letters are in few fonts
_MANGLED = re.compile(r"\{([a-z]{2,9})\}")
_RING = re.compile(r"\s*\{\s*([Aa])\s*\}")
_OVER = re.compile(r"\s*\{\s*([<>])\s*\}\s*(?:\{_\{\s*\\sim\s*\}\}|\{_?\s*\\sim\s*\})")


class NotUnderstood(Exception):
    """A formula holds what is not known here."""


@lru_cache(maxsize=4096)
def formula(written: str) -> str | None:
    """Return a formula, without what encloses it, as characters; None if it is too long or not understood."""
    if len(written) > LONGEST_FORMULA:
        return None
    written = written.strip()
    try:
        return without_gaps(Maths(written).shown(0, len(written)))
    except NotUnderstood:
        return None


class Maths(Braces):
    """A formula, read once from left to right; every method raises NotUnderstood for what is not known."""

    def shown(self, at: int, end: int, depth: int = 0) -> str:
        """Return a part of the formula, with gaps."""
        if depth > DEEPEST:
            raise NotUnderstood
        line = ""
        while at < end:
            atom = _ATOM.match(self.text, at, end)
            if not atom:
                raise NotUnderstood
            piece, at = self._atom(atom, line, end, depth)
            line += piece
        return line

    def _atom(self, atom: re.Match[str], line: str, end: int, depth: int) -> tuple[str, int]:
        """Return what an atom shows after `line`, and where the next begins."""
        if atom["command"]:
            return self._command(atom["command"], line, atom.end(), end, depth)
        if atom["script"]:
            inner, at = self._argument(atom.end(), end, depth)
            if without_gaps(inner) == "deg" and line[-1:].isdigit():
                return "°", at
            return script(atom["script"], inner), at
        if self.text.startswith(r"{\deg}", atom.start(), end):
            return "°", atom.end() + 5
        if atom["group"]:
            return self._argument(atom.start(), end, depth)
        plain = atom["plain"] or " "
        if depth:
            plain = plain.replace("$", "")  # `\text{H$_2$}` is maths in text in maths
        return plain.replace("--", "–"), atom.end()

    def _command(self, name: str, line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        if name in DECLARATIONS:
            at = self.after_spaces(at, end)
            return "", at + (name in {"left", "right"} and self.text.startswith(".", at, end))
        special = self._SPECIAL.get(name)
        if special:
            return special(self, line, at, end, depth)
        if name in HATS:
            return self._under_hat(name, at, end, depth)
        if name in SHAPES:
            return self._shaped(name, at, end, depth)
        mangled = _MANGLED.match(self.text, at, end)
        if mangled and name + mangled[1] in MANGLED:
            return MANGLED[name + mangled[1]], mangled.end()
        return self._symbol(name, line, at, end)

    def _symbol(self, name: str, line: str, at: int, end: int) -> tuple[str, int]:
        if name in ESCAPES:
            return ESCAPES[name], at
        if name == "deg" and line.rstrip()[-1:].isdigit() and not self.text.startswith("^", at, end):  # not `9 \deg^2`
            return "°", at
        if name in FUNCTIONS:
            return f"{GAP}{name}{GAP}", at
        symbol = "‖" if name == "|" else IN_MATHS.get(name) or LETTERS.get(name) or symbols().get(name)
        if not symbol:
            raise NotUnderstood
        closed_up = not line.endswith(" ") and unicodedata.category(symbol[0]) == "Sm"  # `\sim 10`, `5\times 3`
        spaces = _SPACES.match(self.text, at, end) if closed_up else None
        return symbol, spaces.end() if spaces else at

    def _under_hat(self, name: str, at: int, end: int, depth: int) -> tuple[str, int]:
        inner, at = self._argument(at, end, depth)
        inner = inner.strip()
        return (unicodedata.normalize("NFC", inner + HATS[name]) if len(inner) == 1 else inner), at

    def _shaped(self, name: str, at: int, end: int, depth: int) -> tuple[str, int]:
        count, shape = SHAPES[name]
        at += name in {"operatorname", "hspace", "vspace"} and self.text.startswith("*", at, end)
        given: list[str] = []
        for _ in range(count):
            inner, at = self._argument(at, end, depth)
            given.append(inner.translate(_BLACKBOARD) if name == "mathbb" else inner)
        shown = shape.format(*given)
        if name in {"ce", "ch"}:
            shown = formula_in_chemistry(shown)
        return (f"{GAP}{shown}{GAP}" if name == "operatorname" else shown), at

    def _fraction(self, line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        above, at = self._argument(at, end, depth)
        below, at = self._argument(at, end, depth)
        shown = f"{_in_brackets(above)}/{_in_brackets(below, short=True)}"
        alone = not line[-1:].isalnum() and _AFTER_FRACTION.match(self.text, at, end)
        return (shown if alone else f"({shown})"), at

    def _root(self, _line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        sign = "√"
        if degree := _DEGREE.match(self.text, at, end):
            sign, at = {"3": "∛", "4": "∜", "n": "ⁿ√"}[degree[1]], degree.end()
        inner, at = self._argument(at, end, depth)
        return f"{sign}{_in_brackets(inner)}{GAP}", at

    def _link(self, _line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        address, at = self._raw(at, end)
        shown, at = self._argument(at, end, depth)
        return link(address, shown), at

    def _address(self, _line: str, at: int, end: int, _depth: int) -> tuple[str, int]:
        return self._raw(at, end)

    def _character(self, _line: str, at: int, end: int, _depth: int) -> tuple[str, int]:
        code, at = self._raw(at, end)
        shown = character(code)
        if not shown:
            raise NotUnderstood
        return shown, at

    def _ring(self, line: str, at: int, end: int, _depth: int) -> tuple[str, int]:
        if letter := _RING.match(self.text, at, end):
            return {"a": "å", "A": "Å"}[letter[1]], letter.end()
        if self.text.startswith("{ho}", at):
            return MANGLED["rho"], at + 4
        return self._symbol("r", line, at, end)

    def _over(self, _line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        r"""Return the signs that `\stackrel` and `\overset` put over one another, as one behind the other."""
        if known := _OVER.match(self.text, at, end):
            return {"<": "≲", ">": "≳"}[known[1]], known.end()
        above, at = self._argument(at, end, depth)
        below, at = self._argument(at, end, depth)
        return f"{below}{script('^', above)}", at

    def _under(self, _line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        below, at = self._argument(at, end, depth)
        above, at = self._argument(at, end, depth)
        return f"{above}{script('_', below)}", at

    def _arrow(self, _line: str, at: int, end: int, depth: int) -> tuple[str, int]:
        above, at = self._argument(at, end, depth)
        return f"→{script('^', above) if above.strip() else ''}", at

    def _raw(self, at: int, end: int) -> tuple[str, int]:
        """Return a group as it is written."""
        inside = self.inside(self.after_spaces(at, end), end)
        if not inside:
            raise NotUnderstood
        return self.text[slice(*inside)], inside[1] + 1

    def _argument(self, at: int, end: int, depth: int) -> tuple[str, int]:
        """Return the next argument: a group, a command with arguments of its own, or one character."""
        at = self.after_spaces(at, end)
        if inside := self.inside(at, end):
            return self.shown(*inside, depth + 1), inside[1] + 1
        atom = _ATOM.match(self.text, at, end)
        if depth <= DEEPEST and atom and atom["command"]:
            return self._command(atom["command"], " ", atom.end(), end, depth + 1)
        if not atom or not atom["plain"]:
            raise NotUnderstood
        negative = _NEGATIVE.match(self.text, at, end)  # `10^-3`: strictly only the minus would be raised
        return (negative[0], negative.end()) if negative else (self.text[at], at + 1)

    _SPECIAL: ClassVar[dict[str, Callable[[Maths, str, int, int, int], tuple[str, int]]]] = {
        **dict.fromkeys(("frac", "dfrac", "tfrac", "nicefrac", "sfrac"), _fraction),
        **dict.fromkeys(("stackrel", "overset"), _over),
        **dict.fromkeys(("url", "nolinkurl", "path"), _address),
        "sqrt": _root,
        "href": _link,
        "unicode": _character,
        "r": _ring,
        "underset": _under,
        "xrightarrow": _arrow,
    }


def _in_brackets(term: str, *, short: bool = False) -> str:
    """Return a term in round brackets unless it is one word or number; a `short` one has two letters at most."""
    term = without_gaps(term).strip()
    return term if re.fullmatch(_SHORT if short else r"\w+|\d+\.\d+|\([^()]*\)", term) else f"({term})"


_SHORT = rf"\d+(?:\.\d+)?|[^\W\d_]{{1,2}}(?:{SMALL}|_\w+)*|\([^()]*\)"  # `1/2n` would be read as half of n
