"""The stages in their order: the one module that knows them all.

    collect_edition   sources ─► collect ─► dedupe ─► the store          once per day
    prepare           embed ─► match (who asked for what) ─► cluster     once per edition
    issue_for         match ─► compose                                   once per subscriber
    send              issue ─► render ─► outbox ─► deliver               once per subscriber and date

`demo`, `send`, `run` and `serve` all call these functions. Clocks, fetching and the mail server come in as arguments.
"""

from newsletter.pipeline.editions import (
    Prepared,
    Progress,
    collect_edition,
    edition_between,
    issue_for,
    prepare,
    silent,
)
from newsletter.pipeline.issues import Clock, Due, Outcome, OutcomeKind, deliver_waiting, send

__all__ = [
    "Clock",
    "Due",
    "Outcome",
    "OutcomeKind",
    "Prepared",
    "Progress",
    "collect_edition",
    "deliver_waiting",
    "edition_between",
    "issue_for",
    "prepare",
    "send",
    "silent",
]
