"""The stages in their order: the one module that knows them all.

    collect_edition   sources ─► collect ─► dedupe ─► the store          once per day
    collect_examples  papers that readers name ─► the store              once per day
    trends_on         the store ─► trending                              once per day
    groundwork        what the store knows ─► prepare                    once per edition
    prepare           embed ─► match (who asked for what)                once per edition
    issue_for         match ─► compose                                   once per subscriber
    send              issue ─► render ─► outbox ─► deliver               once per subscriber and date

`demo`, `send`, `run` and `serve` all call these functions. Clocks, fetching and the mail server come in as arguments.
"""

from newsletter.pipeline.collecting import Progress, always, collect_edition, silent
from newsletter.pipeline.drafts import Draft, Due, Outcome, OutcomeKind, left
from newsletter.pipeline.editions import Prepared, edition_between, issue_for, prepare
from newsletter.pipeline.examples import collect_examples, examples_of, unknown_examples
from newsletter.pipeline.groundwork import groundwork, groundwork_alone
from newsletter.pipeline.issues import Clock, deliver_waiting, send
from newsletter.pipeline.trends import find_pick, trends_on, unknown_pick

__all__ = [
    "Clock",
    "Draft",
    "Due",
    "Outcome",
    "OutcomeKind",
    "Prepared",
    "Progress",
    "always",
    "collect_edition",
    "collect_examples",
    "deliver_waiting",
    "edition_between",
    "examples_of",
    "find_pick",
    "groundwork",
    "groundwork_alone",
    "issue_for",
    "left",
    "prepare",
    "send",
    "silent",
    "trends_on",
    "unknown_examples",
    "unknown_pick",
]
