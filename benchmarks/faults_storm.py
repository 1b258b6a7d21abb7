"""The storm: senders killed -9 a hundred times while they send thousands of messages, alone or two at once."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from faults_sink import SinkProcess
from faults_worker import begun, now, send_all
from faults_world import World

_SIZE = 3_000  # octets of a message
_CONNECTIONS = 8
_BATCH = 500
_LAST_SECONDS = 300.0
_FEWEST = 2  # messages that arrive between two kills; twice the mean at most, so that kills spread over all

Told = Callable[[str], None]


def storm(*, kills: int, messages: int, senders: int, told: Told) -> Callable[[World], None]:
    """Return what kills one of the `senders` at random, so many times, over at least so many messages."""

    def run(world: World) -> None:
        world.clock.now = now()
        rng = random.Random(f"storm {senders} {world.seed}")
        _queue(world, messages, told)
        with SinkProcess(world.sink.log) as server:

            def sender() -> ForkServerProcess:
                return begun(send_all, world.url, server.port, _CONNECTIONS)

            running = [sender() for _ in range(senders)]
            died = 0
            while died < kills:
                _wait(world.sink.log, rng.randint(_FEWEST, max(_FEWEST, 2 * messages // kills)), running)
                time.sleep(rng.uniform(0, 0.02))
                victim = rng.randrange(senders)
                if running[victim].is_alive():
                    running[victim].kill()
                    running[victim].join()
                    died += running[victim].exitcode == -9
                if not any(each.is_alive() for each in running) and died < kills and not _waiting(world):
                    _queue(world, _BATCH, told)
                running[victim] = sender()
                told(f"storm of {senders}: {died} of {kills} kills, {_lines(world.sink.log):,} messages arrived")
            for each in running:
                each.join(_LAST_SECONDS)
                world.must(each.exitcode == 0, f"a sender ended with {each.exitcode}")
        world.expects(unknown=(0, kills * 2 * _CONNECTIONS))

    return run


def _queue(world: World, messages: int, told: Told) -> None:
    for first in range(0, messages, _BATCH):
        world.queue(min(_BATCH, messages - first), size=_SIZE)
        told(f"{len(world.due):,} messages queued")


def _waiting(world: World) -> bool:
    return bool(world.states()["queued"])


def _wait(log: Path, messages: int, running: list[ForkServerProcess]) -> None:
    """Wait until so many more have arrived, or nobody sends."""
    enough = _lines(log) + messages
    while _lines(log) < enough and any(each.is_alive() for each in running):
        time.sleep(0.003)


def _lines(log: Path) -> int:
    """Return about how many messages are in the log, by its size."""
    size = log.stat().st_size
    with log.open("rb") as file:
        line = len(file.readline())
    return size // line if line else 0
