"""Some papers parted into a given number of topics, for a reader who asked for more than one section can hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from newsletter.background import Background
from newsletter.cluster import similarity
from newsletter.cluster.linkage import ward_linkage
from newsletter.models import Paper
from newsletter.vectors import Vectors

Part = tuple[Paper, ...]


def divider(
    papers: Sequence[Paper], vectors: Vectors, *, background: Background
) -> Callable[[Part, int], tuple[Part, ...]]:
    """Return what parts some of `papers` (unit vectors [papers, d]) into about so many topics, largest first.

    Ward's linkage, since parts should be of like size. Each set of papers is parted once, whoever asks.
    """
    row_of = {paper.id: row for row, paper in enumerate(papers)}
    made: dict[tuple[tuple[str, ...], int], tuple[Part, ...]] = {}

    def divide(some: Part, parts: int) -> tuple[Part, ...]:
        ordered = tuple(sorted(some, key=lambda paper: paper.id))
        key = (tuple(paper.id for paper in ordered), parts)
        if key not in made:
            likeness = similarity(ordered, vectors[[row_of[paper.id] for paper in ordered]], background)
            groups = ward_linkage(1 - likeness, groups=min(parts, len(ordered)))
            groups.sort(key=lambda rows: (-len(rows), rows))
            made[key] = tuple(tuple(ordered[row] for row in rows) for rows in groups)
        return made[key]

    return divide
