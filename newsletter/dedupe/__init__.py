"""One paper per work: entries of every source, version and cross-list that are the same work are merged.

    entries + stored papers ── identities ──► works (union-find, evidence) ── near ──► claims ──► Paper

Entries are brought into a total order, so the same entries give the same papers in any order of arrival. Two works
merged are worse than one told twice: where people, abstracts, addresses or ids speak against it, a title joins nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from newsletter.dedupe.claims import claims
from newsletter.dedupe.merge import merged, order, version_of
from newsletter.dedupe.near import near_pairs
from newsletter.dedupe.sighting import Sighting
from newsletter.dedupe.works import works
from newsletter.ids import identities, namesake_identities
from newsletter.models import Entry, Paper
from newsletter.vectors import Encode

__all__ = ("dedupe", "is_newer", "latest", "version_of", "wanted")


def dedupe(
    entries: Iterable[Entry], *, known: Sequence[Paper] = (), recent: Sequence[Paper] = (), encode: Encode | None = None
) -> tuple[Paper, ...]:
    """Return one paper per work that `entries` tell of, in the order of their strongest entries (see `merge.order`).

    `known` are the stored papers with one of the `wanted` identities: such a work keeps its id and all that earlier
    entries said. With `encode` (texts to unit vectors) works that no identity joins are merged as well where they read
    alike (see `near`), with a paper of `recent` too: stored papers of the last days. Neither merges two stored papers.
    """
    fresh = [Sighting(identities(entry), (entry,)) for entry in sorted(entries, key=order)]
    by_id = {paper.id: _stored(paper) for paper in recent} | {paper.id: _stored(paper, asked=True) for paper in known}
    sightings = [*(by_id[paper_id] for paper_id in sorted(by_id)), *fresh]
    alike = near_pairs(sightings, encode) if encode else ()
    groups, contested = works(sightings, alike=alike)
    claimed = claims(sightings, groups, contested)
    papers = [
        merged([sightings[row] for row in rows], claimed.get(rows[0]))
        for rows in groups.members()
        if rows[-1] >= len(by_id)  # an entry is in it
    ]
    return tuple(sorted(papers, key=lambda paper: (order(paper.entries[0]), paper.id)))


def wanted(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield every identity by which a stored paper may be known as one that `entries` tell of, some of them twice."""
    return chain.from_iterable((*identities(entry), *namesake_identities(entry)) for entry in entries)


def latest(paper: Paper) -> Paper:
    """Return a paper as all its entries tell it, where the stored one is as its first readers saw it."""
    return merged([_stored(paper)])


def is_newer(paper: Paper, known: Paper) -> bool:
    """Return whether `paper` is a newer version of the `known` one, as far as both tell of the same server's."""
    on_arxiv = [any(entry.arxiv_id for entry in one.entries) for one in (paper, known)]
    return on_arxiv[0] == on_arxiv[1] and 0 < version_of(known.entries) < version_of(paper.entries)


def _stored(paper: Paper, *, asked: bool = False) -> Sighting:
    """Return a stored paper; one that was asked for is known by its titles too where another paper owns these."""
    owned = (paper.id, *paper.identities)
    titles = chain.from_iterable(map(identities, paper.entries)) if asked else ()
    known_by = dict.fromkeys((*owned, *(name for name in titles if name.startswith("title:"))))
    return Sighting(tuple(known_by), paper.entries, paper.id, owned)
