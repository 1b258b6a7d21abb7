"""One drain of the outbox: sessions side by side, each message claimed, attempted and written down.

    feed ──claimed──► waiting ──► session 0 … n ──moves──► journal

What happens to a message is decided by `verdict`; here it is done, in an order that a crash at any point leaves sound.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Protocol

from newsletter.deliver.claims import Claimed, Outbox
from newsletter.deliver.journal import Journal
from newsletter.deliver.mailer import Mailer, Session
from newsletter.deliver.pace import Pace
from newsletter.deliver.status import CONNECTION_LOST, is_policy, is_throttled
from newsletter.deliver.verdict import expired, held_back, verdict
from newsletter.errors import DeliveryError, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.models import Delivery, DeliveryState, Move, OnUnknown

log = logging.getLogger(__name__)

_BATCH = 100
_MOST_IN_A_ROW = 3  # lost connections, or refusals by policy: then it is the server, not the message
_MOST_THROTTLED = 5  # in a row: then the next run may be luckier
_RECONCILE_SECONDS = 60.0
_GLANCE_SECONDS = 0.1  # how often a waiting feed looks up
_STOPPING_SECONDS = 5.0  # for what is under way when a person stops the drain: less than Docker gives a container


class Stop(Protocol):
    """Tells a drain to finish what is in hand; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Return whether nothing new should be begun."""


class More:
    """Tells a drain whether messages may still be queued; a composer in another thread says when it is done."""

    def __init__(self) -> None:
        self.done = False
        self._heard: Callable[[], object] | None = None

    def tell(self) -> None:
        """Say that messages were queued, or that no more will be."""
        heard = self._heard
        if heard is not None:
            with suppress(RuntimeError):  # the drain has ended meanwhile
                heard()

    def listen(self, heard: Callable[[], object] | None) -> None:
        """Have `heard` called, in the thread of who tells."""
        self._heard = heard


class _Overtaken(Exception):
    """Another run has changed the delivery: it is that one's now."""


class Drain:
    """The sessions of one drain and what they share."""

    def __init__(
        self,
        outbox: Outbox,
        mailer: Mailer,
        owner: str,
        *,
        clock: Callable[[], datetime],
        progress: Callable[[Delivery], None],
        stop: Stop,
        more: More,
        on_unknown: OnUnknown,
    ) -> None:
        self._outbox, self._mailer, self._owner = outbox, mailer, owner
        self._clock, self._progress, self._stop, self._more = clock, progress, stop, more
        self._resend = on_unknown is OnUnknown.RESEND
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="outbox")
        self._refused: ServerRefused | None = None
        self._lost = self._policy = self._throttled = 0
        self._gone = False
        self._before_dot: set[asyncio.Task[None]] = set()  # whose message was certainly not delivered yet
        self._abandoned: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send everything that is due; ServerRefused where the server takes nothing, StoreError of the store."""
        loop = asyncio.get_running_loop()
        self._pace = Pace(sessions=self._mailer.connections, per_minute=self._mailer.max_per_minute)
        self._journal = Journal(
            self._outbox.keep,
            self._owner,
            clock=self._clock,
            executor=self._executor,
            more_to_come=lambda: bool(self._before_dot),
        )
        # What is claimed is sent even to who leaves meanwhile: where it waits for its turn, it is little.
        self._batch = 2 * self._mailer.connections if self._mailer.max_per_minute else _BATCH
        self._waiting: asyncio.Queue[Claimed | None] = asyncio.Queue(self._batch)
        self._queued = asyncio.Event()
        self._more.listen(lambda: loop.call_soon_threadsafe(self._queued.set))
        try:
            sessions = max(1, self._mailer.connections)
            tasks = [
                loop.create_task(self._feed(sessions)),
                *(loop.create_task(self._work(n)) for n in range(sessions)),
            ]
            watch = loop.create_task(self._watch())
            try:
                await asyncio.gather(*tasks)
            except BaseException:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                raise
            finally:
                watch.cancel()
                await self._journal.close()
        finally:
            self._more.listen(None)
            # However this ends, what was not begun waits for the next run. A row that is `dot` stays so.
            self._executor.shutdown()
            self._outbox.release(self._owner, now=self._clock())
        if self._gone:
            log.warning("the mail server is gone, or asks for patience; what is queued waits for the next run")
        if self._refused is not None:
            raise self._refused

    @property
    def _over(self) -> bool:
        return self._stop.is_set() or self._gone or self._refused is not None

    async def _watch(self) -> None:
        """Wake up who waits for their turn, once nothing new is begun; who waits for a server that says nothing, too.

        The second only where a person stops the drain. What waits for the answer to its dot goes on waiting.
        """
        while not self._over:  # noqa: ASYNC110 - who sets the event is in another thread
            await asyncio.sleep(_GLANCE_SECONDS)
        self._pace.hurry()
        while not self._stop.is_set():  # noqa: ASYNC110 - the same
            await asyncio.sleep(_GLANCE_SECONDS)
        await asyncio.sleep(_STOPPING_SECONDS)
        for task in tuple(self._before_dot):
            self._abandoned.add(task)
            task.cancel()

    # ------------------------------------------------------------------ the feed

    async def _feed(self, sessions: int) -> None:
        """Claim what is due, by the hundred, as fast as it is sent; then tell every session that there is no more."""
        loop = asyncio.get_running_loop()
        settled_at = -_RECONCILE_SECONDS
        while not self._over:
            if loop.time() - settled_at >= _RECONCILE_SECONDS:
                settled_at = loop.time()
                for settled in await loop.run_in_executor(self._executor, self._reconcile):
                    self._tell(settled)
            self._queued.clear()
            done = self._more.done  # looked at before the claim: what is queued after it is claimed next time
            batch = await loop.run_in_executor(self._executor, self._claim)
            for claimed in batch:
                await self._waiting.put(claimed)
            if not batch and done:
                break
            if not batch:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._queued.wait(), _GLANCE_SECONDS)
        for _ in range(sessions):
            await self._waiting.put(None)

    def _reconcile(self) -> tuple[Delivery, ...]:
        return tuple(self._outbox.reconcile(self._owner, now=self._clock(), resend=self._resend))

    def _claim(self) -> tuple[Claimed, ...]:
        return tuple(self._outbox.claim(self._owner, self._batch, now=self._clock()))

    # ------------------------------------------------------------------ a session

    async def _work(self, number: int) -> None:
        """Hand over one message after the other, until there is none."""
        session = self._mailer.session()
        fresh = True
        try:
            while True:
                await self._pace.admitted(number)
                claimed = await self._waiting.get()
                if claimed is None:
                    self._pace.finish()
                    return
                if not self._over:
                    await self._pace.turn()
                if not self._over:
                    fresh = await self._unless_abandoned(session, claimed, fresh=fresh)
        finally:
            await session.close()

    async def _unless_abandoned(self, session: Session, claimed: Claimed, *, fresh: bool) -> bool:
        """Attempt one delivery, and leave it as it was where `_watch` gives it up; return what `_deliver` does."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a session is one
        self._before_dot.add(task)
        try:
            return await self._deliver(session, claimed, fresh=fresh)
        except asyncio.CancelledError:
            if task not in self._abandoned or task.uncancel():
                raise  # the whole drain ends
            log.warning("delivery %d: the server keeps us waiting; it waits for the next run", claimed.id)
            return True
        finally:
            self._before_dot.discard(task)

    async def _deliver(self, session: Session, claimed: Claimed, *, fresh: bool) -> bool:
        """Attempt one delivery and write down what became of it; return whether the session has to begin anew."""
        now = self._clock()
        if (move := expired(claimed, now=now)) is not None:
            self._keep(claimed, move)
            return fresh
        if self._pace.is_held(claimed.recipient):
            self._keep(claimed, held_back(claimed, now=now))
            return fresh
        try:
            reply = await session.send(
                claimed.message,
                sender=claimed.sender,
                recipient=claimed.recipient,
                before_dot=lambda: self._mark(claimed),
            )
        except _Overtaken:
            log.warning("delivery %d: another run has changed it; left to that one", claimed.id)
            return True
        except DeliveryError as error:
            self._keep(claimed, verdict(claimed, error, now=self._clock(), resend=self._resend))
            return self._learn(claimed, error, fresh=fresh)
        self._keep(claimed, Move(claimed.id, DeliveryState.SENT, reply.code, reply.text, attempted=True))
        self._lost = self._policy = self._throttled = 0
        self._pace.taken()
        return False

    async def _mark(self, claimed: Claimed) -> None:
        """Commit that the final dot is about to be written: from here on it may have arrived."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a session is one
        self._before_dot.discard(task)
        if not await self._journal.keep(Move(claimed.id, DeliveryState.DOT)):
            raise _Overtaken
        await asyncio.sleep(0)  # what the server said meanwhile is heard before the dot is written

    def _keep(self, claimed: Claimed, move: Move) -> None:
        """Write down what became of a delivery, and tell it when it is on the disk; nobody waits for that."""

        def tell(future: asyncio.Future[bool]) -> None:
            if not future.cancelled() and future.exception() is None and future.result():
                self._tell(_moved(claimed, move, self._clock()))

        self._journal.keep(move).add_done_callback(tell)

    def _learn(self, claimed: Claimed, error: DeliveryError, *, fresh: bool) -> bool:
        """Note what an error says about the server; return whether the session has to begin anew."""
        if isinstance(error, ServerRefused):
            self._refused = self._refused or error
        if isinstance(error, RecipientRefused) and is_policy(str(error)):
            self._policy += 1
            if self._policy >= _MOST_IN_A_ROW:
                self._refused = self._refused or ServerRefused(f"refused by policy again and again: {error}")
        if not isinstance(error, ServerUnavailable):
            return fresh
        if is_throttled(error.code, str(error)):
            self._throttled += 1
            self._pace.throttled()
            if error.code not in CONNECTION_LOST:
                self._pace.hold(claimed.recipient)
        lost = error.code in CONNECTION_LOST
        self._lost += lost and fresh  # one that served before may just have grown old
        self._gone = self._gone or self._lost >= _MOST_IN_A_ROW or self._throttled >= _MOST_THROTTLED
        return lost or fresh

    def _tell(self, delivery: Delivery) -> None:
        log.info("delivery %d: %s %s", delivery.id, delivery.state, delivery.detail)
        self._progress(delivery)


def _moved(claimed: Claimed, move: Move, now: datetime) -> Delivery:
    return Delivery(
        claimed.id,
        claimed.subscriber,
        claimed.issue_date,
        claimed.message_id,
        move.state,
        claimed.papers,
        claimed.attempts + move.attempted,
        move.code,
        move.detail,
        now,
    )
