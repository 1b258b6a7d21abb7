"""Every rule of the header, of the parts and of the text: one message that breaks it is told once, at its line."""

from __future__ import annotations

import pytest
from test_checks import HEAD, HTML, LEAVE, PNG, TEXT, a_message, a_part, a_picture, crlf, joined, rules

from newsletter.checks import Finding, Part, Severity, check
from newsletter.checks.reading import read
from newsletter.checks.sizes import MESSAGE_LIMIT
from newsletter.checks.words import decoded

SECURE = "https://example.org/u/TOKEN"
ONE_CLICK = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
SHOWN = HTML.replace("<h1", '<img src="cid:one" alt="A tree of tokens" width="88"><h1', 1)


def with_head(old: str, new: str) -> tuple[Finding, ...]:
    """Return the findings of the clean message with one thing changed in its header."""
    assert old in HEAD
    return check(a_message(head=HEAD.replace(old, new, 1)))


HEADERS = [
    ("header-repeated", "Date: ", "Date: Fri, 20 Nov 2026 07:00:00 +0000\nDate: "),
    ("header-repeated", "Auto-Sub", "Auto-Submitted: auto-generated\nAuto-Sub"),
    ("header-name", "Date: ", "no field at all\nDate: "),
    ("header-name", "Date: ", "Dåte: x\nDate: "),
    ("header-empty", "Content-Language: en", "Content-Language: en\nReply-To: "),
    ("header-control", "=?utf-8?q?2_papers_=C2=B7_Speculative_decoding?=", "2 papers\x07"),
    ("header-control", "2_papers_=C2=B7_Speculative_decoding", "a=0ABcc:_evil=40example.org"),
    ("header-8bit", "Daily Papers <papers", "Päpers <papers"),
    ("header-encoded-word", "Speculative_decoding?=", f"{'x' * 60}?="),
    ("header-encoded-word", "=?utf-8?q?2", "=?utf-8?q?x?= and some words that fill it =?utf-8?q?2"),
    ("header-encoded-word", "=C2=B7", "=FF"),
    ("header-encoded-word", "=?utf-8?q?2", "=?klingon?q?2"),
    ("header-encoded-word", "<ada@example.org>", "<=?utf-8?q?ada?=@example.org>"),
    ("header-address", "papers@example.org", "papers at example.org"),
    ("header-address", "<ada@example.org>", "<ada@example.org>, grace@example.org"),
    ("header-date", "Fri, 20 Nov 2026 07:00:00 +0000", "tomorrow"),
    ("header-message-id", "<i20261120.s1@example.org>", "i20261120.s1@example.org"),
    ("header-mime-version", "MIME-Version: 1.0", "MIME-Version: 2.0"),
    ("subject-long", "=?utf-8?q?2_papers_=C2=B7_Speculative_decoding?=", "Trees of tokens " * 7),
    ("lang-form", "Content-Language: en", "Content-Language: en_GB"),
    ("auto-submitted", "auto-generated", "no"),
    ("list-id", "<daily-papers.example.org>", "daily-papers.example.org"),
    ("list-id", "<daily-papers.example.org>", "<daily-papers>"),
    ("list-unsubscribe", f"<{LEAVE}>", f"=?utf-8?q?=3C{LEAVE}?= <{LEAVE}>"),
    ("list-unsubscribe", f"<{LEAVE}>", f"\n <{LEAVE}>"),
    ("list-unsubscribe", f"<{LEAVE}>", f"<http://example.org/u>, <{LEAVE}>"),
    ("list-unsubscribe-post", "Auto-Sub", f"{ONE_CLICK}Auto-Sub"),
    ("list-unsubscribe-post", f"<{LEAVE}>", f"<{LEAVE}>, <{SECURE}>"),
    ("list-unsubscribe-post", f"<{LEAVE}>", f"<{LEAVE}>, <{SECURE}>\nList-Unsubscribe-Post: yes"),
    ("feedback-id", "Auto-Sub", "Feedback-ID: a:b:c:d:sender\nAuto-Sub"),
    ("feedback-id", "Auto-Sub", "Feedback-ID: a:b:c:me\nAuto-Sub"),
    ("dkim-coverage", "Auto-Sub", "DKIM-Signature: v=1; h=from:to; b=x\nAuto-Sub"),
]


@pytest.mark.parametrize(("rule", "old", "new"), HEADERS)
def test_a_broken_field_is_told_once_and_where(rule: str, old: str, new: str) -> None:
    """One mistake of the header is one finding, with its line."""
    found = [finding for finding in with_head(old, new) if finding.rule != "mime-8bit"]

    assert [(finding.rule, finding.part, finding.times) for finding in found] == [(rule, Part.HEADERS, 1)]
    assert abs(found[0].line - HEAD[: HEAD.index(old)].count("\n") - 1) <= 1 or rule == "list-unsubscribe-post"


@pytest.mark.parametrize("name", ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version"])
def test_a_field_that_every_message_has_is_missed(name: str) -> None:
    """RFC 5322 asks for some, and filters for the others."""
    head = "".join(f"{line}\n" for line in HEAD.splitlines() if not line.startswith(f"{name}:"))
    (finding,) = check(a_message(head=head))

    assert (finding.rule, finding.line, finding.message.split()[0]) == ("header-missing", 0, name)


def test_a_list_without_its_fields_is_told() -> None:
    """The three fields that make a list, each by its own rule."""
    kept = "".join(f"{line}\n" for line in HEAD.splitlines() if not line.startswith(("List-", "Auto-")))

    assert rules(a_message(head=kept)) == ["auto-submitted", "list-id", "list-unsubscribe"]


@pytest.mark.parametrize(
    "fields",
    [
        f"List-Unsubscribe: <{SECURE}>\n{ONE_CLICK}",
        f"List-Unsubscribe: <{SECURE}>, <{LEAVE}>\n{ONE_CLICK}Feedback-ID: i1:daily:digest:papers\n",
        f"List-Unsubscribe: <{SECURE}>\n{ONE_CLICK}DKIM-Signature: v=1; h=List-Unsubscribe:\n List-Unsubscribe-Post\n",
        f"List-Unsubscribe: <{SECURE}{'x' * 800}>\n{ONE_CLICK}",
    ],
)
def test_one_click_in_its_forms_is_fine(fields: str) -> None:
    """Long addresses, both kinds, a signature that covers them."""
    address = fields.partition("<")[2].partition(">")[0]
    head = HEAD.replace(f"List-Unsubscribe: <{LEAVE}>\n", fields)

    assert rules(a_message(head=head, html=HTML.replace(LEAVE, address), text=TEXT.replace(LEAVE, address))) == []


@pytest.mark.parametrize(
    "value",
    [
        "ada@example.org",
        "<ada@example.org>",
        '"Ada \\"Countess\\" Lovelace" <ada@example.org>',
        "=?utf-8?q?J=C3=B6rg?=\n =?utf-8?q?_Z?= <ada@example.org>",
        "a.b+c@xn--bcher-kva.example",
    ],
)
def test_an_address_in_its_forms_is_fine(value: str) -> None:
    """With a name or without, quoted, encoded, in an IDN."""
    assert with_head('"Lovelace, Ada" <ada@example.org>', value) == ()


def test_an_encoded_word_is_read_as_programs_do() -> None:
    """Words beside each other are joined, those that do not decode are shown as they are."""
    assert decoded("=?utf-8?q?Zw=C3=B6lf?= =?utf-8?b?IEFydGlrZWw=?= heute") == "Zwölf Artikel heute"
    assert decoded("=?x?q?a?= and =?utf-8?q?=FF?=") == "=?x?q?a?= and =?utf-8?q?=FF?="


# ------------------------------------------------------------------ parts

PLAIN, SHOWN_PART = a_part("text/plain", TEXT), a_part("text/html", HTML)

SHAPES = [
    joined("alternative", SHOWN_PART, PLAIN),
    joined("mixed", PLAIN, SHOWN_PART),
    SHOWN_PART,
    joined("alternative", PLAIN),
    joined("alternative", PLAIN, joined("related", SHOWN_PART, mark="=_r")),
]


@pytest.mark.parametrize("body", SHAPES)
def test_parts_in_another_order_are_told(body: str) -> None:
    """Programs show the last part they can, so the text comes first and the HTML last."""
    assert rules(crlf(HEAD + body)) == ["mime-shape"]


def test_parts_that_do_not_end_are_told() -> None:
    """A message that breaks off is told as such."""
    body = joined("alternative", PLAIN, SHOWN_PART).rpartition("\n--=_b--")[0]

    assert rules(crlf(HEAD + body)) == ["mime-broken"]
    assert "mime-broken" in rules(crlf(HEAD + body.replace('; boundary="=_b"', "")))


def test_line_ends_that_are_none_are_told_with_their_line() -> None:
    """A lone CR or LF is how one message is smuggled into another."""
    before = a_message().partition(b"Two papers worth")[0]
    for lone in (b"\n", b"\r"):
        (finding,) = check(a_message().replace(b"Two papers worth", b"Two papers" + lone + b"worth", 1))

        assert (finding.rule, finding.part, finding.line) == ("mime-line-end", Part.MESSAGE, before.count(b"\n") + 1)


def test_bytes_beyond_ascii_are_told() -> None:
    """Not every relay carries them."""
    message = a_message(text="ä" + TEXT).replace(b"=C3=A4", "ä".encode())

    assert rules(message) == ["mime-8bit"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (b"Content-Type: text/plain; charset=utf-8", b"Content-Type: text/plain", "mime-charset"),
        (b"Content-Transfer-Encoding: quoted-printable", b"Content-Transfer-Encoding: 8bit", "mime-encoding"),
        (b"Whole trees at once", b"Whole =xx trees", "mime-encoding"),
        (b"Whole trees at once", b"Whole trees at once" + b" and again" * 7, "mime-encoding"),
    ],
)
def test_a_badly_encoded_text_part_is_told(old: bytes, new: bytes, expected: str) -> None:
    """What does not decode is shown as rubbish."""
    beside = {"text-width", "unsubscribe-text"}  # a line too wide, a "=" that is not decoded
    (finding,) = [one for one in check(a_message().replace(old, new, 1)) if one.rule not in beside]

    assert (finding.rule, finding.part) == (expected, Part.TEXT)


def test_an_encoding_of_python_alone_is_not_taken() -> None:
    """`unicode_escape` and `idna` are codecs of Python, and no charset of mail."""
    message = a_message().replace(b"text/plain; charset=utf-8", b"text/plain; charset=unicode_escape", 1)

    assert rules(message) == ["mime-charset", "mime-encoding"]


PICTURES = [
    (a_picture(media_type="image/webp", data=b"RIFF" + bytes(40)), "image-format"),
    (a_picture(media_type="image/svg+xml", data=b"<svg/>"), "image-format"),
    (a_picture(data=b"<html></html>"), "image-format"),
    (a_picture().replace("base64", "8bit").replace("iVBOR", "xxxxx"), "mime-encoding"),
    (a_picture().replace("iVBOR", "iVBO"), "mime-encoding"),
]


@pytest.mark.parametrize(("picture", "rule"), PICTURES)
def test_a_picture_that_some_program_does_not_show_is_told(picture: str, rule: str) -> None:
    """JPEG, PNG and GIF that are what they say."""
    assert rule in rules(a_message(picture, html=SHOWN))


def test_pictures_and_what_shows_them_belong_together() -> None:
    """A part that nothing shows is told, as is one without a name, and two of one name."""
    assert rules(a_message(a_picture(), a_picture("two"), html=SHOWN)) == ["picture-unused"]
    assert rules(a_message(a_picture(), a_picture(), html=SHOWN)) == ["picture-twice"]
    nameless = a_picture().replace("Content-ID: <one>\n", "")
    assert rules(a_message(a_picture(), nameless, html=SHOWN)) == ["picture-unused"]


# ------------------------------------------------------------------ sizes


def test_an_html_part_over_the_limit_is_told_as_it_travels() -> None:
    """Bytes between the boundary lines count, not characters: encoding adds to them."""
    fits = HTML.replace("<ul>", "<p>" + "é " * 13_000 + "</p><ul>")

    assert rules(a_message(html=fits)) == []
    assert rules(a_message(html=fits.replace("é é", "éééé"))) == ["size-html"]


def test_styles_over_the_limit_are_told() -> None:
    """Gmail keeps 16 KB of them."""
    assert rules(a_message(html=HTML.replace(".dim {", ".dim { margin: 0 }" * 1_000 + ".dim {"))) == ["size-css"]


def test_a_long_line_is_told_with_its_number() -> None:
    """SMTP carries 998 octets."""
    head = HEAD.replace("Content-Language", f"X-Long: {'x' * 1_000}\nContent-Language")
    (finding,) = check(a_message(head=head))

    assert (finding.rule, finding.line) == ("size-line", 9)


def test_a_heavy_message_is_a_warning() -> None:
    """Ten megabytes are refused by some."""
    data = (PNG + bytes(9)) * (MESSAGE_LIMIT // 57 // 4 * 3 + 1_000)
    lines = a_picture(data=data).split("\n")
    body = "\n".join(lines[-2][start : start + 76] for start in range(0, len(lines[-2]), 76))
    (finding,) = check(a_message("\n".join([*lines[:-2], body, ""]), html=SHOWN))

    assert (finding.rule, finding.severity) == ("size-message", Severity.WARNING)


# ------------------------------------------------------------------ text

TEXTS = [
    ("text-empty", TEXT, "\n \n", 0),
    ("text-width", "Two papers worth your time", "Two papers worth your time " * 4, 1),
    ("text-width", "Two papers worth your time", "論文" * 20, 1),
    ("text-markup", "Whole trees", "<b>Whole</b> trees", 6),
    ("text-markup", "Whole trees", "Whole &amp; trees", 6),
    ("text-links", "https://example.org/2", "https://example.org/3", 0),
    ("unsubscribe-text", LEAVE, "the address above", 0),
    ("content-control", "Whole trees", "Whole\x1b[31m trees", 6),
    ("content-leftover", "Whole trees", "{% if trees %}", 6),
]


@pytest.mark.parametrize(("rule", "old", "new", "line"), TEXTS)
def test_a_broken_text_part_is_told(rule: str, old: str, new: str, line: int) -> None:
    """Who reads text reads every paper, in lines that fit, without code."""
    found = check(a_message(text=TEXT.replace(old, new)))

    assert [(one.rule, one.part, one.line) for one in found if one.rule != "unsubscribe-text" or rule == one.rule] == [
        (rule, Part.TEXT, line)
    ]


def test_a_token_that_is_data_stands_in_both_parts() -> None:
    """Only HTML templates are compiled, so a token in the text part was written by somebody else."""
    html, text = (part.replace("Whole trees", "Whole jx0001xj trees") for part in (HTML, TEXT))

    assert rules(a_message(html=html, text=text)) == []
    assert rules(a_message(html=html)) == ["content-token"]


def test_an_address_is_never_broken() -> None:
    """A line as wide as an address of the web or of a person is as it should be."""
    text = TEXT.replace("Two papers", f"{SECURE * 9}\n{'a' * 60}@{'b' * 60}.example.org\n")

    assert rules(a_message(text=text)) == []


def test_what_looks_like_markup_and_is_none_is_fine() -> None:
    """`a < b`, `<think>`, an address in brackets and a very long one are text."""
    text = TEXT.replace("Two papers", f"If a < b and c > d <think> R&D, AT&T; <https://example.org/1>\n{SECURE * 9}\n")

    assert rules(a_message(text=text)) == []


# ------------------------------------------------------------------ taking apart


def test_a_message_is_taken_apart_byte_by_byte() -> None:
    """Fields keep their folds and lines, parts what stood between their boundaries."""
    reading = read(
        b"A: 1\r\n  2\r\nB:3\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\npre\r\n--x\r\n\r\nq\r\n--x--\r\npost"
    )

    assert [(one.name, one.raw, one.value, one.line) for one in reading.fields[:2]] == [
        ("A", " 1\r\n  2", "1  2", 1),
        ("B", "3", "3", 3),
    ]
    assert [leaf.body for leaf in reading.leaves] == [b"q"]
    assert reading.shape == "multipart/mixed(text/plain)"
    assert reading.broken == ()
