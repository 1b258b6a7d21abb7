"""The bytes of an email: what was put in comes out, and nothing else gets in."""

from __future__ import annotations

import binascii
import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.message import EmailMessage, MIMEPart
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from makers import an_email

from newsletter.deliver.message import as_bytes
from newsletter.errors import RecipientRefused
from newsletter.models import Picture
from newsletter.quoted_printable import quoted_printable

ANY_TEXT = st.text(st.characters(), max_size=200) | st.text(' \t\r\n=?utf-8qbUTF_,"\\<>()@.é日\x00\ud800', max_size=200)


def parsed(message: bytes) -> EmailMessage:
    """Return what a reader's program makes of `message`."""
    return email.message_from_bytes(message, policy=email.policy.default)


def as_a_header_shows_it(text: str) -> str:
    """Return `text` as the module docstring says a header changes it."""
    kept = "".join(c for c in text if c.isspace() or not re.match("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", c))
    return " ".join(re.sub("[\ud800-\udfff]", "\ufffd", kept).split())


def as_a_part_shows_it(text: str) -> str:
    """Return `text` as the module docstring says a part changes it."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(c for c in text if c in "\t\n" or not (c < " " or c == "\x7f"))
    shown = "\n".join(line.rstrip(" \t") for line in text.split("\n"))
    return shown if shown.endswith("\n") else shown + "\n"


def as_html_shows_it(html: str) -> str:
    """Return `html` with the characters that references beyond ASCII stand for, and no blanks before line ends."""
    return as_a_part_shows_it(re.sub(r"&#(\d{3,7});", lambda found: chr(int(found[1])), html))


def as_a_whole(text: str) -> bytes:
    """Return quoted-printable as `binascii` makes it of the whole text at once."""
    shown = as_a_part_shows_it(text).replace("\n", "\r\n")
    return binascii.b2a_qp(shown.encode(), quotetabs=False, istext=True, header=False)


def a_picture(name: str = "3f2a90.jpg", data: bytes = b"\xff\xd8\xff not really one", **fields: Any) -> Picture:
    """Return a picture as `thumbnails` names them."""
    return Picture(**{"name": name, "media_type": "image/jpeg", "data": data, "width": 176, "height": 110, **fields})


def tree(message: MIMEPart) -> Any:
    """Return the type of a message, with those of its parts."""
    kind = message.get_content_type()
    return (kind, [tree(part) for part in message.iter_parts()]) if message.is_multipart() else kind


def boundaries(message: EmailMessage) -> Iterator[str]:
    """Yield the boundary of every level."""
    for part in message.walk():
        if part.is_multipart():
            yield str(part.get_boundary())


def head(message: bytes) -> list[bytes]:
    """Return the raw lines of the header."""
    return message.partition(b"\r\n\r\n")[0].split(b"\r\n")


@given(ANY_TEXT)
def test_any_subject_comes_back_as_it_was(subject: str) -> None:
    """A reader sees the title's own characters, also those that look like an encoded word."""
    assert (parsed(as_bytes(an_email(subject=subject)))["Subject"] or "") == as_a_header_shows_it(subject)


@given(st.text(st.characters(), max_size=12) | st.text(' =?q"\\<>(),@.é', max_size=12))
def test_any_display_name_comes_back_as_it_was(name: str) -> None:
    """A name cannot become another address, whatever it holds."""
    message = parsed(as_bytes(an_email(recipient=(name, "ada@example.org"))))

    [address] = message["To"].addresses

    assert (address.display_name, address.addr_spec) == (as_a_header_shows_it(name), "ada@example.org")


@given(st.text(st.characters(categories=("L", "N", "S")), min_size=60, max_size=200))
def test_a_long_display_name_comes_back_when_its_words_are_joined(name: str) -> None:
    """Blanks between encoded words do not count (RFC 2047 §6.2), which `email.headerregistry` overlooks in names."""
    [line] = re.findall(rb"\r\nTo: (.*?)<ada", as_bytes(an_email(recipient=(name, "ada@example.org"))), re.DOTALL)

    assert str(make_header(decode_header(line.decode()))).strip() == name


@given(ANY_TEXT, ANY_TEXT.filter(bool))
def test_both_parts_come_back_as_they_were(text: str, html: str) -> None:
    """Text first, HTML second, each with its own words."""
    message = parsed(as_bytes(an_email(text=text, html=html)))

    contents = [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]

    assert [contents[0], as_html_shows_it(contents[1])] == [as_a_part_shows_it(text), as_html_shows_it(html)]
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_every_line_is_short_ascii_and_ends_with_crlf(subject: str, name: str, text: str) -> None:
    """No relay has a reason to touch the message (RFC 5321 §4.5.3.1.6)."""
    made = an_email(subject=subject, sender=(name, "papers@example.org"), text=text, html=text)
    message, plain = as_bytes(made), as_bytes(replace(made, html=""))

    assert message.isascii()
    assert all(len(line) <= 998 and not set(line) & set(b"\0\r\n") for line in message.split(b"\r\n"))
    assert all(len(line) <= 78 and not set(line) & set(b"\0\r\n") for line in plain.split(b"\r\n"))


@given(st.lists(st.text(" ab.=é\n", max_size=90).map(lambda text: text + "\n"), max_size=4))
def test_quoted_printable_of_pieces_joins_to_that_of_the_whole(pieces: list[str]) -> None:
    """Each piece can be encoded once and used in many emails."""
    assert b"".join(map(quoted_printable, pieces)) == (quoted_printable("".join(pieces)) if pieces else b"")


@given(
    st.text(" \tab.=é日\r\n\x00\x0b\x7f\ud800", max_size=300) | st.text(" .a\n", min_size=70, max_size=160) | ANY_TEXT
)
@example("a" * 75 + "\n" + "a" * 76 + "\n" + "a" * 77)
@example("a" * 75 + ".\n.\n" + "é" * 30)
@example("a\n \t")
@example("x" * 4000 + "\n" + "x" * 4001 + " \n")
@example("\n\n".join(("é" * 130, "short", "=" * 200 + " \n" + "y" * 90, "", " \t", "z" * 150)))
@example("\n\n" + "x" * 130 + "\n\n\n" + "y" * 130 + "\r\n\r\n" + "z" * 130)
@example("\x1e" + "x" * 130 + "\n\n" + "y" * 130 + "\n\n\x1e\n\nz")
@example("x" * 130 + "\r\n\n" + "y" * 130 + "\r\n\n\n")
def test_lines_encoded_one_by_one_are_those_of_the_whole(text: str) -> None:
    """That a line of an earlier email is not encoded again changes no byte."""
    assert quoted_printable(text) == as_a_whole(text)
    assert quoted_printable(text) == as_a_whole(text)  # by now it was encoded before


@given(ANY_TEXT)
def test_without_html_the_text_is_the_whole_message(text: str) -> None:
    """Who reads text only gets a message of one part, pictures or not."""
    message = parsed(as_bytes(an_email(text=text, html="", pictures=(a_picture(),))))

    assert tree(message) == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == as_a_part_shows_it(text)
    assert message["Subject"] == "3 papers worth your time"


def test_pictures_travel_beside_the_html_that_shows_them() -> None:
    """Related parts inside the alternative, the HTML first (RFC 2387), each found by its name (RFC 2392)."""
    pictures = (
        a_picture("3f2a90.jpg", bytes(range(256)) * 50),
        a_picture("b.png", b"\r\n.\r\n", media_type="image/png"),
    )
    html = '<img src="cid:3f2a90.jpg" alt=""><img src="cid:b.png" alt="">'

    message = parsed(as_bytes(an_email(html=html, pictures=pictures)))

    related = ("multipart/related", ["text/html", "image/jpeg", "image/png"])
    assert tree(message) == ("multipart/alternative", ["text/plain", related])
    body = next(part for part in message.walk() if part.get_content_type() == "multipart/related")
    assert body.get_param("type") == "text/html"
    shown, *held = body.iter_parts()
    by_id = {part["Content-ID"]: part for part in held}
    wanted = re.findall('cid:([^"]+)', shown.get_content())
    assert [by_id[f"<{name}>"].get_content() for name in wanted] == [picture.data for picture in pictures]
    assert [(part.get_content_disposition(), part.get_filename()) for part in held] == [
        ("inline", "3f2a90.jpg"),
        ("inline", "b.png"),
    ]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=3))
def test_any_picture_comes_back_as_it_was_in_short_lines(pictures: list[bytes]) -> None:
    """Whatever the bytes, they end no part, and no line is longer than a relay likes."""
    made = tuple(a_picture(f"{number}.jpg", data) for number, data in enumerate(pictures))

    message = as_bytes(an_email(pictures=made))

    images = [part.get_content() for part in parsed(message).walk() if part.get_content_maintype() == "image"]
    assert images == pictures
    assert message.isascii()
    assert all(len(line) <= 78 and not set(line) & set(b"\0\r\n") for line in message.split(b"\r\n"))


def test_each_level_has_a_boundary_of_its_own_and_the_same_every_time() -> None:
    """One boundary inside another would end both; another one each time would change the bytes of an attempt."""
    email_with = an_email(pictures=(a_picture(),))

    outer, inner = boundaries(parsed(as_bytes(email_with)))

    assert outer != inner
    assert as_bytes(email_with) == as_bytes(email_with)
    other = an_email(pictures=(a_picture(),), message_id="<i20261121.s1@example.org>")
    assert {outer, inner}.isdisjoint(boundaries(parsed(as_bytes(other))))


@pytest.mark.parametrize("name", ["", "a b.jpg", "a\r\nX: y", 'a".jpg', "a>.jpg", "é.jpg", ".jpg", "a.", "a" * 61])
def test_the_name_of_a_picture_that_no_header_holds_is_refused(name: str) -> None:
    """Nothing can be written into the header of a part."""
    with pytest.raises(ValueError, match="the names of pictures must be plain and stand once"):
        as_bytes(an_email(pictures=(a_picture(name),)))


def test_two_pictures_of_one_name_are_refused() -> None:
    """Nobody could tell which one is shown."""
    with pytest.raises(ValueError, match="stand once"):
        as_bytes(an_email(pictures=(a_picture(), a_picture())))


@pytest.mark.parametrize("kind", ["", "image", "text/html", "image/svg+xml\r\nX: y", "image/", "IMAGE/JPEG"])
def test_what_is_no_type_of_a_picture_is_refused(kind: str) -> None:
    """Nor can a type add a header, or be that of a page."""
    with pytest.raises(ValueError, match="not the type of a picture"):
        as_bytes(an_email(pictures=(a_picture(media_type=kind),)))


def test_the_same_email_gives_the_same_bytes() -> None:
    """Every attempt at a delivery carries the same bytes, the boundary among them."""
    assert as_bytes(an_email()) == as_bytes(an_email())


@pytest.mark.parametrize(
    "subject",
    [
        "A title\r\nBcc: evil@example.net",
        "A title\nBcc: evil@example.net",
        "A title\rBcc: evil@example.net",
        "A title\u2028Bcc: evil@example.net",
        "A title\x85Bcc: evil@example.net",
        "A title\x0bBcc: evil@example.net\x0c",
        "A title\x00\r\n\r\n<script>",
        "=?utf-8?q?a=0ABcc:_evil@example.net?=",
        "=?utf-8?b?YQpCY2M6IGV2aWxAZXhhbXBsZS5uZXQ=?=",
    ],
)
def test_no_title_adds_a_header(subject: str) -> None:
    """A feed cannot write into the header, not even through a decoder (CVE-2024-6923)."""
    message = as_bytes(an_email(subject=subject, sender=(subject, "papers@example.org")))

    names = [line.partition(b":")[0] for line in head(message) if not line.startswith(b" ")]

    assert names == [
        *(b"From", b"To", b"Subject", b"Date", b"Message-ID", b"List-Id"),
        *(b"MIME-Version", b"Content-Type"),
    ]
    assert parsed(message)["Bcc"] is None


def test_an_encoded_word_of_a_feed_is_shown_and_not_decoded() -> None:
    """A title that is an encoded word is read as those very characters."""
    message = as_bytes(an_email(subject="=?utf-8?q?a=0ABcc:_x?="))

    assert b"=0ABcc" not in message
    assert parsed(message)["Subject"] == "=?utf-8?q?a=0ABcc:_x?="


def test_overrides_of_the_reading_direction_do_not_reach_the_subject() -> None:
    """No title can pretend to end in another way than it does."""
    assert parsed(as_bytes(an_email(subject="safe\u202egnp.exe\u2066")))["Subject"] == "safegnp.exe"


def test_a_long_unsubscribe_address_stands_raw_on_one_line() -> None:
    """Programs find the address to unsubscribe by (RFC 8058); `email.message` would destroy it."""
    address = "<https://news.example.org/u/" + "t" * 300 + ">, <mailto:u+" + "t" * 60 + "@news.example.org>"

    message = as_bytes(an_email(headers=(("List-Unsubscribe", address),)))

    assert f"List-Unsubscribe: {address}".encode() in head(message)


def test_letters_beyond_ascii_in_machine_fields_become_words_and_percents() -> None:
    """The name of a list is an encoded word, an address in brackets a plain URL."""
    headers = (("List-Id", "Täglich <taeglich.example.org>"), ("List-Archive", "<https://example.org/ü>"))

    lines = head(as_bytes(an_email(headers=headers)))

    assert b"List-Id: =?utf-8?q?T=C3=A4glich?= <taeglich.example.org>" in lines
    assert b"List-Archive: <https://example.org/%C3%BC>" in lines


def test_a_header_longer_than_a_line_can_be_is_refused() -> None:
    """It is not folded, because nobody could put it together again."""
    with pytest.raises(ValueError, match="no message can hold this header line: b'List-Help: "):
        as_bytes(an_email(headers=(("List-Help", "<https://example.org/" + "x" * 1000 + ">"),)))


@pytest.mark.parametrize("name", ["Subject", "list id", "X:", "", "X\r\nY"])
def test_a_header_name_that_is_taken_or_is_no_name_is_refused(name: str) -> None:
    """Whoever adds headers learns of the mistake at once."""
    with pytest.raises(ValueError, match="header names must be plain and stand once"):
        as_bytes(an_email(headers=((name, "value"),)))


def test_a_long_plain_subject_is_folded_at_blanks() -> None:
    """Lines stay short and the subject stays legible in the raw message."""
    subject = " ".join(["attention"] * 20)

    message = as_bytes(an_email(subject=subject))

    assert b"=?utf-8" not in message
    assert parsed(message)["Subject"] == subject


def test_a_domain_beyond_ascii_is_written_as_a_label() -> None:
    """Every server can take mail to an internationalised domain (RFC 5890)."""
    assert b"To: Ada <ada@xn--bcher-kva.example>" in head(as_bytes(an_email(recipient=("Ada", "ada@bücher.example"))))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "ada@",
        "@example.org",
        "a b@example.org",
        "a@b@example.org",
        "<a@example.org>",
        "a@example.org\r\nX: y",
        "a@example.org,b@example.org",
        "a\0@example.org",
        "ada@exa..mple",
        "a" * 65 + "@example.org",
        "a@\ud800.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Nothing in an address can end the line or the brackets it stands in."""
    with pytest.raises(RecipientRefused, match=r"^5\.1\.[23] '"):
        as_bytes(an_email(recipient=("Ada", address)))
