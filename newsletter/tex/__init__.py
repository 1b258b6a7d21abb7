r"""TeX in titles, abstracts and names, as characters people can read.

    text ── prose ──► accents, quotes, dashes, fonts, links          G{\"o}del's \emph{proof}    Gödel's proof
              └ $…$ ── maths ──► symbols, scripts, fractions, roots  $O(n^{2}\log n)$            O(n² log n)

Whoever writes TeX means what TeX would typeset; a text without TeX may hold any of its signs: prices, paths, options,
markers. Hence the one rule: what is not surely understood stays as it was written, and a formula is understood as a
whole or not at all. `dollars` and `groups` tell prices and sets from TeX. `signs` holds what names mean; it takes the
tables of unicodeit and pylatexenc and not their converters: the one reads 4,000 names per call, the other takes `%` for
a comment and drops what it does not know.
"""

from __future__ import annotations

from newsletter.tex.prose import Prose
from newsletter.tex.signs import without_gaps
from newsletter.text import clean

_TRACES = ("\\", "$", "^", "~", "--", "`", "{")
_MOST_ROUNDS = 4  # of reading a result again, where one sign taken away lets the next be read


def readable(text: str) -> str:
    """Return clean `text` with its TeX as characters, as one clean line; what is no TeX or unknown stays as it is.

    arXiv keeps its metadata in ASCII and TeX: https://info.arxiv.org/help/prep.html
    """
    rounds = 1 if "\\" in text else _MOST_ROUNDS  # an escaped sign, once read, is no TeX any more
    for _ in range(rounds):
        if not any(trace in text for trace in _TRACES):
            break
        shown = clean(without_gaps(Prose(text).shown(0, len(text))))
        if shown == text:
            break
        text = shown
    return text
