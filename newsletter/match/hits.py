"""Who asked for what: every interest's verdict on every paper that it lets through, in two long arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from newsletter.match.exact import reason_of
from newsletter.match.lexical import Rows
from newsletter.match.phrases import CLOSENESS_WEIGHT, PASSES, Phrases, measure
from newsletter.match.reading import Reading
from newsletter.match.reasons import by_phrase
from newsletter.match.tastes import BY_LIKENESS, NO_TASTES, Tastes, reasons_like
from newsletter.models import Interest, InterestKind, MatchedPaper, Reason
from newsletter.vectors import Encode


@dataclass(frozen=True, slots=True)
class Hit:
    """One interest's verdict on one paper: the score in 0 to 1 (0.5 and above passes) and its evidence."""

    score: float
    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Every hit of some distinct interests on the papers of a `reading`. Made by `score`.

    The hits of interest i are the places `starts[i]` to `starts[i + 1]` of `rows` (papers, ascending) and `scores`.
    Evidence is found when it is asked for: most hits are never shown to anybody.
    """

    reading: Reading
    encode: Encode
    places: Mapping[Interest, int]
    starts: NDArray[np.int64]
    rows: Rows
    scores: NDArray[np.float32]
    tastes: Tastes = NO_TASTES
    _measured: dict[tuple[str, ...], Phrases] = field(default_factory=dict, repr=False)
    _like: dict[object, dict[int, Reason]] = field(default_factory=dict, repr=False)

    def of(self, interest: Interest) -> tuple[Rows, NDArray[np.float32]]:
        """Return the papers that an interest lets through, ascending by row, and the score of each."""
        place = self.places[interest]
        part = slice(self.starts[place], self.starts[place + 1])
        return self.rows[part], self.scores[part]

    def best(
        self, interests: Sequence[Interest], *, floor: float = PASSES, most: int | None = None
    ) -> tuple[Rows, NDArray[np.float32]]:
        """Return the papers that any of `interests` gives `floor` or more, the best first, each with its best score.

        At most `most` of them. Equal scores go by the paper's row.
        """
        parts = [self.of(interest) for interest in interests]
        if not parts:
            return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32)
        rows = np.concatenate([part for part, _ in parts])
        scores = np.concatenate([part for _, part in parts])
        order = np.lexsort((rows, -scores))[: int(np.count_nonzero(scores >= floor))]
        first: dict[int, int] = {}
        for place, row in zip(order.tolist(), rows[order].tolist(), strict=True):
            if len(first) == most:
                break
            first.setdefault(row, place)
        kept = np.fromiter(first.values(), dtype=np.int64, count=len(first))
        return rows[kept], scores[kept]

    def hit(self, interest: Interest, paper_id: str) -> Hit | None:
        """Return an interest's verdict on one paper, or None where it is under the floor."""
        rows, scores = self.of(interest)
        row = self.reading.row_of[paper_id]
        at = int(np.searchsorted(rows, row))
        if at == len(rows) or rows[at] != row:
            return None
        return Hit(float(scores[at]), self._reason(interest, row))

    def matched(self, interests: Sequence[Interest], *, floor: float = PASSES) -> tuple[MatchedPaper, ...]:
        """Return the papers that any of `interests` gives `floor` or more with their evidence, the best first.

        Equal scores go by the paper's id.
        """
        found: dict[int, list[Hit]] = {}
        for interest in interests:
            rows, scores = self.of(interest)
            for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
                if score >= floor:
                    found.setdefault(row, []).append(Hit(score, self._reason(interest, row)))
        matched = (self._matched(row, hits) for row, hits in found.items())
        return tuple(sorted(matched, key=lambda each: (-each.score, each.paper.id)))

    def wanted(self, readers: Iterable[tuple[Sequence[Interest], float]]) -> frozenset[int]:
        """Return the rows of the papers that any reader's interests give that reader's floor."""
        wanted = np.zeros(len(self.reading.papers), dtype=np.bool_)
        for interests, floor in readers:
            for interest in interests:
                rows, scores = self.of(interest)
                wanted[rows[scores >= floor]] = True
        return frozenset(np.flatnonzero(wanted).tolist())

    def _matched(self, row: int, hits: list[Hit]) -> MatchedPaper:
        ordered = sorted(hits, key=lambda hit: (-hit.score, hit.reason.interest))
        return MatchedPaper(self.reading.papers[row], ordered[0].score, tuple(hit.reason for hit in ordered))

    def _reason(self, interest: Interest, row: int) -> Reason:
        paper = self.reading.papers[row]
        if interest.kind in BY_LIKENESS:
            return self._likings(interest)[row]
        if interest.kind is not InterestKind.PHRASE:
            reason = reason_of(interest, paper)
            assert reason is not None  # noqa: S101 - it is a hit
            return reason
        lexical = self.reading.lexical
        measured = self._measure(interest.phrases)
        words = np.array([lexical.score(phrase, row) for phrase in interest.phrases], dtype=np.float32)
        closeness = measured.vectors @ self.reading.vectors[row] - measured.shift
        best = int((words * measured.words_count + closeness).argmax())
        return by_phrase(
            interest,
            interest.phrases[best],
            title=lexical.titles[row],
            abstract=lexical.abstracts[row],
            lexical=float(words[best]),
            closeness=float(closeness[best] / CLOSENESS_WEIGHT),
        )

    def _likings(self, interest: Interest) -> dict[int, Reason]:
        key = (interest.kind, interest.phrases, interest.origin)
        if key not in self._like:
            rows = self.of(interest)[0].tolist()
            self._like[key] = reasons_like(interest, self.reading, rows, self.tastes)
        return self._like[key]

    def _measure(self, phrases: tuple[str, ...]) -> Phrases:
        if phrases not in self._measured:
            self._measured[phrases] = measure(phrases, self.encode, self.reading.background)
        return self._measured[phrases]
