"""What the newsletter remembers, in one file: papers and editions, and the outbox.

    with Store.open("sqlite:///newsletter.db") as store:
        store.editions.save(edition, collected_at=now)
        store.outbox.queue(...)
        deliver(store.outbox, mailer, clock=clock)

Each method is one transaction: it happened or it did not.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.errors import StoreError
from newsletter.store.arrivals import Arrivals
from newsletter.store.database import Database
from newsletter.store.editions import Editions
from newsletter.store.evidence import Evidence
from newsletter.store.examples import Examples, MissingExample
from newsletter.store.history import History, Silence
from newsletter.store.outbox import Claimed, Outbox, Queued
from newsletter.store.replies import Replies
from newsletter.store.stored_papers import Papers
from newsletter.store.suppressions import Suppression, Suppressions
from newsletter.store.thumbnails import KeptThumbnail, Thumbnails
from newsletter.store.topics import TopicLabels
from newsletter.store.vectors import PaperVectors
from newsletter.store.votes import Vote, Votes

__all__ = [
    "Arrivals",
    "Claimed",
    "Editions",
    "Evidence",
    "Examples",
    "History",
    "KeptThumbnail",
    "MissingExample",
    "Outbox",
    "PaperVectors",
    "Papers",
    "Queued",
    "Replies",
    "Silence",
    "Store",
    "Suppression",
    "Suppressions",
    "Thumbnails",
    "TopicLabels",
    "Vote",
    "Votes",
]


class Store:
    """An open database.

    `arrivals` and `editions` hold what was collected, `outbox` what is on its way to whom, `history` what readers were
    sent, `votes` what they think of it, `replies` what they sent back and `evidence` what it says of deliveries,
    `suppressions` who gets nothing any more; `owners` are the senders that are alive.
    `papers` are those of all editions, `vectors` what they are compared by, `topics` the labels that days had,
    `examples` papers that readers name and no source brought, `thumbnails` the pictures of papers.
    """

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self.url = url
        self._lock = database.backend.lock()
        self.owners = database.backend.owners()
        self.arrivals = Arrivals(database)
        self.editions = Editions(database)
        self.papers = Papers(database)
        self.vectors = PaperVectors(database)
        self.topics = TopicLabels(database)
        self.examples = Examples(database)
        self.thumbnails = Thumbnails(database)
        self.votes = Votes(database)
        self.outbox = Outbox(database, self.owners)
        self.history = History(database)
        self.suppressions = Suppressions(database)
        self.replies = Replies(database)
        self.evidence = Evidence(database)

    @classmethod
    def open(cls, url: str, *, busy_timeout_seconds: float = 30.0) -> Self:
        """Open the database at `url` (`sqlite:///path`, `postgresql://user:password@host/database`).

        Its tables are made or brought up to date as needed. A write waits `busy_timeout_seconds` for another one to
        end. StoreError says, in one line with the way out and without the password, why a database cannot be used: not
        ours, newer than this program, damaged, not writable, locked, not reached.
        """
        database = Database(url, busy_timeout_seconds=busy_timeout_seconds)
        try:
            database.upgrade()
        except StoreError:
            database.close()
            raise
        return cls(database, url)

    @property
    def name(self) -> str:
        """Return what messages call the database: its file, or the address of its server without the password."""
        return self._database.name

    @property
    def path(self) -> Path:
        """Return the file of the database; StoreError for one on a server."""
        path = self._database.backend.path
        if path is None:
            raise StoreError(f"{self.name}: is on a server and has no file")
        return path

    @property
    def is_current(self) -> bool:
        """Return whether the file that is open is still the one of that name: not deleted, and not another by now."""
        return self._database.backend.is_current

    def lock(self) -> AbstractContextManager[None]:
        """Hold the lock that keeps two runs apart; LockedError at once if another run has it."""
        return self._lock.hold()

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
