"""Hierarchical clustering by nearest-neighbour chains: deterministic, numpy only, O(n²) time and memory.

Average linkage finds the groups that are there, of any size; Ward's finds groups of like size, to divide what is too
large. Source: Müllner, Modern hierarchical, agglomerative clustering algorithms (2011), https://arxiv.org/abs/1109.2378
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Distances = NDArray[np.float64]

# (distances of one group, of the other, between the two, sizes of the one, the other, everybody) → of their union
Update = Callable[[Distances, Distances, float, int, int, Distances], Distances]


@dataclass(frozen=True, slots=True)
class _Merge:
    height: float
    left: int
    right: int


def average_linkage(distances: Distances, *, stop: float) -> list[list[int]]:
    """Return the groups that average linkage has formed when the next merge would be farther than `stop`.

    `distances` is symmetric [n, n]. Groups come in the order of their first member, members ascending.
    """
    merges = [merge for merge in _merges(distances, _average) if merge.height <= stop]
    return _groups(len(distances), merges)


def ward_linkage(distances: Distances, *, groups: int) -> list[list[int]]:
    """Return `groups` groups of small variance, where `distances` are squared Euclidean (up to a factor) [n, n]."""
    merges = _merges(distances, _ward)
    return _groups(len(distances), merges[: max(len(distances) - groups, 0)])


def _merges(distances: Distances, update: Update) -> list[_Merge]:
    """Return all n - 1 merges, the closest first; a merge never stands before one it is made of."""
    distance = distances.astype(np.float64, copy=True)
    np.fill_diagonal(distance, np.inf)
    sizes, waiting = np.ones(len(distance)), np.ones(len(distance), dtype=bool)
    found: list[_Merge] = []
    chain: list[int] = []
    while waiting.sum() > 1:
        chain = chain or [int(waiting.argmax())]
        nearest = _nearest(distance, chain)
        if len(chain) > 1 and nearest == chain[-2]:
            kept, gone = sorted((chain.pop(), chain.pop()))
            found.append(_Merge(float(distance[kept, gone]), kept, gone))
            _join(distance, sizes, kept, gone, update)
            waiting[gone] = False
        else:
            chain.append(nearest)
    # Stable: both linkages are reducible, so a merge is never closer than the ones it is made of, at most equal.
    return sorted(found, key=lambda merge: merge.height)


def _nearest(distance: Distances, chain: list[int]) -> int:
    """Return the group nearest to the end of the chain; among equals the one before it, else the chain could cycle."""
    row = distance[chain[-1]]
    nearest = int(row.argmin())
    if len(chain) > 1 and row[chain[-2]] <= row[nearest]:
        return chain[-2]
    return nearest


def _join(distance: Distances, sizes: Distances, kept: int, gone: int, update: Update) -> None:
    between = float(distance[kept, gone])
    joined = update(distance[kept], distance[gone], between, int(sizes[kept]), int(sizes[gone]), sizes)
    joined[kept] = np.inf
    distance[kept], distance[:, kept] = joined, joined
    distance[gone], distance[:, gone] = np.inf, np.inf
    sizes[kept] += sizes[gone]


def _average(one: Distances, other: Distances, between: float, n_one: int, n_other: int, sizes: Distances) -> Distances:
    del between, sizes
    return (one * n_one + other * n_other) / (n_one + n_other)


def _ward(one: Distances, other: Distances, between: float, n_one: int, n_other: int, sizes: Distances) -> Distances:
    return ((n_one + sizes) * one + (n_other + sizes) * other - sizes * between) / (n_one + n_other + sizes)


def _groups(size: int, merges: list[_Merge]) -> list[list[int]]:
    """Return the partition that `merges` make of `size` rows."""
    members = {row: [row] for row in range(size)}
    home = list(range(size))
    for merge in merges:
        left, right = home[merge.left], home[merge.right]
        joining = members.pop(right)
        members[left] += joining
        for row in joining:
            home[row] = left
    return sorted(sorted(rows) for rows in members.values())
