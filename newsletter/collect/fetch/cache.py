"""What servers answered before, kept on disk, so that an unchanged list is not sent again (RFC 9111, a private cache).

Kept are bodies that came with status 200 and can be asked about again (`ETag`, `Last-Modified`) or are fresh for a
while, and only of requests without secrets, because the cache writes addresses and headers down. A cache that does not
work costs time and nothing else: it is left out, with one line in the log.
"""

from __future__ import annotations

import logging
import re
import sqlite3
import uuid
from dataclasses import replace
from pathlib import Path

from hishel import CacheOptions, Entry, Headers, Request, Response, SqliteStorage

from newsletter.sources.addresses import shown

log = logging.getLogger(__name__)

OPTIONS = CacheOptions(shared=False)
"""By RFC 9111, as one reader's cache; without options hishel keeps every answer for ever."""

_FILE = "sources.db"
_KEEP_SECONDS = 30 * 86_400.0
_MOST_BYTES = 200_000_000
# A server may call a feed fresh for a year, and readers would miss a year of papers.
_LONGEST_FRESH_SECONDS = 3_600
# Anything else in a request (a key, a cookie) makes its answer personal.
_HARMLESS_HEADERS = frozenset(
    "accept accept-encoding connection host if-modified-since if-none-match user-agent".split()
)


class Cache(SqliteStorage):
    """hishel's storage with our rules of what is kept, and without any way to fail a request."""

    def __init__(self, connection: sqlite3.Connection, *, max_bytes: int) -> None:
        super().__init__(
            connection=connection, default_ttl=_KEEP_SECONDS, max_size=_MOST_BYTES, max_stream_size=max_bytes
        )

    def create_entry(
        self, request: Request, response: Response, key: str, *, ttl: float | None = None, tti: float | None = None
    ) -> Entry:
        """Keep an answer instead of the last one to the same question, if our rules allow it."""
        passed_on = Entry(uuid.uuid4(), request, response)
        if not _may_be_kept(request, response):
            return passed_on
        try:
            for entry in super().get_entries(key):
                self.remove_entry(entry.id)
            kept = replace(response, headers=_bounded(response.headers))
            return super().create_entry(request, kept, key, ttl=ttl, tti=tti)
        except (sqlite3.Error, RuntimeError, OSError) as error:
            _complain(str(error))
            return passed_on

    def get_entries(self, key: str) -> list[Entry]:
        """Return what was answered before, with its whole body; nothing where that cannot be read."""
        try:
            return [
                replace(entry, response=replace(entry.response, stream=iter((b"".join(entry.response.stream),))))  # type: ignore[arg-type]
                for entry in super().get_entries(key)
            ]
        except Exception as error:  # noqa: BLE001 - whatever damage a file has, the server is asked instead
            _complain(str(error))
            return []

    def update_headers(self, id: uuid.UUID, headers: Headers) -> None:  # noqa: A002 the base class calls it so
        """Note what a 304 says anew."""
        try:
            super().update_headers(id, _bounded(headers))
        except Exception as error:  # noqa: BLE001 - as above
            _complain(str(error))

    def close(self) -> None:
        """Do nothing: every client closes its storage, and this one is shared; see `shut`."""

    def shut(self) -> None:
        """Close the file."""
        super().close()


def open_cache(directory: Path, *, max_bytes: int) -> Cache | None:
    """Return the cache in `directory` (made if need be, private), or None with a line in the log if it is unusable."""
    path = directory / _FILE
    connection: sqlite3.Connection | None = None
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.chmod(0o600)  # SQLite gives its journals the same mode
        connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5)
        connection.executescript("PRAGMA schema_version; BEGIN IMMEDIATE; ROLLBACK")  # is it one, may it be written?
        return Cache(connection, max_bytes=max_bytes)
    except (OSError, sqlite3.Error) as error:
        if connection is not None:
            connection.close()
        log.warning("%s: cannot be used (%s), so sources are read in full; remove the file if this stays", path, error)
        return None


def _may_be_kept(request: Request, response: Response) -> bool:
    headers = response.headers
    can_be_asked_again = "etag" in headers or "last-modified" in headers
    harmless = {name.lower() for name in request.headers} <= _HARMLESS_HEADERS and shown(request.url) == request.url
    return response.status_code == 200 and harmless and (can_be_asked_again or _fresh_seconds(headers) > 0)


def _bounded(headers: Headers) -> Headers:
    """Return headers that call an answer fresh for as long as the server says, an hour at most, and never by guess.

    RFC 9111 4.2.2 would let us guess: a feed unchanged for ten days would not be asked for during the next one.
    """
    fresh_seconds = min(_fresh_seconds(headers), _LONGEST_FRESH_SECONDS)
    replaced = {"cache-control", "expires", "set-cookie"}  # a cookie is a secret, and not for the disk
    kept = {name: headers.get_list(name) or [] for name in headers if name.lower() not in replaced}
    return Headers({**kept, "cache-control": [f"max-age={fresh_seconds}" if fresh_seconds else "no-cache"]})


def _fresh_seconds(headers: Headers) -> int:
    said = headers.get("cache-control", "").lower()
    found = re.search(r'(?<!-)max-age\s*=\s*"?([0-9]{1,9})', said)
    return int(found[1]) if found and "no-cache" not in said else 0


# ------------------------------------------------------------------ complaints

_heard: set[str] = set()


def _complain(what: str) -> None:
    if what not in _heard:  # once for each, not for each source
        _heard.add(what)
        log.warning("the cache of sources does not work (%s); they are read in full", what)


def _one_line(record: logging.LogRecord) -> bool:
    """Turn hishel's tracebacks, one for each request, into one line of ours."""
    if record.levelno >= logging.WARNING:
        _complain(str(record.exc_info[1]) if record.exc_info else record.getMessage())
    return False


logging.getLogger(SqliteStorage.__module__).addFilter(_one_line)
