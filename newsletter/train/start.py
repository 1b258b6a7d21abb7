"""The vectors that training begins with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from newsletter.train.vocabulary import Vocabulary
from newsletter.vectors import Vectors, unit

# Length of an average term at the start; idf makes rare terms longer, so that they count more from the first step.
_RANDOM_SPREAD = 0.1
_MEANING_LENGTH = 0.3


def random_start(vocabulary: Vocabulary, *, dimensions: int, rng: np.random.Generator) -> Vectors:
    """Return normally distributed vectors, float32 [terms, dimensions], longer where a term is rarer."""
    noise = rng.standard_normal((len(vocabulary.terms), dimensions)) * _RANDOM_SPREAD
    return (noise * _weight(vocabulary)).astype(np.float32)


def meaning_start(vocabulary: Vocabulary, meanings: Vectors, *, dimensions: int) -> Vectors:
    """Return `meanings` [terms, any] in their main directions [terms, dimensions], longer where a term is rarer."""
    centred = meanings - meanings.mean(axis=0)
    # The main directions are the eigenvectors of the small square matrix; eigh gives the largest last.
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    main = (centred @ directions[:, ::-1][:, :dimensions]).astype(np.float32)
    return (unit(main) * _MEANING_LENGTH * _weight(vocabulary)).astype(np.float32)


def _weight(vocabulary: Vocabulary) -> NDArray[np.float64]:
    weight: NDArray[np.float64] = (vocabulary.idf / vocabulary.idf.mean())[:, None]
    return weight
