"""`newsletter backtest`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import Bars, columns, counted, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, AsOption, JsonOption, find_subscribers, read_config
from newsletter.errors import ConfigError, Problem, UsageError
from newsletter.text import shorten
from newsletter.tokens import canonical

if TYPE_CHECKING:
    from newsletter.backtest import Backtest, Change, IssueChange, Place, SubscriberChange
    from newsletter.config import Config
    from newsletter.models import Reason

_WIDTH = 100  # columns of a terminal that everybody has
_TITLE = 54
_MARGIN = 12  # where titles begin: two levels, a sign, a score
_SIGNS = {"gained": "+", "lost": "−", "moved": "~"}
_LEAVING = frozenset(("no longer subscribed", "stopped"))


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(backtest)


def backtest(
    *,
    config: Annotated[Path, typer.Option("--config", help="The settings to try.", dir_okay=False)],
    against: Annotated[
        Path, typer.Option("--against", help="The settings to compare with, whose store is replayed.", dir_okay=False)
    ] = DEFAULT_CONFIG,
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="How many days, up to the newest edition.")] = 7,
    only: AsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who would gain, lose or find elsewhere which papers by other settings; sends and writes nothing.

    The stored editions are replayed by both files of settings as if nothing of these days had been sent yet.
    """
    from newsletter.backtest import backtest as replay  # noqa: PLC0415 - the pipeline is loaded by the command that runs it
    from newsletter.store import Store  # noqa: PLC0415
    from newsletter.weights import load as load_weights  # noqa: PLC0415

    old, new = _compared_with(against), read_config(config)
    wanted = _addresses(new, old, only)
    if not old.has_store:
        raise UsageError(f"{against} has no store yet, so there is nothing to replay: `newsletter collect` makes one")
    with Store.open(old.store) as store, Bars() as bars:
        found = replay(new, old, store, load_weights(), days=days, only=wanted, progress=bars)
    if as_json:
        say_json({"config": str(config), "against": str(against), **_data(found)})
    else:
        _tell(found, config, against)


def _compared_with(path: Path) -> Config:
    if path.exists():
        return read_config(path)
    raise ConfigError((Problem(str(path), 1, 1, "there is no such file: name what to compare with by --against"),))


def _addresses(new: Config, old: Config, only: list[str] | None) -> frozenset[str] | None:
    """Return the case-folded addresses asked for, whichever file has them; None for all. UsageError if none has."""
    if not only:
        return None
    known = {canonical(reader.email): reader for reader in (*old.subscribers, *new.subscribers)}
    everyone = replace(new, subscribers=tuple(known.values()))
    return frozenset(canonical(reader.email) for reader in find_subscribers(everyone, only))


# ------------------------------------------------------------------ for people


def _tell(found: Backtest, config: Path, against: Path) -> None:
    papers = sum(len(edition.papers) for edition in found.editions)
    say(f"{config} instead of {against}, {_day(found.first)} to {_day(found.last)} {found.last.year}")
    say(f"{counted(len(found.editions), 'edition')} of {counted(papers, 'paper')} replayed; nothing is sent")
    if found.sources_differ:
        say(f"the sources differ, which is not replayed: every paper comes from the store of {against}")
    say()
    if found.is_same:
        say("no difference")
        return
    for subscriber in found.subscribers:
        if subscriber.differs:
            _tell_subscriber(subscriber)
            say()
    total = [_total(found.subscribers)] if len(found.subscribers) > 1 else []
    columns([_summary(each) for each in found.subscribers] + total)


def _tell_subscriber(subscriber: SubscriberChange) -> None:
    if subscriber.standing in _LEAVING:  # what they lose is all there was, and always for this reason
        lost = _counts(_changes([subscriber]))["lost"]
        say(f"{subscriber.email}: {_standing(subscriber)}, {counted(lost, 'paper')} less")
        return
    kept = subscriber.standing == "kept"
    say(f"{subscriber.email}{_remark(subscriber)}")
    for issue in subscriber.issues:
        say(f"  {_day(issue.day):10}  {_headline(issue, kept=kept)}")
        for change in issue.changes:
            _tell_change(change, kept=kept)


def _remark(subscriber: SubscriberChange) -> str:
    """Return what is to be known before reading on, nothing where a reader's own settings changed."""
    if subscriber.standing != "kept":
        return f": {_standing(subscriber)}"
    return ": own settings unchanged, topics follow what others ask for" if subscriber.is_untouched else ""


def _tell_change(change: Change, *, kept: bool) -> None:
    title = shorten(change.matched.paper.title, limit=_TITLE)
    section = shorten(change.place.section or "the lead", limit=_WIDTH - _MARGIN - _TITLE - 2)
    say(f"    {_SIGNS[change.kind.value]} {change.matched.score:.2f}  {title.ljust(_TITLE)}  {section}")
    for line in wrap(_why(change, kept=kept), _WIDTH - _MARGIN, break_on_hyphens=False):
        say(" " * _MARGIN + line)


def _headline(issue: IssueChange, *, kept: bool) -> str:
    """Return how an issue differs, in numbers."""
    if issue.after is None:
        return f"no issue, was {counted(issue.before or 0, 'paper')}"
    papers = counted(issue.after, "paper")
    if issue.before is None:
        return f"{papers}, no issue before" if kept else papers
    if not issue.differs:
        return f"{papers}, no difference"
    return f"{papers}, was {issue.before}: {_numbers(_counts(issue.changes), issue.shifted)}"


def _why(change: Change, *, kept: bool) -> str:
    """Return the evidence of what is gained, the cause of what is lost, the old place of what moved."""
    if change.before and change.after:
        day = "" if change.before.day == change.after.day else f"in the issue of {_day(change.before.day)}, "
        return f"was {day}" + (f'in "{change.before.section}"' if change.before.section else "the lead")
    absence = change.absence.detail if change.absence else ""
    if change.after is None:
        return absence
    earlier = f"; till now {absence}" if kept and change.absence and change.absence.cause != "unmatched" else ""
    return _sentence(change.matched.reasons[0], change.origin) + earlier


def _sentence(reason: Reason, origin: str) -> str:
    """Return the evidence of a match, with the line of the interest where it is known."""
    words = ", ".join(reason.words)
    evidence = {
        "words": f"its words in the {'title' if reason.in_title else 'title and abstract'}",
        "meaning": "close in meaning" + (f", has {words}" if words else ""),
        "category": f"is in {words}",
        "author": f"by {words}",
        "venue": f"at {words}",
        "example": f'like "{shorten(reason.example, limit=_TITLE)}"',
        "liked": f'like "{shorten(reason.example, limit=_TITLE)}"',
    }[reason.kind.value]
    return f'"{reason.interest}"{f" ({origin})" if origin else ""}: {evidence}'


def _summary(subscriber: SubscriberChange) -> tuple[str, str, str]:
    """Return a reader's row: address, issues, and what changed in them."""
    issues = counted(subscriber.filled, "issue")
    if not subscriber.differs:
        told = _standing(subscriber) if subscriber.standing == "off" else "no difference"
        return subscriber.email, issues, told
    numbers = _numbers(_counts(_changes([subscriber])), subscriber.shifted)
    return subscriber.email, issues, numbers + ("" if subscriber.standing == "kept" else f" ({_standing(subscriber)})")


def _total(subscribers: Sequence[SubscriberChange]) -> tuple[str, str, str]:
    issues = sum(subscriber.filled for subscriber in subscribers)
    shifted = sum(subscriber.shifted for subscriber in subscribers)
    numbers = _numbers(_counts(_changes(subscribers)), shifted)
    return f"in all {counted(len(subscribers), 'subscriber')}", counted(issues, "issue"), numbers


def _standing(subscriber: SubscriberChange) -> str:
    """Return why a reader gets issues by one file only, or by none."""
    status = subscriber.status.value
    return f"{status}, gets nothing" if subscriber.standing in {"stopped", "off"} else subscriber.standing.value


def _numbers(counts: Counter[str], shifted: int) -> str:
    """Return `+12 −4, 3 moved, 2 in another place`, without what is none."""
    parts = [" ".join(f"{_SIGNS[kind]}{counts[kind]}" for kind in ("gained", "lost") if counts[kind])]
    parts += [f"{counts['moved']} moved"] if counts["moved"] else []
    parts += [f"{shifted} in another place"] if shifted else []
    return ", ".join(filter(None, parts)) or "no difference"


def _counts(changes: Iterable[Change]) -> Counter[str]:
    return Counter(change.kind.value for change in changes)


def _changes(subscribers: Iterable[SubscriberChange]) -> Iterator[Change]:
    return (change for subscriber in subscribers for issue in subscriber.issues for change in issue.changes)


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"


# ------------------------------------------------------------------ for programs


def _data(found: Backtest) -> dict[str, Any]:
    return {
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        "editions": [{"day": each.day.isoformat(), "papers": len(each.papers)} for each in found.editions],
        "sources_differ": found.sources_differ,
        "same": found.is_same,
        "subscribers": [_subscriber_data(each) for each in found.subscribers],
        "totals": _totals_data(found.subscribers),
    }


def _subscriber_data(subscriber: SubscriberChange) -> dict[str, Any]:
    return {
        "email": subscriber.email,
        "standing": subscriber.standing.value,
        "status": subscriber.status.value,
        "untouched": subscriber.is_untouched,
        "totals": _totals_data([subscriber]),
        "issues": [_issue_data(issue) for issue in subscriber.issues],
    }


def _totals_data(subscribers: Sequence[SubscriberChange]) -> dict[str, int]:
    counts = _counts(_changes(subscribers))
    issues = sum(subscriber.filled for subscriber in subscribers)
    shifted = sum(subscriber.shifted for subscriber in subscribers)
    return {"issues": issues, **{kind: counts[kind] for kind in _SIGNS}, "shifted": shifted}


def _issue_data(issue: IssueChange) -> dict[str, Any]:
    return {
        "date": issue.day.isoformat(),
        "papers_before": issue.before,
        "papers_after": issue.after,
        "shifted": issue.shifted,
        **{kind: [_change_data(each) for each in issue.changes if each.kind.value == kind] for kind in _SIGNS},
    }


def _change_data(change: Change) -> dict[str, Any]:
    reasons = [_sentence(reason, change.origin if not at else "") for at, reason in enumerate(change.matched.reasons)]
    return {
        "id": change.matched.paper.id,
        "title": change.matched.paper.title,
        "score": round(change.matched.score, 4),
        "reasons": reasons,
        "before": _place_data(change.before),
        "after": _place_data(change.after),
        "absence": {"cause": change.absence.cause.value, "detail": change.absence.detail} if change.absence else None,
    }


def _place_data(place: Place | None) -> dict[str, Any] | None:
    """Return where a paper stands for a program; the lead's section is ""."""
    return {"date": place.day.isoformat(), "section": place.section, "position": place.position} if place else None
