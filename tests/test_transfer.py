"""HTML as it travels: the same document, in lines that every server takes."""

from __future__ import annotations

import html
import quopri
import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from makers import NOW, a_match, a_newsletter, a_paper, a_section, an_issue

from newsletter.render import compile_templates, render
from newsletter.transfer import in_ascii, transferred

PAGE = "<!DOCTYPE html>\n<title>Papers – today</title><style>.a { color: red; }</style>\n<p>“Café” · 論文 · 🙂</p>\n"


def lines(octets: bytes) -> list[bytes]:
    """Return the lines of a part, which are ended by CRLF alone."""
    assert octets.endswith(b"\r\n")
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", octets)
    return octets.split(b"\r\n")[:-1]


def decoded(sent: object) -> str:
    """Return the characters of a part, references and all."""
    encoding, octets = sent.encoding, sent.octets.replace(b"\r\n", b"\n")  # type: ignore[attr-defined]
    return (quopri.decodestring(octets) if encoding == "quoted-printable" else octets).decode()


def test_characters_beyond_ascii_are_references() -> None:
    """Whatever a program takes the charset for, it shows them."""
    sent = transferred(PAGE)

    assert sent.encoding == "7bit"
    assert b"&#8220;Caf&#233;&#8221; &#183; &#35542;&#25991; &#183; &#128578;" in sent.octets
    assert html.unescape(decoded(sent)) == PAGE


@pytest.mark.parametrize(
    "page",
    [
        "<style>.a::before { content: “é”; }</style><p>–</p>",  # a style knows no references
        "<p>" + "a " * 600 + "</p>",
        "<p>" + "论文" * 80 + "</p>",  # 160 characters, more than 998 octets
        "<p>\x80</p>",  # whose reference is the euro sign
        "<p>\udc80 –</p>",
        "<p>\0</p>",
        "<p>\x1b[31m\x7f</p>",
        "<pre>\ta\rb\r\nc</pre>",
    ],
)
def test_what_cannot_travel_as_it_is_is_encoded(page: str) -> None:
    """Nothing is lost, and no line is too long."""
    sent = transferred(page)

    assert sent.encoding == "quoted-printable"
    assert max(map(len, lines(sent.octets))) <= 76
    shown = page.replace("\udc80", "\ufffd").replace("\r\n", "\n").replace("\r", "\n")
    assert decoded(sent) == re.sub("[\0-\x08\x0b-\x1f\x7f]", "", shown) + "\n"


@given(st.text(st.characters() | st.sampled_from(" \t\r\n<>&#;.é–\x80\x9f")))
@example("")
@example("\n")
@example("a\n" * 3 + "." * 998)
@example("." * 999)
def test_any_text_is_lines_that_any_server_takes(text: str) -> None:
    """ASCII, no line over 998 octets, no control character."""
    octets = transferred(text).octets

    assert max(map(len, lines(octets))) <= 998
    assert not re.search(rb"[^\t\r\n -~]", octets)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_references_stand_for_the_characters_that_were_there(text: str) -> None:
    """As browsers read them, noncharacters apart, which no paper has."""
    shown = re.sub(r"&#(\d{3,7});", lambda found: chr(int(found[1])), in_ascii(text))

    assert in_ascii(text).isascii()
    assert shown == re.sub(r"&#(\d{3,7});", lambda found: chr(int(found[1])), text)


@pytest.mark.parametrize("look", ["issue", "plain", "gallery"])
@pytest.mark.parametrize("language", ["en", "de", "fr", "zh"])
def test_what_we_render_travels_as_it_is(look: str, language: str) -> None:
    """The lines of every look have room for what is filled in."""
    title = "Long titles of papers go on and on – " * 8
    papers = [a_match(a_paper(f"{title} {number}", abstract="It is so. " * 40)) for number in range(12)]
    issue = an_issue(a_section("Trees “and” more", *papers))
    issue = replace(issue, subscriber=replace(issue.subscriber, language=language))
    made = render(issue, a_newsletter(), compile_templates(look=look), date=NOW)

    assert made.html.isascii()
    assert transferred(made.html).encoding == "7bit", max(made.html.split("\n"), key=len)
    assert not re.search(r"^\.", made.html, re.MULTILINE)
