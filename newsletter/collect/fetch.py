"""The real `Fetch`: addresses by HTTP, politely, and files by pattern. The sockets and files of collecting are here."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import __version__
from newsletter.errors import SourceError
from newsletter.sources.source import shown
from newsletter.text import clean, decode, shorten

if TYPE_CHECKING:
    import ssl

    import httpx2

log = logging.getLogger(__name__)

_ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"
# https://info.arxiv.org/help/api/tou.html: one request in three seconds over all its hosts, one connection
_ARXIV_PAUSE_SECONDS = 3.0
_ASKS_TO_WAIT = frozenset({406, 429, 503})  # 406: what arXiv's edge answers under load
_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 5.0
_LONGEST_WAIT_SECONDS = 60.0
_MOST_REDIRECTS = 5
_PATIENCE = 4  # a whole body may take as many timeouts: a server that drips a byte at a time is not waited for

_WAYS_OUT = {
    401: "it wants a login; look for an address that is public",
    403: "it refuses this program; look for another address of the same feed",
    404: "nothing is at this address; correct it under sources",
    410: "nothing is at this address any more; remove it from sources",
}


class HttpAndFiles:
    """Reads http(s) addresses and file patterns; patterns are relative to `base`.

    `timeout_seconds` is for each step of a connection, `max_bytes` for a body after decompression and for a file.
    `contact` goes into the User-Agent. `sleep` and `monotonic` are arguments so that tests need not wait.
    """

    def __init__(
        self,
        base: Path,
        *,
        timeout_seconds: float = 30.0,
        max_bytes: int = 50_000_000,
        contact: str = "",
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base
        self._timeout_seconds = timeout_seconds
        self._max_bytes = max_bytes
        self._user_agent = f"paper-newsletter/{__version__}" + (f" (+{contact})" if contact else "")
        self._sleep = sleep
        self._monotonic = monotonic
        self._arxiv_free_at = 0.0

    def __call__(self, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield (place, body): one for an address, one for each file of a pattern, sorted.

        An unreadable file raises `SourceError` and the iterator goes on with the next; any other failure, and a
        pattern without files, ends it.
        """
        if re.match(r"https?://", location, re.IGNORECASE):
            return iter(((location, self._get(location)),))
        return map(self._read, self._files(location))

    # -------------------------------------------------------------- files

    def _files(self, pattern: str) -> list[tuple[str, Path]]:
        """Return (name as shown, path) of each file, sorted by name."""
        root, names = self._base, str(Path(pattern).expanduser())
        found = [names] if (root / names).is_file() else glob(names, root_dir=root, recursive=True)  # noqa: PTH207 Path.glob refuses absolute patterns
        files = [(Path(name).as_posix(), root / name) for name in sorted(found) if (root / name).is_file()]
        if not files:
            raise SourceError(f"{pattern}: no file has this name or pattern in {root}; correct the path under sources")
        return files

    def _read(self, file: tuple[str, Path]) -> tuple[str, bytes]:
        name, path = file
        try:
            with path.open("rb") as stream:
                body = stream.read(self._max_bytes + 1)
        except OSError as error:
            raise SourceError(f"{name}: cannot be read ({error.strerror}); check its permissions") from error
        if len(body) > self._max_bytes:
            raise SourceError(f"{name}: larger than {_megabytes(self._max_bytes)}; is it the right file?")
        return name, body

    # -------------------------------------------------------------- addresses

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        import httpx2  # noqa: PLC0415 75 ms

        return httpx2.create_ssl_context()

    def _get(self, address: str) -> bytes:
        """Return the body at an address, asked for again where the server asks to wait."""
        for attempt in range(1, _ATTEMPTS + 1):
            status, body, wait_seconds = self._attempt(address)
            wait_seconds = wait_seconds or _FIRST_WAIT_SECONDS * attempt
            if status not in _ASKS_TO_WAIT or attempt == _ATTEMPTS or wait_seconds > _LONGEST_WAIT_SECONDS:
                break
            log.info("%s answered %d, waiting %.0f s", shown(address), status, wait_seconds)
            self._sleep(wait_seconds)
        if status >= 400:
            raise SourceError(_refusal(address, status, body))
        return body

    def _attempt(self, address: str) -> tuple[int, bytes, float]:
        """Return status, body and the seconds the server asks to wait; `SourceError` where there is no answer."""
        import httpx2  # noqa: PLC0415 75 ms

        logging.getLogger("httpx2").setLevel(logging.WARNING)  # it logs whole addresses, secrets included
        self._keep_distance(address)
        try:
            with (
                httpx2.Client(
                    headers={"User-Agent": self._user_agent, "Accept": _ACCEPT},
                    timeout=self._timeout_seconds,
                    follow_redirects=True,
                    max_redirects=_MOST_REDIRECTS,
                    verify=self._tls,
                ) as client,
                client.stream("GET", address) as response,
            ):
                return response.status_code, self._body(response, address), _wait_asked(response)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise SourceError(f"{shown(address)}: {_explained(error, self._timeout_seconds)}") from error
        finally:
            if _is_arxiv(address):
                self._arxiv_free_at = self._monotonic() + _ARXIV_PAUSE_SECONDS

    def _keep_distance(self, address: str) -> None:
        wait_seconds = self._arxiv_free_at - self._monotonic()
        if _is_arxiv(address) and wait_seconds > 0:
            self._sleep(wait_seconds)

    def _body(self, response: httpx2.Response, address: str) -> bytes:
        deadline = self._monotonic() + _PATIENCE * self._timeout_seconds
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise SourceError(f"{shown(address)}: larger than {_megabytes(self._max_bytes)}; is it a feed?")
            if self._monotonic() > deadline:
                raise SourceError(f"{shown(address)}: the server sends too slowly; the next run tries again")
        return bytes(body)


def _is_arxiv(address: str) -> bool:
    return bool(re.match(r"(?i)https?://(?:[^/?#]*@)?(?:[\w-]+\.)*arxiv\.org(?=[:/?#]|$)", address))


def _wait_asked(response: httpx2.Response) -> float:
    written = response.headers.get("Retry-After", "")
    return float(written) if re.fullmatch(r"[0-9]{1,6}", written) else 0.0


def _refusal(address: str, status: int, body: bytes) -> str:
    """Return what to say of an error status; arXiv explains its refusals in the body, as a feed."""
    said = re.sub(r"<[^>]*>", " ", decode(body[:4_000])) if body.lstrip().startswith(b"<?xml") else ""
    said = f" ({shorten(clean(said), limit=200)})" if said.strip() else ""
    otherwise = "the next run tries again" if status >= 500 or status in _ASKS_TO_WAIT else "check the address"
    return f"{shown(address)}: the server answered {status}{said}; {_WAYS_OUT.get(status, otherwise)}"


def _explained(error: httpx2.HTTPError | httpx2.InvalidURL, timeout_seconds: float) -> str:
    """Return what happened on the way to the server, and the way out."""
    import httpx2  # noqa: PLC0415 loaded already

    said = clean(str(error)) or type(error).__name__
    later = "the next run tries again"
    if isinstance(error, httpx2.ConnectError) and "CERTIFICATE" in said.upper():
        return f"the server's certificate does not hold ({said}); check the address, and the clock of this machine"
    explanations = {
        httpx2.TimeoutException: f"no answer within {timeout_seconds:g} s; {later}",
        httpx2.TooManyRedirects: f"more than {_MOST_REDIRECTS} redirects; use the address a browser ends at",
        httpx2.InvalidURL: f"not an address ({said}); correct it under sources",
        httpx2.UnsupportedProtocol: f"it leads to an address that is not http ({said}); correct it under sources",
        httpx2.ConnectError: f"no connection ({said}); check the address and the network",
        httpx2.ProxyError: f"no connection through the proxy ({said}); check the proxy settings",
        httpx2.DecodingError: f"the body is damaged ({said}); {later}",
    }
    otherwise = f"the connection broke off ({said}); {later}"
    return next((text for kind, text in explanations.items() if isinstance(error, kind)), otherwise)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size:,} bytes"
