"""What `check` says of how mail leaves and comes back, without asking anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Command
from settings_files import ADA, HEAD, KEY, saved, secretly

SMTP = "smtp: {host: smtp.example.org, max_per_minute: 60%s}\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (SMTP % "", "mail  by smtp.example.org:587 (starttls), 4 connections, at most 60 a minute"),
        (SMTP % ", connections: 1, encryption: tls", "mail  by smtp.example.org:465 (tls), 1 connection, at most"),
        ("deliver: {file: out}\n", "mail  not sent: written into {folder}/out"),
        ("deliver: {sendmail: [/bin/sh, -oi]}\n", "mail  by /bin/sh"),
    ],
)
def test_check_says_how_mail_leaves(newsletter: Command, tmp_path: Path, more: str, expected: str) -> None:
    """On one line, and without a warning that nothing could be sent."""
    saved(tmp_path, HEAD + ADA + more)
    ran = newsletter("check")

    assert ran.code == 0, ran.err
    assert expected.format(folder=tmp_path) in ran.out
    assert "nothing can be sent yet" not in ran.err


def test_check_says_what_signs_and_where_answers_go(newsletter: Command, tmp_path: Path) -> None:
    """The name in the DNS, the address and the server; for programs too, and never a secret."""
    secretly(tmp_path, KEY, "dkim.pem")
    text = SMTP % "" + "dkim: {domain: example.org, selector: papers, private_key_file: dkim.pem}\n"
    text += "inbox: {imap: {host: imap.example.org, username: papers, password: hidden-word}}\n"
    saved(tmp_path, HEAD + ADA + text)
    ran, told = newsletter("check"), newsletter("check", "--json")

    assert "signed   papers._domainkey.example.org" in ran.out
    assert "answers  to papers@example.org, read from imap.example.org" in ran.out
    assert json.loads(told.out)["mail"]["signed"] == "papers._domainkey.example.org"
    assert not (tmp_path / "newsletter.key").exists()
    assert "hidden" not in ran.out + ran.err + told.out + told.err
    assert "PRIVATE" not in ran.out + told.out


def test_check_tells_commands_that_are_not_there(newsletter: Command, tmp_path: Path) -> None:
    """By the key that names them; who sends may do it on another machine."""
    token = ", username: papers, token_command: [no-such-program, x]"
    text = SMTP % token + f"inbox: {{imap: {{host: imap.example.org{token}}}}}\n"
    saved(tmp_path, HEAD + ADA + text)
    err = newsletter("check").err
    saved(tmp_path, HEAD + ADA + "deliver: {sendmail: ./gone -t}\n")

    assert "warning: smtp.token_command: there is no program no-such-program here" in err
    assert "warning: inbox.imap.token_command: there is no program no-such-program here" in err
    assert f"warning: deliver.sendmail: there is no program {tmp_path}/gone here" in newsletter("check").err


def test_check_asks_no_database_on_a_server(newsletter: Command, tmp_path: Path) -> None:
    """And says so instead of what it cannot know; the password is shown nowhere."""
    saved(tmp_path, HEAD + ADA + SMTP % "" + "store: postgresql://papers:hidden@127.0.0.1:1/papers\n")
    ran = newsletter("check")

    assert ran.code == 0, ran.err
    assert "arxiv cs.LG  no server is asked by check" in ran.out
    assert "hidden" not in ran.out + ran.err


def test_check_warns_where_nothing_can_be_sent(newsletter: Command, tmp_path: Path) -> None:
    """The only way out that is missing is the mail server."""
    saved(tmp_path, HEAD + ADA)

    assert "nothing can be sent yet: the smtp section is missing" in newsletter("check").err
