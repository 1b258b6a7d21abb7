"""The text that a list of mails shows after the subject: the first there is, as mail programs take it."""

from __future__ import annotations

import re
from html import unescape

from newsletter.models import Email

_LONGEST = 200  # the widest list shows fewer
_UNSEEN = re.compile(r"<!--.*?-->|<(style|title|head|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
# What fills a preheader up, so that nothing else follows it: joiners, spaces of no width, soft hyphens.
_FILLER = re.compile("[\u034f\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


def first_text(email: Email) -> str:
    """Return the beginning of what is read, on one line: of the HTML, else of the text."""
    read = unescape(_TAG.sub(" ", _UNSEEN.sub(" ", email.html))) if email.html else email.text
    line = " ".join(_FILLER.sub("", read[: 20 * _LONGEST]).split())
    return line[:_LONGEST]
