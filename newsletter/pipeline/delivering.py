"""The outbox drained while issues are made, and what became of each delivery."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from types import TracebackType
from typing import Self

from newsletter.config import Config
from newsletter.deliver import Mailer, More, deliver
from newsletter.deliver.status import is_bad_address
from newsletter.errors import ServerRefused, StoreError
from newsletter.models import Delivery, DeliveryState, Status
from newsletter.pipeline.collecting import Progress
from newsletter.pipeline.drafts import Outcome, OutcomeKind, left
from newsletter.store import Store
from newsletter.tokens import canonical

log = logging.getLogger(__name__)

_KINDS = {
    DeliveryState.SENT: OutcomeKind.SENT,
    DeliveryState.FAILED: OutcomeKind.FAILED,
    DeliveryState.UNKNOWN: OutcomeKind.UNKNOWN,
}

_Key = tuple[str, date]


class _Either:
    """Set as soon as one of two events is."""

    def __init__(self, *events: threading.Event) -> None:
        self._events = events

    def is_set(self) -> bool:
        """Return whether one is set."""
        return any(event.is_set() for event in self._events)


class Delivering:
    """Drains the outbox in a thread of its own for the length of a `with` block, and a little longer.

    What is queued within the block is sent at once; its end waits until everything that is due was tried. `settle`
    then tells what became of it.
    """

    def __init__(
        self,
        config: Config,
        store: Store,
        mailer: Mailer,
        clock: Callable[[], datetime],
        progress: Progress,
        stop: threading.Event,
    ) -> None:
        self._config, self._store, self._mailer = config, store, mailer
        self._clock, self._progress = clock, progress
        self._halted = threading.Event()  # by an error; the caller's own event is the caller's to set
        self._stop = _Either(stop, self._halted)
        self._more = More()
        self._changed: dict[_Key, tuple[str, DeliveryState, str]] = {}
        self._total = self._told = 0
        self._trouble = ""
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="deliver", daemon=True)

    def queued(self, number: int) -> None:
        """Take note that so many more deliveries wait."""
        self._total += number
        self._more.tell()

    def settle(self, outcomes: Iterable[Outcome], *, waiting: bool = False) -> tuple[Outcome, ...]:
        """Return the outcomes as the outbox has them now, and after them those of what earlier runs had queued.

        With `waiting` also those of what only waits on, where the server took nothing.
        """
        own = tuple(self._settled(outcome) for outcome in outcomes)
        told = {(canonical(outcome.subscriber), outcome.issue_date) for outcome in own}
        others = [
            (who, key[1], state, detail) for key, (who, state, detail) in self._changed.items() if key not in told
        ]
        if waiting and self._trouble:
            seen = {(canonical(who), day) for who, day, _, _ in others}
            queued = self._store.history.deliveries(state=DeliveryState.QUEUED)
            others += [
                (each.subscriber, each.issue_date, each.state, each.detail)
                for each in queued
                if (canonical(each.subscriber), each.issue_date) not in seen
            ]
        return own + tuple(Outcome(who, day, *self._what(state, detail)) for who, day, state, detail in others)

    def __enter__(self) -> Self:
        gone = left(self._config, self._store)
        active = [each.email for each in self._config.subscribers if each.status is Status.ACTIVE]
        withdrawn = self._store.outbox.withdraw([email for email in active if email not in gone], now=self._clock())
        for delivery in withdrawn:
            self._keep(delivery)
        self._total = sum(self._store.history.counts(state=DeliveryState.QUEUED).values())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            self._halted.set()
        self._more.done = True
        self._more.tell()
        while self._thread.is_alive():
            self._thread.join(0.5)  # in steps, so that a signal is heard meanwhile
        if error is None and self._error is not None:
            raise self._error

    def _run(self) -> None:
        """Deliver, to the end of the block and of what is due."""
        try:
            deliver(
                self._store.outbox,
                self._mailer,
                clock=self._clock,
                progress=self._heard,
                stop=self._stop,
                more=self._more,
                on_unknown=self._config.deliver.on_unknown,
            )
        except ServerRefused as error:
            log.error("nothing more is sent, what is queued waits: %s", error)  # noqa: TRY400 - told, not traced
            self._trouble = str(error)
        except BaseException as error:  # noqa: BLE001 - raised again where the block ends
            self._error = error

    def _heard(self, delivery: Delivery) -> None:
        self._keep(delivery)
        self._told += 1
        self._progress("deliver", min(self._told, self._total), self._total)
        refused = delivery.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN) and delivery.code
        if refused and is_bad_address(delivery.detail):
            self._suppress(delivery)

    def _suppress(self, delivery: Delivery) -> None:
        """Write no more to an address that the server says there is none of; without that the run is over."""
        try:
            self._store.suppressions.add(
                delivery.subscriber, reason="bounced", detail=delivery.detail, at=self._clock()
            )
        except StoreError as error:
            self._error = self._error or error
            self._halted.set()

    def _keep(self, delivery: Delivery) -> None:
        key = (canonical(delivery.subscriber), delivery.issue_date)
        self._changed[key] = (delivery.subscriber, delivery.state, delivery.detail)

    def _settled(self, outcome: Outcome) -> Outcome:
        """Return an outcome as the outbox has it after delivering."""
        if outcome.kind is not OutcomeKind.WAITING:
            return outcome
        key = (canonical(outcome.subscriber), outcome.issue_date)
        if key in self._changed:
            _, state, detail = self._changed[key]
        else:
            (delivery,) = self._store.history.deliveries(subscriber=outcome.subscriber, issue_date=outcome.issue_date)
            state, detail = delivery.state, delivery.detail
        kind, detail = self._what(state, detail)
        return replace(outcome, kind=kind, detail=detail)

    def _what(self, state: DeliveryState, detail: str) -> tuple[OutcomeKind, str]:
        kind = _KINDS.get(state, OutcomeKind.WAITING)
        detail = detail or self._trouble
        if kind is OutcomeKind.WAITING:
            detail = f"{detail}; tried again by a later run" if detail else "tried again by a later run"
        return kind, detail
