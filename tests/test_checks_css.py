"""As much of CSS as the checks read: declarations, colours, lengths, contrast."""

from __future__ import annotations

import pytest

from newsletter.checks.css import WHITE, Colour, colour, contrast, declarations, ground, ink, over, pixels, spelled

BLACK: Colour = (0.0, 0.0, 0.0, 1.0)


def test_declarations_end_where_css_ends_them() -> None:
    """A semicolon in a string or in brackets is none, a later declaration wins, names are in lower case."""
    style = "COLOR: red; font-family: 'a;b', \"c;d\"; background: url(data:x;y); color: blue; broken; : x"

    assert dict(declarations(style)) == {
        "color": "blue",
        "font-family": "'a;b', \"c;d\"",
        "background": "url(data:x;y)",
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("#fff", "#ffffff"),
        ("#374151 !important", "#374151"),
        ("rgb(55, 65, 81)", "#374151"),
        ("rgb(100%, 0%, 0%)", "#ff0000"),
        ("no-repeat #abc", "#aabbcc"),
        ("White", "#ffffff"),
        ("#12345", ""),
        ("rgb(1, 2)", ""),
        ("rgb(a, b, c)", ""),
        ("currentcolor", ""),
        ("rebeccapurple", ""),
    ],
)
def test_a_colour_is_known_or_is_none(value: str, expected: str) -> None:
    """What is not understood is not judged."""
    found = colour(value)

    assert (spelled(found) if found else "") == expected


def test_a_colour_half_through_takes_on_what_is_behind_it() -> None:
    """Painted over the unknown it is unknown; fully transparent it is what is behind."""
    half = colour("rgba(0, 0, 0, 0.5)")
    nothing = colour("transparent")
    assert half is not None
    assert nothing is not None

    assert over(half, WHITE) == (127.5, 127.5, 127.5, 1.0)
    assert over(half, None) is None
    assert over(nothing, WHITE) == WHITE


@pytest.mark.parametrize(
    ("value", "inherited", "expected"),
    [
        ("12px", None, 12.0),
        ("9pt", None, 12.0),
        ("0", None, 0.0),
        ("1.5em", 16.0, 24.0),
        ("75%", 16.0, 12.0),
        ("2rem", None, 32.0),
        ("2em", None, None),
        ("auto", 16.0, None),
    ],
)
def test_a_length_is_pixels_or_unknown(value: str, inherited: float | None, expected: float | None) -> None:
    """Relative lengths need what they are relative to."""
    assert pixels(value, inherited) == expected


def test_contrast_is_the_ratio_of_wcag() -> None:
    """Black on white is 21, a colour on itself 1, whichever is in front."""
    assert contrast(BLACK, WHITE) == contrast(WHITE, BLACK) == 21.0
    assert contrast(WHITE, WHITE) == 1.0


def test_what_is_behind_text_is_painted_or_shines_through() -> None:
    """A picture hides the colour behind, the old attribute counts, and nothing written changes nothing."""
    assert ground({}, {}, BLACK) == BLACK
    assert ground({}, {"bgcolor": "#ffffff"}, BLACK) == WHITE
    assert ground({"background": "url(x) #fff"}, {}, BLACK) is None
    assert ground({"background": "none"}, {}, BLACK) == BLACK
    assert ground({}, {"background": "x.png"}, BLACK) is None


def test_the_colour_of_text_is_its_own_or_that_around_it() -> None:
    """A link has the program's colour unless it has one of its own."""
    assert ink("p", {}, {}, BLACK, WHITE) == BLACK
    assert ink("p", {"color": "inherit"}, {}, BLACK, WHITE) == BLACK
    assert ink("p", {"color": "currentcolor"}, {}, BLACK, WHITE) is None
    assert ink("font", {}, {"color": "white"}, BLACK, BLACK) == WHITE
    assert ink("a", {}, {"href": "#"}, BLACK, WHITE) is None
    assert ink("a", {}, {}, BLACK, WHITE) == BLACK
