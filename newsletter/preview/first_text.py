"""The text that a list of mails shows after the subject: the first there is, as mail programs take it."""

from __future__ import annotations

import re
from html import unescape

from newsletter.models import Email

_LONGEST = 200  # the widest list shows fewer
_UNSEEN = re.compile(r"<!--.*?-->|<(style|title|head|script)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
# Joiners, spaces of no width, soft hyphens: a run of them fills a preheader up, so that nothing else is seen after it.
_FILLER = re.compile("[\u034f\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
_FILLED_UP = re.compile(rf"(?:{_FILLER.pattern}\s*){{6,}}")


def first_text(email: Email) -> str:
    """Return the beginning of what is read, on one line: of the HTML, else of the text."""
    read = unescape(_TAG.sub(" ", _UNSEEN.sub(" ", email.html))) if email.html else email.text
    seen = _FILLED_UP.split(read[: 20 * _LONGEST].lstrip(), maxsplit=1)[0]
    return " ".join(_FILLER.sub("", seen).split())[:_LONGEST]
