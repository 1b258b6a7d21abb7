"""HTML of a mail as lines of text, what it quotes marked as in plain text.

Mail programs mark a quote by an element of their own, or by none but a line above it: each becomes `CUT`, and what
stands in a `<blockquote>` lines that begin with `>`. Tags are found by one pass: `html.parser` takes quadratic time on
what is unclosed.
"""

from __future__ import annotations

import re
from html import unescape

CUT = "-----Original Message-----"
"""The line below which everything is quoted, as Outlook writes it."""

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)([^<>]*)>|<[!?][^<>]*>")
_BLOCKS = frozenset("address article br center dd div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table td tr ul".split())
_HIDDEN = frozenset("head script style title".split())
# Gmail, Yahoo, Thunderbird, Proton; Outlook on the web; Outlook's line above the header it repeats.
_QUOTES = re.compile(
    r"""gmail_quote|gmail_attr|gmail_extra|yahoo_quoted|moz-cite-prefix|protonmail_quote|
    id=["']?(?:appendonsend|divRplyFwdMsg|stopSpelling|OLK_SRC_BODY_SECTION|mail-editor-reference|isForwardContent)|
    border-top:\s*solid\s[^;"']*;\s*padding:\s*3\.0pt\s+0""",
    re.IGNORECASE | re.VERBOSE,
)


def lines_of(html: str) -> list[str]:
    """Return the lines of a page in order, without what is not shown."""
    lines = _Lines()
    place = 0
    html = _without_comments(html)
    for tag in _TAG.finditer(html):
        lines.say(html[place : tag.start()])
        place = tag.end()
        if tag[2]:
            lines.tag(tag[2].lower(), tag[3], closing=bool(tag[1]))
    lines.say(html[place:])
    lines.end()
    return lines.done


class _Lines:
    """Lines as they come about; `_depth` counts the quotes that are open."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self._line: list[str] = []
        self._depth = 0
        self._hidden = ""

    def say(self, text: str) -> None:
        if text and not self._hidden:
            self._line.append(text)

    def tag(self, name: str, attributes: str, *, closing: bool) -> None:
        if self._hidden or name in _HIDDEN:
            self._hidden = "" if closing and name == self._hidden else self._hidden or ("" if closing else name)
        elif name == "blockquote":
            self.end()
            self._depth = max(0, self._depth + (-1 if closing else 1))
            if not self._depth:
                self.done.append("")
        elif name in _BLOCKS:
            self.end()
        if not closing and not self._hidden and _QUOTES.search(attributes):
            self.end()
            self.done.append(CUT)

    def end(self) -> None:
        """End the line that is being written."""
        line = " ".join(unescape("".join(self._line)).split())
        self._line.clear()
        self.done.append(f"> {line}" if self._depth else line)


def _without_comments(html: str) -> str:
    kept = []
    place = 0
    while (start := html.find("<!--", place)) >= 0:
        kept.append(html[place:start])
        end = html.find("-->", start)
        if end < 0:
            return "".join(kept)
        place = end + 3
    return "".join(kept) + html[place:]
