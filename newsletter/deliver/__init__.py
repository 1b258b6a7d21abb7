"""Hand over what is in the outbox, each message once at most.

    queued ──claim──► claimed ──before the final dot is written──► dot ──2yz──► sent
      ▲                 │                                            │
      ├── 4yz, no connection, or lost before the dot ◄───────────────┤ 4yz
      │                 │                                            │
      │                 ├── 5yz, or older than a day ──► failed ◄────┤ 5yz
      │                 │                                            │
      └── its sender died here                                       └── no answer, or its sender died here ──► unknown

`dot` is committed before the final dot goes out, so a row that is not `dot` was certainly not delivered and can be
queued again; one that is may have arrived and is held, whatever happens to this process (RFC 1047). `unknown` is left
to the operator, unless the settings say that it is sent once more, with the same bytes.

    drain ─┬─ mailer    what takes mail: smtp (connection, login, wire), folders, sendmail
           ├─ verdict   what an error means for a delivery (status: what an answer says)
           ├─ journal   changes written down together
           └─ pace      how fast, how many at once
    message, dkim       an email as bytes, signed
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime

from newsletter.deliver.claims import Claimed, Outbox
from newsletter.deliver.drain import Drain, More, Stop
from newsletter.deliver.mailer import Mailer, Reply, Session, hand_over
from newsletter.deliver.verdict import GIVE_UP_AFTER, RETRY_AFTER
from newsletter.models import Delivery, OnUnknown

__all__ = [
    "GIVE_UP_AFTER",
    "RETRY_AFTER",
    "Claimed",
    "Mailer",
    "More",
    "Outbox",
    "Reply",
    "Session",
    "Stop",
    "deliver",
    "hand_over",
]


def _silent(_: Delivery) -> None:
    """Tell nobody."""


def deliver(
    outbox: Outbox,
    mailer: Mailer,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[Delivery], None] = _silent,
    stop: Stop | None = None,
    more: More | None = None,
    on_unknown: OnUnknown = OnUnknown.HOLD,
) -> None:
    """Send everything that is due; `progress` hears of each delivery when its new state is on the disk.

    Several may do so at once, in one process or many. One address's failure never stops the rest. ServerRefused stops
    the drain: nothing is lost, everything unsent is queued. A server that cannot be reached stops it too, quietly: the
    next run tries again. Once `stop` is set, what is in hand is finished and nothing new begun. With `more` the drain
    goes on until that says it is done. Memory is that of two hundred messages, however many there are.
    """
    until = more or More()
    until.done = until.done or more is None
    with outbox.owning() as owner:
        drain = Drain(
            outbox,
            mailer,
            owner,
            clock=clock,
            progress=progress,
            stop=stop or threading.Event(),
            more=until,
            on_unknown=on_unknown,
        )
        asyncio.run(drain.run())
