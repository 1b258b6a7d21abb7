"""The world that faults happen in: a store, an outbox full of issues, a mail server, a clock."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

from faults_answers import Act, Answer
from faults_sink import Sink

from newsletter.config import Config, IssueSettings, Schedule
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import NewsletterError
from newsletter.models import DeliverSettings, DeliveryState, Encryption, Newsletter, SmtpSettings, Subscriber
from newsletter.pipeline import deliver_waiting
from newsletter.store import Queued, Store

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
DOMAIN = "example.net"

_STEP = timedelta(minutes=5, seconds=1)  # what waits shortest is due again
_MOST_STEPS = 60  # the second half of them are hours: two days in all
HALF_WAY = (DeliveryState.QUEUED, DeliveryState.CLAIMED, DeliveryState.DOT)
_COMMAND_SECONDS = 120

Bounds = int | tuple[int, int]


class Absent(Exception):
    """The fault cannot be produced on this machine, and why."""


class Clock:
    """A clock that is set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def advance(self, by: timedelta = _STEP) -> None:
        """Let time pass."""
        self.now += by


@dataclass
class World:
    """One newsletter. What a seed decides: how many connections there are, what the server can, what happens when."""

    folder: Path
    seed: int
    sink: Sink
    url: str
    clock: Clock = field(default_factory=Clock)
    due: dict[str, str] = field(default_factory=dict)  # Message-ID → recipient
    told: list[str] = field(default_factory=list)  # what drains ended with
    wrong: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)  # of SMTP, beside host and port
    dot_seconds: float = 30.0
    busy_seconds: float = 30.0
    on_store: Callable[[Store], None] | None = None  # called with each store that is opened
    drains: Callable[[], object] | None = None  # what delivers, where it is not `deliver_waiting`
    before_count: Callable[[World], None] | None = None
    may_arrive_twice: bool = False
    expected: dict[str, Bounds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"world {self.seed}")
        self.connections = (4, 1, 8)[self.seed % 3]
        self.subscribers: list[Subscriber] = []

    # ------------------------------------------------------------------ what a kind does

    def queue(self, number: int = 24, *, size: int = 0, recipients: Sequence[str] = ()) -> list[str]:
        """Queue messages and return their Message-IDs; `size` octets each, or 1 to 40 thousand."""
        first = len(self.due)
        recipients = recipients or [f"reader{first + each}@{DOMAIN}" for each in range(number)]
        issues = []
        for recipient in recipients:
            message_id = f"<i20261120.s{len(self.due)}.{self.seed}@example.org>"
            message = body(message_id, recipient, size or self.rng.randint(1_000, 40_000), self.rng)
            issues.append(self._issue(message_id, recipient, message))
        with self.open() as store:
            store.outbox.queue(issues, now=self.clock())
        return [issue.message_id for issue in issues]

    def put(self, message_id: str, recipient: str, message: bytes) -> None:
        """Queue one message as it is."""
        with self.open() as store:
            store.outbox.queue([self._issue(message_id, recipient, message)], now=self.clock())

    def _issue(self, message_id: str, recipient: str, message: bytes) -> Queued:
        """Return an issue as the pipeline queues it; from here on it is due."""
        self.due[message_id] = recipient
        self.subscribers.append(Subscriber(recipient, ()))
        return Queued(
            subscriber=recipient,
            issue_date=self.clock().date(),
            message_id=message_id,
            message=message,
            sender="papers@example.org",
            recipient=recipient,
            papers=(),
            expires_at=self.clock() + timedelta(hours=24),
        )

    def fault(self, **answers: Answer) -> None:
        """Let the server answer so, always; DOT stands for the final dot."""
        self.sink.answers.update({"." if key == "DOT" else key: answer for key, answer in answers.items()})

    def sometimes(self, act: str | Act) -> Answer:
        """Return an answer that is given the first time, and then always, often or seldom, as the seed has it."""
        odds = (1.0, 0.5, 0.15)[self.seed % 3]
        rng = random.Random(f"odds {self.seed}")
        return lambda moment: act if moment.count == 1 or rng.random() < odds else None

    def mend(self) -> None:
        """Let the server be polite."""
        self.sink.answers.clear()

    def run(self, times: int = 1) -> None:
        """Deliver what is due as `newsletter run --due` does, and let some minutes pass after each time."""
        for _ in range(times):
            self.drain()
            self.clock.advance()

    def drain(self, *, stop: threading.Event | None = None) -> None:
        """Deliver what is due, once; what it ends with is told."""
        try:
            if self.drains is not None:
                self.drains()
                return
            with self.open() as store:
                mailer = self.mailer()
                outcomes = deliver_waiting(self.config(), store, mailer=mailer, clock=self.clock, stop=stop)
                self.told += [outcome.detail for outcome in outcomes if outcome.kind.value != "sent"]
        except NewsletterError as error:
            self.told.append(str(error))

    def open(self) -> Store:
        """Return the store, open."""
        store = Store.open(self.url, busy_timeout_seconds=self.busy_seconds)
        if self.on_store:
            self.on_store(store)
        return store

    def mailer(self, **fields: Any) -> SmtpMailer:
        """Return what hands mail to the sink; `tls` is what it trusts."""
        settings: dict[str, Any] = {
            "timeout_seconds": 5.0,
            "connections": self.connections,
            "encryption": Encryption.NONE,
        }
        settings |= {"host": self.sink.host, "port": self.sink.port, **self.settings, **fields}
        tls = settings.pop("tls", None)
        return SmtpMailer(SmtpSettings(**settings), tls=tls, dot_seconds=self.dot_seconds)

    def config(self, **fields: Any) -> Config:
        """Return the settings; those whose mail was queued are subscribers."""
        defaults: dict[str, Any] = {
            "path": self.folder / "subscribers.yaml",
            "newsletter": Newsletter("Daily Papers", "Daily Papers", "papers@example.org"),
            "sources": (),
            "schedule": Schedule(send_at=time(7), weekdays=frozenset(range(1, 8))),
            "smtp": None,
            "issue": IssueSettings(),
            "store": self.url,
            "templates": None,
            "subscribers": tuple(self.subscribers),
            "deliver": DeliverSettings(),
        }
        return Config(**{**defaults, **fields})

    def must(self, held: object, rule: str) -> None:
        """Note a rule that did not hold."""
        if not held:
            self.wrong.append(rule)

    def must_tell(self, words: str) -> None:
        """Note it if no run ended with these words."""
        told = list(dict.fromkeys(self.told))
        self.must(any(words in each for each in told), f"nothing said {words!r}: {told[:3]}")

    def expects(self, **counts: Bounds) -> None:
        """Say how many are failed, unknown or queued in the end, where it is not none; a pair is from and to."""
        self.expected.update(counts)

    def wait_for(self, messages: int, *, seconds: float = 20.0) -> None:
        """Wait until so many more messages have come, or so long."""
        enough, last = self.sink.asked["."] + messages, monotonic() + seconds
        while self.sink.asked["."] < enough and monotonic() < last:
            sleep(0.002)

    def states(self) -> Counter[str]:
        """Return how many deliveries there are in each state."""
        with Store.open(self.url) as store:
            return Counter(each.state.value for each in store.history.deliveries())

    def write_settings(self, text: str = "") -> Path:
        """Write a `subscribers.yaml` for the command line, of the sink and this store unless `text` says else."""
        path = self.folder / "subscribers.yaml"
        path.write_text(
            "newsletter: {name: Daily Papers, from: 'Daily Papers <papers@example.org>'}\n"
            f"store: '{self.url}'\n"
            f"smtp: {{host: 127.0.0.1, port: {self.sink.port}, encryption: none, connections: {self.connections}}}\n"
            + (text or "sources: [{pages: {path: page.txt}}]\nsubscribers: []\n")
        )
        return path

    # ------------------------------------------------------------------ afterwards

    def settle(self) -> None:
        """Let time pass and runs go on until nothing waits."""
        for number in range(_MOST_STEPS):
            states = self.states()
            if not any(states[state.value] for state in HALF_WAY):
                return
            self.clock.advance(_STEP if number < _MOST_STEPS / 2 else 12 * _STEP)
            self.drain()


def empty_store(folder: Path) -> Path:
    """Return the file of an empty store in `folder`: made once, and copied."""
    path = folder / "newsletter.db"
    path.write_bytes(_empty())
    return path


@cache
def _empty() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "newsletter.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def body(message_id: str, recipient: str, size: int, rng: random.Random) -> bytes:
    """Return a message of about `size` octets, with lines of dots among its lines."""
    head = (
        "From: Daily Papers <papers@example.org>\r\n"
        f"To: <{recipient.encode('ascii', 'replace').decode()}>\r\n"
        f"Subject: 3 papers\r\nMessage-ID: {message_id}\r\n\r\n"
    )
    lines = [".", "..", ". begins", "".join(rng.choices("abcdefghij .", k=72)), "a" * 70]
    text = "".join(f"{line}\r\n" for line in rng.choices(lines, k=max(1, size // 40)))
    return (head + text).encode()


def newsletter(world: World, *arguments: str) -> tuple[int, str, str]:
    """Run the command line in the world's folder; its exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=world.folder,
        env=environment(),
        capture_output=True,
        timeout=_COMMAND_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def started(world: World, *arguments: str) -> subprocess.Popen[bytes]:
    """Start the command line in the world's folder; wait for it, or kill it."""
    return subprocess.Popen(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=world.folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def environment() -> dict[str, str]:
    """Return what processes of the product are started with: this tree, one thread for algebra."""
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent), "OPENBLAS_NUM_THREADS": "1"}


def once(act: str | Act) -> Answer:
    """Return an answer that is given the first time only."""
    return lambda moment: act if moment.count == 1 else None
