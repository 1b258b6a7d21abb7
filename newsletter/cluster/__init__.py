"""Papers to topics: groups of papers on one subject, each with a readable label.

Likeness is the mean of two cosines: of term vectors without what all papers share, and of TF-IDF. Average linkage
groups; a paper left alone joins the nearest group if it is close to it at all; a group too large to be one subject
(a narrow source makes them) is divided; groups that get the same label are one topic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.cluster.labels import namer
from newsletter.cluster.linkage import average_linkage, ward_linkage
from newsletter.models import Paper, Topic
from newsletter.tfidf import cosines, weigh
from newsletter.vectors import Encode, Vectors

FARTHEST_MERGE = 0.92
CLOSE_ENOUGH = 0.06
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
    labels = [heading_of(tuple(papers[row] for row in rows)) for rows in groups]
    merged: dict[str, list[int]] = {}
    for name, rows in zip(labels, groups, strict=True):
        merged.setdefault(name, []).extend(rows)
    topics = [Topic(name, _central_first(rows, papers, likeness)) for name, rows in merged.items()]
    return tuple(sorted(topics, key=lambda topic: (-len(topic.papers), topic.label)))


def similarity(papers: Sequence[Paper], vectors: Vectors, background: Background) -> NDArray[np.float64]:
    """Return how alike each two papers are, float64 [papers, papers], 1 on the diagonal."""
    centred = background.centred(vectors)
    weights = weigh([paper.text for paper in papers], background)
    likeness = (centred @ centred.T + cosines(weights, weights)).astype(np.float64) / 2
    np.fill_diagonal(likeness, 1.0)
    return (likeness + likeness.T) / 2


def group(likeness: NDArray[np.float64]) -> list[list[int]]:
    """Return a partition of the rows of `likeness` [papers, papers]; who is close to nobody stands alone."""
    groups = average_linkage(1 - likeness, stop=FARTHEST_MERGE)
    topics = [rows for rows in groups if len(rows) > 1]
    joined: list[list[int]] = [[] for _ in topics]
    alone = []
    for (row,) in (rows for rows in groups if len(rows) == 1):
        closeness = [float(likeness[row, rows].mean()) for rows in topics]
        nearest = int(np.argmax(closeness)) if closeness else -1
        if closeness and closeness[nearest] >= CLOSE_ENOUGH:
            joined[nearest].append(row)
        else:
            alone.append([row])
    whole = [rows + extra for rows, extra in zip(topics, joined, strict=True)] + alone
    return [part for rows in whole for part in _divided(rows, likeness)]


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
