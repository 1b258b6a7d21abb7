"""Delivering: from the outbox to a real server, each message once at most, through crashes and odd servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import children
import pytest
from makers import DAY, NOW, an_email
from odd_smtp import DROP, Answer, OddSmtp
from stores import a_store

from newsletter.deliver import GIVE_UP_AFTER, RETRY_AFTER, deliver
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import OutcomeUnknown, RecipientRefused, ServerRefused, StoreError
from newsletter.inbox import Inbox
from newsletter.models import Delivery, DeliveryState
from newsletter.store import Store

QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
READERS = ("ada@example.org", "grace@example.org", "mary@example.org")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a store with an issue for each reader in its outbox."""
    with a_store(tmp_path) as store:
        queue(store, *READERS)
        yield store


@pytest.fixture
def server() -> Iterator[OddSmtp]:
    """Give a server that is polite unless told otherwise."""
    with OddSmtp() as server:
        yield server


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


def queue(store: Store, *readers: str, now: datetime = NOW) -> None:
    """Queue an issue without papers for each of `readers`."""
    for reader in readers:
        message_id = f"<i20261120.{reader}>"
        store.outbox.queue(
            reader,
            DAY,
            message_id=message_id,
            message=as_bytes(an_email(recipient=("", reader), message_id=message_id)),
            sender="papers@example.org",
            recipient=reader,
            papers=(),
            now=now,
        )


def drain(store: Store, server: OddSmtp | Inbox, *, clock: Clock | None = None) -> tuple[Delivery, ...]:
    """Deliver what is due, as a run does it."""
    settings = server.settings() if isinstance(server, OddSmtp) else server.settings
    with store.lock(), SmtpMailer(settings, dot_timeout_seconds=0.3) as mailer:
        return deliver(store.outbox, mailer, clock=clock or Clock())


def told(deliveries: tuple[Delivery, ...]) -> list[tuple[DeliveryState, int, str]]:
    """Return what became of each, in short."""
    return [(delivery.state, delivery.code, delivery.detail[:9]) for delivery in deliveries]


# ------------------------------------------------------------------ the drain


def test_everything_queued_arrives_and_is_marked_as_sent(store: Store, tmp_path: Path) -> None:
    """In the order it was queued, through a real server."""
    with Inbox(tmp_path / "inbox") as inbox:
        changed = drain(store, inbox)

    assert [message["To"] for message in inbox.messages] == list(READERS)
    assert told(changed) == [(SENT, 250, "2.0.0 OK")] * 3
    assert changed == store.history.deliveries()


def test_a_second_run_sends_nothing(store: Store, server: OddSmtp) -> None:
    """Sent is sent."""
    drain(store, server)

    assert drain(store, server) == ()
    assert len(server.taken) == 3


def test_progress_hears_of_each_delivery_as_it_is_known(store: Store, server: OddSmtp) -> None:
    """A terminal can show how far the run is."""
    heard: list[Delivery] = []

    with store.lock(), SmtpMailer(server.settings()) as mailer:
        changed = deliver(store.outbox, mailer, clock=Clock(), progress=heard.append)

    assert tuple(heard) == changed


def test_more_than_one_batch_is_drained(store: Store, server: OddSmtp) -> None:
    """Claims are made by the hundred."""
    queue(store, *(f"reader{n}@example.org" for n in range(120)))

    assert len(drain(store, server)) == len(set(server.message_ids())) == 123
    assert server.connections == 2


def test_a_wrong_address_fails_and_the_others_go_on(store: Store, tmp_path: Path) -> None:
    """One reader's failure is one reader's."""
    with Inbox(tmp_path / "inbox", refuse={READERS[1]: "550 5.1.1 No such user"}) as inbox:
        changed = drain(store, inbox)

    assert told(changed) == [(SENT, 250, "2.0.0 OK"), (FAILED, 550, "550 5.1.1"), (SENT, 250, "2.0.0 OK")]


def test_an_address_no_server_can_be_given_fails_alone(store: Store, server: OddSmtp) -> None:
    """Also when it got past every check before."""
    store.outbox.queue(
        *("eve", DAY),
        message_id="<x@example.org>",
        message=b"x",
        sender="papers@example.org",
        recipient="eve@example.org>\r\nDATA",
        papers=(),
        now=NOW,
    )

    assert told(drain(store, server))[-1] == (FAILED, 0, "5.1.3 'ev")
    assert len(server.taken) == 3


def test_nothing_is_sent_without_the_lock(store: Store, server: OddSmtp) -> None:
    """Two runs would take each other for dead."""
    with SmtpMailer(server.settings()) as mailer, pytest.raises(StoreError, match="the lock must be held"):
        deliver(store.outbox, mailer, clock=Clock())

    assert server.commands == []


# ------------------------------------------------------------------ servers that say later


def test_a_greylisted_reader_is_sent_the_same_bytes_five_minutes_later(store: Store, server: OddSmtp) -> None:
    """The usual greylisting (RFC 6647), for one of many."""
    replies = iter(["450 4.2.0 greylisted"])
    server.answers["RCPT"] = lambda command: next(replies, "250 OK") if "grace" in command else "250 OK"
    clock = Clock()

    first = drain(store, server, clock=clock)
    clock.now += RETRY_AFTER[0] - timedelta(seconds=1)
    too_early = drain(store, server, clock=clock)
    clock.now += timedelta(seconds=1)
    second = drain(store, server, clock=clock)

    assert told(first) == [(SENT, 250, "2.0.0 tak"), (QUEUED, 450, "450 4.2.0"), (SENT, 250, "2.0.0 tak")]
    assert too_early == ()
    assert [(delivery.subscriber, delivery.state, delivery.attempts) for delivery in second] == [(READERS[1], SENT, 2)]
    assert server.taken[2] == as_bytes(an_email(recipient=("", READERS[1]), message_id=f"<i20261120.{READERS[1]}>"))


@pytest.mark.parametrize("step", ["RCPT", "."])
def test_retries_follow_the_schedule_and_end_after_a_day(store: Store, server: OddSmtp, step: str) -> None:
    """5, 15, 30 minutes, 1, 2, 4, 4 … hours; a stale issue has no value."""
    server.answers[step] = "451 4.3.0 later"
    clock = Clock()

    for minutes in (0, 5, 20, 50, 110, 230, 470, 710, 950, 1190, 1430):
        clock.now = NOW + timedelta(minutes=minutes, seconds=-1)
        assert drain(store, server, clock=clock) == ()
        clock.now = NOW + timedelta(minutes=minutes)
        assert len(drain(store, server, clock=clock)) == 3

    assert told(store.history.deliveries()) == [(FAILED, 451, "expired: ")] * 3


def test_what_waited_longer_than_a_day_is_not_sent_at_all(store: Store, server: OddSmtp) -> None:
    """The machine was off; the next issue has these papers, since a failed delivery does not count."""
    clock = Clock()
    clock.now += GIVE_UP_AFTER

    assert told(drain(store, server, clock=clock)) == [(FAILED, 0, "expired b")] * 3
    assert server.commands == []


def test_a_message_that_breaks_the_connection_does_not_hold_up_the_rest(store: Store, server: OddSmtp) -> None:
    """The others go through a new connection; it is not counted against the reader."""
    server.answers["RCPT"] = lambda command: DROP if "ada" in command else "250 OK"

    changed = drain(store, server)

    assert [(delivery.state, delivery.attempts) for delivery in changed] == [(QUEUED, 0), (SENT, 1), (SENT, 1)]


@pytest.mark.parametrize("answers", [{"CONNECT": DROP}, {"CONNECT": "421 4.3.2 full"}, {"RCPT": "421 4.7.0 slow down"}])
def test_a_server_that_is_down_is_left_alone_after_three_tries(
    store: Store, server: OddSmtp, answers: dict[str, Answer]
) -> None:
    """Everything is queued, the rest without having been tried, and nothing is raised."""
    queue(store, *(f"reader{n}@example.org" for n in range(5)))
    server.answers.update(answers)

    changed = drain(store, server)

    assert [delivery.state for delivery in changed] == [QUEUED] * 3
    assert [delivery.state for delivery in store.history.deliveries()] == [QUEUED] * 8
    assert server.connections == 3


def test_the_mail_goes_out_when_the_server_is_back(store: Store, server: OddSmtp) -> None:
    """Five minutes later at most, however long it was away."""
    server.answers["CONNECT"] = DROP
    clock = Clock()
    for _ in range(4):
        drain(store, server, clock=clock)
        clock.now += RETRY_AFTER[0]
    server.answers["CONNECT"] = "220 back"

    assert [delivery.state for delivery in drain(store, server, clock=clock)] == [SENT] * 3


# ------------------------------------------------------------------ servers that refuse us


@pytest.mark.parametrize("answers", [{"CONNECT": "554 5.3.2 not you"}, {"MAIL": "553 5.7.1 not your address"}])
def test_a_server_that_refuses_us_stops_the_run_and_loses_nothing(
    store: Store, server: OddSmtp, answers: dict[str, Answer]
) -> None:
    """It is asked once, not once for each reader; the reason is kept beside the delivery."""
    server.answers.update(answers)

    with pytest.raises(ServerRefused):
        drain(store, server)

    assert [(found.state, found.attempts) for found in store.history.deliveries()] == [(QUEUED, 0)] * 3
    assert store.history.deliveries()[0].code in (553, 554)
    assert server.connections == 1


# ------------------------------------------------------------------ after the dot


def test_what_may_have_arrived_is_held_and_never_sent_again(store: Store, server: OddSmtp) -> None:
    """The server took it and hung up: exactly one unknown, and the rest arrives."""
    replies = iter([DROP])
    server.answers["."] = lambda _: next(replies, "250 OK")
    clock = Clock()

    changed = drain(store, server, clock=clock)
    clock.now += timedelta(hours=1)
    later = drain(store, server, clock=clock)

    assert [delivery.state for delivery in changed] == [UNKNOWN, SENT, SENT]
    assert later == ()
    assert len(set(server.message_ids())) == len(server.taken) == 3


def test_an_answer_that_comes_too_late_is_unknown(store: Store, server: OddSmtp) -> None:
    """Ten minutes in life, less in this test."""
    shown = threading.Event()

    def late(_: str) -> str:
        shown.wait(10)
        return "250 OK"

    server.answers["."] = late
    with store.lock(), SmtpMailer(server.settings(), dot_timeout_seconds=0.05) as mailer:
        changed = deliver(store.outbox, mailer, clock=Clock(), progress=lambda _: shown.set())

    assert [delivery.state for delivery in changed] == [UNKNOWN, SENT, SENT]


# ------------------------------------------------------------------ crashes

SENDER = """
import sys
from datetime import datetime, timezone
from newsletter.deliver import deliver
from newsletter.deliver.smtp import SmtpMailer
from newsletter.models import Encryption, SmtpSettings
from newsletter.store import Store
settings = SmtpSettings("127.0.0.1", int(sys.argv[2]), Encryption.NONE)
with Store.open(sys.argv[1]) as store, store.lock(), SmtpMailer(settings) as mailer:
    deliver(store.outbox, mailer, clock=lambda: datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc))
"""


def kill_when_asked(store: Store, server: OddSmtp, step: str, *, first: int = 0) -> None:
    """Run a sender in another process and kill -9 it while the server thinks about its answer to `step`."""
    asked, go_on = threading.Event(), threading.Event()
    polite = server.answers[step]
    countdown = iter(range(first, -1, -1))

    def think(_: str) -> str:
        if next(countdown, 0) == 0:
            asked.set()
            go_on.wait(10)
        return str(polite)

    server.answers[step] = think
    with children.start(SENDER, f"sqlite:///{store.path}", str(server.settings().port)) as child:
        assert asked.wait(10), child.communicate()
        child.kill()
    go_on.set()
    server.answers[step] = polite


@pytest.mark.parametrize("step", ["MAIL", "DATA"])
def test_a_run_killed_before_the_dot_is_made_up_for(store: Store, server: OddSmtp, step: str) -> None:
    """Nothing is lost and nothing is sent twice: it was certainly not delivered."""
    kill_when_asked(store, server, step)
    assert CLAIMED in {delivery.state for delivery in store.history.deliveries()}

    drain(store, server)

    assert [delivery.state for delivery in store.history.deliveries()] == [SENT] * 3
    assert sorted(server.message_ids()) == sorted(f"Message-ID: <i20261120.{reader}>" for reader in READERS)


def test_a_run_killed_after_the_dot_sends_nothing_twice_and_hides_nothing(store: Store, server: OddSmtp) -> None:
    """What may have arrived is shown as unknown; the others are sent."""
    kill_when_asked(store, server, ".", first=1)

    changed = drain(store, server)

    assert [delivery.state for delivery in store.history.deliveries()] == [SENT, UNKNOWN, SENT]
    assert [delivery.id for delivery in changed] == [2, 3]
    assert len(set(server.message_ids())) == len(server.taken) == 3


def test_no_kill_at_any_moment_duplicates_or_loses(store: Store, server: OddSmtp) -> None:
    """Three runs killed in the middle, one that ends: every reader once, or shown as unknown."""
    readers = [f"reader{n}@example.org" for n in range(30)]
    queue(store, *readers)
    for moment, step in ((4, "."), (3, "RCPT"), (6, ".")):
        kill_when_asked(store, server, step, first=moment)

    drain(store, server)

    deliveries = store.history.deliveries()
    arrived = server.message_ids()
    assert len(arrived) == len(set(arrived))
    assert {delivery.state for delivery in deliveries} == {SENT, UNKNOWN}
    assert sum(delivery.state is UNKNOWN for delivery in deliveries) == 2
    assert {f"Message-ID: {d.message_id}" for d in deliveries if d.state is SENT} <= set(arrived)


@pytest.mark.parametrize("error", [KeyboardInterrupt, StoreError])
def test_an_interrupted_run_gives_back_what_it_claimed(
    store: Store, server: OddSmtp, error: type[BaseException]
) -> None:
    """The next run finds everything queued, at once."""

    class Interrupted(SmtpMailer):
        def send(self, *_: object, **__: object) -> tuple[int, str]:
            raise error("stop")

    with store.lock(), Interrupted(server.settings()) as mailer, pytest.raises(error):
        deliver(store.outbox, mailer, clock=Clock())

    assert [delivery.state for delivery in store.history.deliveries()] == [QUEUED] * 3


def test_a_run_that_was_overtaken_writes_no_dot(store: Store, server: OddSmtp) -> None:
    """Somebody removed the lock file and two runs are alive: the second finds the row elsewhere and stops."""

    def overtake(_: str) -> str:
        store.outbox.mark_dot(1, now=NOW)
        return "354 go on"

    server.answers["DATA"] = overtake

    with pytest.raises(StoreError, match="another run has changed it"):
        drain(store, server)

    assert server.taken == []


def test_the_errors_of_a_mailer_decide_the_state(store: Store) -> None:
    """Any mailer will do: only its errors are looked at."""

    class Scripted:
        def __init__(self) -> None:
            self.outcomes = iter([OutcomeUnknown("?"), RecipientRefused("550 no", code=550), None])

        def send(self, message: bytes, *, sender: str, recipient: str, before_dot: object) -> tuple[int, str]:
            assert (message[:5], sender, recipient.partition("@")[2]) == (b"From:", "papers@example.org", "example.org")
            before_dot()  # type: ignore[operator]
            if outcome := next(self.outcomes):
                raise outcome
            return 250, "OK"

    with store.lock():
        changed = deliver(store.outbox, Scripted(), clock=Clock())

    assert [(delivery.state, delivery.code) for delivery in changed] == [(UNKNOWN, 0), (FAILED, 550), (SENT, 250)]
