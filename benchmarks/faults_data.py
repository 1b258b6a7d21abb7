"""Faults of the message: from DATA to the answer to the final dot."""

from __future__ import annotations

import threading
import time

from faults_answers import HANG_UP, RESET, Act, Moment
from faults_kinds import kind
from faults_sink import SinkProcess
from faults_world import World, once

TAKEN_AND_GONE = Act(taken=True, hang_up=True)
GONE = Act(taken=False, hang_up=True)
_LONG = 6_000_000  # octets: more than the buffers between us and a server that does not read


def _safe(number: str, name: str, verb: str, act: str | Act, *, size: int = 0) -> None:
    """Register a fault that leaves no doubt that the message was not taken: in the end it is sent."""

    @kind(number, name)
    def safe(world: World) -> None:
        world.queue(6 if size else 24, size=size)
        world.fault(**{verb: world.sometimes(act)})
        world.run(2)
        world.must(sum(world.sink.acted.values()), "the fault did not happen")


def _final(number: str, name: str, verb: str, act: str | Act) -> None:
    """Register a fault that is the answer: the message fails, and it alone."""

    @kind(number, name)
    def final(world: World) -> None:
        world.queue()
        world.fault(**{verb: world.sometimes(act)})
        world.run()
        world.expects(failed=world.sink.acted["." if verb == "DOT" else verb])


def _ambiguous(number: str, name: str, act: Act, *, dot_seconds: float = 5.0) -> None:
    """Register a fault of the answer to the final dot: each message it happens to is unknown, and no other."""

    @kind(number, name)
    def ambiguous(world: World) -> None:
        world.queue()
        world.dot_seconds = dot_seconds
        world.fault(DOT=world.sometimes(act))
        world.run(2)
        world.mend()
        world.dot_seconds = 30.0
        world.expects(unknown=world.sink.acted["."])


_safe("20", "drop at DATA", "DATA", HANG_UP)
_safe("21", "drop within the message", "BODY", HANG_UP, size=_LONG)
_safe("21b", "reset within the message", "BODY", RESET, size=_LONG)
_safe("21c", "451 within the message, then drop", "BODY", Act("451 4.3.0 disk", hang_up=True), size=_LONG)
_safe("22", "4yz at the dot", "DOT", "451 4.3.0 later")
_safe("25", "421 at the dot", "DOT", Act("421 4.3.2 closing"))
_safe("25b", "250 to DATA in the place of 354", "DATA", "250 2.0.0 OK")
_safe("26", "slow answer to the dot", "DOT", Act("250 2.0.0 taken", after=0.1))
_final("23", "5yz at the dot", "DOT", "554 5.6.0 not this")
_final("23b", "554 at DATA", "DATA", "554 5.5.1 no")
_final("29b", "550 at the dot, then drop", "DOT", Act("550 5.6.0 not this", hang_up=True))
_ambiguous("24b", "drop at the dot, some taken", TAKEN_AND_GONE)
_ambiguous("24c", "drop at the dot, not taken", GONE)
_ambiguous("24d", "reset at the dot, taken", Act(taken=True, reset=True))
_ambiguous("24e", "drop within the answer to the dot", Act(b"25", taken=True, hang_up=True))
_ambiguous("24f", "drop within the lines of the answer to the dot", Act("250-2.0.0 almost", taken=True, hang_up=True))
_ambiguous("27", "no answer to the dot in time", Act("250 2.0.0 taken", after=0.6), dot_seconds=0.15)
_ambiguous("27b", "3yz at the dot", Act("354 and then?", taken=True))
_ambiguous("27c", "nonsense at the dot", Act("taken, thank you", taken=True))


@kind("24", "accepted, then drop before the answer, once")
def exactly_one(world: World) -> None:
    """One message is unknown, and all others are sent."""
    world.queue()
    world.fault(DOT=once(TAKEN_AND_GONE))
    world.run(2)
    world.expects(unknown=1)


@kind("20b", "drop after 354")
def dropped_after_going_on(world: World) -> None:
    """Hold that it is sent, unless the drop came while the dot was written: then nobody can say."""
    world.queue()
    world.fault(DATA=world.sometimes(Act("354 go on", hang_up=True)))
    world.run(2)
    world.must(sum(world.sink.acted.values()), "the fault did not happen")
    world.expects(unknown=(0, world.sink.acted["DATA"]))


@kind("28", "the server stops reading")
def stalled(world: World) -> None:
    """Our writing stalls until its time is over: not delivered, tried again."""
    world.queue(4, size=_LONG)
    world.settings = {"timeout_seconds": 0.4}
    world.fault(BODY=lambda moment: Act(after=3.0, hang_up=True) if moment.count <= 2 else None)
    world.run()
    world.must(world.states()["sent"] < 4, "the fault did not happen")
    world.settings = {}


@kind("28b", "the server reads slowly, but reads")
def slow_reader(world: World) -> None:
    """No stall, no fault."""
    world.queue(3, size=_LONG)
    world.fault(BODY=Act(after=0.3))
    world.run()
    world.must(world.states()["sent"] == 3, "not everything was sent")


@kind("29", "550 within the message, then drop")
def refused_within(world: World) -> None:
    """Hold that the reply that came before the connection broke decides (smtp-sink -A)."""
    world.queue(6, size=_LONG)
    world.fault(BODY=Act("550 5.6.0 not this", hang_up=True))
    world.run()
    world.expects(failed=(0, 6))  # where RST was faster than the reply nobody can say: then it is tried again
    world.must(world.states()["failed"] + world.states()["queued"] == 6, "some were neither refused nor waiting")


@kind("30", "server killed -9 and started again")
def killed_server(world: World) -> None:
    """While it takes mail on every connection: at most one unknown a connection and kill."""
    kills = 3
    world.queue(300, size=4_000)
    with SinkProcess(world.sink.log) as server:
        world.settings = {"port": server.port}
        done = threading.Event()

        def drains() -> None:
            for _ in range(40):
                world.run()
                if not world.states()["queued"]:
                    break
            done.set()

        thread = threading.Thread(target=drains)
        thread.start()
        for _ in range(kills):
            time.sleep(world.rng.uniform(0.05, 0.25))
            server.kill()
            time.sleep(0.02)
            server.start()
        done.wait(60)
        thread.join()
        world.settle()
    world.settings = {}
    world.expects(unknown=(0, kills * world.connections))


@kind("31", "replies an octet at a time")
def by_octets(world: World) -> None:
    """They are put together."""
    world.queue()
    world.fault(
        CONNECT=Act("220-sink\r\n220 ESMTP", parts=1),
        MAIL=Act("250 2.1.0 OK", parts=1),
        DATA=Act("354 go on", parts=1),
        DOT=Act("250-2.0.0 taken\r\n250 2.0.0 thank you", parts=1),
    )
    world.run()
    world.must(world.states()["sent"] == 24, "not everything was sent")


@kind("32", "many lines, bare LF, ten kilobytes of reply")
def odd_lines(world: World) -> None:
    """Whatever a server says in them."""
    world.queue()
    world.fault(
        CONNECT=Act(b"220-sink\n220 ESMTP\n"),
        MAIL=Act("250 " + "x" * 10_000),
        RCPT=Act("\r\n".join(["250-2.1.5 and"] * 200 + ["250 2.1.5 OK"])),
        DOT=Act(b"250-2.0.0\n250 2.0.0 taken\n"),
    )
    world.run()
    world.must(world.states()["sent"] == 24, "not everything was sent")


@kind("32b", "NULs, controls and octets beyond ASCII in replies")
def odd_octets(world: World) -> None:
    """Hold that what the outbox keeps of them, it can keep."""
    world.queue()
    odd = b"554 5.6.0 no\x00t \xff\xfe\x1b[31m\xe2\x80\xae this\r\n"
    world.fault(DOT=world.sometimes(Act(odd)), MAIL=Act(b"250 \x00\xc3\x28 OK\r\n"))
    world.run()
    world.expects(failed=world.sink.acted["."])


@kind("32c", "an answer to the dot before the dot")
def too_early(world: World) -> None:
    """Who answers before it is asked cannot be believed: tried again on another connection."""
    world.queue(6, size=_LONG)
    world.fault(BODY=once("250 2.0.0 taken already"))
    world.run(2)


@kind("32d", "two answers to one dot")
def twice(world: World) -> None:
    """Hold that the second is not taken for the answer to the next message."""
    world.queue()
    world.fault(DOT=Act("250 2.0.0 taken\r\n250 2.0.0 and again"))
    world.run(3)
    world.must(not world.states()["unknown"], "a second answer made an unknown")


@kind("32e", "two answers to RCPT")
def shifted(world: World) -> None:
    """Hold that replies that are out of step are noticed before a dot is written."""
    world.queue(8)
    world.fault(RCPT=lambda moment: "250 2.1.5 OK\r\n250 2.1.5 OK" if moment.count % 2 else None)
    world.run(3)


@kind("32f", "a connection between messages is closed", slow=True)
def idle(world: World) -> None:
    """With a farewell that nobody reads: nothing was asked yet, so asking again is safe."""
    world.queue(40)

    def closing(moment: Moment) -> Act | None:
        return Act("250 2.0.0 taken\r\n421 4.4.2 idle for too long", hang_up=True) if moment.count % 3 == 0 else None

    world.fault(DOT=closing)
    world.run(2)
    world.must(world.states()["sent"] == 40, "not everything was sent")
