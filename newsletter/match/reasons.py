"""The evidence of a match, as data."""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Sequence

from newsletter.match.lexical import query_tokens, stands_in
from newsletter.models import Interest, Paper, Reason, ReasonKind
from newsletter.words import tokens

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
    asked = _name(interest.phrases[0])
    for author in paper.authors:
        if _same_person(asked, _name(author)):
            return Reason(ReasonKind.AUTHOR, interest.name, (author,), origin=interest.origin)
    return None


def contains(phrase: str, paper: Paper) -> bool:
    """Return whether the words of `phrase` stand side by side in the paper's title or abstract."""
    asked = query_tokens(phrase)
    return bool(asked) and any(stands_in(asked, tokens(text)) for text in (paper.title, paper.abstract))


@functools.cache
def _asked(phrase: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return the words of `phrase` that mean something, as written, each with its tokens."""
    parts = ((word.strip(_EDGES), frozenset(query_tokens(word))) for word in phrase.split())
    return tuple((word, found) for word, found in parts if found)


def _name(name: str) -> list[str]:
    """Return a name's parts for comparison: no accents, no dots, lower case, "Liskov, Barbara" turned round."""
    surname, comma, given = name.partition(",")
    plain = unicodedata.normalize("NFKD", f"{given} {surname}" if comma else name)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return letters.replace(".", " ").replace("-", " ").casefold().split()


def _same_person(asked: list[str], author: list[str]) -> bool:
    """Compare surnames, then given names from the left, where an initial stands for any name that begins with it."""
    if not asked or not author or asked[-1] != author[-1]:
        return False
    pairs = zip(asked[:-1], author[:-1], strict=False)
    return all(one == other or (len(min(one, other, key=len)) == 1 and one[0] == other[0]) for one, other in pairs)
