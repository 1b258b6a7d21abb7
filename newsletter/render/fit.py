"""The byte budget: an email that a mail program would clip is shortened by rule instead."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from dataclasses import replace

from newsletter.render.view import IssueView

# Gmail clips at about 102 KB and then hides the footer with its unsubscribe link; whether it counts encoded or decoded
# bytes is disputed, so the larger of the two is counted.
BUDGET_BYTES = 100_000


def fit(shown: IssueView, fill: Callable[[IssueView], str], *, budget: int = BUDGET_BYTES) -> str:
    """Return the HTML of a view within `budget` bytes as sent.

    What only trends goes first. Then abstracts: to one sentence, then altogether; summaries go altogether.
    Then the lowest-ranked papers are gathered as "and N more", as few as possible.
    """
    html = fill(shown)
    if shown.trending and sent_bytes(html) > budget:
        shown = shown.without_trending()
        html = fill(shown)
    for sentences in (1, 0):
        if sent_bytes(html) <= budget:
            return html
        if not (shown.summarised and sentences) and (shown.sentences is None or shown.sentences > sentences):
            shown = replace(shown, sentences=sentences, summarised=False)
            html = fill(shown)
    return html if sent_bytes(html) <= budget else _gathered(shown, fill, budget)


def sent_bytes(html: str) -> int:
    """Return the size of `html` in quoted-printable, as it travels."""
    encoded = binascii.b2a_qp(html.encode(), istext=True)
    return len(encoded) + encoded.count(b"\n")  # each line ends with CR LF on the wire


def _gathered(shown: IssueView, fill: Callable[[IssueView], str], budget: int) -> str:
    fits, too_many, html = 0, len(shown.papers), fill(shown.best(0))
    while too_many - fits > 1:
        count = (fits + too_many) // 2
        attempt = fill(shown.best(count))
        if sent_bytes(attempt) <= budget:
            fits, html = count, attempt
        else:
            too_many = count
    return html
