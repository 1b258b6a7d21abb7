"""Issues of none, one, ten and a hundred papers, and those that lack a part that most have."""

from __future__ import annotations

from newsletter.models import Issue, MatchedPaper, Reason, ReasonKind
from newsletter.sample.cases.everything import every_state
from newsletter.sample.cases.records import PIONEERS, health, issue, matched, paper, reader, section

_SUBJECTS = (
    "Sparse attention", "Protein folding", "Robot grasping", "Galaxy surveys", "Proof search",
    "Speech synthesis", "Weather models", "Graph matching", "Quantum sensing", "Code review",
)  # fmt: skip
_MANNERS = (
    "measured over a year", "with half the data", "in the open", "by hand and by machine", "under drift",
    "at the edge", "without labels", "as a game", "in ten languages", "and what it costs",
)  # fmt: skip


def cases() -> dict[str, Issue]:
    """Return the cases by name."""
    return {
        "empty day": issue(considered=0, health=every_state()[1:]),
        "nothing matched": issue(considered=1312),
        "one paper": issue(lead=_numbered(0)),
        "ten papers": _spread(10, sections=3),
        "hundred papers": _spread(100, sections=10),
        "only recommended": issue(trending=(_recommended(1),), picks=(_recommended(0),)),
        "many topics": issue(
            *(section(f"{_SUBJECTS[at]} {_MANNERS[at]}", _numbered(11 * at), interest="") for at in range(9)),
            subscriber=reader(*_SUBJECTS, *(f"{subject} {_MANNERS[1]}" for subject in _SUBJECTS)),
            health=tuple(health(f"feed {subject}") for subject in _SUBJECTS),
        ),
    }


def _spread(count: int, *, sections: int) -> Issue:
    """Return an issue of `count` papers, the first its lead and the others dealt out to `sections`."""
    papers = [_numbered(number) for number in range(count)]
    parts = [section(_SUBJECTS[at], *papers[1 + at :: sections]) for at in range(sections)]
    return issue(*parts, lead=papers[0], considered=12 * count, subscriber=reader(*_SUBJECTS[:sections]))


def _numbered(number: int) -> MatchedPaper:
    subject, manner = _SUBJECTS[number % 10], _MANNERS[number // 10]
    some = paper(
        number + 100,
        f"{subject} {manner}",
        abstract=f"We ask what becomes of {subject.lower()} {manner}. Across {number + 20} trials it holds, "
        "and where it fails we say why. The data and the notebook are open.",
        authors=tuple(PIONEERS[(number + step) % len(PIONEERS)] for step in range(number % 5 + 1)),
    )
    reason = Reason(ReasonKind.WORDS, subject, tuple(subject.split()), in_title=True, lexical=0.9, closeness=5.0)
    return matched(some, reason, score=round(0.99 - number / 250, 9))


def _recommended(number: int) -> MatchedPaper:
    kind = (ReasonKind.PICK, ReasonKind.VOTES)[number]
    return matched(_numbered(number).paper, Reason(kind, count=2, note="Short, and worth the evening."), score=0.3)
