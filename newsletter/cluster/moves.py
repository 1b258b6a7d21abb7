"""A partition made better paper by paper: what merging decided too early is looked at again.

Source: local moves as of Louvain's first phase (https://arxiv.org/abs/0803.0476), on the mean likeness to a group.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# A mean over few papers counts less than one over many: as if so many more papers of the group were at `level`.
_PRIOR = 2
_PASSES = 10


def moved(groups: Sequence[Sequence[int]], likeness: NDArray[np.float64], *, level: float) -> list[list[int]]:
    """Return `groups` after every paper has gone to the group it is most like, at most ten times over.

    `likeness` is symmetric [papers, papers]. A paper stands alone if it is less like every group than `level`. Groups
    come in the order of their first member, members ascending.
    """
    above = likeness - level
    np.fill_diagonal(above, 0.0)
    home = np.zeros(len(above), dtype=np.int64)
    for number, rows in enumerate(groups):
        home[list(rows)] = number
    # One group is always empty, to stand alone in: its mean is `level` itself.
    sizes = np.bincount(home, minlength=len(above) + 1)
    for _ in range(_PASSES):
        if not _pass(above, home, sizes):
            break
    members: dict[int, list[int]] = {}
    for row, number in enumerate(home.tolist()):
        members.setdefault(number, []).append(row)
    return sorted(members.values())


def _pass(above: NDArray[np.float64], home: NDArray[np.int64], sizes: NDArray[np.int64]) -> bool:
    """Move each row once, in order, and return whether any has moved."""
    changed = False
    for row, likeness in enumerate(above):
        sizes[home[row]] -= 1
        means = np.bincount(home, weights=likeness, minlength=len(sizes)) / (sizes + _PRIOR)
        nearest = int(np.round(means, 9).argmax())
        if means[nearest] > means[home[row]] + 1e-9:
            home[row], changed = nearest, True
        sizes[home[row]] += 1
    return changed
