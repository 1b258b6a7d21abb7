"""What mail that came back leads to: each mail once, and nothing on the word of who may be anybody.

    unsubscribe   by its token, by who writes, or by what it answers   ─► suppressed, what is queued withdrawn
    bounce        by its address (VERP) or the Message-ID it returns   ─► the delivery failed; a dead address is
                                                                          suppressed, any other after three in a row
    complaint     by the same, or the token it returns                 ─► suppressed
    vote          by who writes, or by what it answers                 ─► a vote
    any answer    to an email of which nobody knew whether it arrived  ─► it was sent

What bounces prove is made with the newsletter's secret. A bounce that has nothing of ours, and names a reader who was
written to within a week, is kept as one issue that did not arrive and moves nothing: it takes three, of three issues in
a row. An address that was forged proves nothing at all.

A mail that is not settled stays for a person. All is done before a mail is kept as known, and may be done twice; only
what is counted comes after, and the next bounce counts again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from shlex import quote

from newsletter.config import Config
from newsletter.models import Delivery, DeliveryState, Paper
from newsletter.pipeline.correspondents import Correspondents
from newsletter.replies import NOT_ARRIVED, Reply, ReplyKind, ReplyVote, read
from newsletter.store import Store
from newsletter.tokens import canonical, is_bounce_address

_IN_A_ROW = 3  # issues that bounce softly before an address is given up
_RECENT = timedelta(days=7)  # servers give up after five days (RFC 5321 §4.5.4.1)
_FOREIGN = "foreign"
_KINDS_LEFT = frozenset((ReplyKind.OTHER, ReplyKind.REFUSAL))


class Fate(StrEnum):
    """What became of a mail."""

    DONE = "done"
    LEFT = "left"  # it is about the newsletter, and for a person
    FOREIGN = "foreign"  # it has nothing to do with the newsletter


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one mail, in words; `new` says that no earlier run took it. Made by `Incoming`.

    `subscriber` is the reader it is about, "" where nobody can say; `sender` and `subject` are those of the mail.
    """

    fate: Fate
    kind: ReplyKind
    subscriber: str = ""
    did: str = ""
    sender: str = ""
    subject: str = ""
    new: bool = True


@dataclass(frozen=True, slots=True)
class _Led:
    """Where a mail led, and as what it is kept."""

    fate: Fate
    did: str = ""
    subscriber: str = ""
    delivery: Delivery | None = None
    kept_as: str = ""


def take_replies(
    config: Config, store: Store, messages: Iterable[bytes], *, now: datetime, dry_run: bool = False
) -> tuple[Taken, ...]:
    """Take mails in the order they came and return what became of each; a dry run only says what would."""
    incoming = Incoming(config, store, now=now, dry_run=dry_run)
    return tuple(incoming.take(message) for message in messages)


class Incoming:
    """Takes the mails of one run."""

    def __init__(self, config: Config, store: Store, *, now: datetime, dry_run: bool = False) -> None:
        self._store, self._now, self._dry = store, now, dry_run
        self._people = Correspondents(config, store)

    def take(self, message: bytes) -> Taken:
        """Do what a mail asks for, if no earlier run has, and return what became of it."""
        key = _key(message)
        if known := self._store.replies.kind_of(key):
            return _taken_before(known)
        reply = read(message)
        led = self._lead(reply)
        if not self._dry:
            kept = led.fate is Fate.DONE or reply.kind is ReplyKind.REFUSAL  # else it may be private mail
            self._store.replies.keep(
                key,
                kind=_kind_kept(reply, led),
                subscriber=led.subscriber,
                delivery_id=led.delivery.id if led.delivery else None,
                detail=reply.detail if kept else "",
                at=min(reply.date or self._now, self._now),
            )
            led = self._count(led, reply)
        return Taken(led.fate, reply.kind, led.subscriber, led.did, reply.sender, reply.subject)

    def _lead(self, reply: Reply) -> _Led:
        match reply.kind:
            case ReplyKind.UNSUBSCRIBE:
                return self._unsubscribe(reply)
            case ReplyKind.VOTE:
                return self._vote(reply)
            case ReplyKind.COMPLAINT:
                return self._complaint(reply)
            case ReplyKind.AUTOMATIC:
                return self._automatic(reply)
            case ReplyKind.OTHER:
                return self._other(reply)
            case _:
                return self._bounce(reply)

    # ------------------------------------------------------------------ to leave

    def _unsubscribe(self, reply: Reply) -> _Led:
        reader = self._people.owner(reply.token)
        if not reader and reply.leaving and canonical(reply.leaving) != canonical(reply.sender):
            # Whoever knows an address can write so: it counts only as an answer to what was sent there.
            answered = {canonical(each.subscriber) for each in self._people.answered(reply)}
            reader = self._people.known(reply.leaving) if canonical(reply.leaving) in answered else ""
            if not reader:
                named = reply.leaving
                return _Led(Fate.LEFT, f"asks to unsubscribe {named} from another address; {_leave_command(named)}")
        reader = reader or self._people.writer(reply)
        if not reader:
            who = reply.sender or "nobody"
            return _Led(Fate.LEFT, f"asks to unsubscribe, but {who} is no reader; {_leave_command('EMAIL')}")
        self._arrived(reply)
        return _Led(Fate.DONE, self._suppress(reader, "unsubscribed", "by mail"), reader)

    def _complaint(self, reply: Reply) -> _Led:
        delivery = self._people.delivery(reply)
        reader = delivery.subscriber if delivery else self._people.owner(reply.token)
        if not reader:
            named = next(filter(None, map(self._people.known, reply.recipients)), "")
            return _Led(Fate.LEFT, f"a complaint that returns nothing of ours; {_leave_command(named or 'EMAIL')}")
        self._arrived(reply)
        return _Led(Fate.DONE, self._suppress(reader, "complained", reply.detail), reader, delivery)

    def _suppress(self, reader: str, reason: str, detail: str) -> str:
        """Suppress a reader, withdraw what waits for them, and return it in words."""
        if self._dry:
            return f"{reason}: nothing more is sent"
        new = self._store.suppressions.add(reader, reason=reason, detail=detail, at=self._now)
        self._store.evidence.withdraw(reader, detail=f"withdrawn: {reason}", now=self._now)
        return f"{reason}: nothing more is sent" if new else f"{reason}; nothing was sent any more anyway"

    # ------------------------------------------------------------------ what did not arrive

    def _bounce(self, reply: Reply) -> _Led:
        delivery = self._people.delivery(reply)
        if delivery is None:
            return self._unproven(reply)
        what = f"the issue of {delivery.issue_date}"
        if reply.kind not in NOT_ARRIVED:
            return _Led(Fate.DONE, f"{what} is still tried: {reply.detail}", delivery.subscriber, delivery)
        reader = delivery.subscriber
        about = {canonical(each) for each in reply.recipients}
        if about and canonical(reader) not in about:
            # An address that they forward to, or one member of a group: the reader may well have it.
            others = ", ".join(sorted(about))
            return _Led(Fate.LEFT, f"{what} of {reader} did not reach {others}: {reply.detail}", reader, delivery)
        if not self._dry:
            self._store.evidence.bounced(delivery.id, detail=f"bounced: {reply.detail}", now=self._now)
        did = f"{what} did not arrive: {reply.detail}"
        if reply.kind is ReplyKind.REFUSAL:
            return _Led(Fate.LEFT, f"{did}; it is not the reader's doing", reader, delivery)
        if reply.kind is ReplyKind.BOUNCE:
            return _Led(Fate.DONE, f"{did}; {self._suppress(reader, 'bounced', reply.detail)}", reader, delivery)
        return _Led(Fate.DONE, did, reader, delivery, ReplyKind.SOFT_BOUNCE)

    def _unproven(self, reply: Reply) -> _Led:
        """Return what a bounce leads to that has nothing of ours."""
        reader = next(filter(None, map(self._people.known, reply.recipients)), "")
        if any(map(is_bounce_address, reply.addressed)):
            return _Led(Fate.LEFT, "sent to an address for bounces that is not one of ours")
        latest = self._store.evidence.latest(reader, since=(self._now - _RECENT).date()) if reader else None
        if latest is None:
            return _Led(Fate.LEFT, f"says that {reader} cannot be reached") if reader else _Led(Fate.FOREIGN)
        if reply.kind not in NOT_ARRIVED or reply.kind is ReplyKind.REFUSAL:
            return _Led(Fate.LEFT, f"{reader}: {reply.detail}")
        did = f"returns nothing of ours; it counts for the issue of {latest.issue_date}: {reply.detail}"
        return _Led(Fate.DONE, did, latest.subscriber, latest, ReplyKind.SOFT_BOUNCE)

    def _count(self, led: _Led, reply: Reply) -> _Led:
        """Give a reader up whose mailbox took nothing for so many issues in a row."""
        if led.fate is not Fate.DONE or _kind_kept(reply, led) != ReplyKind.SOFT_BOUNCE:
            return led
        row = len(self._store.replies.soft_bounces(led.subscriber))
        if row < _IN_A_ROW:
            return replace(led, did=f"{led.did} ({row} of {_IN_A_ROW} in a row)")
        given_up = self._suppress(led.subscriber, "bounced", f"{row} issues in a row, the last: {reply.detail}")
        return replace(led, did=f"{led.did} ({row} in a row); {given_up}")

    # ------------------------------------------------------------------ answers

    def _vote(self, reply: Reply) -> _Led:
        reader = self._people.writer(reply)
        if not reader:
            return _Led(Fate.LEFT, f"a vote, but {reply.sender or 'nobody'} is no reader")
        self._arrived(reply)
        found = [(vote, self._paper(vote, reader, reply)) for vote in reply.votes]
        cast = {paper.id: (paper, vote.value) for vote, paper in found if paper}
        lost = [vote.paper or str(vote.number) for vote, paper in found if paper is None]
        if not self._dry:
            for paper, value in cast.values():
                self._store.votes.cast(reader, paper.id, value, at=self._now)
            for delivery in self._store.evidence.holding(reader, cast):
                self._store.evidence.arrived(delivery.id, detail="its reader voted on its papers", now=self._now)
        told = [f"{'more' if value > 0 else 'less'} like {paper.id}" for paper, value in cast.values()]
        told += [f"no paper is {', '.join(lost)}"] if lost else []
        return _Led(Fate.LEFT if lost else Fate.DONE, "; ".join(told), reader)

    def _paper(self, vote: ReplyVote, reader: str, reply: Reply) -> Paper | None:
        """Return the paper a vote is for: by its identity, or by its number in the issue that is answered."""
        if vote.paper:
            return self._store.papers.named(vote.paper)
        theirs = [each for each in self._people.answered(reply) if canonical(each.subscriber) == canonical(reader)]
        delivery = theirs[-1] if theirs else self._store.evidence.latest(reader)
        papers = self._store.history.issue_papers(delivery.id) if delivery else ()
        return papers[vote.number - 1][1].paper if 0 < vote.number <= len(papers) else None

    def _automatic(self, reply: Reply) -> _Led:
        delivery = self._people.delivery(reply)
        if delivery is None:
            return _Led(Fate.FOREIGN)
        self._arrived(reply)
        return _Led(Fate.DONE, f"answers the issue of {delivery.issue_date} by itself", delivery.subscriber, delivery)

    def _other(self, reply: Reply) -> _Led:
        reader = self._people.writer(reply)
        if not reader:
            forged = any(map(is_bounce_address, reply.addressed))
            return _Led(Fate.LEFT, "sent to an address for bounces") if forged else _Led(Fate.FOREIGN)
        self._arrived(reply)
        return _Led(Fate.LEFT, f"writes: {reply.detail}" if reply.detail else "writes", reader)

    def _arrived(self, reply: Reply) -> None:
        """Keep of every email that is answered that it arrived."""
        found = (self._people.delivery(reply), *self._people.answered(reply))
        for delivery in filter(None, found):
            if delivery.state is DeliveryState.UNKNOWN and not self._dry:
                self._store.evidence.arrived(delivery.id, detail=f"it was answered ({reply.kind})", now=self._now)


def _key(message: bytes) -> str:
    """Return what a mail is known by, however its lines end: the Message-ID is among what is hashed."""
    return hashlib.sha256(message.replace(b"\r\n", b"\n")).hexdigest()


def _taken_before(kind: str) -> Taken:
    if kind == _FOREIGN:
        return Taken(Fate.FOREIGN, ReplyKind.OTHER, new=False)
    return Taken(Fate.LEFT if kind in _KINDS_LEFT else Fate.DONE, ReplyKind(kind), new=False)


def _kind_kept(reply: Reply, led: _Led) -> str:
    if led.fate is Fate.FOREIGN:
        return _FOREIGN
    if led.fate is Fate.LEFT and reply.kind is not ReplyKind.REFUSAL:
        return ReplyKind.OTHER
    return led.kept_as or reply.kind


def _leave_command(address: str) -> str:
    return f"if it is so: `newsletter subscribers unsubscribe {quote(address)}`"  # whoever wrote it: it is pasted
