"""Deliveries for tests of what comes back: brought to a state along the arrows of the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from makers import DAY, NOW, a_match

from newsletter.models import Delivery, DeliveryState, Move, Paper
from newsletter.store import Queued, Store
from newsletter.tokens import reader_key

_ON_THE_WAY = {
    DeliveryState.QUEUED: (),
    DeliveryState.SENT: (DeliveryState.DOT, DeliveryState.SENT),
    DeliveryState.UNKNOWN: (DeliveryState.DOT, DeliveryState.UNKNOWN),
    DeliveryState.FAILED: (DeliveryState.FAILED,),
    DeliveryState.CLAIMED: (),
}


def a_message_id(address: str = "ada@example.org", day: date = DAY) -> str:
    """Return the Message-ID of a reader's issue of a day, as in the saved mails."""
    return f"<i{day:%Y%m%d}.s{reader_key(address)}.0123456789abcdef@example.org>"


def delivered(
    store: Store,
    address: str = "ada@example.org",
    *,
    day: date = DAY,
    state: DeliveryState = DeliveryState.SENT,
    papers: Sequence[Paper] = (),
    at: datetime | None = None,
    message_id: str = "",
) -> Delivery:
    """Return a delivery in a state; the papers must be those of a saved edition."""
    now = at or NOW - timedelta(days=(DAY - day).days, hours=1)
    issue = Queued(
        subscriber=address,
        issue_date=day,
        message_id=message_id or a_message_id(address, day),
        message=b"Subject: 12 papers\r\n\r\nhello\r\n",
        sender="papers@example.org",
        recipient=address,
        papers=[("", a_match(paper)) for paper in papers],
        expires_at=now + timedelta(days=1),
    )
    assert store.outbox.queue((issue,), now=now) == (True,)
    if state is not DeliveryState.QUEUED:
        with store.outbox.owning() as owner:
            (claimed,) = store.outbox.claim(owner, 1, now=now)
            for step in _ON_THE_WAY[state]:
                assert store.outbox.keep(owner, (Move(claimed.id, step),), now=now) == {claimed.id}
    return stored(store, address, day)


def stored(store: Store, address: str = "ada@example.org", day: date = DAY) -> Delivery:
    """Return the one delivery of a day to a reader as it stands."""
    (found,) = store.history.deliveries(subscriber=address, issue_date=day)
    return found
