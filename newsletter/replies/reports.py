"""Reports (RFC 6522): what became of a message (RFC 3464), and that a reader complains (RFC 5965)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from urllib.parse import unquote

from newsletter.replies.parts import addresses, field, fields, leaves, message_ids, one_line, parse, text_of
from newsletter.replies.reply import Reply, ReplyKind
from newsletter.tokens import looks_like_token, token_in

_DEAD = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"))  # RFC 3463 §3.2, RFC 7505 §4.3
_NOT_THEIRS = re.compile(r"5\.(?:1\.[78]|[3567]\.\d+)")  # the system, the protocol, the content, the policy

_STATUS = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?![\d.]*\d)")
_CODE = re.compile(r"(?<![\d.-])([45])\d\d(?![\d.]*\d)")
_TYPED = re.compile(r"^\s*[a-z0-9-]{1,20}\s*;\s*", re.IGNORECASE)  # "rfc822;", "smtp;"
_ABUSE = frozenset(("abuse", "fraud", "virus", "other", "opt-out", "opt-out-list", "miscategorized"))
_MOST_RECIPIENTS = 20
_HEADERS = frozenset(("text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers"))

_Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Returned:
    """The email that a report is about, as far as the report returns it: its Message-IDs and the token to leave."""

    message_ids: tuple[str, ...] = ()
    token: str = ""


def read_report(message: Message, reply: Reply) -> Reply | None:
    """Return `reply` with what the report in a message says; None where it is none."""
    parts = list(leaves(message))
    returned = _returned(parts)
    for part in parts:
        media_type = part.get_content_type()
        if media_type in ("message/delivery-status", "message/global-delivery-status"):
            return _delivery_status(list(_blocks(part)), reply, returned)
        if media_type == "message/feedback-report":
            return _feedback(next(_blocks(part), {}), reply, returned)
        if media_type in ("message/disposition-notification", "message/global-disposition-notification"):
            about = message_ids(next(_blocks(part), {}).get("original-message-id", ""))
            return replace(reply, kind=ReplyKind.AUTOMATIC, answered=_both(about, reply.answered))
    return None


def kind_of_status(status: str) -> ReplyKind:
    """Return what an enhanced status code says of the reader (RFC 3463): dead, for now, or nothing."""
    if status in _DEAD:
        return ReplyKind.BOUNCE
    return ReplyKind.REFUSAL if _NOT_THEIRS.fullmatch(status) else ReplyKind.SOFT_BOUNCE


def status_in(text: str) -> str:
    """Return the enhanced status code in what a server said, made of the reply code where it has none, or ""."""
    if found := _STATUS.search(text):
        return found[1]
    code = _CODE.search(text)
    return f"{code[1]}.0.0" if code else ""


# ------------------------------------------------------------------ what became of a message


def _delivery_status(blocks: list[_Fields], reply: Reply, returned: Returned) -> Reply:
    """Return the worst of what happened to its recipients."""
    about = [returned.message_ids]
    if envelope := blocks and blocks[0].get("original-envelope-id", ""):
        about.append(message_ids(f"<{_xtext(envelope).strip('<> ')}>"))
    recipients = [block for block in blocks if "action" in block or "status" in block][:_MOST_RECIPIENTS]
    worst = min(recipients, key=_goodness, default={"action": "failed"})
    action = worst.get("action", "failed").lower()
    detail = _TYPED.sub("", worst.get("diagnostic-code", ""))
    status = _status(worst.get("status", ""), detail)
    if action.startswith("delayed"):
        kind = ReplyKind.DELAY
    elif action.startswith(("delivered", "relayed", "expanded")) or status.startswith("2"):
        kind = ReplyKind.AUTOMATIC
    else:
        kind = kind_of_status(status)
    named = (worst.get(name, "") for name in ("original-recipient", "final-recipient"))
    return replace(
        reply,
        kind=kind,
        answered=_both(*about, reply.answered),
        recipients=tuple(dict.fromkeys(each for value in named for each in addresses(_TYPED.sub("", value)))),
        status=status,
        detail=one_line(detail if status in detail or not status else f"{status} {detail}".strip()),
    )


def _goodness(block: _Fields) -> tuple[int, bool, str]:
    """Return what orders recipients, the worst first; of two that failed, the one whose address is dead."""
    action = block.get("action", "failed").lower()
    rank = {"failed": 0, "delayed": 1}.get(action.split()[0] if action.split() else "", 2)
    status = _status(block.get("status", ""), block.get("diagnostic-code", ""))
    return rank, status not in _DEAD, status


def _status(written: str, detail: str) -> str:
    """Return the status code; what the server said is more precise than a code that only says "failed"."""
    found = _STATUS.search(written)
    status = found[1] if found else ""
    if status and not status.endswith(".0.0"):
        return status
    said = status_in(detail)
    if said and (not status or said[0] == status[0]):
        return said
    return status or "5.0.0"


def _xtext(text: str) -> str:
    """Return what `+XX` stands for (RFC 3461 §4)."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: chr(int(found[1], 16)), text)


# ------------------------------------------------------------------ complaints


def _feedback(told: _Fields, reply: Reply, returned: Returned) -> Reply:
    """Return the complaint; a report of something else (a failed signature) is for a person."""
    what = told.get("feedback-type", "").lower()
    kind = ReplyKind.COMPLAINT if what in _ABUSE else ReplyKind.OTHER
    return replace(
        reply,
        kind=ReplyKind.AUTOMATIC if what == "not-spam" else kind,
        addressed=(*reply.addressed, *addresses(told.get("original-mail-from", ""))),
        answered=_both(returned.message_ids, reply.answered),
        token=returned.token,
        recipients=tuple(addresses(told.get("original-rcpt-to", ""))),
        detail=one_line(f"{what or 'feedback'} by {told.get('user-agent', '') or 'an unnamed program'}"),
    )


# ------------------------------------------------------------------ their parts


def _blocks(part: Message) -> Iterator[_Fields]:
    """Yield the groups of fields that a report is made of, names in lower case."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        yield from _groups(text_of(part))
        return
    for block in payload[: _MOST_RECIPIENTS * 2]:
        if isinstance(block, Message):
            if block.keys():
                yield {name.lower(): field(block, name) for name in block.keys()[:50]}
            if isinstance(text := block.get_payload(), str):
                yield from _groups(text)


def _groups(text: str) -> Iterator[_Fields]:
    for group in re.split(r"\r?\n[ \t]*\r?\n", text.strip())[: _MOST_RECIPIENTS * 2]:
        block = parse(group.encode("utf-8", "replace") + b"\n\n")
        if found := {name.lower(): field(block, name) for name in block.keys()[:50]}:
            yield found


def _returned(parts: Iterable[Message]) -> Returned:
    """Return what the part with the returned message, or its header, says."""
    for part in parts:
        if part.get_content_type() not in _HEADERS:
            continue
        payload = part.get_payload()
        inner = payload[0] if isinstance(payload, list) and payload else None
        if not isinstance(inner, Message) or not inner.keys():
            inner = parse(text_of(part).encode("utf-8", "replace") + b"\n\n")
        return Returned(message_ids(*fields(inner, "Message-ID")), _token(field(inner, "List-Unsubscribe")))
    return Returned()


def _token(unsubscribe: str) -> str:
    """Return the token in a List-Unsubscribe of ours, or ""."""
    for uri in re.findall(r"mailto:([^<>\s,]{1,400})", unsubscribe, re.IGNORECASE):
        address, _, query = uri.partition("?")
        token = token_in(unquote(address)) or unquote(query).rpartition(" ")[2]
        if looks_like_token(token):
            return token
    return ""


def _both(*names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for several in names for each in several))
