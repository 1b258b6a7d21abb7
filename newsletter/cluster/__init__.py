"""Papers to topics: groups of papers on one subject, each with a readable label.

Likeness is the mean of two cosines: of term vectors without what most papers share, and of words. Average linkage
groups; each paper then goes to the group it is most like; a group too large to be one subject (a narrow source makes
them) is divided; groups that get the same label are one topic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.cluster.labels import namer
from newsletter.cluster.linkage import average_linkage, ward_linkage
from newsletter.cluster.moves import moved
from newsletter.models import Paper, Topic
from newsletter.tfidf import cosines
from newsletter.vectors import Encode, Vectors

# Groups of an issue's papers become one if their mean likeness is at least this; more for each e-fold of papers.
MERGE = 0.06
MERGE_GROWTH = 0.04
ISSUE = 30
# A paper joins a group that it is more like than this share of it.
JOIN = 2 / 3
# The background's mean counts as so many papers beside those at hand.
PRIOR = 10
_LEAST_VARIANCE = 1e-4
LARGEST = 12
TYPICAL = 7


def cluster(papers: Sequence[Paper], vectors: Vectors, *, encode: Encode, background: Background) -> tuple[Topic, ...]:
    """Return the topics of `papers` (unit vectors [papers, d]), the largest first; every paper is in exactly one.

    `encode` gives the vectors of phrases, for labels.
    """
    order = sorted(range(len(papers)), key=lambda row: papers[row].id)
    papers, vectors = [papers[row] for row in order], vectors[order]
    likeness = similarity(papers, vectors, background)
    groups = group(likeness)
    heading_of = namer(papers, encode=encode, background=background)
    labels = heading_of.several([tuple(papers[row] for row in rows) for rows in groups])
    merged: dict[str, list[int]] = {}
    for name, rows in zip(labels, groups, strict=True):
        merged.setdefault(name, []).extend(rows)
    topics = [Topic(name, _central_first(rows, papers, likeness)) for name, rows in merged.items()]
    return tuple(sorted(topics, key=lambda topic: (-len(topic.papers), topic.label)))


def similarity(papers: Sequence[Paper], vectors: Vectors, background: Background) -> NDArray[np.float64]:
    """Return how alike each two papers are, float64 [papers, papers], 1 on the diagonal.

    `vectors` are unit vectors [papers, d]; those that give the title more weight tell topics apart best.
    """
    meanings = _whitened(vectors, background)
    likeness = (meanings @ meanings.T + cosines(papers, background)) / 2
    np.fill_diagonal(likeness, 1.0)
    # Rounded: processors differ in the last digits of a product, and near ties must not depend on them.
    symmetric: NDArray[np.float64] = np.round((likeness + likeness.T) / 2, 9)
    return symmetric


def group(likeness: NDArray[np.float64]) -> list[list[int]]:
    """Return a partition of the rows of `likeness` [papers, papers]; who is close to nobody stands alone."""
    least = _least_likeness(len(likeness))
    whole = moved(average_linkage(1 - likeness, stop=1 - least), likeness, level=JOIN * least)
    return [part for rows in whole for part in _divided(rows, likeness)]


def _least_likeness(papers: int) -> float:
    """Return how alike two groups are at least that become one: the more papers, the more are close by chance."""
    return MERGE + MERGE_GROWTH * math.log(max(papers, ISSUE) / ISSUE)


def _whitened(vectors: Vectors, background: Background) -> NDArray[np.float64]:
    """Return unit vectors of what tells the papers apart, [papers, d].

    What they share is subtracted; directions in which any two papers differ are shortened to the root of their
    strength, so that the field does not drown the subject. A paper of which nothing is known keeps zeros.
    """
    common = (vectors.sum(axis=0, dtype=np.float64) + PRIOR * background.mean) / (len(vectors) + PRIOR)
    centred = np.where(vectors.any(axis=1, keepdims=True), vectors - common, 0.0)
    whitened: NDArray[np.float64] = centred @ _whitening(background)
    lengths = np.linalg.norm(whitened, axis=1, keepdims=True)
    return whitened / np.where(lengths > 0, lengths, 1.0)


@lru_cache(maxsize=4)
def _whitening(background: Background) -> NDArray[np.float64]:
    """Return the inverse fourth root of the background's covariance, up to a factor, [d, d]."""
    variances, directions = np.linalg.eigh(background.covariance.astype(np.float64))
    largest = float(variances.max(initial=0.0)) or 1.0
    # A direction that no paper has is not drawn out without end.
    scaled = np.maximum(variances / largest, _LEAST_VARIANCE) ** -0.25
    whitening: NDArray[np.float64] = (directions * scaled) @ directions.T
    return whitening


def _divided(rows: list[int], likeness: NDArray[np.float64]) -> list[list[int]]:
    """Return `rows` in parts of about `TYPICAL` papers where they are more than `LARGEST`, else as they are."""
    if len(rows) <= LARGEST:
        return [rows]
    parts = ward_linkage(1 - likeness[np.ix_(rows, rows)], groups=max(2, round(len(rows) / TYPICAL)))
    return [[rows[place] for place in part] for part in parts]


def _central_first(rows: list[int], papers: Sequence[Paper], likeness: NDArray[np.float64]) -> tuple[Paper, ...]:
    centrality = likeness[np.ix_(rows, rows)].mean(axis=1)
    order = sorted(range(len(rows)), key=lambda place: (-round(float(centrality[place]), 9), papers[rows[place]].id))
    return tuple(papers[rows[place]] for place in order)
