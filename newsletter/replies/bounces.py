"""Bounces that are no report: of programs older than RFC 3464, or that never heard of it. flufl.bounce knows them.

It looks for phrases that a person could write as well, so it is asked only about mail that a mail server seems to have
sent, and only about its beginning.
"""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

from newsletter.replies.parts import field, fields, leaves, message_ids, one_line, text_of, words
from newsletter.replies.reply import Reply, ReplyKind
from newsletter.replies.reports import kind_of_status, status_in
from newsletter.tokens import is_bounce_address

_MOST_BYTES = 64 * 1024
_MOST_LINES = 2_000
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|mdaemon|maildaemon|bounce\S*)@?", re.IGNORECASE)
_SUBJECT = re.compile(
    r"undeliver|delivery|returned mail|failure notice|mail failure|could not send|non remis|unzustellbar|退信|退回",
    re.IGNORECASE,
)
_RETURNED_ID = re.compile(r"^[ \t>|]*Message-ID:[ \t]*(<[^<>\s]{1,250}>)", re.IGNORECASE | re.MULTILINE)
_SAID = re.compile(r"(?<![\d.])(?:[45]\d\d[ -][^\n]{3,200}|[45]\.\d\.\d{1,3}[^\n]{0,200})")
_PERMANENT, _FOR_NOW = "5.0.0", "4.0.0"


def read_bounce(message: Message, raw: bytes, reply: Reply) -> Reply | None:
    """Return `reply` with what a bounce in no standard form says; None where it seems to be none."""
    if not _is_from_a_server(message, reply):
        return None
    from flufl.bounce import all_failures  # noqa: PLC0415 - 40 ms, and most bounces are reports

    logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs a traceback of what it raises
    lines = raw[:_MOST_BYTES].split(b"\n", _MOST_LINES)[:_MOST_LINES]
    try:
        for_now, for_good = all_failures(message_from_bytes(b"\n".join(lines), policy=compat32))
    except Exception:  # noqa: BLE001 - it raises what its many parsers do
        return None
    named = sorted(each.decode("utf-8", "replace") for each in for_good or for_now)
    if not named:
        return None
    text = "\n".join(text_of(part) for part in leaves(message) if part.get_content_maintype() == "text")[:_MOST_BYTES]
    said = _SAID.search(text)
    detail = said[0] if said else ""
    status = status_in(detail) or (_PERMANENT if for_good else _FOR_NOW)
    return replace(
        reply,
        kind=kind_of_status(status) if for_good else ReplyKind.DELAY,
        answered=tuple(dict.fromkeys((*message_ids(*_RETURNED_ID.findall(text)), *reply.answered))),
        recipients=tuple(one_line(each) for each in named)[:20],
        status=status,
        detail=one_line(detail or status),
    )


def _is_from_a_server(message: Message, reply: Reply) -> bool:
    returns = fields(message, "Return-Path")
    return bool(
        (returns and returns[0].replace(" ", "") == "<>")
        or _DAEMON.match(reply.sender)
        or any(map(is_bounce_address, reply.addressed))
        or field(message, "X-Failed-Recipients")
        or _SUBJECT.search(words(field(message, "Subject")))
    )
