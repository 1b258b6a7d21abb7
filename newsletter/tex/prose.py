"""Prose that may hold TeX: what is surely TeX becomes characters."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress

from newsletter.tex.braces import DEEPEST, Braces
from newsletter.tex.dollars import has_words, is_price
from newsletter.tex.groups import NEAR, is_wrapping
from newsletter.tex.maths import LONGEST_FORMULA, Maths, NotUnderstood, formula
from newsletter.tex.signs import (
    ACCENTS,
    DECLARATIONS,
    ESCAPES,
    FUNCTIONS,
    GAP,
    HATS,
    LETTERS,
    MANGLED,
    SHAPES,
    character,
    formula_in_chemistry,
    link,
    script,
    symbols,
    without_gaps,
)

# Every alternative begins with a plain character, so that all others are passed over quickly; none is quadratic.
_PIECE = re.compile(
    r"""h(?P<address>ttps?://[^\s{}\\$^`]+)
    |\$(?P<dollars>\$(?:[^$\\]|\\.)++\$|(?:[^$\\]|\\.)++)\$
    |\\(?P<brackets>\((?:[^\\]|\\[^()])++\\\)|\[(?:[^\\]|\\[^\][])++\\\])
    |\\(?P<command>[A-Za-z]+|.)
    |\{(?P<group>)
    |\^(?P<raised>(?=\{)|(?<=[\w)\]}]\^)(?:[-+]?\d+(?![\w.^])|[A-Za-z](?!\w)|[-+*](?!\w)))
    |_(?P<lowered>(?=\{))
    |~(?P<tie>(?<=[\w.,:;)\]}$%'”]~)(?=[^\W\d](?!\()|[\\$(\[{])|(?:(?<=\D\.~)|(?<=Figure~)|(?<=Section~)|(?<=Table~))(?=\d))
    |-(?P<dashes>--?)(?!-)
    |`(?P<quoted>(?<!``)`(?!`)|(?<![\w`]`)[^`'"]{1,80}'(?!\w))
    |'(?P<closing>')""",
    re.VERBOSE | re.DOTALL,
)
_ACCENTED = re.compile(r"\{\s*\\?[A-Za-z]\s*\}|\\[ij](?:\{\}|\s+(?=[a-z])|(?![A-Za-z]))|[A-Za-z]")
_MANGLED = re.compile(r"\{([a-z]{2,9})\}")
_DIGIT = re.compile(r"\{(\d)\}")
_DELIMITERS = re.compile(r"\\.|[{}$]", re.DOTALL)
_ESCAPED_QUOTE = re.compile(r'\\"(?:[^\\"]*\\"(?![A-Za-z{\\])|(?![A-Za-z{\\]))')
_ENVIRONMENT = re.compile(
    r"\{(?:abstract|align|center|displaymath|enumerate|equation|flushleft|itemize|math|quot(?:e|ation))\*?\}"
)
_CODE = re.compile(r"\{([^{}]{1,8})\}")
_COLOR = re.compile(r"(?:\[\w+\])?\{[\w!., -]{1,40}\}")
_OPTIONS = re.compile(r"(?:\[([^\][{}\\$]{0,80})\]){1,2}")
_VERBATIM = re.compile(r"\*?([|!+@#/\"'])([^\\]{1,80}?)\1")
_BULLETS = {"51": "✓", "52": "✔", "55": "✗", "56": "✘"} | {  # of Zapf Dingbats
    str(first + number): chr(sign + number) for first, sign in ((172, 0x2460), (182, 0x2776)) for number in range(10)
}
_OF_TWO = frozenset({"frac", "dfrac", "tfrac", "stackrel", "overset", "underset"})
_FORMULAS = HATS.keys() | _OF_TWO | {"sqrt", "xrightarrow"}
_LINKS = frozenset({"href", "hyperlink"})
# A group may be there for their sake.
_OPENERS = ACCENTS.keys() | LETTERS.keys() | DECLARATIONS | SHAPES.keys() | {"color"}


class Prose(Braces):
    """A text, read once from left to right."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.first_quote = text.find("``")
        self.formula_end = -1  # of the last formula understood

    def shown(self, at: int, end: int, depth: int = 0) -> str:
        """Return a part of the text."""
        if depth > DEEPEST:
            return self.text[at:end]
        pieces: list[str] = []
        while found := _PIECE.search(self.text, at, end):
            pieces.append(self.text[at : found.start()])
            piece, at = self._piece(found, end, depth)
            pieces.append(piece)
        pieces.append(self.text[at:end])
        return "".join(pieces)

    def _piece(self, found: re.Match[str], end: int, depth: int) -> tuple[str, int]:
        """Return what a piece shows, and where the next begins."""
        kind = found.lastgroup
        if kind == "command":
            return self._command(found, end, depth)
        if kind == "group":
            return self._group(found, end, depth)
        if kind == "dollars":
            return self._dollars(found)
        if kind == "brackets":
            return _formula(found[0][2:-2], found[0]), found.end()
        if kind in {"raised", "lowered"}:
            return self._raised_or_lowered(found, end)
        return self._sign(found), found.end()

    # ------------------------------------------------------------------ signs

    def _sign(self, found: re.Match[str]) -> str:
        source = found[0]
        if source == "~":
            return " "
        if source in {"--", "---"}:  # between words or between spaces; `--option` stays
            before, after = self._around(found)
            return "–—"[len(source) - 2] if (before.strip() == "") == (after.strip() == "") else source
        if source == "``":
            return "“"
        if source == "''":
            return "”" if -1 < self.first_quote < found.start() else source
        return f"‘{source[1:-1]}’" if source[0] == "`" else source

    def _around(self, found: re.Match[str]) -> tuple[str, str]:
        start, end = found.span()
        return self.text[max(start - 1, 0) : start], self.text[end : end + 1]

    def _dollars(self, found: re.Match[str]) -> tuple[str, int]:
        inner = found["dollars"]
        before, after = self._around(found)
        if inner.startswith("$") and has_words(inner) and "\\" not in inner:
            return "$$", found.start() + 2
        if inner.count("{") > inner.count("}") and (whole := self._with_formulas(found.start())):
            return whole
        if not inner.startswith("$") and is_price(before, inner, after):
            return "$", found.start() + 1
        shown = formula(inner.strip("$"))
        if shown is None:  # a sentence between two formulas is none
            return ("$", found.start() + 1) if has_words(inner) else (found[0], found.end())
        self.formula_end = found.end()
        return shown + " " * (inner[-1].isspace() and after.isalnum()), found.end()

    def _with_formulas(self, at: int) -> tuple[str, int] | None:
        r"""Return a formula whose text holds formulas, such as `$\text{H$_2$}$`; None if there is none."""
        end = at + 1
        while (sign := _DELIMITERS.search(self.text, end, at + LONGEST_FORMULA)) and sign[0] != "$":
            end = self.closing.get(sign.start(), -1) + 1 if sign[0] == "{" else sign.end()
            if not end or sign[0] == "}":
                return None
        shown = formula(self.text[at + 1 : sign.start()]) if sign else None
        return None if shown is None or not sign else (shown, sign.end())

    def _raised_or_lowered(self, found: re.Match[str], end: int) -> tuple[str, int]:
        sign, inner, at = found[0][0], found[0][1:], found.end()
        if inner:
            return without_gaps(script(sign, inner)), at
        inside = self.inside(at, end)
        if inside and inside[1] - inside[0] <= LONGEST_FORMULA:
            with suppress(NotUnderstood):
                inner = self.text[slice(*inside)]
                return without_gaps(script(sign, Maths(inner).shown(0, len(inner)))), inside[1] + 1
        return sign, at

    # ------------------------------------------------------------------ commands

    def _group(self, found: re.Match[str], end: int, depth: int) -> tuple[str, int]:
        r"""Return a group, without its braces if they are there for TeX: `{\bf so}`, `{\"o}`, `{DINO}`."""
        start = found.start()
        inside = self.inside(start, end)
        if not inside:
            return "{", found.end()
        shown, after = self.shown(*inside, depth + 1), inside[1] + 1
        first = _PIECE.match(self.text, self.after_spaces(*inside), inside[1])
        command = first and first["command"]
        if command in _OPENERS or (first and command and first.end() == inside[1] and "\\" not in shown):
            return shown, after
        before = "" if start == self.formula_end else self.text[max(start - NEAR, 0) : start]
        wrapping = is_wrapping(before, shown, self.text[after : after + NEAR])
        return shown if wrapping else f"{{{shown}}}", after

    def _command(self, found: re.Match[str], end: int, depth: int) -> tuple[str, int]:
        name, at = found["command"], found.end()
        if name in ACCENTS:
            return self._accent(found, end)
        known = self._fixed(name, at, end) or self._with_code(name, at) or self._with_arguments(name, at, end, depth)
        if known:
            return known
        if len(name) > 1 and (symbol := symbols().get(name)):
            bracketed = symbol[0] == "[" == self.text[found.start() - 1]  # `[\OIII]`
            return symbol[1:-1] if bracketed else symbol, self._after_empty(at)
        return self._unknown(found[0], at, end, depth)

    def _unknown(self, source: str, at: int, end: int, depth: int) -> tuple[str, int]:
        """Return a command of the author's own, with its braces."""
        pieces = [source]
        if (options := _OPTIONS.match(self.text, at, end)) and self.inside(options.end(), end):
            pieces.append(options[0])
            at = options.end()
        while inside := self.inside(at, end):
            pieces.append(f"{{{self.shown(*inside, depth + 1)}}}")
            at = inside[1] + 1
        return "".join(pieces), at

    def _fixed(self, name: str, at: int, end: int) -> tuple[str, int] | None:
        if name in ESCAPES:
            return ESCAPES[name], at
        if name in DECLARATIONS:
            return "", self.after_spaces(at, end)
        if name in LETTERS:
            after = self.after_spaces(at, end)
            return LETTERS[name], after if self.text[after : after + 1].isalpha() else self._after_empty(at)
        if name in FUNCTIONS and name != "deg":
            return f"{GAP}{name}{GAP}", self._after_empty(at)
        if name == "@":  # `i.i.d.\@ data`, `mAP\@0.5`
            return "@" if self.text[at - 3].isalnum() and self.text[at : at + 1].isalnum() else "", at
        environment = _ENVIRONMENT.match(self.text, at, end) if name in {"begin", "end"} else None
        return (" ", environment.end()) if environment else None

    def _with_code(self, name: str, at: int) -> tuple[str, int] | None:
        """Return what a command shows whose argument is no text."""
        if name in {"color", "textcolor"} and (color := _COLOR.match(self.text, at)):
            after = self.after_spaces(color.end(), len(self.text))
            return None if name == "textcolor" and self.text.startswith("{", after) else ("", after)
        if name == "verb" and (verbatim := _VERBATIM.match(self.text, at)):
            return verbatim[2], verbatim.end()
        code = _CODE.match(self.text, at) if name in {"unicode", "ding"} else None
        shown = code and (character(code[1]) if name == "unicode" else _BULLETS.get(code[1]))
        return (shown, code.end()) if code and shown else None

    def _with_arguments(self, name: str, at: int, end: int, depth: int) -> tuple[str, int] | None:
        if name in _FORMULAS:
            return self._as_formula(name, at, end)
        count, shape = SHAPES.get(name, (0, ""))
        if not count:
            return None
        options = _OPTIONS.match(self.text, at, end)
        if options and (shape == "[{0}]" or name == "footnote"):
            at = options.end()
            words = options[0][1:-1].replace("][", " ").strip()
            shape = f"[{words} {{0}}]" if words and name != "footnote" else shape
        given = self.groups(at, end, count) or (self.broken_off(at, end, count) if f"{{{count - 1}}}" in shape else [])
        if not given:
            return self._address(at, end) if name == "href" else None
        shown = [self.shown(*inside, depth + 1) for inside in given]
        if name in _LINKS:
            return link(self.text[slice(*given[0])], shown[1]), given[-1][1] + 1
        if name in {"textsuperscript", "textsubscript"}:
            shown = [without_gaps(script("^" if name == "textsuperscript" else "_", shown[0]))]
        if name in {"ce", "ch"}:
            shown = [formula_in_chemistry(shown[0])]
        return shape.format(*shown), given[-1][1] + 1

    def _address(self, at: int, end: int) -> tuple[str, int] | None:
        """Return the address of a link that has no text."""
        inside = self.inside(at, end)
        address = self.text[slice(*inside)].strip() if inside else ""
        return (address, inside[1] + 1) if inside and address.startswith("http") else None

    def _as_formula(self, name: str, at: int, end: int) -> tuple[str, int] | None:
        r"""Return what has its place in formulas, such as `\bar{1}`, if its arguments are groups."""
        given = self.groups(at, end, 2 if name in _OF_TWO else 1)
        shown = given and formula(self.text[at - len(name) - 1 : given[-1][1] + 1])
        return (shown, given[-1][1] + 1) if shown else None

    def _accent(self, found: re.Match[str], end: int) -> tuple[str, int]:
        r"""Return the letter that an accent and its argument make, such as `\'{\i}`; the source if there is none."""
        name, at = found["command"], found.end()
        if name == '"' and _ESCAPED_QUOTE.match(self.text, found.start(), end):  # JSON's escape, and no accent
            return '"', at
        if mangled := _MANGLED.match(self.text, at, end):
            return MANGLED.get(name + mangled[1], found[0] + mangled[0]), mangled.end()
        if name in {"^", "~"} and self.text.startswith("{}", at):
            return name, at + 2
        if name == "=" and (digit := _DIGIT.match(self.text, at, end)):  # `11\={2}0`: a crystal's planes
            return f"{digit[1]}\u0304", digit.end()
        letter = _ACCENTED.match(self.text, self.after_spaces(at, end), end)
        if not letter:
            return found[0], at
        composed = unicodedata.normalize("NFC", letter[0].strip("{}\\ ") + ACCENTS[name])
        return (composed, letter.end()) if len(composed) == 1 else (found[0], at)

    def _after_empty(self, at: int) -> int:
        return at + 2 if self.text.startswith("{}", at) else at


def _formula(written: str, source: str) -> str:
    shown = formula(written)
    return source if shown is None else shown
