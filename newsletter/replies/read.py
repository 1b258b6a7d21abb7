"""The one question of this room: what is this mail?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from email.message import Message

from newsletter.replies.automatic import is_answer, is_made
from newsletter.replies.bounces import read_bounce
from newsletter.replies.own_words import own_lines
from newsletter.replies.parts import (
    LONGEST,
    addresses,
    fields,
    message_ids,
    one_line,
    parse,
    the_date,
    the_sender,
    words,
)
from newsletter.replies.reply import Reply, ReplyKind
from newsletter.replies.reports import read_report
from newsletter.replies.wishes import asks_to_leave, is_greeting, leaving, votes_in, votes_of, without_tags
from newsletter.tokens import token_in

# What the last server wrote comes before what the sender did.
_ADDRESSED = ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc")
_ANSWERED = ("In-Reply-To", "References")
_MOST_ADDRESSES = 50


def read(message: bytes) -> Reply:
    """Return what a mail is. Never raises: what cannot be read is `other`, and only the first megabyte is read."""
    message = message[:LONGEST]
    try:
        parsed = parse(message)
        return _read(parsed, message, _envelope(parsed))
    except Exception as error:  # noqa: BLE001 - stdlib's parser and flufl.bounce raise anything for hostile bytes
        return Reply(ReplyKind.OTHER, detail=f"it cannot be read ({type(error).__name__})")


def _envelope(message: Message) -> Reply:
    """Return what the header says of any mail."""
    addressed = (each for name in _ADDRESSED for value in fields(message, name) for each in addresses(value))
    subject = words(next(iter(fields(message, "Subject")), ""))
    return Reply(
        ReplyKind.OTHER,
        message_id=next(iter(message_ids(*fields(message, "Message-ID"))), ""),
        sender=the_sender(message),
        addressed=tuple(dict.fromkeys(addressed))[:_MOST_ADDRESSES],
        answered=message_ids(*(value for name in _ANSWERED for value in fields(message, name))),
        subject=subject,
        date=the_date(message),
        detail=subject,
    )


def _read(message: Message, raw: bytes, reply: Reply) -> Reply:
    if report := read_report(message, reply):
        return report
    answers = is_answer(message)
    if not answers and (found := _leaving(message, reply)):
        return found
    if bounce := read_bounce(message, raw, reply):
        return bounce
    if answers or is_made(message):
        return replace(reply, kind=ReplyKind.AUTOMATIC)
    lines = own_lines(message)
    if lines and is_greeting(lines[0]):
        lines = lines[1:]
    return _wish(reply, lines)


def _leaving(message: Message, reply: Reply) -> Reply | None:
    """Return the wish to leave that our own link makes, by an address or a subject with a token.

    Mail programs send it for their reader, so a program may have made it, but not as an answer.
    """
    asks, token, address = leaving(reply.subject)
    token = next(filter(None, map(token_in, reply.addressed)), "") or token
    if token or (asks and not is_made(message)):
        detail = one_line(reply.subject) or "unsubscribe"
        return replace(reply, kind=ReplyKind.UNSUBSCRIBE, token=token, leaving=address, detail=detail)
    return None


def _wish(reply: Reply, lines: Sequence[str]) -> Reply:
    """Return what a person asks for in the subject or in the lines they wrote."""
    if lines and asks_to_leave(lines[0]):
        return replace(reply, kind=ReplyKind.UNSUBSCRIBE, detail=one_line(lines[0]))
    votes = votes_in(without_tags(reply.subject)) or votes_of(lines)
    if votes:
        return replace(reply, kind=ReplyKind.VOTE, votes=votes, detail=one_line(reply.subject or lines[0]))
    return replace(reply, detail=one_line(lines[0]) if lines else reply.subject)
