"""Phrases against papers: exact words plus closeness of meaning, on one scale for every phrase.

f = BM25n + 0.15 z decides what passes, where z says how many standard deviations a paper's cosine with the phrase lies
above what is usual for that phrase among the background's papers. Without z, a phrase of common words would be close
to everything; without the floor under the deviation, an odd phrase would be infinitely close to nothing. A phrase none
of whose words has a vector is judged by its words alone, on the scale where their own gate meets the common one.
Among what passes, a paper that holds every word, or the very phrase, stands a little higher: neighbours in meaning
must not outrank it.

All phrases of a chunk of interests are one matrix product; the few pairs that may pass are then looked at one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.match.asked import Asked
from newsletter.match.lexical import LexicalIndex, Rows, ranges
from newsletter.vectors import Encode, Vectors

CLOSENESS_WEIGHT = 0.15
SMALLEST_SPREAD = 0.02
GATE = 1.07  # of f
LEXICAL_GATE = 0.472  # of BM25n alone
EVERY_WORD = 0.05
VERY_PHRASE = 0.15

PASSES = 0.5  # where the gate lies on the scale of scores
STEEPNESS = 3.0
MIDDLE = GATE + 0.26  # the order that scores 0.75: half of what passes scores more
_ALMOST = 0.999
DECIMALS = 5  # fewer than float32 has, so that two machines, which sum in other orders, agree
_SLACK = 1e-3  # for sums of float32 in another order
_CHUNK = 2048  # phrases; with 2,000 papers a chunk takes 16 MB
_ROUNDING = np.float32(1e-4)  # more than sums of float32 in another order can differ


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """What some interests say of papers, ordered by interest, then paper.

    The interest asked as number `interests[n]` gives the paper in row `papers[n]` the score `scores[n]`.
    """

    interests: NDArray[np.int64]
    papers: Rows
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Phrases:
    """Some phrases measured against the background, ready to be held against papers.

    `vectors` [phrases, d] are scaled so that their product with a paper is 0.15 z + `shift` [phrases]; `words_count`
    [phrases] is what a unit of BM25n counts.
    """

    texts: Sequence[str]
    vectors: Vectors
    shift: Vectors
    words_count: Vectors


def measure(phrases: Sequence[str], encode: Encode, background: Background) -> Phrases:
    """Return `phrases` with what is usual for each of them."""
    vectors = encode(phrases)
    mean, spread = background.moments(vectors)
    scale = np.float32(CLOSENESS_WEIGHT) / np.maximum(spread, SMALLEST_SPREAD).astype(np.float32)
    known = np.any(vectors != 0, axis=1)
    return Phrases(
        phrases,
        vectors * scale[:, None],
        (mean * scale).astype(np.float32),
        np.where(known, 1.0, GATE / LEXICAL_GATE).astype(np.float32),
    )


def verdicts(
    asked: Sequence[tuple[Sequence[str], float]],
    lexical: LexicalIndex,
    paper_vectors: Vectors,
    *,
    encode: Encode,
    background: Background,
    floor: float = PASSES,
) -> Iterator[Verdicts]:
    """Yield what interests, each of some phrases and a weight, say of the papers, chunk by chunk of the interests.

    Only scores of `floor` and above are told. `paper_vectors` [papers, d] are in the order of `lexical`.
    """
    for first, chunk in _chunks(asked):
        texts = [phrase for phrases, _ in chunk for phrase in phrases]
        sizes = np.array([len(phrases) for phrases, _ in chunk], dtype=np.int64)
        weights = np.array([weight for _, weight in chunk])
        measured, words = measure(texts, encode, background), lexical.ask(texts)
        f = measured.vectors @ paper_vectors.T
        lexical.add_early(words, measured.words_count, to=f)
        told = _verdicts(f, measured, words, lexical, sizes, weights, floor)
        yield Verdicts(told.interests + first, told.papers, told.scores)


def rate(best: Vectors, order: Vectors, weight: NDArray[np.float64] | float = 1.0) -> Vectors:
    """Return scores in 0 to 1 of the `best` f of an interest's phrases, and of the `order` within what passes.

    What passes has ½ plus ½ of a logistic curve over the order; what does not, ½ times the square of the order's share
    of the gate. A weight multiplies the odds of what passes, and opens no gate.
    """
    odds = STEEPNESS * (order - MIDDLE) + np.log(weight)
    share = np.clip(order / GATE, 0, _ALMOST)
    scores: Vectors = np.where(best >= GATE, PASSES + PASSES / (1 + np.exp(-odds)), PASSES * share * share)
    return np.round(scores, DECIMALS).astype(np.float32)


def _chunks(
    asked: Sequence[tuple[Sequence[str], float]],
) -> Iterator[tuple[int, Sequence[tuple[Sequence[str], float]]]]:
    """Yield runs of interests of about `_CHUNK` phrases, each with the number of its first."""
    first = size = 0
    for number, (phrases, _) in enumerate(asked):
        if size and size + len(phrases) > _CHUNK:
            yield first, asked[first:number]
            first, size = number, 0
        size += len(phrases)
    if size:
        yield first, asked[first:]


def _verdicts(
    f: Vectors,
    measured: Phrases,
    words: Asked,
    lexical: LexicalIndex,
    sizes: NDArray[np.int64],
    weights: NDArray[np.float64],
    floor: float,
) -> Verdicts:
    """Return the verdicts of interests whose phrases are the rows of `f` [phrases, papers], `sizes` of them each.

    `f` is without what late words add and what is usual.
    """
    starts, level = np.cumsum(sizes) - sizes, _level(floor)
    could_add = (words.most_late * measured.words_count).astype(np.float32) + _ROUNDING
    near = f >= (measured.shift - could_add + level - _SLACK)[:, None]
    if len(sizes) < len(f):
        near = np.logical_or.reduceat(near, starts, axis=0)
    interest, paper = np.divmod(np.flatnonzero(near), f.shape[1])
    rows, columns, at = _pairs(interest, paper, starts, sizes)
    values: Vectors = f[rows, columns] - measured.shift[rows]
    values += lexical.late(words, rows, columns) * measured.words_count[rows]
    values = np.round(values, DECIMALS)
    if not interest.size:
        return Verdicts(interest, interest.astype(np.int32), np.zeros(0, dtype=np.float32))
    passing = np.maximum.reduceat(values, at) >= level
    values = values[np.repeat(passing, sizes[interest])]
    interest, paper = interest[passing], paper[passing]
    rows, columns, at = _pairs(interest, paper, starts, sizes)
    every, exact = lexical.exactness(words, rows, columns)
    better = values + EVERY_WORD * every.astype(np.float32) + VERY_PHRASE * exact.astype(np.float32)
    mean = np.add.reduceat(better, at) / sizes[interest].astype(np.float32)
    order = ((np.maximum.reduceat(better, at) + mean) / 2).astype(np.float32)
    scores = rate(np.maximum.reduceat(values, at), order, weights[interest])
    told = scores >= floor
    return Verdicts(interest[told], paper[told].astype(np.int32), scores[told])


def _pairs(
    interest: NDArray[np.int64], paper: NDArray[np.int64], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return each phrase of each interest with the interest's paper, and where the phrases of each begin."""
    several = sizes[interest]
    return ranges(starts[interest], several), np.repeat(paper, several), np.cumsum(several) - several


def _level(floor: float) -> np.float32:
    """Return an f below which no score reaches `floor`."""
    if floor >= PASSES:
        return np.float32(GATE)
    if floor <= 0:
        return np.float32(-np.inf)
    return np.float32(GATE * math.sqrt(floor / PASSES) - EVERY_WORD - VERY_PHRASE - _SLACK)
