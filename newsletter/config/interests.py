"""The forms of an interest: a phrase, an arXiv category, an author, or a phrase said at length."""

from __future__ import annotations

import re
from typing import Any, Self

from pydantic import Field, model_validator

from newsletter.config.categories import as_category, parts_of
from newsletter.config.fields import Description, Line, Phrase, Weight, wrong
from newsletter.config.section import Section
from newsletter.models import InterestKind

# https://info.arxiv.org/help/arxiv_identifier.html
_ARXIV_ID = r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?"
_PAPER = re.compile(rf"(?:arxiv|doi|pmid|s2):.*|https?://.*|10\.\d{{4,9}}/.*|{_ARXIV_ID}", re.IGNORECASE)
_NO_PAPERS = "example papers are not supported as interests yet; describe the subject in a phrase"
_NUMBER = f'is a number to YAML; a paper is written "arxiv:2401.10020" in quotes, but {_NO_PAPERS}'
_KINDS = ("name", "author", "category")


def kind_of(text: str) -> InterestKind:
    """Return what an interest written as a plain text is taken for: a category where it has the form of one."""
    return InterestKind.CATEGORY if as_category(text.strip()) else InterestKind.PHRASE


class Exclusion(Section):
    """What a subscriber does not want to see."""

    name: Phrase | None = None
    """A phrase; also what the reader sees in reasons."""
    description: Description | None = None
    """The phrase said at length."""
    keywords: list[Phrase] = Field(default_factory=list, max_length=50)
    """Further phrases that mean the same."""
    author: Line | None = None
    """The name of an author, as it stands on papers."""
    category: Line | None = None
    """A category of arXiv or of another source."""

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | dict):
            raise wrong("must be a phrase, an arXiv category, or keys such as 'name:' and 'keywords:'")
        if isinstance(value, int | float):
            raise wrong(_NUMBER)
        if isinstance(value, dict):
            if {"paper", "arxiv", "doi"} & value.keys():
                raise wrong(f"is a paper: {_NO_PAPERS}")
            return value
        return _of_text(value.strip())

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            said = " and ".join(f"'{kind}'" for kind in given) or "none"
            raise wrong(f"needs exactly one of 'name', 'author' and 'category', and has {said}")
        if given != ["name"] and (self.description is not None or self.keywords):
            raise wrong(
                f"cannot have a description or keywords beside '{given[0]}'; make them an interest of their own"
            )
        return self


class Interest(Exclusion):
    """What a subscriber wants to read about."""

    weight: Weight = 1.0
    """How much it counts beside the others, above 0."""


def _of_text(text: str) -> dict[str, str]:
    if _PAPER.fullmatch(text):
        raise wrong(f"is a paper: {_NO_PAPERS}")
    if parts := parts_of(text):
        raise wrong(f"is a whole archive of arXiv; name its categories, such as {parts[0]}")
    category = as_category(text)
    return {"category": category} if category else {"name": text}
