"""The mailbox read: every mail taken, and marked as soon as it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from newsletter.config import Config
from newsletter.mailbox import open_mailbox
from newsletter.models import InboxSettings
from newsletter.pipeline.incoming import Fate, Incoming, Taken
from newsletter.store import Store


def read_inbox(
    config: Config, settings: InboxSettings, store: Store, *, now: datetime, dry_run: bool = False
) -> Iterator[Taken]:
    """Yield what became of each mail as it is taken; a dry run only says what would, and marks nothing.

    NewsletterError says why the mailbox cannot be read; what was taken before is kept.
    """
    with open_mailbox(settings, now=now, read_only=dry_run) as mailbox:
        incoming = Incoming(config, store, now=now, dry_run=dry_run)
        for letter in mailbox.letters():
            found = incoming.take(letter.message)
            mailbox.done(letter) if found.fate is Fate.DONE else mailbox.leave(letter)
            yield found
