"""The faults that deliveries are held to: the instrument itself, a handful of its kinds, and the parser of replies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import faults_connection
import faults_content
import faults_data
import faults_postgres
import faults_process
import faults_store
import faults_time
import faults_tls
import pytest
from faults_answers import Act
from faults_count import in_world
from faults_kinds import KINDS
from faults_world import World, body
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.deliver.mailer import Reply
from newsletter.deliver.wire import NONSENSE, Wire, on_one_line
from newsletter.models import DeliveryState, Move
from newsletter.store import Store

ROOMS = (
    faults_connection,
    faults_content,
    faults_data,
    faults_postgres,
    faults_process,
    faults_store,
    faults_time,
    faults_tls,
)
QUICK = (
    *("1", "4", "13", "16", "16b", "16c", "18b", "22", "23", "24", "24c", "32", "33", "39", "40"),
    *("44", "48", "59", "70", "71b", "72b", "73", "74"),
)


# ------------------------------------------------------------------ the kinds


@pytest.mark.parametrize("number", QUICK)
@pytest.mark.parametrize("seed", [0, 1])
def test_nothing_is_lost_doubled_or_hidden(number: str, seed: int) -> None:
    """What is unknown is listed, what failed did not arrive, and the kind's own rules hold."""
    count = in_world(KINDS[number].runs, seed)

    assert (count.lost, count.duplicated, count.hidden, count.queued, count.wrong) == (0, 0, 0, 0, ())
    assert count.messages == count.sent + count.failed + count.unknown > 0


def test_there_are_at_least_sixty_kinds_each_with_a_number_of_its_own() -> None:
    """Every number of the list, and letters for what is beside it."""
    numbers = {int("".join(filter(str.isdigit, number))) for number in KINDS}

    assert len(KINDS) >= 60
    assert numbers == set(range(1, 75))
    assert all(room.__doc__ for room in ROOMS)


# ------------------------------------------------------------------ the instrument: it sees what is wrong


def wrongly(world: World) -> None:
    """Queue two messages."""
    world.queue(2, size=500)


def test_a_message_told_as_sent_that_never_arrived_is_lost() -> None:
    """The outbox alone is not believed."""

    def lie(world: World) -> None:
        wrongly(world)
        with Store.open(world.url) as store, store.outbox.owning() as owner:
            (claimed, *_) = store.outbox.claim(owner, 2, now=world.clock())
            for state in (DeliveryState.DOT, DeliveryState.SENT):
                store.outbox.keep(owner, [Move(claimed.id, state)], now=world.clock())

    assert in_world(lie, 0).lost == 1


def test_a_message_that_arrives_twice_is_duplicated() -> None:
    """By its Message-ID, in the log that the server writes before it answers."""

    def again(world: World) -> None:
        wrongly(world)
        world.sink.take(next(iter(world.due)), "ada@example.org", b"")

    assert in_world(again, 0).duplicated == 1


def test_a_message_told_as_failed_that_arrived_is_wrong() -> None:
    """Its papers would be sent again."""

    def liar(world: World) -> None:
        wrongly(world)
        world.fault(DOT=Act("554 5.6.0 not this", taken=True))
        world.run()
        world.expects(failed=2)

    count = in_world(liar, 0)

    assert count.failed == 2
    assert all("arrived and is told as failed" in wrong for wrong in count.wrong)
    assert len(count.wrong) == 2


def test_what_is_not_as_expected_is_told() -> None:
    """An unknown that nobody expected is one too many."""

    def unexpected(world: World) -> None:
        wrongly(world)
        world.fault(DOT=Act(hang_up=True, taken=True))
        world.run()

    count = in_world(unexpected, 0)

    assert (count.unknown, count.arrived_unknown, count.hidden) == (2, 2, 0)
    assert count.wrong == ("2 unknown, not 0 to 0",)


def test_an_unknown_that_the_command_does_not_list_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real command is asked."""
    monkeypatch.setattr("faults_count._command", lambda *_: (0, "[]"))

    def unknown(world: World) -> None:
        wrongly(world)
        world.fault(DOT=Act(hang_up=True, taken=True))
        world.run()

    assert in_world(unknown, 0).hidden == 2


def test_messages_of_a_world_are_the_same_on_every_machine() -> None:
    """A seed says everything."""
    first, again, other = (in_world(wrongly, seed) for seed in (1, 1, 2))

    assert first == again
    assert other.messages == first.messages


def test_a_body_begins_lines_with_dots_and_has_the_size_that_was_asked_for(tmp_path: Path) -> None:
    """So that every kind meets the stuffing of dots."""
    import random  # noqa: PLC0415 - only here

    made = body("<1@example.org>", "ada@example.org", 20_000, random.Random(1))

    assert b"\r\n.\r\n" in made
    assert 5_000 < len(made) < 40_000


@pytest.mark.slow
def test_the_quick_form_ends_well() -> None:
    """Every quick kind once, and a small storm."""
    script = Path(__file__).parent.parent / "benchmarks" / "faults.py"
    done = subprocess.run(
        [sys.executable, script, "--quick"],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        check=False,
    )

    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 lost, 0 duplicated" in done.stdout.splitlines()[-2]


# ------------------------------------------------------------------ the parser of replies

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60)
CODE = st.integers(200, 599)
REPLY = st.tuples(CODE, st.lists(TEXT, min_size=1, max_size=5))
END = st.sampled_from(["\r\n", "\n"])


def written(code: int, lines: list[str], end: str = "\r\n") -> bytes:
    """Return a reply as a server writes it."""
    *first, last = lines
    told = [f"{code}-{line}" for line in first] + [f"{code} {last}"]
    return "".join(line + end for line in told).encode()


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    """Yield the octets in pieces, cut anywhere."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return (data[start:stop] for start, stop in pairwise(places))


def heard(chunks: Iterator[bytes]) -> list[Reply]:
    """Return every reply that is complete when so much has come, and then the connection is lost."""

    async def listen() -> list[Reply]:
        wire = Wire()
        for chunk in chunks:
            wire.data_received(chunk)
        wire.connection_lost(None)
        replies = []
        try:
            while True:
                replies.append(await wire.reply(1.0))
        except OSError:
            return replies

    return asyncio.run(listen())


@given(st.lists(REPLY, max_size=6), st.lists(st.integers(0, 10_000), max_size=12), END)
@settings(deadline=None)
def test_replies_are_read_the_same_however_they_are_cut(
    replies: list[tuple[int, list[str]]], cuts: list[int], end: str
) -> None:
    """An octet at a time, several at once, with CRLF or bare LF: the same codes and texts, in their order."""
    data = b"".join(written(code, lines, end) for code, lines in replies)

    assert heard(pieces(data, cuts)) == [Reply(code, "\n".join(lines)) for code, lines in replies]


@given(REPLY, st.integers(1, 10_000))
@settings(deadline=None)
def test_half_a_reply_is_none(reply: tuple[int, list[str]], cut: int) -> None:
    """A server that hangs up within its last line, or before it, has not answered."""
    data = written(*reply)
    half = data[: cut % (len(data) - 1)]

    assert heard(iter([half])) == []


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=6))
@settings(deadline=None)
def test_whatever_comes_is_read_without_an_error(data: bytes, cuts: list[int]) -> None:
    """Each code has three digits or is none, and the cuts change nothing."""
    whole, cut = heard(iter([data])), heard(pieces(data, cuts))

    assert whole == cut
    assert all(reply.code == NONSENSE or 0 <= reply.code <= 999 for reply in whole)
    assert len(whole) <= data.count(b"\n")


@given(REPLY)
@settings(deadline=None)
def test_a_reply_is_told_on_one_line(reply: tuple[int, list[str]]) -> None:
    """Of a length that a person reads."""
    told = on_one_line(Reply(reply[0], "\n".join(reply[1])))

    assert told.code == reply[0]
    assert len(told.text.splitlines()) <= 1
    assert len(told.text) <= 500
