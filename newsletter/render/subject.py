"""The subject of an issue: how many papers, by whom, about what, and of which day."""

from __future__ import annotations

from newsletter.render.filters import shorten
from newsletter.render.language import Language
from newsletter.render.shown import IssueView

_LENGTH = 78


def subject(shown: IssueView, language: Language) -> str:
    """Return what is in the issue and its date, which keeps mail programs from threading issues together.

    As many topics are named as fit into 78 characters: `9 papers · 2 by people you follow · Dark matter · 20 Nov`.
    """
    _, ngettext, stamp = language.gettext, language.ngettext, language.stamp(shown.day)
    parts = [ngettext("%(num)s paper", "%(num)s papers", shown.count) if shown.count else _("No new papers for you")]
    if shown.followed:
        parts.append(ngettext("%(num)s by people you follow", "%(num)s by people you follow", shown.followed))
    room = _LENGTH - sum(len(part) + 3 for part in parts) - len(stamp) - 3
    parts += filter(None, [_topics(shown, room), stamp])
    # "=?" would let a title be taken for an encoded word, and decoded: CVE-2024-6923.
    return " · ".join(parts).replace("=?", "= ?")


def _topics(shown: IssueView, room: int) -> str:
    """Return the labels of the issue's topics, best first, as far as they fit."""
    labels = [section.label for section in shown.sections if section.topical]
    if not labels and shown.lead:
        labels = [shown.lead.facts.title]
    named = ""
    for label in labels:
        longer = f"{named}, {label}" if named else shorten(label, room)
        if len(longer) > room:
            break
        named = longer
    return named
