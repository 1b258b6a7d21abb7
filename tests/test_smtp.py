"""The conversation with a mail server: each way it can end is told apart, before the final dot and after it."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from certificates import a_certificate
from makers import an_email
from odd_smtp import DROP, POLITE, Answer, Held, OddSmtp, Once, closed_port, trusting

from newsletter.deliver import Reply, hand_over
from newsletter.deliver.connection import Times
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.inbox import Inbox
from newsletter.models import Encryption, SmtpSettings

MESSAGE = as_bytes(an_email())
LARGE = MESSAGE + b"x\r\n" * 2_000_000  # more than the buffers between us and a server hold
SENDER = "papers@example.org"
TLS_AT_ONCE_OR_LATER = [Encryption.STARTTLS, Encryption.TLS]


async def nothing() -> None:
    """Do nothing before the dot."""


@dataclass
class Mail:
    """A message to be sent."""

    message: bytes = MESSAGE
    recipient: str = "ada@example.org"
    before_dot: Callable[[], Awaitable[None]] = nothing


def sent(mailer: SmtpMailer, *mails: Mail) -> list[Reply | Exception]:
    """Send by one session; return the reply to each message, or its error."""

    async def all_of_them() -> list[Reply | Exception]:
        session, found = mailer.session(), list[Reply | Exception]()
        try:
            for mail in mails:
                try:
                    to = mail.recipient
                    reply = await session.send(mail.message, sender=SENDER, recipient=to, before_dot=mail.before_dot)
                    found.append(reply)
                except (DeliveryError, ZeroDivisionError) as error:
                    found.append(error)
        finally:
            await session.close()
        return found

    return asyncio.run(all_of_them())


def send(mailer: SmtpMailer, message: bytes = MESSAGE, *, recipient: str = "ada@example.org") -> Reply:
    """Send a message from the newsletter."""
    return hand_over(mailer, message, sender=SENDER, recipient=recipient)


def failing(server: OddSmtp, kind: type[DeliveryError], message: bytes = MESSAGE, **fields: object) -> str:
    """Send to a server; return the text of the error, which is of `kind`."""
    mailer = SmtpMailer(server.settings(**fields), tls=trusting(), dot_seconds=0.3)
    with server, pytest.raises(kind) as error:
        send(mailer, message)
    return f"{error.value.code}: {error.value}"


@pytest.fixture(params=[True, False], ids=["pipelined", "lockstep"])
def server(request: pytest.FixtureRequest) -> Iterator[OddSmtp]:
    """Give a server that is polite, with PIPELINING and without."""
    with OddSmtp(pipelining=request.param) as server:
        yield server


# ------------------------------------------------------------------ the good case


def test_a_message_arrives_byte_for_byte(tmp_path: Path) -> None:
    """Through a real server."""
    with Inbox(tmp_path) as inbox:
        assert send(SmtpMailer(inbox.settings)) == Reply(250, "2.0.0 OK")

    assert inbox.paths[0].read_bytes() == MESSAGE


def test_lines_that_begin_with_a_dot_arrive_as_they_are(tmp_path: Path) -> None:
    """A line of one dot does not end the message (RFC 5321 §4.5.2)."""
    message = b".\r\n..\r\n.a\r\nb.\r\n.\r\nRCPT TO:<evil@example.net>\r\n"

    with Inbox(tmp_path) as inbox:
        send(SmtpMailer(inbox.settings), message)

    assert inbox.paths[0].read_bytes() == message


@pytest.mark.parametrize(
    ("message", "taken"),
    [
        (
            b"a\n.\nMAIL FROM:<evil@example.net>\r.\r\nb",
            b"a\r\n.\r\nMAIL FROM:<evil@example.net>\r\n.\r\nb\r\n",
        ),
        (b"a\r\n.\n\r\n\r.\rb\r\n", b"a\r\n.\r\n\r\n\r\n.\r\nb\r\n"),
        (b".", b".\r\n"),
        (b"", b"\r\n"),
    ],
)
def test_bare_line_ends_cannot_smuggle_a_second_message(server: OddSmtp, message: bytes, taken: bytes) -> None:
    """Whatever a server takes for a line end, there is one kind of it (CVE-2023-51764)."""
    send(SmtpMailer(server.settings()), message)

    assert server.taken == [taken]


def test_the_callback_runs_when_everything_but_the_dot_is_written(server: OddSmtp) -> None:
    """What it commits is committed before the message can arrive."""
    seen: list[int] = []

    async def look() -> None:
        seen.append(len(server.taken))

    sent(SmtpMailer(server.settings()), Mail(before_dot=look))

    assert (seen, len(server.taken)) == ([0], 1)


def test_a_message_is_abandoned_when_the_callback_fails(server: OddSmtp) -> None:
    """If the dot cannot be committed, it is not written; the next message goes through."""

    async def fail() -> None:
        raise ZeroDivisionError

    failed, reply = sent(SmtpMailer(server.settings()), Mail(before_dot=fail), Mail())

    assert isinstance(failed, ZeroDivisionError)
    assert (reply, server.taken) == (Reply(250, "2.0.0 taken"), [MESSAGE])


def test_a_session_that_is_cancelled_before_the_dot_writes_none(server: OddSmtp) -> None:
    """An interrupted run leaves no half message behind that a server could take."""

    async def cancelled() -> None:
        session, begun = SmtpMailer(server.settings()).session(), asyncio.Event()

        async def wait() -> None:
            begun.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(session.send(MESSAGE, sender=SENDER, recipient="a@example.org", before_dot=wait))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await session.close()

    asyncio.run(cancelled())

    assert server.taken == []


def test_one_connection_serves_many_messages(server: OddSmtp) -> None:
    """Connections cost more than messages."""
    sent(SmtpMailer(server.settings()), *[Mail()] * 3)

    assert (server.connections, len(server.taken), server.commands[-1]) == (1, 3, "QUIT")


def test_a_connection_is_made_anew_after_so_many_messages(server: OddSmtp) -> None:
    """Servers grow tired of long ones."""
    sent(SmtpMailer(server.settings(), messages_per_connection=2), *[Mail()] * 5)

    assert (server.connections, len(server.taken), server.verbs.count("QUIT")) == (3, 5, 3)


@pytest.mark.parametrize("farewell", [DROP, "421 4.4.2 idle for too long"])
def test_a_kept_connection_that_was_closed_meanwhile_is_made_anew(server: OddSmtp, farewell: str) -> None:
    """Nothing was asked yet, so nothing is lost by asking again."""
    replies = iter(["250 OK", farewell, "250 OK"])
    server.answers["MAIL"] = lambda _: next(replies)

    assert sent(SmtpMailer(server.settings()), Mail(), Mail()) == [Reply(250, "2.0.0 taken")] * 2
    assert (server.connections, len(server.taken)) == (2, 2)


@pytest.mark.parametrize("farewell", [b"", b"421 4.4.2 idle for too long\r\n"])
def test_a_connection_that_ended_behind_our_back_is_made_anew(server: OddSmtp, farewell: bytes) -> None:
    """What the server said after its last answer is no answer to the next message."""
    server.ends = {"."}
    server.answers["."] = b"250 2.0.0 taken\r\n" + farewell
    gone = asyncio.Event

    async def two() -> list[Reply]:
        session = SmtpMailer(server.settings()).session()
        replies = []
        for _ in range(2):
            replies.append(await session.send(MESSAGE, sender=SENDER, recipient="a@example.org", before_dot=nothing))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(gone().wait(), 0.02)  # the end of the connection comes in
        await session.close()
        return replies

    assert asyncio.run(two()) == [Reply(250, "2.0.0 taken")] * 2
    assert (server.connections, len(server.taken)) == (2, 2)


# ------------------------------------------------------------------ commands in one breath (RFC 2920)

TAKEN_MAIL, TAKEN_RCPT, TAKEN_DATA = "250 2.1.0 OK", "250 2.1.5 OK", "354 go on"
MAILS = (TAKEN_MAIL, "451 4.3.0 mail later", "550 5.7.1 no mail from you", "552 5.3.4 mail too big")
RCPTS = (TAKEN_RCPT, "450 4.2.0 rcpt later", "550 5.1.1 no such rcpt")
DATAS = (TAKEN_DATA, "451 4.3.0 data later", "554 5.6.0 no data")
TOLD: dict[str, type[DeliveryError]] = {
    MAILS[1]: ServerUnavailable,
    MAILS[2]: ServerRefused,
    MAILS[3]: RecipientRefused,
    RCPTS[1]: ServerUnavailable,
    RCPTS[2]: RecipientRefused,
    DATAS[1]: ServerUnavailable,
    DATAS[2]: RecipientRefused,
}


@pytest.mark.parametrize("data", DATAS, ids=["data", "data-4yz", "data-5yz"])
@pytest.mark.parametrize("rcpt", RCPTS, ids=["rcpt", "rcpt-4yz", "rcpt-5yz"])
@pytest.mark.parametrize("mail", MAILS, ids=["mail", "mail-4yz", "mail-5yz", "mail-size"])
def test_the_first_refusal_decides_whatever_follows(server: OddSmtp, mail: str, rcpt: str, data: str) -> None:
    """An answer is told of the command it belongs to, and the connection is as good as new for the next message.

    The server takes DATA although nobody is there to get it; a lone dot ends that, and its 554 changes nothing.
    """
    server.eager = True

    def while_first(verb: str, reply: str) -> Answer:
        return lambda _: reply if server.verbs.count("MAIL") == 1 else str(POLITE[verb])

    server.answers |= {v: while_first(v, reply) for v, reply in (("MAIL", mail), ("RCPT", rcpt), ("DATA", data))}
    refused = next((each for each in (mail, rcpt, data) if each in TOLD), None)

    first, second = sent(SmtpMailer(server.settings()), Mail(), Mail())

    pipelined = "PIPELINING" in str(server.answers["EHLO"])
    assert (str(first), type(first)) == ((refused, TOLD[refused]) if refused else ("250 2.0.0 taken", Reply))
    assert second == Reply(250, "2.0.0 taken")
    assert server.connections == 1
    assert server.taken == [MESSAGE] * (1 if refused else 2)
    assert server.to_nobody == (
        [b""] if pipelined and data == TAKEN_DATA and (mail, rcpt) != (MAILS[0], RCPTS[0]) else []
    )


def test_the_commands_of_a_message_are_one_breath_and_the_body_waits() -> None:
    """The server answers MAIL when DATA has come, as it may: who waited for that answer would wait for ever."""
    answers: dict[str, Answer] = {"MAIL": b"250-", "RCPT": b"250 OK\r\n"}
    answers["DATA"] = b"250 both\r\n250 OK\r\n354 go on\r\n"
    with OddSmtp(answers, pipelining=True) as server:
        send(SmtpMailer(server.settings()))

    assert server.verbs == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert server.taken == [MESSAGE]


def test_a_server_without_pipelining_is_asked_one_thing_after_the_other() -> None:
    """A refused recipient means that DATA is never said."""
    with OddSmtp({"RCPT": "550 5.1.1 nobody"}) as server, pytest.raises(RecipientRefused):
        send(SmtpMailer(server.settings()))

    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"]


@pytest.mark.parametrize("nobody", [DROP, "421 4.7.0 too many errors", "what?"])
@pytest.mark.parametrize("eager", [True, False], ids=["DATA taken", "DATA refused"])
def test_what_breaks_after_a_refusal_does_not_hide_it(eager: bool, nobody: str) -> None:  # noqa: FBT001 - a case
    """The address is wrong whatever the server does next; told as lost it would be tried all day."""
    answers: dict[str, Answer] = {"RCPT": Once("550 5.1.1 nobody", "250 OK"), "NOBODY": nobody}
    with OddSmtp(answers, pipelining=True, eager=eager) as server:
        first, second = sent(SmtpMailer(server.settings()), Mail(), Mail())

    assert (type(first), str(first)) == (RecipientRefused, "550 5.1.1 nobody")
    assert second == Reply(250, "2.0.0 taken")
    assert server.taken == [MESSAGE]


@pytest.mark.parametrize("rset", [DROP, "421 4.3.2 closing", "500 what?"])
def test_a_server_that_answers_no_rset_is_told_by_its_refusal(server: OddSmtp, rset: str) -> None:
    """The next message goes by a new connection."""
    server.answers |= {"RCPT": Once("550 5.1.1 nobody", "250 OK"), "RSET": rset}

    first, second = sent(SmtpMailer(server.settings()), Mail(), Mail())

    assert (type(first), str(first)) == (RecipientRefused, "550 5.1.1 nobody")
    assert (second, server.connections) == (Reply(250, "2.0.0 taken"), 2)


@pytest.mark.parametrize(
    ("step", "reply", "kind"),
    [
        ("MAIL", "550 5.7.1 no mail from you", ServerRefused),
        ("RCPT", "550 5.1.1 nobody", RecipientRefused),
        ("RCPT", "450 4.2.0 greylisted", ServerUnavailable),
        ("DATA", "554 5.7.1 no", RecipientRefused),
    ],
)
def test_a_reply_is_heard_although_the_connection_ended_after_it(
    server: OddSmtp, step: str, reply: str, kind: type[DeliveryError]
) -> None:
    """What the server said before it hung up decides."""
    server.answers[step], server.ends = reply, {step}

    (error,) = sent(SmtpMailer(server.settings()), Mail())

    assert (type(error), str(error)) == (kind, reply)


def test_one_wrong_address_of_many_costs_nobody_else(server: OddSmtp) -> None:
    """Each answer belongs to its own message."""
    server.answers["RCPT"] = lambda command: "550 5.1.1 nobody" if "nobody" in command else "250 OK"
    mails = [Mail(recipient=f"{name}@example.org") for name in ("a", "nobody1", "b", "nobody2", "nobody3", "c")]

    found = sent(SmtpMailer(server.settings()), *mails)

    assert [str(each) for each in found] == [
        *("250 2.0.0 taken", "550 5.1.1 nobody") * 2,
        *("550 5.1.1 nobody", "250 2.0.0 taken"),
    ]
    assert (server.connections, len(server.taken)) == (1, 3)


# ------------------------------------------------------------------ before the dot


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"CONNECT": "421 4.3.2 full"}, "421: localhost"),
        ({"CONNECT": "450 4.3.2 not yet"}, "450: localhost"),
        ({"CONNECT": DROP}, "0: localhost"),
        ({"CONNECT": "SSH-2.0-OpenSSH_9.2"}, "0: localhost"),
        ({"EHLO": DROP}, "0: localhost"),
        ({"EHLO": "421 4.3.2 full"}, "421: localhost"),
        ({"EHLO": "502 what?", "HELO": "421 4.3.2 full"}, "421: localhost"),
        ({"MAIL": DROP}, "0: the connection was lost before the message"),
        ({"MAIL": "451 4.3.0 later"}, "451: 451 4.3.0 later"),
        ({"MAIL": "452 4.3.1 disk full"}, "452: 452 4.3.1 disk full"),
        ({"MAIL": "hello?"}, "0: -1 hello?"),
        ({"RCPT": DROP}, "0: the connection was lost before the message"),
        ({"RCPT": "421 4.7.0 too fast"}, "421: 421 4.7.0 too fast"),
        ({"RCPT": "450 4.2.0 greylisted"}, "450: 450 4.2.0 greylisted"),
        ({"RCPT": b"250-never\r\n250-ending" + b"!" * 9000}, "0: the connection was lost before the message"),
        ({"DATA": DROP}, "0: the connection was lost before the message"),
        ({"DATA": "421 4.3.2 closing"}, "421: 421 4.3.2 closing"),
        ({"DATA": "451 4.3.0 later"}, "451: 451 4.3.0 later"),
        ({"DATA": "250 what?"}, "0: 250 what?"),
        ({"BODY": DROP}, "0: the connection was lost within the message"),
        ({"BODY": "421 4.3.2 closing"}, "421: 421 4.3.2 closing"),
        ({"BODY": "451 4.3.0 disk"}, "451: 451 4.3.0 disk"),
        ({".": "450 4.2.0 later"}, "450: 450 4.2.0 later"),
        ({".": "452 4.3.1 disk full"}, "452: 452 4.3.1 disk full"),
        ({".": "421 4.3.2 closing"}, "421: 421 4.3.2 closing"),
    ],
)
def test_what_was_certainly_not_taken_can_be_tried_again(
    server: OddSmtp, answers: dict[str, Answer], told: str
) -> None:
    """No reply came, or one that says later: at every step up to the dot."""
    server.answers |= answers
    if answers.get("RCPT", "")[:4] == b"250-":  # type: ignore[index]
        server.ends = {"RCPT"}

    (error,) = sent(SmtpMailer(server.settings()), Mail(LARGE if "BODY" in answers else MESSAGE))

    assert isinstance(error, ServerUnavailable)
    assert f"{error.code}: {error}".startswith(told)


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"RCPT": "550 5.1.1 nobody"}, "550: 550 5.1.1 nobody"),
        ({"MAIL": "552 5.3.4 too big"}, "552: 552 5.3.4 too big"),
        ({"DATA": "554 5.5.1 no"}, "554: 554 5.5.1 no"),
        ({"BODY": "550 5.7.1 spam"}, "550: 550 5.7.1 spam"),
        ({".": "550 5.7.1 spam"}, "550: 550 5.7.1 spam"),
        ({".": "554-5.6.0\r\n554 too\x00 odd " + "x" * 2000}, "554: 554 5.6.0 too"),
    ],
)
def test_what_is_refused_for_good_fails_alone(server: OddSmtp, answers: dict[str, Answer], told: str) -> None:
    """Also when the reply comes while the message is written, and the connection is cut after it."""
    server.answers |= answers

    (error,) = sent(SmtpMailer(server.settings()), Mail(LARGE if "BODY" in answers else MESSAGE))

    assert isinstance(error, RecipientRefused)
    assert f"{error.code}: {error}".startswith(told)
    assert len(str(error)) < 600


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """It may come back."""
    settings = SmtpSettings("127.0.0.1", closed_port(), Encryption.NONE)

    with pytest.raises(ServerUnavailable, match=r"^127\.0\.0\.1:[0-9]+: .*Connect"):
        send(SmtpMailer(settings))


@pytest.mark.parametrize("host", ["smtp.invalid", "smtp..invalid", "x" * 64 + ".invalid"])
def test_a_name_that_does_not_resolve_is_unavailable(host: str) -> None:
    """The network may come back (RFC 6761: these names never resolve)."""
    with pytest.raises(ServerUnavailable, match=rf"^{host}:587: "):
        send(SmtpMailer(SmtpSettings(host, timeout_seconds=5)))


@pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
def test_a_server_that_says_nothing_is_given_up_after_the_timeout(server: OddSmtp, step: str) -> None:
    """A run does not hang."""
    server.answers[step] = held = Held()

    with pytest.raises(ServerUnavailable, match=r"no answer in time \(0\.05 seconds\)"):
        send(SmtpMailer(server.settings(timeout_seconds=0.05)))
    held.let_go.set()

    assert server.taken == []


def test_a_server_that_stops_reading_is_given_up_within_the_message(server: OddSmtp) -> None:
    """A large message to a server that stopped reading ends after the timeout, undelivered."""
    server.answers["BODY"] = held = Held()

    with pytest.raises(ServerUnavailable, match="the server did not read on"):
        send(SmtpMailer(server.settings(timeout_seconds=0.1)), LARGE * 3)
    held.let_go.set()

    assert server.taken == []


def test_the_patience_is_that_of_the_standard_unless_told_otherwise() -> None:
    """RFC 5321 §4.5.3.2; the settings can only shorten it, and never the ten minutes for the answer to the dot."""
    usual = Times.of(SmtpSettings("smtp.example.org"))
    short = Times.of(SmtpSettings("smtp.example.org", timeout_seconds=150))

    assert (usual.greeting, usual.command, usual.data, usual.block) == (300, 300, 120, 180)
    assert (short.connect, short.greeting, short.command, short.data, short.block) == (60, 150, 150, 120, 150)
    assert SmtpMailer(SmtpSettings("smtp.example.org", timeout_seconds=1)).dot_seconds == 600


def test_a_server_without_esmtp_gets_its_mail(server: OddSmtp) -> None:
    """HELO is enough for a plain message."""
    server.answers["EHLO"] = "502 5.5.1 what?"

    send(SmtpMailer(server.settings()))

    assert "MAIL FROM:<papers@example.org>" in server.commands


# ------------------------------------------------------------------ after the dot


@pytest.mark.parametrize(
    "answer",
    [DROP, "what?", "300 perhaps", "999 x", b"25", b"250-never\r\n250-ending" + b"!" * 9000, b"250-x\r\n" * 20_000],
    ids=["hangs up", "makes no sense", "neither yes nor no", "no code", "cut", "half a reply", "never ends"],
)
def test_no_clear_answer_to_the_dot_is_unknown(server: OddSmtp, answer: str | bytes) -> None:
    """It may have arrived, so it is not the sender's to try again."""
    server.answers["."], server.ends = answer, {"."}

    (error,) = sent(SmtpMailer(server.settings()), Mail())

    assert isinstance(error, OutcomeUnknown)
    assert str(error).endswith("it may have arrived")


def test_a_late_answer_to_the_dot_is_unknown(server: OddSmtp) -> None:
    """The wait is ten minutes unless told otherwise (RFC 5321 §4.5.3.2.6)."""
    server.answers["."] = held = Held("250 OK")

    (error,) = sent(SmtpMailer(server.settings(), dot_seconds=0.05), Mail())
    held.let_go.set()

    assert isinstance(error, OutcomeUnknown)
    assert len(server.taken) == 1


def test_the_answer_to_the_dot_has_a_time_of_its_own(server: OddSmtp) -> None:
    """A slow server is no broken one."""
    late = threading.Event()
    server.answers["."] = lambda _: DROP if late.wait(0.15) else "250 OK"

    assert send(SmtpMailer(server.settings(timeout_seconds=0.1))).code == 250


def test_a_message_after_an_unknown_one_goes_through_a_new_connection(server: OddSmtp) -> None:
    """The rest is not held up."""
    server.answers["."] = Once(DROP, "250 OK")

    first, second = sent(SmtpMailer(server.settings()), Mail(), Mail())

    assert (type(first), second) == (OutcomeUnknown, Reply(250, "OK"))
    assert (server.connections, len(server.taken)) == (2, 2)


def test_a_late_answer_is_never_taken_for_that_to_another_message(server: OddSmtp) -> None:
    """The connection on which an answer is owed is not used again."""
    held = Held("550 5.7.1 the first was spam")
    server.answers["."] = lambda _: "250 the second" if held.asked.is_set() else held("")

    async def go_on() -> None:
        held.let_go.set()

    first, second = sent(SmtpMailer(server.settings(), dot_seconds=0.1), Mail(), Mail(before_dot=go_on))

    assert (type(first), second) == (OutcomeUnknown, Reply(250, "the second"))


# ------------------------------------------------------------------ what concerns every message


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"CONNECT": "554 5.3.2 not you"}, "554: localhost:"),
        ({"EHLO": "550 no", "HELO": "550 no"}, "550: localhost:"),
        ({"MAIL": "553 5.7.1 not your address"}, "553: 553 5.7.1 not your address"),
        ({"MAIL": "530 5.7.0 log in first"}, "530: 530 5.7.0 log in first; check smtp.username"),
        ({"RCPT": "530 5.7.0 log in first"}, "530: 530 5.7.0 log in first; check smtp.username"),
        ({"MAIL": "550 5.7.1 sender blocked"}, "550: 550 5.7.1 sender blocked"),
    ],
)
def test_a_server_that_refuses_us_is_not_asked_again(server: OddSmtp, answers: dict[str, Answer], told: str) -> None:
    """No other message would fare better."""
    server.answers |= answers

    (error,) = sent(SmtpMailer(server.settings()), Mail())

    assert isinstance(error, ServerRefused)
    assert f"{error.code}: {error}".startswith(told)


# ------------------------------------------------------------------ TLS


@pytest.mark.parametrize("encryption", TLS_AT_ONCE_OR_LATER)
def test_mail_and_password_go_through_tls(encryption: Encryption) -> None:
    """The certificate is verified against the name in the settings."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250-STARTTLS\r\n250 AUTH PLAIN"}
    with OddSmtp(answers, tls=encryption is Encryption.TLS) as server:
        settings = server.settings(encryption=encryption, username="papers", password="secret")
        sent(SmtpMailer(settings, tls=trusting()), Mail(), Mail(LARGE))

    begin = ["EHLO"] if encryption is Encryption.TLS else ["EHLO", "STARTTLS", "EHLO"]
    assert server.verbs == [*begin, "AUTH", *["MAIL", "RCPT", "DATA"] * 2, "QUIT"]
    assert server.taken == [MESSAGE, LARGE]


@pytest.mark.parametrize("encryption", TLS_AT_ONCE_OR_LATER)
def test_nothing_stays_open_after_tls(encryption: Encryption) -> None:
    """A server that never says goodbye to TLS keeps no connection of ours: pytest tells of what is collected open."""
    with OddSmtp({"EHLO": "250-odd\r\n250 STARTTLS"}, tls=encryption is Encryption.TLS) as server:
        send(SmtpMailer(server.settings(encryption=encryption), tls=trusting()))

    gc.collect()
    assert server.verbs[-1] == "QUIT"


@pytest.mark.parametrize("offered", ["250-odd\r\n250 AUTH PLAIN", "250-odd\r\n250 XXXXXXXX", "250 odd", "502 what?"])
def test_a_server_that_lost_its_starttls_gets_nothing(offered: str) -> None:
    """Somebody in between may have taken it away: never in the clear, no password, no mail."""
    with OddSmtp({"EHLO": offered}) as server:
        settings = server.settings(encryption=Encryption.STARTTLS, username="papers", password="secret")
        with pytest.raises(ServerRefused, match="offers no STARTTLS, so nothing was sent"):
            send(SmtpMailer(settings, tls=trusting()))

    assert set(server.verbs) <= {"EHLO", "HELO"}
    assert server.taken == []


@pytest.mark.parametrize(
    ("answer", "kind"), [("454 4.7.0 no TLS today", ServerUnavailable), ("502 5.5.1 no such command", ServerRefused)]
)
def test_a_starttls_that_is_refused_sends_nothing(answer: str, kind: type[DeliveryError]) -> None:
    """Offered and not given: for now or for good."""
    server = OddSmtp({"EHLO": "250-odd\r\n250-STARTTLS\r\n250 AUTH PLAIN", "STARTTLS": answer})

    told = failing(server, kind, encryption=Encryption.STARTTLS, username="papers", password="secret")

    assert "STARTTLS failed, so nothing was sent" in told
    assert server.verbs == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("encryption", TLS_AT_ONCE_OR_LATER)
@pytest.mark.parametrize(
    ("made", "trusted", "told"),
    [
        ({}, False, "CERTIFICATE_VERIFY_FAILED"),
        ({"days": -1}, True, "certificate has expired"),
        ({"since": 1}, True, "not yet valid"),
        ({"host": "mail.example.org"}, True, "Hostname mismatch"),
        ({"host": "127.0.0.1"}, True, "Hostname mismatch"),
    ],
    ids=["self-signed", "expired", "of tomorrow", "of another name", "of its number"],
)
def test_a_certificate_that_is_not_good_stops_everything(
    tmp_path: Path,
    encryption: Encryption,
    made: dict[str, Any],
    trusted: bool,  # noqa: FBT001 - a case
    told: str,
) -> None:
    """No mail, no password; the message says where to look."""
    certificate = a_certificate(tmp_path, **made)
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250-STARTTLS\r\n250 AUTH PLAIN"}
    with OddSmtp(answers, tls=encryption is Encryption.TLS, certificate=certificate) as server:
        settings = server.settings(encryption=encryption, username="papers", password="secret")
        mailer = SmtpMailer(settings, tls=trusting(certificate) if trusted else None)
        with pytest.raises(ServerRefused, match=f"TLS failed: .*{told}.*; check smtp.host, smtp.port"):
            send(mailer)

    assert not {"AUTH", "MAIL"} & set(server.verbs)
    assert server.taken == []


def test_a_certificate_of_a_name_that_is_trusted_is_good(tmp_path: Path) -> None:
    """What the refused ones differ from."""
    certificate = a_certificate(tmp_path)
    with OddSmtp(tls=True, certificate=certificate) as server:
        send(SmtpMailer(server.settings(encryption=Encryption.TLS), tls=trusting(certificate)))

    assert server.taken == [MESSAGE]


def test_tls_to_a_server_that_speaks_plainly_is_refused() -> None:
    """The port is wrong, and the message says where to look."""
    told = failing(OddSmtp(), ServerRefused, encryption=Encryption.TLS)

    assert "check smtp.host, smtp.port and smtp.encryption" in told


def test_a_plain_conversation_with_a_server_that_wants_tls_at_once_ends() -> None:
    """It waits for a handshake, and we for a greeting."""
    server = OddSmtp({"EHLO": "250-odd\r\n250 STARTTLS"}, tls=True)

    assert "no answer in time" in failing(
        server, ServerUnavailable, encryption=Encryption.STARTTLS, timeout_seconds=0.1
    )


@pytest.mark.parametrize("answer", [DROP, b"220 go\r\n"])
def test_a_handshake_that_is_cut_is_tried_again(answer: str | bytes) -> None:
    """The network's doing."""
    server = OddSmtp({"EHLO": "250-odd\r\n250 STARTTLS", "STARTTLS": answer}, ends={"STARTTLS"})

    assert failing(server, ServerUnavailable, encryption=Encryption.STARTTLS).startswith("0: localhost")


@pytest.mark.parametrize(
    "injected",
    [
        b"220 go\r\n250-evil\r\n250 AUTH PLAIN\r\n",
        b"220 go\r\n250 evil\r\n250 OK\r\n250 OK\r\n354 go\r\n250 taken by evil\r\n",
        b"220 go\r\n250-half a rep",
    ],
    ids=["a greeting", "a whole conversation", "half a reply"],
)
def test_what_was_injected_before_the_handshake_is_dropped(injected: bytes) -> None:
    """Nobody in between can put words into the server's mouth (CVE-2011-0411)."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250 STARTTLS", "STARTTLS": injected}
    with OddSmtp(answers) as server:
        settings = server.settings(encryption=Encryption.STARTTLS)
        assert send(SmtpMailer(settings, tls=trusting())) == Reply(250, "2.0.0 taken")

    assert server.verbs == ["EHLO", "STARTTLS", "EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert server.taken == [MESSAGE]


def test_what_was_offered_in_the_clear_counts_for_nothing() -> None:
    """After the handshake the server is asked again what it can (RFC 3207 §4.2)."""
    offers = iter(["250-odd\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 PIPELINING", "250-odd\r\n250 SIZE 1000000"])
    server = OddSmtp({"EHLO": lambda _: next(offers)})

    told = failing(server, ServerRefused, encryption=Encryption.STARTTLS, username="papers", password="secret")

    assert "takes no login by LOGIN; it offers none" in told


@pytest.mark.parametrize(
    "host", ["smtp.example.org", "192.0.2.1", "localhost.example.org", "127.0.0.1.example.org", "::2"]
)
def test_mail_in_the_clear_stays_on_this_machine(host: str) -> None:
    """The settings are refused before any connection."""
    with pytest.raises(ServerRefused, match="`encryption: none` is for this machine only; use starttls or tls"):
        SmtpMailer(SmtpSettings(host, encryption=Encryption.NONE))


# ------------------------------------------------------------------ addresses and extensions


@pytest.mark.parametrize(
    "address",
    [
        "ada@example.org>\r\nDATA",
        "ada@example.org\n",
        "<ada@example.org>",
        "a da@example.org",
        "ada\0@example.org",
        "ada@example.org> NOTIFY=NEVER",
        "ada",
    ],
)
def test_an_address_that_would_end_its_command_is_never_said(server: OddSmtp, address: str) -> None:
    """Nothing in it reaches the server."""
    mailer = SmtpMailer(server.settings())

    with pytest.raises(RecipientRefused, match=r"^5\.1\.3 "):
        send(mailer, recipient=address)
    with pytest.raises(ServerRefused, match=r"^the sender: 5\.1\.3 "):
        hand_over(mailer, MESSAGE, sender=address, recipient="ada@example.org")

    assert server.commands == []


def test_what_nobody_should_answer_has_an_empty_sender(server: OddSmtp) -> None:
    """So that no two programs answer each other for ever (RFC 5321 §4.5.5); there is no empty recipient."""
    mailer = SmtpMailer(server.settings())
    hand_over(mailer, MESSAGE, sender="", recipient="ada@example.org")

    assert "MAIL FROM:<>" in server.commands[1]
    with pytest.raises(RecipientRefused, match=r"^5\.1\.3 "):
        send(mailer, recipient="")


def test_a_domain_beyond_ascii_is_said_as_a_label(server: OddSmtp) -> None:
    """Every server takes it."""
    send(SmtpMailer(server.settings()), recipient="ada@bücher.example")

    assert "RCPT TO:<ada@xn--bcher-kva.example>" in server.commands


def test_a_name_beyond_ascii_needs_a_server_that_takes_it(server: OddSmtp) -> None:
    """Without SMTPUTF8 it fails at once, and alone (RFC 6531 §3.5)."""
    first, second = sent(SmtpMailer(server.settings()), Mail(recipient="jörg@example.org"), Mail())

    assert isinstance(first, RecipientRefused)
    assert str(first).startswith("5.6.7 ")
    assert (second, server.connections) == (Reply(250, "2.0.0 taken"), 1)


def test_a_name_beyond_ascii_goes_to_a_server_that_takes_it(tmp_path: Path) -> None:
    """The address stands as it is, in the envelope and in the header."""
    message = as_bytes(an_email(recipient=("Jörg", "jörg@example.org")))

    with Inbox(tmp_path) as inbox:
        send(SmtpMailer(inbox.settings), message, recipient="jörg@example.org")

    assert "<jörg@example.org>".encode() in inbox.paths[0].read_bytes()


def test_eight_bit_characters_need_a_server_that_takes_them(server: OddSmtp) -> None:
    """No server may be given what it did not offer to take (RFC 6152)."""
    eight_bit = "Subject: x\r\n\r\nü\r\n".encode()
    send(SmtpMailer(server.settings()), eight_bit)
    server.answers["EHLO"] = "250 odd"

    with pytest.raises(RecipientRefused, match=r"^5\.6\.3 "):
        send(SmtpMailer(server.settings()), eight_bit)

    assert any(command.endswith(" BODY=8BITMIME") for command in server.commands)
    assert len(server.taken) == 1


def test_the_size_that_is_told_is_that_of_what_is_written(server: OddSmtp) -> None:
    """Line ends counted (RFC 1870 §3), and only where the server can hear it."""
    send(SmtpMailer(server.settings()), b"a\nb")

    assert "MAIL FROM:<papers@example.org> SIZE=6" in server.commands


def test_a_server_that_can_is_asked_for_bounces_of_failures_alone() -> None:
    """With the headers, which say whose it is, and not with the whole message (RFC 3461)."""
    with OddSmtp({"EHLO": "250-odd\r\n250-dsn\r\n250 size"}) as server:
        send(SmtpMailer(server.settings()))

    assert server.commands[1:3] == [
        f"MAIL FROM:<papers@example.org> SIZE={len(MESSAGE)} RET=HDRS",
        "RCPT TO:<ada@example.org> NOTIFY=FAILURE",
    ]
