"""Delivering: from the outbox to a real server, each message once at most, through odd servers and many connections."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from leaping import at_leaping_time
from makers import NOW, a_queued, an_email
from odd_smtp import DROP, Answer, Held, OddSmtp, Once

from newsletter.deliver import GIVE_UP_AFTER, RETRY_AFTER, More, Reply, deliver, pace
from newsletter.deliver.mailer import BeforeDot
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import OutcomeUnknown, RecipientRefused, ServerRefused, StoreError
from newsletter.inbox import Inbox
from newsletter.models import Delivery, DeliveryState, Move, OnUnknown
from newsletter.store import Store

QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
READERS = ("ada@example.org", "grace@example.org", "mary@example.org")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test wait for a server that asks for patience; `test_pace` holds how long it would be."""
    monkeypatch.setattr(pace, "_FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def store(store: Store) -> Store:
    """Return a store with an issue for each reader in its outbox."""
    queue(store, *READERS)
    return store


@pytest.fixture
def server() -> Iterator[OddSmtp]:
    """Give a server that is polite unless told otherwise; `test_smtp` holds that it is the same without PIPELINING."""
    with OddSmtp(pipelining=True) as server:
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
    store.outbox.queue(
        [
            a_queued(
                reader, message=message_for(reader), message_id=f"<i20261120.{reader}>", expires_at=now + GIVE_UP_AFTER
            )
            for reader in readers
        ],
        now=now,
    )


def message_for(reader: str) -> bytes:
    """Return the message of a reader."""
    return as_bytes(an_email(recipient=("", reader), message_id=f"<i20261120.{reader}>"))


def drain(
    store: Store, server: OddSmtp | Inbox, *, clock: Clock | None = None, connections: int = 1, **options: Any
) -> list[Delivery]:
    """Deliver what is due, as a run does it; return what was told, in the order of the outbox."""
    settings = server.settings(connections=connections) if isinstance(server, OddSmtp) else server.settings
    heard: list[Delivery] = []
    mailer = SmtpMailer(settings, dot_seconds=0.3)
    try:
        deliver(store.outbox, mailer, clock=clock or Clock(), progress=heard.append, **options)
    finally:
        heard.sort(key=lambda delivery: delivery.id)
    return heard


def told(deliveries: list[Delivery] | tuple[Delivery, ...]) -> list[tuple[DeliveryState, int, str]]:
    """Return what became of each, in short."""
    return [(delivery.state, delivery.code, delivery.detail[:9]) for delivery in deliveries]


def states(store: Store) -> list[DeliveryState]:
    """Return the state of every delivery."""
    return [delivery.state for delivery in store.history.deliveries()]


def many(number: int, domain: str = "example.org") -> list[str]:
    """Return the addresses of some readers."""
    return [f"reader{n:03}@{domain}" for n in range(number)]


# ------------------------------------------------------------------ the drain


def test_everything_queued_arrives_and_is_marked_as_sent(store: Store, tmp_path: Path) -> None:
    """Through a real server, by its four connections."""
    with Inbox(tmp_path / "inbox") as inbox:
        changed = drain(store, inbox)

    assert sorted(message["To"] for message in inbox.messages) == list(READERS)
    assert told(changed) == [(SENT, 250, "2.0.0 OK")] * 3
    assert changed == list(store.history.deliveries())


def test_one_connection_sends_in_the_order_of_the_outbox(store: Store, server: OddSmtp) -> None:
    """What waits longest goes first."""
    drain(store, server)

    assert server.message_ids() == [f"<i20261120.{reader}>" for reader in READERS]
    assert server.taken == [message_for(reader) for reader in READERS]


def test_a_second_run_sends_nothing(store: Store, server: OddSmtp) -> None:
    """Sent is sent; nobody is even asked."""
    drain(store, server)

    assert drain(store, server) == []
    assert (len(server.taken), server.connections) == (3, 1)


def test_progress_hears_of_each_delivery_when_it_is_on_the_disk(store: Store, server: OddSmtp) -> None:
    """Whoever it tells can rely on it."""
    heard: list[tuple[Delivery, Delivery | None]] = []

    def hear(delivery: Delivery) -> None:
        heard.append((delivery, store.history.delivery(delivery.id)))

    deliver(store.outbox, SmtpMailer(server.settings(connections=2)), clock=Clock(), progress=hear)

    assert len(heard) == 3
    assert all(told == kept for told, kept in heard)


def test_four_connections_work_side_by_side(store: Store, server: OddSmtp) -> None:
    """The server answers no final dot before it has four messages."""
    queue(store, *many(21))
    together = threading.Barrier(4)

    def wait(_: str) -> str:
        together.wait(10)
        return "250 2.0.0 taken"

    server.answers["."] = wait
    drain(store, server, connections=4)

    assert states(store) == [SENT] * 24
    assert (server.connections, len(set(server.message_ids()))) == (4, 24)


def test_more_than_one_batch_is_drained(store: Store, server: OddSmtp) -> None:
    """Claims are made by the hundred, and a connection is left after as many."""
    queue(store, *many(220))

    assert len(drain(store, server, connections=2)) == len(set(server.message_ids())) == 223
    assert 3 <= server.connections <= 4


def test_what_is_queued_meanwhile_is_sent_by_the_same_drain(store: Store, server: OddSmtp) -> None:
    """A composer in another thread goes on while the first messages leave."""
    more, first_is_out = More(), threading.Event()

    def compose() -> None:
        assert first_is_out.wait(10)
        queue(store, "emmy@example.org")
        more.done = True

    composer = threading.Thread(target=compose)
    composer.start()
    heard: list[Delivery] = []

    def hear(delivery: Delivery) -> None:
        heard.append(delivery)
        first_is_out.set()

    deliver(store.outbox, SmtpMailer(server.settings()), clock=Clock(), progress=hear, more=more)
    composer.join()

    assert [delivery.subscriber for delivery in heard] == [*READERS, "emmy@example.org"]


def test_a_drain_of_nothing_asks_nobody(store: Store, server: OddSmtp) -> None:
    """An idle tick makes no connection."""
    drain(store, server)
    before = server.connections

    drain(store, server, connections=4)

    assert server.connections == before


def test_a_wrong_address_fails_and_the_others_go_on(store: Store, tmp_path: Path) -> None:
    """One reader's failure is one reader's."""
    with Inbox(tmp_path / "inbox", refuse={READERS[1]: "550 5.1.1 No such user"}) as inbox:
        changed = drain(store, inbox)

    assert told(changed) == [(SENT, 250, "2.0.0 OK"), (FAILED, 550, "550 5.1.1"), (SENT, 250, "2.0.0 OK")]


def test_an_address_no_server_can_be_given_fails_alone(store: Store, server: OddSmtp) -> None:
    """Also when it got past every check before."""
    store.outbox.queue([a_queued("eve", recipient="eve@example.org>\r\nDATA")], now=NOW)

    assert told(drain(store, server))[-1] == (FAILED, 0, "5.1.3 'ev")
    assert len(server.taken) == 3


def test_who_left_since_gets_nothing_though_it_was_made(store: Store, server: OddSmtp) -> None:
    """Suppression is looked at when the message is taken, however the address is spelled."""
    store.suppressions.add("Grace@Example.org", reason="unsubscribed", detail="", at=NOW)

    drain(store, server)

    assert states(store) == [SENT, FAILED, SENT]
    assert "withdrawn" in store.history.deliveries()[1].detail
    assert server.message_ids() == [f"<i20261120.{reader}>" for reader in (READERS[0], READERS[2])]


def _politely(server: OddSmtp) -> str:
    """Greet, and hang up within no message any more."""
    server.answers.pop("BODY", None)
    return "220 odd"


# ------------------------------------------------------------------ servers that say later


@pytest.mark.parametrize("reply", ["450 4.2.0 greylisted", "450 4.7.1 greylisted"])
def test_a_greylisted_reader_is_sent_the_same_bytes_five_minutes_later(
    store: Store, server: OddSmtp, reply: str
) -> None:
    """The usual greylisting (RFC 6647), for one of many: the others of that domain are sent at once."""
    once = Once(reply, "250 OK")
    server.answers["RCPT"] = lambda command: once("") if "grace" in command else "250 OK"
    clock = Clock()

    first = drain(store, server, clock=clock)
    clock.now += RETRY_AFTER[0] - timedelta(seconds=1)
    too_early = drain(store, server, clock=clock)
    clock.now += timedelta(seconds=1)
    second = drain(store, server, clock=clock)

    assert told(first) == [(SENT, 250, "2.0.0 tak"), (QUEUED, 450, reply[:9]), (SENT, 250, "2.0.0 tak")]
    assert too_early == []
    assert [(delivery.subscriber, delivery.state, delivery.attempts) for delivery in second] == [(READERS[1], SENT, 2)]
    assert server.taken[2] == message_for(READERS[1])


@pytest.mark.parametrize("step", ["RCPT", "."])
def test_retries_follow_the_schedule_and_end_after_a_day(store: Store, server: OddSmtp, step: str) -> None:
    """5, 15, 30 minutes, 1, 2, 4, 4 … hours; a stale issue has no value."""
    server.answers[step] = "451 4.3.0 later"
    clock = Clock()

    for minutes in (0, 5, 20, 50, 110, 230, 470, 710, 950, 1190, 1430):
        clock.now = NOW + timedelta(minutes=minutes, seconds=-1)
        assert drain(store, server, clock=clock) == []
        clock.now = NOW + timedelta(minutes=minutes)
        assert len(drain(store, server, clock=clock)) == 3

    assert told(store.history.deliveries()) == [(FAILED, 451, "expired: ")] * 3


def test_what_is_past_its_time_is_not_sent_at_all(store: Store, server: OddSmtp) -> None:
    """The machine was off; the next issue has these papers, since a failed delivery does not count."""
    clock = Clock()
    clock.now += GIVE_UP_AFTER

    assert told(drain(store, server, clock=clock)) == [(FAILED, 0, "expired b")] * 3
    assert server.commands == []


@pytest.mark.parametrize("step", ["RCPT", "DATA", "BODY"])
def test_a_message_that_breaks_the_connection_does_not_hold_up_the_rest(
    store: Store, server: OddSmtp, step: str
) -> None:
    """The others go through a new connection; it is not counted against the reader."""
    polite = server.answers.get(step)

    def answer(_: str) -> str:
        server.answers[step] = polite or DROP
        return DROP

    server.answers[step] = answer
    if step == "BODY":
        server.answers["CONNECT"] = lambda _: "220 odd" if server.connections == 1 else _politely(server)

    changed = drain(store, server)

    assert [(delivery.state, delivery.attempts) for delivery in changed] == [(QUEUED, 0), (SENT, 1), (SENT, 1)]


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("answers", [{"CONNECT": DROP}, {"CONNECT": "421 4.3.2 full"}, {"RCPT": "421 4.3.2 closing"}])
def test_a_server_that_is_down_is_left_alone_after_a_few_tries(
    store: Store, server: OddSmtp, answers: dict[str, Answer], connections: int
) -> None:
    """Everything is queued, most of it without having been tried, and nothing is raised."""
    queue(store, *many(30))
    server.answers |= answers

    changed = drain(store, server, connections=connections)

    assert states(store) == [QUEUED] * 33
    assert 3 <= len(changed) == server.connections <= 2 + connections
    assert [delivery.attempts for delivery in changed] == [0] * len(changed)


def test_the_mail_goes_out_when_the_server_is_back(store: Store, server: OddSmtp) -> None:
    """Five minutes later at most, however long it was away."""
    server.answers["CONNECT"] = DROP
    clock = Clock()
    for _ in range(4):
        drain(store, server, clock=clock)
        clock.now += RETRY_AFTER[0]
    server.answers["CONNECT"] = "220 back"

    assert [delivery.state for delivery in drain(store, server, clock=clock)] == [SENT] * 3


# ------------------------------------------------------------------ servers that ask for patience


@pytest.mark.parametrize("connections", [1, 4])
def test_a_domain_that_asks_for_patience_is_left_alone_for_this_run(
    store: Store, server: OddSmtp, connections: int
) -> None:
    """Its other readers wait untried, those of other domains get theirs."""
    crowd = many(12, "crowded.example")
    queue(store, *crowd)
    server.answers["RCPT"] = lambda command: "451 4.7.0 too fast" if "crowded" in command else "250 OK"

    drain(store, server, connections=connections)

    deliveries = store.history.deliveries()
    crowded = [delivery for delivery in deliveries if delivery.subscriber in crowd]
    tried = [delivery for delivery in crowded if delivery.attempts]
    assert [delivery.state for delivery in deliveries if delivery.subscriber in READERS] == [SENT] * 3
    assert {delivery.state for delivery in crowded} == {QUEUED}
    assert 1 <= len(tried) <= connections
    assert all("patience with others of this domain" in each.detail for each in crowded if each not in tried)


@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("reply", ["454 4.7.0 throttled", "451 4.7.500 slow down", "454 try later"])
def test_a_server_that_throttles_everybody_ends_the_run(
    store: Store, server: OddSmtp, reply: str, connections: int
) -> None:
    """The next run may be luckier; what was not tried has lost nothing."""
    readers = [f"reader@domain{number:02}.example" for number in range(30)]
    queue(store, *readers)
    server.answers["RCPT"] = reply

    drain(store, server, connections=connections)

    deliveries = store.history.deliveries()
    assert {delivery.state for delivery in deliveries} == {QUEUED}
    assert 5 <= sum(delivery.attempts for delivery in deliveries) <= 4 + connections
    assert server.taken == []


@pytest.mark.parametrize("throttled", [1, 2, 7])
def test_a_drain_that_was_slowed_down_still_ends(store: Store, server: OddSmtp, throttled: int) -> None:
    """Sessions that were sent to wait hear that there is nothing more."""
    queue(store, *many(8))
    count = iter(range(1000))
    server.answers["."] = lambda _: "451 4.7.0 slow" if next(count) == throttled else "250 2.0.0 taken"

    drain(store, server, connections=4)

    assert states(store).count(SENT) + states(store).count(QUEUED) == 11
    assert states(store).count(SENT) >= 3


# ------------------------------------------------------------------ servers that refuse us


@pytest.mark.parametrize("answers", [{"CONNECT": "554 5.3.2 not you"}, {"MAIL": "553 5.7.1 not your address"}])
def test_a_server_that_refuses_us_stops_the_run_and_loses_nothing(
    store: Store, server: OddSmtp, answers: dict[str, Answer]
) -> None:
    """It is asked once, not once for each reader; the reason is kept beside the delivery."""
    server.answers |= answers

    with pytest.raises(ServerRefused):
        drain(store, server)

    assert [(found.state, found.attempts) for found in store.history.deliveries()] == [(QUEUED, 0)] * 3
    assert store.history.deliveries()[0].code in (553, 554)
    assert server.connections == 1


def test_a_server_that_refuses_us_is_asked_once_by_each_connection_at_most(store: Store, server: OddSmtp) -> None:
    """A wrong password tried again and again gets an account locked."""
    queue(store, *many(30))
    server.answers["CONNECT"] = "554 5.3.2 not you"

    with pytest.raises(ServerRefused):
        drain(store, server, connections=4)

    assert states(store) == [QUEUED] * 33
    assert server.connections <= 4


def test_refusals_by_policy_again_and_again_stop_the_run(store: Store, server: OddSmtp) -> None:
    """Three in a row are no accident: it is us; the rest is not tried, and those three are tried again."""
    queue(store, *many(10))
    server.answers["."] = "550 5.7.1 message looks like spam"

    with pytest.raises(ServerRefused, match=r"refused by policy again and again: 550 5\.7\.1 message looks like spam"):
        drain(store, server)

    assert states(store) == [QUEUED] * 13
    assert [delivery.attempts for delivery in store.history.deliveries()] == [1] * 3 + [0] * 10


def test_refusals_by_policy_among_others_stop_nothing(store: Store, server: OddSmtp) -> None:
    """One provider's rule is one provider's, and may be lifted within the day."""
    queue(store, *many(10))
    count, clock = iter(range(100)), Clock()
    server.answers["."] = lambda _: "550 5.7.1 spam" if next(count) % 3 else "250 OK"

    drain(store, server, clock=clock)
    first = states(store)
    server.answers["."] = "250 OK"
    clock.now += RETRY_AFTER[0]
    drain(store, server, clock=clock)

    assert (first.count(SENT), first.count(QUEUED)) == (5, 8)
    assert states(store) == [SENT] * 13


# ------------------------------------------------------------------ after the dot


@pytest.mark.parametrize("connections", [1, 4])
def test_what_may_have_arrived_is_held_and_never_sent_again(store: Store, server: OddSmtp, connections: int) -> None:
    """The server took it and hung up: exactly one unknown, and the rest arrives."""
    once = Once(DROP, "250 OK")
    server.answers["."] = once
    clock = Clock()

    changed = drain(store, server, clock=clock, connections=connections)
    clock.now += timedelta(hours=1)
    later = drain(store, server, clock=clock)

    assert sorted(delivery.state for delivery in changed) == [SENT, SENT, UNKNOWN]
    assert later == []
    assert len(set(server.message_ids())) == len(server.taken) == 3


def test_what_may_have_arrived_is_sent_once_more_where_that_is_wished(store: Store, server: OddSmtp) -> None:
    """The same bytes, after five minutes; readers' programs know them by their Message-ID."""
    server.answers["."] = Once(DROP, "250 OK")
    clock = Clock()

    first = drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)
    clock.now += RETRY_AFTER[0]
    second = drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)

    assert [delivery.state for delivery in first] == [QUEUED, SENT, SENT]
    assert [(delivery.id, delivery.state) for delivery in second] == [(1, SENT)]
    assert server.taken.count(message_for(READERS[0])) == 2


def test_what_may_have_arrived_twice_is_held_then(store: Store, server: OddSmtp) -> None:
    """Once more is once: a server that never answers would get copies all day."""
    server.answers["."] = DROP
    clock = Clock()

    for _ in range(6):
        drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)
        clock.now += RETRY_AFTER[0]

    assert states(store) == [UNKNOWN] * 3
    assert len(server.taken) == 6


def test_a_refusal_hides_no_earlier_attempt_that_may_have_arrived(store: Store, server: OddSmtp) -> None:
    """The copy is refused, of the first nobody knows: the reader's papers must not come again as new."""
    server.answers["."] = Once(DROP, "250 OK")
    clock = Clock()

    drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)
    server.answers["RCPT"] = "550 5.1.1 nobody"
    clock.now += RETRY_AFTER[0]
    [changed] = drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)

    assert (changed.state, changed.code) == (UNKNOWN, 550)
    assert changed.detail == "550 5.1.1 nobody; an earlier attempt may have arrived"
    assert store.history.deliveries()[0] == changed
    assert len(server.taken) == 3


def test_what_was_never_answered_before_the_dot_may_be_sent_once_more_too(store: Store, server: OddSmtp) -> None:
    """An attempt that certainly did not arrive uses nothing up."""
    server.answers["RCPT"] = "450 4.2.0 greylisted"
    clock = Clock()

    drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)
    server.answers |= {"RCPT": "250 OK", ".": Once(DROP, "250 OK")}
    for _ in range(2):
        clock.now += RETRY_AFTER[1]
        drain(store, server, clock=clock, on_unknown=OnUnknown.RESEND)

    assert states(store) == [SENT] * 3
    assert len(server.taken) == 4


def test_an_answer_that_comes_too_late_is_unknown(store: Store, server: OddSmtp) -> None:
    """Ten minutes in life, less in this test; the others do not wait for it."""
    held = Held("250 OK")
    server.answers["."] = lambda _: "250 OK" if held.asked.is_set() else held("")

    def hear(_: Delivery) -> None:
        held.let_go.set()

    deliver(store.outbox, SmtpMailer(server.settings(), dot_seconds=0.05), clock=Clock(), progress=hear)

    assert states(store) == [UNKNOWN, SENT, SENT]


# ------------------------------------------------------------------ stopping


def test_a_run_that_is_told_to_stop_finishes_what_is_in_hand(store: Store, server: OddSmtp) -> None:
    """The message under way gets its answer, the rest is queued as if it had never been taken."""
    queue(store, *many(150))
    stop, held = threading.Event(), Held("250 2.0.0 taken")
    server.answers["."] = held

    def tell() -> None:
        assert held.asked.wait(10)
        stop.set()
        held.let_go.set()

    teller = threading.Thread(target=tell)
    teller.start()
    changed = drain(store, server, stop=stop)
    teller.join()

    assert told(changed) == [(SENT, 250, "2.0.0 tak")]
    assert states(store) == [SENT] + [QUEUED] * 152
    assert {delivery.attempts for delivery in store.history.deliveries()[1:]} == {0}
    assert server.commands[-1] == "QUIT"


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "RCPT", "DATA"])
def test_who_stops_a_run_does_not_wait_for_a_server_that_says_nothing(
    store: Store, server: OddSmtp, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the dot nothing can have arrived: the message is queued as if it had never been taken."""
    monkeypatch.setattr("newsletter.deliver.drain._STOPPING_SECONDS", 0.1)
    stop, held = threading.Event(), Held()
    server.answers[step] = held

    def tell() -> None:
        assert held.asked.wait(10)
        stop.set()

    teller = threading.Thread(target=tell)
    teller.start()
    changed = drain(store, server, stop=stop)
    teller.join()
    held.let_go.set()

    assert changed == []
    assert [(each.state, each.attempts, each.detail) for each in store.history.deliveries()] == [(QUEUED, 0, "")] * 3


def test_who_stops_a_run_waits_for_the_answer_to_a_dot(
    store: Store, server: OddSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may have arrived: to leave now would make it unknown."""
    monkeypatch.setattr("newsletter.deliver.drain._STOPPING_SECONDS", 0.0)
    stop, held = threading.Event(), Held("250 2.0.0 taken")
    server.answers["."] = held

    def tell() -> None:
        assert held.asked.wait(10)
        stop.set()
        time.sleep(0.25)  # longer than a glance
        held.let_go.set()

    teller = threading.Thread(target=tell)
    teller.start()
    mailer = SmtpMailer(server.settings(), dot_seconds=10)
    deliver(store.outbox, mailer, clock=Clock(), stop=stop)
    teller.join()

    assert states(store) == [SENT, QUEUED, QUEUED]


def test_a_run_that_is_stopped_before_it_begins_takes_nothing(store: Store, server: OddSmtp) -> None:
    """Nothing is claimed, nobody is asked."""
    stop = threading.Event()
    stop.set()

    assert drain(store, server, stop=stop) == []
    assert (states(store), server.connections) == ([QUEUED] * 3, 0)


# ------------------------------------------------------------------ other mailers, other errors


class Scripted:
    """A mailer that ends each message as it is told, in order; None takes it."""

    def __init__(self, *outcomes: BaseException | None) -> None:
        self.connections, self.max_per_minute = 1, 0
        self._outcomes = iter(outcomes)
        self.closed = 0

    def session(self) -> Scripted:
        """Return itself."""
        return self

    async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
        """Do as told."""
        assert (message[:5], sender, recipient.partition("@")[2]) == (b"From:", "papers@example.org", "example.org")
        outcome = next(self._outcomes)
        if not isinstance(outcome, StoreError):
            await before_dot()
        if outcome is not None:
            raise outcome
        return Reply(250, "OK")

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


def test_the_errors_of_a_mailer_decide_the_state(store: Store) -> None:
    """Any mailer will do: only its errors are looked at, and it is closed in the end."""
    mailer = Scripted(OutcomeUnknown("?"), RecipientRefused("550 no", code=550), None)

    deliver(store.outbox, mailer, clock=Clock())

    assert [(each.state, each.code) for each in store.history.deliveries()] == [
        (UNKNOWN, 0),
        (FAILED, 550),
        (SENT, 250),
    ]
    assert mailer.closed == 1


@pytest.mark.parametrize("connections", [1, 4])
def test_a_list_keeps_the_pace_of_the_settings_to_its_end(
    store: Store, monkeypatch: pytest.MonkeyPatch, connections: int
) -> None:
    """However short it is, and however many connections share it."""
    times: list[float] = []
    queue(store, *many(3))

    class Noting(Scripted):
        async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
            times.append(asyncio.get_running_loop().time())
            return await super().send(message, sender=sender, recipient=recipient, before_dot=before_dot)

    mailer = Noting(*[None] * 6)
    mailer.connections, mailer.max_per_minute = connections, 60
    monkeypatch.setattr(asyncio, "run", lambda drain: at_leaping_time(lambda: drain))
    deliver(store.outbox, mailer, clock=Clock())

    assert states(store) == [SENT] * 6
    assert all(later - earlier > 0.999 for earlier, later in pairwise(times))


@pytest.mark.parametrize("connections", [1, 4])
def test_who_leaves_while_a_slow_list_is_sent_gets_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, connections: int
) -> None:
    """With a pace little is claimed ahead, since what is claimed is sent: not a hundred that take their hour."""
    readers = many(27)
    queue(store, *readers)
    written_to: list[str] = []

    class Leaving(Scripted):
        async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
            if not written_to:
                store.suppressions.add(readers[-1], reason="unsubscribed", detail="", at=NOW)
            written_to.append(recipient)
            return await super().send(message, sender=sender, recipient=recipient, before_dot=before_dot)

    mailer = Leaving(*[None] * 30)
    mailer.connections, mailer.max_per_minute = connections, 60
    monkeypatch.setattr(asyncio, "run", lambda drain: at_leaping_time(lambda: drain))
    deliver(store.outbox, mailer, clock=Clock())

    assert sorted(written_to) == sorted([*READERS, *readers[:-1]])
    assert states(store) == [SENT] * 29 + [FAILED]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), StoreError("the disk is full"), RuntimeError("a mistake")])
def test_an_interrupted_run_gives_back_what_it_claimed(store: Store, error: BaseException) -> None:
    """The next run finds everything queued, at once, but for what may have arrived."""
    before_the_dot = isinstance(error, StoreError)

    with pytest.raises(type(error)):
        deliver(store.outbox, Scripted(None, error), clock=Clock())

    assert states(store) == [SENT, QUEUED if before_the_dot else DOT, QUEUED]


def test_a_store_that_fails_in_the_middle_ends_the_run_with_its_words(store: Store, server: OddSmtp) -> None:
    """No dot is written that is not on the disk, and what is not on the disk is not told."""
    heard: list[Delivery] = []
    keep: Callable[..., frozenset[int]] = store.outbox.keep
    broken = threading.Event()

    def failing(owner: str, moves: list[Move], *, now: datetime) -> frozenset[int]:
        if broken.is_set() or any(move.id == 2 for move in moves):
            broken.set()
            raise StoreError("the disk is full")
        return keep(owner, moves, now=now)

    store.outbox.keep = failing  # type: ignore[assignment,method-assign]
    with pytest.raises(StoreError, match="the disk is full"):
        deliver(store.outbox, SmtpMailer(server.settings()), clock=Clock(), progress=heard.append)

    assert server.message_ids() == [f"<i20261120.{READERS[0]}>"]
    assert states(store)[1:] == [QUEUED, QUEUED]
    assert states(store)[0] in (SENT, DOT)
    assert all(delivery.id == 1 for delivery in heard)


def test_a_run_that_was_overtaken_writes_no_dot(store: Store, server: OddSmtp) -> None:
    """Somebody took us for dead and has the row: the message is left to that one, the others go on."""

    def overtake(_: str) -> str:
        if not server.taken:
            with store._database.writing() as connection:
                connection.exec_driver_sql("UPDATE deliveries SET owner = 'another' WHERE id = 1")
        return "354 go on"

    server.answers["DATA"] = overtake

    heard = drain(store, server)

    assert [(each.id, each.state) for each in heard] == [(2, SENT), (3, SENT)] or server.taken == []
    assert f"<i20261120.{READERS[0]}>" not in server.message_ids()
    assert states(store)[0] is CLAIMED
