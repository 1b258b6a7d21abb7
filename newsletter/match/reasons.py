"""The evidence of a match, as data."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from newsletter.match.lexical import query_tokens
from newsletter.match.people import name_parts, same_person
from newsletter.match.venues import venue_of
from newsletter.models import Interest, Paper, Reason, ReasonKind

_EDGES = ".,;:!?()[]{}\"'“”‘’"


def by_phrase(
    interest: Interest, phrase: str, *, title: Sequence[str], abstract: Sequence[str], lexical: float, closeness: float
) -> Reason:
    """Return which words of `phrase` stand in a paper, and where; MEANING unless all of them do.

    `title` and `abstract` are the paper's tokens.
    """
    asked, text = _asked(phrase), {*title, *abstract}
    found = tuple(dict.fromkeys(word for word, parts in asked if parts & text))
    complete = bool(asked) and all(parts & text for _, parts in asked)
    return Reason(
        kind=ReasonKind.WORDS if complete else ReasonKind.MEANING,
        interest=interest.name,
        words=found,
        in_title=complete and all(parts & set(title) for _, parts in asked),
        lexical=lexical,
        closeness=closeness,
        origin=interest.origin,
    )


def by_category(interest: Interest, paper: Paper) -> Reason | None:
    """Return the reason when `paper` carries the interest's category; an archive (`cs`) covers its classes."""
    asked = interest.phrases[0].casefold()
    for category in paper.categories:
        if category.casefold() == asked or category.casefold().startswith(asked + "."):
            return Reason(ReasonKind.CATEGORY, interest.name, (category,), origin=interest.origin)
    return None


def by_author(interest: Interest, paper: Paper) -> Reason | None:
    """Return the reason when one of the paper's authors is the interest's: same surname, no given name against it."""
    asked = name_parts(interest.phrases[0])
    for author in paper.authors:
        if same_person(asked, name_parts(author)):
            return Reason(ReasonKind.AUTHOR, interest.name, (author,), origin=interest.origin)
    return None


def by_venue(interest: Interest, paper: Paper) -> Reason | None:
    """Return the reason when `paper` is stated to appear at the interest's venue."""
    stated = venue_of(interest.phrases[0], paper)
    return Reason(ReasonKind.VENUE, interest.name, (stated,), origin=interest.origin) if stated else None


@functools.lru_cache(maxsize=65_536)
def _asked(phrase: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the words of `phrase` that mean something, as written, each with its tokens."""
    parts = ((word.strip(_EDGES), frozenset(query_tokens(word))) for word in phrase.split())
    return tuple((word, found) for word, found in parts if found)
