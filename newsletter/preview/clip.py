"""Where Gmail would cut an email. The limit is written nowhere: senders measured it."""

from __future__ import annotations

import re
from bisect import bisect_right

from newsletter.quoted_printable import quoted_printable
from newsletter.transfer import in_ascii, transferred

CLIP_BYTES = 102_400
"""About so many bytes Gmail shows of the HTML part, and then "[Message clipped]"; encoded ones, to be careful."""

MARK = "<!--clip-->"

_ELSEWHERE = re.compile(r"<!--.*?-->|<(style|title)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


def with_clip(html: str, limit: int = CLIP_BYTES) -> str:
    """Return `html` with a comment where it would be cut, after the last tag that is still shown; as it is if none."""
    sent = transferred(html)
    if len(sent.octets) <= limit:
        return html
    size = _ascii_size if sent.encoding == "7bit" else _quoted_size
    offset = bisect_right(range(len(html)), limit, key=lambda end: size(html[:end]))
    tags = [found.end() for found in _ELSEWHERE.finditer(html) if found.end() <= offset]
    cut = tags[-1] if tags else 0
    return html[:cut] + MARK + html[cut:]


def _ascii_size(html: str) -> int:
    return len(in_ascii(html)) + html.count("\n")  # each sent as two octets


def _quoted_size(html: str) -> int:
    return len(quoted_printable(html))
