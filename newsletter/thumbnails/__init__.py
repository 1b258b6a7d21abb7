"""Pictures of papers, made small and kept, so that they travel inside the email and opening it asks nobody.

paper.signals.thumbnail_url ──► store.thumbnails ─┬─ kept: a picture, or that there was none yesterday
                                                  └─ web: one request ──► shrink: 352 × 220, JPEG ──► kept

A thumbnail is an ornament: whatever goes wrong with one, its paper has none, and the run goes on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

from newsletter.collect import Fetch, silent
from newsletter.collect.fetch.failures import MayPass
from newsletter.errors import NewsletterError, SourceError, SourceThrottled, SourceUnreachable
from newsletter.models import Paper, Picture
from newsletter.sources.source import Request
from newsletter.store import Store
from newsletter.text import clean
from newsletter.thumbnails.shrink import HEIGHT, WIDTH, NoPicture, check_pillow, shrunk
from newsletter.thumbnails.web import PublicPictures

__all__ = ["HEIGHT", "WIDTH", "PublicPictures", "Thumbnails", "check_pillow"]

log = logging.getLogger(__name__)

MOST_ASKED = 30  # of one run; what is left, the next one asks for
ASKED_AGAIN_AFTER = timedelta(hours=20)  # a day, but for a run that comes a little earlier than yesterday's
KEPT_FOR = timedelta(days=30)  # an email has its own copy; a day's pictures take a third of a megabyte

_PATIENCE_SECONDS = 60.0  # for all pictures of one run: readers wait for their issue meanwhile
_ACCEPT = "image/png, image/jpeg, image/webp, image/gif"
_CLOSED = (SourceUnreachable, SourceThrottled, MayPass)  # the next picture of that host would fare no better


class Thumbnails:
    """The thumbnails of one run, each paper asked for once at most, whoever's issue it stands in.

    `fetch` brings them, a `PublicPictures` in earnest; with None only those that are kept are given. `now` is aware.
    `progress` is told ("thumbnails", asked, to ask). After 30 requests, or a minute, the rest waits for the next run.
    """

    def __init__(
        self,
        store: Store,
        fetch: Fetch | None,
        *,
        now: datetime,
        progress: Callable[[str, int, int], None] = silent,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept = store.thumbnails
        self._fetch = fetch
        self._now = now
        self._progress = progress
        self._monotonic = monotonic
        self._pictures: dict[str, Picture] = {}
        self._settled: set[str] = set()
        self._closed: set[str] = set()
        self._asked, self._seconds = 0, 0.0

    def of(self, papers: Iterable[Paper]) -> dict[str, Picture]:
        """Return the picture of each of these papers that has one, by paper id; what is not kept is asked for.

        Only https addresses are asked. A paper asked for in vain has no picture for a day, then it is asked for again.
        """
        named = {paper.id: paper for paper in papers if paper.signals.thumbnail_url.startswith("https://")}
        self._look_up(paper_id for paper_id in named if paper_id not in self._settled)
        new = [paper for paper in named.values() if paper.id not in self._settled]
        if new and self._fetch is not None and self._ready():
            self._collect(new, self._fetch)
        return {paper_id: self._pictures[paper_id] for paper_id in named if paper_id in self._pictures}

    def _look_up(self, paper_ids: Iterable[str]) -> None:
        for paper_id, (data, width, height, at) in self._kept.of(paper_ids).items():
            if data is not None:
                self._settle(paper_id, Picture(_name(paper_id), "image/jpeg", data, width, height))
            elif at > self._now - ASKED_AGAIN_AFTER:
                self._settle(paper_id, None)

    def _settle(self, paper_id: str, picture: Picture | None) -> None:
        self._settled.add(paper_id)
        if picture is not None:
            self._pictures[paper_id] = picture

    def _ready(self) -> bool:
        """Return whether pictures can be made here; that they cannot is told once."""
        try:
            check_pillow()
        except NewsletterError as error:
            log.warning("%s", error)
            self._fetch = None
            return False
        return True

    def _collect(self, papers: Iterable[Paper], fetch: Fetch) -> None:
        new = list(papers)[: MOST_ASKED - self._asked]
        for done, paper in enumerate(self._in_time(new)):
            self._progress("thumbnails", done, len(new))
            self._asked += 1
            picture = self._ask(paper, fetch)
            self._settle(paper.id, picture)
            if picture is None:
                self._kept.keep_missing(paper.id, self._now)
            else:
                self._kept.keep(paper.id, picture.data, width=picture.width, height=picture.height, at=self._now)
        if new:
            self._progress("thumbnails", len(new), len(new))
            self._kept.forget(before=self._now - KEPT_FOR)

    def _in_time(self, papers: Iterable[Paper]) -> Iterator[Paper]:
        """Yield the papers that may still be asked for, counting the time it takes."""
        for paper in papers:
            if self._seconds >= _PATIENCE_SECONDS or _host(paper) in self._closed:
                continue
            began = self._monotonic()
            yield paper
            self._seconds += self._monotonic() - began

    def _ask(self, paper: Paper, fetch: Fetch) -> Picture | None:
        """Return the picture of one paper, None where there is none, with a line in the log."""
        request = Request(paper.signals.thumbnail_url, accept=_ACCEPT, gate=_host(paper))
        try:
            _, body = next(iter(fetch(request)))
            return Picture(_name(paper.id), "image/jpeg", shrunk(body), WIDTH, HEIGHT)
        except SourceError as error:
            if isinstance(error, _CLOSED):
                self._closed.add(_host(paper))
            said = str(error)
            reason = said.rpartition("; ")[0] or said  # the way out is that of a source
        except NoPicture as error:
            reason = str(error)
        except Exception as error:
            log.exception("the thumbnail of %s", paper.id)
            reason = f"unexpected {type(error).__name__}"
        log.info("%s has no thumbnail: %s", paper.id, clean(reason))
        return None


def _name(paper_id: str) -> str:
    """Return what the HTML calls the picture of a paper by, the same every time."""
    return sha256(paper_id.encode("utf-8", "replace")).hexdigest()[:16] + ".jpg"


def _host(paper: Paper) -> str:
    try:
        return urlsplit(paper.signals.thumbnail_url).hostname or ""
    except ValueError:  # an impossible IPv6 host, which the fetcher refuses
        return ""
