"""What a reader does not want: which papers an exclusion covers.

Exclusions are exact, but for those by example, which cover what is very like it: nobody loses a paper because it is
somewhat alike. The words of a phrase must stand side by side, all of them, whether with hyphens or blanks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from newsletter.match.exact import rows_with
from newsletter.match.reading import Reading
from newsletter.match.tastes import NO_TASTES, Tastes, refused_like
from newsletter.models import Interest, InterestKind
from newsletter.spelling import all_usual
from newsletter.words import stem, words

_NAMED = frozenset((InterestKind.AUTHOR, InterestKind.CATEGORY, InterestKind.VENUE))


def excluded(
    exclusions: Iterable[Interest], reading: Reading, *, tastes: Tastes = NO_TASTES
) -> dict[Interest, frozenset[str]]:
    """Return for each distinct exclusion the ids of the papers it covers."""
    distinct = list(dict.fromkeys(exclusions))
    covered = refused_like((rule for rule in distinct if rule.kind is InterestKind.PAPER), reading, tastes)
    written = _Written(reading)
    for rule in distinct:
        if rule.kind in _NAMED:
            covered[rule] = frozenset(reading.papers[row].id for row in rows_with(rule, reading))
        elif rule.kind is InterestKind.PHRASE:
            rows = {row for phrase in rule.phrases for row in written.holding(phrase)}
            covered[rule] = frozenset(reading.papers[row].id for row in rows)
    return covered


class _Written:
    """The words of papers in order, put down when they are first asked for."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._texts: dict[int, tuple[str, str]] = {}

    def holding(self, phrase: str) -> list[int]:
        """Return the rows of the papers that have the words of `phrase` side by side in title or abstract.

        None where the phrase has no word of two letters or more: one letter says too little to hide anything.
        """
        asked = plain(phrase)
        if not any(len(word) > 1 for word in asked.split()):
            return []
        return [row for row in self._candidates(asked.split()) if any(asked in text for text in self._text(row))]

    def _candidates(self, asked: Sequence[str]) -> list[int]:
        """Return the papers that hold the rarest word of a phrase that the index knows, else all."""
        lexical = self._reading.lexical
        holders = [rows for word in asked if (rows := lexical.held_by(word)) is not None]
        return min(holders, key=len) if holders else list(range(len(self._reading.papers)))

    def _text(self, row: int) -> tuple[str, str]:
        if row not in self._texts:
            paper = self._reading.papers[row]
            self._texts[row] = plain(paper.title), plain(paper.abstract)
        return self._texts[row]


def plain(text: str) -> str:
    """Return the words of `text` as stems with a blank around each; hyphens part them, and none is left out."""
    return f" {' '.join(map(stem, all_usual(words(text))))} "
