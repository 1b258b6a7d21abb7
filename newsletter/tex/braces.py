"""A TeX text and its pairs of braces."""

from __future__ import annotations

import re

DEEPEST = 20  # commands within commands


class Braces:
    """A text whose groups are found at once, however many there are and however few of them are closed."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.closing = _pairs(text) if "{" in text else {}

    def inside(self, at: int, end: int) -> tuple[int, int] | None:
        """Return where the inside of the group that opens at `at` begins and ends; None if none does."""
        closing = self.closing.get(at, end)
        return (at + 1, closing) if closing < end else None

    def after_spaces(self, at: int, end: int) -> int:
        """Return the place of the first character at or after `at` that is no white space."""
        while at < end and self.text[at].isspace():
            at += 1
        return at


def _pairs(text: str) -> dict[int, int]:
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for found in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        if found[0] == "{":
            opened.append(found.start())
        elif found[0] == "}" and opened:
            pairs[opened.pop()] = found.start()
    return pairs
