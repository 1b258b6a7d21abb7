"""Faults of the connection and of the envelope: everything before the message."""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from contextlib import ExitStack, suppress
from datetime import timedelta

from faults_answers import HANG_UP, RESET, SILENT, Act, Moment
from faults_kinds import kind
from faults_world import World, once

from newsletter.models import Encryption
from newsletter.store import Store

SHORT = 0.3  # seconds, of a world that waits for its time to be over

# ------------------------------------------------------------------ A: the connection


@kind("1", "connection refused")
def refused(world: World) -> None:
    """Nobody listens; later somebody does."""
    world.queue()
    world.sink.stop()
    world.run(2)
    world.must_tell("Connect call failed")
    world.sink.start()


@kind("2", "the server's name does not resolve")
def no_name(world: World) -> None:
    """RFC 6761: a name under `.invalid` never does."""
    world.queue()
    world.settings = {"host": "smtp.invalid", "encryption": Encryption.STARTTLS}
    world.run(2)
    world.must_tell("smtp.invalid")
    world.settings = {}


@kind("3", "connecting takes too long")
def full_backlog(world: World) -> None:
    """Hold that a server whose backlog is full answers no SYN."""
    world.queue(8)
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)  # noqa: FBT003 - a socket's own
            with suppress(BlockingIOError):
                waiting.connect(full.getsockname())
        world.settings = {"port": full.getsockname()[1], "timeout_seconds": SHORT}
        world.run()
    world.must_tell("no connection within")
    world.settings = {}


@kind("6b", "the greeting comes too late")
def late_greeting(world: World) -> None:
    """After our patience is over."""
    world.queue(8)
    world.settings = {"timeout_seconds": 0.1}
    world.fault(CONNECT=Act("220 sink ESMTP", after=0.5))
    world.run()
    world.must_tell("no answer in time")
    world.settings = {}


@kind("8", "EHLO refused, HELO taken")
def only_hello(world: World) -> None:
    """Say HELO to a server of before 1995."""
    world.queue()
    world.fault(EHLO="502 5.5.1 what?")
    world.run()
    world.must(world.states()["sent"] == 24, "not everything was sent")


@kind("8c", "the server speaks IPv6 only")
def only_ipv6(world: World) -> None:
    """At ::1; the greeting names our address as RFC 5321 §4.1.3 has it."""
    world.queue()
    world.sink.stop()
    world.sink.host, world.sink.port = "::1", 0
    world.sink.start()
    world.run()
    greeting = next((line for line in world.sink.commands if line.startswith("EHLO ")), "")
    world.must(greeting == "EHLO [IPv6:::1]" or "." in greeting, f"greeted with {greeting}")


@kind("8d", "the greeting refuses us for good")
def not_you(world: World) -> None:
    """554 concerns every message: the run stops and says so; nothing is lost."""
    world.queue()
    world.fault(CONNECT="554 5.3.2 not you")
    world.run(2)
    world.must_tell("not you")
    world.must(world.sink.asked["connection"] <= 2 * world.connections, "it asked again and again")


def _lasting(number: str, name: str, answers: dict[str, str | Act], *, patience: float = 5.0) -> None:
    """Register a fault that lasts for two runs, in every conversation or in some; in the end all is sent."""

    @kind(number, name)
    def lasting(world: World) -> None:
        world.queue()
        world.settings = {"timeout_seconds": patience}
        world.fault(**{verb: world.sometimes(act) for verb, act in answers.items()})
        world.run(2)
        world.must(sum(world.sink.acted.values()), "the fault did not happen")
        world.settings = {}


_lasting("4", "421 at connect", {"CONNECT": "421 4.3.2 too busy"})
_lasting("4b", "421 at EHLO", {"EHLO": "421 4.3.2 closing"})
_lasting("5", "drop at connect", {"CONNECT": HANG_UP})
_lasting("5b", "reset at connect", {"CONNECT": RESET})
_lasting("6", "slow greeting", {"CONNECT": Act("220 sink ESMTP", after=0.15)})
_lasting("7", "drop at EHLO", {"EHLO": HANG_UP})
_lasting("7b", "drop after EHLO", {"EHLO": Act("250 sink", hang_up=True)})
_lasting("7c", "drop within the lines of the answer to EHLO", {"EHLO": Act("250-sink\r\n250-PIPEL", hang_up=True)})
_lasting("8b", "no answer to EHLO", {"EHLO": SILENT}, patience=0.1)
_lasting("8e", "the greeting is another protocol's", {"CONNECT": Act("HTTP/1.1 400 Bad Request\r\n\r\n", hang_up=True)})
_lasting("8f", "the greeting never ends", {"CONNECT": Act(b"220-sink" + b" and so on" * 20_000)})

# ------------------------------------------------------------------ B: the envelope

_lasting("9", "drop at MAIL", {"MAIL": HANG_UP})
_lasting("9b", "421 at MAIL", {"MAIL": "421 4.3.2 closing"})
_lasting("10", "drop at RCPT", {"RCPT": HANG_UP})
_lasting("10b", "reset at RCPT", {"RCPT": RESET})
_lasting("11", "421 at RCPT", {"RCPT": "421 4.3.2 closing"})
_lasting("11b", "421 at DATA", {"DATA": "421 4.3.2 closing"})
_lasting("11c", "no answer to RCPT", {"RCPT": SILENT}, patience=0.1)
_lasting("14b", "452 at MAIL", {"MAIL": "452 4.3.1 no room"})


@kind("12", "421 after some messages of a connection")
def tired(world: World) -> None:
    """Servers grow tired of long connections."""
    world.queue(40)
    seen: dict[int, int] = defaultdict(int)

    def after_three(moment: Moment) -> str | None:
        seen[moment.connection] += 1
        return "421 4.3.2 enough for now" if seen[moment.connection] > 3 else None

    world.fault(MAIL=after_three)
    world.run()
    world.must(world.states()["sent"] == 40, "it did not go on with new connections")


@kind("13", "greylisted: 450, taken on the second try")
def greylisted(world: World) -> None:
    """RFC 6647: a second try some minutes later is taken."""
    world.queue()
    seen: dict[str, timedelta] = {}
    began = world.clock()

    def grey(moment: Moment) -> str | None:
        first = seen.setdefault(moment.line.partition(" NOTIFY")[0], world.clock() - began)
        return None if world.clock() - began >= first + timedelta(minutes=5) else "450 4.2.0 greylisted"

    world.fault(RCPT=grey)
    world.run(2)
    world.must(world.states()["sent"] == 24, "the second try, after five minutes, was not made or not taken")


@kind("14", "451 at random, three of ten")
def at_random(world: World) -> None:
    """Each is tried again by itself."""
    world.queue(40)
    world.fault(RCPT=lambda _: "451 4.3.0 later" if world.rng.random() < 0.3 else None)
    world.run(3)


@kind("15", "550 5.1.1 for everybody")
def nobody(world: World) -> None:
    """No such mailbox: failed, and never written to again."""
    world.queue()
    world.fault(RCPT="550 5.1.1 no such user")
    world.run()
    world.expects(failed=24)
    _suppressed(world, 24)


@kind("16", "550 for some")
def some_refused(world: World) -> None:
    """Hold that the others get theirs; DATA may be taken though nobody is there to get it (RFC 2920 §3.1)."""
    world.queue(40)
    refused = {recipient for recipient in world.due.values() if world.rng.random() < 0.3}
    world.fault(RCPT=lambda moment: "550 5.1.1 gone" if _address(moment) in refused else None)
    if world.seed % 2 == 0:
        world.fault(DATA="354 go on")
    world.run()
    world.expects(failed=len(refused))
    _suppressed(world, len(refused))


@kind("16b", "550 at RCPT, then it hangs up at RSET")
def refused_and_gone(world: World) -> None:
    """Hold that what was refused for good stays so, whatever breaks afterwards."""
    world.queue(8)
    world.fault(RCPT="550 5.1.1 no such user", RSET=HANG_UP)
    world.run()
    world.expects(failed=8)


@kind("16c", "550 at RCPT, DATA taken, then it hangs up at the empty dot")
def refused_and_gone_at_dot(world: World) -> None:
    """Hold that the answer to the dot that RFC 2920 asks for does not undo the refusal."""
    world.queue(8)
    world.sink.extensions = ("PIPELINING",)
    world.fault(RCPT="550 5.1.1 no such user", DATA=Act("354 go on", hang_up=True))
    world.run()
    world.expects(failed=8)


@kind("17", "5yz at MAIL")
def sender_refused(world: World) -> None:
    """Hold that it concerns every message: the run stops, says so, and sends all when it is mended."""
    world.queue()
    world.fault(MAIL="550 5.7.1 this sender may not")
    world.run(2)
    world.must_tell("this sender may not")


@kind("17b", "552 at MAIL: too big")
def too_big(world: World) -> None:
    """Hold that it is the message's own problem."""
    world.queue()
    act = world.sometimes("552 5.3.4 too big")
    world.fault(MAIL=act)
    world.run()
    world.expects(failed=world.sink.acted["MAIL"])


@kind("18", "552 at RCPT")
def full(world: World) -> None:
    """5.2.2 is the reader's mailbox: this issue fails, the reader stays."""
    world.queue()
    world.fault(RCPT=world.sometimes("552 5.2.2 mailbox full"))
    world.run()
    world.expects(failed=world.sink.acted["RCPT"])
    _suppressed(world, 0)


@kind("18b", "5.7.1 for everybody")
def by_policy(world: World) -> None:
    """Refused by policy again and again is the server against us: the run stops before it fails everybody."""
    world.queue(40)
    world.fault(RCPT="550 5.7.1 your reputation is bad")
    world.drain()
    failed = world.states()["failed"]
    world.must(failed <= 3 + world.connections, f"{failed} of 40 failed before it stopped")
    world.must_tell("by policy")
    world.expects(failed=failed)
    _suppressed(world, 0)


@kind("19", "454: too fast", slow=True)
def throttled(world: World) -> None:
    """Hold that it slows down and comes back."""
    world.queue(40)
    world.fault(RCPT=lambda moment: "454 4.7.0 slow down" if moment.count in (5, 12) else None)
    world.run(2)


@kind("19b", "421 4.7.0: too many from you", slow=True)
def too_many(world: World) -> None:
    """Hold that it closes the connection with it."""
    world.queue(40)
    world.fault(MAIL=lambda moment: "421 4.7.0 slow down" if moment.count in (5, 12) else None)
    world.run(2)


@kind("19c", "no answer to QUIT", slow=True)
def no_farewell(world: World) -> None:
    """All was sent: the run does not wait long for a farewell."""
    world.queue(8)
    world.fault(QUIT=SILENT)
    world.settings = {"timeout_seconds": 60.0}
    began = time.monotonic()
    world.run()
    world.must(time.monotonic() - began < 30, "it waited for a farewell, which nothing depends on")
    world.must(world.states()["sent"] == 8, "not everything was sent")


@kind("19d", "drop at QUIT and at RSET")
def gone_at_the_end(world: World) -> None:
    """Nothing depends on a farewell."""
    world.queue()
    world.fault(QUIT=RESET, RSET=HANG_UP, RCPT=once("451 4.3.0 later"))
    world.run()


def _address(moment: Moment) -> str:
    return moment.line.partition("<")[2].partition(">")[0]


def _suppressed(world: World, number: int) -> None:
    with Store.open(world.url) as store:
        found = len(store.suppressions.all())
    world.must(found == number, f"{found} addresses are suppressed, not {number}")
