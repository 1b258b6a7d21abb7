"""As much of CSS as a check needs: declarations, colours, lengths, contrast. Nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

Colour = tuple[float, float, float, float]
"""Red, green and blue in 0 to 255, opacity in 0 to 1."""

WHITE: Colour = (255.0, 255.0, 255.0, 1.0)
"""What every program shows an email on in its light theme, where the email does not say."""

_PIECE = re.compile(r"""[^;"'(]+|"[^"]*"?|'[^']*'?|\([^()]*(?:\([^()]*\)[^()]*)*\)?|;""")
_HEX = re.compile(r"#([0-9a-f]{3,8})\b", re.IGNORECASE)
_FUNCTION = re.compile(r"rgba?\(([^()]*)\)", re.IGNORECASE)
_LENGTH = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(px|pt|em|rem|%)?", re.IGNORECASE)
_PIXELS = {"px": 1.0, "": 1.0, "pt": 4 / 3}
_PICTURED = re.compile(r"url\(|gradient\(", re.IGNORECASE)
_NAMES = {
    "black": "#000000", "silver": "#c0c0c0", "gray": "#808080", "grey": "#808080", "white": "#ffffff",
    "maroon": "#800000", "red": "#ff0000", "purple": "#800080", "fuchsia": "#ff00ff", "green": "#008000",
    "lime": "#00ff00", "olive": "#808000", "yellow": "#ffff00", "navy": "#000080", "blue": "#0000ff",
    "teal": "#008080", "aqua": "#00ffff", "orange": "#ffa500", "darkgray": "#a9a9a9", "darkgrey": "#a9a9a9",
    "lightgray": "#d3d3d3", "lightgrey": "#d3d3d3", "dimgray": "#696969", "whitesmoke": "#f5f5f5",
}  # fmt: skip


@lru_cache(maxsize=4096)
def declarations(style: str) -> tuple[tuple[str, str], ...]:
    """Return the declarations of a style attribute: names in lower case, the last of each name, in order."""
    pieces = style.split(";") if not any(mark in style for mark in "\"'(") else _split(style)
    found: dict[str, str] = {}
    for piece in pieces:
        name, colon, value = piece.partition(":")
        if colon and name.strip():
            found[name.strip().lower()] = value.strip()
    return tuple(found.items())


def _split(style: str) -> list[str]:
    pieces = [""]
    for found in _PIECE.finditer(style):
        if found[0] == ";":
            pieces.append("")
        else:
            pieces[-1] += found[0]
    return pieces


@lru_cache(maxsize=1024)
def colour(value: str) -> Colour | None:
    """Return the first colour named in `value`, None if there is none that is known."""
    value = value.strip().lower()[:200]
    if found := _HEX.search(value):
        return _from_hex(found[1])
    if found := _FUNCTION.search(value):
        return _from_numbers(found[1])
    if "transparent" in value:
        return (0.0, 0.0, 0.0, 0.0)
    named = next((_NAMES[word] for word in re.split(r"[\s!,]+", value) if word in _NAMES), "")
    return _from_hex(named[1:]) if named else None


def _from_hex(digits: str) -> Colour | None:
    if len(digits) in {3, 4}:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) not in {6, 8}:
        return None
    red, green, blue, opacity = (int(f"{digits:f<8}"[start : start + 2], 16) for start in (0, 2, 4, 6))
    return float(red), float(green), float(blue), opacity / 255


def _from_numbers(inside: str) -> Colour | None:
    parts = [part for part in re.split(r"[\s,/]+", inside.strip()) if part]
    if len(parts) not in {3, 4} or not all(re.fullmatch(r"\d{1,6}(?:\.\d{1,6})?%?", part) for part in parts):
        return None
    numbers = [float(part.rstrip("%")) * (2.55 if part.endswith("%") else 1) for part in parts[:3]]
    last = parts[3] if len(parts) > len(numbers) else "1"
    opacity = float(last.rstrip("%")) / (100 if last.endswith("%") else 1)
    red, green, blue = (min(number, 255.0) for number in numbers)
    return red, green, blue, min(opacity, 1.0)


def over(top: Colour, ground: Colour | None) -> Colour | None:
    """Return what is seen of `top` painted over `ground`; None if that shows through and is not known."""
    opacity = top[3]
    if opacity >= 1:
        return top
    if ground is None:
        return None
    red, green, blue = (opacity * above + (1 - opacity) * below for above, below in zip(top[:3], ground, strict=False))
    return red, green, blue, 1.0


def ground(style: Mapping[str, str], attributes: Mapping[str, str], below: Colour | None) -> Colour | None:
    """Return the colour behind an element's text, given that behind the element; None for a picture or the unknown."""
    if _PICTURED.search(style.get("background", "") + style.get("background-image", "")) or "background" in attributes:
        return None
    written = style.get("background-color") or style.get("background") or attributes.get("bgcolor", "")
    if not written or written.startswith(("none", "inherit", "!")):
        return below
    painted = colour(written)
    return over(painted, below) if painted else None


def ink(
    tag: str,
    style: Mapping[str, str],
    attributes: Mapping[str, str],
    inherited: Colour | None,
    behind: Colour | None,
) -> Colour | None:
    """Return the colour of an element's text, given that around it; None for what each program chooses itself."""
    written = style.get("color") or attributes.get({"font": "color", "body": "text"}.get(tag, ""), "")
    if not written:
        return None if tag == "a" and "href" in attributes else inherited
    if written.startswith("inherit"):
        return inherited
    chosen = colour(written)
    return over(chosen, behind) if chosen else None


@lru_cache(maxsize=4096)
def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast ratio of two opaque colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return round((light + 0.05) / (dark + 0.05), 9)


def _luminance(opaque: Colour) -> float:
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in opaque[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def spelled(opaque: Colour) -> str:
    """Return a colour as `#4338ca`."""
    return "#" + "".join(f"{round(part):02x}" for part in opaque[:3])


def pixels(value: str, inherited: float | None = None) -> float | None:
    """Return a length in CSS pixels; None if it is relative to what is not known, or no length."""
    found = _LENGTH.match(value.strip()[:40])
    if not found:
        return None
    number, unit = float(found[1]), (found[2] or "").lower()
    if unit in _PIXELS:
        return number * _PIXELS[unit]
    if unit == "rem":
        return number * 16
    return None if inherited is None else number * inherited / (100 if unit == "%" else 1)
