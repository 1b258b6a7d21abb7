"""Senders that die, stop, or work beside each other: every message once, or shown as one that nobody knows of."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator

import children
import pytest
from makers import NOW, a_queued, an_email
from odd_smtp import Held, OddSmtp

from newsletter.deliver import deliver
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.models import Delivery, DeliveryState, OnUnknown
from newsletter.store import Store
from newsletter.store.tables import deliveries

QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
READERS = ("ada@example.org", "grace@example.org", "mary@example.org")

SENDER = """
import sys
from datetime import datetime, timezone
from newsletter.deliver import deliver
from newsletter.deliver.smtp import SmtpMailer
from newsletter.models import Encryption, SmtpSettings
from newsletter.store import Store
settings = SmtpSettings("127.0.0.1", int(sys.argv[2]), Encryption.NONE, connections=int(sys.argv[3]))
with Store.open(sys.argv[1]) as store:
    now = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
    deliver(store.outbox, SmtpMailer(settings), clock=lambda: now)
"""


@pytest.fixture
def store(store: Store) -> Store:
    """Return a store with an issue for each reader in its outbox."""
    queue(store, *READERS)
    return store


@pytest.fixture
def server() -> Iterator[OddSmtp]:
    """Give a server that is polite unless told otherwise."""
    with OddSmtp(pipelining=True) as server:
        yield server


def queue(store: Store, *readers: str) -> None:
    """Queue an issue without papers for each of `readers`."""
    store.outbox.queue([a_queued(each, message=message_for(each)) for each in readers], now=NOW)


def message_for(reader: str) -> bytes:
    """Return the message of a reader."""
    return as_bytes(an_email(recipient=("", reader), message_id=f"<i20261120.{reader}>"))


def drain(store: Store, server: OddSmtp, **options: object) -> list[Delivery]:
    """Deliver what is due by one connection; return what was told, in the order of the outbox."""
    heard: list[Delivery] = []
    mailer = SmtpMailer(server.settings())
    deliver(store.outbox, mailer, clock=lambda: NOW, progress=heard.append, **options)  # type: ignore[arg-type]
    return sorted(heard, key=lambda delivery: delivery.id)


def states(store: Store) -> list[DeliveryState]:
    """Return the state of every delivery."""
    return [delivery.state for delivery in store.history.deliveries()]


def ids_of(*readers: str) -> list[str]:
    """Return the Message-IDs of some readers' issues, sorted."""
    return sorted(f"<i20261120.{reader}>" for reader in readers)


def a_sender(store_url: str, server: OddSmtp, *, connections: int = 1) -> subprocess.Popen[str]:
    """Start a sender in another process."""
    return children.start(SENDER, store_url, str(server.settings().port), str(connections))


def kill_when_asked(store_url: str, server: OddSmtp, step: str, *, after: int = 0, connections: int = 1) -> None:
    """Kill -9 a sender in another process while the server thinks about its answer to `step`, some answers later."""
    held, polite, countdown = Held(), str(server.answers[step]), iter(range(after, -1, -1))

    def think(command: str) -> str:
        if next(countdown, -1) == 0:
            held(command)
        return polite

    server.answers[step] = think
    with a_sender(store_url, server, connections=connections) as child:
        assert held.asked.wait(20), child.communicate()
        child.kill()
    held.let_go.set()
    server.answers[step] = polite


# ------------------------------------------------------------------ killed


@pytest.mark.parametrize("step", ["CONNECT", "MAIL", "DATA"])
def test_a_run_killed_before_the_dot_is_made_up_for(store: Store, store_url: str, server: OddSmtp, step: str) -> None:
    """Nothing is lost and nothing is sent twice: it was certainly not delivered."""
    kill_when_asked(store_url, server, step)
    assert states(store) == [CLAIMED] * 3

    drain(store, server)

    assert states(store) == [SENT] * 3
    assert sorted(server.message_ids()) == ids_of(*READERS)


def test_a_run_killed_after_the_dot_sends_nothing_twice_and_hides_nothing(
    store: Store, store_url: str, server: OddSmtp
) -> None:
    """What may have arrived is shown as unknown; the others are sent."""
    kill_when_asked(store_url, server, ".", after=1)
    assert states(store)[1:] == [DOT, CLAIMED]
    assert states(store)[0] in (SENT, DOT)  # its answer came, and may have been on its way to the disk

    drain(store, server)

    assert states(store)[1:] == [UNKNOWN, SENT]
    assert sorted(server.message_ids()) == ids_of(*READERS)


def test_a_run_killed_after_the_dot_is_repeated_where_that_is_wished(
    store: Store, store_url: str, server: OddSmtp
) -> None:
    """With the same bytes, so that readers' programs can tell."""
    kill_when_asked(store_url, server, ".")

    drain(store, server, on_unknown=OnUnknown.RESEND)

    assert states(store) == [SENT] * 3
    assert server.taken.count(message_for(READERS[0])) == 2
    assert len(server.taken) == 4


def test_no_kill_at_any_moment_duplicates_or_loses(store: Store, store_url: str, server: OddSmtp) -> None:
    """Three runs of several connections killed in the middle, one that ends: every reader once, or shown as unknown."""
    queue(store, *(f"reader{n}@example.org" for n in range(30)))
    for moment, step in ((4, "."), (3, "RCPT"), (6, ".")):
        kill_when_asked(store_url, server, step, after=moment, connections=3)

    drain(store, server)

    arrived, deliveries = server.message_ids(), store.history.deliveries()
    assert len(arrived) == len(set(arrived))
    assert {delivery.state for delivery in deliveries} == {SENT, UNKNOWN}
    assert {delivery.message_id for delivery in deliveries if delivery.state is SENT} <= set(arrived)
    assert sum(delivery.state is UNKNOWN for delivery in deliveries) <= 9


# ------------------------------------------------------------------ beside each other


def test_two_drains_in_two_threads_send_each_message_once(store: Store, store_url: str, server: OddSmtp) -> None:
    """They share the outbox, and neither takes the other for dead."""
    queue(store, *(f"reader{n:03}@example.org" for n in range(237)))
    heard: list[list[Delivery]] = [[], []]
    both_at_it = threading.Barrier(2)
    first_dots = iter(range(2))

    def dot(_: str) -> str:
        if next(first_dots, None) is not None:
            both_at_it.wait(10)
        return "250 2.0.0 taken"

    def one(progress: list[Delivery]) -> None:
        with Store.open(store_url) as opened:
            deliver(opened.outbox, SmtpMailer(server.settings()), clock=lambda: NOW, progress=progress.append)

    server.answers["."] = dot
    threads = [threading.Thread(target=one, args=(each,)) for each in heard]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert states(store) == [SENT] * 240
    assert len(server.taken) == len(set(server.message_ids())) == 240
    assert len(heard[0]) + len(heard[1]) == 240
    assert min(map(len, heard)) > 0


def test_two_drains_in_two_processes_send_each_message_once(store: Store, store_url: str, server: OddSmtp) -> None:
    """No lock of ours keeps them apart, only the outbox."""
    queue(store, *(f"reader{n:03}@example.org" for n in range(237)))
    both_at_it = threading.Barrier(2)
    first_dots = iter(range(2))

    def dot(_: str) -> str:
        if next(first_dots, None) is not None:
            both_at_it.wait(20)
        return "250 2.0.0 taken"

    server.answers["."] = dot
    with a_sender(store_url, server) as one, a_sender(store_url, server) as other:
        complaints = [child.communicate()[1] for child in (one, other)]

    assert complaints == ["", ""]
    assert states(store) == [SENT] * 240
    assert len(server.taken) == len(set(server.message_ids())) == 240


def test_a_sender_that_was_stopped_keeps_what_it_has(store: Store, store_url: str, server: OddSmtp) -> None:
    """SIGSTOP is no death: another run leaves its messages alone, and it goes on where it was."""
    held = Held("250 2.0.0 taken")
    server.answers["."] = lambda command: held(command) if not held.let_go.is_set() else "250 2.0.0 taken"
    with a_sender(store_url, server) as child:
        assert held.asked.wait(20)
        os.kill(child.pid, signal.SIGSTOP)
        held.let_go.set()
        queue(store, "emmy@example.org")

        changed = drain(store, server)
        seen = states(store)
        os.kill(child.pid, signal.SIGCONT)
        _, complaint = child.communicate()

    assert [delivery.subscriber for delivery in changed] == ["emmy@example.org"]
    assert seen == [DOT, CLAIMED, CLAIMED, SENT]
    assert (states(store), complaint) == ([SENT] * 4, "")
    assert sorted(server.message_ids()) == ids_of(*READERS, "emmy@example.org")


def test_the_dead_are_settled_while_the_living_go_on(store: Store, store_url: str, server: OddSmtp) -> None:
    """One sender was killed, another is at work: a third makes up for the first alone."""
    kill_when_asked(store_url, server, "MAIL")
    queue(store, "emmy@example.org")
    with store.outbox.owning() as living:
        with store._database.writing() as connection:
            connection.execute(deliveries.update().where(deliveries.c.id == 4).values(state=CLAIMED, owner=living))
        changed = drain(store, server)

        assert [(each.id, each.state) for each in changed if each.state is SENT] == [(1, SENT), (2, SENT), (3, SENT)]
        assert states(store) == [SENT, SENT, SENT, CLAIMED]
