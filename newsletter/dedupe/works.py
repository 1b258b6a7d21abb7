"""Which sightings are one work: groups that share an identity, followed strongest first, with guards.

Three guards: sightings with different arXiv ids stay apart whatever else they share; those with different ids of one
other kind (preprint DOI, journal DOI, PubMed id) are not merged by title; nor are those of which both name their
authors and none is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.ids import is_preprint, strength, title_key
from newsletter.models import Entry

_MOST_NAMESAKES = 20  # works that share a title and stay apart: with more it says nothing, and comparing all is slow


@dataclass(frozen=True, slots=True)
class Sighting:
    """An entry, or a stored paper with all its entries, and the identities it is recognised by."""

    identities: tuple[str, ...]
    entries: tuple[Entry, ...]
    stored_id: str = ""


def works(
    sightings: Sequence[Sighting], *, same: Iterable[tuple[int, int]] = (), alike: Iterable[tuple[int, int]] = ()
) -> Iterator[Sequence[Sighting]]:
    """Yield the groups of sightings that are one work, each in the order given.

    `same` are pairs of rows known to be one; `alike` pairs that read alike, for groups that no identity joins.
    """
    groups = Groups(sightings)
    for one, other in same:
        groups.merge(groups.root(one), groups.root(other))
    shared = _shared(sightings)
    for identity in sorted(shared, key=strength):
        _merge_bearers(groups, shared[identity], kind=identity.partition(":")[0])
    for one, other in alike:
        groups.merge_if_possible(one, other, kind="title")
    yield from groups.members()


class Groups:
    """A union-find over sightings, each group with what must not differ within a work."""

    def __init__(self, sightings: Sequence[Sighting]) -> None:
        self._sightings = sightings
        self._parents = list(range(len(sightings)))
        self._lasting: dict[int, tuple[set[str], ...]] = {}
        self._surnames: dict[int, set[str]] = {}

    def root(self, row: int) -> int:
        """Return the representative of a sighting's group: the smallest of its members."""
        while self._parents[row] != row:
            self._parents[row] = row = self._parents[self._parents[row]]
        return row

    def may_merge(self, one: int, other: int, *, kind: str) -> bool:
        """Return whether two roots that share an identity of `kind` can be one work."""
        guards = _GUARDS.get(kind, _GUARDS["pmid"])
        pairs = zip(self._lasting_of(one)[:guards], self._lasting_of(other)[:guards], strict=True)
        if any(mine and others and mine.isdisjoint(others) for mine, others in pairs):
            return False
        if kind != "title":
            return True
        mine, others = self._surnames_of(one), self._surnames_of(other)
        return not (mine and others and mine.isdisjoint(others))

    def merge(self, one: int, other: int) -> None:
        """Make two roots one group."""
        first, second = sorted((one, other))
        self._parents[second] = first
        for mine, others in zip(self._lasting_of(first), self._lasting_of(second), strict=True):
            mine.update(others)
        self._surnames_of(first).update(self._surnames_of(second))

    def merge_if_possible(self, one: int, other: int, *, kind: str) -> None:
        """Make the groups of two sightings one, unless they are already or must not be."""
        mine, others = self.root(one), self.root(other)
        if mine != others and self.may_merge(mine, others, kind=kind):
            self.merge(mine, others)

    def members(self) -> Iterator[Sequence[Sighting]]:
        """Yield the groups, in the order of their first members."""
        joined: dict[int, list[Sighting]] = {}
        for row, parent in enumerate(self._parents):
            if parent != row:
                root = self.root(row)
                joined.setdefault(root, [self._sightings[root]]).append(self._sightings[row])
        for row, sighting in enumerate(self._sightings):
            if self._parents[row] == row:
                yield joined.get(row) or (sighting,)

    def _lasting_of(self, root: int) -> tuple[set[str], ...]:
        if root not in self._lasting:
            self._lasting[root] = lasting(self._sightings[root])
        return self._lasting[root]

    def _surnames_of(self, root: int) -> set[str]:
        if root not in self._surnames:
            self._surnames[root] = surnames(self._sightings[root])
        return self._surnames[root]


# How many kinds of lasting ids, in the order of `lasting`, must not differ between works that share an identity.
_GUARDS = {"arxiv": 0, "doi": 1, "pmid": 1, "openreview": 1, "s2": 1, "title": 4}


def lasting(sighting: Sighting) -> tuple[set[str], set[str], set[str], set[str]]:
    """Return a sighting's arXiv ids, preprint DOIs, journal DOIs and PubMed ids."""
    arxiv, preprints, journals, pmids = kinds = set[str](), set[str](), set[str](), set[str]()
    for name in sighting.identities:
        kind, _, value = name.partition(":")
        if kind == "arxiv":
            arxiv.add(value)
        elif kind == "doi":
            (preprints if is_preprint(value) else journals).add(value)
        elif kind == "pmid":
            pmids.add(value)
    return kinds


def surnames(sighting: Sighting) -> set[str]:
    """Return every word of every author's name that may be the surname: sources differ in which comes last."""
    names = (name for entry in sighting.entries for name in entry.authors)
    return {key for name in names for word in name.split() if len(key := title_key(word)) > 1}


def _shared(sightings: Sequence[Sighting]) -> dict[str, list[int]]:
    """Return the rows of each identity that more than one sighting has."""
    first: dict[str, int] = {}
    shared: dict[str, list[int]] = {}
    for row, sighting in enumerate(sightings):
        for identity in sighting.identities:
            before = first.setdefault(identity, row)
            if before != row:
                shared.setdefault(identity, [before]).append(row)
    return shared


def _merge_bearers(groups: Groups, bearers: Sequence[int], *, kind: str) -> None:
    """Merge each bearer of an identity into the first work before it that it may belong to."""
    found: list[int] = []
    for bearer in bearers:
        root = groups.root(bearer)
        work = next((one for one in found if groups.root(one) == root or groups.may_merge(one, root, kind=kind)), None)
        if work is None and len(found) < _MOST_NAMESAKES:
            found.append(root)
        elif work is not None and work != root:
            groups.merge(work, root)
            found = [groups.root(one) for one in found]
