"""What a template must bear, to look at one after the other: edge cases that ship, and letters."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import NamedTuple

from newsletter.errors import UsageError
from newsletter.models import Issue
from newsletter.render import LetterKind
from newsletter.sample.cases import cases

_LETTER = "letter "


class Shown(NamedTuple):
    """One thing in the gallery."""

    case: str
    title: str
    group: str


def gallery() -> tuple[Shown, ...]:
    """Return everything there is to look at, in order."""
    issues = tuple(Shown(name, name[0].upper() + name[1:], "Issues") for name in _cases())
    return issues + tuple(Shown(_LETTER + kind, kind.capitalize(), "Letters") for kind in LetterKind)


def letter_kind(case: str) -> LetterKind | None:
    """Return which letter a name asks for, None where it asks for an issue."""
    return next((kind for kind in LetterKind if case == _LETTER + kind), None)


def named_case(case: str) -> Issue:
    """Return the issue of this name; UsageError where there is none."""
    if case in _cases():
        return _cases()[case]
    near = get_close_matches(case, [shown.case for shown in gallery()], n=1)
    raise UsageError(f"case={case}: there is none of this name" + (f"; did you mean {near[0]}?" if near else ""))


@cache
def _cases() -> Mapping[str, Issue]:
    return cases()
