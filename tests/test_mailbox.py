"""The mailbox: every mail offered, what is settled marked, what is left unread, nothing ever lost."""

from __future__ import annotations

import os
import socket
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from imap_server import PASSWORD, USER, ImapServer
from makers import NOW
from odd_smtp import trusting

from newsletter.errors import NewsletterError
from newsletter.mailbox import Letter, Mailbox, open_mailbox
from newsletter.mailbox.connection import quoted
from newsletter.mailbox.letter import LONGEST
from newsletter.models import Encryption, ImapSettings, InboxSettings

TODAY = NOW.date()
MAILS = (b"Subject: one\r\n\r\nfirst\r\n", b"Subject: two\r\n\r\nsecond\r\n")


def letters(mailbox: Mailbox) -> list[bytes]:
    """Return what is in a mailbox."""
    return [letter.message for letter in mailbox.letters()]


# ------------------------------------------------------------------ Maildir


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """Return an empty Maildir."""
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    return tmp_path / "mail"


def put(maildir: Path, name: str, message: bytes = MAILS[0], *, days_old: float = 0) -> None:
    """Put a mail into a Maildir, come so many days ago."""
    path = maildir / name
    path.write_bytes(message)
    came = (NOW - timedelta(days=days_old)).timestamp()
    os.utime(path, (came, came))


def opened(maildir: Path, *, read_only: bool = False) -> Mailbox:
    """Return a Maildir, open."""
    with open_mailbox(InboxSettings("papers@example.org", maildir=str(maildir)), now=NOW, read_only=read_only) as found:
        return found


def inside(maildir: Path) -> list[str]:
    """Return the files of a Maildir."""
    return sorted(path.relative_to(maildir).as_posix() for path in maildir.rglob("*") if path.is_file())


def test_mails_come_in_the_order_they_came(maildir: Path) -> None:
    """New ones and those another program has shown already, read or not."""
    put(maildir, "new/2.b", b"second", days_old=1)
    put(maildir, "cur/1.a:2,S", b"first", days_old=2)
    put(maildir, "cur/3.c:2,", b"third")

    assert letters(opened(maildir)) == [b"first", b"second", b"third"]


def test_what_is_settled_is_read_and_what_is_left_is_not(maildir: Path) -> None:
    """In `cur` with an S; the other stays where it was, new."""
    put(maildir, "new/1.a", days_old=1)
    put(maildir, "new/2.b")
    mailbox = opened(maildir)

    first, second = mailbox.letters()
    mailbox.done(first)
    mailbox.leave(second)

    assert inside(maildir) == ["cur/1.a:2,S", "new/2.b"]


def test_flags_of_others_stay(maildir: Path) -> None:
    """Answered and flagged; in the order of the alphabet, as the format wants."""
    put(maildir, "cur/1.a:2,FR")
    put(maildir, "cur/2.b:2,S")
    mailbox = opened(maildir)

    for letter in list(mailbox.letters()):
        mailbox.done(letter)

    assert inside(maildir) == ["cur/1.a:2,FRS", "cur/2.b:2,S"]


def test_a_mail_that_another_program_moved_is_found_again_or_let_go(maildir: Path) -> None:
    """A person reads their mail meanwhile."""
    put(maildir, "new/1.a", days_old=1)
    put(maildir, "new/2.b")
    mailbox = opened(maildir)
    first, second = mailbox.letters()

    (maildir / "new/1.a").rename(maildir / "cur/1.a:2,F")
    (maildir / "new/2.b").unlink()
    mailbox.done(first)
    mailbox.done(second)

    assert inside(maildir) == ["cur/1.a:2,FS"]
    assert letters(opened(maildir)) == [MAILS[0]]


def test_a_mail_that_goes_while_it_is_listed_is_no_error(maildir: Path) -> None:
    """The next one comes all the same."""
    put(maildir, "new/1.a", days_old=1)
    put(maildir, "new/2.b", b"second")
    found = opened(maildir).letters()

    (maildir / "new/1.a").unlink()

    assert [letter.message for letter in found] in ([b"second"], [MAILS[0], b"second"])


def test_a_dry_run_marks_nothing(maildir: Path) -> None:
    """Not even what it would settle."""
    put(maildir, "new/1.a")
    mailbox = opened(maildir, read_only=True)

    for letter in list(mailbox.letters()):
        mailbox.done(letter)

    assert inside(maildir) == ["new/1.a"]


def test_only_mail_is_looked_at(maildir: Path) -> None:
    """No other folder, no hidden file, no link, nothing old, and of a large one the beginning."""
    put(maildir, "new/1.a", b"x" * (LONGEST + 5))
    put(maildir, "new/.hidden")
    put(maildir, "new/0.old", days_old=61)
    put(maildir, "tmp/2.b")
    (maildir / ".Spam" / "new").mkdir(parents=True)
    put(maildir, ".Spam/new/3.c")
    (maildir / "new" / "4.d").symlink_to(maildir / "tmp/2.b")
    (maildir / "new" / "5.e").mkdir()

    assert letters(opened(maildir)) == [b"x" * LONGEST]


def test_a_folder_that_is_no_maildir_is_told(tmp_path: Path) -> None:
    """In one line, with the way out."""
    with pytest.raises(NewsletterError, match=r"inbox\.maildir: .*gone is no Maildir, which has the folders new, cur"):
        opened(tmp_path / "gone")


def test_neither_a_folder_nor_a_server_is_told() -> None:
    """The settings say that there is an inbox, and not where."""
    with (
        pytest.raises(NewsletterError, match="needs a `maildir` or `imap`"),
        open_mailbox(InboxSettings("papers@example.org"), now=NOW),
    ):
        pass


# ------------------------------------------------------------------ IMAP


def settle(server: ImapServer, *, read_only: bool = False, settings: ImapSettings | None = None) -> list[bytes]:
    """Open the folder, settle the first mail, leave the others, and return them all."""
    inbox = InboxSettings("papers@example.org", imap=settings or server.settings())
    found: list[Letter] = []
    with open_mailbox(inbox, now=NOW, read_only=read_only, tls=trusting()) as mailbox:
        for letter in mailbox.letters():
            (mailbox.leave if found else mailbox.done)(letter)
            found.append(letter)
    return [letter.message for letter in found]


def refused(settings: ImapSettings, *, tls: bool = True) -> str:
    """Return the one line that says why a mailbox cannot be read."""
    inbox = InboxSettings("papers@example.org", imap=settings)
    with (
        pytest.raises(NewsletterError) as caught,
        open_mailbox(inbox, now=NOW, tls=trusting() if tls else None) as mailbox,
    ):
        list(mailbox.letters())
    told = str(caught.value)
    assert "\n" not in told
    assert PASSWORD not in told
    return told


def test_mails_are_looked_at_once_and_stay_unread() -> None:
    """What is settled is read; both get the keyword, so that nothing is fetched twice."""
    with ImapServer(*MAILS, came=TODAY) as server:
        assert settle(server) == list(MAILS)
        assert server.flags(1) == {"\\Seen", "$Newsletter"}
        assert server.flags(2) == {"$Newsletter"}
        assert settle(server) == []
        assert server.fetched == [1, 2]


def test_what_a_person_has_read_is_looked_at_too() -> None:
    """They may be faster than we are."""
    with ImapServer(came=TODAY) as server:
        server.add(MAILS[0], TODAY, "\\Seen")
        assert settle(server) == [MAILS[0]]


def test_old_mail_is_not_fetched_and_a_large_one_not_whole() -> None:
    """A mailbox of ten years has no place here."""
    with ImapServer(b"old", came=TODAY - timedelta(days=61)) as server:
        server.add(b"x" * (LONGEST + 9), TODAY - timedelta(days=59))
        assert settle(server) == [b"x" * LONGEST]


def test_a_dry_run_opens_the_folder_read_only() -> None:
    """EXAMINE, so that the server itself would refuse a mark."""
    with ImapServer(*MAILS, came=TODAY) as server:
        assert settle(server, read_only=True) == list(MAILS)
        assert [server.flags(uid) for uid in (1, 2)] == [set(), set()]
        assert any(command.startswith("EXAMINE") for command in server.commands)
        assert not any("STORE" in command for command in server.commands)


def test_without_keywords_what_is_settled_is_moved() -> None:
    """Into a folder that is made once; what is left stays, unread, and is looked at again for two weeks."""
    with ImapServer(*MAILS, came=TODAY, keywords=False, moves=True) as server:
        server.add(b"old", TODAY - timedelta(days=15))
        assert settle(server) == list(MAILS)
        assert server.flags(1, "Newsletter") == {"\\Seen"}
        assert list(server.folders["INBOX"]) == [2, 3]
        assert server.flags(2) == set()
        assert settle(server) == [MAILS[1]]
        assert list(server.folders["Newsletter"]) == [1, 2]


def test_without_keywords_and_moving_it_is_only_marked_as_read() -> None:
    """The poorest server keeps what it can; what was taken is known by its content."""
    with ImapServer(*MAILS, came=TODAY, keywords=False) as server:
        assert settle(server) == list(MAILS)
        assert server.flags(1) == {"\\Seen"}
        assert settle(server) == list(MAILS)


@pytest.mark.parametrize("how", ["tls", "starttls"])
def test_the_connection_is_encrypted(how: str) -> None:
    """From the first byte, or before the password."""
    with ImapServer(*MAILS, came=TODAY, tls=how == "tls", starttls=how == "starttls") as server:
        assert settle(server) == list(MAILS)
        if how == "starttls":
            names = [command.split()[0] for command in server.commands]
            assert names.index("STARTTLS") < names.index("AUTHENTICATE")


@pytest.mark.parametrize("plain", [True, False])
def test_the_login_takes_any_password(plain: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Quotes and backslashes among it, by PLAIN or by LOGIN."""
    with ImapServer(*MAILS, came=TODAY, plain=plain) as server:
        assert settle(server) == list(MAILS)
        assert any(command.startswith("AUTHENTICATE PLAIN") for command in server.commands) is plain


def test_a_token_is_asked_for_and_used() -> None:
    """XOAUTH2, by the operator's own command."""
    command = (sys.executable, "-c", "print('ya29.token')")
    with ImapServer(*MAILS, came=TODAY, token="ya29.token") as server:
        assert settle(server, settings=server.settings(password="", token_command=command)) == list(MAILS)


def test_a_folder_of_any_name_is_opened() -> None:
    """Letters beyond ASCII in modified UTF-7 (RFC 3501 §5.1.3)."""
    with ImapServer(came=TODAY) as server:
        server.add(MAILS[0], TODAY, folder="Entw&APw-rfe")
        assert settle(server, settings=server.settings(folder="Entwürfe")) == [MAILS[0]]


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", '"INBOX"'),
        ('a"b\\', r'"a\"b\\"'),
        ("A&B", '"A&-B"'),
        ("收件箱", '"&ZTZO9nux-"'),
        ("x\r\nA1", '"x&AA0ACg-A1"'),
    ],
)
def test_a_folders_name_ends_no_command(name: str, written: str) -> None:
    """Whatever it holds."""
    assert quoted(name) == written


# ------------------------------------------------------------------ what can be wrong


def test_no_password_goes_out_unencrypted() -> None:
    """Neither to a server elsewhere, nor where somebody took STARTTLS away."""
    settings = ImapSettings("imap.example.org", encryption=Encryption.NONE, username=USER, password=PASSWORD)
    assert "set inbox.imap.encryption to tls or starttls" in refused(settings)

    with ImapServer(came=TODAY) as server:
        told = refused(server.settings(encryption=Encryption.STARTTLS))
        assert "offers no STARTTLS, so no password was sent" in told
        assert not any(command.startswith(("LOGIN", "AUTH")) for command in server.commands)


def test_a_certificate_that_is_not_trusted_is_told() -> None:
    """Nobody's authority, or another name."""
    with ImapServer(came=TODAY, tls=True) as server:
        assert "its certificate is not trusted: self-signed certificate" in refused(server.settings(), tls=False)
        assert "inbox.imap.host must be the name it is made for" in refused(server.settings(host="127.0.0.1"))


def test_a_server_that_is_not_there_is_told() -> None:
    """No such name, nobody at the port, nobody who speaks TLS, or no IMAP."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = ImapSettings("localhost", probe.getsockname()[1], Encryption.TLS, USER, PASSWORD, timeout_seconds=2)
        assert "Connection refused; check inbox.imap.host and inbox.imap.port" in refused(nobody)
    with ImapServer(came=TODAY) as plain:
        assert "check inbox.imap.port and inbox.imap.encryption" in refused(plain.settings(encryption=Encryption.TLS))
    with ImapServer(came=TODAY, banner=b"220 mail ESMTP") as other:
        assert "check inbox.imap.port" in refused(other.settings())


def test_a_server_that_never_answers_is_given_up() -> None:
    """After the time that the settings give."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = ImapSettings("localhost", port, Encryption.NONE, USER, PASSWORD, timeout_seconds=0.2)
        assert "timed out" in refused(settings)


@pytest.mark.parametrize("plain", [True, False])
def test_a_login_that_is_refused_is_told(plain: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """With what the server said, and what to check; never the password."""
    with ImapServer(came=TODAY, plain=plain) as server:
        told = refused(server.settings(password="secret99"))
        assert "login failed: " in told
        assert "no such user or password" in told
        assert "check inbox.imap.username and inbox.imap.password" in told
        assert "secret99" not in told


def test_a_login_that_is_not_offered_is_told() -> None:
    """Some take tokens only."""
    with ImapServer(came=TODAY, plain=False, login=False) as server:
        assert "takes no login by password here; use token_command" in refused(server.settings())


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print('wrong')", "check inbox.imap.username and inbox.imap.token_command"),
        ("import sys; sys.exit('no account')", "ended with 1: no account"),
        ("pass", "ended with 0: it printed nothing"),
    ],
)
def test_a_token_that_is_none_is_told(code: str, said: str) -> None:
    """By the command that should print it."""
    with ImapServer(came=TODAY, token="ya29.token") as server:
        told = refused(server.settings(password="", token_command=(sys.executable, "-c", code)))
        assert said in told
        assert "wrong" not in told


def test_a_token_command_that_is_not_there_is_told() -> None:
    """By its name."""
    with ImapServer(came=TODAY, token="x") as server:
        told = refused(server.settings(password="", token_command=("/no/such/program",)))
        assert "token_command (/no/such/program) cannot be run: No such file" in told


def test_a_folder_that_is_missing_is_told_with_those_that_are_there() -> None:
    """So that the next try is right."""
    with ImapServer(came=TODAY) as server:
        told = refused(server.settings(folder="Papers"))
        assert "no folder Papers (there is no such folder)" in told
        assert "may be one of: INBOX, Sent, Entw&APw-rfe" in told


@pytest.mark.parametrize("command", ["UID SEARCH", "UID FETCH", "UID STORE", "SELECT", "AUTHENTICATE"])
def test_a_connection_that_breaks_is_told(command: str) -> None:
    """Whenever it does; what was taken before is kept."""
    lost = pytest.raises(NewsletterError, match="the connection was lost")
    with ImapServer(*MAILS, came=TODAY, drop=command) as server, lost:
        settle(server)
