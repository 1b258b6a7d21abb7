"""Prose that may hold TeX: what is surely TeX becomes characters."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress

from newsletter.tex.braces import DEEPEST, Braces
from newsletter.tex.maths import LONGEST_FORMULA, Maths, NotUnderstood, formula
from newsletter.tex.signs import ACCENTS, DECLARATIONS, ESCAPES, LETTERS, SHAPES, script, symbols, without_gaps

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
_ESCAPED_QUOTE = re.compile(r'\\"(?:[^\\"]*\\"(?![A-Za-z{\\])|(?![A-Za-z{\\]))')
_ENVIRONMENT = re.compile(
    r"\{(?:abstract|align|center|displaymath|enumerate|equation|flushleft|itemize|math|quot(?:e|ation))\*?\}"
)
_WORDS = re.compile(
    r"[a-z]{3,} [a-z]{2,}|\d[kKMB]? (?:and|billion|each|for|in|million|of|or|per|plus|to|trillion|USD|versus|vs)\b"
)
_OPENERS = ACCENTS.keys() | LETTERS.keys() | DECLARATIONS | SHAPES.keys()  # a group may be there for their sake


class Prose(Braces):
    """A text, read once from left to right."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.first_quote = text.find("``")

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
        if inner.startswith("$") and _WORDS.search(inner) and "\\" not in inner:
            return "$$", found.start() + 2
        if not inner.startswith("$") and _is_price(before, inner, after):
            return "$", found.start() + 1
        return _formula(inner.strip("$"), found[0]), found.end()

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
        r"""Return a group without its braces if it is there for its first command: `{\bf so}`, `{\"o}`."""
        if inside := self.inside(found.start(), end):
            first = _PIECE.match(self.text, self.after_spaces(*inside), inside[1])
            if first and first["command"] in _OPENERS:
                return self.shown(*inside, depth + 1), inside[1] + 1
        return "{", found.end()

    def _command(self, found: re.Match[str], end: int, depth: int) -> tuple[str, int]:
        name, at = found["command"], found.end()
        if name in ACCENTS:
            return self._accent(found, end)
        if known := self._fixed(name, at, end) or self._with_arguments(name, at, end, depth):
            return known
        if len(name) > 1 and (symbol := symbols().get(name)):
            return symbol, self._after_empty(at)
        if inside := self.inside(at, end):  # a command of the author's own keeps its braces
            return f"\\{name}{{{self.shown(*inside, depth + 1)}}}", inside[1] + 1
        return found[0], at

    def _fixed(self, name: str, at: int, end: int) -> tuple[str, int] | None:
        if name in ESCAPES:
            return ESCAPES[name], at
        if name in DECLARATIONS:
            return "", self.after_spaces(at, end)
        if name in LETTERS:
            after = self.after_spaces(at, end)
            return LETTERS[name], after if self.text[after : after + 1].isalpha() else self._after_empty(at)
        environment = _ENVIRONMENT.match(self.text, at, end) if name in {"begin", "end"} else None
        return (" ", environment.end()) if environment else None

    def _with_arguments(self, name: str, at: int, end: int, depth: int) -> tuple[str, int] | None:
        count, shape = SHAPES.get(name, (0, ""))
        given = self._groups(at, end, count)
        if not given:
            return None
        shown = [self.shown(*inside, depth + 1) for inside in given]
        if name == "href":
            address = self.text[slice(*given[0])].replace("\\", "")
            shape = "{1}" if re.search(r"[./]\w", shown[1]) or not address.startswith("http") else f"{{1}} ({address})"
        if name in {"textsuperscript", "textsubscript"}:
            shown = [without_gaps(script("^" if name == "textsuperscript" else "_", shown[0]))]
        return shape.format(*shown), given[-1][1] + 1

    def _accent(self, found: re.Match[str], end: int) -> tuple[str, int]:
        r"""Return the letter that an accent and its argument make, such as `\'{\i}`; the source if there is none."""
        name, at = found["command"], found.end()
        if name == '"' and _ESCAPED_QUOTE.match(self.text, found.start(), end):  # JSON's escape, and no accent
            return '"', at
        letter = _ACCENTED.match(self.text, self.after_spaces(at, end), end)
        if not letter:
            return found[0], at
        composed = unicodedata.normalize("NFC", letter[0].strip("{}\\ ") + ACCENTS[name])
        return (composed, letter.end()) if len(composed) == 1 else (found[0], at)

    def _groups(self, at: int, end: int, count: int) -> list[tuple[int, int]]:
        """Return the insides of that many groups in a row, or nothing."""
        found: list[tuple[int, int]] = []
        for _ in range(count):
            inside = self.inside(self.after_spaces(at, end), end)
            if not inside:
                return []
            found.append(inside)
            at = inside[1] + 1
        return found

    def _after_empty(self, at: int) -> int:
        return at + 2 if self.text.startswith("{}", at) else at


def _formula(written: str, source: str) -> str:
    shown = formula(written)
    return source if shown is None else shown


def _is_price(before: str, inner: str, after: str) -> bool:
    """Return whether the first of two `$` is money or a variable: `$5 and $10`, `US$5 or US$ 6`, `$HOME and $PATH`."""
    if inner[0].isdigit() and after.isdigit():
        return True
    if re.search(r"\\[A-Za-z({|]", inner):
        return False
    if inner[-1].isspace() and (not inner[0].isspace() or before.isalpha()):
        return True
    if re.search(r"[\^_=<>\\]", inner):
        return False
    if before.isupper() and inner.lstrip()[:1].isdigit() and not inner[-1].isdigit():
        return True
    return bool(_WORDS.search(inner))
