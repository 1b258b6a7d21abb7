"""Which sightings are one work: groups that share an identity, followed strongest first, with guards.

Sightings with different arXiv ids stay apart whatever else they share. A title alone merges none with different ids
of one other kind (preprint DOI, journal DOI, PubMed id), none that the `evidence` tells apart, and no two stored
papers: what was told apart once stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from newsletter.dedupe.evidence import Evidence, Verdict
from newsletter.dedupe.sighting import Sighting, said
from newsletter.ids import is_preprint, strength
from newsletter.models import Entry

_MOST_NAMESAKES = 20  # works that share a title and stay apart: with more it says nothing, and comparing all is slow


def works(
    sightings: Sequence[Sighting], *, alike: Iterable[tuple[int, int]] = ()
) -> tuple[Groups, dict[str, list[int]]]:
    """Return the rows of each work as groups, and of each title that several have the first rows of these.

    Stored papers stand before entries. `alike` are pairs of rows that read alike, for works that no identity joins.
    """
    groups = Groups(sightings)
    shared = _shared(sightings)
    _merge_repeated(groups, sightings, shared)
    for identity in sorted(shared, key=strength):
        if identity.startswith("title:"):
            _merge_namesakes(groups, shared[identity])
        else:
            _merge_bearers(groups, shared[identity])
    for one, other in alike:
        groups.merge_alike(one, other)
    contested = {}
    for identity, rows in shared.items():
        if identity.startswith("title:") and len(roots := sorted({groups.root(row) for row in rows})) > 1:
            contested[identity] = roots
    return groups, contested


class Groups:
    """A union-find over sightings, each group with what must not differ within a work."""

    def __init__(self, sightings: Sequence[Sighting]) -> None:
        self._sightings = sightings
        self._parents = list(range(len(sightings)))
        self._lasting: dict[int, tuple[set[str], ...]] = {}
        self._evidence: dict[int, Evidence] = {}
        self._members: dict[int, list[int]] = {}

    def root(self, row: int) -> int:
        """Return the representative of a sighting's group: the first of its members, stored ones before others."""
        while self._parents[row] != row:
            self._parents[row] = row = self._parents[self._parents[row]]
        return row

    def may_merge(self, one: int, other: int) -> bool:
        """Return whether two roots that share an id can be one work: with two arXiv ids they cannot."""
        mine, others = self._lasting_of(one)[0], self._lasting_of(other)[0]
        return not (mine and others and mine.isdisjoint(others))

    def verdict(self, one: int, other: int) -> Verdict:
        """Return whether two roots that share a title can be one work."""
        if self._sightings[one].stored_id and self._sightings[other].stored_id:
            return Verdict.DIFFERENT
        pairs = zip(self._lasting_of(one), self._lasting_of(other), strict=True)
        if any(mine and others and mine.isdisjoint(others) for mine, others in pairs):
            return Verdict.DIFFERENT
        return self._evidence_of(one).verdict(self._evidence_of(other))

    def telling(self, row: int) -> tuple[bool, bool, bool, int]:
        """Return the key that orders sightings by what their works tell: stored ones, those with ids, with authors."""
        root = self.root(row)
        sighting = self._sightings[root]
        named = any(entry.authors for entry in sighting.entries)
        return (not sighting.stored_id, not any(self._lasting_of(root)), not named, root)

    def merge(self, one: int, other: int) -> None:
        """Make two roots one group."""
        first, second = sorted((one, other))
        self._parents[second] = first
        for mine, others in zip(self._lasting_of(first), self._lasting_of(second), strict=True):
            mine.update(others)
        joining = self._members.pop(second, [second])
        self._members.setdefault(first, [first]).extend(joining)
        self._evidence.pop(second, None)
        if first in self._evidence:
            for row in sorted(joining):
                self._evidence[first].add(self._sightings[row].entries)

    def merge_alike(self, one: int, other: int) -> None:
        """Make the groups of two sightings one, unless they are already or must not be."""
        mine, others = self.root(one), self.root(other)
        if mine != others and self.verdict(mine, others):
            self.merge(mine, others)

    def members(self) -> Iterator[Sequence[int]]:
        """Yield the rows of each group, in the order of their first."""
        return (self.rows(row) for row, parent in enumerate(self._parents) if parent == row)

    def rows(self, root: int) -> Sequence[int]:
        """Return the rows of the group of a root, in order."""
        return sorted(self._members[root]) if root in self._members else (root,)

    def _lasting_of(self, root: int) -> tuple[set[str], ...]:
        if root not in self._lasting:
            self._lasting[root] = lasting(self._sightings[root])
        return self._lasting[root]

    def _evidence_of(self, root: int) -> Evidence:
        if root not in self._evidence:
            found = self._evidence[root] = Evidence()
            for row in self.rows(root):
                found.add(self._sightings[row].entries)
        return self._evidence[root]


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


def _merge_repeated(groups: Groups, sightings: Sequence[Sighting], shared: Mapping[str, Sequence[int]]) -> None:
    """Merge entries that say the same word for word, and those with the stored paper that has them already."""
    first: dict[Entry, int] = {}
    for row in sorted(set(chain.from_iterable(shared.values()))):
        for entry in map(said, sightings[row].entries):
            before = first.setdefault(entry, row)
            if not sightings[row].stored_id and groups.root(before) != groups.root(row):
                groups.merge(groups.root(before), groups.root(row))


def _merge_bearers(groups: Groups, bearers: Sequence[int]) -> None:
    """Merge each bearer of an id into the first work before it that it may belong to."""
    found: list[int] = []
    for root in map(groups.root, bearers):
        work = next((one for one in found if one == root or groups.may_merge(one, root)), None)
        if work is None and len(found) < _MOST_NAMESAKES:
            found.append(root)
        elif work is not None and work != root:
            groups.merge(work, root)
            found = [groups.root(one) for one in found]


def _merge_namesakes(groups: Groups, bearers: Sequence[int]) -> None:
    """Merge each bearer of a title into the work before it that most speaks for, who tell most of themselves first."""
    if len(set(map(groups.root, bearers))) == 1:
        return
    found: list[int] = []
    for row in sorted(bearers, key=groups.telling):
        root = groups.root(row)
        if root in found:
            continue
        verdicts = [(groups.verdict(one, root), one) for one in found]
        best = max((verdict for verdict, _ in verdicts), default=Verdict.DIFFERENT)
        if best:
            groups.merge(next(one for verdict, one in verdicts if verdict == best), root)
            found = [groups.root(one) for one in found]
        elif len(found) < _MOST_NAMESAKES:
            found.append(root)
