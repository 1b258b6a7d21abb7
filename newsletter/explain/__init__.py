"""Why a paper is in a subscriber's issue, or is not: the trace of one paper through the pipeline, as data.

explain   the trace
remedies  which line of the settings would have changed it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from newsletter.config import Config
from newsletter.explain.remedies import Remedy, remedies
from newsletter.match import score
from newsletter.models import (
    PICKS,
    TRENDING,
    Cut,
    Delivery,
    DeliveryState,
    Interest,
    Issue,
    MatchedPaper,
    Paper,
    Reason,
    Status,
    Subscriber,
    Trend,
)
from newsletter.pipeline import Prepared, edition_between, groundwork, issue_for, trends_on
from newsletter.pipeline.editions import bar, trying
from newsletter.schedule import today
from newsletter.schedule.slots import days_covered, slots
from newsletter.store import Store
from newsletter.weights import Weights

__all__ = ["Explanation", "Fate", "Nearness", "Remedy", "explain"]

_LONGEST_WAIT = timedelta(days=8)  # until the issue that covers a paper's day


class Fate(StrEnum):
    """What became of a paper for one reader."""

    SENT = "sent"  # it stands in an issue that went to the outbox; its delivery says how far it came
    CHOSEN = "chosen"  # it would stand in the issue of its day, which was not made yet
    TRENDING = "trending"  # it would stand under Trending in the newest edition's issue, which was not made yet
    CUT = "cut"  # it matched and was left out
    UNMATCHED = "unmatched"  # no interest let it through


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near one interest came to one paper; 0.5 passes."""

    interest: str
    origin: str
    score: float
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The trace of one paper for one reader. Made by `explain`.

    `first_day` is the edition that brought it, `issue_day` the date of the issue it concerns, None where it is sent.
    `section` is "" for the lead. `last_chosen` is the lowest score in the issue where this paper was cut, else 0.
    `trend` is what speaks for it beside interests, `rank` its place (from 1) among all that trends in the newest
    edition, 0 where it does not. `exclusion` covers it. `remedies` would have changed what became of it.
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
    remedies: tuple[Remedy, ...] = ()


def explain(
    config: Config, store: Store, weights: Weights, *, subscriber: Subscriber, paper: Paper, first_day: date
) -> Explanation:
    """Return why `paper`, first seen on `first_day`, reached or did not reach `subscriber`.

    What was sent is told from the record; what was not is decided again, by the settings as they are now: whether an
    interest brings it in the issue that covers its first day, and whether it trends in the newest edition.
    """
    if (sent := _sent(store, subscriber, paper)) is not None:
        section, matched, delivery = sent
        return Explanation(paper, first_day, Fate.SENT, section=section, matched=matched, delivery=delivery)
    window = _window(config, subscriber, first_day)
    newest = store.editions.latest_day() or first_day
    moment = store.editions.collected_at(newest) or datetime.combine(newest, time.max, UTC)
    trends = trends_on(store, config.picks, day=newest, now=moment)
    prepared = groundwork(
        store,
        edition_between(store, window.earliest, window.latest),
        config.subscribers,
        weights,
        trends=trends if window.earliest <= newest <= window.latest else (),
    )
    rank, trend = next(((n, each) for n, each in enumerate(trends, 1) if each.paper.id == paper.id), (0, None))
    told = Explanation(
        paper,
        first_day,
        Fate.UNMATCHED,
        nearest=_nearest(subscriber, paper, prepared),
        note=f"{subscriber.email} is {subscriber.status} and receives nothing" if _off(subscriber) else "",
        trend=trend,
        rank=rank,
        issue_day=window.issue_date,
        exclusion=prepared.excluded(subscriber).get(paper.id),
    )
    if told.exclusion is not None and told.exclusion in subscriber.interests:
        return replace(told, note="it is the example the reader named, and so no news to them", exclusion=None)
    decided = _decided(told, subscriber, prepared, _received_before(store, subscriber, window.issue_date))
    if trend is None or not (subscriber.trending or trend.picked) or decided.fate in {Fate.CHOSEN, Fate.TRENDING}:
        return decided
    later = groundwork(store, edition_between(store, newest, newest), config.subscribers, weights, trends=trends)
    issue = issue_for(later, subscriber, day=newest, received=_received_before(store, subscriber, newest))
    return _trending(told, issue) or decided


def _decided(
    told: Explanation, subscriber: Subscriber, prepared: Prepared, received: Mapping[str, date]
) -> Explanation:
    """Return what becomes of the paper in the issue that covers its day."""
    day, paper, best = told.issue_day or told.first_day, told.paper, told.nearest[0].score if told.nearest else 0.0

    def make(reader: Subscriber) -> Issue:
        same = reader.interests == subscriber.interests and bar(reader) >= bar(subscriber)
        return issue_for(prepared if same else trying(prepared, reader), reader, day=day, received=received)

    if best < bar(subscriber) and told.trend is None:
        return replace(told, remedies=tuple(remedies(subscriber, paper, None, told.exclusion, prepared, make)))
    issue = make(subscriber)
    for section, matched in issue.placed:
        if matched.paper.id == paper.id and section not in (PICKS, TRENDING):
            return replace(told, fate=Fate.CHOSEN, section=section, matched=matched)
    if (trending := _trending(told, issue)) is not None:
        return trending
    cut = next((cut for cut in issue.cut if cut.matched.paper.id == paper.id), None)
    told = replace(told, remedies=tuple(remedies(subscriber, paper, cut, told.exclusion, prepared, make)))
    if cut is None:
        return told
    last = min((matched.score for matched in issue.chosen), default=0.0)
    return replace(told, fate=Fate.CUT, matched=cut.matched, cut=cut, last_chosen=last)


def _trending(told: Explanation, issue: Issue) -> Explanation | None:
    """Return that others recommend the paper in `issue`, under Trending or as the editor's pick; None where not."""
    for section, matched in issue.placed:
        if matched.paper.id == told.paper.id and section in (PICKS, TRENDING):
            return replace(told, fate=Fate.TRENDING, section=section, matched=matched, issue_day=issue.day)
    return None


class _Window(NamedTuple):
    """The date of an issue, and the first and last edition it covers."""

    issue_date: date
    earliest: date
    latest: date


def _window(config: Config, subscriber: Subscriber, first_day: date) -> _Window:
    """Return the reader's issue that covers what came on `first_day`."""
    for slot in slots(subscriber, first=first_day - timedelta(days=1), last=first_day + _LONGEST_WAIT):
        latest = today(config, slot.at)
        if latest >= first_day:
            earliest = latest - timedelta(days=days_covered(subscriber, slot) - 1)
            return _Window(slot.nominal, min(earliest, first_day), latest)
    return _Window(first_day, first_day, first_day)


def _sent(store: Store, subscriber: Subscriber, paper: Paper) -> tuple[str, MatchedPaper, Delivery] | None:
    """Return section, match and delivery of the issue that brought `paper`, the last one that did not fail."""
    for delivery in reversed(store.outbox.deliveries(subscriber=subscriber.email)):
        if delivery.state is DeliveryState.FAILED:
            continue
        for section, matched in store.outbox.issue_papers(delivery.id):
            if matched.paper.id == paper.id:
                return section, matched, delivery
    return None


def _received_before(store: Store, subscriber: Subscriber, day: date) -> Mapping[str, date]:
    return {paper: sent for paper, sent in store.outbox.received(subscriber.email).items() if sent != day}


def _nearest(subscriber: Subscriber, paper: Paper, prepared: Prepared) -> tuple[Nearness, ...]:
    """Return every interest's verdict on the paper, the nearest first."""
    interests = prepared.interests_of(subscriber)
    hits = score(interests, prepared.hits.reading, encode=prepared.hits.encode, floor=0.0)
    found = []
    for interest in interests:
        hit = hits.hit(interest, paper.id)
        found.append(Nearness(interest.name, interest.origin, hit.score if hit else 0.0, hit.reason if hit else None))
    return tuple(sorted(found, key=lambda nearness: (-nearness.score, nearness.interest)))


def _off(subscriber: Subscriber) -> bool:
    return subscriber.status is not Status.ACTIVE
