"""The mail server of `demo` and the tests: real SMTP, kept as files."""

from __future__ import annotations

import smtplib
import socket
from pathlib import Path

import pytest

from newsletter.inbox import Inbox
from newsletter.models import Encryption

MESSAGE = b"Subject: Hello\r\n\r\n.a line that begins with a dot\r\n"


def send(inbox: Inbox, *recipients: str) -> None:
    """Send `MESSAGE` as any program would."""
    with smtplib.SMTP(inbox.settings.host, inbox.settings.port, "localhost", timeout=5) as client:
        client.sendmail("papers@example.org", recipients, MESSAGE)


def test_a_message_is_kept_byte_for_byte_under_its_recipient(tmp_path: Path) -> None:
    """What is looked at is what was sent, dots included."""
    with Inbox(tmp_path / "inbox") as inbox:
        send(inbox, "ada@example.org")

    [path] = inbox.paths

    assert path == tmp_path / "inbox" / "001-ada@example.org.eml"
    assert path.read_bytes() == MESSAGE


def test_messages_can_be_read_parsed_in_the_order_they_came(tmp_path: Path) -> None:
    """A test can look at an email as a reader's program does, also when the server is gone."""
    with Inbox(tmp_path) as inbox:
        send(inbox, "ada@example.org", "grace@example.org")
        send(inbox, "ada@example.org")

    assert [path.name[:7] for path in inbox.paths] == ["001-ada", "002-gra", "003-ada"]
    assert [message["Subject"] for message in inbox.messages] == ["Hello"] * 3


def test_a_second_inbox_in_the_same_directory_counts_on(tmp_path: Path) -> None:
    """Nothing that was received before is overwritten."""
    for _ in range(2):
        with Inbox(tmp_path) as inbox:
            send(inbox, "ada@example.org")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["001-ada@example.org.eml", "002-ada@example.org.eml"]


def test_a_recipient_cannot_choose_where_the_file_is_written(tmp_path: Path) -> None:
    """The name of a file is made safe and short."""
    with Inbox(tmp_path) as inbox:
        send(inbox, "../../" + "x" * 300 + "/etc@example.org")

    [path] = inbox.paths

    assert path.parent == tmp_path
    assert len(path.name) < 120


def test_a_refused_recipient_gets_the_reply_it_was_given(tmp_path: Path) -> None:
    """A wrong address can be played."""
    refuse = {"Nobody@example.org": "550 5.1.1 No such user"}

    with Inbox(tmp_path, refuse=refuse) as inbox, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(inbox, "nobody@example.org")

    assert refused.value.recipients == {"nobody@example.org": (550, b"5.1.1 No such user")}
    assert inbox.paths == ()


def test_the_server_is_on_loopback_and_ends_with_the_block(tmp_path: Path) -> None:
    """Nothing is left listening."""
    with Inbox(tmp_path) as inbox:
        settings = inbox.settings

    assert (settings.host, settings.encryption) == ("127.0.0.1", Encryption.NONE)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((settings.host, settings.port), timeout=5).close()


def test_settings_outside_the_block_are_an_error(tmp_path: Path) -> None:
    """There is no server to reach."""
    with pytest.raises(RuntimeError, match="only inside its `with` block"):
        _ = Inbox(tmp_path).settings
