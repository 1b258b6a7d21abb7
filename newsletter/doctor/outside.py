"""Whether the sources answer, and whether the clocks of their servers agree with ours."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from newsletter.collect import named
from newsletter.collect.fetch import HttpAndFiles
from newsletter.collect.fetch.clients import Clients
from newsletter.collect.fetch.failures import no_answer, refusal, wait_asked
from newsletter.collect.fetch.gates import Gates, terms
from newsletter.collect.fetch.patience import Patience
from newsletter.collect.health import is_waiting
from newsletter.config import Config
from newsletter.doctor.line import Line, failed, in_words, warning, well
from newsletter.errors import SourceError, SourceThrottled
from newsletter.models import UNREAD, HealthState, SourceHealth
from newsletter.sources.source import Request, Source

_AT_ONCE = 32  # of different servers
_SECONDS = 5.0
_IN_ALL_SECONDS = 9.0
_CLOCK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a server answered: what is said of it, and its clock minus ours where it told the time."""

    error: SourceError | None = None
    clock: timedelta | None = None


def sources(config: Config, before: Mapping[str, SourceHealth], now: datetime) -> Iterator[Line]:
    """Yield how each source answers, and the clock; each server gets one request at most, and no body is read."""
    local = now.astimezone(ZoneInfo(config.schedule.timezone))
    wanted = {name: _first(source, local) for name, source in named(config.sources).items()}
    web = {name: each for name, each in wanted.items() if isinstance(each, Request) and _gate(each)}
    awake = {name: each for name, each in web.items() if not is_waiting(before.get(name), now)}
    of_gate = {_gate(each): name for name, each in reversed(awake.items())}  # the first of each
    answers = _all_asked([(name, awake[name]) for name in sorted(of_gate.values())], config.newsletter.sender_email)
    for name, request in wanted.items():
        last = before.get(name)
        if name in answers:
            yield _answered(name, answers[name].error, last)
        elif name in awake and isinstance(request, Request):
            told = f"not asked: it is at the same server as {of_gate[_gate(request)]}"
            yield remembered(name, last, now, told)
        elif isinstance(request, Request) and name not in web:
            yield _files(name, request, config)
        elif isinstance(request, str):
            yield failed(f"source {name}", request, "please report it")
        else:
            yield remembered(name, last, now, "has nothing to be asked for today")
    yield _clock([each.clock for each in answers.values() if each.clock is not None])


def names(config: Config) -> tuple[str, ...]:
    """Return the names of the sources."""
    return tuple(named(config.sources))


def remembered(name: str, last: SourceHealth | None, now: datetime, told: str = "not asked") -> Line:
    """Return how a source stands that is not asked, by what it answered last."""
    about = f"source {name}"
    if last is None:
        return well(about, f"{told}; nothing was collected from it yet")
    if is_waiting(last, now) and last.again_at:
        until = f"{last.again_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return warning(about, f"asks us to wait until {until}: {last.detail}", "nothing: it is asked again after that")
    if last.state in UNREAD:
        return warning(about, f"{told}; {_last(last)}: {last.detail}", "try `newsletter collect`")
    return well(about, f"{told}; {_last(last)}")


# ------------------------------------------------------------------ asking


def _first(source: Source, now: datetime) -> Request | str | None:
    """Return the first thing to read for today, None where there is none, an error in words."""
    try:
        return next(iter(source.requests(now.date(), now=now)), None)
    except Exception as error:  # noqa: BLE001 - a mistake of ours in one source must not hide the others
        return f"unexpected {type(error).__name__}: {error}"


def _gate(request: Request) -> str:
    """Return what requests of one service share, "" for files."""
    parts = urlsplit(request.address)
    return terms(parts.hostname or "", gate=request.gate)[0] if parts.scheme.lower() in {"http", "https"} else ""


def _all_asked(requests: Sequence[tuple[str, Request]], contact: str) -> dict[str, _Asked]:
    if not requests:
        return {}
    clients = Clients(cache=None, timeout_seconds=_SECONDS, max_bytes=1, contact=contact)
    gates = Gates(patience_seconds=_SECONDS)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = pool.map(lambda item: _asked(item[1], clients, gates), requests)
        return {name: answer for (name, _), answer in zip(requests, answers, strict=True)}


def _asked(request: Request, clients: Clients, gates: Gates) -> _Asked:
    """Return what a server answers to a request; its body is left to it."""
    import httpx2  # noqa: PLC0415 75 ms

    try:
        url = httpx2.URL(request.address)
        gate, pause_seconds = terms(url.host, gate=request.gate, pause_seconds=request.pause_seconds)
        with gates.through(gate, pause_seconds), clients.one(gate, keep=False) as client:
            headers = dict(request.headers) | ({"Accept": request.accept} if request.accept else {})
            if request.body:
                headers["Content-Type"] = "application/json"
            asked = client.build_request(
                "POST" if request.body else "GET", url, headers=headers, content=request.body or None
            )
            with Patience(_IN_ALL_SECONDS).limit(client, asked):
                response = client.send(asked, stream=True, follow_redirects=False)
                response.close()
    except SourceError as error:
        return _Asked(error)
    except (httpx2.HTTPError, httpx2.InvalidURL, UnicodeError) as error:
        return _Asked(no_answer(request, error, timeout_seconds=_SECONDS))
    clock = _difference(response.headers.get("Date", ""), response.headers.get("Age", ""))
    if response.status_code < 400:
        return _Asked(clock=clock)
    wait_seconds = wait_asked(response.headers.get("Retry-After", ""), now=time.time())
    return _Asked(refusal(request, response.status_code, b"", wait_seconds=wait_seconds), clock)


def _files(name: str, request: Request, config: Config) -> Line:
    """Return whether there is a file that can be read."""
    about = f"source {name}"
    try:
        with HttpAndFiles(config.path.absolute().parent) as fetch:
            found, body = next(iter(fetch(request)))
    except (SourceError, StopIteration) as error:
        return warning(about, str(error) or "there is no such file", "collecting goes on without it")
    return well(about, f"{found.address} can be read, {len(body):,} bytes")


# ------------------------------------------------------------------ what to say


def _answered(name: str, error: SourceError | None, last: SourceHealth | None) -> Line:
    about = f"source {name}"
    before = f"; {_last(last)}" if last else "; nothing was collected from it yet"
    if isinstance(error, SourceThrottled):
        return warning(about, f"{error}{before}", "nothing: wait until it answers again")
    if error is not None:
        return failed(about, f"{error}{before}")
    if last and last.state in UNREAD:
        return warning(about, f"answers now; {_last(last)}: {last.detail}", "try `newsletter collect`")
    return well(about, f"answers{before}")


def _last(health: SourceHealth) -> str:
    """Return what a source answered last, in a few words."""
    when = f" {health.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if health.at else ""
    number = f", {health.entries:,} entries" if health.entries else ""
    if health.state is HealthState.FAILED and health.failures > 1:
        return f"{health.state} {health.failures} times in a row, last{when}"
    return f"last {health.state}{when}{number}"


def _difference(date: str, age: str) -> timedelta | None:
    """Return a server's clock (RFC 9110 §6.6.1) minus ours, None where it does not tell; `age` is that in a cache."""
    try:
        told = parsedate_to_datetime(date)
    except ValueError:
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    waited = timedelta(seconds=int(age)) if age.isdecimal() and len(age) < 8 else timedelta()
    return told + waited - datetime.now(UTC)


def _clock(differences: Sequence[timedelta]) -> Line:
    """Return how our clock stands: against the server that is nearest to it, since a wrong clock has none."""
    if not differences:
        return warning("clock", "no source told the time, so it could not be compared", "see `timedatectl`")
    nearest = min(differences, key=abs).total_seconds()
    if abs(nearest) <= _CLOCK_SECONDS:
        return well("clock", f"within {in_words(max(1.0, abs(nearest)))} of the sources' servers")
    way = "behind" if nearest > 0 else "ahead"
    told = f"{in_words(abs(nearest))} {way}: signatures, logins and the hour of issues depend on it"
    return warning("clock", told, "turn on NTP: timedatectl set-ntp true")
