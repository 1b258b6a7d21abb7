"""The mailbox that answers come to: a folder in Maildir format, or one on an IMAP server.

    with open_mailbox(settings, now=now) as mailbox:
        for letter in mailbox.letters():
            ...
            mailbox.done(letter)    or    mailbox.leave(letter)

Nothing is ever deleted. What is done is marked as read; what is left stays as it was, for a person.
"""

from __future__ import annotations

import ssl
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

from newsletter.errors import NewsletterError
from newsletter.mailbox.letter import Letter, Mailbox
from newsletter.mailbox.maildir import Maildir
from newsletter.models import InboxSettings

__all__ = ["Letter", "Mailbox", "open_mailbox"]


def open_mailbox(
    settings: InboxSettings, *, now: datetime, read_only: bool = False, tls: ssl.SSLContext | None = None
) -> AbstractContextManager[Mailbox]:
    """Return the mailbox of these settings, open for the length of a `with` block.

    With `read_only` nothing in it is marked. `tls` is what certificates are verified with, the system's authorities
    unless given. NewsletterError says in one line why it cannot be read, and the way out.
    """
    if settings.maildir:
        return nullcontext(Maildir(Path(settings.maildir), now=now, read_only=read_only))
    if settings.imap is None:
        raise NewsletterError("inbox: needs a `maildir` or `imap`, or there is nothing to read")
    from newsletter.mailbox.imap import open_imap  # noqa: PLC0415 - imaplib and ssl, which a folder does not need

    return open_imap(settings.imap, now=now, read_only=read_only, tls=tls)
