"""Arrays of text vectors: one row per text, unit length."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

# Gives the unit vectors of some texts, [texts, dimensions].
Encode = Callable[[Sequence[str]], Vectors]


def unit(vectors: Vectors) -> Vectors:
    """Return the rows of `vectors` [n, dimensions] scaled to length 1; rows of zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled
