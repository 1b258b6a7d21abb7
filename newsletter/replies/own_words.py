"""What the writer of a mail wrote: the lines above what is quoted, or below it, never the quote itself.

The quote is an email of ours, which says "unsubscribe" in its footer.
"""

from __future__ import annotations

import re
from email.message import Message

from newsletter.replies.pages import lines_of
from newsletter.replies.parts import is_attached, leaves, text_of
from newsletter.text import clean

_MOST_LINES = 400
_LONGEST_LINE = 300

_CUT = re.compile(
    r"""-{2,}\s*(?:original\ message|original\ appointment|forwarded\ message|ursprüngliche\ nachricht|
    originalnachricht|weitergeleitete\ nachricht|message\ d.origine|message\ original|message\ transféré|
    原始邮件|原始郵件|转发邮件|回复的原邮件)|
    _{10,}|
    \*?(?:from|von|de|发件人|寄件者|寄件人)\*?\s?[:：]""",
    re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTION = re.compile(
    r".*(?:\bwrote|\bschrieb\b.{0,200}|\ba écrit|写道|寫道|のメール|"
    r"\bescribió|\bescreveu|\bha scritto|\bschreef)\s?[:：]",
    re.IGNORECASE,
)
_BEGINS_ATTRIBUTION = re.compile(r"(?:on|am|le|在|于)\b.*(?:\d|@)", re.IGNORECASE)


def own_lines(message: Message) -> list[str]:
    """Return the lines that the writer of a mail wrote, none of them blank.

    Above the quote; where nothing stands there, below the last line that `>` marks and a blank one.
    """
    lines = [clean(line[:_LONGEST_LINE]) for line in _lines(message)[:_MOST_LINES]]
    quoted = [number for number in range(len(lines)) if _is_quoted(lines, number)]
    above = [line for line in (lines[: quoted[0]] if quoted else lines) if line]
    if above:
        return above
    marked = [number for number in quoted if lines[number].startswith(">")]
    below = lines[marked[-1] + 1 :] if marked else []
    if not below or below[0] or any(_CUT.match(line) for line in lines):
        return []
    return [line for line in below if line]


def _lines(message: Message) -> list[str]:
    """Return the lines of the first part that says something, plain text before HTML."""
    parts = [part for part in leaves(message) if not is_attached(part)]
    for media_type in ("text/plain", "text/html"):
        for part in parts:
            if part.get_content_type() == media_type:
                text = text_of(part)
                lines = lines_of(text) if media_type == "text/html" else re.split(r"\r\n|\r|\n", text)
                if any(clean(line[:_LONGEST_LINE]) for line in lines[:_MOST_LINES]):
                    return lines
    return []


def _is_quoted(lines: list[str], number: int) -> bool:
    """Return whether a quote begins, or goes on, in a line."""
    line = lines[number]
    if line.startswith(">") or _CUT.match(line) or _ATTRIBUTION.fullmatch(line):
        return True
    if not _BEGINS_ATTRIBUTION.match(line):
        return False
    # Programs wrap it: "On Friday, Daily Papers <papers@example.org>" and "wrote:".
    return any(_ATTRIBUTION.fullmatch(" ".join(lines[number : number + count])) for count in (2, 3))
