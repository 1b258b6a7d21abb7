"""Where a paper appears: whether a venue that a reader named is the one a paper or its authors state."""

from __future__ import annotations

import functools
import re

from newsletter.models import Paper

# What may stand before a venue's name where it is the venue: "Accepted at ICML", "Proceedings of the 40th ICML (2023)".
_BEFORE = r"(?:^|[,;:(\[/]|\b(?:in|at|to|by|the|of|for|and|on|\d+(?:st|nd|rd|th)?)\b)\W*"
# Another capital would make it another venue, as in "Nature Communications"; a year, a track or nothing may follow.
_TRACK = r"(?i:workshops?|conference|findings|main|track|oral|poster|spotlight)\b"
_AFTER = rf"(?:'\d\d|[-\s]*\d{{4}})?(?=\s*(?:$|[^\w\s]|\d|[a-z]|{_TRACK}))"


def venue_of(asked: str, paper: Paper) -> str:
    """Return the statement of `paper`, its venue or its authors' comment, that names the venue `asked`, else ""."""
    wanted = _pattern(asked)
    for stated in (paper.signals.venue, paper.signals.comment):
        for found in wanted.finditer(stated):
            if not _NOT_THERE.search(stated[: found.end()]):
                return stated
    return ""


# Where a paper was sent is not where it appears.
_NOT_THERE = re.compile(r"(?i)\b(?:submitted|submission|under review|in review|rejected|withdrawn|not)\b[^.;,]*$")


@functools.lru_cache(maxsize=1024)
def _pattern(asked: str) -> re.Pattern[str]:
    words = r"[\s-]+".join(re.escape(word) for word in asked.split())
    return re.compile(rf"{_BEFORE}(?i:{words}){_AFTER}")
