"""Interests that name a thing: an author, a category, a venue. A paper has it or has not."""

from __future__ import annotations

import numpy as np

from newsletter.match.people import name_parts
from newsletter.match.phrases import PASSES
from newsletter.match.reading import Reading
from newsletter.match.reasons import by_author, by_category, by_venue
from newsletter.models import Interest, InterestKind, Paper, Reason

# An author is somebody the reader named; a venue is a broad promise; a category only says where to look.
_USUAL = {InterestKind.AUTHOR: 0.97, InterestKind.VENUE: 0.6, InterestKind.CATEGORY: 0.55}


def rows_with(interest: Interest, reading: Reading) -> list[int]:
    """Return the papers, ascending, that have the author, category or venue of `interest`."""
    value = interest.phrases[0]
    if interest.kind is InterestKind.CATEGORY:
        return list(reading.by_category.get(value.casefold(), ()))
    if interest.kind is InterestKind.VENUE:
        near = reading.with_venue
    else:
        near = reading.by_surname.get(name_parts(value)[-1], ()) if name_parts(value) else ()
    return [row for row in near if reason_of(interest, reading.papers[row]) is not None]


def reason_of(interest: Interest, paper: Paper) -> Reason | None:
    """Return the evidence that `paper` has what an exact interest names, or None."""
    by_kind = {InterestKind.AUTHOR: by_author, InterestKind.VENUE: by_venue, InterestKind.CATEGORY: by_category}
    return by_kind[interest.kind](interest, paper)


def value_of(interest: Interest) -> float:
    """Return the score of what an exact interest names; a weight multiplies the odds above the gate."""
    usual = _USUAL[interest.kind]
    odds = (usual - PASSES) / (1 - usual) * interest.weight
    return float(np.float32(PASSES + PASSES * odds / (1 + odds)))
