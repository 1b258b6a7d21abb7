"""Emails written into a folder, to look at them or to test.

    MaildirMailer   a folder in Maildir format, which mail programs open: https://cr.yp.to/proto/maildir.html
    FileMailer      a folder with an .eml file for each email

A file appears whole or not at all: it is written elsewhere, and moved when `before_dot` has come back. Its name follows
from the message and its recipient, so that another attempt at the same message takes the place of the first, as long as
no mail program has moved that. Before the message stand its sender and recipient, as a server that delivers for good
would note them (RFC 5321 §4.4, RFC 9228).
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

from newsletter.deliver.address import envelope
from newsletter.deliver.mailer import BeforeDot, Reply
from newsletter.errors import OutcomeUnknown, ServerUnavailable

_AT_ONCE = 4  # so that one waits for the disk while others are written
_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
_LONGEST_PART = 80  # characters, so that a name of all its parts stays under 255
_MESSAGE_ID = re.compile(rb"(?im)^message-id[ \t]*:\s*<?([^<>\s]+)")
_DATE = re.compile(rb"(?im)^date[ \t]*:\s*([^\r\n]+)")
_DRAFTS = count()


class MaildirMailer:
    """A folder in Maildir format, made when the first message comes; lines end with LF, as its readers expect."""

    connections = _AT_ONCE
    max_per_minute = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def session(self) -> FolderSession:
        """Return a session that writes into `new`."""
        places = [self._folder / place for place in ("tmp", "new", "cur")]
        return FolderSession(self._folder, places, _maildir_name, line_end=b"\n")


class FileMailer:
    """A folder with a file `DATE-RECIPIENT-MESSAGE-ID.eml` for each message, the date in UTC."""

    connections = _AT_ONCE
    max_per_minute = 0

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def session(self) -> FolderSession:
        """Return a session that writes into the folder."""
        return FolderSession(self._folder, [self._folder], _file_name, line_end=b"\r\n")


class FolderSession:
    """What writes one message after the other; see `mailer.Session`.

    Drafts are written into the first of `places`, whole messages stand in the second, or in the one there is. `name`
    gives a file's name by the message and its recipient.
    """

    def __init__(
        self, folder: Path, places: Sequence[Path], name: Callable[[bytes, str], str], *, line_end: bytes
    ) -> None:
        self._folder = folder
        self._places = places
        self._name = name
        self._line_end = line_end

    async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
        """Write `message` and return where it is. ServerUnavailable, with the folder, where it cannot be written."""
        sender, recipient = envelope(sender, recipient)
        text = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n".encode() + message
        name = self._name(message, recipient)
        draft = self._places[0] / f".{name}.{os.getpid()}.{next(_DRAFTS)}"
        path = self._places[:2][-1] / name
        try:
            await self._done(self._write, draft, text.replace(b"\r\n", self._line_end))
            await before_dot()
            await self._done(draft.replace, path)
        except BaseException:
            with suppress(OSError):
                draft.unlink()
            raise
        try:
            await asyncio.to_thread(_sync, path.parent)
        except OSError as error:
            raise OutcomeUnknown(f"{path}: {error.strerror or error}; it may not last") from error
        return Reply(250, f"2.0.0 written to {path}")

    async def close(self) -> None:
        """Do nothing: no file is open between messages."""

    async def _done(self, act: Callable[..., object], *arguments: object) -> None:
        """Have a thread wait for the disk."""
        try:
            await asyncio.to_thread(act, *arguments)
        except OSError as error:
            raise ServerUnavailable(f"{self._folder}: {error.strerror or error}; nothing was written") from error

    def _write(self, draft: Path, text: bytes) -> None:
        """Write a draft that nobody else may read, down to the disk."""
        for place in self._places:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(draft, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Have the disk keep which files there are."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ------------------------------------------------------------------ names


def _maildir_name(message: bytes, recipient: str) -> str:
    return f"{sha256(_identity(message) + b' ' + recipient.encode()).hexdigest()[:32]}.newsletter"


def _file_name(message: bytes, recipient: str) -> str:
    found = _DATE.search(_head(message))
    try:
        date = parsedate_to_datetime(found[1].decode("ascii") if found else "")
        when = (date.astimezone(UTC) if date.tzinfo else date).strftime("%Y%m%dT%H%M%SZ")
    except (ValueError, TypeError, OverflowError):
        when = "undated"
    return f"{when}-{_plain(recipient)}-{_plain(_identity(message).decode('utf-8', 'replace'))}.eml"


def _plain(text: str) -> str:
    """Return `text` as a part of a file's name; what has to be changed is told apart by its hash."""
    plain = _UNSAFE.sub("_", text)
    if plain == text and len(text) <= _LONGEST_PART:
        return plain
    return f"{plain[: _LONGEST_PART - 9]}~{sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _identity(message: bytes) -> bytes:
    """Return the Message-ID without its brackets, or a hash of what has none."""
    found = _MESSAGE_ID.search(_head(message))
    return found[1] if found else sha256(message).hexdigest().encode()


def _head(message: bytes) -> bytes:
    return message.partition(b"\r\n\r\n")[0]
