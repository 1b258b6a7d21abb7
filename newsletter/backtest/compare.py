"""Two replays side by side: for each reader and issue, the papers that come, go or stand elsewhere, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from newsletter.backtest.replay import Replayed
from newsletter.config import Config
from newsletter.explain.sentences import why_cut, why_unmatched
from newsletter.models import CutReason, MatchedPaper, Status, Subscriber
from newsletter.tokens import canonical


class Kind(StrEnum):
    """What becomes of a paper in a reader's issues."""

    GAINED = "gained"
    LOST = "lost"
    MOVED = "moved"  # to another section or issue, or it becomes or ceases to be the lead


class Standing(StrEnum):
    """Whether a reader receives anything by the old and the new settings."""

    KEPT = "kept"
    NEW = "new subscriber"
    GONE = "no longer subscribed"
    STOPPED = "stopped"  # was active, is paused or unsubscribed
    RESUMED = "active again"
    OFF = "off"  # receives nothing by either


class Cause(StrEnum):
    """Why a paper is not in any issue of a replay."""

    UNMATCHED = "unmatched"
    EXCLUDED = "excluded"
    LIMIT = "limit"
    SCORE = "score"
    RECEIVED = "received"
    NO_ISSUE = "no issue"  # no issue of these days covers its edition


_CAUSES = {
    CutReason.EXCLUDED: Cause.EXCLUDED,
    CutReason.SENT: Cause.RECEIVED,
    CutReason.LIMIT: Cause.LIMIT,
    CutReason.SCORE: Cause.SCORE,
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a paper stands: the issue's date, its section ("" for the lead), and its position there, from 1."""

    day: date
    section: str
    position: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a paper is in none of a reader's issues, as data and in words."""

    cause: Cause
    detail: str


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one paper. `before` is None for what is gained, `after` for what is lost. Made by `compare`.

    `matched` is as in the new issue, or the old where there is no new one; `absence` says why the paper is missing on
    the other side, None for what moved. `origin` is the line of the interest that asks for it most.
    """

    kind: Kind
    matched: MatchedPaper
    before: Place | None
    after: Place | None
    absence: Absence | None
    origin: str

    @property
    def place(self) -> Place:
        """Return where the paper stands now, or stood last: the issue under which the change is told."""
        place = self.after or self.before
        assert place is not None  # noqa: S101 - one of them always is
        return place


@dataclass(frozen=True, slots=True)
class IssueChange:
    """What becomes of one reader's issue of one date. Made by `compare`.

    `before` and `after` count its papers, None where the reader has no issue on that date. `changes` are the gained,
    the lost, then the moved, each in reading order; `shifted` counts papers that only changed their position.
    """

    day: date
    before: int | None
    after: int | None
    changes: tuple[Change, ...]
    shifted: int

    @property
    def differs(self) -> bool:
        """Return whether anything is to be told, of positions too."""
        return bool(self.changes or self.shifted) or (self.before is None) != (self.after is None)


@dataclass(frozen=True, slots=True)
class SubscriberChange:
    """What becomes of one reader's issues. `status` is what the new settings say, the old where they say nothing.

    `is_untouched` says that the reader's own settings are the same: what differs follows from what others ask for, of
    which the topics are made.
    """

    email: str
    standing: Standing
    status: Status
    is_untouched: bool
    issues: tuple[IssueChange, ...]

    @property
    def differs(self) -> bool:
        """Return whether the reader would notice."""
        return self.standing not in {Standing.KEPT, Standing.OFF} or any(issue.differs for issue in self.issues)

    @property
    def filled(self) -> int:
        """Return how many of the issues have a paper by either settings."""
        return sum(bool(issue.before or issue.after) for issue in self.issues)

    @property
    def shifted(self) -> int:
        """Return how many papers only changed their position."""
        return sum(issue.shifted for issue in self.issues)

    def count(self, kind: Kind) -> int:
        """Return how many papers are gained, lost or moved."""
        return sum(change.kind is kind for issue in self.issues for change in issue.changes)


def compare(
    old: Config,
    before: Mapping[str, Sequence[Replayed]],
    new: Config,
    after: Mapping[str, Sequence[Replayed]],
    *,
    only: Collection[str] | None = None,
) -> tuple[SubscriberChange, ...]:
    """Return what changes for each reader of either file, those of the new one first, in the order of the files.

    `before` and `after` are what `simulate` made of `old` and `new`; `only` are the case-folded addresses asked for.
    """
    readers = {canonical(reader.email): reader for reader in new.subscribers}
    earlier = {canonical(reader.email): reader for reader in old.subscribers}
    return tuple(
        _subscriber(
            _Side(earlier.get(address), before.get(address, ())), _Side(readers.get(address), after.get(address, ()))
        )
        for address in readers | earlier
        if only is None or address in only
    )


class _Side:
    """One reader's issues by one file of settings, and where each paper stands in them."""

    def __init__(self, reader: Subscriber | None, issues: Sequence[Replayed]) -> None:
        self.reader = reader
        self.issues = {replayed.issue.day: replayed for replayed in issues}
        self.placed = {
            matched.paper.id: (Place(day, section, position), matched)
            for day, replayed in self.issues.items()
            for section, position, matched in _positions(replayed)
        }

    @property
    def active(self) -> bool:
        return self.reader is not None and self.reader.status is Status.ACTIVE

    def size(self, day: date) -> int | None:
        return len(self.issues[day].issue.papers) if day in self.issues else None

    def origin(self, matched: MatchedPaper) -> str:
        """Return the reader's own line; that of the reason may be another reader's who asks for the same."""
        asked = {interest.name: interest.origin for interest in self.reader.interests} if self.reader else {}
        return asked.get(matched.reasons[0].interest, "")

    def absence(self, matched: MatchedPaper) -> Absence:
        """Return why a paper of the other side is in none of these issues."""
        if self.reader is None:
            return Absence(Cause.NO_ISSUE, "not subscribed")
        if not self.active:
            return Absence(Cause.NO_ISSUE, f"{self.reader.status}: gets nothing")
        covering = [each.issue for each in self.issues.values() if matched.paper.id in each.considered]
        if not covering:
            return Absence(Cause.NO_ISSUE, "no issue of these days covers its edition")
        for issue in covering:
            for cut in issue.cut:
                if cut.matched.paper.id == matched.paper.id:
                    return Absence(_CAUSES[cut.reason], why_cut(cut))
        return Absence(Cause.UNMATCHED, why_unmatched(matched, self.reader))


def _positions(replayed: Replayed) -> Iterator[tuple[str, int, MatchedPaper]]:
    """Yield every paper with the label of its section and its position there."""
    counts: dict[str, int] = {}
    for section, matched in replayed.issue.placed:
        counts[section] = counts.get(section, 0) + 1
        yield section, counts[section], matched


def _subscriber(old: _Side, new: _Side) -> SubscriberChange:
    reader = new.reader or old.reader
    assert reader is not None  # noqa: S101 - an address comes from one of the files
    told: dict[date, list[Change]] = {}
    for change in (*_gained(old, new), *_lost(old, new), *_moved(old, new)):
        told.setdefault(change.place.day, []).append(change)
    shifted: dict[date, int] = {}
    for paper_id in new.placed.keys() & old.placed.keys():
        was, now = old.placed[paper_id][0], new.placed[paper_id][0]
        if (was.day, was.section) == (now.day, now.section) and was.position != now.position:
            shifted[now.day] = shifted.get(now.day, 0) + 1
    return SubscriberChange(
        email=reader.email,
        standing=_standing(old, new),
        status=reader.status,
        is_untouched=old.reader is not None and new.reader is not None and _same(old.reader, new.reader),
        issues=tuple(
            IssueChange(day, old.size(day), new.size(day), tuple(told.get(day, ())), shifted.get(day, 0))
            for day in sorted(old.issues.keys() | new.issues.keys())
        ),
    )


def _gained(old: _Side, new: _Side) -> Iterator[Change]:
    for paper_id, (place, matched) in new.placed.items():
        if paper_id not in old.placed:
            yield Change(Kind.GAINED, matched, None, place, old.absence(matched), new.origin(matched))


def _lost(old: _Side, new: _Side) -> Iterator[Change]:
    for paper_id, (place, matched) in old.placed.items():
        if paper_id not in new.placed:
            yield Change(Kind.LOST, matched, place, None, new.absence(matched), old.origin(matched))


def _moved(old: _Side, new: _Side) -> Iterator[Change]:
    for paper_id, (place, matched) in new.placed.items():
        was = old.placed[paper_id][0] if paper_id in old.placed else None
        if was is not None and (was.day, was.section) != (place.day, place.section):
            yield Change(Kind.MOVED, matched, was, place, None, new.origin(matched))


def _standing(old: _Side, new: _Side) -> Standing:
    if old.reader is None or new.reader is None:
        return Standing.NEW if old.reader is None else Standing.GONE
    if old.active and new.active:
        return Standing.KEPT
    if old.active or new.active:
        return Standing.STOPPED if old.active else Standing.RESUMED
    return Standing.OFF


def _same(one: Subscriber, other: Subscriber) -> bool:
    """Return whether two files say the same of a reader, however they spell the address."""
    return replace(one, email="") == replace(other, email="")
