"""Two issues side by side: the papers that come, go, change their section or their place in it, and why."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from newsletter.explain.sentences import why_cut, why_unmatched
from newsletter.models import Issue, MatchedPaper


class Kind(StrEnum):
    """What is different about a paper, seen from the left."""

    GAINED = "gained"  # on the right alone
    LOST = "lost"  # on the left alone
    MOVED = "moved"  # to another section, or it becomes or ceases to be the lead
    ELSEWHERE = "elsewhere"  # before or behind others of its section than it was


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a paper stands in an issue: its place, from 1; the section, "" for the lead; its score, in 0 to 1."""

    number: int
    section: str
    score: float


@dataclass(frozen=True, slots=True)
class Changed:
    """One paper that is not in the same place on both sides. Made by `changes`.

    `left` is None for what is gained, `right` for what is lost. `why` says what keeps the paper out on the side where
    it is missing, and "" of what stands on both.
    """

    kind: Kind
    id: str
    title: str
    left: Stand | None
    right: Stand | None
    why: str


def changes(
    left: Issue, right: Issue, *, of_left: Collection[str] | None = None, of_right: Collection[str] | None = None
) -> tuple[Changed, ...]:
    """Return what differs: the gained, then the lost, the moved, and what is elsewhere, each in reading order.

    Of the papers that a section has on both sides, as few as possible are elsewhere: those that have to be moved to
    make one order of the other. `of_left` and `of_right` are the ids of the papers that each issue was chosen from;
    where they are not given, the editions of two days are taken to have no paper in common.
    """
    before, after = _Side(left, of_left), _Side(right, of_right)
    return (*_gained(before, after), *_lost(before, after), *_moved(before, after), *_elsewhere(before, after))


def count_same(left: Issue, right: Issue, found: Collection[Changed]) -> int:
    """Return how many papers stand on both sides, in the same section and order; `found` is what `changes` found."""
    both = {matched.paper.id for matched in left.papers} & {matched.paper.id for matched in right.papers}
    return len(both) - sum(each.left is not None and each.right is not None for each in found)


def as_data(changed: Changed) -> dict[str, Any]:
    """Return a change for a program, to be written as JSON."""
    return asdict(changed) | {"kind": changed.kind.value}


class _Side:
    """One issue, and where each paper stands in it."""

    def __init__(self, issue: Issue, chosen_from: Collection[str] | None) -> None:
        self.issue = issue
        self.chosen_from = chosen_from
        self.placed = {
            matched.paper.id: (Stand(number, section, round(matched.score, 4)), matched)
            for number, (section, matched) in enumerate(issue.placed, 1)
        }
        self.cut = {cut.matched.paper.id: cut for cut in issue.cut}
        self.beside = {matched.paper.id for matched in (*issue.picks, *issue.trending)}

    def stand(self, paper_id: str) -> Stand | None:
        return self.placed[paper_id][0] if paper_id in self.placed else None

    def absence(self, matched: MatchedPaper, other: _Side) -> str:
        """Return why a paper of the other side is not in this issue."""
        paper_id = matched.paper.id
        if paper_id in self.cut:
            return why_cut(self.cut[paper_id])
        if paper_id in other.beside:
            return "not matched, and not among what others recommend"
        known = self.issue.day == other.issue.day if self.chosen_from is None else paper_id in self.chosen_from
        return why_unmatched(matched, self.issue.subscriber) if known else "is no paper of that edition"


def _gained(left: _Side, right: _Side) -> Iterator[Changed]:
    for paper_id, (stand, matched) in right.placed.items():
        if paper_id not in left.placed:
            yield Changed(Kind.GAINED, paper_id, matched.paper.title, None, stand, left.absence(matched, right))


def _lost(left: _Side, right: _Side) -> Iterator[Changed]:
    for paper_id, (stand, matched) in left.placed.items():
        if paper_id not in right.placed:
            yield Changed(Kind.LOST, paper_id, matched.paper.title, stand, None, right.absence(matched, left))


def _moved(left: _Side, right: _Side) -> Iterator[Changed]:
    for paper_id, (stand, matched) in right.placed.items():
        was = left.stand(paper_id)
        if was is not None and was.section != stand.section:
            yield Changed(Kind.MOVED, paper_id, matched.paper.title, was, stand, "")


def _elsewhere(left: _Side, right: _Side) -> Iterator[Changed]:
    sections: dict[str, dict[str, int]] = {}
    for paper_id, (stand, _) in right.placed.items():
        was = left.stand(paper_id)
        if was is not None and was.section == stand.section:
            sections.setdefault(stand.section, {})[paper_id] = was.number
    for papers in sections.values():
        for paper_id in _out_of_order(papers):
            stand, matched = right.placed[paper_id]
            yield Changed(Kind.ELSEWHERE, paper_id, matched.paper.title, left.stand(paper_id), stand, "")


def _out_of_order(numbers: Mapping[str, int]) -> list[str]:
    """Return the fewest papers without which their numbers, all different, ascend.

    The rest is a longest increasing subsequence. Source: Fredman, On computing the length of longest increasing
    subsequences (1975).
    """
    ends: list[int] = []  # the lowest number that a run of each length ends with
    length: dict[str, int] = {}
    for paper_id, number in numbers.items():
        place = bisect_left(ends, number)
        ends[place : place + 1] = [number]
        length[paper_id] = place
    kept, wanted = set(), len(ends) - 1
    for paper_id in reversed(list(numbers)):
        if length[paper_id] == wanted:  # the last before what was kept; its number was an end then, and is lower
            kept.add(paper_id)
            wanted -= 1
    return [paper_id for paper_id in numbers if paper_id not in kept]
