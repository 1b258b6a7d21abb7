"""What each candidate is about, for this reader: their own words where these brought it, else a topic.

Subjects are found among all that matched, not among the few that are chosen: a heading found for twenty papers says
what they share, and the same subject is found again the next day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from newsletter.models import PEOPLE, MatchedPaper, Paper, ReasonKind
from newsletter.words import heading

# Finds a heading for each of some parts, "" where none is fit to print; equal ones are one subject.
Name = Callable[[Sequence[tuple[Paper, ...]]], Sequence[str]]
# Parts papers into topics, the largest first; a paper that is like no other stands alone.
Divide = Callable[[tuple[Paper, ...]], Sequence[tuple[Paper, ...]]]

LONGEST_HEADING = 6  # words; a longer phrase says what is wanted, not what a section is called
FEWEST_SUBJECTS = 3
_FEWEST_TO_DIVIDE = 6
_PART = 3  # papers; so many of one subject are enough for a section
_MOST_DIVIDED = 400  # papers, the best; the cost grows with the square
_NAMED = 2  # times as many topics are named as are wanted, since some find no heading

WORDED = frozenset((ReasonKind.WORDS, ReasonKind.MEANING))
# What is told by the name that the reader gave it; an example's is an identity.
_NAMES = WORDED | {ReasonKind.CATEGORY, ReasonKind.VENUE}


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that a section may be about. Made by `find_subjects`.

    `label` is its heading, "" where there is none fit to print. `interest` is the reader's interest that brought it, ""
    where several did. `papers` are the ids of all that matched it first, `announced` how many new ones the day had.
    """

    label: str
    interest: str
    papers: frozenset[str]
    announced: int


def find_subjects(
    candidates: Sequence[MatchedPaper],
    *,
    limit: int,
    announced: Mapping[str, int],
    name: Name,
    divide: Divide,
    hidden: Collection[str] = (),
) -> tuple[Subject, ...]:
    """Return the subjects of `candidates` (best first), each candidate in exactly one.

    What people brought whom the reader follows is about them, whatever else it is about. What an interest in words
    brought is its subject; what only a category, a venue or likeness brought is divided into
    topics, and so is an interest that would fill the issue alone. `announced` counts by interest what the day had of
    it; `hidden` are papers that are not new.
    """
    finder = _Finder(limit, announced, name, divide, frozenset(hidden))
    worded: dict[str, list[MatchedPaper]] = {}
    people: list[MatchedPaper] = []
    others: list[MatchedPaper] = []
    for matched in candidates:
        phrase = next((reason.interest for reason in matched.reasons if reason.kind in WORDED), "")
        if any(reason.kind is ReasonKind.AUTHOR for reason in matched.reasons):
            people.append(matched)
        elif phrase:
            worded.setdefault(phrase, []).append(matched)
        else:
            others.append(matched)
    found = [finder.own(interest, papers) for interest, papers in worded.items()]
    if people:
        found.append(Subject(PEOPLE, "", _ids(people), finder.new(people)))
    if others:
        found += finder.topics(others, max(FEWEST_SUBJECTS, round(min(limit, len(others)) / _PART)))
    return tuple(finder.enough(found, candidates))


@dataclass(frozen=True, slots=True)
class _Finder:
    """What it takes to find the subjects of one issue."""

    limit: int
    announced: Mapping[str, int]
    name: Name
    divide: Divide
    hidden: frozenset[str]

    def own(self, interest: str, papers: Sequence[MatchedPaper]) -> Subject:
        """Return what an interest in words brought, under these words unless they are too long for a heading."""
        fits = len(interest.split()) <= LONGEST_HEADING
        (label,) = ("",) if fits else self.name([tuple(matched.paper for matched in papers)])
        return Subject(
            label or heading(interest),
            interest,
            _ids(papers),
            max(self.announced.get(interest, 0), self.new(papers)),
        )

    def topics(self, papers: Sequence[MatchedPaper], most: int, *, rest: str = "") -> list[Subject]:
        """Return at most `most` topics of `papers`, the largest that have a heading, and one of all others.

        That one is called `rest`, "" where it has no name.
        """
        by_id = {matched.paper.id: matched for matched in papers}
        parts = self.divide(tuple(matched.paper for matched in papers[:_MOST_DIVIDED]))
        larger = [part for part in parts if len(part) > 1][: _NAMED * most]
        named = list(zip(self.name(larger), larger, strict=True))
        found = [self._topic(label, [by_id[paper.id] for paper in part]) for label, part in named if label][:most]
        placed = frozenset[str]().union(*(subject.papers for subject in found))
        others = [matched for matched in papers if matched.paper.id not in placed]
        return [*found, self._topic(rest, others)] if others else found

    def _topic(self, label: str, papers: Sequence[MatchedPaper]) -> Subject:
        brought = {matched.reasons[0].interest for matched in papers if matched.reasons[0].kind in _NAMES}
        interest = brought.pop() if len(brought) == 1 else ""
        return Subject(label, interest, _ids(papers), self.new(papers))

    def enough(self, found: list[Subject], candidates: Sequence[MatchedPaper]) -> list[Subject]:
        """Return the subjects with the largest divided where there are too few for an issue."""
        missing = FEWEST_SUBJECTS - len(found)
        if not found or missing <= 0:
            return found
        largest = max(found, key=lambda subject: (len(subject.papers), subject.label))
        papers = [matched for matched in candidates if matched.paper.id in largest.papers]
        if not largest.label or largest.label == PEOPLE or min(len(papers), self.limit) < _FEWEST_TO_DIVIDE:
            return found
        return [
            *(subject for subject in found if subject is not largest),
            *self.topics(papers, missing, rest=largest.label),
        ]

    def new(self, papers: Sequence[MatchedPaper]) -> int:
        """Return how many of `papers` are new."""
        return sum(matched.paper.id not in self.hidden for matched in papers)


def _ids(papers: Sequence[MatchedPaper]) -> frozenset[str]:
    return frozenset(matched.paper.id for matched in papers)
