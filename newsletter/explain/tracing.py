"""One paper through one reader's issue of an edition: what becomes of it, and which line decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from newsletter.explain.nearness import Nearness, nearness
from newsletter.explain.remedies import Remedy, remedies
from newsletter.models import Cut, Delivery, Interest, Issue, MatchedPaper, Paper, Status, Subscriber, Trend
from newsletter.pipeline import Prepared, issue_for
from newsletter.pipeline.editions import bar, trying

_NO_DATES: Mapping[str, date] = MappingProxyType({})
_NO_VERSIONS: Mapping[str, int] = MappingProxyType({})


class Fate(StrEnum):
    """What became of a paper for one reader."""

    SENT = "sent"  # it stands in an issue that went to the outbox; its delivery says how far it came
    CHOSEN = "chosen"  # it would stand in the issue of its day, which was not made yet
    TRENDING = "trending"  # it would stand under Trending in the newest edition's issue, which was not made yet
    CUT = "cut"  # it matched and was left out
    EXAMPLE = "example"  # the reader named it: what is like it comes, and not itself
    NOT_NEW = "not new"  # it is no paper of the edition, or a new version of one that the reader never had
    UNMATCHED = "unmatched"  # no interest let it through


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trace of one paper for one reader. Made by `explain` and `trace`.

    `first_day` is the edition that brought it, `issue_day` the date of the issue it concerns, None where it is sent.
    `section` is "" for the lead. `last_chosen` is the lowest score in the issue where this paper was cut, else 0.
    `trend` is what speaks for it beside interests, `rank` its place (from 1) among all that trends, 0 where it does
    not. `exclusion` covers it; `example` is the interest that names it. `remedies` would have changed what became of
    it.
    """

    paper: Paper
    first_day: date
    fate: Fate
    section: str = ""
    matched: MatchedPaper | None = None
    delivery: Delivery | None = None
    cut: Cut | None = None
    last_chosen: float = 0.0
    nearest: tuple[Nearness, ...] = ()
    note: str = ""
    trend: Trend | None = None
    rank: int = 0
    issue_day: date | None = None
    exclusion: Interest | None = None
    example: Interest | None = None
    remedies: tuple[Remedy, ...] = ()


def trace(
    prepared: Prepared,
    subscriber: Subscriber,
    paper: Paper,
    *,
    day: date,
    first_day: date,
    received: Mapping[str, date] = _NO_DATES,
    versions: Mapping[str, int] = _NO_VERSIONS,
) -> Explanation:
    """Return what becomes of `paper`, first seen on `first_day`, in the issue of `day` as it would be made now.

    The issue is the one that `issue_for` makes of the same arguments; `prepared` was made for this reader too. Whatever
    would have changed a paper's fate is tried on issues of their own: some 0.3 s.
    """
    rank, trend = ranked(prepared.trends, paper)
    told = Explanation(
        paper,
        first_day,
        Fate.UNMATCHED,
        nearest=nearness(prepared, subscriber, paper),
        note=""
        if subscriber.status is Status.ACTIVE
        else f"{subscriber.email} is {subscriber.status} and receives nothing",
        trend=trend,
        rank=rank,
        issue_day=day,
        exclusion=prepared.excluded(subscriber).get(paper.id),
    )
    if told.exclusion in subscriber.interests:
        return replace(told, fate=Fate.EXAMPLE, exclusion=None, example=told.exclusion)

    def make(reader: Subscriber) -> Issue:
        same = reader.interests == subscriber.interests and bar(reader) >= bar(subscriber)
        return issue_for(
            prepared if same else trying(prepared, reader), reader, day=day, received=received, versions=versions
        )

    issue = make(subscriber)
    if (placed := found_in(issue, told)) is not None:
        return placed
    cut = next((cut for cut in issue.cut if cut.matched.paper.id == paper.id), None)
    if cut is None and (old := _not_new(told, prepared, received)) is not None:
        return old
    told = replace(told, remedies=tuple(remedies(subscriber, paper, cut, told.exclusion, prepared, make)))
    if cut is None:
        return told
    last = min((matched.score for matched in issue.chosen), default=0.0)
    return replace(told, fate=Fate.CUT, matched=cut.matched, cut=cut, last_chosen=last)


def ranked(trends: Sequence[Trend], paper: Paper) -> tuple[int, Trend | None]:
    """Return the place of a paper, from 1, among what trends, and what speaks for it; 0 and None where nothing does."""
    return next(((rank, trend) for rank, trend in enumerate(trends, 1) if trend.paper.id == paper.id), (0, None))


def found_in(issue: Issue, told: Explanation) -> Explanation | None:
    """Return that the paper stands in `issue`, by an interest or because others recommend it; None where it does not.

    What was told of another issue that left it out no longer holds.
    """
    beside = {matched.paper.id for matched in (*issue.picks, *issue.trending)}
    for section, matched in issue.placed:
        if matched.paper.id == told.paper.id:
            fate = Fate.TRENDING if matched.paper.id in beside else Fate.CHOSEN
            told = replace(told, fate=fate, section=section, matched=matched, issue_day=issue.day)
            return replace(told, cut=None, last_chosen=0.0, remedies=())
    return None


def _not_new(told: Explanation, prepared: Prepared, received: Mapping[str, date]) -> Explanation | None:
    """Return that the paper is not new in the edition; None where it is, or where an update concerns the reader."""
    paper = told.paper.id
    updated = any(paper == update.id for update in prepared.edition.updates)
    if paper in prepared.hits.reading.row_of and (not updated or paper in received):
        return None
    note = "a newer version was announced, which concerns those who had the paper before" if updated else told.note
    return replace(told, fate=Fate.NOT_NEW, note=note)
