"""The lines of a message as they travel: each ended with CRLF, and none that could end the message.

A bare CR or LF ends the message for one server and not for another: SMTP smuggling, CVE-2023-51764. Forty kilobytes are
looked through octet by octet, which takes a tenth of the time of a regular expression.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]
Truths = NDArray[np.bool_]

_FEED, _RETURN, _DOT = b"\n\r."
_LINE_END = re.compile(rb"\r\n|\r|\n")


def with_crlf(message: bytes) -> bytes:
    """Return `message` with CRLF at the end of each line, itself where that is so (RFC 5321 §2.3.8)."""
    octets = np.frombuffer(message, np.uint8)
    return message if _is_paired(message, octets, octets == _FEED) else _LINE_END.sub(b"\r\n", message)


def dot_stuffed(message: bytes) -> bytes:
    """Return a message as it follows DATA: its last line ended, dots at the beginning of lines doubled (§4.5.2)."""
    octets = np.frombuffer(message, np.uint8)
    feeds = octets == _FEED
    sound = message.endswith(b"\r\n") and _is_paired(message, octets, feeds)
    if not sound:
        message = _LINE_END.sub(b"\r\n", message)
        message = message if message.endswith(b"\r\n") else message + b"\r\n"
    if not sound or np.count_nonzero(feeds[:-1] & (octets[1:] == _DOT)):
        message = message.replace(b"\r\n.", b"\r\n..")
    return b"." + message if message.startswith(b".") else message


def _is_paired(message: bytes, octets: Octets, feeds: Truths) -> bool:
    """Return whether each CR stands before a LF and each LF behind a CR."""
    unpaired = np.count_nonzero(feeds[1:] != (octets[:-1] == _RETURN))
    return not unpaired and not message.startswith(b"\n") and not message.endswith(b"\r")
