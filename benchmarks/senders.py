"""Ways to send a mailing that `benchmarks/deliver.py` compares, each measured in a process of its own.

A way is a generator: what stands before its `yield` makes ready and is not measured, what follows is. It is forked from
a process that has the emails, so that all have the same ones and nothing else is warm. CPU time is that of the process
and all of its threads; of smtp-source, which is a program of its own, the kernel tells it.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import resource
import smtplib
import ssl
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from postfix import Postfix

from newsletter.deliver import Outbox, deliver
from newsletter.deliver.dkim import Signer
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.models import DeliveryState, DkimKey, Email, Encryption, Move, SmtpSettings
from newsletter.store import Store

NOW = datetime(2026, 6, 4, 6, tzinfo=UTC)
SENDER = "papers@example.org"
_LONGEST_SECONDS = 600
# What is signed of the naive messages: the fields that RFC 8058 and receivers ask for, not dkimpy's own choice.
_SIGNED = (
    b"from to subject date message-id list-id list-unsubscribe mime-version content-type auto-submitted feedback-id"
)


@dataclass(frozen=True, slots=True)
class Mailing:
    """What is sent: an email for each reader, all different, and for who only carries them their bytes."""

    emails: Sequence[Email]
    messages: Sequence[bytes]
    keys: tuple[DkimKey, ...] = field(repr=False)  # RSA, Ed25519


@dataclass(frozen=True, slots=True)
class Task:
    """One batch: so many messages of the mailing over so many connections to a port of this machine.

    `tls` is what the server's certificate is verified with, where it speaks TLS; `folder` is there for a store.
    """

    mailing: Mailing
    port: int
    connections: int
    count: int
    folder: Path
    tls: ssl.SSLContext | None = None

    @property
    def emails(self) -> Sequence[Email]:
        """Return the emails of this batch."""
        return self.mailing.emails[: self.count]

    @property
    def messages(self) -> Sequence[bytes]:
        """Return the messages of this batch, over and over where there are not so many."""
        made = self.mailing.messages
        return [made[number % len(made)] for number in range(self.count)]

    @property
    def mailer(self) -> SmtpMailer:
        """Return our mailer for the server."""
        encryption = Encryption.TLS if self.tls else Encryption.NONE
        host = "localhost" if self.tls else "127.0.0.1"
        settings = SmtpSettings(host, self.port, encryption=encryption, connections=self.connections)
        return SmtpMailer(settings, tls=self.tls)


Way = Callable[[Task], Iterator[None]]
Build = Callable[[Email], bytes]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a batch took: wall-clock and CPU seconds of one message, and the most memory of its process, in MB."""

    seconds: float
    cpu: float
    peak: float


def missing(*modules: str) -> str:
    """Return which of the libraries are not installed, "" where all are."""
    return ", ".join(name for name in modules if importlib.util.find_spec(name) is None)


def measured(way: Way, task: Task, *, method: str = "fork") -> Spent:
    """Run a way in a process of its own."""
    context = get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    worker = context.Process(target=_run, args=(way, task, theirs))  # type: ignore[attr-defined]
    worker.start()
    theirs.close()
    try:
        if not ours.poll(_LONGEST_SECONDS):
            sys.exit("a sender came to no end")
        spent = ours.recv()
    except EOFError:
        sys.exit("a sender broke down; what it said stands above")
    finally:
        worker.kill()  # which has nothing more to do, or never comes to an end
        worker.join()
    assert isinstance(spent, Spent)
    return spent


def _run(way: Way, task: Task, told: Connection) -> None:
    steps = way(task)
    next(steps)
    began, cpu = time.perf_counter(), _cpu()
    for _ in steps:
        pass
    seconds, cpu = time.perf_counter() - began, _cpu() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told.send(Spent(seconds / task.count, cpu / task.count, peak))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# ------------------------------------------------------------------ Postfix's


def smtp_source(programs: Postfix, task: Task, *, kept: bool) -> Spent:
    """Measure smtp-source with the first message, again and again; `kept` keeps its connections."""
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
    return Spent(seconds / task.count, (used.ru_utime + used.ru_stime) / task.count, used.ru_maxrss / 1024)


# ------------------------------------------------------------------ the libraries'


def smtplib_new(task: Task) -> Iterator[None]:
    """Send by smtplib, a connection for each message."""

    def one(item: tuple[Email, bytes]) -> None:
        with smtplib.SMTP("127.0.0.1", task.port, "localhost") as client:
            client.sendmail(SENDER, [item[0].recipient[1]], item[1])

    yield
    with ThreadPoolExecutor(task.connections) as pool:
        list(pool.map(one, _pairs(task)))


def smtplib_kept(task: Task) -> Iterator[None]:
    """Send by smtplib, a thread to a connection that is kept."""
    pairs = _pairs(task)

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
    asyncio.run(_by_aiosmtplib(task, lambda number: messages[number]))


def by_libraries(build: Build, *, kept: bool) -> Way:
    """Return the way to build with the standard library and to send by aiosmtplib.

    With `kept` each message is written down as the libraries' users do it: a row of SQLite, fully synced, before the
    message is handed over and again behind it.
    """

    def way(task: Task) -> Iterator[None]:
        emails, sqlite = task.emails, importlib.import_module("sqlite3")
        database = sqlite.connect(task.folder / "naive.db", isolation_level=None)
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


async def _by_aiosmtplib(task: Task, made: Callable[[int], bytes], sent: Callable[[int], None] | None = None) -> None:
    library: Any = importlib.import_module("aiosmtplib")
    numbers = iter(range(task.count))

    async def work() -> None:
        client = library.SMTP(hostname="127.0.0.1", port=task.port, start_tls=False, local_hostname="localhost")
        async with client:
            for number in numbers:
                recipient = task.mailing.emails[number % len(task.mailing.emails)].recipient[1]
                await client.sendmail(SENDER, [recipient], made(number))
                if sent is not None:
                    sent(number)

    await asyncio.gather(*(work() for _ in range(task.connections)))


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
    private = key.private_key.encode()

    def build(email: Email) -> bytes:
        library: Any = importlib.import_module("dkim")
        message = stdlib_message(email)
        place = key.selector.encode(), key.domain.encode()
        relaxed = (b"relaxed", b"relaxed")
        signature: bytes = library.sign(
            message, *place, private, canonicalize=relaxed, include_headers=_SIGNED.split()
        )
        return signature + message

    return build


def _pairs(task: Task) -> list[tuple[Email, bytes]]:
    emails = task.mailing.emails
    return [(emails[number % len(emails)], message) for number, message in enumerate(task.messages)]


# ------------------------------------------------------------------ ours


def ours_carried(task: Task, *, fast_loop: bool = False) -> Iterator[None]:
    """Send messages that are made by our sessions, and keep nothing; `fast_loop` is uvloop's."""
    messages = task.messages
    yield
    loop = importlib.import_module("uvloop").new_event_loop if fast_loop else None
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_by_sessions(task, lambda number: messages[number]))


def ours_built(keys: tuple[DkimKey, ...]) -> Way:
    """Return the way to make, to sign with `keys` and to send, and to keep nothing."""

    def way(task: Task) -> Iterator[None]:
        emails, signer = task.emails, Signer(keys)
        yield
        asyncio.run(_by_sessions(task, lambda number: signer.sign(as_bytes(emails[number]), at=NOW)))

    return way


async def _by_sessions(task: Task, made: Callable[[int], bytes]) -> None:
    mailer, numbers = task.mailer, iter(range(task.count))

    async def work() -> None:
        session = mailer.session()
        for number in numbers:
            recipient = task.mailing.emails[number % len(task.mailing.emails)].recipient[1]
            await session.send(made(number), sender=SENDER, recipient=recipient, before_dot=_nothing)
        await session.close()

    await asyncio.gather(*(work() for _ in range(task.connections)))


async def _nothing() -> None:
    """Keep nothing."""


_no_mark: Callable[[], Awaitable[None]] = _nothing


def delivered(*, kept: bool) -> Way:
    """Return the way to send what waits in an outbox, and it alone: the store's, or one that keeps nothing."""

    def way(task: Task) -> Iterator[None]:
        if not kept:
            outbox = Forgetful(task)
            yield
            deliver(outbox, task.mailer, clock=lambda: NOW)
            return
        with Store.open(f"sqlite:///{task.folder}/newsletter.db") as store:
            for number in range(task.count):
                queue(store, task.mailing.emails[number], task.mailing.messages[number])
            yield
            deliver(store.outbox, task.mailer, clock=lambda: NOW)
            assert len(store.history.deliveries(state=DeliveryState.SENT)) == task.count

    return way


def ours_safe(keys: tuple[DkimKey, ...]) -> Way:
    """Return the way to make, to sign with `keys`, to put into the outbox of a store and to send from there."""

    def way(task: Task) -> Iterator[None]:
        signer = Signer(keys)
        with Store.open(f"sqlite:///{task.folder}/newsletter.db") as store:
            yield
            for email in task.emails:
                queue(store, email, signer.sign(as_bytes(email), at=NOW))
            deliver(store.outbox, task.mailer, clock=lambda: NOW)
            assert len(store.history.deliveries(state=DeliveryState.SENT)) == task.count

    return way


def queue(store: Store, email: Email, message: bytes) -> None:
    """Put a message into the outbox."""
    store.outbox.queue(
        email.recipient[1],
        date(2026, 6, 4),
        message_id=email.message_id,
        message=message,
        sender=SENDER,
        recipient=email.recipient[1],
        papers=(),
        now=NOW,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A delivery that no store knows."""

    id: int
    recipient: str
    message: bytes = field(repr=False)
    subscriber: str = ""
    issue_date: date = NOW.date()
    message_id: str = ""
    sender: str = SENDER
    papers: int = 0
    attempts: int = 0
    created_at: datetime = NOW


class Forgetful(Outbox):
    """An outbox that keeps nothing: what delivering costs without one."""

    def __init__(self, task: Task) -> None:
        emails = task.mailing.emails
        pairs = enumerate(task.messages)
        self._waiting = deque(Waiting(number, emails[number % len(emails)].recipient[1], one) for number, one in pairs)

    def owning(self) -> AbstractContextManager[str]:
        """Give any name."""
        return nullcontext("nobody")

    def reconcile(self, owner: str, *, now: datetime, resend: bool) -> tuple[()]:  # noqa: ARG002
        """Settle nothing."""
        return ()

    def claim(self, owner: str, limit: int, *, now: datetime) -> list[Waiting]:  # noqa: ARG002
        """Take the next."""
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def keep(self, owner: str, moves: Collection[Move], *, now: datetime) -> frozenset[int]:  # noqa: ARG002
        """Take every move for made."""
        return frozenset(move.id for move in moves)

    def release(self, owner: str, *, now: datetime) -> None:
        """Release nothing."""
