"""More like these: papers ranked, and gated, by their likeness to a few liked ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.match.weighed import Weighed, weigh
from newsletter.models import Paper
from newsletter.vectors import Vectors

# The papers found first, taken together, count as half a liked one when the day is ordered a second time.
_FOUND, _FOUND_WEIGHT = 3, 0.5

# The log odds that a paper is of the examples' topic: per unit of either cosine, per ln of examples, and at nothing.
_WORDS, _MEANING, _EXAMPLES, _NONE = 24.0, 10.3, -0.97, -4.25

GATE = 0.5
REFUSES = 0.4  # of the mean cosine


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What some examples are about. Made by `profile`.

    `columns` and `weights` are the terms a paper's words are multiplied with, `meaning` float32 [dimensions] what its
    meaning is; `examples` is how many there are.
    """

    columns: NDArray[np.int32]
    weights: Vectors
    meaning: Vectors
    examples: int

    def against(self, papers: Weighed) -> tuple[Vectors, Vectors]:
        """Return the likeness of each paper's words, and of its meaning, each float32 [papers]."""
        return papers.words_against(self.columns, self.weights), papers.meanings @ self.meaning


def profile(examples: Weighed) -> Profile:
    """Return what `examples` are about: the mean and never the nearest, since one odd example must not rule.

    A term counts the more, the more of the examples share it: by the root of their share.
    """
    count = max(len(examples), 1)
    columns, places, shared = np.unique(examples.columns, return_inverse=True, return_counts=True)
    total = np.bincount(places, weights=examples.weights, minlength=len(columns)) / count
    meaning = examples.meanings.sum(axis=0) / np.float32(count)
    return Profile(columns, (total * np.sqrt(shared / count)).astype(np.float32), meaning, len(examples))


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """Which example is nearest to each paper. Made by `nearest`.

    `rows` [papers] is the example's row, the first of equals; `similarity` float32 [papers] how near it is: the mean
    cosine of words and meaning, in 0 to 1.
    """

    rows: NDArray[np.intp]
    similarity: Vectors


def likeness(examples: Weighed, papers: Weighed) -> Vectors:
    """Return how like `examples` each of `papers` is, float32 [papers], in 0 to 1 with the gate at 0.5.

    It does not depend on what other papers there are today, so both are weighed without `among`. All zeros where there
    are no examples. An example that is among `papers` scores 1: leaving it out is the caller's business.
    """
    if not len(examples):
        return np.zeros(len(papers), dtype=np.float32)
    asked = profile(examples)
    return chance(log_odds(*asked.against(papers), asked))


def nearest(examples: Weighed, papers: Weighed) -> Nearest:
    """Return the nearest of `examples`, of which there is at least one, to each paper: for reasons, not for the gate.

    The cost is the product of both sizes: ask for the papers that passed.
    """
    cosines = np.round(np.clip(papers.cosines(examples), 0.0, 1.0), 6)
    rows = cosines.argmax(axis=0)
    return Nearest(rows, cosines[rows, np.arange(len(papers))])


def refusals(excluded: Weighed, papers: Weighed) -> NDArray[np.bool_]:
    """Return which of `papers` are refused because they are very like one of the `excluded`, bool [papers].

    What is refused nobody sees, so a wrong refusal costs more than a paper too many: of two papers on one subject a
    reader's interest brought, one in a hundred is as near as `REFUSES` to the other.
    """
    if not len(excluded) or not len(papers):
        return np.zeros(len(papers), dtype=np.bool_)
    return nearest(excluded, papers).similarity >= REFUSES


def log_odds(words: Vectors, meaning: Vectors, asked: Profile) -> Vectors:
    """Return the log odds, float32 [papers], that a paper is about what `asked` is, of its two likenesses.

    A logistic regression on 100 topics made of titles that share a phrase, each among 300 other papers: a paper passes
    where it is rather of the topic than not.
    """
    odds: Vectors = (
        np.float32(_WORDS / (float(np.linalg.norm(asked.weights)) or 1.0)) * words
        + np.float32(_MEANING / (float(np.linalg.norm(asked.meaning)) or 1.0)) * meaning
        + np.float32(_EXAMPLES * math.log(max(asked.examples, 1)) + _NONE)
    )
    return odds


def chance(odds: Vectors) -> Vectors:
    """Return log odds as chances, float32 in 0 to 1, 0.5 where neither is likelier."""
    chances: Vectors = np.round(1 / (1 + np.exp(-np.clip(odds, -60, 60))), 6).astype(np.float32)
    return chances


def rank_by_examples(
    liked: Sequence[Paper],
    papers: Sequence[Paper],
    *,
    liked_vectors: Vectors,
    paper_vectors: Vectors,
    background: Background,
) -> NDArray[np.float32]:
    """Return the likeness of each paper to the liked ones, float32 [papers], higher is closer, 0 on average.

    For ordering one day's papers only: what is found first helps to order the rest (pseudo-relevance feedback,
    Rocchio 1971), and both parts are brought to the spread that they have among these papers. A liked paper that is
    among `papers` comes first like any other: leaving it out is the caller's business.
    """
    if not papers:
        return np.zeros(0, dtype=np.float32)
    among = (*liked, *papers)
    return order_by_examples(
        weigh(liked, liked_vectors, background, among=among), weigh(papers, paper_vectors, background, among=among)
    )


def order_by_examples(examples: Weighed, papers: Weighed) -> NDArray[np.float32]:
    """Return what `rank_by_examples` does, of papers that are weighed already."""
    if not len(papers) or not len(examples):
        return np.zeros(len(papers), dtype=np.float32)
    words, meaning = profile(examples).against(papers)
    first = _standard(words) + _standard(meaning)
    best = np.lexsort((np.arange(len(papers)), -np.round(first, 9)))[:_FOUND]
    found_words, found_meaning = profile(papers.take(best.tolist())).against(papers)
    share = np.float32(_FOUND_WEIGHT / len(examples))
    return _standard(words + share * found_words) + _standard(meaning + share * found_meaning)


def _standard(values: NDArray[np.float32]) -> NDArray[np.float32]:
    standard: NDArray[np.float32] = (values - values.mean()) / (values.std() + np.float32(1e-9))
    return standard
