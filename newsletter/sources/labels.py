"""Labels of sources that are made of many settings: short enough for a line, and still distinct."""

from __future__ import annotations

import re
from hashlib import sha256

LONGEST_LABEL = 80  # characters
_SEPARATOR = re.compile(r"[ +,;]+")
_DIGITS = 6  # hexadecimal: the sources of one newsletter are few


def short_label(label: str) -> str:
    """Return `label`; of one beyond 80 characters the beginning, up to a separator, and six digits made of the whole.

    Health and arrivals are kept under labels, so two long ones that begin alike must not become one.
    """
    if len(label) <= LONGEST_LABEL:
        return label
    ending = f"… ({sha256(label.encode('utf-8', 'surrogatepass')).hexdigest()[:_DIGITS]})"
    head = label[: LONGEST_LABEL - len(ending)]
    cuts = [match.start() for match in _SEPARATOR.finditer(label, 0, len(head) + 1) if match.start() * 2 > len(head)]
    return head[: cuts[-1] if cuts else None] + ending
