"""HTTP clients: who we say we are, what is remembered between requests, and the connections that are kept."""

from __future__ import annotations

import logging
import re
import threading
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.errors import SourceError

if TYPE_CHECKING:
    import ssl

    import httpx2

    from newsletter.collect.fetch.cache import Cache

_ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"
_KEEP_CONNECTION_SECONDS = 30.0


class Clients:
    """Makes clients and closes them; `cache` is the directory of what was answered before, None for none."""

    def __init__(self, *, cache: Path | None, timeout_seconds: float, max_bytes: int, contact: str) -> None:
        self._cache_directory = cache
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        contact = re.sub(r"[^!-'*-~]", "", contact)  # what a comment in a header takes
        self._user_agent = f"paper-newsletter/{__version__}" + (f" (+{contact})" if contact else "")
        self._kept: dict[str, httpx2.Client] = {}
        self._cache: Cache | None = None
        self._cache_tried = False
        self._lock = threading.RLock()
        self._open = ExitStack()
        weakref.finalize(self, self._open.close)  # no open socket outlives its owner
        for logger in ("httpx2", "httpcore2"):  # they log whole addresses and headers, secrets included
            logging.getLogger(logger).setLevel(logging.WARNING)

    @contextmanager
    def one(self, gate: str, *, keep: bool) -> Iterator[httpx2.Client]:
        """Give a client for the requests of a gate; its connection is kept for the next ones if `keep`."""
        if not keep:
            with self._new() as client:
                yield client
            return
        with self._lock:
            client = self._kept.get(gate) or self._new()
            if gate not in self._kept:
                self._kept[gate] = self._open.enter_context(client)
        yield client

    def close(self) -> None:
        """Close every connection and the cache; both are opened again when they are needed."""
        with self._lock:
            self._kept.clear()
            self._cache, self._cache_tried = None, False
            self._open.close()

    def _new(self) -> httpx2.Client:
        import httpx2  # noqa: PLC0415 75 ms

        headers = {"User-Agent": self._user_agent, "Accept": _ACCEPT, "Accept-Encoding": "gzip, deflate"}
        limits = httpx2.Limits(max_keepalive_connections=1, keepalive_expiry=_KEEP_CONNECTION_SECONDS)
        try:
            storage = self._opened_cache()
            if storage is None:
                return httpx2.Client(
                    headers=headers, timeout=self._timeout_seconds, limits=limits, verify=_certificates()
                )
            from hishel.httpx2 import CacheClient  # noqa: PLC0415 loaded with the cache

            from newsletter.collect.fetch.cache import OPTIONS  # noqa: PLC0415 loaded with the cache

            return CacheClient(
                headers=headers, timeout=self._timeout_seconds, limits=limits, verify=_certificates(),
                storage=storage, rfc=OPTIONS,
            )  # fmt: skip
        except (ValueError, ImportError, OSError, httpx2.InvalidURL) as error:
            raise SourceError(  # without the error's text: a proxy's address holds its password
                f"this machine's network settings cannot be used ({type(error).__name__}); "
                "check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE"
            ) from None

    def _opened_cache(self) -> Cache | None:
        if self._cache_directory is None:
            return None
        with self._lock:
            if not self._cache_tried:
                from newsletter.collect.fetch.cache import open_cache  # noqa: PLC0415 90 ms

                self._cache_tried = True
                self._cache = open_cache(self._cache_directory, max_bytes=self._max_bytes)
                if self._cache is not None:
                    self._open.callback(self._cache.shut)
            return self._cache


@cache
def _certificates() -> ssl.SSLContext:
    import httpx2  # noqa: PLC0415 loaded already

    return httpx2.create_ssl_context()  # 60 ms
