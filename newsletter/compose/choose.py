"""Which of a reader's candidates: relevant ones, that stand for all of them, and some of every subject.

Source: Krause and Golovin, Submodular Function Maximization (2014), for greedy facility location.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.models import MatchedPaper
from newsletter.vectors import Vectors

RELEVANCE_WEIGHT = 0.5  # λ: relevance against coverage
FAIRNESS_WEIGHT = 0.5
MOST_CANDIDATES = 200  # the weakest matches of a broad reader are not worth comparing with one another


def choose(
    candidates: Sequence[MatchedPaper],
    vectors: Mapping[str, Vectors],
    *,
    limit: int,
    subjects: Sequence[frozenset[str]] = (),
) -> tuple[MatchedPaper, ...]:
    """Return at most `limit` of `candidates` (best first), best first: relevant, covering what matched, and fair.

    Each step takes the paper that adds most to λ · relevance + (1 - λ) · how well the chosen stand for all candidates,
    plus a share for its subjects, of which the first paper counts half, the second a quarter and so on: no subject
    starves because another is loud. `subjects` names those of each candidate.
    """
    if len(candidates) <= limit:
        return tuple(candidates)
    pool = _pool(candidates, subjects)
    papers = [candidates[row] for row in pool]
    relevance = np.array([paper.score for paper in papers])
    likeness = np.maximum(_stack(papers, vectors) @ _stack(papers, vectors).T, 0.0)
    shares = _Shares([subjects[row] if subjects else frozenset() for row in pool])
    weights, gains = relevance / relevance.sum(), relevance / (limit * relevance.max())
    covered = np.zeros(len(papers))
    rows: list[int] = []
    for _ in range(min(limit, len(papers))):
        coverage = (weights[:, None] * np.maximum(likeness - covered[:, None], 0.0)).sum(axis=0)
        value = RELEVANCE_WEIGHT * gains + (1 - RELEVANCE_WEIGHT) * coverage + FAIRNESS_WEIGHT * shares.gains()
        value[rows] = -1.0
        # Rounded so that two machines agree; among equals the earlier, which is the more relevant.
        best = int(np.round(value, 9).argmax())
        rows.append(best)
        shares.take(best)
        covered = np.maximum(covered, likeness[best])
    return tuple(papers[row] for row in sorted(rows))


class _Shares:
    """How much each paper adds to what its subjects have already."""

    def __init__(self, subjects: Sequence[frozenset[str]]) -> None:
        names = sorted(frozenset[str]().union(*subjects))
        column = {name: at for at, name in enumerate(names)}
        self._member = np.zeros((len(subjects), len(names)))
        for row, own in enumerate(subjects):
            for name in own:
                self._member[row, column[name]] = 1 / len(names)
        self._left: NDArray[np.float64] = np.full(len(names), 0.5)

    def gains(self) -> NDArray[np.float64]:
        gains: NDArray[np.float64] = self._member @ self._left
        return gains

    def take(self, row: int) -> None:
        self._left[self._member[row] > 0] /= 2


def _pool(candidates: Sequence[MatchedPaper], subjects: Sequence[frozenset[str]]) -> list[int]:
    """Return the rows of the best candidates, ascending, with the best of every subject among them."""
    pool = set(range(min(len(candidates), MOST_CANDIDATES)))
    seen: set[str] = set()
    for row, own in enumerate(subjects):
        if not own <= seen:
            pool.add(row)
            seen |= own
    return sorted(pool)


def _stack(papers: Sequence[MatchedPaper], vectors: Mapping[str, Vectors]) -> Vectors:
    return np.stack([vectors[matched.paper.id] for matched in papers])
