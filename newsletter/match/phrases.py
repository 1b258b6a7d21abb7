"""Phrases against papers: exact words plus closeness of meaning, on one scale for every phrase.

f = BM25n + 0.15 z decides what passes, where z says how many standard deviations a paper's cosine with the phrase lies
above what is usual for that phrase among the background's papers. Without z, a phrase of common words would be close
to everything; without the floor under the deviation, an odd phrase would be infinitely close to nothing. A phrase none
of whose words has a vector is judged by its words alone, on the scale where their own gate meets the common one.
Among what passes, a paper that holds every word, or the very phrase, stands a little higher: neighbours in meaning
must not outrank it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.match.lexical import LexicalIndex
from newsletter.vectors import Vectors

CLOSENESS_WEIGHT = 0.15
SMALLEST_SPREAD = 0.02
GATE = 1.035  # of f
LEXICAL_GATE = 0.472  # of BM25n alone
EVERY_WORD = 0.05
VERY_PHRASE = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class PhraseScores:
    """The parts of every phrase's score, each float32 [phrases, papers]; `known`, bool [phrases], has vectors."""

    lexical: Vectors
    closeness: Vectors
    exactness: Vectors
    known: NDArray[np.bool_]

    @property
    def combined(self) -> Vectors:
        """Return f, float32 [phrases, papers]."""
        by_words = self.lexical * np.float32(GATE / LEXICAL_GATE)
        both = self.lexical + np.float32(CLOSENESS_WEIGHT) * self.closeness
        return np.where(self.known[:, None], both, by_words)

    def of(self, rows: Sequence[int]) -> PhraseScores:
        """Return the scores of some of the phrases."""
        return PhraseScores(self.lexical[rows], self.closeness[rows], self.exactness[rows], self.known[rows])


def score_phrases(
    phrases: Sequence[str],
    lexical: LexicalIndex,
    *,
    phrase_vectors: Vectors,
    paper_vectors: Vectors,
    background: Background,
) -> PhraseScores:
    """Return the scores of `phrases` (vectors [phrases, d]) against papers ([papers, d], rows as in `lexical`)."""
    mean, spread = background.moments(phrase_vectors)
    cosines = phrase_vectors @ paper_vectors.T
    closeness = (cosines - mean[:, None]) / np.maximum(spread, SMALLEST_SPREAD)[:, None]
    words = np.stack([lexical.scores(phrase) for phrase in phrases]) if phrases else np.zeros_like(cosines)
    return PhraseScores(
        words, closeness.astype(np.float32), _exactness(phrases, lexical), np.any(phrase_vectors != 0, axis=1)
    )


def _exactness(phrases: Sequence[str], lexical: LexicalIndex) -> Vectors:
    """Return what holding the phrase's own words adds to the order, float32 [phrases, papers]."""
    exactness = np.zeros((len(phrases), len(lexical.norms)), dtype=np.float32)
    for row, phrase in enumerate(phrases):
        every, exact = lexical.holders(phrase)
        exactness[row, every] += EVERY_WORD
        exactness[row, exact] += VERY_PHRASE
    return exactness
