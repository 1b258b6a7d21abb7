"""The real `Fetch`: addresses by HTTP, politely, and files by pattern. The sockets and files of collecting are here.

HttpAndFiles ─┬─ files      patterns
              └─ web        addresses ── failures: what went wrong, and whether to ask again
                  ├─ gates    one at a time for each service, with its pause
                  └─ clients  connections ── cache: what was answered before
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from newsletter.collect.fetch.clients import Clients
from newsletter.collect.fetch.files import read_files
from newsletter.collect.fetch.gates import Gates
from newsletter.collect.fetch.web import Web
from newsletter.sources.source import Request


class HttpAndFiles:
    """Reads http(s) addresses and file patterns, from any number of threads; patterns are relative to `base`.

    `cache` is a directory for what servers answered before (None: nothing is kept); several processes may share it.
    `timeout_seconds` is for each step of a connection, `max_bytes` for a body after decompression and for a file.
    `contact` goes into the User-Agent. `gates` is the directory that shares pauses between processes (see `Gates`).
    `sleep` is how gates wait; `monotonic` and `clock` (seconds of the epoch) are arguments so that tests need not wait.
    Connections to services that ask for pauses are kept; `close`, or the end of this object, closes them.
    """

    def __init__(
        self,
        base: Path,
        *,
        cache: Path | None = None,
        timeout_seconds: float = 30.0,
        max_bytes: int = 50_000_000,
        contact: str = "",
        gates: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._base = base
        self._max_bytes = max_bytes
        self._clients = Clients(cache=cache, timeout_seconds=timeout_seconds, max_bytes=max_bytes, contact=contact)
        self._web = Web(
            self._clients,
            Gates(gates, sleep=sleep, monotonic=monotonic, clock=clock),
            timeout_seconds=timeout_seconds,
            max_bytes=max_bytes,
            monotonic=monotonic,
            clock=clock,
        )

    def __call__(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Yield (request, body): the request itself for an address, one for each file of a pattern, sorted.

        An unreadable file raises `SourceError` and the iterator goes on with the next; any other failure, and a
        pattern without files, ends it. `SourceThrottled` says that a server wants to be left alone.
        """
        if re.match(r"https?://", request.address, re.IGNORECASE):
            return iter(((request, self._web.get(request)),))
        files = read_files(request.address, base=self._base, max_bytes=self._max_bytes)
        return map(_as_request, files)

    def close(self) -> None:
        """Close connections and cache; a later call opens them again."""
        self._clients.close()

    def __enter__(self) -> Self:
        """Return itself, closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def _as_request(file: tuple[str, bytes]) -> tuple[Request, bytes]:
    name, body = file
    return Request(name), body
