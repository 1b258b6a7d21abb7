"""More like these: papers ranked by their likeness to a few liked ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from newsletter.background import Background
from newsletter.models import Paper
from newsletter.tfidf import cosines, weigh
from newsletter.vectors import Vectors


def rank_by_examples(
    liked: Sequence[Paper],
    papers: Sequence[Paper],
    *,
    liked_vectors: Vectors,
    paper_vectors: Vectors,
    background: Background,
) -> NDArray[np.float32]:
    """Return the likeness of each paper to the liked ones, float32 [papers], higher is closer, 0 on average.

    The mean over the liked papers of two cosines, of centred term vectors and of TF-IDF, each brought to one
    scale. The mean and never the nearest: one odd liking must not rule.
    """
    weights = weigh([paper.text for paper in (*liked, *papers)], background)
    shared_words = cosines(weights[len(liked) :], weights[: len(liked)])
    centred = background.centred(np.concatenate([liked_vectors, paper_vectors]))
    closeness = centred[len(liked) :] @ centred[: len(liked)].T
    return _standard(shared_words.mean(axis=1)) + _standard(closeness.mean(axis=1))


def _standard(values: NDArray[np.float32]) -> NDArray[np.float32]:
    standard: NDArray[np.float32] = (values - values.mean()) / (values.std() + np.float32(1e-9))
    return standard
