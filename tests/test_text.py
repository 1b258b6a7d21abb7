"""Cleaning of text from outside."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.text import LONGEST, clean, decode, mend, plain, shorten

ANY_TEXT = st.text(st.characters())  # surrogates included


@given(ANY_TEXT)
def test_clean_text_is_one_line_that_any_encoding_carries(text: str) -> None:
    """Nothing from outside breaks a header, a line or an encoder."""
    cleaned = clean(text)

    assert cleaned == " ".join(cleaned.split())
    assert not [one for one in cleaned if unicodedata.category(one) in {"Cc", "Cs"}]
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    """A text that passes two borders is the same as after the first."""
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_html_becomes_clean_text_whatever_it_is(html: str) -> None:
    """No fragment makes the parser fail."""
    assert plain(html) == clean(plain(html))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\r\nBcc: x@example.org", "a Bcc: x@example.org"),
        ("a\0b\x1b[31m\x92c", "ab[31mc"),
        ("a\u2028b\u2029c\u00a0d", "a b c d"),
        ("left \u202etfel\u202c", "left tfel"),
        ("ze\u200bro wid\u00adth \ufeff", "zero width"),
        ("pass\u200dword", "password"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🔬", "👩\u200d🔬"),
        ("e\u0301te", "éte"),
        ("\ud800 \ufffe\U0001ffff\U000e0041", ""),
        ("e" + "\u0336" * 50, "e" + "\u0336" * 8),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_harmful_characters_are_removed_and_needed_ones_kept(text: str, expected: str) -> None:
    """Controls, overrides and disguises go; the joiners of Persian and of emoji stay."""
    assert clean(text) == expected


def test_a_hundred_thousand_accents_on_one_letter_are_cut() -> None:
    """Normalising is quadratic in the marks on a letter, so they are cut first."""
    assert len(clean("a" + "\u0301\u0316" * 50_000)) < 100


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>One</p><p>two<br/>three</p>", "One two three"),
        ("<b>bold</b>ly <a href='x>y' title=\"<\">linked</a>", "boldly linked"),
        ("H<sub>2</sub>O in 10<sup>-5</sup> m", "H2O in 10⁻⁵ m"),
        ("a<script>alert(1)</script>b<style>p{}</style>c<!-- d -->e", "a b c e"),
        ("R&D &amp; caf&eacute; &#8212; &#x27;q&#39;", "R&D & café — 'q'"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("for $a<b$ and $c>d$", "for $a<b$ and $c>d$"),
        ("a<b and c>d, n<m<k", "a<b and c>d, n<m<k"),
        ("the <think> and </think> tokens", "the <think> and </think> tokens"),
        ("<jats:title>Abstract</jats:title><jats:p>We <jats:italic>do</jats:italic>.</jats:p>", "Abstract We do."),
        ("<script>never closed", ""),
        ("{{ 7*7 }} {% raw %}", "{{ 7*7 }} {% raw %}"),
    ],
)
def test_html_becomes_text_unescaped_once_and_mathematics_survives(html: str, expected: str) -> None:
    """What is surely markup goes; what only looks like it is somebody's formula."""
    assert plain(html) == expected


@pytest.mark.parametrize(
    "unit",
    [
        *("<a ", '<a b="', "<a x = ", "<p a=b ", "<sup>", "&", "<!--"),
        *("<script>", "<script ", "<script", "<style x", "</script ", "<script></script ", "<style><script>"),
    ],
)
def test_a_lot_of_broken_markup_is_read_to_its_end(unit: str) -> None:
    """No pattern is quadratic: a suite that hangs here has found one that is."""
    assert plain(unit * (1_000_000 // len(unit)) + " and the end") is not None


@pytest.mark.parametrize("unit", ["word ", "<script ", "<!--", "<script>", "<p>one</p>", "a<b ", "<sup>5</sup> "])
def test_what_stands_beyond_the_bound_changes_nothing(unit: str) -> None:
    """So that a text of any length takes the time of one at the bound."""
    text = unit * (LONGEST // len(unit) + 1)

    assert plain(text + "<p>the end" * 90_000) == plain(text)


def test_an_image_that_is_cut_is_not_shown_as_text() -> None:
    """Pictures stand in attributes, and are longer than any abstract."""
    assert (
        plain("We measure.<img src='data:image/png;base64," + "iVBORw0KGgo" * 50_000 + "'> And more.") == "We measure."
    )


def test_a_script_that_is_only_spoken_of_hides_nothing() -> None:
    """Only what is surely one goes."""
    assert plain("How a <script tag ends & <b>why</b>") == "How a <script tag ends & why"
    assert plain("a<script src='x'>b</script>c<style>d</STYLE >e") == "a c e"


@pytest.mark.parametrize(
    ("damaged", "expected"),
    [
        ("componentsx2013such as weights", "components–such as weights"),
        ("one x2014 two", "one — two"),
        ("itx2019s x201cquotedx201d", "it’s “quoted”"),
        ("x2018so", "‘so"),
        ("Matrix2020 and Linux2019 beat 16x2013", "Matrix2020 and Linux2019 beat 16x2013"),
        ("at 0x201d, 12 x2013 px, &#x2013;", "at 0x201d, 12 x2013 px, &#x2013;"),
    ],
)
def test_lost_character_references_are_mended_where_nothing_else_can_be_meant(damaged: str, expected: str) -> None:
    """Saved pages show x2013 for a dash; years, sizes and addresses of memory stay as they are."""
    assert mend(damaged) == expected


@pytest.mark.parametrize(
    ("body", "declared", "expected"),
    [
        ("café –".encode(), "", "café –"),
        ("café –".encode(), "iso-8859-1", "café –"),
        ("café –".encode("cp1252"), "utf-8", "café –"),
        ("café".encode("utf-8-sig"), "", "café"),
        ("<a>é".encode("utf-16"), "", "<a>é"),
        ("<a>é".encode("utf-16-le"), "", "<a>é"),
        ("<a>é".encode("utf-16-be"), "utf-16", "<a>é"),
        ("žluť".encode("iso-8859-2"), "iso-8859-2", "žluť"),
        ("日本".encode("iso2022_jp"), "iso-2022-jp", "日本"),
        ("café, naïve, größer".encode() + b"\xff", "", "café, naïve, größer\ufffd"),
        ("é".encode("cp1252"), "unicode_escape", "é"),
        (b"", "", ""),
    ],
)
def test_bytes_are_read_by_what_they_are_rather_than_by_what_they_say(
    body: bytes, declared: str, expected: str
) -> None:
    """Declarations are often wrong; valid UTF-8 hardly ever is."""
    assert decode(body, declared=declared) == expected


@given(st.binary(), st.text())
def test_any_bytes_can_be_read(body: bytes, declared: str) -> None:
    """Decoding never fails."""
    assert isinstance(decode(body, declared=declared), str)


def test_a_long_text_is_cut_after_a_whole_word() -> None:
    """The reader sees that there was more."""
    assert shorten("one two three", limit=10) == "one two…"
    assert shorten("one two", limit=7) == "one two"
    assert len(shorten("x" * 50, limit=10)) == 10
