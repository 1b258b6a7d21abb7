"""What is spoken for beside anybody's interests: upvotes, readers' votes, the editor's picks, in one bounded score.

It fills a section of its own and nothing else: popularity never changes what an interest brings, nor its rank.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from newsletter.models import Paper, Pick, Reason, ReasonKind, Trend

# A vote: by whom, on which paper (its id), 1 or -1, when.
Vote = tuple[str, str, int, datetime]

# Chosen, not measured. The community is the largest voice and so counts most, but not as much as readers and editor
# together, who know this newsletter.
UPVOTES_WEIGHT, VOTES_WEIGHT, PICK_WEIGHT = 0.5, 0.3, 0.2
# Of u upvotes u / (u + 20) counts, so that twenty say half of what can be said; of readers, who are fewer, three do.
HALF_OF_UPVOTES, HALF_OF_VOTES = 20.0, 3.0
# A day and a half: yesterday's favourite still shows this morning, and one of last week does not.
HALF_LIFE = timedelta(hours=36)
_DECIMALS = 9  # so that two machines agree on the order


def trending(
    candidates: Sequence[Paper], *, votes: Iterable[Vote], picks: Sequence[Pick], now: datetime, limit: int
) -> tuple[Trend, ...]:
    """Return at most `limit` of `candidates` that have a signal: picks first, then by score; ties go by paper id.

    `now` is aware. Votes and upvotes lose half their weight every `HALF_LIFE`; a paper that readers' votes, so weighed,
    speak against never trends, and neither does one without a signal. Cost is linear but for the sorting.
    """
    by_paper: dict[str, list[Vote]] = {}
    for vote in votes:
        by_paper.setdefault(vote[1], []).append(vote)
    picked = {pick.paper: pick for pick in reversed(picks)}
    distinct = {paper.id: paper for paper in candidates}
    trends = (_trend(paper, by_paper.get(paper.id, ()), _pick(paper, picked), now) for paper in distinct.values())
    found = [trend for trend in trends if trend is not None]
    return tuple(sorted(found, key=_best_first)[:limit])


def _trend(paper: Paper, votes: Sequence[Vote], pick: Pick | None, now: datetime) -> Trend | None:
    balance = sum(value * _left(at, now) for _, _, value, at in votes)
    if balance < 0 and pick is None:
        return None
    balance = max(balance, 0.0)  # against the editor's word nobody's counts
    upvotes = paper.signals.upvotes or 0
    score = (
        UPVOTES_WEIGHT * upvotes / (upvotes + HALF_OF_UPVOTES) * _left(paper.signals.upvotes_at, now)
        + VOTES_WEIGHT * balance / (balance + HALF_OF_VOTES)
        + PICK_WEIGHT * (pick is not None)
    )
    score = round(score, _DECIMALS)
    return Trend(paper, score, _reasons(upvotes, votes if balance > 0 else (), pick)) if score > 0 else None


def _reasons(upvotes: int, votes: Sequence[Vote], pick: Pick | None) -> tuple[Reason, ...]:
    reasons = []
    if pick is not None:
        reasons.append(Reason(ReasonKind.PICK, note=pick.note, editor=pick.editor, origin=pick.origin))
    if readers := sum(value > 0 for _, _, value, _ in votes):
        reasons.append(Reason(ReasonKind.VOTES, count=readers))
    if upvotes > 0:
        reasons.append(Reason(ReasonKind.UPVOTES, count=upvotes))
    return tuple(reasons)


def _pick(paper: Paper, picked: Mapping[str, Pick]) -> Pick | None:
    return next((picked[name] for name in (paper.id, *paper.identities) if name in picked), None)


def _left(at: datetime | None, now: datetime) -> float:
    """Return how much of something of that time still counts, 0 to 1.

    What has no time (a saved page says none) counts as one half-life old: half, as candidates are of these days.
    """
    age = max(now - at, timedelta()) if at is not None else HALF_LIFE
    return float(0.5 ** (age / HALF_LIFE))


def _best_first(trend: Trend) -> tuple[bool, float, str]:
    return (not trend.picked, -trend.score, trend.paper.id)
