"""What a server's answer means for the address, the run and the pace, by its code and enhanced status.

RFC 5321 §4.2, RFC 3463, and the registry of status codes: https://www.iana.org/assignments/smtp-enhanced-status-codes
A status nobody knows is judged by the first digit alone.
"""

from __future__ import annotations

import re

CONNECTION_LOST = (0, 421)
"""No answer, or the one that announces the end: of the connection, not of the message."""

NO_LOGIN = (530, 534, 535, 538)
"""The server wants a login, or another one, RFC 4954 §6."""

_STATUS = re.compile(r"(?<![0-9.])([245])\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9.])")
_BAD_ADDRESS = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"))
_FULL = "5.2.2"
_THROTTLED = 454


def status_of(detail: str) -> str:
    """Return the enhanced status within an answer, such as `5.1.1`, or "" where it has none."""
    found = _STATUS.search(detail)
    return found[0] if found else ""


def is_bad_address(detail: str) -> bool:
    """Say whether there is no such mailbox or domain, so that writing there again can only do harm."""
    return status_of(detail) in _BAD_ADDRESS


def is_full(detail: str) -> bool:
    """Say whether the mailbox is full: it may have room tomorrow."""
    return status_of(detail) == _FULL


def is_policy(detail: str) -> bool:
    """Say whether a rule of the server speaks against us, not against the reader."""
    return status_of(detail).startswith("5.7.")


def is_throttled(code: int, detail: str) -> bool:
    """Say whether the server takes mail, but not this fast; greylisting (4.7.1) is of one recipient, RFC 6647."""
    status = status_of(detail)
    return code == _THROTTLED or (code // 100 == 4 and status.startswith("4.7.") and status != "4.7.1")
