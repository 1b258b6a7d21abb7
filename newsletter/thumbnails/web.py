"""Addresses of pictures come from outside, so they are asked with less trust than those of sources.

Only by https, on its own port, from hosts with a public name, at every redirect too. Since the certificate must hold,
a name that leads into a private network reaches nobody there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Self

from newsletter.collect.fetch.clients import Clients
from newsletter.collect.fetch.gates import Gates
from newsletter.collect.fetch.web import Web
from newsletter.errors import SourceError
from newsletter.sources.addresses import shown
from newsletter.sources.source import Request

if TYPE_CHECKING:
    import httpx2

Allowed = Callable[[str, str, int | None], bool]

_MOST_BYTES = 8_000_000
_TIMEOUT_SECONDS = 10.0
# Letters begin the last part of a name, not of a number that some resolver takes for an address (RFC 3696 §2).
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
_PRIVATE = re.compile(r"(?:.*\.)?(?:localhost|local|localdomain|internal|intranet|lan|home|corp|private|arpa|onion)")


def is_public(scheme: str, host: str, port: int | None) -> bool:
    """Return whether a picture may be asked for there: by https, on its port, by a name that is no private one.

    `host` is as it goes over the wire, in ASCII; `port` None for that of the scheme.
    """
    host = host.lower().removesuffix(".")
    named = _NAME.fullmatch(host) is not None and _PRIVATE.fullmatch(host) is None
    return scheme == "https" and port in {None, 443} and named


class PublicPictures:
    """A `Fetch` for pictures: as polite as that of sources, smaller in every bound, and for public hosts only.

    `contact` goes into the User-Agent; `allowed` says of (scheme, host, port) whether it may be asked. Connections are
    kept; `close`, or the end of the block, closes them.
    """

    def __init__(
        self,
        *,
        contact: str = "",
        timeout_seconds: float = _TIMEOUT_SECONDS,
        max_bytes: int = _MOST_BYTES,
        allowed: Allowed = is_public,
    ) -> None:
        self._clients = _Watched(allowed, timeout_seconds=timeout_seconds, max_bytes=max_bytes, contact=contact)
        self._web = Web(
            self._clients,
            Gates(),
            timeout_seconds=timeout_seconds,
            max_bytes=max_bytes,
            monotonic=time.monotonic,
            clock=time.time,
        )

    def __call__(self, request: Request) -> Iterator[tuple[Request, bytes]]:
        """Return the request with its body; raises `SourceError`."""
        return iter(((request, self._web.get(request)),))

    def close(self) -> None:
        """Close every connection; a later call opens them again."""
        self._clients.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class _Watched(Clients):
    """Clients that look at the address of each request before it goes out, those of redirects too."""

    def __init__(self, allowed: Allowed, *, timeout_seconds: float, max_bytes: int, contact: str) -> None:
        super().__init__(cache=None, timeout_seconds=timeout_seconds, max_bytes=max_bytes, contact=contact)
        self._allowed = allowed

    @contextmanager
    def one(self, gate: str, *, keep: bool) -> Iterator[httpx2.Client]:
        """Give a client as the other clients do, watched."""
        with super().one(gate, keep=keep) as client:
            client.event_hooks = {"request": [self._check]}
            yield client

    def _check(self, asked: httpx2.Request) -> None:
        url = asked.url
        if not self._allowed(url.scheme, url.raw_host.decode("ascii", "replace"), url.port):
            raise SourceError(f"{shown(str(url))[:200]}: pictures are fetched by https, and from public hosts only")
