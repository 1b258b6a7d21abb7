"""Every paper of an edition as one reader's issue treats it: what stands in it, was cut, or how near it came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from newsletter.explain import Explanation, Nearness, nearest_of_all
from newsletter.explain import sentences as told_as
from newsletter.models import CutReason, Interest, Issue, MatchedPaper, Paper, Subscriber
from newsletter.pipeline import Prepared

_DECIMALS = 4


class Fate(StrEnum):
    """What becomes of a paper in one issue."""

    IN = "in"  # an interest brought it
    PICK = "pick"  # the editor's, and no interest brought it
    TRENDING = "trending"  # others recommend it, and no interest brought it
    CUT = "cut"
    UNMATCHED = "unmatched"  # no interest lets it through


@dataclass(frozen=True, slots=True)
class Candidate:
    """One paper of an edition in one reader's issue. Made by `candidates`.

    `number` is its place in the issue, from 1; `section` is "" for the lead and what stands nowhere. `score` is in 0 to
    1, of an unmatched paper that of the nearest interest. `words` and `closeness` are the parts of the strongest reason
    by a phrase, 0 where there is none. `reasons` are sentences, each with the line of its interest. `cut` says what
    left it out: the reason and the rule; of an unmatched paper, what would have. `nearest` is the interest that came
    nearest to an unmatched paper.
    """

    id: str
    title: str
    url: str
    fate: Fate
    number: int | None = None
    section: str = ""
    score: float = 0.0
    words: float = 0.0
    closeness: float = 0.0
    reasons: tuple[tuple[str, str], ...] = ()
    cut: tuple[CutReason, str] | None = None
    nearest: Nearness | None = None


def candidates(prepared: Prepared | None, issue: Issue, *, reader: Subscriber) -> tuple[Candidate, ...]:
    """Return every paper of the edition, and what else stands in `issue` or was cut from it, each once.

    What stands in the issue comes first, in reading order; then what was cut, the best first; then what no interest of
    `reader` let through, the nearest first. Equal scores go by id. `issue` was made from `prepared`, for `reader`;
    without `prepared`, of an issue made up by hand, only what the issue tells is there. Updates are told where they
    stand in the issue or were cut: to who never had the paper, an update is old. Cost: that of `nearest_of_all` and of
    the sentences: 25 ms for 2,000 papers and eight phrases.
    """
    refused = prepared.excluded(reader) if prepared else {}
    beside = {matched.paper.id: Fate.PICK for matched in issue.picks}
    beside |= {matched.paper.id: Fate.TRENDING for matched in issue.trending}
    found = [
        _of_match(matched, beside.get(matched.paper.id, Fate.IN), number=number, section=section)
        for number, (section, matched) in enumerate(issue.placed, 1)
    ]
    for cut in sorted(issue.cut, key=lambda cut: (-round(cut.matched.score, 9), cut.matched.paper.id)):
        rule = refused.get(cut.matched.paper.id) if cut.reason is CutReason.EXCLUDED else None
        detail = _rule(rule, reader) if rule else cut.detail
        found.append(_of_match(cut.matched, Fate.CUT, cut=(cut.reason, detail)))
    if prepared is not None:
        known = {candidate.id for candidate in found}
        rest = [paper for paper in prepared.edition.papers if paper.id not in known]
        found += _unmatched(rest, prepared, refused, reader)
    return tuple(found)


def _of_match(
    matched: MatchedPaper,
    fate: Fate,
    *,
    number: int | None = None,
    section: str = "",
    cut: tuple[CutReason, str] | None = None,
) -> Candidate:
    phrase = next((reason for reason in matched.reasons if reason.kind in told_as.BY_PHRASE), None)
    return Candidate(
        id=matched.paper.id,
        title=matched.paper.title,
        url=matched.paper.url,
        fate=fate,
        number=number,
        section=section,
        score=round(matched.score, _DECIMALS),
        words=round(phrase.lexical, _DECIMALS) if phrase else 0.0,
        closeness=round(phrase.closeness, _DECIMALS) if phrase else 0.0,
        reasons=tuple((told_as.evidence(reason), reason.origin) for reason in matched.reasons),
        cut=cut,
    )


def _unmatched(
    papers: Sequence[Paper], prepared: Prepared, refused: Mapping[str, Interest], reader: Subscriber
) -> Iterator[Candidate]:
    """Yield papers that nothing let through, the nearest first."""
    near = nearest_of_all(prepared, reader) if papers else {}
    scores = {paper.id: near[paper.id].score if paper.id in near else 0.0 for paper in papers}
    for paper in sorted(papers, key=lambda paper: (-round(scores[paper.id], 9), paper.id)):
        rule = refused.get(paper.id)
        yield Candidate(
            id=paper.id,
            title=paper.title,
            url=paper.url,
            fate=Fate.UNMATCHED,
            score=round(scores[paper.id], _DECIMALS),
            cut=(CutReason.EXCLUDED, _rule(rule, reader)) if rule else None,
            nearest=near.get(paper.id),
        )


def _rule(rule: Interest, reader: Subscriber) -> str:
    """Return what refuses a paper, and its line: an exclusion, a vote, or that the reader named the paper itself."""
    name = "it is the example that the reader named" if rule in reader.interests else rule.name
    return f"{name} ({rule.origin})" if rule.origin else name


def as_data(candidate: Candidate) -> dict[str, Any]:
    """Return a candidate for a program, to be written as JSON."""
    near = candidate.nearest
    return {
        "id": candidate.id,
        "title": candidate.title,
        "url": candidate.url,
        "fate": candidate.fate.value,
        "number": candidate.number,
        "section": candidate.section,
        "score": candidate.score,
        "words": candidate.words,
        "closeness": candidate.closeness,
        "reasons": [{"text": text, "origin": origin} for text, origin in candidate.reasons],
        "cut": {"reason": candidate.cut[0].value, "detail": candidate.cut[1]} if candidate.cut else None,
        "nearest": {"interest": near.interest, "score": round(near.score, _DECIMALS), "origin": near.origin}
        if near
        else None,
    }


def trace_as_data(told: Explanation, reader: Subscriber) -> dict[str, Any]:
    """Return the whole trace of one paper for a program: its history, verdict, every interest, and what would help."""
    nearest = [each | {"score": round(each["score"], _DECIMALS)} for each in told_as.nearest_as_data(told)]
    return {
        "paper": {"id": told.paper.id, "title": told.paper.title, "url": told.paper.url},
        "history": list(told_as.history(told.paper, told.first_day)),
        "verdict": told_as.verdict(told, reader.email),
        "notes": list(told_as.notes(told)),
        "nearest": nearest,
        "remedies": told_as.remedies_as_data(told),
    }
