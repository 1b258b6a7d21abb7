"""Faults of a store on a server: PostgreSQL restarted or crashed, its connections broken, two senders on it."""

from __future__ import annotations

import multiprocessing.util
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from faults_kinds import kind
from faults_worker import begun, now, send_all
from faults_world import Absent, World

from newsletter.deliver import deliver
from newsletter.errors import NewsletterError
from newsletter.store import Store

if TYPE_CHECKING:
    from postgres import PostgresServer

_TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"
_LOCKS = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1"


@cache
def postgres() -> PostgresServer:
    """Return a server of this process; Absent where there is none."""
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from postgres import NoServer, PostgresServer  # noqa: PLC0415 - of the tests

    try:
        server = PostgresServer()
    except NoServer as error:
        raise Absent(str(error)) from None
    multiprocessing.util.Finalize(None, server.end, exitpriority=10)
    return server


def _meanwhile(world: World, harm: Callable[[], object], *, times: int) -> None:
    """Deliver in a thread until nothing waits, and do harm so many times meanwhile."""
    done = threading.Event()

    def runs() -> None:
        for _ in range(60):
            world.run()
            try:
                if not (states := world.states())["queued"] + states["claimed"]:
                    break
            except NewsletterError:
                time.sleep(0.1)
        done.set()

    thread = threading.Thread(target=runs)
    thread.start()
    for _ in range(times):
        time.sleep(world.rng.uniform(0.1, 0.4))
        harm()
    done.wait(120)
    thread.join()
    world.expects(unknown=(0, times * 2 * world.connections))


@kind("46", "PostgreSQL restarted while messages are sent", postgres=True)
def restarted(world: World) -> None:
    """Each restart ends a run; the next goes on."""
    world.queue(200, size=4_000)

    def harm() -> None:
        postgres().stop(signal.SIGINT)
        postgres().start()

    _meanwhile(world, harm, times=3)


@kind("46b", "PostgreSQL crashes while messages are sent", postgres=True)
def crashed(world: World) -> None:
    """SIGQUIT: it recovers from its log when it starts."""
    world.queue(200, size=4_000)

    def harm() -> None:
        postgres().stop(signal.SIGQUIT)
        postgres().start()

    _meanwhile(world, harm, times=2)


@kind("47", "pg_terminate_backend on every connection", postgres=True)
def terminated(world: World) -> None:
    """At random moments, the connection that holds the locks among them."""
    world.queue(200, size=4_000)
    name = world.url.rpartition("/")[2]
    _meanwhile(world, lambda: postgres().run(_TERMINATE.format(name)), times=5)


@kind("47b", "a sender's lock is lost, and another sender takes over", postgres=True)
def lock_lost(world: World) -> None:
    """Hold that the first one is refused what the second has taken, before it writes a dot."""
    world.queue(300, size=2_000)
    world.sink.slow = 0.02
    told: list[BaseException] = []

    def sends() -> None:
        try:
            with Store.open(world.url) as store:
                deliver(store.outbox, world.mailer(), clock=world.clock)
        except NewsletterError as error:
            told.append(error)

    threads = [threading.Thread(target=sends) for _ in range(3)]
    for thread in threads:
        thread.start()
        time.sleep(world.rng.uniform(0.2, 0.5))
        postgres().run(_LOCKS)
    for thread in threads:
        thread.join()
    world.sink.slow = 0.002
    world.expects(unknown=(0, 3 * world.connections))


@kind("56b", "two senders at once, on PostgreSQL", postgres=True)
def two_senders(world: World) -> None:
    """Each message is one's."""
    world.clock.now = now()
    world.queue(400, size=2_000)
    processes = [begun(send_all, world.url, world.sink.port, world.connections) for _ in range(2)]
    for process in processes:
        process.join(60)
        world.must(process.exitcode == 0, f"a sender ended with {process.exitcode}")


@kind("57", "workers killed three times, on PostgreSQL", postgres=True)
def workers_killed(world: World) -> None:
    """Hold that the server drops the locks of the dead; two workers at once."""
    world.clock.now = now()
    world.queue(600, size=2_000)
    processes = [begun(send_all, world.url, world.sink.port, world.connections) for _ in range(2)]
    for number in range(3):
        world.wait_for(world.rng.randint(20, 120))
        processes[number % 2].kill()
        processes[number % 2].join()
        processes[number % 2] = begun(send_all, world.url, world.sink.port, world.connections)
    for process in processes:
        process.join(60)
    world.expects(unknown=(0, 3 * 2 * world.connections))
