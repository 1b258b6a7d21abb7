"""The forms of an interest: a phrase, an arXiv category, an author, a venue, an example paper, a phrase at length."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from newsletter.config.categories import as_category, parts_of
from newsletter.config.fields import Description, Name, Phrase, Weight, wrong
from newsletter.config.picks import PaperIdentity, paper_in
from newsletter.config.section import Section
from newsletter.models import InterestKind

_FORMS = "must be a phrase, an arXiv category, a paper, or keys such as 'name:' and 'keywords:'"
_NUMBER = 'is a number to YAML; a paper is written in quotes, with its kind: "arxiv:2401.10020"'
_KINDS = ("name", "author", "category", "venue", "paper")
_IDS = ("arxiv", "doi", "pmid", "openreview", "s2")


def kind_of(text: str) -> InterestKind:
    """Return what an interest written as a plain text is taken for: a phrase unless it has the form of another kind."""
    if paper_in(text):
        return InterestKind.PAPER
    return InterestKind.CATEGORY if as_category(text.strip()) else InterestKind.PHRASE


class Exclusion(Section):
    """What a subscriber does not want to see."""

    name: Phrase | None = None
    """A phrase; also what the reader sees in reasons."""
    description: Description | None = None
    """The phrase said at length."""
    keywords: list[Phrase] = Field(default_factory=list, max_length=50)
    """Further phrases that mean the same."""
    author: Name | None = None
    """The name of an author, as it stands on papers."""
    category: Name | None = None
    """A category of arXiv or of another source."""
    venue: Name | None = None
    """A conference or journal, as papers name it."""
    paper: PaperIdentity | None = None
    """An example, by an id with its kind or by its address: more like this one, or among exclusions less."""

    @model_validator(mode="before")
    @classmethod
    def _from_short_form(cls, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | dict):
            raise wrong(_FORMS)
        if isinstance(value, int | float):
            raise wrong(_NUMBER)
        if isinstance(value, dict):
            if split := next((kind for kind in _IDS if kind in value), None):
                raise wrong(f"has a key '{split}'; a paper is one text in quotes, such as \"{split}:…\"")
            return value
        return _of_text(value.strip())

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            said = " and ".join(f"'{kind}'" for kind in given) or "none"
            raise wrong(f"needs exactly one of 'name', 'author', 'category', 'venue' and 'paper', and has {said}")
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
    if paper := paper_in(text):
        return {"paper": paper}
    if parts := parts_of(text):
        raise wrong(f"is a whole archive of arXiv; name its categories, such as {parts[0]}")
    category = as_category(text)
    return {"category": category} if category else {"name": text}
