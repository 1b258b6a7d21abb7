"""Logging in: each mechanism as its standard spells it, each failure told without the secret."""

from __future__ import annotations

import asyncio
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import AuthResult, LoginPassword
from makers import an_email
from odd_smtp import Answer, OddSmtp, closed_port, trusting

from newsletter.deliver import Reply, hand_over, login
from newsletter.deliver.login import access_token, log_in
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import DeliveryError, ServerRefused, ServerUnavailable
from newsletter.models import Encryption, SmtpSettings

MESSAGE = as_bytes(an_email())
WELCOME = Reply(235, "2.7.0 welcome")
GO_ON = Reply(334, "")


def settings(**fields: Any) -> SmtpSettings:
    """Return settings with a login."""
    defaults: dict[str, Any] = {"host": "smtp.example.org", "username": "papers", "password": "hunter2"}
    return SmtpSettings(**{**defaults, **fields})


def said(offered: str, *replies: Reply, **fields: Any) -> list[str]:
    """Log in at a server that offers some mechanisms and gives these replies; return what was said to it."""
    answers, lines = iter(replies), list[str]()

    async def ask(line: str) -> Reply:
        lines.append(line)
        return next(answers)

    asyncio.run(log_in(settings(**fields), offered.split(), ask))
    return lines


def plain(text: str) -> str:
    """Return what stands in base64."""
    return b64decode(text).decode()


def printing(text: str, *, code: int = 0, complaint: str = "") -> tuple[str, ...]:
    """Return a command that prints `text` and ends with `code`."""
    program = f"import sys; sys.stdout.write({text!r}); sys.stderr.write({complaint!r}); sys.exit({code})"
    return (sys.executable, "-S", "-c", program)


# ------------------------------------------------------------------ passwords


@pytest.mark.parametrize("offered", ["PLAIN", "LOGIN PLAIN", "PLAIN LOGIN XOAUTH2 GSSAPI"])
def test_a_password_goes_by_plain_where_it_can(offered: str) -> None:
    """One line: nobody, who, the password (RFC 4616)."""
    [line] = said(offered, WELCOME)

    verb, mechanism, secret = line.split(" ")
    assert (verb, mechanism, plain(secret)) == ("AUTH", "PLAIN", "\0papers\0hunter2")


def test_a_password_goes_by_login_where_nothing_else_is_offered() -> None:
    """Two questions, whatever words the server puts them in."""
    lines = said("LOGIN GSSAPI", Reply(334, "VXNlcm5hbWU6"), Reply(334, "?"), WELCOME)

    assert [lines[0], *map(plain, lines[1:])] == ["AUTH LOGIN", "papers", "hunter2"]


@pytest.mark.parametrize("offered", ["PLAIN", "LOGIN"])
def test_a_password_beyond_ascii_is_said_in_utf_8(offered: str) -> None:
    """RFC 4616 says so; smtplib ends in a traceback."""
    lines = said(offered, *[GO_ON] * (2 if offered == "LOGIN" else 0), WELCOME, username="jörg", password="pässwörd")

    assert "pässwörd" in plain(lines[-1].split(" ")[-1])


def test_a_long_password_is_one_line() -> None:
    """Base64 in lines of 76 would end the command."""
    [line] = said("PLAIN", WELCOME, password="x" * 500)

    assert "\n" not in line


@pytest.mark.parametrize(
    ("offered", "replies", "kind"),
    [
        ("PLAIN", [Reply(535, "5.7.8 bad credentials")], ServerRefused),
        ("PLAIN", [Reply(534, "5.7.9 too weak a mechanism")], ServerRefused),
        ("PLAIN", [Reply(454, "4.7.0 no answer from the directory")], ServerUnavailable),
        ("PLAIN", [Reply(421, "4.3.2 closing")], ServerUnavailable),
        ("PLAIN", [Reply(334, "what else?")], ServerUnavailable),
        ("PLAIN", [Reply(-1, "nonsense")], ServerUnavailable),
        ("LOGIN", [Reply(504, "5.5.4 not this one")], ServerRefused),
        ("LOGIN", [GO_ON, Reply(535, "5.7.8 nobody of that name")], ServerRefused),
        ("LOGIN", [GO_ON, GO_ON, Reply(535, "5.7.8 wrong")], ServerRefused),
        ("LOGIN", [GO_ON, GO_ON, GO_ON], ServerUnavailable),
    ],
)
def test_a_login_that_fails_is_told_with_the_way_out_and_without_the_password(
    offered: str, replies: list[Reply], kind: type[DeliveryError]
) -> None:
    """5yz for good, everything else for now."""
    with pytest.raises(kind, match=r"^login failed: .*; check smtp\.username and smtp\.password$") as error:
        said(offered, *replies)

    assert error.value.code == max(replies[-1].code, 0)
    told = str(error.value) + repr(error.value.__cause__)
    assert "hunter2" not in told
    assert b64encode(b"hunter2").decode() not in told


@pytest.mark.parametrize(
    ("offered", "fields", "told"),
    [
        ("", {}, "takes no login by LOGIN; it offers none; remove smtp.username if the server needs none"),
        ("GSSAPI", {}, "takes no login by LOGIN; it offers GSSAPI; check smtp.host and smtp.port"),
        ("LOGIN PLAIN", {"token_command": ("false",)}, "takes no login by XOAUTH2; it offers LOGIN, PLAIN"),
    ],
)
def test_a_server_without_a_login_we_can_use_is_told_what_it_offers(
    offered: str, fields: dict[str, Any], told: str
) -> None:
    """The settings and the server do not fit; nothing is said to it."""
    with pytest.raises(ServerRefused, match=f"^login failed: the server {told}"):
        said(offered, **fields)


# ------------------------------------------------------------------ tokens


def test_a_token_goes_by_xoauth2_even_where_a_password_would_do() -> None:
    """As the command printed it, without the line's end."""
    [line] = said("PLAIN XOAUTH2", WELCOME, token_command=printing("ya29.token\n"))

    verb, mechanism, secret = line.split(" ")
    assert (verb, mechanism) == ("AUTH", "XOAUTH2")
    assert plain(secret) == "user=papers\1auth=Bearer ya29.token\1\1"


def test_why_a_token_is_refused_is_asked_for_with_an_empty_line() -> None:
    """The reason comes as a question, and the refusal only then."""
    reason = Reply(334, b64encode(b'{"status":"400"}').decode())

    with pytest.raises(ServerRefused, match=r"5\.7\.8 expired; check smtp\.username and smtp\.token_command$") as error:
        said("XOAUTH2", reason, Reply(535, "5.7.8 expired"), token_command=printing("ya29.token"))

    assert "ya29" not in str(error.value)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (
            printing("", complaint="no refresh token\nrun it once by hand"),
            "ended with 0: no refresh token run it once by",
        ),
        (printing(""), "ended with 0: it printed nothing"),
        (printing(" \n\n"), "ended with 0: it printed nothing"),
        (printing("ya29.secret", code=3, complaint="expired"), "ended with 3: expired"),
        (printing("ya29.secret", code=3), "ended with 3"),
        (("/nowhere/at/all", "x"), "cannot be run: No such file or directory"),
        ((str(Path(__file__).parent), "x"), "cannot be run: Permission denied"),
    ],
    ids=["complains", "silent", "blank", "fails", "fails silently", "missing", "a folder"],
)
def test_a_command_that_gives_no_token_is_told_with_its_complaint(command: tuple[str, ...], told: str) -> None:
    """And without what it printed, which may be a token."""
    with pytest.raises(ServerRefused, match=r"^login failed: smtp\.token_command \(") as error:
        asyncio.run(access_token(command))

    assert told in str(error.value)
    assert "ya29" not in str(error.value)


def test_a_command_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute in life; the run tries again later."""
    monkeypatch.setattr(login, "_COMMAND_SECONDS", 0.1)
    hanging = (sys.executable, "-S", "-c", "import signal; signal.pause()")

    with pytest.raises(ServerUnavailable, match=r"did not end in 0\.1 seconds"):
        asyncio.run(access_token(hanging))


def test_a_command_is_asked_anew_for_each_connection(tmp_path: Path) -> None:
    """Tokens live an hour; a run may live longer."""
    count = tmp_path / "count"
    program = (
        f"import pathlib; p = pathlib.Path({str(count)!r}); n = p.read_text() + 'x' if p.exists() else 'x';"
        "p.write_text(n); print('token', len(n), sep='')"
    )
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250 AUTH XOAUTH2"}
    with OddSmtp(answers) as server:
        mailer = SmtpMailer(server.settings(username="papers", token_command=(sys.executable, "-S", "-c", program)))
        for _ in range(2):
            hand_over(mailer, MESSAGE, sender="papers@example.org", recipient="ada@example.org")

    logins = [plain(command.split(" ")[2]) for command in server.commands if command.startswith("AUTH")]
    assert [login.split("Bearer ")[1].strip("\1") for login in logins] == ["token1", "token2"]


# ------------------------------------------------------------------ real servers


def test_a_login_at_a_server_that_asks_twice_goes_through_tls() -> None:
    """The whole conversation, and mail after it."""
    answers: dict[str, Answer] = {"EHLO": "250-odd\r\n250-AUTH LOGIN\r\n250 PIPELINING", "AUTH": "334 VXNlcm5hbWU6"}
    replies = iter(["334 UGFzc3dvcmQ6", "235 2.7.0 welcome"])
    answers["334"] = lambda _: next(replies)
    with OddSmtp(answers, tls=True) as server:
        login = {"username": "papers", "password": "hunter2", "encryption": Encryption.TLS}
        mailer = SmtpMailer(server.settings(**login), tls=trusting())
        hand_over(mailer, MESSAGE, sender="papers@example.org", recipient="ada@example.org")

    assert server.taken == [MESSAGE]
    assert [plain(line) for line in server.commands[2:4]] == ["papers", "hunter2"]


@pytest.fixture(params=["PLAIN", "LOGIN"])
def guarded(request: pytest.FixtureRequest) -> Iterator[SmtpSettings]:
    """Give a server by somebody else that knows one password."""

    def known(_server: object, _session: object, _envelope: object, _mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (b"papers", "pässwörd".encode())
        return AuthResult(success=good, handled=False)

    other = {"PLAIN", "LOGIN"} - {request.param}
    controller = Controller(
        Sink(),
        hostname="127.0.0.1",
        port=closed_port(),
        server_hostname="localhost",
        authenticator=known,
        auth_require_tls=False,
        auth_exclude_mechanism=other,
    )
    controller.start()
    yield SmtpSettings("127.0.0.1", controller.port, Encryption.NONE, "papers", "pässwörd", timeout_seconds=5)
    controller.stop()


def test_a_server_by_somebody_else_takes_the_login(guarded: SmtpSettings) -> None:
    """By PLAIN and by LOGIN, with letters beyond ASCII."""
    reply = hand_over(SmtpMailer(guarded), MESSAGE, sender="papers@example.org", recipient="ada@example.org")

    assert reply.code == 250


def test_a_server_by_somebody_else_refuses_a_wrong_password(guarded: SmtpSettings) -> None:
    """And what it says is told."""
    wrong = SmtpMailer(SmtpSettings("127.0.0.1", guarded.port, Encryption.NONE, "papers", "wrong", timeout_seconds=5))

    with pytest.raises(ServerRefused, match=r"login failed: 535 5\.7\.8"):
        hand_over(wrong, MESSAGE, sender="papers@example.org", recipient="ada@example.org")
