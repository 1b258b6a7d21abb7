"""A folder on an IMAP server (RFC 3501), read by UID and without marking as read what is only looked at.

What was looked at gets the keyword `$Newsletter`, and is not fetched again. Where a server keeps no keywords, what is
settled is moved (RFC 6851) into a folder `Newsletter`, and where it does not move either, only marked as read; what is
left is then looked at again for some days.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from enum import Enum

from newsletter.errors import NewsletterError
from newsletter.mailbox.connection import connect, quoted, said
from newsletter.mailbox.letter import LONGEST, Letter
from newsletter.models import ImapSettings

_KEYWORD = "$Newsletter"
_MOVED_TO = "Newsletter"
_OLDEST = timedelta(days=60)
_OLDEST_UNMARKED = timedelta(days=14)  # fetched at every run
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


class _Marking(Enum):
    """How a server can remember what was looked at."""

    KEYWORD = "keyword"
    MOVE = "move"
    SEEN = "seen"


@contextmanager
def open_imap(
    settings: ImapSettings, *, now: datetime, read_only: bool, tls: ssl.SSLContext | None
) -> Iterator[ImapFolder]:
    """Give the folder of these settings; every failure is one NewsletterError."""
    where = f"{settings.host}:{settings.port}"
    client = connect(settings, tls=tls)
    try:
        yield ImapFolder(client, settings, now=now, read_only=read_only)
    except (TimeoutError, imaplib.IMAP4.abort, ssl.SSLError, ConnectionError) as error:
        told = f"{where}: the connection was lost: {said(error)}; what was taken is kept, run it again for the rest"
        raise NewsletterError(told) from error
    except imaplib.IMAP4.error as error:
        raise NewsletterError(f"{where}: {said(error)}") from error
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            client.logout()
        with suppress(OSError):
            client.shutdown()  # which `logout` leaves out where nobody answers it


class ImapFolder:
    """The mails of one folder."""

    def __init__(self, client: imaplib.IMAP4, settings: ImapSettings, *, now: datetime, read_only: bool) -> None:
        self._client, self._read_only = client, read_only
        self._where = f"{settings.host}:{settings.port}"
        self._select(settings.folder)
        self._marking = self._best_marking()
        unmarked = self._marking is not _Marking.KEYWORD
        self._since = now - (_OLDEST_UNMARKED if unmarked else _OLDEST)

    def letters(self) -> Iterator[Letter]:
        """Yield the mails of the last 60 days that were not looked at (of 14 days where nothing tells), by UID."""
        since = f"{self._since.day}-{_MONTHS[self._since.month - 1]}-{self._since.year}"
        unmarked = ("UNKEYWORD", _KEYWORD) if self._marking is _Marking.KEYWORD else ("ALL",)
        found = self._uid("SEARCH", *unmarked, "SINCE", since)
        uids = sorted({int(uid) for line in found if isinstance(line, bytes) for uid in line.split() if uid.isdigit()})
        for uid in uids:
            message = self._fetch(uid)
            if message is not None:
                yield Letter(str(uid), message)

    def done(self, letter: Letter) -> None:
        """Mark a mail as read, and as looked at."""
        if self._read_only:
            return
        keyword = f" {_KEYWORD}" if self._marking is _Marking.KEYWORD else ""
        self._uid("STORE", letter.name, "+FLAGS.SILENT", rf"(\Seen{keyword})")
        if self._marking is _Marking.MOVE:
            self._client.create(quoted(_MOVED_TO))  # NO where it exists
            self._uid("MOVE", letter.name, quoted(_MOVED_TO))

    def leave(self, letter: Letter) -> None:
        """Mark a mail as looked at, and leave it unread."""
        if not self._read_only and self._marking is _Marking.KEYWORD:
            self._uid("STORE", letter.name, "+FLAGS.SILENT", f"({_KEYWORD})")

    def _select(self, folder: str) -> None:
        try:
            answer, told = self._client.select(quoted(folder), readonly=self._read_only)
        except imaplib.IMAP4.readonly:
            raise NewsletterError(
                f"{self._where}: the folder {folder} can only be read; what is taken must be marked"
            ) from None
        if answer != "OK":
            names = ", ".join(self._folders()) or "none"
            raise NewsletterError(
                f"{self._where}: no folder {folder} ({said(told)}); inbox.imap.folder may be one of: {names}"
            )

    def _folders(self) -> list[str]:
        """Return the names of the first folders of this account, as a person would write them."""
        _, lines = self._client.list()
        names = (re.search(rb'(?:"((?:[^"\\]|\\.)*)"|([^\s"]+))$', line) for line in lines if isinstance(line, bytes))
        return [(name[1] or name[2] or b"").decode("ascii", "replace") for name in names if name][:12]

    def _best_marking(self) -> _Marking:
        _, flags = self._client.response("PERMANENTFLAGS")
        kept = b" ".join(each for each in flags if isinstance(each, bytes)).lower()
        if rb"\*" in kept or _KEYWORD.lower().encode() in kept or self._read_only:
            return _Marking.KEYWORD  # who only reads can search all the same
        return _Marking.MOVE if "MOVE" in self._client.capabilities else _Marking.SEEN

    def _fetch(self, uid: int) -> bytes | None:
        """Return the first bytes of a mail, None where it is gone."""
        for part in self._uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{LONGEST}>)"):
            if isinstance(part, tuple) and b"BODY[]" in part[0].upper():
                return bytes(part[1])[:LONGEST]
        return None

    def _uid(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes] | None]:
        answer, data = self._client.uid(command, *arguments)
        if answer != "OK":
            raise imaplib.IMAP4.error(f"{command} was refused: {said(data)}")
        return list(data)
