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

    def groups(self, at: int, end: int, count: int) -> list[tuple[int, int]]:
        """Return where the insides of that many groups in a row begin and end, or nothing."""
        found: list[tuple[int, int]] = []
        for _ in range(count):
            inside = self.inside(self.after_spaces(at, end), end)
            if not inside:
                return []
            found.append(inside)
            at = inside[1] + 1
        return found

    def broken_off(self, at: int, end: int, count: int) -> list[tuple[int, int]]:
        """Return that many groups of which the last is closed nowhere, as where a text was cut; or nothing."""
        given = self.groups(at, end, count - 1)
        at = self.after_spaces(given[-1][1] + 1 if given else at, end)
        broken = len(given) == count - 1 and at not in self.closing and self.text.startswith("{", at, end)
        return [*given, (at + 1, end)] if broken and self.after_spaces(at + 1, end) < end else []

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
