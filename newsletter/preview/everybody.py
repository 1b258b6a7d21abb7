"""Everybody's issue of one date, for commands that look at all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

from newsletter.config import Config
from newsletter.demo import sample_edition
from newsletter.models import Subscriber
from newsletter.preview.material import Material, Papers
from newsletter.preview.setup import Look, Setup
from newsletter.preview.wanted import Wanted
from newsletter.render import LetterKind, compile_templates
from newsletter.store import Store
from newsletter.weights import load as load_weights


def setup_of(config: Config, store: Store | None = None) -> Setup:
    """Return a configuration in its templates; without a store there are the papers that ship."""
    papers = Papers(store, weights=cache(load_weights), sample=sample_edition)
    templates = compile_templates(config.templates, look=config.issue.look)
    return Setup(Material(config, papers), templates, together=True)


def looks(setup: Setup, readers: Sequence[Subscriber], *, issue: date | str = "") -> Iterator[Look]:
    """Yield the issue of each of some subscribers, the newest with papers unless another is named."""
    return (setup.look(Wanted(issue=issue, reader=reader.email)) for reader in readers)


def proofs(setup: Setup, shown: Sequence[Look]) -> Iterator[tuple[str, bytes]]:
    """Yield what is worth checking of everybody's email, each with a name: templates break alike for those alike.

    Of each language, with HTML or without, the largest issue, and every letter.
    """
    alike: dict[tuple[str, bool], list[Look]] = {}
    for each in shown:
        alike.setdefault((each.reader.language, each.reader.text_only), []).append(each)
    for group in alike.values():
        largest = max(group, key=lambda each: len(each.message))
        yield f"the issue of {largest.reader.email}", largest.message
        for kind in LetterKind:
            yield f"the letter {kind} to {largest.reader.email}", setup.letter(kind, largest.reader).message
