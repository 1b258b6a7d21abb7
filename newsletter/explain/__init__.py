"""Why a paper is in a subscriber's issue, or is not: the trace of one paper through the pipeline, as data and in words.

explain    the trace, with what the store knows: the issue that covers the paper's day, and what was sent
tracing    the trace through one issue of one edition, with no store
nearness   how near each interest came
remedies   which line of the settings would have changed it
sentences  all of it in words
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from newsletter.config import Config
from newsletter.explain.nearness import Nearness, nearest_of_all
from newsletter.explain.remedies import Remedy
from newsletter.explain.tracing import Explanation, Fate, found_in, ranked, trace
from newsletter.models import Delivery, DeliveryState, MatchedPaper, Paper, Subscriber
from newsletter.pipeline import edition_between, groundwork, issue_for, trends_on
from newsletter.schedule import today
from newsletter.schedule.slots import days_covered, slots
from newsletter.store import Store
from newsletter.weights import Weights

__all__ = ["Explanation", "Fate", "Nearness", "Remedy", "explain", "nearest_of_all", "trace"]

_LONGEST_WAIT = timedelta(days=8)  # until the issue that covers a paper's day
_DECIDED = frozenset((Fate.CHOSEN, Fate.TRENDING, Fate.EXAMPLE))


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
    told = trace(
        prepared,
        subscriber,
        paper,
        day=window.issue_date,
        first_day=first_day,
        received=_received_before(store, subscriber, window.issue_date),
        versions=store.history.versions(subscriber.email, besides=window.issue_date),
    )
    rank, trend = ranked(trends, paper)
    told = replace(told, rank=rank, trend=trend)
    if trend is None or told.fate in _DECIDED or not (subscriber.trending or trend.picked):
        return told
    later = groundwork(store, edition_between(store, newest, newest), config.subscribers, weights, trends=trends)
    issue = issue_for(
        later,
        subscriber,
        day=newest,
        received=_received_before(store, subscriber, newest),
        versions=store.history.versions(subscriber.email, besides=newest),
    )
    beside = found_in(issue, told)
    return beside if beside is not None and beside.fate is Fate.TRENDING else told


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
    for delivery in reversed(store.history.deliveries(subscriber=subscriber.email)):
        if delivery.state is DeliveryState.FAILED:
            continue
        for section, matched in store.history.issue_papers(delivery.id):
            if matched.paper.id == paper.id:
                return section, matched, delivery
    return None


def _received_before(store: Store, subscriber: Subscriber, day: date) -> Mapping[str, date]:
    return {paper: sent for paper, sent in store.history.received(subscriber.email).items() if sent != day}
