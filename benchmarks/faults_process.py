"""Faults of processes: killed, stopped, starved, told to end; two at a time where there should be one."""

from __future__ import annotations

import signal
import subprocess
import threading
from contextlib import suppress
from datetime import timedelta

from faults_answers import Act, Moment
from faults_kinds import kind
from faults_newsroom import of_the_store, open_newsroom, tick, ticks
from faults_worker import begun, now, send_all, send_starved
from faults_world import World, newsletter, started

from newsletter.errors import LockedError

_SETTINGS = "subscribers.yaml"
_LAST_SECONDS = 60.0


def _for_the_command_line(world: World, messages: int) -> None:
    """Queue messages and write settings whose readers they are for; the clock is this machine's."""
    world.clock.now = now()
    world.queue(messages, size=4_000)
    another_day = world.clock() + timedelta(days=3)
    readers = "".join(f"  - {{email: {each}, interests: [speculative decoding]}}\n" for each in world.due.values())
    world.write_settings(
        "sources: [{pages: {path: page.txt}}]\n"
        f"schedule: {{days: [{another_day:%a}], time: '00:00', timezone: UTC}}\n"  # nothing is due but what is queued
        f"subscribers:\n{readers}"
    )


def _ended(world: World, process: subprocess.Popen[bytes]) -> int | None:
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=_LAST_SECONDS)
    world.must(process.returncode is not None, "a command hangs")
    if process.returncode is None:
        process.kill()
        process.communicate()
    return process.returncode


@kind("49", "kill -9 while sending")
def killed(world: World) -> None:
    """Kill it a handful of times; the storm does it a hundred times."""
    world.clock.now = now()
    world.queue(600, size=2_000)
    kills = 4
    for _ in range(kills):
        process = begun(send_all, world.url, world.sink.port, world.connections)
        world.wait_for(world.rng.randint(10, 120))
        process.kill()
        process.join()
    world.expects(unknown=(0, kills * 2 * world.connections))


@kind("49b", "kill -9 while sending, on_unknown: resend")
def killed_and_resent(world: World) -> None:
    """Hold that what may have arrived is sent once more, with the same Message-ID, as was asked for."""
    world.clock.now = now()
    world.queue(200, size=2_000)
    for _ in range(2):
        process = begun(send_all, world.url, world.sink.port, world.connections, True)  # noqa: FBT003
        world.wait_for(world.rng.randint(10, 60))
        process.kill()
        process.join()
    process = begun(send_all, world.url, world.sink.port, world.connections, True)  # noqa: FBT003
    process.join(_LAST_SECONDS)
    world.may_arrive_twice = True


@kind("50", "kill -9 within a tick")
def killed_in_tick(world: World) -> None:
    """While it collects, and finds out what is due."""
    _killed_at(world, kills=3, low=0.0, high=0.25)


@kind("51", "kill -9 while issues are made")
def killed_in_build(world: World) -> None:
    """Hold that some are queued, some sent, some neither."""
    _killed_at(world, kills=3, low=0.2, high=1.2)


def _killed_at(world: World, *, kills: int, low: float, high: float) -> None:
    open_newsroom(world, readers=60)
    settings, moment = str(world.folder / _SETTINGS), world.clock().isoformat()
    for _ in range(kills):
        process = begun(ticks, settings, moment)
        process.join(world.rng.uniform(low, high))
        process.kill()
        process.join()
    tick(world.folder / _SETTINGS, world.clock())
    world.before_count = lambda world: _everybody(world, 60)
    world.expects(unknown=(0, kills * 2 * world.connections))


def _everybody(world: World, readers: int) -> None:
    of_the_store(world)
    world.must(len(world.due) == readers, f"{len(world.due)} issues for {readers} readers")


@kind("52", "SIGTERM while sending")
def told_to_end(world: World) -> None:
    """Hold that the command finishes what is in hand and says that it was interrupted: nothing is unknown."""
    _for_the_command_line(world, 150)
    world.sink.slow = 0.05
    process = started(world, "run", "--due")
    world.wait_for(world.rng.randint(5, 40))
    process.send_signal(signal.SIGTERM if world.seed % 2 == 0 else signal.SIGINT)
    code = _ended(world, process)
    states = world.states()
    world.must(code == 130, f"it ended with {code}")
    world.must(states["queued"] and states["sent"], f"it did not end within: {states}")
    world.must(states["queued"] + states["sent"] == 150, f"something is in between: {states}")
    world.sink.slow = 0.002


@kind("52b", "SIGTERM while the server is silent at the dot")
def told_to_end_at_the_dot(world: World) -> None:
    """Hold that the answer comes late, and it is waited for."""
    _for_the_command_line(world, 20)
    world.fault(DOT=lambda moment: Act("250 2.0.0 taken", after=1.5) if moment.count <= 8 else None)
    process = started(world, "run", "--due")
    world.wait_for(1)
    process.send_signal(signal.SIGTERM)
    world.must(_ended(world, process) == 130, "it did not say that it was interrupted")


@kind("53", "SIGSTOP, another run, SIGCONT")
def stopped(world: World) -> None:
    """Hold that a stopped process is alive: its lock holds, another run is refused, and nothing is sent twice."""
    _for_the_command_line(world, 100)
    world.sink.slow = 0.03
    process = started(world, "run", "--due")
    world.wait_for(world.rng.randint(5, 30))
    process.send_signal(signal.SIGSTOP)
    code, _, complaint = newsletter(world, "run", "--due")
    world.must(code == 5, f"the other run ended with {code}: {complaint[-200:]}")
    process.send_signal(signal.SIGCONT)
    _ended(world, process)
    world.sink.slow = 0.002


@kind("53b", "SIGSTOP of a sender beside another one")
def stopped_beside(world: World) -> None:
    """Without the lock of a run: the other one takes nothing that the stopped one has."""
    world.clock.now = now()
    world.queue(300, size=2_000)
    one = begun(send_all, world.url, world.sink.port, world.connections)
    world.wait_for(world.rng.randint(10, 60))
    assert one.pid is not None
    with suppress(ProcessLookupError):
        subprocess.run(["kill", "-STOP", str(one.pid)], check=False, capture_output=True)
    two = begun(send_all, world.url, world.sink.port, world.connections)
    two.join(2.0)
    subprocess.run(["kill", "-CONT", str(one.pid)], check=False, capture_output=True)
    for process in (one, two):
        process.join(_LAST_SECONDS)
        world.must(process.exitcode == 0, f"a sender ended with {process.exitcode}")


@kind("54", "out of memory")
def starved(world: World) -> None:
    """Hold that a process that gets no more memory ends, or fails some of its work; the next goes on."""
    world.clock.now = now()
    world.queue(12, size=3_000_000)
    for more in (4_000_000, 12_000_000, 30_000_000):
        process = begun(send_starved, world.url, world.sink.port, world.connections, "AS", more)
        process.join(20)
        world.must(process.exitcode is not None, "it hangs without memory")
        process.kill()
        process.join()
    world.expects(unknown=(0, 3 * 2 * world.connections))


@kind("55", "three schedulers at once")
def schedulers(world: World) -> None:
    """Hold that the second finds the lock taken; each reader gets one issue."""
    open_newsroom(world, readers=30)
    settings, moment = str(world.folder / _SETTINGS), world.clock().isoformat()
    processes = [begun(ticks, settings, moment) for _ in range(3)]
    for process in processes:
        process.join(_LAST_SECONDS)
        world.must(process.exitcode is not None, "a scheduler hangs")
    world.before_count = lambda world: _everybody(world, 30)


@kind("56", "two senders at once")
def senders(world: World) -> None:
    """Past the lock of a run, as a mistake would have it: each message is one's."""
    world.clock.now = now()
    world.queue(400, size=2_000)
    processes = [begun(send_all, world.url, world.sink.port, world.connections) for _ in range(2)]
    for process in processes:
        process.join(_LAST_SECONDS)
        world.must(process.exitcode == 0, f"a sender ended with {process.exitcode}")


@kind("58", "the same run twice")
def twice(world: World) -> None:
    """At once, and one after the other: an issue of a date is one."""
    open_newsroom(world, readers=20)
    settings = world.folder / _SETTINGS
    threads = [threading.Thread(target=_tick, args=(world,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(2):
        tick(settings, world.clock())
    world.before_count = lambda world: _everybody(world, 20)


def _tick(world: World) -> None:
    with suppress(LockedError):
        tick(world.folder / _SETTINGS, world.clock())


@kind("58b", "a run is told to end, and another follows")
def overlapping(world: World) -> None:
    """Hold that what the first left is the second's."""
    world.queue(60)
    stop = threading.Event()

    def stopping(moment: Moment) -> None:
        if moment.count == 20:
            stop.set()

    world.fault(DOT=stopping)
    world.drain(stop=stop)
    states = world.states()
    world.must(states["sent"] + states["queued"] == 60, f"something is in between: {states}")
    world.run()
