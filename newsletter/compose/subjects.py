"""What each candidate is about, for this reader: their own words where these brought it, else a topic.

Subjects are found among all that matched, not among the few that are chosen: a heading found for twenty papers says
what they share, and the same subject is found again the next day.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from newsletter.models import MatchedPaper, Paper, ReasonKind
from newsletter.words import heading

# Finds a heading for each of some parts, "" where none is fit to print; equal ones are one subject.
Name = Callable[[Sequence[tuple[Paper, ...]]], Sequence[str]]
# Parts papers into about so many topics.
Divide = Callable[[tuple[Paper, ...], int], Sequence[tuple[Paper, ...]]]

PEOPLE = "People you follow"
LONGEST_HEADING = 6  # words; a longer phrase says what is wanted, not what a section is called
FEWEST_SUBJECTS = 3
_FEWEST_TO_DIVIDE = 6
_PART = 5  # papers; so many of one subject are enough for a section

WORDED = frozenset((ReasonKind.WORDS, ReasonKind.MEANING))


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

    What an interest in words brought is its subject; what only a category, a venue or likeness brought is divided into
    topics, and so is an interest that would fill the issue alone. `announced` counts by interest what the day had of
    it; `hidden` are papers that are not new.
    """
    finder = _Finder(limit, announced, name, divide, frozenset(hidden))
    worded: dict[str, list[MatchedPaper]] = {}
    people: list[MatchedPaper] = []
    others: list[MatchedPaper] = []
    for matched in candidates:
        phrase = next((reason.interest for reason in matched.reasons if reason.kind in WORDED), "")
        if phrase:
            worded.setdefault(phrase, []).append(matched)
        elif matched.reasons[0].kind is ReasonKind.AUTHOR:
            people.append(matched)
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

    def topics(self, papers: Sequence[MatchedPaper], parts: int) -> list[Subject]:
        """Return topics of `papers`, each with a heading or ""."""
        by_id = {matched.paper.id: matched for matched in papers}
        found = []
        topics = self.divide(tuple(matched.paper for matched in papers), parts)
        for members, label in zip(topics, self.name(topics), strict=True):
            own = [by_id[paper.id] for paper in members]
            brought = {matched.reasons[0].interest for matched in own}
            interest = brought.pop() if len(brought) == 1 else ""
            found.append(Subject(label, interest, _ids(own), self.new(own)))
        return found

    def enough(self, found: list[Subject], candidates: Sequence[MatchedPaper]) -> list[Subject]:
        """Return the subjects with the largest divided where there are too few for an issue."""
        while found and len(found) < FEWEST_SUBJECTS:
            largest = max(found, key=lambda subject: (len(subject.papers), subject.label))
            papers = [matched for matched in candidates if matched.paper.id in largest.papers]
            if largest.label == PEOPLE or min(len(papers), self.limit) < _FEWEST_TO_DIVIDE:
                break
            parts = self.topics(papers, FEWEST_SUBJECTS - len(found) + 1)
            if len(parts) < 2:
                break
            kept = (part if part.label else replace(part, label=largest.label) for part in parts)
            found = [*(subject for subject in found if subject is not largest), *kept]
        return found

    def new(self, papers: Sequence[MatchedPaper]) -> int:
        """Return how many of `papers` are new."""
        return sum(matched.paper.id not in self.hidden for matched in papers)


def _ids(papers: Sequence[MatchedPaper]) -> frozenset[str]:
    return frozenset(matched.paper.id for matched in papers)
