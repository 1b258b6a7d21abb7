"""What explanations say in words: reasons with their numbers, verdicts, histories, and why a paper is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from newsletter.explain.tracing import Explanation, Fate
from newsletter.match.phrases import CLOSENESS_WEIGHT, GATE
from newsletter.models import (
    PICKS,
    Cut,
    CutReason,
    DeliveryState,
    MatchedPaper,
    Paper,
    Reason,
    ReasonKind,
    Subscriber,
)

BY_PHRASE = frozenset((ReasonKind.WORDS, ReasonKind.MEANING))
"""The reasons that have numbers."""


def sentence(reason: Reason) -> str:
    """Return the evidence of a match with its numbers and the line of its interest."""
    return evidence(reason) + (f" - {reason.origin}" if reason.origin else "")


def evidence(reason: Reason) -> str:
    """Return the evidence of a match with its numbers."""
    told = numbers(reason)
    return _fact(reason) + (f" ({told})" if told else "")


def _fact(reason: Reason) -> str:
    words = ", ".join(reason.words)
    match reason.kind:
        case ReasonKind.WORDS:
            return f'"{reason.interest}": {words} {"in the title" if reason.in_title else "in title and abstract"}'
        case ReasonKind.MEANING:
            return f'"{reason.interest}": close in meaning' + (f"; has {words}" if words else "")
        case ReasonKind.CATEGORY:
            return f"{reason.interest}: the paper is in {words}"
        case ReasonKind.AUTHOR:
            return f"{reason.interest}: an author is {words}"
        case ReasonKind.VENUE:
            return f"{reason.interest}: it states {words}"
        case _:
            return _fact_beside_words(reason)


def _fact_beside_words(reason: Reason) -> str:
    """Return the evidence that lies in what people did: named, voted, picked, received."""
    facts = {
        ReasonKind.EXAMPLE: f'like "{reason.example}", which the reader named ({reason.likeness:.2f} of 1)',
        ReasonKind.LIKED: f'like "{reason.example}", which the reader voted for ({reason.likeness:.2f} of 1)',
        ReasonKind.UPVOTES: f"{_counted(reason.count, 'upvote')} on Hugging Face",
        ReasonKind.VOTES: f"{_counted(reason.count, 'reader')} recommended it",
        ReasonKind.PICK: f"picked by {reason.editor or 'the editor'}" + (f": {reason.note}" if reason.note else ""),
        ReasonKind.UPDATE: f"updated to v{reason.count}; received before on {reason.since}",
    }
    return facts[reason.kind]


def numbers(reason: Reason | None) -> str:
    """Return how the score of a phrase came about, BM25 of its words and z of its closeness, against the gate.

    "" for what is no phrase.
    """
    if reason is None or reason.kind not in BY_PHRASE:
        return ""
    total = reason.lexical + CLOSENESS_WEIGHT * reason.closeness
    sign = "≥" if total >= GATE else "<"
    near = f"{CLOSENESS_WEIGHT} × closeness {reason.closeness:.1f}"
    return f"words {reason.lexical:.2f} + {near} = {total:.2f} {sign} {GATE}"


def history(paper: Paper, first_day: date) -> tuple[str, ...]:
    """Return where a paper was fetched from, what it was merged from, and which edition it was new in."""
    versions = [f" v{entry.version}" if entry.version else "" for entry in paper.entries]
    entries = [
        f"fetched from {entry.source}{version} ({entry.place})"
        for entry, version in zip(paper.entries, versions, strict=True)
    ]
    merged = [f"merged from {len(paper.entries)} entries"] if len(paper.entries) > 1 else []
    return (*entries, *merged, f"new in the edition of {first_day}")


def verdict(told: Explanation, email: str) -> str:
    """Return what became of a paper for the reader with this address, in one line."""
    where = f'in "{told.section}"' if told.section else "as the lead"
    if told.delivery is not None:
        delivery = told.delivery
        sent = "SENT to" if delivery.state is DeliveryState.SENT else f"IN THE OUTBOX ({delivery.state}) for"
        text = f"{sent} {email} {where}, issue of {delivery.issue_date}, {delivery.message_id}"
    elif told.fate is Fate.CHOSEN:
        text = f"IN the issue of {told.issue_day} for {email} {where}, which was not sent yet"
    elif told.fate is Fate.TRENDING and told.trend is not None:
        where = "AMONG THE EDITOR'S PICKS" if told.section == PICKS else "TRENDING"
        text = (
            f"{where} in the issue of {told.issue_day} for {email}, which was not sent yet: "
            f"number {told.rank} of what others recommend, with {told.trend.score:.2f}"
        )
    elif told.cut is not None:
        text = f"CUT for {email} ({told.cut.reason}): {told.cut.detail}; it has {told.cut.matched.score:.2f}"
        if told.cut.reason is CutReason.LIMIT:
            text += f"; of those chosen the lowest has {told.last_chosen:.2f}: {_NOT_BY_SCORE_ALONE}"
    elif told.fate is Fate.EXAMPLE:
        line = f" ({told.example.origin})" if told.example and told.example.origin else ""
        text = f"THE EXAMPLE that {email} named{line}: what is like it comes, and itself is no news to them"
    elif told.fate is Fate.NOT_NEW:
        text = f"NOT NEW in the issue of {told.issue_day} for {email}"
    else:
        text = f"NOT MATCHED for {email}: no interest lets it through"
    return text


_NOT_BY_SCORE_ALONE = "what counts besides is to be unlike the others, and that every interest gets its share"


def notes(told: Explanation) -> tuple[str, ...]:
    """Return what is to be said after the verdict: about the reader, what trends, an exclusion where nothing matched.

    Reasons of the match are told beside it, by `sentence`; those of a trend are here, indented.
    """
    return (*([told.note] if told.note else []), *trend_told(told), *exclusion_told(told))


def trend_told(told: Explanation) -> tuple[str, ...]:
    """Return that others recommend a paper that does not stand in the issue for this, and on what evidence."""
    if told.trend is None or told.fate is Fate.TRENDING:
        return ()
    reasons = (f"  {sentence(reason)}" for reason in told.trend.reasons)
    return (f"It trends as number {told.rank}, with {told.trend.score:.2f}:", *reasons)


def exclusion_told(told: Explanation) -> tuple[str, ...]:
    """Return that an exclusion covers a paper that was not cut for it, since nothing matched it."""
    if told.exclusion is None or told.cut is not None:
        return ()
    return (f'An exclusion covers it, whatever matches: "{told.exclusion.name}" - {told.exclusion.origin}',)


def why_cut(cut: Cut) -> str:
    """Return what `compose` says of a paper it left out, as a sentence of its own."""
    match cut.reason:
        case CutReason.EXCLUDED:
            return f"excluded by {cut.detail}"
        case CutReason.SENT:
            return f"received already {cut.detail}"
        case CutReason.LIMIT:
            return f"cut: {cut.detail}"
        case CutReason.SCORE:
            return cut.detail


def why_unmatched(matched: MatchedPaper, reader: Subscriber) -> str:
    """Return why nothing of `reader` brings a paper that something brought elsewhere.

    Named are the interests that brought it there: `reader` has none of that name, or theirs does not let it through.
    """
    asked = [reason.interest for reason in matched.reasons if reason.interest]
    mine = {interest.name for interest in reader.interests}
    missing, kept = [name for name in asked if name not in mine], [name for name in asked if name in mine]
    parts = [f"{_quoted(missing)} {'is' if len(missing) == 1 else 'are'} not asked for"] if missing else []
    parts += [f"{_quoted(kept)} {'does' if len(kept) == 1 else 'do'} not let it through"] if kept else []
    return f"not matched: {'; '.join(parts)}" if parts else "not matched"


def as_data(told: Explanation) -> dict[str, Any]:
    """Return an explanation for a program, to be written as JSON."""
    return {
        "fate": told.delivery.state.value if told.delivery else told.fate.value,
        "paper": {"id": told.paper.id, "title": told.paper.title},
        "first_day": told.first_day.isoformat(),
        "entries": [{"source": each.source, "place": each.place} for each in told.paper.entries],
        "section": told.section,
        "score": told.matched.score if told.matched else None,
        "reasons": [sentence(each) for each in told.matched.reasons] if told.matched else [],
        "trend": {
            "rank": told.rank,
            "score": told.trend.score,
            "reasons": [sentence(each) for each in told.trend.reasons],
        }
        if told.trend
        else None,
        "delivery": told.delivery.state.value if told.delivery else None,
        "cut": {"reason": told.cut.reason.value, "detail": told.cut.detail} if told.cut else None,
        "nearest": nearest_as_data(told),
        "excluded_by": {"name": told.exclusion.name, "origin": told.exclusion.origin} if told.exclusion else None,
        "would_have_come_with": remedies_as_data(told),
        "issue": told.issue_day.isoformat() if told.issue_day else None,
    }


def nearest_as_data(told: Explanation) -> list[dict[str, Any]]:
    """Return every interest's verdict for a program, the nearest first."""
    return [
        {"interest": each.interest, "origin": each.origin, "score": each.score, "numbers": numbers(each.reason)}
        for each in told.nearest
    ]


def remedies_as_data(told: Explanation) -> list[dict[str, str]]:
    """Return for a program what would have brought the paper."""
    return [{"change": each.change, "origin": each.origin} for each in told.remedies]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
