"""A message taken apart for people: header fields as they are read, parts as they are nested."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message

_RAW_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class MimePart:
    """A part of a message: its media type, how it is written, its bytes as they travel, and the parts in it."""

    type: str
    detail: str
    size: int
    children: tuple[MimePart, ...]


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A message taken apart. `headers` are decoded and on one line; `raw` is how its first 20,000 bytes travel."""

    size: int
    headers: tuple[tuple[str, str], ...]
    raw: str
    tree: MimePart


def anatomy(message: bytes) -> Anatomy:
    """Return what a message consists of."""
    parsed = message_from_bytes(message, policy=policy.default)
    headers = tuple((name, " ".join(str(value).split())) for name, value in parsed.items())
    return Anatomy(len(message), headers, message[:_RAW_BYTES].decode("ascii", "replace"), _part(parsed))


def _part(message: Message) -> MimePart:
    children = tuple(_part(child) for child in message.get_payload() if isinstance(child, Message))
    size = sum(child.size for child in children) or len(str(message.get_payload()).encode())
    return MimePart(message.get_content_type(), _detail(message), size, children)


def _detail(message: Message) -> str:
    told = (
        message.get_content_charset(),
        "" if message.is_multipart() else str(message.get("Content-Transfer-Encoding", "7bit")),
        str(message.get("Content-ID", "")),
    )
    return ", ".join(each for each in told if each)
