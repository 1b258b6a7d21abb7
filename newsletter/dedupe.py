"""One paper per work: entries of every source, version and cross-list that are the same work are merged.

    entries ── identities ──► works (union-find) ──► Paper

Identities are followed strongest first: arXiv id, DOI, title. Two guards: entries with different arXiv ids stay apart
whatever else they share, and entries with different DOIs of one kind (preprint, journal) are not merged by title.
Entries are first brought into a total order, so the same entries give the same papers in any order of arrival.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from types import MappingProxyType

from newsletter.ids import identities, is_preprint
from newsletter.models import AnnounceType, Entry, Paper

_KINDS = ("arxiv", "doi", "title")  # strongest first
_STRENGTH = {kind: rank for rank, kind in enumerate(AnnounceType)}
_MOST_NAMESAKES = 20  # works that share a title and stay apart: with more it says nothing, and comparing all is slow
_NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})


def dedupe(entries: Sequence[Entry], *, known: Mapping[str, str] = _NOTHING_KNOWN) -> tuple[Paper, ...]:
    """Return one paper per work, in the order of their first entries (see `_order`).

    `known` maps an identity to the id of the stored paper that has it: a paper of today that shares an identity with
    a stored one keeps that id, whatever its entries would give.
    """
    ordered = sorted(entries, key=_order)
    nodes = [*_stored(ordered, known), *(_Node(frozenset(identities(entry)), entry=entry) for entry in ordered)]
    papers = [_paper(work) for work in _works(nodes) if any(node.entry for node in work)]
    return tuple(sorted(papers, key=lambda paper: (_order(paper.entries[0]), paper.id)))


# ------------------------------------------------------------------ which entries are one work


@dataclass(frozen=True, slots=True)
class _Node:
    """An entry, or a stored paper it may belong to, with its identities."""

    identities: frozenset[str]
    entry: Entry | None = None
    stored_id: str = ""


def _stored(entries: Iterable[Entry], known: Mapping[str, str]) -> list[_Node]:
    """Return the stored papers that share an identity with an entry, each with all its identities."""
    met = {known[identity] for entry in entries for identity in identities(entry) if identity in known}
    found: dict[str, set[str]] = {paper_id: {paper_id} for paper_id in sorted(met)}
    if found:
        for identity, paper_id in known.items():
            if paper_id in found:
                found[paper_id].add(identity)
    return [_Node(frozenset(names), stored_id=paper_id) for paper_id, names in found.items()]


class _UnionFind:
    """Groups of nodes, each with the arXiv ids and DOIs of its members."""

    def __init__(self, nodes: Sequence[_Node]) -> None:
        self._parents = list(range(len(nodes)))
        self._lasting = [_lasting(node) for node in nodes]

    def root(self, node: int) -> int:
        """Return the representative of a node's group: the smallest of its members."""
        while self._parents[node] != node:
            self._parents[node] = node = self._parents[self._parents[node]]
        return node

    def may_merge(self, one: int, other: int, *, kind: str) -> bool:
        """Return whether two roots that share an identity of `kind` can be one work."""
        pairs = zip(self._lasting[one], self._lasting[other], strict=True)
        return not any(mine and others and mine.isdisjoint(others) for mine, others in islice(pairs, _GUARDS[kind]))

    def merge(self, one: int, other: int) -> None:
        """Make two roots one group."""
        first, second = sorted((one, other))
        self._parents[second] = first
        for mine, others in zip(self._lasting[first], self._lasting[second], strict=True):
            mine.update(others)


# How many kinds of lasting ids, in the order of `_lasting`, must not differ between works that share an identity.
_GUARDS = {"arxiv": 0, "doi": 1, "title": 3}


def _lasting(node: _Node) -> tuple[set[str], set[str], set[str]]:
    """Return a node's arXiv ids, preprint DOIs and journal DOIs."""
    arxiv = {name for name in node.identities if name.startswith("arxiv:")}
    dois = {name for name in node.identities if name.startswith("doi:")}
    preprints = {name for name in dois if is_preprint(name.removeprefix("doi:"))}
    return arxiv, preprints, dois - preprints


def _works(nodes: Sequence[_Node]) -> list[list[_Node]]:
    """Return the groups of nodes that are one work, each in the order of `nodes`."""
    groups = _UnionFind(nodes)
    bearers: dict[str, list[int]] = defaultdict(list)
    for number, node in enumerate(nodes):
        for identity in node.identities:
            bearers[identity].append(number)
    for identity in sorted(bearers, key=_strength):
        _merge_bearers(groups, bearers[identity], kind=identity.partition(":")[0])
    works: dict[int, list[_Node]] = defaultdict(list)
    for number, node in enumerate(nodes):
        works[groups.root(number)].append(node)
    return list(works.values())


def _merge_bearers(groups: _UnionFind, bearers: Sequence[int], *, kind: str) -> None:
    """Merge each bearer of an identity into the first work before it that it may belong to."""
    works: list[int] = []
    for bearer in bearers:
        root = groups.root(bearer)
        work = next((one for one in works if groups.root(one) == root or groups.may_merge(one, root, kind=kind)), None)
        if work is None and len(works) < _MOST_NAMESAKES:
            works.append(root)
        elif work is not None and work != root:
            groups.merge(work, root)
            works = [groups.root(one) for one in works]


def _strength(identity: str) -> tuple[int, str]:
    kind = identity.partition(":")[0]
    return (_KINDS.index(kind) if kind in _KINDS else len(_KINDS), identity)


# ------------------------------------------------------------------ what the paper says


def _order(entry: Entry) -> tuple[object, ...]:
    """Return the key of a total order: announced strongest first, then by source and place, then by all the rest."""
    return (
        _rank(entry.announce_type),
        entry.source,
        _natural(entry.place),
        entry.title,
        entry.abstract,
        entry.authors,
        entry.url,
        entry.arxiv_id,
        entry.version,
        entry.doi,
        entry.categories,
        entry.published or date.max,
        entry.byline,
    )


def _rank(announced: AnnounceType | None) -> int:
    return len(_STRENGTH) if announced is None else _STRENGTH[announced]


def _natural(place: str) -> tuple[object, ...]:
    """Return a key by which `page.txt:12` comes before `page.txt:100`."""
    parts = re.split(r"([0-9]+)", place)
    return tuple((len(part.lstrip("0")), part) if at % 2 else part for at, part in enumerate(parts))


def _paper(work: Sequence[_Node]) -> Paper:
    """Return the paper of one work: the newest version's title, and the fullest of everything else."""
    entries = tuple(node.entry for node in work if node.entry)
    newest = max(entries, key=lambda entry: (bool(entry.arxiv_id), entry.version))  # the first of equals, as below
    return Paper(
        id=_id(work, newest),
        title=newest.title,
        abstract=max((newest, *entries), key=lambda entry: len(entry.abstract)).abstract,
        authors=max((newest, *entries), key=lambda entry: len(entry.authors)).authors,
        url=_url(entries),
        categories=tuple(dict.fromkeys(chain.from_iterable(entry.categories for entry in (newest, *entries)))),
        published=min((entry.published for entry in entries if entry.published), default=None),
        version=max(entry.version for entry in entries),
        identities=tuple(sorted(frozenset().union(*(node.identities for node in work)), key=_strength)),
        entries=entries,
    )


def _id(work: Sequence[_Node], newest: Entry) -> str:
    """Return the stored id where there is one, or else the strongest identity: of several titles that of `newest`."""
    stored = [node.stored_id for node in work if node.stored_id]
    lasting = [name for node in work for name in node.identities if not name.startswith("title:")]
    return min(stored or lasting or identities(newest)[:1], key=_strength)


def _url(entries: Sequence[Entry]) -> str:
    """Return the first address, arXiv's abstract pages before all others."""
    addresses = [entry.url for entry in entries if entry.url]
    return next((url for url in addresses if "://arxiv.org/" in url), addresses[0] if addresses else "")
