"""The source `arxiv`: its settings, what it asks, and why it is silent."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime
from difflib import get_close_matches

from pydantic import Field, field_validator, model_validator

from newsletter.ids import CATEGORIES, category
from newsletter.models import AnnounceType
from newsletter.sources.addresses import Site, file_name
from newsletter.sources.arxiv.announcement import announced, feed_address
from newsletter.sources.arxiv.body import read_body
from newsletter.sources.arxiv.calendar import (
    EASTERN,
    announcement_after,
    feed_day,
    feed_days,
    knows,
    listed_after,
    resting,
    resting_on,
    said,
    submission_window,
    window_of,
)
from newsletter.sources.arxiv.query import GATE, PAUSE_SECONDS, next_page, query
from newsletter.sources.source import Parsed, Request, Silence, Source
from newsletter.text import clean

log = logging.getLogger(__name__)

_ANNOUNCED_HOUR = 20


class Arxiv(Source):
    """The papers arXiv announces today in some categories, or a saved feed of them."""

    categories: tuple[str, ...] = Field(
        default=(),
        description="arXiv categories or whole archives, read in one request.",
        examples=[["cs.LG", "cs.CL"]],
    )
    announce_types: tuple[AnnounceType, ...] = Field(
        default=(AnnounceType.NEW, AnnounceType.CROSS),
        min_length=1,
        description="new papers, cross-lists, and replacements if you want new versions as well.",
        examples=[["new", "cross"]],
    )
    path: str | None = Field(
        default=None,
        min_length=1,
        description="A saved feed instead: a file or a pattern.",
        examples=["saved/arxiv.xml"],
    )
    site: Site = Field(
        default="https://rss.arxiv.org",
        description="Where the daily lists are read: arXiv, or a mirror of it.",
        examples=["https://rss.arxiv.org"],
    )
    api_site: Site = Field(
        default="https://export.arxiv.org",
        description="Where past days are asked for: arXiv's API, or a mirror of it.",
        examples=["https://export.arxiv.org"],
    )

    @field_validator("categories")
    @classmethod
    def _known_categories(cls, categories: tuple[str, ...]) -> tuple[str, ...]:
        # One bad part makes arXiv refuse the whole request.
        return tuple(dict.fromkeys(_known(one) for one in categories))

    @model_validator(mode="after")
    def _one_place(self) -> Arxiv:
        if bool(self.categories) == (self.path is not None):
            raise ValueError("arxiv needs categories: (such as cs.LG) or path: (a saved feed), one of the two")
        return self

    @property
    def label(self) -> str:
        """Return `arxiv` and the categories, or the name of the file."""
        return f"arxiv {'+'.join(self.categories) or clean(file_name(self.path or ''))}"

    def requests(self, day: date, *, now: datetime) -> tuple[Request, ...]:
        """Return today's list (all categories at once), or for a past day what the API is asked.

        The feed knows today only. A past day is asked for with every list that stood in the feed while it was that day
        in the newsletter's zone; nothing is asked where arXiv announced nothing.
        """
        if self.path:
            return (Request(self.path),) if day >= now.date() else ()
        if day >= now.date():
            return (Request(feed_address(self.site, self.categories), gate=GATE, pause_seconds=PAUSE_SECONDS),)
        window = window_of(feed_days(day, now))
        return (query(self.api_site, self.categories, window),) if window else ()

    def parse(self, body: bytes, request: Request, *, now: datetime) -> Parsed:
        """Return the announced papers of the wanted announce types, each id once; those of unknown type are kept."""
        read = read_body(body, request)
        page = announced(read, request, source=self.label, now=now, asked=self.categories)
        wanted = tuple(entry for entry in page.entries if entry.announce_type in {None, *self.announce_types})
        log.info("%s: %d of %d entries are of the wanted announce types", self.label, len(wanted), len(page.entries))
        more, warnings, empty = page.more, page.warnings, ""
        if page.entries and not wanted:
            listed = f"{len(page.entries)} papers are listed" if len(page.entries) > 1 else "one paper is listed"
            empty = f"{listed}, none {' or '.join(self.announce_types)}"
        if read.is_search and self.categories:
            more, warning = next_page(read, request)
            warnings += (warning,) if warning else ()
        return replace(page, entries=wanted, more=more, warnings=warnings, empty=empty)

    def silence(self, day: date, *, now: datetime) -> Silence:
        """Return whether arXiv rests, is late, or has no such paper."""
        if self.path:
            return Silence("the saved feed lists nothing")
        if day < now.date():
            return _past_silence(day, now)
        if reason := resting(now):
            return _rest(reason, now)
        year = feed_day(now).year
        unknown = "" if knows(year) else f", unless it is one of the holidays of {year}, which this version cannot know"
        return Silence(f"today's list is not there yet; arXiv announces on this day{unknown}", late=True)

    def again_at(self, now: datetime) -> datetime:
        """Return when the feed changes next: after midnight in New York."""
        return listed_after(now)


def _known(written: str) -> str:
    if known := category(written):
        return known
    near = get_close_matches(written.strip().lower(), [name.lower() for name in CATEGORIES], n=2, cutoff=0.6)
    hint = f"did you mean {' or '.join(map(category, near))}?" if near else "see https://arxiv.org/category_taxonomy"
    raise ValueError(f'"{written}" is not an arXiv category; {hint}')


def _past_silence(day: date, now: datetime) -> Silence:
    days = feed_days(day, now)
    if window_of(days) is None:
        return Silence(f"{resting_on(days[0]) or resting_on(days[-1])}, so there is no list of {day}")
    return Silence(f"arXiv's API finds no paper announced on {day}; it misses some at times", late=True)


def _rest(reason: str, now: datetime) -> Silence:
    listed = listed_after(now)
    if now.astimezone(EASTERN).hour >= _ANNOUNCED_HOUR and submission_window(listed.date()):
        return Silence(f"{reason}; what it announced tonight is listed from midnight Eastern time", next_at=listed)
    following = announcement_after(now)
    return Silence(f"{reason}; next announcement {said(following)} {following:%H:%M} Eastern time", next_at=following)
