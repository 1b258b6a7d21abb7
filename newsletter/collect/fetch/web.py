"""Bodies at web addresses: through the gate of their service, asked for again where that helps, within bounds.

get ── stamina: at most three times ──► gate ──► one hop ──► body
                                         ▲         │
                                         └─────────┴── a redirect goes through the gate of where it leads
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from newsletter.collect.fetch.clients import Clients
from newsletter.collect.fetch.failures import MOST_REDIRECTS, again, named, no_answer, refusal, wait_asked
from newsletter.collect.fetch.files import size
from newsletter.collect.fetch.gates import Gates, terms
from newsletter.collect.fetch.patience import Patience
from newsletter.errors import SourceError, SourceUnreachable
from newsletter.sources.source import Request

if TYPE_CHECKING:
    import httpx2
    from stamina.instrumentation import RetryDetails

log = logging.getLogger(__name__)

_TRIES = 3
_PATIENCE = 4  # a whole answer may take as many timeouts
_MOST_REFUSAL_BYTES = 100_000  # of a page that says no, or elsewhere


class Web:
    """Reads addresses; `timeout_seconds` is for each step of a connection, `max_bytes` for a decompressed body."""

    def __init__(
        self,
        clients: Clients,
        gates: Gates,
        *,
        timeout_seconds: float,
        max_bytes: int,
        monotonic: Callable[[], float],
        clock: Callable[[], float],
    ) -> None:
        self._clients = clients
        self._gates = gates
        self._timeout_seconds = timeout_seconds
        self._patience = Patience(_PATIENCE * timeout_seconds)
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._clock = clock

    def get(self, request: Request) -> bytes:
        """Return the body at an address.

        Raises `SourceThrottled` where the server asks to wait for longer than a minute, or again and again, and
        `SourceError` otherwise. No gate is held between two tries.
        """
        import stamina  # noqa: PLC0415 45 ms
        from stamina.instrumentation import set_on_retry_hooks  # noqa: PLC0415

        set_on_retry_hooks([_tell])  # its own would warn of every try
        tries = stamina.retry_context(
            on=again(self._monotonic), attempts=_TRIES, timeout=None, wait_initial=5.0, wait_max=15.0, wait_jitter=2.0
        )
        for attempt in tries:
            with attempt:
                return self._attempt(request)
        raise AssertionError("stamina raises the last error")

    def _attempt(self, request: Request) -> bytes:
        import httpx2  # noqa: PLC0415 75 ms

        try:
            url = _possible(httpx2.URL(request.address))
            gate, pause_seconds = self._terms(url, request, asked=url)
            keep = pause_seconds > 0 or bool(request.gate)  # it will be asked again soon; a feed will not
            with self._clients.one(gate, keep=keep) as client:
                return self._follow(client, _asked(client, request, url), request)
        except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
            raise no_answer(request, error, timeout_seconds=self._timeout_seconds) from error

    def _follow(self, client: httpx2.Client, asked: httpx2.Request, request: Request) -> bytes:
        first = asked.url
        for _ in range(MOST_REDIRECTS + 1):
            with self._gates.through(*self._terms(asked.url, request, asked=first)):
                response, body = self._hop(client, asked, request)
            if not response.has_redirect_location:
                return self._accepted(response, body, request)
            asked = _redirected(response, request, first)
        way_out = "use the address a browser ends at"
        raise SourceError(f"{named(request)}: more than {MOST_REDIRECTS} redirects; {way_out}")

    def _terms(self, url: httpx2.URL, request: Request, *, asked: httpx2.URL) -> tuple[str, float]:
        """Return gate and pause of one hop: what the request says holds for the host it asks, not for others."""
        host = url.raw_host.decode("ascii", "replace")
        if url.raw_host != asked.raw_host:
            return terms(host)
        return terms(host, gate=request.gate, pause_seconds=request.pause_seconds)

    def _hop(self, client: httpx2.Client, asked: httpx2.Request, request: Request) -> tuple[httpx2.Response, bytes]:
        """Return what one server answers, and the body; of a redirect and a refusal only the beginning."""
        import httpx2  # noqa: PLC0415 loaded already

        too_slow = SourceUnreachable(f"{named(request)}: the server sends too slowly; the next run tries again")
        with self._patience.limit(client, asked) as over:
            try:
                response = client.send(asked, stream=True, follow_redirects=False)
                try:
                    body = self._body(response, request)
                finally:
                    response.close()
            except httpx2.HTTPError:
                if over.is_set():
                    raise too_slow from None
                raise
        if over.is_set():  # a body without a length ends wherever its connection does
            raise too_slow
        return response, body

    def _body(self, response: httpx2.Response, request: Request) -> bytes:
        wanted = response.status_code < 300
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if not wanted and len(body) > _MOST_REFUSAL_BYTES:
                break
            if len(body) > self._max_bytes:
                raise SourceError(f"{named(request)}: larger than {size(self._max_bytes)}; is it a feed?")
        return bytes(body)

    def _accepted(self, response: httpx2.Response, body: bytes, request: Request) -> bytes:
        if response.status_code < 300:
            return body
        wait_seconds = wait_asked(response.headers.get("Retry-After", ""), now=self._clock())
        raise refusal(request, response.status_code, body, wait_seconds=wait_seconds)


def _asked(client: httpx2.Client, request: Request, url: httpx2.URL) -> httpx2.Request:
    headers = dict(request.headers)
    if request.accept:
        headers["Accept"] = request.accept
    if not request.body:
        return client.build_request("GET", url, headers=headers)
    return client.build_request(
        "POST", url, headers={"Content-Type": "application/json", **headers}, content=request.body
    )


def _redirected(response: httpx2.Response, request: Request, first: httpx2.URL) -> httpx2.Request:
    """Return the request a redirect asks for; keys stay with the site they belong to (httpx2 would send them on)."""
    asked = response.next_request
    if asked is None:
        raise SourceError(f"{named(request)}: it leads to no web address; check the address")
    _possible(asked.url)
    if not _same_site(first, asked.url):
        for name, _ in request.headers:
            asked.headers.pop(name, None)
    return asked


def _possible(url: httpx2.URL) -> httpx2.URL:
    """Return an address whose host and port can be; httpx2 finds out later, by exceptions that are not its own."""
    import httpx2  # noqa: PLC0415 loaded already

    host = url.raw_host.decode("ascii", "replace")
    if not re.fullmatch(r"[\w.:-]+", host, re.ASCII) or not 0 < (url.port or 80) < 65_536:
        raise httpx2.InvalidURL("no such host or port")
    return url


def _same_site(first: httpx2.URL, then: httpx2.URL) -> bool:
    upgraded = (first.scheme, first.port, then.scheme, then.port) == ("http", None, "https", None)
    return first.raw_host == then.raw_host and (upgraded or (first.scheme, first.port) == (then.scheme, then.port))


def _tell(details: RetryDetails) -> None:
    log.info("%s (try %d; the next in %.0f s)", details.caused_by, details.retry_num, details.wait_for)
