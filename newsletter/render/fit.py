"""The byte budget: an email that a mail program would clip is shortened by rule instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from newsletter.render.shown import Detail, IssueView, PaperView
from newsletter.transfer import transferred

# Gmail clips at about 102 KB and then hides the footer with its unsubscribe link; whether it counts encoded or decoded
# bytes is disputed, so the larger of the two is counted.
BUDGET_BYTES = 100_000


def fit(shown: IssueView, fill: Callable[[IssueView], str], *, budget: int = BUDGET_BYTES) -> str:
    """Return the HTML of a view within `budget` bytes as sent, as little shortened as possible.

    First go the titles of an earlier issue that may not have arrived, the last of them first. Then one paper after the
    other, the lowest-ranked first: summaries become a line and links to vote go; then papers become their titles; then
    papers are only counted, as "and 12 more". What trends ranks below every paper of the reader's own. The number of
    times it is filled grows with the logarithm of the number of papers.
    """
    html = fill(shown)
    if sent_bytes(html) <= budget:
        return html
    ranked = [paper.number for paper in sorted(shown.papers, key=_first_to_go(shown))]
    # After so many steps it fits, and after so many it does not; the last ones show no paper at all.
    fits, too_large = _earlier(shown) + 3 * len(ranked), 0
    html = fill(shortened(shown, ranked, fits))
    while fits - too_large > 1:
        steps = (fits + too_large) // 2
        attempt = fill(shortened(shown, ranked, steps))
        if sent_bytes(attempt) <= budget:
            fits, html = steps, attempt
        else:
            too_large = steps
    return html


def shortened(shown: IssueView, ranked: list[int], steps: int) -> IssueView:
    """Return the view after so many steps; `ranked` are the numbers of its papers, first to go first."""
    if titles := _earlier(shown):
        shown, steps = _folded(shown, titles - min(steps, titles)), max(steps - titles, 0)
    rounds, rest = divmod(steps, max(len(ranked), 1))
    further = frozenset(ranked[:rest])

    def change(paper: PaperView) -> PaperView | None:
        detail = Detail.FULL - rounds - (paper.number in further)
        return replace(paper, detail=Detail(detail)) if detail >= Detail.LINE else None

    return shown.showing(change)


def sent_bytes(html: str) -> int:
    """Return the size of `html` as it travels."""
    return len(transferred(html).octets)


def _earlier(shown: IssueView) -> int:
    """Return how many titles of an earlier issue are shown."""
    return len(shown.unconfirmed.papers) if shown.unconfirmed else 0


def _folded(shown: IssueView, titles: int) -> IssueView:
    """Return the view with so many titles of an earlier issue, the others counted."""
    earlier = shown.unconfirmed
    return replace(shown, unconfirmed=replace(earlier, papers=earlier.papers[:titles])) if earlier else shown


def _first_to_go(shown: IssueView) -> Callable[[PaperView], tuple[bool, float, int]]:
    own = {paper.number for paper in shown.papers} - {paper.number for paper in shown.trending}
    return lambda paper: (paper.number in own, paper.score, -paper.number)
