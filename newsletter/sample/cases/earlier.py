"""Issues whose predecessor may not have arrived.

Where the newsletter has an archive it can be read there; where it has none, as many of its papers are named as there
is room for.
"""

from __future__ import annotations

from datetime import timedelta

from newsletter.models import Issue, Unconfirmed
from newsletter.sample.cases.records import DAY, INTEREST, issue, matched, paper, section

_TITLES = (
    "A ledger of letters that nobody answered",
    "Twice is not once: on deliveries that are repeated",
    "The last dot of a message",
    "What a clock owes to the wire",
    "Queues that forget, and queues that remember",
    "An argument for writing things down before they are done, in four parts and with a short appendix",
    "Silence as evidence",
    "How long to wait for somebody who may have left",
    "Receipts & other promises",
    "A proof that two generals never agree",
    "רישום של מכתבים שאבדו",
    "手紙が届かなかった日の記録",
    "Counting what was lost",
    "Counting what was not",
    "One envelope, many hands",
    "Errata",
)


def cases() -> dict[str, Issue]:
    """Return the cases by name."""
    titles = enumerate(_TITLES)
    papers = tuple(paper(400 + at, title, **({"url": ""} if at == 1 else {})) for at, title in titles)
    today = matched(paper(420, "What arrives, arrives once"))
    second = matched(paper(421, "A cheap way to be certain"))
    return {
        "unconfirmed": issue(
            section(INTEREST, second), lead=today, unconfirmed=Unconfirmed(DAY - timedelta(days=1), papers)
        ),
        "unconfirmed, empty day": issue(considered=40, unconfirmed=Unconfirmed(DAY - timedelta(days=3), papers[3:4])),
    }
