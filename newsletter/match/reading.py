"""An edition's papers read once, for all who ask: their words, vectors, people, categories and venues."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from newsletter.background import Background
from newsletter.match.lexical import LexicalIndex, index
from newsletter.match.people import name_parts
from newsletter.match.weighed import Weighed, weigh
from newsletter.models import Paper
from newsletter.vectors import Vectors


@dataclass(frozen=True, eq=False)
class Reading:
    """Some papers, ready to be matched; everything goes by their rows. Made by `read`.

    `vectors` are [papers, d]. `by_surname`, `by_category` (an archive such as `cs` beside its classes) and `with_venue`
    say where to look; all keys are case-folded.
    """

    papers: tuple[Paper, ...]
    vectors: Vectors
    lexical: LexicalIndex
    background: Background
    row_of: Mapping[str, int]
    by_surname: Mapping[str, Sequence[int]]
    by_category: Mapping[str, Sequence[int]]
    with_venue: Sequence[int]

    @cached_property
    def weighed(self) -> Weighed:
        """Return the papers weighed for likeness; it is done when first asked for, as most readers name no papers."""
        return weigh(self.papers, self.vectors, self.background)


def read(papers: Sequence[Paper], vectors: Vectors, background: Background) -> Reading:
    """Return `papers`, whose vectors are `vectors` [papers, d], read once; cost grows with their words."""
    return Reading(
        papers=tuple(papers),
        vectors=vectors,
        lexical=index(papers, frequency=background.document_frequency, size=background.papers),
        background=background,
        row_of={paper.id: row for row, paper in enumerate(papers)},
        by_surname=_rows_by(papers, _surnames),
        by_category=_rows_by(papers, _categories),
        with_venue=[row for row, paper in enumerate(papers) if paper.signals.venue or paper.signals.comment],
    )


def _rows_by(papers: Sequence[Paper], keys_of: Callable[[Paper], Iterable[str]]) -> dict[str, list[int]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, paper in enumerate(papers):
        for key in dict.fromkeys(keys_of(paper)):
            rows[key].append(row)
    return dict(rows)


def _surnames(paper: Paper) -> Iterable[str]:
    return (parts[-1] for parts in map(name_parts, paper.authors) if parts)


def _categories(paper: Paper) -> Iterable[str]:
    for category in paper.categories:
        folded = category.casefold()
        yield folded
        archive, dot, _ = folded.partition(".")
        if dot:
            yield archive
