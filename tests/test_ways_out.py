"""Ways out that are no server: folders, and the sendmail of a host. Real files, real commands."""

from __future__ import annotations

import asyncio
import mailbox
import os
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import children
import dkim  # type: ignore[import-untyped]
import pytest
from makers import DAY, NOW, an_email

from newsletter.deliver import Mailer, Reply, deliver
from newsletter.deliver.dkim import Signer
from newsletter.deliver.folders import FileMailer, MaildirMailer
from newsletter.deliver.keys import public_record
from newsletter.deliver.message import as_bytes
from newsletter.deliver.sendmail import SendmailMailer
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.models import Delivery, DeliveryState, DkimKey
from newsletter.store import Queued, Store

MESSAGE = as_bytes(an_email())
FOLDERS: dict[str, Callable[[Path], Mailer]] = {"maildir": MaildirMailer, "file": FileMailer}
Script = Callable[[str], Path]


def send(
    mailer: Mailer,
    message: bytes = MESSAGE,
    *,
    sender: str = "papers@example.org",
    recipient: str = "ada@example.org",
    before_dot: Callable[[], object] = lambda: None,
) -> Reply:
    """Hand over one message, with what a test does before the dot."""

    async def once() -> Reply:
        async def noted() -> None:
            before_dot()

        session = mailer.session()
        try:
            return await session.send(message, sender=sender, recipient=recipient, before_dot=noted)
        finally:
            await session.close()

    return asyncio.run(once())


def files_in(folder: Path) -> list[Path]:
    """Return every file under a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def never() -> None:
    """Fail: nobody should have asked."""
    raise AssertionError("the dot was noted")


# ------------------------------------------------------------------ folders


def test_mail_programs_read_the_maildir(tmp_path: Path) -> None:
    """What arrives is new, whole, and says where it went."""
    reply = send(MaildirMailer(tmp_path / "a" / "mail"))

    [message] = mailbox.Maildir(tmp_path / "a" / "mail", create=False)
    [path] = files_in(tmp_path)
    assert message["Subject"] == "3 papers worth your time"
    assert (message["Return-Path"], message["Delivered-To"]) == ("<papers@example.org>", "ada@example.org")
    assert path.parent == tmp_path / "a" / "mail" / "new"
    assert path.read_bytes().endswith(MESSAGE.replace(b"\r\n", b"\n"))
    assert reply == (250, f"2.0.0 written to {path}")
    assert {each.name for each in (tmp_path / "a" / "mail").iterdir()} == {"cur", "new", "tmp"}


def test_each_email_is_a_file_that_says_what_it_is(tmp_path: Path) -> None:
    """By date, recipient and Message-ID, with lines that end as they are sent."""
    send(FileMailer(tmp_path / "out"), sender="")

    [path] = files_in(tmp_path)
    assert path == tmp_path / "out" / "20261120T080000Z-ada@example.org-i20261120.s1@example.org.eml"
    assert path.read_bytes() == b"Return-Path: <>\r\nDelivered-To: ada@example.org\r\n" + MESSAGE


@pytest.mark.parametrize("kind", FOLDERS)
def test_nobody_else_reads_what_is_written(kind: str, tmp_path: Path) -> None:
    """Who reads what is between them and the newsletter."""
    send(FOLDERS[kind](tmp_path / "out"))

    [path] = files_in(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) & 0o077 == 0 or kind == "maildir"


@pytest.mark.parametrize("kind", FOLDERS)
def test_another_attempt_takes_the_place_of_the_first(kind: str, tmp_path: Path) -> None:
    """The same message to the same reader is one file; another reader's or another message's is its own."""
    mailer = FOLDERS[kind](tmp_path / "out")
    for _ in range(3):
        send(mailer)
    assert len(files_in(tmp_path)) == 1

    send(mailer, recipient="grace@example.org")
    send(mailer, as_bytes(an_email(message_id="<i20261121.s1@example.org>")))
    send(mailer, b"Subject: without a Message-ID\r\n\r\none\r\nMessage-ID: <quoted@example.org>\r\n")
    send(mailer, b"Subject: without a Message-ID\r\n\r\nanother\r\nMessage-ID: <quoted@example.org>\r\n")

    assert len(files_in(tmp_path)) == 5

    for recipient in ("a/b@example.org", "a_b@example.org", "a|b@example.org"):
        send(mailer, recipient=recipient)

    assert len(files_in(tmp_path)) == 8


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_signature_holds_in_a_folder(kind: str, tmp_path: Path) -> None:
    """What is written before the message, and how lines end, breaks none."""
    pem = (Path(__file__).parent / "data" / "dkim" / "ed25519.pem").read_text()
    key = DkimKey("example.org", "papers", pem)
    signed = Signer((key,)).sign(MESSAGE, at=datetime(2020, 5, 17, tzinfo=UTC))

    send(FOLDERS[kind](tmp_path / "out"), signed)

    [path] = files_in(tmp_path)
    assert dkim.verify(path.read_bytes(), dnsfunc=lambda *_, **__: public_record(key).encode())


@pytest.mark.parametrize("kind", FOLDERS)
def test_nothing_is_seen_before_the_dot_is_noted(kind: str, tmp_path: Path) -> None:
    """The draft is on the disk by then, whole, where no mail program looks."""
    seen: list[Path] = []
    send(FOLDERS[kind](tmp_path / "out"), before_dot=lambda: seen.extend(files_in(tmp_path)))

    [draft] = seen
    [path] = files_in(tmp_path)
    assert (draft.parent.name, draft.name[0]) == ("tmp" if kind == "maildir" else "out", ".")
    assert draft.suffix != ".eml"
    assert path != draft


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_what_is_abandoned_before_the_dot_leaves_nothing(kind: str, error: type[BaseException], tmp_path: Path) -> None:
    """The error is the one that was raised, and no file stays."""

    def abandon() -> None:
        raise error("overtaken")

    with pytest.raises(error, match="overtaken"):
        send(FOLDERS[kind](tmp_path / "out"), before_dot=abandon)

    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    "recipient", ["", "ada", "../../ada@example.org\n", "a b@example.org", "a@b>\r\nBcc: eve@example.org", "a\0@b.org"]
)
@pytest.mark.parametrize("kind", FOLDERS)
def test_what_no_server_could_be_given_is_refused(kind: str, recipient: str, tmp_path: Path) -> None:
    """A test shows what would happen in earnest."""
    with pytest.raises(RecipientRefused, match=r"5\.1\.3"):
        send(FOLDERS[kind](tmp_path / "out"), recipient=recipient, before_dot=never)
    with pytest.raises(ServerRefused, match=r"the sender: 5\.1\.3"):
        send(FOLDERS[kind](tmp_path / "out"), sender=recipient or "x", before_dot=never)

    assert files_in(tmp_path) == []


@pytest.mark.parametrize(
    ("recipient", "message_id"),
    [
        ("etc/./x@example.org", "<../../x@example.org>"),
        ("/etc/x@example.org", "</etc/passwd>"),
        ("é" * 30 + "@bücher.example", "<é@example.org>"),
        ("a" * 64 + "@" + "b" * 60 + "." + "c" * 60 + ".org", f"<{'d' * 900}@example.org>"),
        ("-rf@example.org", "<-rf@example.org>"),
        ("${id}@example.org", "<`id`@example.org>"),
    ],
)
def test_no_address_and_no_message_id_leads_out_of_the_folder(recipient: str, message_id: str, tmp_path: Path) -> None:
    """A name is plain, short, and still its own."""
    message = f"Message-ID:\r\n {message_id}\r\nDate: yesterday\r\n\r\nx\r\n".encode()
    for other in (message, message.replace(b"@", b"@x.")):
        send(FileMailer(tmp_path / "out"), other, recipient=recipient)

    paths = files_in(tmp_path)
    assert [path.parent for path in paths] == [tmp_path / "out"] * len(paths)
    assert len(paths) == (1 if "@" not in message_id else 2)
    assert all(re.fullmatch(r"undated-[A-Za-z0-9@._+~-]+\.eml", path.name) and len(path.name) < 200 for path in paths)


@pytest.mark.parametrize("date", [b"", b"Date: \r\n", b"Date: \xff\r\n", b"Date: Fri, 99 Nov 2026 08:00:00 +0000\r\n"])
def test_a_message_without_a_date_is_written_all_the_same(date: bytes, tmp_path: Path) -> None:
    """A name is a convenience."""
    send(FileMailer(tmp_path), date + b"Message-ID: <1@example.org>\r\n\r\nDate: Fri, 20 Nov 2026 08:00:00 +0000\r\n")

    assert [path.name for path in files_in(tmp_path)] == ["undated-ada@example.org-1@example.org.eml"]


IN_NEED = """
import asyncio, os, resource, sys, tempfile
from pathlib import Path
from newsletter.deliver import hand_over
from newsletter.deliver.folders import FileMailer, MaildirMailer
from newsletter.deliver.sendmail import SendmailMailer
from newsletter.errors import DeliveryError
kind, need, folder = sys.argv[1:]
tempfile.gettempdir()
mailer = {"maildir": MaildirMailer, "file": FileMailer}[kind](Path(folder)) if kind != "sendmail" else SendmailMailer([folder])
if need == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
elif os.geteuid() == 0:
    os.seteuid(65534)
try:
    hand_over(mailer, b"x" * 50_000, sender="papers@example.org", recipient="ada@example.org")
except DeliveryError as error:
    print(type(error).__name__, error)
"""  # noqa: E501 - a program


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize(("need", "told"), [("full", "File too large"), ("forbidden", "Permission denied")])
def test_a_folder_that_takes_nothing_is_named(kind: str, need: str, told: str, tmp_path: Path) -> None:
    """Certainly not delivered: it waits. No half of a file stays. (The limit of a process stands for a full disk.)"""
    folder = tmp_path / "out"
    if need == "forbidden":
        folder.mkdir(mode=0o500)

    printed, complaint = children.run(IN_NEED, kind, need, str(folder))

    assert (printed, complaint) == (f"ServerUnavailable {folder}: {told}; nothing was written\n", "")
    assert files_in(tmp_path) == []


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_file_in_the_place_of_the_folder_is_told(kind: str, tmp_path: Path) -> None:
    """It is left as it is."""
    (tmp_path / "out").write_text("mine")

    with pytest.raises(ServerUnavailable, match=rf"{tmp_path / 'out'}: .*; nothing was written"):
        send(FOLDERS[kind](tmp_path / "out"), before_dot=never)

    assert (tmp_path / "out").read_text() == "mine"


# ------------------------------------------------------------------ sendmail


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Return what writes a command that notes how it is called, in `args` and `message`, and then does as told."""

    def write(then: str) -> Path:
        path = tmp_path / "sendmail"
        path.write_text(
            f"#!/bin/sh\ncd '{tmp_path}'\nfor each in \"$@\"; do printf '%s\\n' \"$each\"; done > args\n"
            f"cat > message\n{then}\n"
        )
        path.chmod(0o755)
        return path

    return write


def test_the_command_gets_the_envelope_as_arguments_and_the_message(script: Script, tmp_path: Path) -> None:
    """With lines as they end on this system, and after the arguments of the settings."""
    command = script("echo queued")

    reply = send(SendmailMailer([str(command), "-oi", "-C/dev/null"]))

    assert reply == (250, f"2.0.0 taken by {command}")
    arguments = ["-oi", "-C/dev/null", "-i", "-f", "papers@example.org", "--", "ada@example.org"]
    assert (tmp_path / "args").read_text().splitlines() == arguments
    assert (tmp_path / "message").read_bytes() == MESSAGE.replace(b"\r\n", b"\n")
    assert message_from_bytes((tmp_path / "message").read_bytes())["To"] == "Ada <ada@example.org>"


@pytest.mark.parametrize(
    "recipient",
    ["-oQ/tmp@example.org", "`touch${IFS}pwned`@example.org", "$HOME@example.org", "'|touch&pwned|'@example.org"],
)
def test_no_address_is_an_option_or_reaches_a_shell(recipient: str, script: Script, tmp_path: Path) -> None:
    """It is one argument, behind the end of the options."""
    send(SendmailMailer([str(script("exit 0"))]), sender="", recipient=recipient)

    assert (tmp_path / "args").read_text().splitlines() == ["-i", "-f", "<>", "--", recipient]
    assert not list(tmp_path.glob("*pwned*"))


def test_addresses_beyond_ascii_are_passed_on(script: Script, tmp_path: Path) -> None:
    """The domain in ASCII, what stands before it as it is (RFC 6531)."""
    send(SendmailMailer([str(script("exit 0"))]), recipient="jörg@bücher.example")

    assert (tmp_path / "args").read_text("utf-8").splitlines()[-1] == "jörg@xn--bcher-kva.example"


@pytest.mark.parametrize("recipient", ["", "ada", "a b@example.org", "a@example.org\n-v", "a\0@example.org"])
def test_what_is_no_address_starts_nothing(recipient: str, script: Script, tmp_path: Path) -> None:
    """Neither as a recipient nor as a sender."""
    mailer = SendmailMailer([str(script("exit 0"))])

    with pytest.raises(RecipientRefused, match=r"5\.1\.3"):
        send(mailer, recipient=recipient, before_dot=never)
    with pytest.raises(ServerRefused, match=r"the sender: 5\.1\.3"):
        send(mailer, sender=recipient or "x", before_dot=never)

    assert not (tmp_path / "args").exists()


@pytest.mark.parametrize(
    ("status", "kind", "code", "told"),
    [
        (65, RecipientRefused, 554, r"554 5\.6\.0 .*/sendmail ended with 65 \(EX_DATAERR\): because of it"),
        (67, RecipientRefused, 550, r"550 5\.1\.1 .*/sendmail ended with 67 \(EX_NOUSER\): because of it"),
        (68, RecipientRefused, 550, r"550 5\.1\.2 .*/sendmail ended with 68 \(EX_NOHOST\): because of it"),
        (69, ServerUnavailable, 451, r"451 4\.3\.0 .*/sendmail ended with 69 \(EX_UNAVAILABLE\)"),
        (75, ServerUnavailable, 451, r"451 4\.3\.0 .*/sendmail ended with 75 \(EX_TEMPFAIL\): because of it"),
        (1, ServerUnavailable, 451, r"451 4\.3\.0 .*/sendmail ended with 1: because of it"),
        (255, ServerUnavailable, 451, r"451 4\.3\.0 .*/sendmail ended with 255: because of it"),
        (64, ServerRefused, 0, r"ended with 64 \(EX_USAGE\): because of it; check deliver\.sendmail"),
        (77, ServerRefused, 0, r"ended with 77 \(EX_NOPERM\): because of it; check deliver\.sendmail"),
        (78, ServerRefused, 0, r"ended with 78 \(EX_CONFIG\): because of it; check deliver\.sendmail"),
        (127, ServerRefused, 0, r"ended with 127: because of it; check deliver\.sendmail"),
        (143, OutcomeUnknown, 0, r"was ended by signal 15: because of it; it may have sent the message"),
    ],
)
def test_an_exit_status_decides(status: int, kind: type[DeliveryError], code: int, told: str, script: Script) -> None:
    """As sysexits.h says; what the command printed is told on one line."""
    command = script(f"echo because; echo of it >&2\nexit {status}")

    with pytest.raises(DeliveryError, match=told) as caught:
        send(SendmailMailer([str(command)]))

    assert (type(caught.value), caught.value.code) == (kind, code)


@pytest.mark.parametrize("signal", ["KILL", "TERM", "SEGV"])
def test_a_command_that_is_killed_may_have_sent_it(signal: str, script: Script) -> None:
    """Nobody knows."""
    with pytest.raises(OutcomeUnknown, match=r"was ended by signal .* it printed nothing; it may have sent"):
        send(SendmailMailer([str(script(f"kill -{signal} $$"))]))


def test_a_long_complaint_is_cut(script: Script) -> None:
    """A log is no place for a novel, nor for what is no text."""
    with pytest.raises(ServerUnavailable) as caught:
        send(SendmailMailer([str(script("head -c 100000 /dev/zero | tr '\\0' '\\377'; exit 75"))]))

    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("name", ["missing", "folder", "text", "text/x"])
def test_a_command_that_cannot_be_run_is_named(name: str, tmp_path: Path) -> None:
    """No other message would fare better."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no program")

    with pytest.raises(ServerRefused, match=f"deliver.sendmail: {tmp_path / name} cannot be run: "):
        send(SendmailMailer([str(tmp_path / name)]))


def test_the_command_starts_after_the_dot_is_noted(script: Script, tmp_path: Path) -> None:
    """Once it has the message it sends it, whatever becomes of us."""
    command, seen = script("exit 0"), []
    send(SendmailMailer([str(command)]), before_dot=lambda: seen.append((tmp_path / "args").exists()))
    assert (seen, (tmp_path / "args").exists()) == ([False], True)

    (tmp_path / "args").unlink()
    with pytest.raises(AssertionError, match="the dot was noted"):
        send(SendmailMailer([str(command)]), before_dot=never)
    assert not (tmp_path / "args").exists()


def test_no_room_for_the_message_starts_nothing(script: Script, tmp_path: Path) -> None:
    """The folder for temporary files is named."""
    printed, complaint = children.run(IN_NEED, "sendmail", "full", str(script("exit 0")))

    assert re.fullmatch(r"ServerUnavailable /.*: File too large; nothing was sent\n", printed), complaint
    assert not (tmp_path / "args").exists()


def test_a_command_that_does_not_end_is_ended_with_all_it_started(script: Script, tmp_path: Path) -> None:
    """It may have sent the message; nothing of it stays."""
    for name in ("alive", "never"):
        os.mkfifo(tmp_path / name)
    alive = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)

    with pytest.raises(OutcomeUnknown, match=r"did not end within 0\.2 seconds; it may have sent the message"):
        send(SendmailMailer([str(script("exec 3> alive\ncat never &\nwait"))], patience_seconds=0.2))

    os.set_blocking(alive, True)
    assert os.read(alive, 1) == b""  # nobody is left to write to it
    os.close(alive)


def test_a_command_may_go_on_behind_our_back(script: Script, tmp_path: Path) -> None:
    """What it leaves running keeps nobody waiting, whatever it holds open."""
    os.mkfifo(tmp_path / "go")

    reply = send(SendmailMailer([str(script("cat go &"))]))

    assert reply.code == 250
    (tmp_path / "go").write_text("")


SENDER = """
import sys
from newsletter.deliver import hand_over
from newsletter.deliver.sendmail import SendmailMailer
message = b"Subject: x\\r\\n\\r\\n" + b"a line\\r\\n" * 20_000 + b"the end\\r\\n"
hand_over(SendmailMailer([sys.argv[1]]), message, sender="papers@example.org", recipient="ada@example.org")
"""


def test_whoever_kills_us_no_half_of_a_message_is_sent(tmp_path: Path) -> None:
    """The command reads a file to its end, and not a pipe that ends with us."""
    for name in ("started", "go", "done"):
        os.mkfifo(tmp_path / name)
    command = tmp_path / "sendmail"
    command.write_text(
        f"#!/bin/sh\ncd '{tmp_path}'\nhead -c 100 > message\necho > started\ncat go\ncat >> message\necho > done\n"
    )
    command.chmod(0o755)

    with children.start(SENDER, str(command)) as child:
        (tmp_path / "started").read_text()
        child.kill()
        child.wait()
    (tmp_path / "go").write_text("on")
    (tmp_path / "done").read_text()

    assert (tmp_path / "message").read_bytes().endswith(b"a line\nthe end\n")


# ------------------------------------------------------------------ from the outbox


@pytest.mark.parametrize("way", ["maildir", "file", "sendmail"])
def test_an_outbox_goes_out_by_every_way(way: str, store: Store, script: Script, tmp_path: Path) -> None:
    """Each reader's email once; an address that is refused stops nobody."""
    readers = ("ada@example.org", "no such reader", "grace@example.org", "emmy@example.org")
    expires_at = NOW + timedelta(hours=24)
    store.outbox.queue(
        [Queued(each, DAY, f"<{each}>", MESSAGE, "papers@example.org", each, (), expires_at) for each in readers],
        now=NOW,
    )
    command = script("cat args >> all")
    mailer = SendmailMailer([str(command)]) if way == "sendmail" else FOLDERS[way](tmp_path / "out")
    changed: list[Delivery] = []

    deliver(store.outbox, mailer, clock=lambda: NOW, progress=changed.append)

    states = {delivery.subscriber: delivery.state for delivery in changed}
    assert states == dict.fromkeys(readers, DeliveryState.SENT) | {"no such reader": DeliveryState.FAILED}
    assert way == "sendmail" or len(files_in(tmp_path / "out")) == 3
