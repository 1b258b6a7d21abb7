"""What the store tells: what is not settled, when runs were, and when the next is due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from newsletter.config import Config
from newsletter.doctor.line import Line, failed, in_words, warning, well
from newsletter.models import DeliveryState, Status, Subscriber
from newsletter.pipeline import left
from newsletter.schedule.slots import Slot, next_slot, slots
from newsletter.store import Store

_PATIENCE = timedelta(minutes=15)  # a run may have begun a moment ago
_OVERDUE = timedelta(hours=5)  # the longest pause between two attempts is four
_MOST_ASKED = 1_000


def deliveries(store: Store, now: datetime) -> Iterator[Line]:
    """Yield what is not settled: held, failed in the last day, waiting for too long."""
    about = "deliveries"
    unknown = store.history.deliveries(state=DeliveryState.UNKNOWN)
    queued = store.history.deliveries(state=DeliveryState.QUEUED)
    days = [now.date() - timedelta(days=number) for number in range(-1, 2)]  # readers live east and west of us
    refused = [each for day in days for each in store.history.deliveries(issue_date=day, state=DeliveryState.FAILED)]
    recent = [each for each in refused if each.changed_at and now - each.changed_at <= timedelta(days=1)]
    overdue = [each for each in queued if each.changed_at and now - each.changed_at > _OVERDUE]
    if unknown:
        told = f"{_emails(len(unknown))} may have arrived and may not, so nothing sends them again by itself"
        yield warning(about, told, "newsletter deliveries list --state unknown")
    if recent:
        told = f"{_emails(len(recent))} failed in the last day; one says: {recent[0].detail}"
        yield warning(about, told, "newsletter deliveries list --state failed")
    if overdue and not store.history.deliveries(state=DeliveryState.CLAIMED):  # else a run is at them
        told = f"{_emails(len(overdue))} wait for more than {in_words(_OVERDUE.total_seconds())}, and nothing tries"
        yield failed(about, told, "start `newsletter serve`, or have cron call `newsletter run --due`")
    if not (unknown or recent or overdue):
        yield well(about, f"none is held or failed; {_emails(len(queued))} on the way")


def runs(config: Config, store: Store, now: datetime) -> Iterator[Line]:
    """Yield when papers were collected last, whose slot went by without an issue, and when the next one is."""
    latest = store.editions.latest_day()
    if latest is None:
        yield warning("runs", "nothing was collected yet", "newsletter collect")
    elif collected_at := store.editions.collected_at(latest):
        yield well("runs", f"collected last {collected_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    gone = left(config, store)
    active = [each for each in config.subscribers if each.status is Status.ACTIVE and each.email not in gone]
    missed = _missed(active, store, now)
    if missed:
        (when, _), number = min((slot.at, slot.nominal) for slot in missed), len(missed)
        told = f"{number:,} of {len(active):,} subscribers got no issue at their last hour, the first {_at(when)}"
        yield warning("runs", told, "see that `newsletter serve` runs, or cron calls `newsletter run --due`")
    coming = sorted(slot.at for each in active if (slot := next_slot(each, now)) is not None)
    if coming:
        number = coming.count(coming[0])
        yield well("next", f"{_at(coming[0])}, {number:,} {'subscriber' if number == 1 else 'subscribers'}")
    else:
        yield warning("next", "nobody is to get an issue", "subscribers, their status and weekdays decide")


# ------------------------------------------------------------------ inside


def _missed(active: list[Subscriber], store: Store, now: datetime) -> list[Slot]:
    """Return the last slots that went by without an issue, of readers who ever had one."""
    settled: dict[object, frozenset[str]] = {}
    found: list[Slot] = []
    asked = 0
    for reader in active:
        come = [
            slot
            for slot in slots(reader, first=now.date() - timedelta(days=8), last=now.date() + timedelta(days=1))
            if slot.at <= now - _PATIENCE
        ]
        if not come or asked >= _MOST_ASKED:
            continue
        slot = come[-1]
        if slot.nominal not in settled:
            settled[slot.nominal] = store.outbox.settled(slot.nominal)
        if reader.email.casefold() in settled[slot.nominal]:
            continue
        asked += 1
        made = store.history.last_made(reader.email)
        # An issue that came late counts for the slots it covers.
        if made is not None and made < slot.at:
            found.append(slot)
    return found


def _emails(number: int) -> str:
    return f"{number:,} {'email' if number == 1 else 'emails'}"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
