"""The checks of a finished message: a clean one passes, any bytes are taken, findings come in order, sizes are told."""

from __future__ import annotations

import binascii

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.checks import CSS_LIMIT, HTML_LIMIT, Finding, Part, Severity, check, measure

LEAVE = "mailto:papers@example.org?subject=unsubscribe"

HEAD = f"""From: Daily Papers <papers@example.org>
To: "Lovelace, Ada" <ada@example.org>
Subject: =?utf-8?q?2_papers_=C2=B7_Speculative_decoding?=
Date: Fri, 20 Nov 2026 07:00:00 +0000
Message-ID: <i20261120.s1@example.org>
List-Id: Daily Papers <daily-papers.example.org>
List-Unsubscribe: <{LEAVE}>
Auto-Submitted: auto-generated
Content-Language: en
MIME-Version: 1.0
"""

HTML = f"""<!doctype html>
<html lang="en" dir="ltr"><head>
<meta charset="utf-8"><title>Daily Papers</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no"><meta name="x-apple-disable-message-reformatting">
<style>.dim {{ color: #57534e }}</style>
<style>@media (prefers-color-scheme: dark) {{
.card {{ background-color: #212127 !important; color: #d4d4d8 !important }}
.card p, .card a, .card > h1 {{ color: #f4f4f5 !important }}
}}</style>
</head>
<body style="background-color:#f3f2ee">
<div style="display:none">Draft trees for faster decoding, and a second paper on the same subject</div>
<div class="card" lang="en" dir="ltr" style="background-color:#ffffff; font-size:16px; line-height:24px; color:#374151">
<!--[if mso]><table role="presentation" width="640"><tr><td><![endif]-->
<h1 style="font-size:32px">Two papers worth your time</h1>
<table role="presentation" width="100%"><tbody><tr><td>
<h2><a href="https://example.org/1">Draft trees for faster decoding</a></h2>
<p style="margin:0">A small model drafts a tree of tokens.</p>
<h2><a href="https://example.org/2">Whole trees at once</a></h2>
<ul><li>One pass</li><li>No training</li></ul>
</td></tr></tbody></table>
<p class="foot" style="font-size:13px; line-height:20px"><a href="{LEAVE}">Unsubscribe</a></p>
<!--[if mso]></td></tr></table><![endif]-->
</div></body></html>
"""

TEXT = f"""Two papers worth your time

  1. Draft trees for faster decoding
     https://example.org/1

  2. Whole trees at once
     https://example.org/2

To unsubscribe, write to
  {LEAVE}
"""

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def a_part(media_type: str, body: str, *fields: str) -> str:
    """Return a part of text, quoted-printable."""
    encoded = binascii.b2a_qp(body.encode("utf-8", "replace").replace(b"\n", b"\r\n"), istext=True).decode("ascii")
    head = (f"Content-Type: {media_type}; charset=utf-8", "Content-Transfer-Encoding: quoted-printable", *fields)
    return "\n".join(head) + "\n\n" + encoded.replace("\r\n", "\n")


def a_picture(name: str = "one", media_type: str = "image/png", data: bytes = PNG) -> str:
    """Return a part that holds a picture."""
    return (
        f"Content-Type: {media_type}\nContent-Transfer-Encoding: base64\nContent-ID: <{name}>\n\n"
        f"{binascii.b2a_base64(data, newline=False).decode()}\n"
    )


def joined(kind: str, *parts: str, mark: str = "=_b") -> str:
    """Return parts as one multipart."""
    inner = "".join(f"\n--{mark}\n{part}" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{mark}"\n{inner}\n--{mark}--\n'


def a_message(*pictures: str, head: str = HEAD, html: str = HTML, text: str = TEXT) -> bytes:
    """Return a message with CRLF line ends; nothing is wrong with it unless it is given."""
    shown = a_part("text/html", html)
    if pictures:
        shown = joined("related", shown, *pictures, mark="=_r")
    return crlf(head + joined("alternative", a_part("text/plain", text), shown))


def crlf(message: str) -> bytes:
    """Return a message with the line ends of mail."""
    return message.encode("latin-1").replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def rules(message: bytes) -> list[str]:
    """Return the rules that a message breaks, in the order in which they are told."""
    return [finding.rule for finding in check(message)]


def test_a_clean_message_has_no_finding() -> None:
    """Nothing is told of a message that is as it should be."""
    assert check(a_message()) == ()


def test_a_clean_message_with_pictures_has_no_finding() -> None:
    """A picture that travels inside and is shown is as it should be."""
    html = HTML.replace("<h1", '<img src="cid:one" alt="A tree of tokens" width="88"><h1', 1)

    assert check(a_message(a_picture(), html=html)) == ()


def test_a_message_of_text_alone_has_no_finding() -> None:
    """Who reads text only gets one part, and no rule of HTML applies."""
    assert check(crlf(HEAD + a_part("text/plain", TEXT))) == ()


def test_a_base64_message_has_no_finding() -> None:
    """Both encodings are 7-bit."""

    def encoded(media_type: str, body: str) -> str:
        written = binascii.b2a_base64(body.encode(), newline=False).decode()
        lines = "\n".join(written[start : start + 76] for start in range(0, len(written), 76))
        return f"Content-Type: {media_type}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{lines}\n"

    message = crlf(HEAD + joined("alternative", encoded("text/plain", TEXT), encoded("text/html", HTML)))

    assert check(message) == ()


def test_one_click_needs_both_fields_and_the_address_in_sight() -> None:
    """An https address with its POST field, shown in both parts, is as RFC 8058 wants it."""
    secure = "https://example.org/u/TOKEN"
    head = HEAD.replace(f"<{LEAVE}>", f"<{secure}>, <{LEAVE}>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click")

    assert check(a_message(head=head, html=HTML.replace(LEAVE, secure), text=TEXT.replace(LEAVE, secure))) == ()


def test_the_same_said_twice_is_one_finding_with_its_count() -> None:
    """Twenty papers with one mistake of the template are one line to read."""
    html = HTML.replace("<ul>", "<h3></h3><h3></h3><ul>")

    (finding,) = check(a_message(html=html))

    assert (finding.rule, finding.times, finding.line) == (
        "heading-empty",
        2,
        HTML[: HTML.index("<ul>")].count("\n") + 1,
    )


def test_findings_come_by_part_and_line() -> None:
    """The order is that of the message, so two machines print the same."""
    head = HEAD.replace("Auto-Submitted: auto-generated\n", "")
    html = HTML.replace("<ul>", "<h4></h4><ul>").replace("<h1 ", '<h1 tabindex="1" ')
    found = check(a_message(head=head, html=html, text=TEXT.replace("Two", "<b>Two")))

    assert [(finding.part, finding.rule) for finding in found] == [
        (Part.HEADERS, "auto-submitted"),
        (Part.HTML, "tabindex"),
        (Part.HTML, "heading-empty"),
        (Part.HTML, "heading-skip"),
        (Part.TEXT, "text-markup"),
    ]


def test_every_finding_is_one_line() -> None:
    """A finding is a row of a table: what a hostile message holds cannot break it."""
    found = check(a_message(html=HTML.replace("<h1 ", '<h1 id="a\n\x1b[31m\u202e" aria-none="\n" role="\nx" ')))

    assert found
    assert all(finding.message.isprintable() and finding.excerpt.isprintable() for finding in found)


def test_sizes_are_those_of_the_message_as_it_travels() -> None:
    """What Gmail clips is what is between the boundary lines, encoded."""
    html = HTML.replace("<h1", '<img src="cid:one" alt="A tree of tokens" width="88"><h1', 1)
    message = a_message(a_picture(), html=html)
    facts = measure(message)

    assert facts.message == len(message)
    assert facts.html == len(binascii.b2a_qp(html.replace("\n", "\r\n").encode(), istext=True))
    assert facts.text == len(binascii.b2a_qp(TEXT.replace("\n", "\r\n").encode(), istext=True))
    assert facts.css == sum(len(part.partition("</style>")[0]) for part in HTML.split("<style>")[1:])
    assert (facts.links, facts.images, facts.pictures) == (3, 1, len(binascii.b2a_base64(PNG)) + 1)
    assert facts.html < HTML_LIMIT
    assert facts.css < CSS_LIMIT


def test_what_is_no_message_is_told() -> None:
    """Nothing at all, noise, and HTML without a header are findings and no exception."""
    for noise in (b"", b"\0", b"\r\n\r\n", b"<html><body>Papers</body></html>", b"\xff" * 2_000, b"a: b", b":"):
        found = check(noise)

        assert any(finding.severity is Severity.ERROR for finding in found)
        assert measure(noise).message == len(noise)


def test_parts_in_parts_without_end_are_told() -> None:
    """A message made to exhaust the stack is broken, and nothing else."""
    inner = "Content-Type: text/plain\n\nx\n"
    for depth in range(40):
        inner = joined("mixed", inner, mark=f"b{depth}")

    assert "mime-broken" in rules(crlf(HEAD + inner))


def test_deep_html_is_taken() -> None:
    """A thousand tables in one another are slow reading and no error of ours."""
    html = HTML.replace("<h1", '<table role="presentation"><tr><td>' * 1_000 + "<h1", 1)

    assert isinstance(check(a_message(html=html)), tuple)


@pytest.mark.parametrize(
    "piece",
    [
        "<", '<a href="x">', "<font color=red>", "<!--[if mso]>", "<ul>x", "{{", "a{", "</style><style>@media print {",
        "</style><style>@media (prefers-color-scheme: dark) {", "</style><style>" + "a" * 500, "url(", "'", "@media ",
    ],
)  # fmt: skip
def test_what_repeats_without_end_is_read_in_passing(piece: str) -> None:
    """Each pattern looks at a character a few times and not as often as there are characters."""
    repeated = piece * (50_000 // len(piece))

    assert check(a_message(html=HTML.replace("<ul>", f"{repeated}<ul>").replace(".dim {", f"{repeated} .dim {{")))


def holds(found: tuple[Finding, ...]) -> bool:
    """Return whether findings are what they promise to be."""
    return all(one.rule and one.message and one.times >= 1 and one.line >= 0 for one in found)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(noise: bytes) -> None:
    """Any bytes are taken."""
    assert holds(check(noise))


WHOLE = a_message(a_picture(), html=HTML.replace("<h1", '<img src="cid:one" alt="A tree" width="88"><h1', 1))
SPLINTERS = st.binary(max_size=6) | st.sampled_from(
    (
        b"\0", b"\r", b"\n", b"=", b"=\r\n", b"--", b"<", b">", b"<!--[if mso]>", b"<![endif]-->", b'"', b"{", b"@",
        b":", b"=?utf-8?q?=FF?=", b"=?x?b?!!!!?=", b"\xff\xfe", b"<svg>", b"<table>", b"</html>", b"&#0;", b"url(",
        b"base64", b"charset=unicode_escape", b"charset=utf-16", b"style='font:1px/0 a;color:rgb(1,2,3,4,5)'", b"\\x",
        b"href=http://[", b"9" * 400, b"boundary=", b"<?xml ?>", b"<frameset>", b"width=1e999px", b"Date: 99", b".",
    )
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 40), SPLINTERS), min_size=1, max_size=6))
def test_no_damage_raises(cuts: list[tuple[int, int, bytes]]) -> None:
    """A message with pieces missing, and others where they do not belong, is read to its end."""
    message = WHOLE
    for start, length, splinter in cuts:
        message = message[:start] + splinter + message[start + length :]

    assert holds(check(message))


PIECES = (*"<>/!-[]\"'=:;.#{}()@ \n%&\0é", "if mso", "endif", "style", "a href", "td", "<!--", "@media", "<h1>", "url(")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(PIECES)))
def test_no_html_raises(pieces: list[str]) -> None:
    """Any text between the tags is taken, whatever the parser makes of it."""
    assert holds(check(a_message(html="".join(pieces))))


def test_checking_twice_says_the_same() -> None:
    """The same message gives the same findings: nothing is kept from one to the next."""
    broken = a_message(html=HTML.replace("<h1", "<h2", 1).replace("color:#374151", "color:#cccccc"))

    assert check(broken) == check(broken) != ()
