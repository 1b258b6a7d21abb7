"""What went wrong on the way to a source, in one line with the way out, and whether asking again soon may help."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

from newsletter.errors import SourceError, SourceThrottled, SourceUnreachable
from newsletter.sources.addresses import shown
from newsletter.sources.source import Request
from newsletter.text import clean, decode, shorten

MOST_REDIRECTS = 5

_ASKS_TO_WAIT = frozenset({406, 429, 503})  # 406: what arXiv's edge answers under load
_LONGEST_ADDRESS = 100  # characters
_LATER = "the next run tries again"
_WAYS_OUT = {
    401: "it wants a login; look for an address that is public",
    403: "it refuses this program; check the address, and the key if it needs one",
    404: "nothing is at this address; correct it under sources",
    410: "nothing is at this address any more; remove it from sources",
}
_REFUSED_KEY = "it does not take this key; correct it under sources"
_LONGEST_SAID = 200  # characters

_LONGEST_WAIT_SECONDS = 60.0
_MOST_WAIT_SECONDS = 7 * 86_400.0  # whoever asks for more is asked again after a week
_TRY_FOR_SECONDS = 75.0  # from the first failure: longer, and the other readers of this run wait for one source


class MayPass(SourceError):
    """A failure that may be over in a few seconds: no connection, an error of the server."""


class NoConnection(MayPass, SourceUnreachable):
    """No connection came about, or it broke off; another try may fare better."""


def named(request: Request) -> str:
    """Return the address of a request as it may be shown, on one line; a long query says nothing to people."""
    address = clean(shown(request.address)).partition("#")[0]
    return address if len(address) <= _LONGEST_ADDRESS else f"{address.partition('?')[0][:_LONGEST_ADDRESS]}…"


# ------------------------------------------------------------------ asking again


def again(monotonic: Callable[[], float]) -> Callable[[Exception], bool | float]:
    """Return stamina's question about one request: is it tried again, and after how many seconds (True: stamina's)."""
    give_up_at: float | None = None

    def ask(error: Exception) -> bool | float:
        nonlocal give_up_at
        if not isinstance(error, (MayPass, SourceThrottled)):
            return False
        now = monotonic()
        give_up_at = now + _TRY_FOR_SECONDS if give_up_at is None else give_up_at
        wait_seconds = error.wait_seconds if isinstance(error, SourceThrottled) else 0.0
        if wait_seconds > _LONGEST_WAIT_SECONDS or now + wait_seconds > give_up_at:
            return False
        return wait_seconds or True

    return ask


def wait_asked(retry_after: str, *, now: float) -> float:
    """Return the seconds a `Retry-After` header asks to wait, seven days at most, 0 where it says nothing.

    `now` in seconds of the epoch. RFC 9110 10.2.3: seconds, or a date.
    """
    written = retry_after.strip()
    if re.fullmatch(r"[0-9]+", written):
        return min(float(written), _MOST_WAIT_SECONDS)
    try:
        date = parsedate_to_datetime(written)
        wait_seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
    return min(max(wait_seconds, 0.0), _MOST_WAIT_SECONDS)


def _duration(seconds: float) -> str:
    """Return a time as people say it: `90 s`, `45 minutes`, `6 hours`, `3 days`."""
    for unit, unit_seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        number = round(seconds / unit_seconds)
        if seconds > 90 and seconds >= unit_seconds:
            return f"{number} {unit}" + ("s" if number > 1 else "")
    return f"{seconds:.0f} s"


# ------------------------------------------------------------------ what a server answers


def refusal(request: Request, status: int, body: bytes, *, wait_seconds: float) -> SourceError:
    """Return what an error status means; arXiv explains its refusals in the body, as a feed."""
    said = re.sub(r"<[^>]*>", " ", decode(body[:4_000])) if body.lstrip().startswith(b"<?xml") else ""
    said = f" ({shorten(clean(said), limit=_LONGEST_SAID)})" if said.strip() else ""
    address = named(request)
    if status in _ASKS_TO_WAIT and wait_seconds:
        longer = " or longer" if wait_seconds >= _MOST_WAIT_SECONDS else ""
        asks = f"the server answers {status}{said} and asks to wait {_duration(wait_seconds)}{longer}"
        return SourceThrottled(f"{address}: {asks}; asked again after that", wait_seconds=wait_seconds)
    line = f"{address}: the server answered {status}{said}; {_way_out(request, status)}"
    if status in _ASKS_TO_WAIT:
        return SourceThrottled(line)
    return MayPass(line) if status >= 500 else SourceError(line)


def _way_out(request: Request, status: int) -> str:
    if status in {401, 403} and (request.headers or shown(request.address) != request.address):
        return _REFUSED_KEY
    return _WAYS_OUT.get(status, _LATER if status >= 500 or status in _ASKS_TO_WAIT else "check the address")


# ------------------------------------------------------------------ no answer


def no_answer(request: Request, error: Exception, *, timeout_seconds: float) -> SourceError:
    """Return what happened on the way to the server."""
    import httpx2  # noqa: PLC0415 loaded already

    # Not a timeout: who was silent for half a minute will be so again, and a run waits for its slowest source.
    passing = (httpx2.NetworkError, httpx2.RemoteProtocolError)
    silent = SourceUnreachable if isinstance(error, httpx2.TimeoutException) else SourceError
    kind = NoConnection if isinstance(error, passing) and not _is_certificate(error) else silent
    return kind(f"{named(request)}: {_explained(error, timeout_seconds)}")


def _is_certificate(error: Exception) -> bool:
    import httpx2  # noqa: PLC0415 loaded already

    return isinstance(error, httpx2.ConnectError) and "CERTIFICATE" in str(error).upper()


def _explained(error: Exception, timeout_seconds: float) -> str:
    import httpx2  # noqa: PLC0415 loaded already

    said = shorten(clean(str(error)), limit=_LONGEST_SAID) or type(error).__name__
    if _is_certificate(error):
        return f"the server's certificate does not hold ({said}); check the address, and the clock of this machine"
    unsendable = "the request cannot be sent; check the address and the key under sources"  # `said` may quote the key
    explanations: dict[type[Exception], str] = {
        httpx2.TimeoutException: f"no answer within {timeout_seconds:g} s; {_LATER}",
        httpx2.InvalidURL: "not an address; correct it under sources",  # `said` quotes a password it took for a port
        httpx2.UnsupportedProtocol: f"it leads to an address that is not http ({said}); correct it under sources",
        httpx2.ConnectError: f"no connection ({said}); check the address and the network",
        httpx2.ProxyError: f"no connection through the proxy ({said}); check the proxy settings",
        httpx2.DecodingError: f"the body is damaged ({said}); {_LATER}",
        httpx2.LocalProtocolError: unsendable,
        UnicodeError: unsendable,
    }
    otherwise = f"the connection broke off ({said}); {_LATER}"
    return next((text for kind, text in explanations.items() if isinstance(error, kind)), otherwise)
