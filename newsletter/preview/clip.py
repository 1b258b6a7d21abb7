"""Where Gmail would cut an email. The limit is written nowhere: senders measured it."""

from __future__ import annotations

import re
from bisect import bisect_right

from newsletter.quoted_printable import quoted_printable

CLIP_BYTES = 102_400
"""About so many bytes Gmail shows of the HTML part, and then "[Message clipped]"; encoded ones, to be careful."""

MARK = "<!--clip-->"

_ELSEWHERE = re.compile(r"<!--.*?-->|<(style|title)\b.*?</\1>|<[^>]*>", re.IGNORECASE | re.DOTALL)


def with_clip(html: str, limit: int = CLIP_BYTES) -> str:
    """Return `html` with a comment where it would be cut, after the last tag that is still shown; as it is if none."""
    if len(html) * 3 <= limit:  # no octet takes more than three
        return html
    if len(quoted_printable(html)) <= limit:
        return html
    offset = bisect_right(range(len(html)), limit, key=lambda end: len(quoted_printable(html[:end])))
    tags = [found.end() for found in _ELSEWHERE.finditer(html) if found.end() <= offset]
    cut = tags[-1] if tags else 0
    return html[:cut] + MARK + html[cut:]
