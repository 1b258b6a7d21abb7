"""The ways to send a mailing that `benchmarks/deliver.py` compares; see `measuring` for what a way is."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import smtplib
import sqlite3
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from mailing import NOW, SENDER, queued
from measuring import Spent, Task, Way
from postfix import Postfix
from sqlalchemy import event

from newsletter.deliver import More, Outbox, deliver
from newsletter.deliver.dkim import Signer
from newsletter.deliver.message import as_bytes
from newsletter.models import Delivery, DeliveryState, DkimKey, Email, Move
from newsletter.store import Claimed, Queued, Store
from newsletter.store import Outbox as StoreOutbox

Build = Callable[[Email], bytes]
_TOGETHER = 50  # messages are queued together, as the pipeline does it
# What dkimpy signs: what RFC 8058 and receivers ask for, where its own choice leaves fields out.
_SIGNED = b"""from to subject date message-id list-id list-unsubscribe list-unsubscribe-post mime-version content-type
auto-submitted feedback-id content-language precedence reply-to""".split()


def missing(*modules: str) -> str:
    """Return which of the libraries are not installed, "" where all are."""
    return ", ".join(name for name in modules if importlib.util.find_spec(name) is None)


# ------------------------------------------------------------------ Postfix's


def smtp_source(programs: Postfix, task: Task, *, kept: bool) -> Spent:
    """Measure smtp-source with the first message again and again; `kept` keeps its connections."""
    path = task.folder / "message.eml"
    path.write_bytes(task.mailing.messages[0].replace(b"\r\n", b"\n"))
    flags = ["-s", str(task.connections), "-m", str(task.count), "-F", str(path), *(["-d"] if kept else [])]
    command = [programs.source, *flags, "-f", SENDER, "-t", "ada@example.org", f"127.0.0.1:{task.port}"]
    began = time.perf_counter()
    process = os.posix_spawn(programs.source, command, dict(programs.environment))
    _, status, used = os.wait4(process, 0)
    seconds = time.perf_counter() - began
    if status:
        sys.exit(f"smtp-source ended with {os.waitstatus_to_exitcode(status)}")
    return Spent(seconds / task.count, (used.ru_utime + used.ru_stime) / task.count, peak=0)


# ------------------------------------------------------------------ the libraries'


def smtplib_new(task: Task) -> Iterator[None]:
    """Send by smtplib, a connection for each message."""

    def one(email: Email, message: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", task.port, "localhost") as client:
            client.sendmail(SENDER, [email.recipient[1]], message)

    emails, messages = task.emails, task.messages
    yield
    with ThreadPoolExecutor(task.connections) as pool:
        list(pool.map(one, emails, messages))


def smtplib_kept(task: Task) -> Iterator[None]:
    """Send by smtplib, a thread to a connection that is kept."""
    pairs = list(zip(task.emails, task.messages, strict=True))

    def some(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", task.port, "localhost") as client:
            for email, message in pairs[number :: task.connections]:
                client.sendmail(SENDER, [email.recipient[1]], message)

    yield
    with ThreadPoolExecutor(task.connections) as pool:
        list(pool.map(some, range(task.connections)))


def aiosmtplib_kept(task: Task) -> Iterator[None]:
    """Send by aiosmtplib, a task to a connection that is kept."""
    messages = task.messages
    yield
    asyncio.run(_by_aiosmtplib(task, lambda number: messages[number], _nothing_more))


def by_libraries(build: Build, *, kept: bool) -> Way:
    """Return the way to build a message by `build` and to send it by aiosmtplib.

    With `kept` what becomes of each is written down, one after the other and fully synced: that it waits, that it is
    about to be sent, that it was.
    """

    def way(task: Task) -> Iterator[None]:
        emails = task.emails
        database = sqlite3.connect(task.folder / "plain.db", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, state TEXT, message BLOB)")

        def made(number: int) -> bytes:
            message = build(emails[number])
            if kept:
                database.execute("INSERT INTO outbox VALUES (?, 'queued', ?)", (number, message))
                database.execute("UPDATE outbox SET state = 'sending' WHERE id = ?", (number,))
            return message

        def sent(number: int) -> None:
            if kept:
                database.execute("UPDATE outbox SET state = 'sent', message = NULL WHERE id = ?", (number,))

        yield
        asyncio.run(_by_aiosmtplib(task, made, sent))
        database.close()

    return way


def stdlib_message(email: Email) -> bytes:
    """Return an email as the standard library makes it, its long fields in one line as RFC 8058 needs them."""
    made = EmailMessage(policy=policy.SMTP.clone(max_line_length=998))
    made["From"], made["To"] = formataddr(email.sender), formataddr(email.recipient)
    made["Subject"], made["Date"], made["Message-ID"] = email.subject, format_datetime(email.date), email.message_id
    for name, value in email.headers:
        made[name] = value
    made.set_content(email.text, cte="quoted-printable")
    made.add_alternative(email.html, subtype="html", cte="quoted-printable")
    return made.as_bytes()


def dkimpy_signed(key: DkimKey) -> Build:
    """Return what makes a message by the standard library and signs it by dkimpy, relaxed/relaxed as ours is."""
    private, place = key.private_key.encode(), (key.selector.encode(), key.domain.encode())

    def build(email: Email) -> bytes:
        library: Any = importlib.import_module("dkim")
        message = stdlib_message(email)
        relaxed = (b"relaxed", b"relaxed")
        signature: bytes = library.sign(message, *place, private, canonicalize=relaxed, include_headers=_SIGNED)
        return signature + message

    return build


async def _by_aiosmtplib(task: Task, made: Callable[[int], bytes], sent: Callable[[int], None]) -> None:
    library: Any = importlib.import_module("aiosmtplib")
    emails, numbers = task.emails, iter(range(task.count))

    async def work() -> None:
        client = library.SMTP(hostname="127.0.0.1", port=task.port, start_tls=False, local_hostname="localhost")
        async with client:
            for number in numbers:
                await client.sendmail(SENDER, [emails[number].recipient[1]], made(number))
                sent(number)

    await asyncio.gather(*(work() for _ in range(task.connections)))


def _nothing_more(_: int) -> None:
    """Keep nothing."""


# ------------------------------------------------------------------ ours


def ours_carried(task: Task) -> Iterator[None]:
    """Send messages that are made by our sessions, and keep nothing."""
    messages = task.messages
    yield
    asyncio.run(_by_sessions(task, lambda number: messages[number]))


def ours_built(keys: tuple[DkimKey, ...]) -> Way:
    """Return the way to make, to sign with `keys` and to send, and to keep nothing."""

    def way(task: Task) -> Iterator[None]:
        emails, signer = task.emails, Signer(keys)
        yield
        asyncio.run(_by_sessions(task, lambda number: signer.sign(as_bytes(emails[number]), at=NOW)))

    return way


def ours_safe(keys: tuple[DkimKey, ...]) -> Way:
    """Return the way of the pipeline: make, sign with `keys` and queue, while what is queued is sent."""

    def way(task: Task) -> Iterator[None]:
        signer, emails = Signer(keys), task.emails
        with new_store(task.folder) as store:
            yield
            queue_and_deliver(
                store, task, lambda number: (emails[number], signer.sign(as_bytes(emails[number]), at=NOW))
            )
            _prove(store, task)

    return way


def new_store(folder: Path) -> Store:
    """Return a store in `folder` with nothing in it."""
    path = folder / "newsletter.db"
    path.write_bytes(empty_store())
    return Store.open(f"sqlite:///{path}")


@cache
def empty_store() -> bytes:
    """Return the file of an empty store: making its tables takes longer than a small batch."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "newsletter.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def queue_and_deliver(store: Store, task: Task, made: Callable[[int], tuple[Email, bytes]]) -> None:
    """Queue what `made` gives for each number, in batches, while another thread delivers."""
    more = More()
    thread = Thread(target=deliver, args=(store.outbox, task.mailer), kwargs={"clock": _now, "more": more})
    thread.start()
    for first in range(0, task.count, _TOGETHER):
        batch = [queued(*made(number)) for number in range(first, min(first + _TOGETHER, task.count))]
        store.outbox.queue(batch, now=NOW)
    more.done = True
    thread.join()


def delivered(task: Task) -> Iterator[None]:
    """Send what waits in the outbox of a store, and nothing else."""
    with new_store(task.folder) as store:
        store.outbox.queue(list(map(queued, task.emails, task.messages)), now=NOW)
        yield
        deliver(store.outbox, task.mailer, clock=_now)
        _prove(store, task)


def delivered_carelessly(task: Task) -> Iterator[None]:
    """Send the same from an outbox in the same file that is neither marked before the dot nor synced."""
    with new_store(task.folder) as store:
        engine = store._database.backend.reader  # noqa: SLF001 - the product has no such setting
        event.listen(engine, "connect", _unsynced)
        engine.dispose()  # what is open is synced
        store.outbox.queue(list(map(queued, task.emails, task.messages)), now=NOW)
        yield
        deliver(Careless(store.outbox), task.mailer, clock=_now)
        _prove(store, task)


def delivered_forgetfully(task: Task) -> Iterator[None]:
    """Send the same by the same program from an outbox that keeps nothing."""
    outbox = Forgetful(map(queued, task.emails, task.messages))
    yield
    deliver(outbox, task.mailer, clock=_now)


class Careless(Outbox):
    """A store's outbox where what is about to be sent is not written down: after a crash nobody could say what was."""

    def __init__(self, outbox: StoreOutbox) -> None:
        self._outbox = outbox

    def owning(self) -> AbstractContextManager[str]:
        """Give a name for one sender."""
        return self._outbox.owning()

    def claim(self, owner: str, limit: int, *, now: datetime) -> Sequence[Claimed]:
        """Take what is due."""
        return self._outbox.claim(owner, limit, now=now)

    def release(self, owner: str, *, now: datetime) -> None:
        """Give back what was not begun."""
        self._outbox.release(owner, now=now)

    def reconcile(self, owner: str, *, now: datetime, resend: bool) -> Iterable[Delivery]:
        """Settle what dead senders left."""
        return self._outbox.reconcile(owner, now=now, resend=resend)

    def keep(self, owner: str, moves: Collection[Move], *, now: datetime) -> frozenset[int]:
        """Keep what became of deliveries, and take the rest for made."""
        over = [move for move in moves if move.state is not DeliveryState.DOT]
        begun = [Move(move.id, DeliveryState.DOT) for move in over]
        kept = self._outbox.keep(owner, [*begun, *over], now=now) if over else frozenset()
        return kept | {move.id for move in moves if move.state is DeliveryState.DOT}


def _unsynced(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")


class Forgetful(Outbox):
    """An outbox that keeps nothing: what delivering costs without one."""

    def __init__(self, issues: Iterable[Queued]) -> None:
        self._waiting: list[Claimed] = []
        self._numbers = count()
        for each in issues:
            self.add(each)

    def add(self, each: Queued) -> None:
        """Have one more sent."""
        self._waiting.append(
            Claimed(
                next(self._numbers), each.subscriber, each.issue_date, each.message_id, each.sender, each.recipient,
                each.message, papers=0, attempts=0, may_have_arrived=False, expires_at=each.expires_at,
            )
        )  # fmt: skip

    def owning(self) -> AbstractContextManager[str]:
        """Give any name."""
        return nullcontext("nobody")

    def reconcile(self, owner: str, *, now: object, resend: bool) -> tuple[()]:  # noqa: ARG002
        """Settle nothing."""
        return ()

    def claim(self, owner: str, limit: int, *, now: object) -> Sequence[Claimed]:  # noqa: ARG002
        """Take the next."""
        taken = self._waiting[:limit]
        del self._waiting[: len(taken)]  # another thread may add meanwhile
        return taken

    def keep(self, owner: str, moves: Collection[Move], *, now: object) -> frozenset[int]:  # noqa: ARG002
        """Take every move for made."""
        return frozenset(move.id for move in moves)

    def release(self, owner: str, *, now: object) -> None:
        """Release nothing."""


async def _by_sessions(task: Task, made: Callable[[int], bytes]) -> None:
    mailer, emails, numbers = task.mailer, task.emails, iter(range(task.count))

    async def work() -> None:
        session = mailer.session()
        for number in numbers:
            recipient = emails[number].recipient[1]
            await session.send(made(number), sender=SENDER, recipient=recipient, before_dot=_no_mark)
        await session.close()

    await asyncio.gather(*(work() for _ in range(task.connections)))


async def _no_mark() -> None:
    """Keep nothing."""


def _now() -> Any:
    return NOW


def _prove(store: Store, task: Task) -> None:
    """Stop where anything was not sent."""
    sent = store.history.counts(state=DeliveryState.SENT).get(DeliveryState.SENT, 0)
    if sent != task.count:
        sys.exit(f"{sent} of {task.count} messages were sent")
