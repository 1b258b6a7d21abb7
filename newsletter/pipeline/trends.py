"""Once per day: what a community recommends, for everybody."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from newsletter.models import Paper, Pick, Trend
from newsletter.store import Store
from newsletter.trending import trending

log = logging.getLogger(__name__)

TRENDS_OF = timedelta(days=2)  # before a day: what its readers may not have seen, and votes have not faded from


def trends_on(store: Store, picks: Sequence[Pick], *, day: date, now: datetime) -> tuple[Trend, ...]:
    """Return what trends at `now` of the papers listed on `day` and shortly before, with the picks, best first.

    A pick that no source brought yet is logged, and waits.
    """
    known = [(pick, find_pick(store, pick)) for pick in picks]
    for pick, found in known:
        if found is None:
            log.warning("%s", unknown_pick(pick))
    listed = (*store.editions.listed_between(day - TRENDS_OF, day), *(found for _, found in known if found))
    papers = tuple(paper for paper, _ in listed)
    votes = store.votes.since(min(first for _, first in listed)) if listed else ()
    return trending(papers, votes=votes, picks=picks, now=now, limit=len(papers))


def find_pick(store: Store, pick: Pick) -> tuple[Paper, date] | None:
    """Return the stored paper that a pick names, with its first day, or None."""
    found = store.editions.find_papers(pick.paper)
    return next(((paper, day) for paper, day in found if pick.paper in (paper.id, *paper.identities)), None)


def unknown_pick(pick: Pick) -> str:
    """Return what is said of a pick whose paper is not stored."""
    where = f"{pick.origin}: " if pick.origin else ""
    return f"{where}picks: no source brought {pick.paper} yet; it trends as soon as one does"
