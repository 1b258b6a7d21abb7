"""The conversation with a mail server: each way it can end is told apart, before the final dot and after it."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from makers import an_email
from odd_smtp import DROP, Answer, OddSmtp, trusting

from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.inbox import Inbox
from newsletter.models import Encryption, SmtpSettings

MESSAGE = as_bytes(an_email())


def nothing() -> None:
    """Do nothing before the dot."""


def send(
    mailer: SmtpMailer,
    message: bytes = MESSAGE,
    *,
    recipient: str = "ada@example.org",
    before_dot: Callable[[], None] = nothing,
) -> tuple[int, str]:
    """Send a message from the newsletter."""
    return mailer.send(message, sender="papers@example.org", recipient=recipient, before_dot=before_dot)


def failing(answers: dict[str, Answer], kind: type[DeliveryError], *, tls: bool = False, **fields: object) -> str:
    """Send to a server that answers so; return the text of the error, which is of `kind`."""
    with (
        OddSmtp(answers, tls=tls) as server,
        SmtpMailer(server.settings(**fields), tls=trusting(), dot_timeout_seconds=0.3) as mailer,
        pytest.raises(kind) as error,
    ):
        # Too long to be all written before the hanging up of a server within it is noticed.
        send(mailer, message=MESSAGE + b"x\r\n" * 4_000_000 if "BODY" in answers else MESSAGE)
    return f"{error.value.code}: {error.value}"


class Once:
    """An answer that is given once, then another one."""

    def __init__(self, first: str, then: str) -> None:
        self._answers = iter([first])
        self._then = then

    def __call__(self, _: str) -> str:
        """Return the next answer."""
        return next(self._answers, self._then)


@pytest.fixture
def server() -> Iterator[OddSmtp]:
    """Give a server that is polite."""
    with OddSmtp() as server:
        yield server


# ------------------------------------------------------------------ the good case


def test_a_message_arrives_byte_for_byte(tmp_path: Path) -> None:
    """Through a real server."""
    with Inbox(tmp_path) as inbox, SmtpMailer(inbox.settings) as mailer:
        code, text = send(mailer)

    assert (code, text) == (250, "2.0.0 OK")
    assert inbox.paths[0].read_bytes() == MESSAGE


def test_lines_that_begin_with_a_dot_arrive_as_they_are(tmp_path: Path) -> None:
    """A line of one dot does not end the message (RFC 5321 §4.5.2)."""
    message = b".\r\n..\r\n.a\r\nb.\r\n.\r\nRCPT TO:<evil@example.net>\r\n"

    with Inbox(tmp_path) as inbox, SmtpMailer(inbox.settings) as mailer:
        send(mailer, message)

    assert inbox.paths[0].read_bytes() == message


def test_bare_line_ends_cannot_smuggle_a_second_message(server: OddSmtp) -> None:
    """Whatever a server takes for a line end, there is one kind of it (CVE-2023-51764)."""
    with SmtpMailer(server.settings()) as mailer:
        send(mailer, b"a\n.\nMAIL FROM:<evil@example.net>\r.\r\nb")

    assert server.taken == [b"a\r\n.\r\nMAIL FROM:<evil@example.net>\r\n.\r\nb\r\n"]


def test_the_callback_runs_when_everything_but_the_dot_is_written(server: OddSmtp) -> None:
    """What it commits is committed before the message can arrive."""
    seen: list[int] = []

    with SmtpMailer(server.settings()) as mailer:
        send(mailer, before_dot=lambda: seen.append(len(server.taken)))

    assert (seen, len(server.taken)) == ([0], 1)


def test_a_message_is_abandoned_when_the_callback_fails(server: OddSmtp) -> None:
    """If the dot cannot be committed, it is not written; the next message goes through."""
    with SmtpMailer(server.settings()) as mailer:
        with pytest.raises(ZeroDivisionError):
            send(mailer, before_dot=lambda: 1 // 0)  # type: ignore[arg-type]
        send(mailer)

    assert len(server.taken) == 1


def test_one_connection_serves_many_messages(server: OddSmtp) -> None:
    """Connections cost more than messages."""
    with SmtpMailer(server.settings()) as mailer:
        for _ in range(3):
            send(mailer)

    assert (server.connections, len(server.taken), server.commands[-1]) == (1, 3, "QUIT")


def test_a_connection_is_made_anew_after_so_many_messages(server: OddSmtp) -> None:
    """Servers grow tired of long ones."""
    with SmtpMailer(server.settings(), messages_per_connection=2) as mailer:
        for _ in range(5):
            send(mailer)

    assert (server.connections, len(server.taken)) == (3, 5)


@pytest.mark.parametrize("farewell", [DROP, "421 4.4.2 idle for too long"])
def test_a_kept_connection_that_was_closed_meanwhile_is_made_anew(farewell: str) -> None:
    """Nothing was asked yet, so nothing is lost by asking again."""
    replies = iter(["250 OK", farewell, "250 OK"])
    with OddSmtp({"MAIL": lambda _: next(replies)}) as server, SmtpMailer(server.settings()) as mailer:
        send(mailer)
        send(mailer)

    assert (server.connections, len(server.taken)) == (2, 2)


def test_a_refused_recipient_leaves_the_connection_to_the_next(server: OddSmtp) -> None:
    """One wrong address of many costs one RSET."""
    server.answers["RCPT"] = lambda command: "550 5.1.1 nobody" if "nobody" in command else "250 OK"

    with SmtpMailer(server.settings()) as mailer:
        with pytest.raises(RecipientRefused, match=r"550 5\.1\.1 nobody"):
            send(mailer, recipient="nobody@example.org")
        send(mailer)

    assert (server.connections, len(server.taken)) == (1, 1)


# ------------------------------------------------------------------ before the dot


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"CONNECT": "421 4.3.2 full"}, "421: localhost"),
        ({"CONNECT": DROP}, "0: localhost"),
        ({"EHLO": DROP}, "0: localhost"),
        ({"EHLO": "421 4.3.2 full"}, "0: localhost"),
        ({"MAIL": DROP}, "0: the connection was lost before the message"),
        ({"MAIL": "451 4.3.0 later"}, "451: 451 4.3.0 later"),
        ({"MAIL": "hello?"}, "0: -1"),
        ({"RCPT": DROP}, "0: the connection was lost before the message"),
        ({"RCPT": "421 4.7.0 too fast"}, "421: 421 4.7.0 too fast"),
        ({"RCPT": "450 4.2.0 greylisted"}, "450: 450 4.2.0 greylisted"),
        ({"RCPT": "250-never\r\n250-ending" + "!" * 9000}, "0: the connection was lost before the message"),
        ({"DATA": DROP}, "0: the connection was lost before the message"),
        ({"DATA": "451 4.3.0 later"}, "451: 451 4.3.0 later"),
        ({"DATA": "250 what?"}, "0: 250 what?"),
        ({"BODY": DROP}, "0: the connection was lost within the message"),
        ({"BODY": "451 4.3.0 disk"}, "451: 451 4.3.0 disk"),
        ({".": "450 4.2.0 later"}, "450: 450 4.2.0 later"),
        ({".": "421 4.3.2 closing"}, "421: 421 4.3.2 closing"),
    ],
)
def test_what_was_certainly_not_taken_can_be_tried_again(answers: dict[str, Answer], told: str) -> None:
    """No reply came, or one that says later: at every step up to the dot."""
    assert failing(answers, ServerUnavailable).startswith(told)


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
def test_what_is_refused_for_good_fails_alone(answers: dict[str, Answer], told: str) -> None:
    """Also when the reply comes while the message is written, and the connection is cut after it."""
    complaint = failing(answers, RecipientRefused)

    assert complaint.startswith(told)
    assert len(complaint) < 600


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """It may come back."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        settings = SmtpSettings("127.0.0.1", probe.getsockname()[1], Encryption.NONE)

    with SmtpMailer(settings) as mailer, pytest.raises(ServerUnavailable, match="Connection refused"):
        send(mailer)


def test_a_name_that_does_not_resolve_is_unavailable() -> None:
    """The network may come back (RFC 6761: this name never resolves)."""
    settings = SmtpSettings("smtp.invalid", timeout_seconds=1)

    with SmtpMailer(settings) as mailer, pytest.raises(ServerUnavailable, match=r"^smtp\.invalid:587: "):
        send(mailer)


def test_a_server_that_says_nothing_is_given_up_after_the_timeout(server: OddSmtp) -> None:
    """A run does not hang."""
    server.answers["CONNECT"] = lambda _: time.sleep(0.3) or DROP  # type: ignore[func-returns-value]

    mailer = SmtpMailer(server.settings(timeout_seconds=0.05))

    with pytest.raises(ServerUnavailable, match="timed out"):
        send(mailer)


def test_a_server_without_esmtp_gets_its_mail(server: OddSmtp) -> None:
    """HELO is enough for a plain message."""
    server.answers["EHLO"] = "502 5.5.1 what?"

    with SmtpMailer(server.settings()) as mailer:
        send(mailer)

    assert "MAIL FROM:<papers@example.org>" in server.commands


# ------------------------------------------------------------------ after the dot


@pytest.mark.parametrize(
    "answer",
    [DROP, "what?", "300 perhaps", "250-never\r\n250-ending" + "!" * 9000],
    ids=["hangs up", "makes no sense", "neither yes nor no", "never ends"],
)
def test_no_clear_answer_to_the_dot_is_unknown(answer: str) -> None:
    """It may have arrived, so it is not the sender's to try again."""
    assert failing({".": answer}, OutcomeUnknown).endswith("it may have arrived")


def test_a_late_answer_to_the_dot_is_unknown(server: OddSmtp) -> None:
    """The wait is ten minutes unless told otherwise (RFC 5321 §4.5.3.2.6)."""
    server.answers["."] = lambda _: time.sleep(0.3) or "250 OK"  # type: ignore[func-returns-value]

    with SmtpMailer(server.settings(), dot_timeout_seconds=0.05) as mailer, pytest.raises(OutcomeUnknown):
        send(mailer)

    assert len(server.taken) == 1


def test_the_answer_to_the_dot_has_a_time_of_its_own(server: OddSmtp) -> None:
    """A slow server is no broken one."""
    server.answers["."] = lambda _: time.sleep(0.2) or "250 OK"  # type: ignore[func-returns-value]

    with SmtpMailer(server.settings(timeout_seconds=0.1)) as mailer:
        assert send(mailer)[0] == 250


def test_a_message_after_an_unknown_one_goes_through_a_new_connection(server: OddSmtp) -> None:
    """The rest is not held up."""
    server.answers["."] = Once(DROP, "250 OK")

    with SmtpMailer(server.settings()) as mailer:
        with pytest.raises(OutcomeUnknown):
            send(mailer)
        send(mailer)

    assert (server.connections, len(server.taken)) == (2, 2)


# ------------------------------------------------------------------ what concerns every message


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"CONNECT": "554 5.3.2 not you"}, "554: localhost:"),
        ({"MAIL": "553 5.7.1 not your address"}, "553: 553 5.7.1 not your address"),
        ({"MAIL": "530 5.7.0 log in first"}, "530: 530 5.7.0 log in first; check smtp.username"),
        ({"RCPT": "530 5.7.0 log in first"}, "530: 530 5.7.0 log in first; check smtp.username"),
        ({"MAIL": "550 5.7.1 sender blocked"}, "550: 550 5.7.1 sender blocked"),
    ],
)
def test_a_server_that_refuses_us_is_not_asked_again(answers: dict[str, Answer], told: str) -> None:
    """No other message would fare better."""
    assert failing(answers, ServerRefused).startswith(told)


def test_a_wrong_password_is_told_without_the_password() -> None:
    """Secrets never reach a message."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250 AUTH PLAIN LOGIN", "AUTH": "535 5.7.8 bad credentials"}

    complaint = failing(answers, ServerRefused, username="papers", password="hunter2")

    assert complaint == ("535: login failed: 535 5.7.8 bad credentials; check smtp.username and smtp.password")


def test_a_login_that_fails_for_now_is_tried_again() -> None:
    """454 is no wrong password."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250 AUTH PLAIN", "AUTH": "454 4.7.0 later"}

    assert failing(answers, ServerUnavailable, username="papers", password="x").startswith("454: login failed")


@pytest.mark.parametrize(
    ("offered", "told"),
    [
        ("250 odd", "smtp.username if the server needs none"),
        ("250-odd\r\n250 AUTH GSSAPI", "login failed: No suitable"),
    ],
)
def test_a_server_without_a_login_we_can_use_is_refused(offered: str, told: str) -> None:
    """The settings and the server do not fit."""
    assert told in failing({"EHLO": offered}, ServerRefused, username="papers", password="x")


def test_a_password_beyond_ascii_is_told() -> None:
    """The standard library would end in a traceback."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250 AUTH PLAIN"}

    assert "ASCII" in failing(answers, ServerRefused, username="papers", password="pässword")


# ------------------------------------------------------------------ TLS


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
def test_mail_and_password_go_through_tls(encryption: Encryption) -> None:
    """The certificate is verified against the name in the settings."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250-STARTTLS\r\n250 AUTH PLAIN"}
    with OddSmtp(answers, tls=encryption is Encryption.TLS) as server:
        settings = server.settings(encryption=encryption, username="papers", password="secret")
        with SmtpMailer(settings, tls=trusting()) as mailer:
            send(mailer)

    verbs = [command.split(" ")[0] for command in server.commands]
    begin = ["EHLO"] if encryption is Encryption.TLS else ["EHLO", "STARTTLS", "EHLO"]
    assert verbs == [*begin, "AUTH", "MAIL", "RCPT", "DATA", "QUIT"]
    assert server.taken == [MESSAGE]


def test_a_server_that_lost_its_starttls_gets_nothing() -> None:
    """Somebody in between may have taken it away: never in the clear, no password, no mail."""
    with OddSmtp({"EHLO": "250-odd\r\n250 AUTH PLAIN"}) as server:
        settings = server.settings(encryption=Encryption.STARTTLS, username="papers", password="secret")
        with SmtpMailer(settings, tls=trusting()) as mailer, pytest.raises(ServerRefused, match="offers no STARTTLS"):
            send(mailer)

    assert [command.split(" ")[0] for command in server.commands] == ["EHLO"]


@pytest.mark.parametrize("encryption", [Encryption.STARTTLS, Encryption.TLS])
def test_a_certificate_nobody_vouches_for_is_refused(encryption: Encryption) -> None:
    """The system's authorities do not know the test server's."""
    with OddSmtp({"EHLO": "250-odd\r\n250 STARTTLS"}, tls=encryption is Encryption.TLS) as server:
        settings = server.settings(encryption=encryption)
        with SmtpMailer(settings) as mailer, pytest.raises(ServerRefused, match="CERTIFICATE_VERIFY_FAILED"):
            send(mailer)

    assert server.taken == []


def test_a_certificate_for_another_name_is_refused() -> None:
    """It is valid, but not for the host in the settings."""
    complaint = failing({}, ServerRefused, tls=True, encryption=Encryption.TLS, host="127.0.0.1")

    assert "IP address mismatch" in complaint


def test_tls_to_a_server_that_speaks_plainly_is_refused() -> None:
    """The port is wrong, and the message says where to look."""
    assert "check smtp.host, smtp.port and smtp.encryption" in failing({}, ServerRefused, encryption=Encryption.TLS)


def test_a_handshake_that_is_cut_is_tried_again() -> None:
    """The network's doing."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250 STARTTLS", "STARTTLS": DROP}

    assert failing(answers, ServerUnavailable, encryption=Encryption.STARTTLS).startswith("0: localhost")


def test_what_was_injected_before_the_handshake_is_dropped() -> None:
    """Nobody in between can put words into the server's mouth (CVE-2011-0411)."""
    hello = "250-odd\r\n250 STARTTLS"
    answers: dict[str, Answer] = {"EHLO": hello, "STARTTLS": "220 go\r\n250-evil\r\n250 AUTH PLAIN"}
    with OddSmtp(answers) as server:
        settings = server.settings(encryption=Encryption.STARTTLS)
        with SmtpMailer(settings, tls=trusting()) as mailer:
            send(mailer)

    assert server.taken == [MESSAGE]


@pytest.mark.parametrize("host", ["smtp.example.org", "192.0.2.1", "localhost.example.org"])
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
        "",
        "ada",
    ],
)
def test_an_address_that_would_end_its_command_is_never_said(server: OddSmtp, address: str) -> None:
    """The standard library would cut it and send to somebody."""
    with SmtpMailer(server.settings()) as mailer:
        with pytest.raises(RecipientRefused, match=r"^5\.1\.3 "):
            send(mailer, recipient=address)
        with pytest.raises(ServerRefused, match=r"^the sender: 5\.1\.3 "):
            mailer.send(MESSAGE, sender=address, recipient="ada@example.org", before_dot=nothing)

    assert server.commands == []


def test_a_domain_beyond_ascii_is_said_as_a_label(server: OddSmtp) -> None:
    """Every server takes it."""
    with SmtpMailer(server.settings()) as mailer:
        send(mailer, recipient="ada@bücher.example")

    assert "RCPT TO:<ada@xn--bcher-kva.example>" in server.commands


def test_a_name_beyond_ascii_needs_a_server_that_takes_it(server: OddSmtp) -> None:
    """Without SMTPUTF8 it fails at once, and alone (RFC 6531 §3.5)."""
    with SmtpMailer(server.settings()) as mailer:
        with pytest.raises(RecipientRefused, match=r"^5\.6\.7 "):
            send(mailer, recipient="jörg@example.org")
        send(mailer)

    assert len(server.taken) == 1


def test_a_name_beyond_ascii_goes_to_a_server_that_takes_it(tmp_path: Path) -> None:
    """The address stands as it is, in the envelope and in the header."""
    message = as_bytes(an_email(recipient=("Jörg", "jörg@example.org")))

    with Inbox(tmp_path) as inbox, SmtpMailer(inbox.settings) as mailer:
        send(mailer, message, recipient="jörg@example.org")

    assert "<jörg@example.org>".encode() in inbox.paths[0].read_bytes()


def test_eight_bit_characters_need_a_server_that_takes_them(server: OddSmtp) -> None:
    """No server may be given what it did not offer to take (RFC 6152)."""
    with SmtpMailer(server.settings()) as mailer:
        send(mailer, "Subject: x\r\n\r\nü\r\n".encode())
    server.answers["EHLO"] = "250 odd"

    with SmtpMailer(server.settings()) as mailer, pytest.raises(RecipientRefused, match=r"^5\.6\.3 "):
        send(mailer, "Subject: x\r\n\r\nü\r\n".encode())

    assert any(command.endswith(" BODY=8BITMIME") for command in server.commands)
    assert len(server.taken) == 1


def test_a_stalled_server_is_given_up_within_the_message(server: OddSmtp) -> None:
    """A large message to a server that stopped reading ends after the timeout, undelivered."""
    server.answers["DATA"] = lambda _: "354 go on"
    server.answers["BODY"] = lambda _: time.sleep(0.5) or DROP  # type: ignore[func-returns-value]
    large = b"x" * 70 + b"\r\n"

    with SmtpMailer(server.settings(timeout_seconds=0.1)) as mailer, pytest.raises(ServerUnavailable):
        send(mailer, large * 200_000)

    assert server.taken == []
