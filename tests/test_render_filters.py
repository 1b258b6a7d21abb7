"""Filters: any text in, something harmless out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.render.filters import (
    columns,
    harmless,
    hexcolor,
    safe_url,
    sentences,
    shorten,
    underline,
    wrap,
)

any_text = st.text(st.characters(exclude_categories=()))  # surrogates too


def test_a_summary_is_the_first_sentences() -> None:
    """As many as were asked for."""
    assert sentences("One is here. Two is there. Three is gone.", 2) == "One is here. Two is there."


def test_sentences_without_blanks_between_them_get_none() -> None:
    """Japanese stays Japanese."""
    assert sentences("今日は晴れ。明日は雨。", 2) == "今日は晴れ。明日は雨。"


def test_a_summary_leaves_out_a_sentence_that_does_not_fit() -> None:
    """A whole sentence reads better than a part of the next."""
    assert sentences("A short one. " + "Long " * 60 + "one.", 2) == "A short one."


def test_a_first_sentence_too_long_is_cut_at_a_word() -> None:
    """Something is always said."""
    summary = sentences("word " * 100, 1)

    assert summary.endswith("word…")
    assert len(summary) <= 200


def test_an_abstract_that_its_source_cut_ends_with_an_ellipsis() -> None:
    """Listing pages cut in mid-word; the reader should see that it was not us."""
    assert sentences("Programmers write complex programs by writing sub-progra", 2).endswith("sub-progra…")


@pytest.mark.parametrize(("count", "expected"), [(0, ""), (None, "One is here. Two is there.")])
def test_no_sentences_and_whole_abstracts_can_be_asked_for(count: int | None, expected: str) -> None:
    """0 is none, None is all."""
    assert sentences("One is here. Two is there.", count) == expected


@given(any_text, st.integers(1, 5))
def test_a_summary_never_passes_its_limit(prose: str, count: int) -> None:
    """Whatever the text, the room is kept, but for an ellipsis."""
    assert len(sentences(prose, count)) <= max(200, 120 * count) + 1


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/2611.01234v2",
        "http://example.org/a?b=c&d=%20",
        "mailto:ada@example.org?subject=unsubscribe%20x",
        "https://例え.example/論文",
    ],
)
def test_an_ordinary_address_stays_as_it_is(url: str) -> None:
    """Web and mail addresses pass unchanged."""
    assert safe_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        " https://example.org",
        "data:text/html,x",
        "vbscript:x",
        "//example.org/x",
        "https:///x",
        "https://trusted.example@evil.example/",
        "https://example.org/\x00",
        'https://example.org/"onclick="x',
        "https://example.org/\ud800",
        "https://[::1",
        "https://example.org/" + "x" * 3000,
        "mailto:",
        "",
    ],
)
def test_any_other_address_becomes_a_dead_link(url: str) -> None:
    """Scripts, control characters, user names and what no parser agrees on."""
    assert safe_url(url) == "#"


@given(any_text)
def test_safe_url_never_raises(url: str) -> None:
    """Any text at all may stand where an address should."""
    assert safe_url(url) in (url, "#")


@pytest.mark.parametrize(("value", "expected"), [("#4338ca", "#4338ca"), ("red;x:url(a)", "#000000"), ("", "#000000")])
def test_a_colour_is_six_hexadecimal_digits_or_black(value: str, expected: str) -> None:
    """Nothing else may enter a style."""
    assert hexcolor(value) == expected


@given(any_text)
def test_harmless_text_is_one_line_without_controls(text: str) -> None:
    """It can be encoded, and nothing in it ends a line or turns one round."""
    clean = harmless(text)

    assert clean.encode().decode() == clean
    assert len(clean.splitlines()) <= 1
    assert not set(clean) & set("\x00\x1b\x85\u2028\u202e\u2066\ufffe")


def test_text_too_long_is_cut_at_the_end_of_a_word() -> None:
    """The ellipsis counts."""
    assert shorten("draft trees for faster decoding", 20) == "draft trees for…"


def test_wrapped_lines_hang_under_the_first() -> None:
    """A number leads, the rest stands beside it."""
    assert wrap("aaa bbb ccc", width=12, indent=4, first=" 1. ") == " 1. aaa bbb\n    ccc"


def test_an_address_is_never_broken() -> None:
    """A broken address is no link."""
    url = "https://example.org/" + "x" * 100

    assert wrap(f"see {url} there", width=40).splitlines() == ["see", url, "there"]


@given(any_text.filter(lambda text: "://" not in text and "@" not in text))
def test_no_wrapped_line_is_wider_than_a_terminal(text: str) -> None:
    """Wide characters take two columns and have no blanks to break at."""
    assert all(columns(line) <= 72 for line in wrap(harmless(text), indent=5).split("\n"))


def test_an_underline_is_as_wide_as_what_it_underlines() -> None:
    """An ideograph is two dashes wide."""
    assert underline("暗黒 x") == "------"
