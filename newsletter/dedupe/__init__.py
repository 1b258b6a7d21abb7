"""One paper per work: entries of every source, version and cross-list that are the same work are merged.

    entries + stored papers ── identities ──► works (union-find, guards) ── near ──► Paper

Entries are brought into a total order, so the same entries give the same papers in any order of arrival.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from newsletter.dedupe.merge import merged, order, said
from newsletter.dedupe.near import near_pairs
from newsletter.dedupe.works import Sighting, works
from newsletter.ids import identities
from newsletter.models import Entry, Paper
from newsletter.vectors import Encode


def dedupe(entries: Iterable[Entry], *, known: Sequence[Paper] = (), encode: Encode | None = None) -> tuple[Paper, ...]:
    """Return one paper per work that `entries` tell of, in the order of their strongest entries (see `merge.order`).

    `known` are the stored papers that share an identity with one of the entries: such a work keeps its id and all that
    earlier entries said. With `encode` (texts to unit vectors) works that no identity joins are merged as well where
    they read alike; see `near`.
    """
    fresh = [Sighting(identities(entry), (entry,)) for entry in sorted(entries, key=order)]
    stored = [Sighting((paper.id, *paper.identities), paper.entries, paper.id) for paper in sorted(known, key=_by_id)]
    sightings = [*stored, *fresh]
    alike = near_pairs(sightings, encode) if encode else ()
    found = works(sightings, same=_said_before(sightings) if stored else (), alike=alike)
    papers = [merged(work) for work in found if not all(sighting.stored_id for sighting in work)]
    return tuple(sorted(papers, key=lambda paper: (order(paper.entries[0]), paper.id)))


def latest(paper: Paper) -> Paper:
    """Return a paper as all its entries tell it, where the stored one is as its first readers saw it."""
    return merged([Sighting((paper.id, *paper.identities), paper.entries, paper.id)])


def _said_before(sightings: Sequence[Sighting]) -> Iterator[tuple[int, int]]:
    """Yield (row, row of the stored paper) for each entry that a stored paper already has, word for word."""
    rows = {said(entry): row for row, one in enumerate(sightings) if one.stored_id for entry in one.entries}
    for row, sighting in enumerate(sightings):
        if not sighting.stored_id and (before := rows.get(said(sighting.entries[0]))) is not None:
            yield row, before


def _by_id(paper: Paper) -> str:
    return paper.id
