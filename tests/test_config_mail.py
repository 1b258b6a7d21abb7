"""How mail leaves and comes back: `smtp`, `deliver`, `dkim`, `inbox`, and the server of the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import ADA, HEAD, KEY, loaded, problems, saved, secretly

from newsletter.config.alignment import aligned
from newsletter.errors import ConfigError
from newsletter.models import (
    DeliverSettings,
    DkimKey,
    Encryption,
    ImapSettings,
    InboxSettings,
    OnUnknown,
    SmtpSettings,
)

DKIM = "dkim: {domain: example.org, selector: papers, private_key_file: dkim.pem}\n"
SECRET = "0123456789abcdef0123456789abcdef"  # of the shortest length that is one
MAILDIR = "inbox: {maildir: mail%s}\n"


# ------------------------------------------------------------------ smtp


def test_a_server_has_the_times_of_the_standard_and_four_connections(tmp_path: Path) -> None:
    """What is not said is None or the default of the record, and as many messages as it takes."""
    smtp = loaded(tmp_path, HEAD + ADA + "smtp: {host: smtp.example.org}\n").smtp

    assert smtp == SmtpSettings("smtp.example.org")
    assert (smtp.timeout_seconds, smtp.connections, smtp.max_per_minute) == (None, 4, 0)


def test_the_limits_of_a_server_are_read(tmp_path: Path) -> None:
    """A provider's rate, and how many connections it likes."""
    text = "smtp: {host: smtp.example.org, timeout_seconds: 60, connections: 64, max_per_minute: 1}\n"
    smtp = loaded(tmp_path, HEAD + ADA + text).smtp

    assert smtp
    assert (smtp.timeout_seconds, smtp.connections, smtp.max_per_minute) == (60.0, 64, 1)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"oama access papers@example.org"', ("oama", "access", "papers@example.org")),
        ("'/opt/get token --for \"Ada Lovelace\"'", ("/opt/get", "token", "--for", "Ada Lovelace")),
        ("[token, 'two words', \"it's\"]", ("token", "two words", "it's")),
        ("./token.sh", ("{folder}/token.sh",)),
        ("[bin/token]", ("{folder}/bin/token",)),
    ],
)
def test_a_command_is_a_text_or_a_list(tmp_path: Path, written: str, expected: tuple[str, ...]) -> None:
    """A text is parted as a shell does it, and never given to one; a path begins at the folder of the YAML."""
    text = f"smtp: {{host: smtp.example.org, username: papers, token_command: {written}}}\n"
    smtp = loaded(tmp_path, HEAD + ADA + text).smtp

    assert smtp
    assert smtp.token_command == tuple(word.format(folder=tmp_path) for word in expected)
    assert smtp.password == ""


def test_a_token_command_from_the_environment_takes_the_place_of_a_password(tmp_path: Path) -> None:
    """As a password's file does."""
    text = "smtp: {host: smtp.example.org, username: papers, password: old}\n"
    smtp = loaded(tmp_path, HEAD + ADA + text, NEWSLETTER__SMTP__TOKEN_COMMAND="oama access papers").smtp

    assert smtp
    assert (smtp.password, smtp.token_command) == ("", ("oama", "access", "papers"))


# ------------------------------------------------------------------ deliver


def test_what_is_unknown_is_held_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    """A duplicate annoys more than a loss that is shown."""
    assert loaded(tmp_path, HEAD + ADA).deliver == DeliverSettings(OnUnknown.HOLD)
    assert loaded(tmp_path, HEAD + ADA + "deliver: {on_unknown: resend}\n").deliver.on_unknown is OnUnknown.RESEND


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("maildir: ./out", DeliverSettings(maildir="{folder}/out")),
        ("file: /var/mails", DeliverSettings(file="/var/mails")),
        ("sendmail: /usr/sbin/sendmail -oi", DeliverSettings(sendmail=("/usr/sbin/sendmail", "-oi"))),
    ],
)
def test_something_else_takes_the_place_of_the_server(tmp_path: Path, written: str, expected: DeliverSettings) -> None:
    """Folders begin at that of the YAML; no server is needed then."""
    config = loaded(tmp_path, HEAD + ADA + f"deliver: {{{written}}}\n")

    assert config.deliver == DeliverSettings(
        maildir=expected.maildir.format(folder=tmp_path), file=expected.file, sendmail=expected.sendmail
    )
    assert (config.smtp, config.warnings) == (None, ())


def test_a_server_that_nothing_goes_to_is_told_and_needs_no_password(tmp_path: Path) -> None:
    """Whoever tries a folder first keeps the section of the server, and must not forget the folder."""
    from_file = "smtp: {host: h, username: u, password_file: gone}\ndeliver: {maildir: out}\n"
    assert len(loaded(tmp_path, HEAD + ADA + from_file).warnings) == 2
    text = "smtp: {host: h, username: u, password: '${GONE}'}\ndeliver: {maildir: out}\n"
    config = loaded(tmp_path, HEAD + ADA + text)

    assert (config.smtp, config.deliver.maildir) == (None, f"{tmp_path}/out")
    assert [str(warning).rpartition("/")[2] for warning in config.warnings] == [
        "subscribers.yaml:7:40: smtp.password needs the environment variable GONE, which is not set",
        "subscribers.yaml:8:11: deliver.maildir takes the place of smtp: nothing is sent to the mail server",
    ]


def test_a_home_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mailboxes lie at home; what names nobody's home is a folder like others."""
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    told = [
        loaded(tmp_path, HEAD + ADA + f"deliver: {{maildir: {name}}}\n") for name in ("~/Maildir", "~nobody-at-all/x")
    ]

    assert [config.deliver.maildir for config in told] == [f"{tmp_path}/ada/Maildir", f"{tmp_path}/~nobody-at-all/x"]


# ------------------------------------------------------------------ dkim


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    """One key is written without a list."""
    secretly(tmp_path, KEY, "dkim.pem")
    config = loaded(tmp_path, HEAD + ADA + DKIM)

    assert config.dkim == (DkimKey("example.org", "papers", KEY),)
    assert config.warnings == ()
    assert "PRIVATE KEY" not in repr(config)


def test_two_keys_are_a_list_and_may_come_from_the_environment(tmp_path: Path) -> None:
    """RSA and Ed25519 at once; a line end that an env file could not hold is written as two characters."""
    secretly(tmp_path, KEY, "dkim.pem")
    text = (
        "dkim:\n  - {domain: news.example.org, selector: a, private_key_file: dkim.pem}\n"
        "  - {domain: Bücher.example, selector: B, private_key: '${ED}'}\n"
    )
    config = loaded(tmp_path, HEAD + ADA + text, ED=KEY.strip().replace("\n", "\\n"))

    assert config.dkim == (DkimKey("news.example.org", "a", KEY), DkimKey("xn--bcher-kva.example", "b", KEY))
    assert config.warnings == ()  # the first is aligned


def test_a_single_key_may_be_overridden_and_one_of_a_list_not(tmp_path: Path) -> None:
    """An option that cannot have an effect is a mistake."""
    config = loaded(tmp_path, HEAD + ADA + DKIM, NEWSLETTER__DKIM__PRIVATE_KEY=KEY)

    assert config.dkim[0].private_key == KEY
    [problem] = problems(
        tmp_path,
        HEAD + ADA + "dkim: [{domain: example.org, selector: a, private_key: '${K}'}]\n",
        {"NEWSLETTER__DKIM__PRIVATE_KEY": KEY, "K": KEY},
    )
    told = "$NEWSLETTER__DKIM__PRIVATE_KEY:1:1: cannot be set: it stands in a list; write ${NAME} there instead"
    assert problem == told


def test_commands_that_send_nothing_need_no_key(tmp_path: Path) -> None:
    """Neither from a file nor from the environment; sending needs it."""
    config = loaded(tmp_path, HEAD + ADA + DKIM, sending=False)

    assert config.dkim == ()
    assert "dkim.private_key_file cannot be read: No such file or directory" in config.warnings[0].message
    assert problems(tmp_path, HEAD + ADA + DKIM) == [f"subscribers.yaml:7:65: {config.warnings[0].message}"]
    inline = DKIM.replace("private_key_file: dkim.pem", "private_key: '${GONE}'")
    assert loaded(tmp_path, HEAD + ADA + inline, sending=False).dkim == ()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666, 0o610])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever has it signs in our name; the message is the command that mends it."""
    secretly(tmp_path, KEY, "dkim.pem").chmod(mode)
    [problem] = problems(tmp_path, HEAD + ADA + DKIM)

    assert problem.endswith(": dkim.private_key_file can be read by others; run: chmod 600 dkim.pem")
    assert loaded(tmp_path, HEAD + ADA + DKIM, sending=False).dkim == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "holds no key in PEM; `newsletter dkim key` makes one"),
        (b"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj", "holds no key in PEM"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"x" * 20_000, "is larger than 16,384 bytes; is it the right file?"),
    ],
)
def test_a_file_that_holds_no_key_is_told(tmp_path: Path, body: bytes, expected: str) -> None:
    """With the place in the YAML that names it, and never with what it holds."""
    secretly(tmp_path, "", "dkim.pem").write_bytes(body)
    [problem] = problems(tmp_path, HEAD + ADA + DKIM)

    assert problem.startswith(f"subscribers.yaml:7:65: dkim.private_key_file {expected}")


@pytest.mark.parametrize(
    ("domain", "warned"),
    [
        ("example.org", False),
        ("news.example.org", False),
        ("EXAMPLE.org", False),
        ("example.net", True),
        ("badexample.org", True),
    ],
)
def test_a_key_of_another_organisation_is_a_warning(tmp_path: Path, domain: str, *, warned: bool) -> None:
    """A signature that is not aligned with From says nothing to DMARC."""
    secretly(tmp_path, KEY, "dkim.pem")
    warnings = loaded(tmp_path, HEAD + ADA + DKIM.replace("example.org", domain)).warnings

    assert [warning.message.partition(":")[0] for warning in warnings] == (
        [f"dkim.domain '{domain}' is not of the sender's domain 'example.org'"] if warned else []
    )


@pytest.mark.parametrize(
    ("signing", "sender", "expected"),
    [
        ("mail.example.org", "news.example.org", True),
        ("example.co.uk", "a.b.example.co.uk", True),
        ("ada.co.uk", "grace.co.uk", False),
        ("ada.com.au", "mail.ada.com.au", True),
        ("co.uk", "co.uk", True),
        ("ada.net.example", "grace.net.example", True),
        ("bücher.example", "www.xn--bcher-kva.example", True),
        ("example.org", "localhost", False),
    ],
)
def test_domains_of_one_organisation_are_aligned(signing: str, sender: str, *, expected: bool) -> None:
    """Relaxed alignment of DMARC, in both directions; a registry of a country is nobody's organisation."""
    assert aligned(signing, sender) is aligned(sender, signing) is expected


# ------------------------------------------------------------------ inbox


def test_a_mailbox_on_a_server_is_read_with_its_defaults(tmp_path: Path) -> None:
    """TLS from the first byte, the folder where mail comes in."""
    secretly(tmp_path, SECRET, "newsletter.key")
    text = "inbox: {imap: {host: imap.example.org, username: papers, password: hidden-word}}\n"
    config = loaded(tmp_path, HEAD + ADA + text)

    assert config.inbox == InboxSettings(
        "papers@example.org", imap=ImapSettings("imap.example.org", username="papers", password="hidden-word")
    )
    assert (config.inbox.imap.port, config.inbox.imap.encryption) == (993, Encryption.TLS)  # type: ignore[union-attr]
    assert "hidden-word" not in repr(config)
    assert (config.newsletter.inbox, config.newsletter.plus) == ("papers@example.org", False)


def test_the_port_of_a_mailbox_follows_the_encryption_unless_given(tmp_path: Path) -> None:
    """RFC 8314's ports need not be known by heart."""
    text = "inbox: {imap: {host: localhost, username: papers, password: hidden, encryption: %s}}\n"
    written = ("tls", "starttls", "none", "starttls, port: 1143")
    found = [loaded(tmp_path, HEAD + ADA + text % encryption).inbox for encryption in written]

    assert [inbox.imap.port for inbox in found if inbox and inbox.imap] == [993, 143, 143, 1143]


def test_without_an_inbox_addresses_carry_nothing(tmp_path: Path) -> None:
    """And no secret is to be made."""
    config = loaded(tmp_path, HEAD + ADA)

    assert (config.inbox, config.newsletter.inbox, config.newsletter.secret) == (None, "", b"")
    assert config.secret_file is None


@pytest.mark.parametrize(
    ("reply_to", "address", "expected"),
    [
        ("", "", "papers@example.org"),
        (", reply_to: ada@example.org", "", "ada@example.org"),
        (", reply_to: ada@example.org", ", address: grace@example.org", "grace@example.org"),
    ],
)
def test_the_mailbox_is_where_answers_go_unless_it_says_otherwise(
    tmp_path: Path, reply_to: str, address: str, expected: str
) -> None:
    """The address of the section, else Reply-To, else From."""
    (tmp_path / "mail").mkdir()
    text = HEAD.replace("}\n", f"{reply_to}}}\n", 1) + ADA + MAILDIR % f", plus: true{address}"
    config = loaded(tmp_path, text)

    assert config.inbox == InboxSettings(expected, maildir=f"{tmp_path}/mail", plus=True)
    assert (config.newsletter.inbox, config.newsletter.plus) == (expected, True)
    assert config.warnings == ()


def test_a_mailbox_that_is_not_there_yet_is_a_warning(tmp_path: Path) -> None:
    """Sending goes on."""
    [warning] = loaded(tmp_path, HEAD + ADA + MAILDIR % "").warnings

    assert str(warning).endswith("subscribers.yaml:7:18: inbox.maildir: there is no folder 'mail' yet")


@pytest.mark.parametrize("written", ["password: '${GONE}'", "password_file: gone"])
def test_commands_that_send_nothing_need_no_password_of_the_mailbox(tmp_path: Path, written: str) -> None:
    """The issue still shows where answers go; the mailbox cannot be read from here."""
    text = f"inbox: {{plus: true, imap: {{host: imap.example.org, username: papers, {written}}}}}\n"
    config = loaded(tmp_path, HEAD + ADA + text, sending=False)

    assert (config.inbox, config.newsletter.inbox, config.newsletter.plus) == (None, "papers@example.org", True)
    [warning] = config.warnings
    assert warning.message.startswith(f"inbox.imap.{written.partition(':')[0]} ")
    assert len(problems(tmp_path, HEAD + ADA + text)) == 1


def test_only_a_secret_may_be_missing_where_nothing_is_sent(tmp_path: Path) -> None:
    """What readers see is needed for a preview too."""
    with pytest.raises(ConfigError, match=r"inbox\.address needs the environment variable GONE"):
        loaded(tmp_path, HEAD + ADA + MAILDIR % ", address: '${GONE}'", sending=False)


# ------------------------------------------------------------------ store


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://db/papers",
        "postgresql://papers@localhost/papers",
        "postgresql+psycopg://papers:${P}@db.example.org:5432/papers?sslmode=require",
        "postgresql://papers:${P}@[::1]:5432/papers",
        "postgresql:///papers?host=/var/run/postgresql",
    ],
)
def test_a_server_may_hold_the_store(tmp_path: Path, written: str) -> None:
    """Its address is left as it is, and its password never shown."""
    config = loaded(tmp_path, HEAD + ADA + f'store: "{written}"\n', P="hidden%2Fword")

    assert config.store == written.replace("${P}", "hidden%2Fword")
    assert config.store_file is None
    assert "hidden" not in repr(config)


@pytest.mark.parametrize(
    "password", ["p@ss-word", "pass/word", "pass?word", "pass#word", "pass:word", "100%", "1/2@3", "1/a?b@c"]
)
def test_no_part_of_a_password_is_taken_for_a_host(tmp_path: Path, password: str) -> None:
    """A password with signs of an address is told with the way to write it, and not shown."""
    saved(tmp_path, "")
    [problem] = problems(tmp_path, HEAD + ADA + 'store: "postgresql://papers:${P}@db/papers"\n', {"P": password})

    assert problem.startswith("subscribers.yaml:7:8: store is no address of a database such as postgresql://papers:${")
    assert "are written as %40" in problem
    assert password not in problem


def test_the_file_of_the_store_is_known(tmp_path: Path) -> None:
    """For who asks whether there is one yet."""
    assert loaded(tmp_path, HEAD + ADA).store_file == tmp_path / "newsletter.db"
