"""Phrases as an index sees them: its tokens in each, and what share of the attainable score each of these is.

The tokens that most papers hold say least and cost most. Those that together can add little to a phrase's score are
late: they are looked up only in papers that could pass with them.
Source: Turtle and Flood, Query evaluation: strategies and optimizations (1995), whose MaxScore this is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat

import numpy as np
from numpy.typing import NDArray

# The most that late tokens add together: with less, more is looked up; with more, more papers could pass.
_LATE = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The different tokens of some phrases. Made by `ask`.

    Those of phrase p are the places `starts[p]` to `starts[p + 1]`, the rarest first: `tokens` their rows in the index
    (past its end, where no paper holds them) and `shares` what they can add to the score at most. The last `late[p]` of
    them are late, and can add `most_late[p]`. Its neighbours are the rows `firsts` and `seconds` at the places
    `pair_starts[p]` to `pair_starts[p + 1]`.
    """

    starts: NDArray[np.int64]
    tokens: NDArray[np.int64]
    shares: NDArray[np.float64]
    late: NDArray[np.int64]
    most_late: NDArray[np.float64]
    pair_starts: NDArray[np.int64]
    firsts: NDArray[np.int64]
    seconds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.late)


def ask(
    queries: Sequence[Sequence[str]],
    *,
    rows: Mapping[str, int],
    frequencies: NDArray[np.int64],
    rarities: NDArray[np.float64],
    rarity: Callable[[str], float],
) -> Asked:
    """Return phrases, each given by its tokens, for an index whose tokens have `rows`.

    `frequencies` and `rarities` [tokens] are those of its rows; `rarity` tells that of any other token. A token said
    twice in a phrase counts twice: it stands once and has twice the share.
    """
    sizes = np.fromiter(map(len, queries), dtype=np.int64, count=len(queries))
    flat = list(chain.from_iterable(queries))
    said = np.fromiter(map(rows.get, flat, repeat(-1)), dtype=np.int64, count=len(flat))
    # Tokens that no paper holds are numbered on from those that any does.
    numbers: dict[str, int] = {}
    for place in np.flatnonzero(said < 0).tolist():
        said[place] = numbers.setdefault(flat[place], len(rows) + len(numbers))
    rare = np.concatenate([rarities, np.array([rarity(token) for token in numbers], dtype=np.float64)])
    common = np.concatenate([frequencies, np.zeros(len(numbers), dtype=np.int64)])
    sayers = np.repeat(np.arange(len(queries)), sizes)
    keys, counts = np.unique(sayers * len(rare) + said, return_counts=True)
    owners, tokens = np.divmod(keys, len(rare))
    order = np.lexsort((tokens, common[tokens], owners))
    tokens, counts = tokens[order], counts[order]
    worth = rare[tokens] * counts
    attainable = np.bincount(owners, weights=worth, minlength=len(queries))
    shares = np.divide(worth, attainable[owners], out=np.zeros_like(worth), where=worth > 0)
    shares[tokens >= len(rows)] = 0
    late = np.round(_to_the_end(shares, owners), 9) <= _LATE
    pair = np.flatnonzero(sayers[1:] == sayers[:-1])
    return Asked(
        starts=_starts(owners, len(queries)),
        tokens=np.minimum(tokens, len(rows)),
        shares=shares,
        late=np.bincount(owners[late], minlength=len(queries)),
        most_late=np.bincount(owners, weights=shares * late, minlength=len(queries)).astype(np.float64),
        pair_starts=_starts(sayers[pair], len(queries)),
        firsts=np.minimum(said[pair], len(rows)),
        seconds=np.minimum(said[pair + 1], len(rows)),
    )


def _starts(owners: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(np.bincount(owners, minlength=count))])


def _to_the_end(values: NDArray[np.float64], owners: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the sum of each value and of those after it that have the same owner; owners ascend."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.searchsorted(owners, owners, side="right")
    rest: NDArray[np.float64] = total[ends] - total[:-1]
    return rest
