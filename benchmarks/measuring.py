"""What a sender takes, measured in a process of its own.

A way to send is a generator: what stands before its `yield` makes ready and is not measured, what follows is. It is
forked from a process that has the mailing, so that all have the same one and nothing else is warm. CPU time is that of
the process and all of its threads.
"""

from __future__ import annotations

import re
import resource
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from mailing import Mailing

from newsletter.deliver.smtp import SmtpMailer
from newsletter.models import Email, Encryption, SmtpSettings

_Made = TypeVar("_Made")
_LONGEST_SECONDS = 1800


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
        """Return the emails of this batch, over and over where there are not so many."""
        return _cycled(self.mailing.emails, self.count)

    @property
    def messages(self) -> Sequence[bytes]:
        """Return their bytes."""
        return _cycled(self.mailing.messages, self.count)

    @property
    def mailer(self) -> SmtpMailer:
        """Return our mailer for the server."""
        encryption = Encryption.TLS if self.tls else Encryption.NONE
        settings = SmtpSettings("127.0.0.1", self.port, encryption=encryption, connections=self.connections)
        return SmtpMailer(settings, tls=self.tls)


Way = Callable[[Task], Iterator[None]]


@dataclass(frozen=True, slots=True)
class Spent:
    """What a batch took: wall-clock and CPU seconds of one message, and the most memory of its process, in MB."""

    seconds: float
    cpu: float
    peak: float


def measured(way: Way, task: Task, *, alone: bool = False) -> Spent:
    """Run a way in a process of its own; `alone` in one that begins with nothing, so that its memory is its own."""
    context = get_context("spawn" if alone else "fork")
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
        worker.kill()  # it has nothing more to do, or comes to no end
        worker.join()
    assert isinstance(spent, Spent)
    return spent


def _run(way: Way, task: Task, told: Connection) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    steps = way(task)
    next(steps)
    began, cpu = time.perf_counter(), _cpu()
    for _ in steps:
        pass
    seconds, cpu = time.perf_counter() - began, _cpu() - cpu
    told.send(Spent(seconds / task.count, cpu / task.count, _peak()))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    """Return the most memory of this process in MB: `getrusage` would count that of the one it was started from."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


def _cycled(made: Sequence[_Made], count: int) -> Sequence[_Made]:
    return [made[number % len(made)] for number in range(count)]
