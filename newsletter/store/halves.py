"""Vectors as bytes and back: float16, little-endian, half the room of float32 and as good for a cosine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from newsletter.vectors import Vectors

_HALF, _BYTES = "<f2", 2


def packed(vector: Vectors) -> bytes:
    """Return `vector` [d] as bytes; ValueError where it is empty, or float16 cannot hold a finite number for each."""
    import numpy as np  # noqa: PLC0415 - 0.1 s, and most that is asked of a store is no vector

    with np.errstate(over="ignore"):  # what is too large becomes infinite, which is said below
        halves = np.asarray(vector).astype(_HALF)
    if halves.ndim != 1 or not halves.size or not np.isfinite(halves).all():
        raise ValueError("a vector is one row of finite numbers")
    return halves.tobytes()


def unpacked(blobs: Sequence[bytes]) -> tuple[NDArray[np.bool_], Vectors]:
    """Return which of `blobs` hold a vector, bool [n], and these vectors, float32 [sound, d].

    All vectors of one model have the same length, so what has another one than most is damaged, and so is what holds
    something else than finite numbers.
    """
    import numpy as np  # noqa: PLC0415

    lengths = Counter(length for length in map(len, blobs) if length and length % _BYTES == 0)
    if not lengths:
        return np.zeros(len(blobs), dtype=np.bool_), np.zeros((0, 0), dtype=np.float32)
    usual = max(lengths, key=lambda length: (lengths[length], length))
    whole = np.array([len(blob) == usual for blob in blobs], dtype=np.bool_)
    joined = b"".join(blobs if whole.all() else [blob for blob in blobs if len(blob) == usual])
    read = np.frombuffer(joined, dtype=_HALF).reshape(-1, usual // _BYTES).astype(np.float32)
    with np.errstate(invalid="ignore"):  # opposite infinities; no sum of finite halves leaves the range of float32
        finite = np.isfinite(read.sum(axis=1))
    if finite.all():
        return whole, read
    whole[np.flatnonzero(whole)[~finite]] = False
    return whole, read[finite]
