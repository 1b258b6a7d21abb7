"""When an issue is due: one slot per subscriber and nominal local date, whatever the clocks do.

A slot is a subscriber's hour on one of their weekdays, in their own zone. An hour that daylight saving skips moves
forward by the gap; an hour that comes twice is taken the first time. The nominal date is the slot's name: the issue
carries it even where the gap pushes the instant past midnight, so that no date is sent twice or never.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.models import Subscriber

CATCH_UP = timedelta(hours=6)
LONGEST_GAP = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Slot:
    """One occasion to send: the instant (UTC) and the local date it stands for."""

    at: datetime
    nominal: date


def slots(subscriber: Subscriber, *, first: date, last: date) -> Iterator[Slot]:
    """Yield the slots of the nominal dates `first` to `last`, both included, in order."""
    zone = ZoneInfo(subscriber.timezone)
    for days in range((last - first).days + 1):
        nominal = first + timedelta(days=days)
        if nominal.isoweekday() in subscriber.weekdays:
            local = datetime.combine(nominal, subscriber.send_at, zone)  # fold=0: the first of two equal hours
            yield Slot(local.astimezone(UTC), nominal)


def due_slot(subscriber: Subscriber, now: datetime) -> Slot | None:
    """Return the slot to serve at `now`: the latest that has come and is not too old to catch up on."""
    today = now.astimezone(ZoneInfo(subscriber.timezone)).date()
    come = [slot for slot in slots(subscriber, first=today - timedelta(days=1), last=today) if slot.at <= now]
    return come[-1] if come and now - come[-1].at <= CATCH_UP else None


def next_slot(subscriber: Subscriber, after: datetime) -> Slot | None:
    """Return the first slot after `after`, None for somebody without weekdays."""
    today = after.astimezone(ZoneInfo(subscriber.timezone)).date()
    window = slots(subscriber, first=today - timedelta(days=1), last=today + timedelta(days=8))
    return next((slot for slot in window if slot.at > after), None)


def days_covered(subscriber: Subscriber, slot: Slot) -> int:
    """Return how many days the issue of `slot` covers: those since the slot before it, a week at most."""
    earliest = slot.nominal - LONGEST_GAP + timedelta(days=1)
    before = [past.nominal for past in slots(subscriber, first=earliest, last=slot.nominal) if past != slot]
    return (slot.nominal - before[-1]).days if before else LONGEST_GAP.days
