"""The grammar → the records of the program: shorthands spelled out, defaults filled in, paths made absolute."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from newsletter.config.categories import as_category, is_known
from newsletter.config.fields import did_you_mean, has_words
from newsletter.config.interests import Exclusion
from newsletter.config.interests import Interest as InterestSection
from newsletter.config.naming import shown
from newsletter.config.place import Findings, Node
from newsletter.config.postage import inbox_address
from newsletter.config.schema import SettingsFile, SubscriberSection, TldrSection
from newsletter.config.settings import IssueSettings, Schedule
from newsletter.ids import CATEGORIES
from newsletter.models import (
    Interest,
    InterestKind,
    Newsletter,
    Pick,
    Status,
    Subscriber,
    TldrSettings,
)

_Value = TypeVar("_Value")
_GATE = 0.5  # the measured one: `Subscriber.min_score`
_OTHER_SCRIPT = "matches no paper: only words in Latin letters are matched; say it in English, or under 'keywords'"


def newsletter(settings: SettingsFile, secret: bytes) -> Newsletter:
    """Return what every email says about its sender; `secret` is what tokens in addresses are made with."""
    section = settings.newsletter
    sender_name, sender_email = section.from_.name, section.from_.address
    return Newsletter(
        name=section.name,
        sender_name=sender_name or section.name,
        sender_email=sender_email,
        reply_to=section.reply_to or "",
        editor=section.editor or "",
        archive=section.archive or "",
        unsubscribe=section.unsubscribe or "",
        inbox=inbox_address(settings),
        plus=bool(settings.inbox and settings.inbox.plus),
        secret=secret,
    )


def schedule(settings: SettingsFile) -> Schedule:
    """Return when issues go out to those who say nothing else."""
    section, usual = settings.schedule, Schedule()
    return Schedule(
        send_at=_first(section.time, usual.send_at),
        weekdays=_first(section.days, usual.weekdays),
        timezone=_first(section.timezone, usual.timezone),
    )


def issue(settings: SettingsFile) -> IssueSettings:
    """Return how every issue looks."""
    section = settings.issue
    return IssueSettings(
        max_papers=_first(section.max_papers, IssueSettings().max_papers),
        trending=_first(section.trending, IssueSettings().trending),
        abstract=section.abstract,
        look=IssueSettings().look if section.template == "default" else section.template,
        send_when_empty=section.send_when_empty,
    )


def tldr(section: TldrSection, api_key: str) -> TldrSettings:
    """Return the language model that is asked for summaries."""
    return TldrSettings(
        url=section.url,
        model=section.model,
        api_key=api_key,
        language=section.language,
        max_papers=section.max_papers,
        timeout_seconds=section.timeout_seconds,
    )


def test_recipients(settings: SettingsFile) -> tuple[str, ...]:
    """Return who may be sent a test, in the order of the file, each address once however it is spelled."""
    found: dict[str, str] = {}
    for address in settings.preview.test_recipients:
        found.setdefault(address.casefold(), address)
    return tuple(found.values())


def store(settings: SettingsFile, folder: Path) -> str:
    """Return the address of the database; the path of an SQLite file is relative to the folder of the YAML."""
    found = re.fullmatch(r"sqlite:///(?!/)(.+)", settings.store)
    return f"sqlite:///{(folder / found[1]).as_posix()}" if found else settings.store


def picks(settings: SettingsFile, root: Node, findings: Findings) -> tuple[Pick, ...]:
    """Return the editor's picks in the order of the files, each paper once."""
    node = root.find("picks")
    editor = settings.newsletter.editor or ""
    found: dict[str, Pick] = {}
    for section, item in zip(settings.picks, node.items if node else (), strict=True):
        pick = Pick(section.paper, section.note or "", editor, item.place.origin)
        first = found.setdefault(pick.paper, pick)
        if first is not pick:
            findings.warning(
                item.place, f"{shown(pick.paper)} is picked already in {first.origin}; this one is left out"
            )
    return tuple(found.values())


def subscribers(settings: SettingsFile, root: Node, findings: Findings) -> tuple[Subscriber, ...]:
    """Return every subscriber, in the order of the files."""
    nodes = root.find("subscribers")
    everyone = _interests(settings.defaults.exclude, root.find("defaults", "exclude"), findings)
    return tuple(
        _subscriber(section, settings, node, everyone, findings)
        for section, node in zip(settings.subscribers, nodes.items if nodes else (), strict=True)
    )


def _subscriber(
    section: SubscriberSection, settings: SettingsFile, node: Node, excluded: tuple[Interest, ...], findings: Findings
) -> Subscriber:
    defaults, usual = settings.defaults, schedule(settings)
    own = _interests(section.exclude, node.child("exclude"), findings)
    return Subscriber(
        email=section.email,
        interests=_interests(section.interests, node.child("interests"), findings),
        name=section.name or "",
        exclude=excluded + tuple(interest for interest in own if interest not in excluded),
        status=_first(section.status, defaults.status, Status.ACTIVE),
        max_papers=_first(section.max_papers, defaults.max_papers, issue(settings).max_papers),
        min_score=_first(section.min_score, defaults.min_score, _GATE),
        send_at=_first(section.send_at, defaults.send_at, usual.send_at),
        weekdays=_first(section.send_on, defaults.send_on, usual.weekdays),
        timezone=_first(section.timezone, defaults.timezone, usual.timezone),
        trending=_first(section.trending, defaults.trending, issue(settings).trending),
        updates=_first(section.updates, defaults.updates, False),  # noqa: FBT003 - the last of equals, not an option
        language=_first(section.language, defaults.language, "en"),
        text_only=_first(section.format, defaults.format, "html") == "text",
        origin=node.place.origin,
    )


def _first(*given: _Value | None) -> _Value:
    """Return the first value that somebody gave; the last one always is."""
    return next(value for value in given if value is not None)


def _interests(
    sections: Sequence[Exclusion | InterestSection], node: Node | None, findings: Findings
) -> tuple[Interest, ...]:
    """Return interests or exclusions with the lines they stand on."""
    found: dict[tuple[InterestKind, str], Interest] = {}
    for section, item in zip(sections, node.items if node else (), strict=True):
        interest = _interest(section, item)
        first = found.setdefault((interest.kind, interest.name.casefold()), interest)
        if first is not interest:
            findings.warning(
                item.place, f"{shown(interest.name)} stands already in {first.origin}; this one is left out"
            )
        elif interest.kind is InterestKind.CATEGORY and as_category(interest.name) and not is_known(interest.name):
            near = did_you_mean(interest.name, CATEGORIES, cutoff=0.7)
            findings.warning(item.place, f"{shown(interest.name)} is no category of arXiv that is known here{near}")
        elif interest.kind is InterestKind.PHRASE and not _can_match(interest):
            findings.warning(item.place, f"{shown(interest.name)} {_OTHER_SCRIPT}")
    return tuple(found.values())


def _can_match(interest: Interest) -> bool:
    return any(phrase.isascii() or has_words(phrase) for phrase in interest.phrases)


def _interest(section: Exclusion, item: Node) -> Interest:
    weight = section.weight if isinstance(section, InterestSection) else 1.0
    origin = item.place.origin
    if section.author is not None:
        return Interest(InterestKind.AUTHOR, section.author, (section.author,), weight, origin)
    if section.category is not None:
        category = as_category(section.category) or section.category
        return Interest(InterestKind.CATEGORY, category, (category,), weight, origin)
    if section.venue is not None:
        return Interest(InterestKind.VENUE, section.venue, (section.venue,), weight, origin)
    if section.paper is not None:
        return Interest(InterestKind.PAPER, section.paper, (section.paper,), weight, origin)
    name = section.name or ""
    phrases = tuple(dict.fromkeys(filter(None, [name, section.description or "", *section.keywords])))
    # One without such a word would only lower the mean of the others.
    matched = tuple(phrase for phrase in phrases if phrase.isascii() or has_words(phrase))
    return Interest(InterestKind.PHRASE, name, matched or phrases, weight, origin)
