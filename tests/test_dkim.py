"""DKIM: what we sign others verify, and what was changed on the way they do not. dkimpy is the oracle."""

from __future__ import annotations

import json
import re
import stat
from base64 import b64decode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import dkim  # type: ignore[import-untyped]
import dns.name
import dns.rdatatype
import dns.zone
import pytest
import typer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from makers import a_newsletter, an_email

from newsletter.cli import dkim as dkim_commands
from newsletter.config import load
from newsletter.deliver.dkim import Signer, relaxed_body
from newsletter.deliver.keys import as_zone_line, make_key, public_record, record_name
from newsletter.deliver.message import as_bytes
from newsletter.errors import ConfigError, KeyUnusable, NewsletterError, UsageError
from newsletter.models import DkimKey
from newsletter.render import compile_templates, render
from newsletter.sample.cases import cases

KEYS = Path(__file__).parent / "data" / "dkim"
AT = datetime(2020, 5, 17, 6, 0, tzinfo=UTC)  # dkimpy looks at the clock: signatures of the future are none


def a_key(kind: str = "rsa2048", **fields: Any) -> DkimKey:
    """Return one of the keys of the tests, at a selector of its kind."""
    pem = (KEYS / f"{kind}.pem").read_text()
    return DkimKey(**{"domain": "example.org", "selector": kind, "private_key": pem, **fields})


RSA, ED25519 = a_key("rsa2048"), a_key("ed25519")
CHOICES = {"rsa": (RSA,), "ed25519": (ED25519,), "both": (RSA, ED25519)}
SIGNERS = {name: Signer(keys) for name, keys in CHOICES.items()}
RECORDS = {f"{record_name(key)}.".encode(): public_record(key).encode() for key in (RSA, ED25519)}

MESSAGE = (
    b"From: Daily Papers <papers@example.org>\r\n"
    b"To: Ada <ada@example.org>\r\n"
    b"Subject: 3 papers worth\r\n your time\r\n"
    b"Date: Sun, 17 May 2020 06:00:00 +0000\r\n"
    b"Message-ID: <i20200517.s1@example.org>\r\n"
    b"List-Id: Daily Papers <daily-papers.example.org>\r\n"
    b"List-Unsubscribe: <https://example.org/u/3f2a>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"List-Help: <https://example.org/help>\r\n"
    b"List-Archive: <https://example.org/issues>\r\n"
    b"Feedback-ID: i20200517:issue:daily-papers:e3ba59b0235e\r\n"
    b"Auto-Submitted: auto-generated\r\n"
    b"Precedence: bulk\r\n"
    b"Content-Language: en\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 7bit\r\n"
    b"\r\n"
    b"3 papers worth your time\r\n"
    b"\r\n"
    b"  - Decoding:  2 of 4\r\n"
    b"  - Galaxies:\t1 of 2\r\n"
)


def holds(signed: bytes, *, signatures: int = 1) -> bool:
    """Say whether each of the signatures at the top holds, as dkimpy sees it."""
    try:
        verifier = dkim.DKIM(signed)
        return all(verifier.verify(idx=each, dnsfunc=find_record) for each in range(signatures))
    except dkim.DKIMException:
        return False


def find_record(name: bytes, timeout: float = 0) -> bytes | None:
    """Return what DNS would say."""
    return RECORDS.get(name)


def signed_by(choice: str, message: bytes) -> bytes:
    """Return `message` signed by one of `CHOICES`."""
    return SIGNERS[choice].sign(message, at=AT)


def head_of(message: bytes) -> bytes:
    """Return the header of a message."""
    return message.partition(b"\r\n\r\n")[0]


def without(message: bytes, name: bytes) -> bytes:
    """Return a message that lacks a field."""
    return re.sub(rb"(?m)^%s: (?:[^\r]|\r\n )*\r\n" % name, b"", message, count=1)


def tags(signed: bytes) -> dict[str, str]:
    """Return the tags of the first signature, without blanks."""
    field = re.sub(rb"\r\n[ \t]", b"", signed.partition(b":")[2]).split(b"\r\n")[0]
    parts = (part.partition("=") for part in "".join(field.decode().split()).split(";"))
    return {name: value for name, _, value in parts}


# ------------------------------------------------------------------ what holds


@pytest.mark.parametrize("choice", CHOICES)
def test_others_verify_what_we_sign(choice: str) -> None:
    """RSA, Ed25519, and both at once, each signature by itself."""
    signed = signed_by(choice, MESSAGE)

    assert holds(signed, signatures=len(CHOICES[choice]))
    assert signed.endswith(MESSAGE)
    assert signed.count(b"DKIM-Signature: ") == len(CHOICES[choice])


def test_without_keys_a_message_stays_as_it_is() -> None:
    """The relay signs."""
    assert Signer(()).sign(MESSAGE, at=AT) is MESSAGE


@pytest.mark.parametrize("choice", CHOICES)
def test_every_attempt_has_the_same_bytes(choice: str) -> None:
    """Only the moment that is given tells, in whatever zone, and neither a clock nor chance."""
    signed = signed_by(choice, MESSAGE)
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))

    assert Signer(CHOICES[choice]).sign(MESSAGE, at=elsewhere) == signed
    assert Signer(CHOICES[choice]).sign(MESSAGE, at=AT + timedelta(seconds=1)) != signed
    assert tags(signed)["t"] == str(int(AT.timestamp()))


def test_threads_may_share_a_signer() -> None:
    """What one thread signs is no other thread's message."""
    messages = [MESSAGE.replace(b"3 papers", b"%d papers" % number) for number in range(40)]

    with ThreadPoolExecutor(4) as pool:
        signed = list(pool.map(lambda message: signed_by("both", message), messages))

    assert signed == [signed_by("both", message) for message in messages]


def test_the_messages_we_make_hold() -> None:
    """A whole issue with both parts, quoted-printable, as it leaves."""
    issue = cases()["everything"]
    email = render(issue, a_newsletter(unsubscribe="https://example.org/u/{email}"), compile_templates(), date=AT)
    message = as_bytes(email)

    signed = signed_by("both", message)

    assert len(message) > 20_000
    assert holds(signed, signatures=2)
    assert not holds(signed.replace(b"One-Click", b"One-Chick"), signatures=1)
    assert holds(signed_by("both", as_bytes(an_email(html=""))), signatures=2)


def test_a_signature_is_plain_short_lines() -> None:
    """No relay has a reason to fold it again, and nothing in it asks for 8 bits."""
    lines = signed_by("both", MESSAGE).removesuffix(MESSAGE).split(b"\r\n")

    assert all(line.isascii() and len(line) <= 78 and line == line.rstrip() for line in lines)
    assert lines.pop() == b""
    assert all(re.match(rb"DKIM-Signature: v=1; | [!-~]", line) for line in lines)


@pytest.mark.parametrize(
    "message",
    [
        b"From: a@example.org\r\n\r\n",
        b"From: a@example.org\r\n",
        b"From: a@example.org",
        b"From: a@example.org\r\n\r\n\r\n\r\n",
        b"From: a@example.org\r\n\r\n \t \r\n\t\r\n",
        b"From: a@example.org\r\n\r\nno end",
        b"From: a@example.org\r\n\r\nempty lines follow\r\n\r\n \r\n\r\n",
        b"From: a@example.org\r\n\r\n\r\n\r\nempty lines stand before\r\n",
        b"From: a@example.org\r\n\r\n  blanks  at\tboth\t\tends \t\r\n\t\r\n \tx",
        b"FROM:a@example.org\r\nsubject:\r\n\t folded \r\n \r\n\t\ttwice \r\nTo:\t\r\n\r\nx\r\n",
        b"From: a@example.org\r\nList-Id: one\r\nX-List-Id: two\r\nList-Id: three\r\n\r\nx\r\n",
        b"Subject: nobody wrote it\r\n\r\nx\r\n",
        b"From: a@example.org\r\nSubject: \xe9\xff\r\n\r\n\xe9\x00\xff\r\n",
        b"From: a@example.org\r\n\r\n.\r\n..\r\n",
    ],
)
def test_odd_messages_hold(message: bytes) -> None:
    """Whatever stands in header and body, it is relaxed as RFC 6376 §3.4 says."""
    assert holds(signed_by("both", message), signatures=2)


def test_a_body_is_relaxed_as_the_standard_shows() -> None:
    """The example of RFC 6376 §3.4.5, and what it leaves out."""
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    assert relaxed_body(b"") == relaxed_body(b"\r\n") == relaxed_body(b" \t\r\n\r\n \r\n") == b""
    assert relaxed_body(b"no end ") == b"no end\r\n"
    assert relaxed_body(b"\r\n\r\na\r\n") == b"\r\n\r\na\r\n"


@settings(deadline=None)
@given(st.lists(st.binary() | st.text(" \t.a", max_size=30).map(str.encode), max_size=12))
@example([b" " * 5_000, b"\t" * 5_000 + b"a"])
def test_any_body_is_relaxed_as_the_words_of_the_standard_say(lines: list[bytes]) -> None:
    """All octets at once do what is written line by line."""
    lines = [line.translate(None, b"\r\n") for line in lines]

    relaxed = [re.sub(rb"[ \t]+", b" ", line.rstrip(b" \t")) for line in lines]
    while relaxed and not relaxed[-1]:
        relaxed.pop()

    assert relaxed_body(b"\r\n".join(lines)) == b"".join(line + b"\r\n" for line in relaxed)


def test_lines_are_ended_with_crlf_before_they_are_signed() -> None:
    """They would be on their way, and what was signed would not be what arrives (RFC 6376 §5.3)."""
    for odd in (MESSAGE.replace(b"\r\n", b"\n"), MESSAGE.replace(b"\r\n", b"\r"), MESSAGE[:-2] + b"\n", MESSAGE[:-1]):
        assert signed_by("rsa", odd) == signed_by("rsa", MESSAGE)
    assert signed_by("rsa", b"\n" + MESSAGE) == signed_by("rsa", b"\r\n" + MESSAGE)


def test_a_message_without_a_header_is_all_body() -> None:
    """It begins with the empty line, and the From within it is nobody's."""
    found = tags(signed_by("rsa", b"\r\n" + MESSAGE))

    assert "message-id" not in found["h"].split(":")
    assert found["bh"] == tags(signed_by("rsa", b"From: a@example.org\r\n\r\n" + MESSAGE))["bh"]


def test_a_blank_before_the_colon_is_no_part_of_the_name() -> None:
    """RFC 6376 §3.4.2; dkimpy does not take the form, so it is compared with the usual one."""
    odd = MESSAGE.replace(b"List-Id:", b"LIST-ID \t:")

    assert tags(signed_by("rsa", odd)) == tags(signed_by("rsa", MESSAGE))


# Characters a header line may hold, with folds; dkimpy takes more than blanks for blanks at the ends.
VALUES = st.lists(st.text("ab c\t=;:<>é", max_size=20), min_size=1, max_size=3).map(
    lambda parts: "\r\n ".join(parts).encode()
)
NAMES = st.sampled_from("From TO subject Date List-Id LIST-UNSUBSCRIBE List-Unsubscribe-Post X-Odd Received".split())
FIELDS = st.lists(st.tuples(NAMES, st.sampled_from([b"", b" ", b"\t "]), VALUES), max_size=8)
BODIES = st.lists(st.text("ab \t=é.", max_size=20).map(str.encode), max_size=8).map(b"\r\n".join)


def written(fields: list[tuple[str, bytes, bytes]], body: bytes) -> bytes:
    """Return a message of these fields and that body, whose last line is ended, as it would be on its way."""
    head = b"".join(name.encode() + b":" + blank + value + b"\r\n" for name, blank, value in fields)
    return b"From: a@example.org\r\n" + head + b"\r\n" + body + b"\r\n"


@settings(deadline=None)
@given(FIELDS, BODIES)
def test_any_message_holds(fields: list[tuple[str, bytes, bytes]], body: bytes) -> None:
    """Fields that stand again, folds, blanks of all sorts, bodies of any shape."""
    assert holds(signed_by("both", written(fields, body)), signatures=2)


# ------------------------------------------------------------------ what does not


@settings(deadline=None)
@given(FIELDS, BODIES, st.data())
def test_any_changed_octet_breaks_every_signature(
    fields: list[tuple[str, bytes, bytes]], body: bytes, data: st.DataObject
) -> None:
    """In the value of a signed field, or in the body, wherever it is no blank."""
    message = written(fields, body)
    signed = signed_by("both", message)
    start = len(signed) - len(message)
    begins = len(head_of(message))
    spots = [
        start + spot
        for field in re.finditer(rb"(?im)^(?!X-Odd|Received)[a-z-]+:((?:[^\r]|\r\n[ \t])*)", message[:begins])
        for spot in range(*field.span(1))
    ]
    spots = [spot for spot in [*spots, *range(start + begins, len(signed))] if signed[spot] not in b" \t\r\n"]
    spot = data.draw(st.sampled_from(spots))
    other = data.draw(st.sampled_from([c for c in b"xyz0" if c != signed[spot]]))

    changed = signed[:spot] + bytes([other]) + signed[spot + 1 :]

    assert not holds(changed)
    assert not holds(without(changed, b"DKIM-Signature"))  # the second one


@pytest.mark.parametrize("choice", ["rsa", "ed25519"])
@pytest.mark.parametrize(
    "field",
    [
        b"From: Eve <eve@example.org>",
        b"Subject: another subject",
        b"To: grace@example.org",
        b"Date: Mon, 18 May 2020 06:00:00 +0000",
        b"Reply-To: eve@example.org",
        b"Content-Type: text/html",
        b"List-Unsubscribe: <https://example.net/>",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ],
)
def test_nobody_adds_what_a_reader_sees_or_a_click_does(choice: str, field: bytes) -> None:
    """A second one breaks the signature wherever it stands, and so does the first of what did not stand there."""
    for message in (MESSAGE, without(MESSAGE, field.partition(b":")[0])):
        signed = signed_by(choice, message)
        assert holds(signed)
        assert not holds(field + b"\r\n" + signed)
        assert not holds(signed.replace(b"\r\n\r\n", b"\r\n" + field + b"\r\n\r\n", 1))


@pytest.mark.parametrize("choice", ["rsa", "ed25519"])
@pytest.mark.parametrize("name", re.findall(rb"(?m)^[A-Z][A-Za-z-]+(?=: )", head_of(MESSAGE)))
def test_no_field_of_a_newsletter_can_be_changed_or_taken_away(choice: str, name: bytes) -> None:
    """One-click above all: RFC 8058 §4."""
    signed = signed_by(choice, MESSAGE)
    taken, changed = without(signed, name), signed.replace(b"\r\n" + name + b": ", b"\r\n" + name + b": x")

    assert holds(signed)
    assert len(taken) < len(signed) < len(changed)
    assert not holds(taken)
    assert not holds(changed)


def test_what_relays_do_is_borne() -> None:
    """They note that they saw it, fold at other places, and touch blanks and empty lines."""
    signed = signed_by("both", MESSAGE)

    handed_on = signed.replace(b"worth\r\n your", b"worth your").replace(b"To: Ada <", b"To:\tAda\r\n  <")
    handed_on = handed_on.replace(b":  2 of", b": 2  of").replace(b"time\r\n\r\n", b"time \t\r\n \r\n")
    handed_on = handed_on.replace(b"\r\n bh=", b" bh=").replace(b"subject:subject", b"subject :\r\n\tsubject")
    handed_on = b"Received: from a by b\r\nX-Spam: no\r\nList-Post: NO\r\n" + handed_on + b"\r\n\r\n \r\n"

    assert handed_on != signed
    assert holds(handed_on.replace(b"subject :\r\n\tsubject", b"subject:subject"), signatures=2)
    assert holds(signed.replace(b"DKIM-Signature:", b"dkim-signature :").replace(b"e :", b"e:"), signatures=2)


def test_fields_that_stand_again_are_signed_from_the_last_one_up() -> None:
    """RFC 6376 §5.4.2: one that is added on top is the one that is not signed, if any is."""
    message = MESSAGE.replace(b"/help>", b"/1>").replace(
        b"\r\n\r\n", b"\r\nList-Help: <https://example.org/2>\r\n\r\n", 1
    )
    signed = signed_by("rsa", message)

    assert tags(signed)["h"].split(":").count("list-help") == 2
    assert holds(b"List-Help: <https://example.org/0>\r\n" + signed)
    assert not holds(signed.replace(b"org/1>", b"org/3>").replace(b"org/2>", b"org/1>").replace(b"org/3>", b"org/2>"))


def test_a_signature_names_what_it_covers() -> None:
    """From and Subject once more than they stand, both fields of one-click, nothing that a relay changes."""
    found = tags(signed_by("rsa", MESSAGE))
    names = found["h"].split(":")

    assert (found["v"], found["a"], found["c"]) == ("1", "rsa-sha256", "relaxed/relaxed")
    assert (found["d"], found["s"]) == ("example.org", "rsa2048")
    assert {name: names.count(name) for name in ("from", "subject", "list-unsubscribe", "list-unsubscribe-post")} == {
        "from": 2,
        "subject": 2,
        "list-unsubscribe": 2,
        "list-unsubscribe-post": 2,
    }
    assert {"message-id", "list-id", "mime-version", "date", "to"} <= set(names)
    assert not {"received", "return-path", "dkim-signature"} & set(names)


# ------------------------------------------------------------------ keys and their records


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_new_key_signs_and_its_record_verifies(kind: Any) -> None:
    """What `make_key` makes needs nothing but its record."""
    key = DkimKey("Example.org", "papers", make_key(kind))
    record = public_record(key)

    asked: list[bytes] = []

    def answer(name: bytes, timeout: float) -> bytes:
        asked.append(name)
        return record.encode()

    assert record.startswith(f"v=DKIM1; k={kind}; p=")
    assert dkim.verify(Signer((key,)).sign(MESSAGE, at=AT), dnsfunc=answer)
    assert asked == [b"papers._domainkey.Example.org."]
    assert key.private_key != make_key(kind)


def test_the_record_of_ed25519_is_the_bare_key() -> None:
    """The key of RFC 8463 appendix A."""
    seed = b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    key = Ed25519PrivateKey.from_private_bytes(seed)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    record = public_record(DkimKey("football.example.com", "brisbane", pem.decode()))

    assert record == "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.mark.parametrize("key", [RSA, ED25519], ids=["rsa", "ed25519"])
def test_a_zone_file_takes_the_line(key: DkimKey) -> None:
    """Strings of at most 255 octets, that are the record when they are joined."""
    origin = dns.name.from_text("example.net")
    zone = dns.zone.from_text(f"$TTL 3600\n{as_zone_line(key)}\n", "example.org", check_origin=False, relativize=False)

    [found] = zone.find_rdataset(f"{record_name(key)}.", dns.rdatatype.TXT)

    assert b"".join(found.strings) == public_record(key).encode()
    assert all(len(string) <= 255 for string in found.strings)
    assert not dns.name.from_text(record_name(key)).is_subdomain(origin)


def test_a_domain_beyond_ascii_is_signed_in_ascii() -> None:
    """A-labels, in the signature as in DNS (RFC 8616)."""
    key = a_key(domain="bücher.example")

    assert record_name(key) == "rsa2048._domainkey.xn--bcher-kva.example"
    assert tags(Signer((key,)).sign(MESSAGE, at=AT))["d"] == "xn--bcher-kva.example"


EC = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SECRET = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
LOCKED = SECRET.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"not for a machine"))
PUBLIC = SECRET.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


SHORT, LONG = a_key("rsa768").private_key, a_key("rsa4104").private_key
NO_PEM = "no private key in PEM (-----BEGIN PRIVATE KEY-----) can be read; make one with `newsletter dkim key`"


@pytest.mark.parametrize(
    ("pem", "told"),
    [
        ("", NO_PEM),
        ("/etc/dkim/papers.pem", NO_PEM),
        ("é\ud800", NO_PEM),
        (RSA.private_key[:400], NO_PEM),
        (LOCKED.decode(), "its private key asks for a password, and there is nobody to ask: store it without one"),
        (PUBLIC.decode(), "this is the public key, which belongs in DNS; give the private one"),
        (EC.decode(), "a key of the kind EC; DKIM knows RSA and Ed25519"),
        (SHORT, "an RSA key of 768 bits, which receivers must not trust; use 2048"),
        (LONG, "an RSA key of 4104 bits, which receivers need not take; use 2048"),
    ],
)
def test_a_key_that_cannot_sign_is_told_in_one_line(pem: str, told: str) -> None:
    """With its place and the way out, and without the key."""
    with pytest.raises(KeyUnusable) as caught:
        Signer((ED25519, a_key(selector="papers", private_key=pem)))

    line = str(caught.value)
    assert line.startswith(f"dkim: papers._domainkey.example.org: {told}")
    assert "\n" not in line
    assert not any(secret in line for secret in pem.split("\n")[1:-2])
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"selector": "pa pers"}, "dkim: the selector 'pa pers' is no name in DNS; use letters, digits and hyphens"),
        ({"selector": ""}, "dkim: the selector '' is no name in DNS"),
        ({"selector": "-papers"}, "dkim: the selector '-papers' is no name in DNS"),
        ({"selector": "a;b=c"}, "dkim: the selector 'a;b=c' is no name in DNS"),
        ({"selector": "é"}, "dkim: the selector '\\xe9' is no name in DNS"),
        ({"selector": "papers\n"}, "dkim: the selector 'papers\\n' is no name in DNS"),
        ({"selector": "a." * 120 + "a"}, "dkim: the selector 'a.a."),
        ({"domain": "example.org\r\nBcc: eve@example.org"}, "dkim: the domain 'example.org\\r\\nBcc"),
        ({"domain": "papers@example.org"}, "dkim: the domain 'papers@example.org' is no name in DNS; write it as"),
        ({"domain": "example..org"}, "dkim: the domain 'example..org' is no name in DNS"),
        ({"domain": "é..org"}, "dkim: the domain '\\xe9..org' is no name in DNS"),
        ({"domain": "https://example.org"}, "dkim: the domain 'https://example.org' is no name in DNS"),
        ({"domain": "x" * 64 + ".org"}, "dkim: the domain 'xxxx"),
    ],
)
def test_a_place_that_dns_cannot_hold_is_told_in_one_line(fields: dict[str, str], told: str) -> None:
    """Nothing in a name can end the tag or the line that it stands in."""
    with pytest.raises(KeyUnusable) as caught:
        Signer((a_key(**fields),))

    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_two_keys_have_two_selectors() -> None:
    """One name in DNS has one record (RFC 6376 §3.6.2.2)."""
    with pytest.raises(KeyUnusable, match=r"dkim: papers\._domainkey\.example\.org stands for two keys; give each"):
        Signer((a_key(selector="papers"), a_key("ed25519", selector="papers")))


def test_a_key_never_shows_in_a_representation() -> None:
    """Logs and tracebacks hold representations."""
    assert "PRIVATE" not in repr(RSA)
    assert "PRIVATE" not in repr(Signer((RSA,)).__dict__)


# ------------------------------------------------------------------ the commands

SETTINGS = """\
newsletter: {name: Daily Papers, from: "Daily Papers <papers@example.org>"}
sources:
  - arxiv: {categories: [cs.LG]}
subscribers:
  - {email: ada@example.org, interests: [galaxies]}
"""


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., str]:
    """Return what runs `newsletter dkim` in an empty folder, and returns what it prints."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    app.callback()(lambda: None)
    dkim_commands.register(app)

    def run(*arguments: str) -> str:
        app(["dkim", *arguments], standalone_mode=False)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize(("kind", "selector"), [("rsa", "2026"), ("ed25519", "no")])
def test_a_key_is_made_published_and_used_by_what_is_printed(
    kind: str, selector: str, command: Callable[..., str], tmp_path: Path
) -> None:
    """The record for DNS and the line for the settings are all that it takes; the key itself is not shown."""
    printed = command("key", "--domain", "example.org", "--selector", selector, "--kind", kind)

    path = tmp_path / f"dkim-{selector}.pem"
    pem = path.read_text()
    (tmp_path / "subscribers.yaml").write_text(SETTINGS + printed.splitlines()[-1] + "\n")
    [key] = load(tmp_path / "subscribers.yaml", environment={}, sending=False).dkim
    assert key == DkimKey("example.org", selector, pem)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not any(line in printed for line in pem.splitlines())
    assert {as_zone_line(key), record_name(key), public_record(key)} <= set(printed.splitlines())
    assert command("record") == as_zone_line(key) + "\n"
    assert json.loads(command("record", "--json")) == [
        {"name": record_name(key), "type": "TXT", "value": public_record(key), "zone": as_zone_line(key)}
    ]


def test_the_json_of_a_new_key_says_the_same(command: Callable[..., str], tmp_path: Path) -> None:
    """Without the key, which is in its file."""
    told = json.loads(
        command("key", "--domain", "example.org", "--selector", "papers", "--out", "a key: {secret}.pem", "--json")
    )

    key = DkimKey("example.org", "papers", (tmp_path / "a key: {secret}.pem").read_text())
    assert told == {
        "file": "a key: {secret}.pem",
        "name": record_name(key),
        "type": "TXT",
        "value": public_record(key),
        "zone": as_zone_line(key),
        "yaml": 'dkim: {domain: example.org, selector: papers, private_key_file: "a key: {secret}.pem"}',
    }


def test_a_key_that_is_there_is_never_written_over(command: Callable[..., str], tmp_path: Path) -> None:
    """Emails may be signed with it; neither is a file that a link leads to."""
    (tmp_path / "dkim-papers.pem").write_text("mine")
    (tmp_path / "link.pem").symlink_to(tmp_path / "elsewhere.pem")

    for more in ((), ("--out", "link.pem")):
        with pytest.raises(
            NewsletterError, match=r"\.pem exists and is left as it is: .* name another file with --out"
        ):
            command("key", "--domain", "example.org", "--selector", "papers", *more)

    assert (tmp_path / "dkim-papers.pem").read_text() == "mine"
    assert not (tmp_path / "elsewhere.pem").exists()


@pytest.mark.parametrize(
    ("domain", "selector"), [("example.org", "../papers"), ("example.org", "a b"), ("exam ple", "x")]
)
def test_a_name_that_dns_cannot_hold_makes_no_key(
    domain: str, selector: str, command: Callable[..., str], tmp_path: Path
) -> None:
    """It is a mistake of the command line."""
    with pytest.raises(UsageError, match="is no name in DNS"):
        command("key", "--domain", domain, "--selector", selector)

    assert list(tmp_path.iterdir()) == []


def test_settings_without_a_key_say_how_to_get_one(command: Callable[..., str], tmp_path: Path) -> None:
    """There is nothing to publish."""
    (tmp_path / "subscribers.yaml").write_text(SETTINGS)

    with pytest.raises(
        ConfigError, match="dkim: no key can be had from these settings; make a key with `newsletter dkim"
    ):
        command("record")
