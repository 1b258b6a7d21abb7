"""Why a paper is in a subscriber's issue, or is not: the trace of one paper through the pipeline, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum

from newsletter.config import Config
from newsletter.match import score
from newsletter.models import (
    TRENDING,
    Cut,
    Delivery,
    DeliveryState,
    Edition,
    MatchedPaper,
    Paper,
    Reason,
    Status,
    Subscriber,
    Trend,
)
from newsletter.pipeline import edition_between, issue_for, prepare, trends_on
from newsletter.store import Store
from newsletter.weights import Weights


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

    `first_day` is the edition that brought it. `section` is "" for the lead. `last_chosen` is the lowest score
    in the issue where this paper was cut, else 0. `trend` is what speaks for it beside interests, `rank` its place
    (from 1) among all that trends in the newest edition, 0 where it does not.
    `issue_day` is that edition's day where the paper would stand under Trending.
    """

    paper: Paper
    first_day: date
    fate: Fate
    topic: str = ""
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


def explain(
    config: Config, store: Store, weights: Weights, *, subscriber: Subscriber, paper: Paper, first_day: date
) -> Explanation:
    """Return why `paper`, first seen on `first_day`, reached or did not reach `subscriber`.

    What was sent is told from the record; what was not is decided again, by the settings as they are now: whether an
    interest brought it on its first day, and whether it trends in the newest edition.
    """
    if (sent := _sent(store, subscriber, paper)) is not None:
        section, matched, delivery = sent
        return Explanation(paper, first_day, Fate.SENT, section=section, matched=matched, delivery=delivery, nearest=())
    edition = edition_between(store, first_day, first_day)
    newest = store.editions.latest_day() or first_day
    moment = store.editions.collected_at(newest) or datetime.combine(newest, time.max, UTC)
    trends = trends_on(store, config.picks, day=newest, now=moment)
    prepared = prepare(edition, config.subscribers, weights, trends=trends if newest == first_day else ())
    issue = issue_for(prepared, subscriber, day=first_day, received=_received_before(store, subscriber, first_day))
    rank, trend = next(((n, each) for n, each in enumerate(trends, 1) if each.paper.id == paper.id), (0, None))
    told = Explanation(
        paper,
        first_day,
        Fate.UNMATCHED,
        topic=next((topic.label for topic in prepared.topics if paper in topic.papers), ""),
        nearest=_nearest(subscriber, paper, edition, weights),
        note=f"{subscriber.email} is {subscriber.status} and receives nothing" if _off(subscriber) else "",
        trend=trend,
        rank=rank,
    )
    for section, matched in issue.placed:
        if matched.paper.id == paper.id and section != TRENDING:
            return replace(told, fate=Fate.CHOSEN, section=section, matched=matched)
    if trend is not None and newest != first_day:
        groundwork = prepare(edition_between(store, newest, newest), config.subscribers, weights, trends=trends)
        latest = issue_for(groundwork, subscriber, day=newest, received=_received_before(store, subscriber, newest))
    else:
        latest = issue
    for matched in latest.trending:
        if matched.paper.id == paper.id:
            return replace(told, fate=Fate.TRENDING, section=TRENDING, matched=matched, issue_day=newest)
    for cut in issue.cut:
        if cut.matched.paper.id == paper.id:
            last = min((matched.score for matched in issue.chosen), default=0.0)
            return replace(told, fate=Fate.CUT, matched=cut.matched, cut=cut, last_chosen=last)
    return told


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


def _nearest(subscriber: Subscriber, paper: Paper, edition: Edition, weights: Weights) -> tuple[Nearness, ...]:
    """Return every interest's verdict on the paper, the nearest first."""
    hits = score(
        subscriber.interests,
        edition.papers,
        paper_vectors=weights.vectors.encode([each.text for each in edition.papers]),
        encode=weights.vectors.encode,
        background=weights.background,
        floor=0.0,
    )
    found = []
    for interest in subscriber.interests:
        hit = hits[interest].get(paper.id)
        found.append(Nearness(interest.name, interest.origin, hit.score if hit else 0.0, hit.reason if hit else None))
    return tuple(sorted(found, key=lambda nearness: (-nearness.score, nearness.interest)))


def _off(subscriber: Subscriber) -> bool:
    return subscriber.status is not Status.ACTIVE
