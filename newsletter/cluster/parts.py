"""Some papers parted into topics, for a reader who asked for more than one section can hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from newsletter.background import Background
from newsletter.cluster import group, similarity
from newsletter.models import Paper
from newsletter.vectors import Vectors

Part = tuple[Paper, ...]


def divider(papers: Sequence[Paper], vectors: Vectors, *, background: Background) -> Callable[[Part], tuple[Part, ...]]:
    """Return what parts some of `papers` (unit vectors [papers, d]) into topics, the largest first.

    A paper that is like no other is a part of its own. Each set of papers is parted once, whoever asks; the cost grows
    with its square.
    """
    row_of = {paper.id: row for row, paper in enumerate(papers)}
    made: dict[tuple[str, ...], tuple[Part, ...]] = {}

    def divide(some: Part) -> tuple[Part, ...]:
        ordered = tuple(sorted(some, key=lambda paper: paper.id))
        key = tuple(paper.id for paper in ordered)
        if key not in made:
            likeness = similarity(ordered, vectors[[row_of[paper.id] for paper in ordered]], background)
            groups = sorted(group(likeness), key=lambda rows: (-len(rows), rows))
            made[key] = tuple(tuple(ordered[row] for row in rows) for rows in groups)
        return made[key]

    return divide
