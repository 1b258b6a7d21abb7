"""Replies as they come over a connection: in pieces, over many lines, without sense or without end."""

from __future__ import annotations

import asyncio
import random

import pytest
from makers import an_email
from odd_smtp import Answer, OddSmtp

from newsletter.deliver import Reply, hand_over
from newsletter.deliver.connection import connect
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.deliver.wire import NONSENSE, Wire, on_one_line

MESSAGE = as_bytes(an_email())


def heard(*pieces: bytes, number: int) -> list[Reply]:
    """Return the first replies of what came in these pieces."""

    async def replies() -> list[Reply]:
        wire = Wire()
        for piece in pieces:
            wire.data_received(piece)
        return [await wire.reply(0.01) for _ in range(number)]

    return asyncio.run(replies())


def send(server: OddSmtp) -> Reply:
    """Send a message to a server."""
    mailer = SmtpMailer(server.settings())
    return hand_over(mailer, MESSAGE, sender="papers@example.org", recipient="ada@example.org")


# ------------------------------------------------------------------ what replies look like


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        (b"250 2.0.0 OK\r\n", Reply(250, "2.0.0 OK")),
        (b"250\r\n", Reply(250, "")),
        (b"250 \r\n", Reply(250, "")),
        (b"250-first\r\n250-second\r\n250 third\r\n", Reply(250, "first\nsecond\nthird")),
        (b"250-first\r\n250\r\n", Reply(250, "first\n")),
        (b"250-first\n250 second\n", Reply(250, "first\nsecond")),
        (b"250 caf\xc3\xa9 \xff\r\n", Reply(250, "café \ufffd")),
        (b"250-550 not a code\r\n250 it is text\r\n", Reply(250, "550 not a code\nit is text")),
    ],
)
def test_a_reply_is_its_code_and_its_lines(said: bytes, reply: Reply) -> None:
    """RFC 5321 §4.2.1; a bare line feed ends a line too, and what is no UTF-8 is told as such."""
    assert heard(said, number=1) == [reply]


def test_the_last_line_s_code_counts() -> None:
    """Servers that change their mind within a reply exist; what ends it is what they mean."""
    assert heard(b"250-fine so far\r\n550 5.7.1 but no\r\n", number=1)[0].code == 550


@pytest.mark.parametrize("said", [b"hello\r\n", b"25 OK\r\n", b"\r\n", b" 250 OK\r\n", b"-250 OK\r\n", b"\x00\xff\r\n"])
def test_what_is_no_reply_is_told_as_nonsense(said: bytes) -> None:
    """It is an answer all the same: nothing after it is taken for it."""
    first, second = heard(said + b"250 OK\r\n", number=2)

    assert (first.code, second) == (NONSENSE, Reply(250, "OK"))


def test_a_reply_of_a_hundred_lines_and_one_of_ten_kilobytes_are_read() -> None:
    """Long is not endless."""
    many = b"".join(b"250-line %d\r\n" % n for n in range(99)) + b"250 last\r\n"
    long = b"250 " + b"x" * 10_000 + b"\r\n"

    first, second = heard(many + long, number=2)

    assert (len(first.text.splitlines()), len(second.text)) == (100, 10_000)
    assert len(on_one_line(second).text) == len(on_one_line(first).text) == 500


def test_a_reply_for_people_is_one_line_without_controls_that_break_it() -> None:
    """It stands in logs, tables and errors."""
    assert on_one_line(Reply(550, "5.7.1\n  see\r\n\thttps://x.example ")) == Reply(550, "5.7.1 see https://x.example")


def test_replies_are_the_same_however_they_are_cut() -> None:
    """Sixty conversations, each cut into pieces in a random way."""
    chance = random.Random(7)
    lines = (b"250-more\r\n", b"250 OK\r\n", b"354 go\n", b"nonsense\r\n", b"550 5.1.1 no\r\n", b"\r\n")
    for _ in range(60):
        said = b"".join(chance.choice(lines) for _ in range(chance.randrange(1, 12))) + b"221 bye\r\n"
        places = sorted(chance.randrange(len(said) + 1) for _ in range(chance.randrange(8)))
        pieces = [said[a:b] for a, b in zip([0, *places], [*places, len(said)], strict=True)]

        number = sum(not line.startswith(b"250-") for line in said.splitlines())

        assert heard(*pieces, number=number) == heard(said, number=number)


# ------------------------------------------------------------------ over a connection


def test_a_server_that_speaks_a_byte_at_a_time_is_understood() -> None:
    """Pipelined and in lockstep."""
    for pipelining in (True, False):
        with OddSmtp(drip=True, pipelining=pipelining) as server:
            assert send(server) == Reply(250, "2.0.0 taken")
        assert server.taken == [MESSAGE]


def test_a_server_of_bare_line_feeds_is_understood() -> None:
    """Some have been seen."""
    answers: dict[str, Answer] = {
        "CONNECT": b"220-odd\n220 ESMTP\n",
        "EHLO": b"250-odd\n250-PIPELINING\n250 8BITMIME\n",
        "MAIL": b"250 OK\n",
        "RCPT": b"250 OK\n",
        "DATA": b"354 go on\n",
        ".": b"250-taken\n250 as 7\n",
    }
    with OddSmtp(answers) as server:
        assert send(server) == Reply(250, "taken as 7")

    assert server.taken == [MESSAGE]


def test_a_server_of_many_words_is_understood() -> None:
    """A hundred lines of greeting, ten kilobytes of consent."""
    greeting = "\r\n".join(f"220-line {n}" for n in range(99)) + "\r\n220 odd"
    with OddSmtp({"CONNECT": greeting, "MAIL": "250 " + "x" * 10_000}, pipelining=True) as server:
        assert send(server).code == 250


def test_extensions_are_read_whatever_their_spelling() -> None:
    """Small letters, blanks, a parameter, the old `AUTH=`; the first line is a greeting and none of them."""
    hello = b"250-PIPELINING greets you\r\n250-size 1000 \r\n250-AUTH=LOGIN plain\r\n"
    hello += b"250-AUTH XOAUTH2\r\n250-\r\n250 dsn\r\n"

    async def extensions() -> dict[str, str]:
        found = await connect(server.settings(), tls=None)
        found.wire.abort()
        return dict(found.extensions)

    with OddSmtp({"EHLO": hello}) as server:
        found = asyncio.run(extensions())

    assert found == {"SIZE": "1000", "AUTH": "LOGIN PLAIN XOAUTH2", "DSN": ""}


# ------------------------------------------------------------------ the end


@pytest.mark.parametrize(
    "endless",
    [b"250-" + b"x" * 96 + b"\r\n", b"x" * 100, b"250 unasked\r\n"],
    ids=["lines", "one line", "replies to nothing"],
)
def test_a_reply_without_end_is_given_up(endless: bytes) -> None:
    """Memory is bounded whatever a server says."""

    async def ended() -> None:
        wire = Wire()
        for _ in range(2_000):
            wire.data_received(endless)
        while True:
            await wire.reply(0.01)

    with pytest.raises(ConnectionError, match="the server talks without end"):
        asyncio.run(ended())


def test_many_replies_that_are_read_are_no_endless_one() -> None:
    """What was answered is forgotten: a kept connection lives as long as it is used."""

    async def read() -> int:
        wire, length = Wire(), 0
        for _ in range(3000):
            wire.data_received(b"250 " + b"x" * 96 + b"\r\n")
            length += len((await wire.reply(0.01)).text)
        return length

    assert asyncio.run(read()) == 3000 * 96


def test_what_was_said_before_the_connection_broke_is_still_read() -> None:
    """Then its end is told, each time it is asked."""

    async def read() -> tuple[Reply, Reply]:
        wire = Wire()
        wire.data_received(b"250 OK\r\n550 5.7.1 spam\r\n250-half")
        wire.connection_lost(ConnectionResetError("reset by peer"))
        replies = await wire.reply(0.01), await wire.reply(0.01)
        for _ in range(2):
            with pytest.raises(ConnectionResetError, match="reset by peer"):
                await wire.reply(0.01)
        with pytest.raises(OSError, match="reset by peer"):
            wire.write(b"RSET\r\n")
        return replies

    assert asyncio.run(read()) == (Reply(250, "OK"), Reply(550, "5.7.1 spam"))


def test_who_waits_for_a_reply_hears_that_the_connection_ended() -> None:
    """At once, not when the time is over."""

    async def wait() -> None:
        wire = Wire()
        asyncio.get_running_loop().call_soon(wire.connection_lost, None)
        await wire.reply(600)

    with pytest.raises(ConnectionError, match="the server closed the connection"):
        asyncio.run(wait())


def test_no_reply_in_time_says_for_how_long_it_was_waited() -> None:
    """So that a person can tell a slow server from a short patience."""
    with pytest.raises(TimeoutError, match=r"no answer in time \(0\.01 seconds\)"):
        heard(b"250-half", number=1)


def test_a_wire_that_was_never_connected_says_so() -> None:
    """An OSError, as of every other connection that is none."""

    async def write() -> None:
        Wire().write(b"QUIT\r\n")

    with pytest.raises(ConnectionError, match="not connected"):
        asyncio.run(write())


def test_a_patience_that_ended_in_vain_does_not_end_the_next() -> None:
    """One timer serves many replies: what rings for an earlier one is none of the later one's."""

    async def ask() -> list[int]:
        wire, loop = Wire(), asyncio.get_running_loop()
        loop.call_later(0.01, wire.data_received, b"250 one\r\n")
        loop.call_later(0.15, wire.data_received, b"250 two\r\n")
        return [(await wire.reply(0.05)).code, (await wire.reply(60)).code]

    assert asyncio.run(ask()) == [250, 250]


def test_a_shorter_patience_after_a_long_one_is_kept() -> None:
    """Ten minutes for a dot do not make ten minutes of the farewell."""

    async def ask() -> None:
        wire, loop = Wire(), asyncio.get_running_loop()
        loop.call_later(0.01, wire.data_received, b"250 one\r\n")
        await wire.reply(600)
        async with asyncio.timeout(10):
            with pytest.raises(TimeoutError, match=r"no answer in time \(0\.02 seconds\)"):
                await wire.reply(0.02)

    asyncio.run(ask())


def test_a_patience_is_renewed_by_each_wait() -> None:
    """A server that takes a while for every answer is waited for as long each time."""

    async def ask() -> list[str]:
        wire, loop = Wire(), asyncio.get_running_loop()
        for number in range(1, 6):
            loop.call_later(0.06 * number, wire.data_received, b"250 %d\r\n" % number)
        return [(await wire.reply(0.2)).text for _ in range(5)]

    assert asyncio.run(ask()) == ["1", "2", "3", "4", "5"]
