"""Once per subscriber and date: the issue made, rendered and queued."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial

from newsletter.checks import Severity, check
from newsletter.cluster.usage import middle
from newsletter.collect import Fetch
from newsletter.compose import PLAIN
from newsletter.config import Config
from newsletter.deliver import GIVE_UP_AFTER
from newsletter.deliver.dkim import Signer
from newsletter.deliver.message import as_bytes
from newsletter.errors import StoreError
from newsletter.models import (
    UNREAD,
    Delivery,
    DeliveryState,
    Edition,
    Email,
    HealthState,
    Issue,
    Paper,
    Status,
    Subscriber,
    Trend,
    Unconfirmed,
)
from newsletter.pipeline.collecting import Progress
from newsletter.pipeline.editions import Prepared, edition_between, issue_for
from newsletter.pipeline.groundwork import groundwork
from newsletter.pipeline.trends import trends_on
from newsletter.render import NO_PICTURES, Renderer, Templates
from newsletter.store import Queued, Store
from newsletter.thumbnails import Thumbnails
from newsletter.tldr import with_tldrs, write_tldrs
from newsletter.tokens import bounce_address, canonical
from newsletter.weights import Weights
from newsletter.words import heading

log = logging.getLogger(__name__)

_PROVEN = 3  # emails of a run that are checked, some 10 ms each


class OutcomeKind(StrEnum):
    """What became of one subscriber's issue."""

    SENT = "sent"
    WAITING = "waiting"  # in the outbox, tried again later
    FAILED = "failed"
    UNKNOWN = "unknown"  # may have arrived; held
    HELD = "held"  # the same, of an earlier run
    ALREADY = "already"  # this date's issue was sent by an earlier run
    EMPTY = "empty"
    LATE = "late"  # nothing to read yet, but there should be: tried again
    PAUSED = "paused"
    LEFT = "left"  # unsubscribed, complained or bounced: nothing is sent, whatever the settings say
    DRAFTED = "drafted"  # a dry run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one subscriber's issue, in one line for people. Made by `send`.

    `papers` and `sections` count what the issue holds, `message_id` is its email's; 0 and "" where none was made.
    """

    subscriber: str
    issue_date: date
    kind: OutcomeKind
    detail: str = ""
    papers: int = 0
    sections: int = 0
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was made of one task: its outcome so far, and what is to be queued. Made by `Drafts`."""

    outcome: Outcome
    queued: Queued | None = None
    issue: Issue | None = None
    email: Email | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """That a subscriber's issue of a date should be made, and of which papers.

    Those first seen on the days `earliest` to `latest` (both included) and, where `after` is given, later than that
    instant: the reader's last issue was made then, and what came since was never considered for them.
    """

    subscriber: Subscriber
    issue_date: date
    earliest: date
    latest: date
    after: datetime | None = None


class Drafts:
    """Makes issues; the groundwork of a range of days is made once and shared by everyone who reads that range."""

    def __init__(
        self,
        config: Config,
        store: Store,
        weights: Weights,
        templates: Templates,
        now: datetime,
        progress: Progress,
        *,
        pictures: Fetch | None = None,
    ) -> None:
        self._config, self._store, self._weights, self._now, self._progress = config, store, weights, now, progress
        self._renderer = Renderer(config.newsletter, templates, abstract=config.issue.abstract, readers=config.readers)
        self._thumbnails = Thumbnails(store, pictures, now=now, progress=progress) if templates.shows_pictures else None
        self._editions: dict[tuple[date, date, datetime | None], Edition] = {}
        self._settled: dict[date, frozenset[str]] = {}
        self._prepared: dict[tuple[object, ...], Prepared] = {}
        self._trends: dict[date, tuple[Trend, ...]] = {}
        self._tldrs: dict[str, str] = {}
        self._asked: set[str] = set()
        self._mute = False
        self._proven = 0
        self._active = [reader for reader in config.subscribers if reader.status is Status.ACTIVE]
        self._left = left(config, store)
        self._unknown = _latest(store.history.deliveries(state=DeliveryState.UNKNOWN))
        self._headings: dict[date, dict[str, dict[str, Paper]]] = {}
        self._signer = Signer(config.dkim)

    def draft_or_failure(self, task: Due) -> Draft:
        """Return what was made of a task; what goes wrong with it is this reader's problem alone."""
        try:
            return self.draft(task)
        except StoreError:
            raise  # of everybody, not of one reader
        except Exception as error:
            log.exception("the issue of %s for %s", task.issue_date, task.subscriber.email)
            return Draft(Outcome(task.subscriber.email, task.issue_date, OutcomeKind.FAILED, str(error)))

    def draft(self, task: Due) -> Draft:
        """Return what was made of a task: an issue to be queued, or why there is none."""
        reader, day, history = task.subscriber, task.issue_date, self._store.history
        outcome = partial(Outcome, reader.email, day)
        if reader.status is not Status.ACTIVE:
            return Draft(outcome(OutcomeKind.PAUSED, f"status is {reader.status}"))
        if reader.email in self._left:
            return Draft(outcome(OutcomeKind.LEFT, self._left[reader.email]))
        known = canonical(reader.email) in self._settled_on(day)
        if known and (earlier := history.deliveries(subscriber=reader.email, issue_date=day)):
            return Draft(outcome(*standing(earlier[0])))
        prepared = self._groundwork(task)
        versions = history.versions(reader.email) if reader.updates and prepared.edition.updates else {}
        issue = issue_for(prepared, reader, day=day, received=history.received(reader.email), versions=versions)
        if not issue.papers and not self._config.issue.send_when_empty:
            return self._empty(outcome, issue, prepared.edition)
        self._write_lines(issue)
        issue = replace(with_tldrs(issue, self._tldrs), unconfirmed=self._unconfirmed(reader, day))
        papers = (matched.paper for matched in issue.papers)
        pictures = self._thumbnails.of(papers) if self._thumbnails else NO_PICTURES
        email = self._renderer.render(issue, date=self._now, pictures=pictures)
        queued = self._queued(issue, email)
        self._prove(reader.email, queued.message)
        self._note_headings(issue)
        made = outcome(OutcomeKind.WAITING, "", len(issue.papers), len(issue.sections), email.message_id)
        return Draft(made, queued, issue, email)

    def _write_lines(self, issue: Issue) -> None:
        """Ask for a line on each paper of an issue that has none, where a language model is set up."""
        settings = self._config.tldr
        if settings is None or self._config.issue.abstract != "summary":
            return
        papers = [matched.paper for matched in issue.papers if matched.paper.id not in self._asked]
        new = [paper for paper in papers if not paper.tldr][: settings.max_papers - len(self._asked)]
        if not new or self._mute:
            return
        written = write_tldrs(new, settings, progress=self._progress)
        self._asked |= {paper.id for paper in new}
        self._mute = not written  # who answers nothing is not asked again in this run
        self._tldrs |= written
        for paper_id, text in written.items():
            self._store.papers.keep_tldr(paper_id, text)

    def _note_headings(self, issue: Issue) -> None:
        for section in issue.sections:
            if section.label not in PLAIN and section.label != heading(section.interest):
                papers = self._headings.setdefault(issue.day, {}).setdefault(section.label, {})
                papers |= {matched.paper.id: matched.paper for matched in section.papers}

    def keep_headings(self) -> None:
        """Keep what sections were called that no reader's own words named: the next days call the same the same."""
        model = self._weights.vectors.name
        for day, named in self._headings.items():
            told = dict(self._store.topics.before(day + timedelta(days=1), model, days=1))
            encoded = {label: self._weights.vectors.encode_papers(list(each.values())) for label, each in named.items()}
            centres = {label: middle(vectors) for label, vectors in encoded.items()}
            self._store.topics.keep(day, model, list((told | centres).items()))
        self._headings.clear()

    def _groundwork(self, task: Due) -> Prepared:
        """Return the groundwork of the papers a task is about; tasks about the same papers share it."""
        window = (task.earliest, task.latest, task.after)
        if window not in self._editions:
            self._editions[window] = edition_between(self._store, task.earliest, task.latest, after=task.after)
        edition = self._editions[window]
        updates = ((paper.id, len(paper.entries)) for paper in edition.updates)
        content = (edition.health, task.latest, *(paper.id for paper in edition.papers), *updates)
        if content not in self._prepared:
            trends = self._trends_on(task.latest)
            self._prepared[content] = groundwork(
                self._store, edition, self._active, self._weights, trends=trends, progress=self._progress
            )
        return self._prepared[content]

    def _settled_on(self, day: date) -> frozenset[str]:
        """Return who had an issue of a date before this run; of what is made twice the outbox takes one."""
        if day not in self._settled:
            self._settled[day] = self._store.outbox.settled(day)
        return self._settled[day]

    def _trends_on(self, day: date) -> tuple[Trend, ...]:
        """Return what trends on a day, found out once for everybody."""
        if day not in self._trends:
            wanted = self._config.picks or any(reader.trending for reader in self._active)
            self._trends[day] = trends_on(self._store, self._config.picks, day=day, now=self._now) if wanted else ()
        return self._trends[day]

    def _empty(self, outcome: Callable[..., Outcome], issue: Issue, edition: Edition) -> Draft:
        if not edition.papers and any(health.state in UNREAD for health in edition.health):
            # Silence would be a lie: the papers may be there, we could not read them.
            return Draft(outcome(OutcomeKind.FAILED, "nothing to read: " + _told_of(edition, UNREAD)), issue=issue)
        if not edition.papers and any(health.state is HealthState.LATE for health in edition.health):
            late = _told_of(edition, {HealthState.LATE})
            return Draft(outcome(OutcomeKind.LATE, f"nothing to read yet: {late}"), issue=issue)
        reason = f"none of {issue.considered} new papers matched" if issue.considered else "no new papers"
        reason += f", {len(issue.cut)} left out" if issue.cut else ""
        return Draft(outcome(OutcomeKind.EMPTY, reason), issue=issue)

    def _unconfirmed(self, reader: Subscriber, day: date) -> Unconfirmed | None:
        """Return the reader's issue before that of `day`, where nobody knows whether it arrived."""
        unknown = self._unknown.get(canonical(reader.email))
        if unknown is None or unknown.issue_date >= day:
            return None
        earlier = [each for each in self._store.history.deliveries(subscriber=reader.email) if each.issue_date < day]
        if max(earlier, key=lambda each: each.issue_date).id != unknown.id:
            return None
        brought = self._store.history.issue_papers(unknown.id)
        return Unconfirmed(unknown.issue_date, tuple(matched.paper for _, matched in brought))

    def _prove(self, recipient: str, message: bytes) -> None:
        """Log what is wrong with the first emails of a run: what breaks one in a reader's program breaks them all."""
        self._proven += 1
        for found in check(message) if self._proven <= _PROVEN else ():
            if found.severity is Severity.ERROR:
                log.error("the email for %s: %s (%s)", recipient, found.message, found.rule)

    def _queued(self, issue: Issue, email: Email) -> Queued:
        """Return what goes into the outbox: signed, with an envelope that bounces come back to."""
        newsletter, reader = self._config.newsletter, issue.subscriber.email
        sender = newsletter.inbox or email.sender[1]
        if newsletter.plus:
            sender = bounce_address(sender, day=issue.day, address=reader, secret=newsletter.secret)
        return Queued(
            reader,
            issue.day,
            email.message_id,
            self._signer.sign(as_bytes(email), at=email.date),
            sender=sender,
            recipient=email.recipient[1],
            papers=issue.placed,
            expires_at=self._now + GIVE_UP_AFTER,
        )


def left(config: Config, store: Store) -> dict[str, str]:
    """Return the subscribers who get nothing any more, whatever the settings say, and why."""
    found = store.suppressions.among(reader.email for reader in config.subscribers)
    return {address: suppression.told for address, suppression in found.items()}


def standing(delivery: Delivery) -> tuple[OutcomeKind, str]:
    """Return what an issue that was made before counts as, and where it stands."""
    kinds = {
        DeliveryState.SENT: OutcomeKind.ALREADY,
        DeliveryState.UNKNOWN: OutcomeKind.HELD,
        DeliveryState.FAILED: OutcomeKind.FAILED,
    }
    return kinds.get(delivery.state, OutcomeKind.WAITING), told(delivery)


def _latest(deliveries: Iterable[Delivery]) -> dict[str, Delivery]:
    """Return the delivery of the latest date for each subscriber, by case-folded address."""
    return {canonical(each.subscriber): each for each in sorted(deliveries, key=lambda each: each.issue_date)}


def told(delivery: Delivery) -> str:
    """Return where a delivery stands, for people."""
    when = f" at {delivery.changed_at:%Y-%m-%d %H:%M} UTC" if delivery.changed_at else ""
    detail = f" ({delivery.detail})" if delivery.detail and delivery.state is not DeliveryState.SENT else ""
    stands = "was sent" if delivery.state is DeliveryState.SENT else f"is {delivery.state}"
    return f"the issue of {delivery.issue_date} {stands}{when}{detail}"


def _told_of(edition: Edition, states: Collection[HealthState]) -> str:
    told = (health for health in edition.health if health.state in states)
    return "; ".join(f"{health.source}: {health.detail}" for health in told)
