"""Fetching with the real client from a real server: politeness, bounds, and one line for everything that goes wrong."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import httpx2
import pytest
import stamina
import tenacity.nap
from sites import Asked, Reply, Site

from newsletter import __version__
from newsletter.collect.fetch import HttpAndFiles
from newsletter.collect.fetch.failures import MayPass, no_answer, wait_asked
from newsletter.collect.fetch.gates import Gates, terms
from newsletter.errors import SourceError, SourceThrottled
from newsletter.sources.source import Request

BODY = b"<?xml version='1.0' encoding='utf-8'?><rss><channel><title>Papers</title></channel></rss>"

Fetching = Callable[..., HttpAndFiles]


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site that runs during the test."""
    with Site() as running:
        yield running


@pytest.fixture(autouse=True)
def unproxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the proxies of this machine out."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the seconds waited between two tries; nobody really waits."""
    waits: list[float] = []
    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=waits.append))
    assert stamina.is_active()
    assert not stamina.is_testing()
    return waits


@pytest.fixture
def fetching(tmp_path: Path) -> Iterator[Fetching]:
    """Return a maker of fetches with gates of their own, closed after the test."""
    made: list[HttpAndFiles] = []

    def make(**options: object) -> HttpAndFiles:
        defaults: dict[str, object] = {"timeout_seconds": 5.0, "gates": tmp_path / "gates"}
        made.append(HttpAndFiles(tmp_path, **{**defaults, **options}))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def body_of(fetch: HttpAndFiles, address: str, **fields: object) -> bytes:
    """Return the body at an address."""
    request = Request(address, **fields)  # type: ignore[arg-type]
    [(answered, body)] = fetch(request)
    assert answered is request
    return body


def refused(fetch: HttpAndFiles, address: str, **fields: object) -> SourceError:
    """Return the error an address gives; it is one line."""
    with pytest.raises(SourceError) as raised:
        body_of(fetch, address, **fields)
    assert "\n" not in str(raised.value)
    return raised.value


def through(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """Let the site answer for every host of plain http, as their proxy."""
    monkeypatch.setenv("HTTP_PROXY", site.address)


# ------------------------------------------------------------------ files


def test_files_of_a_pattern_come_sorted_and_named_from_the_base(tmp_path: Path) -> None:
    """So that a run is repeatable and a place can be found."""
    (tmp_path / "saved" / "deep").mkdir(parents=True)
    for name in ("saved/b.txt", "saved/a.txt", "saved/deep/c.txt", "saved/d.md"):
        (tmp_path / name).write_bytes(name.encode())
    fetch = HttpAndFiles(tmp_path)

    assert list(fetch(Request("saved/*.txt"))) == [
        (Request("saved/a.txt"), b"saved/a.txt"),
        (Request("saved/b.txt"), b"saved/b.txt"),
    ]
    deep = [request.address for request, _ in fetch(Request("saved/**/*.txt"))]
    assert deep == ["saved/a.txt", "saved/b.txt", "saved/deep/c.txt"]


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(tmp_path: Path) -> None:
    """Browsers save `page [1].txt`."""
    (tmp_path / "page [1].txt").write_bytes(BODY)

    assert list(HttpAndFiles(tmp_path)(Request("page [1].txt"))) == [(Request("page [1].txt"), BODY)]


def test_an_absolute_path_is_read_as_it_is(tmp_path: Path) -> None:
    """It has nothing to do with the base."""
    (tmp_path / "x.xml").write_bytes(BODY)

    found = list(HttpAndFiles(Path("elsewhere"))(Request(str(tmp_path / "*.xml"))))
    assert found == [(Request(str(tmp_path / "x.xml")), BODY)]


def test_a_pattern_that_matches_nothing_is_an_error_that_says_so(tmp_path: Path) -> None:
    """Most often a slip in the settings."""
    (tmp_path / "directory.txt").mkdir()
    with pytest.raises(SourceError, match=r"\*\.txt: no file has this name or pattern in .*; correct the path"):
        HttpAndFiles(tmp_path)(Request("*.txt"))


def test_a_file_that_is_too_large_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    """An error in the middle does not end the pattern."""
    (tmp_path / "a").write_bytes(b"x" * 11)
    (tmp_path / "b").write_bytes(b"x" * 10)
    bodies = HttpAndFiles(tmp_path, max_bytes=10)(Request("*"))

    with pytest.raises(SourceError, match="a: larger than 10 bytes"):
        next(bodies)
    assert list(bodies) == [(Request("b"), b"x" * 10)]


def test_a_file_address_is_a_name_of_no_file(tmp_path: Path) -> None:
    """Only http and https are addresses."""
    with pytest.raises(SourceError, match="no file has this name"):
        HttpAndFiles(tmp_path)(Request("file:///etc/hostname"))


# ------------------------------------------------------------------ requests


def test_a_body_is_fetched_and_the_request_says_who_asks(site: Site, fetching: Fetching) -> None:
    """Some servers refuse a request without Accept, and operators like to know whom to write to."""
    site.on("/rss", BODY)

    assert body_of(fetching(contact="https://example.org/papers"), f"{site.address}/rss") == BODY
    [asked] = site.asked
    assert asked.method == "GET"
    assert asked.headers["user-agent"] == f"paper-newsletter/{__version__} (+https://example.org/papers)"
    assert asked.headers["accept"].startswith("application/atom+xml")


def test_a_contact_cannot_break_the_header(site: Site, fetching: Fetching) -> None:
    """It comes from the settings."""
    site.on("/rss", BODY)
    body_of(fetching(contact="ada@bücher.example.org)\r\nX-Injected: yes"), f"{site.address}/rss")

    assert site.asked[0].headers["user-agent"].endswith(" (+ada@bcher.example.orgX-Injected:yes)")


def test_a_request_says_what_it_wants_in_its_own_words(site: Site, fetching: Fetching) -> None:
    """Services differ in the formats they offer and where they want a key."""
    site.on("/papers", b"{}")
    body_of(fetching(), f"{site.address}/papers", accept="application/json", headers=(("x-api-key", "hunter2"),))

    assert (site.asked[0].headers["accept"], site.asked[0].headers["x-api-key"]) == ("application/json", "hunter2")


def test_a_request_with_a_body_is_posted_as_json(site: Site, fetching: Fetching) -> None:
    """Some services take their question so."""
    site.on("/graphql", b"{}")
    body_of(fetching(), f"{site.address}/graphql", body=b'{"query": "trees"}')

    [asked] = site.asked
    assert (asked.method, asked.body) == ("POST", b'{"query": "trees"}')
    assert asked.headers["content-type"] == "application/json"


def test_an_empty_body_is_a_body(site: Site, fetching: Fetching) -> None:
    """Whether that is a feed is the source's affair."""
    site.on("/rss", b"")

    assert body_of(fetching(), f"{site.address}/rss") == b""


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http://[bad/",
        "http://exa mple.org/",
        "http://example.org:99999999/",
        "http://example.org/\r\nX-Injected: yes",
        "http://xn--a.example.org\x00/",
    ],
)
def test_an_impossible_address_is_an_error(fetching: Fetching, address: str) -> None:
    """Not an exception of a library."""
    assert str(refused(fetching(), address)).endswith(": not an address; correct it under sources")


@pytest.mark.parametrize("login", ["ada:hunter2", "ada:pass@hunter2", "ada:pass/hunter2", "ada:pass#hunter2"])
def test_a_login_is_shown_in_no_error(fetching: Fetching, login: str) -> None:
    """Also where its password is not written as RFC 3986 asks, and the host is somebody's guess."""
    assert "hunter2" not in str(refused(fetching(), f"http://{login}@127.0.0.1:9/rss"))


@pytest.mark.parametrize("key", ["hunter2\r\nX-Injected: yes", "hunter2…"])
def test_a_key_that_cannot_be_sent_is_an_error_without_the_key(site: Site, fetching: Fetching, key: str) -> None:
    """Pasted keys bring line ends and ellipses with them."""
    site.on("/papers", b"{}")
    error = refused(fetching(), f"{site.address}/papers", headers=(("x-api-key", key),))

    assert "the request cannot be sent; check the address and the key" in str(error)
    assert "hunter2" not in str(error)
    assert not any("x-injected" in asked.headers for asked in site.asked)


def test_a_host_in_any_script_is_asked_by_its_ascii_name(
    monkeypatch: pytest.MonkeyPatch, site: Site, fetching: Fetching
) -> None:
    """IDNA, RFC 5891."""
    through(monkeypatch, site)
    site.on("/rss", BODY)

    assert body_of(fetching(), "http://bücher.example.org/rss") == BODY
    assert site.asked[0].headers["host"] == "xn--bcher-kva.example.org"


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "the server answered 404; nothing is at this address; correct it under sources"),
        (403, "the server answered 403; it refuses this program"),
        (418, "the server answered 418; check the address"),
        (304, "the server answered 304; check the address"),
    ],
)
def test_an_error_status_says_the_way_out(site: Site, fetching: Fetching, status: int, message: str) -> None:
    """By what the reader of it can do; none of these is asked again."""
    site.on("/rss", Reply(b"<html>sorry</html>", status))

    assert str(refused(fetching(), f"{site.address}/rss")).startswith(f"{site.address}/rss: {message}")
    assert len(site.asked) == 1


def test_a_refused_key_is_told_as_such(site: Site, fetching: Fetching) -> None:
    """The address is right."""
    site.on("/papers", Reply(b"", 403))
    error = refused(fetching(), f"{site.address}/papers", headers=(("x-api-key", "hunter2"),))

    assert str(error).endswith("the server answered 403; it does not take this key; correct it under sources")


def test_the_reason_arxiv_gives_for_a_refusal_is_told(site: Site, fetching: Fetching) -> None:
    """It comes as a feed with status 400 and names what was wrong."""
    body = b"<?xml version='1.0'?><rss><channel><title>Feed error for query: cs.zz</title></channel></rss>"
    site.on("/atom/cs.zz", Reply(body, 400))

    error = refused(fetching(), f"{site.address}/atom/cs.zz")
    assert str(error).endswith("400 (Feed error for query: cs.zz); check the address")


def test_a_refusal_is_told_however_long_its_page_is(site: Site, fetching: Fetching) -> None:
    """Nobody reads it."""
    site.on("/rss", Reply(b"x" * 500_000, 404))

    assert "answered 404" in str(refused(fetching(max_bytes=1_000_000), f"{site.address}/rss"))


# ------------------------------------------------------------------ asking again


@pytest.mark.parametrize("status", [406, 429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(site: Site, fetching: Fetching, slept: list[float], status: int) -> None:
    """After a few seconds, and then a few more."""
    site.on("/rss", Reply(b"", status), Reply(b"", status), Reply(BODY))

    assert body_of(fetching(), f"{site.address}/rss") == BODY
    assert 5.0 <= slept[0] <= 7.0
    assert 10.0 <= slept[1] <= 12.0


@pytest.mark.parametrize("status", [406, 429, 503])
def test_a_server_that_says_how_long_is_asked_after_that(
    site: Site, fetching: Fetching, slept: list[float], status: int
) -> None:
    """In seconds, or until a time (RFC 9110 10.2.3)."""
    until = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
    date = format_datetime(until, usegmt=True)
    site.on("/rss", Reply(b"", status, {"Retry-After": "7"}), Reply(b"", status, {"Retry-After": date}), Reply(BODY))
    fetch = fetching(clock=(until - timedelta(seconds=9)).timestamp)

    assert body_of(fetch, f"{site.address}/rss") == BODY
    assert slept == [7.0, 9.0]


@pytest.mark.parametrize(
    ("retry_after", "waits", "wait_seconds", "said"),
    [
        ("", 2, 0.0, ""),
        ("40", 1, 40.0, "40 s"),
        ("3600", 0, 3_600.0, "1 hour"),
        ("5400", 0, 5_400.0, "2 hours"),
        ("600", 0, 600.0, "10 minutes"),
        ("259200", 0, 259_200.0, "3 days"),
        ("86400000000", 0, 604_800.0, "7 days or longer"),
    ],
)
def test_a_server_that_asks_to_wait_too_long_or_too_often_is_left_alone(
    site: Site, fetching: Fetching, slept: list[float], retry_after: str, waits: int, wait_seconds: float, said: str
) -> None:
    """The other sources do not wait for it: a minute at once and 75 seconds in all."""
    now = [0.0]
    site.on("/rss", Reply(b"", 429, {"Retry-After": retry_after} if retry_after else {}))

    def monotonic() -> float:
        return now[0] + sum(slept)

    with pytest.raises(SourceThrottled) as raised:
        body_of(fetching(monotonic=monotonic), f"{site.address}/rss")
    assert raised.value.wait_seconds == wait_seconds
    assert len(slept) == waits
    if wait_seconds:
        line = f"{site.address}/rss: the server answers 429 and asks to wait {said}; asked again after that"
        assert str(raised.value) == line
    else:
        assert str(raised.value) == f"{site.address}/rss: the server answered 429; the next run tries again"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Fri, 20 Nov 2026 08:05:00 GMT", 300.0),
        ("Friday, 20-Nov-26 08:05:00 GMT", 300.0),
        ("Fri Nov 20 08:05:00 2026", 300.0),
        ("Fri, 20 Nov 2026 07:00:00 GMT", 0.0),
        ("-5", 0.0),
        ("1795161600000", 604_800.0),
        ("9" * 5_000, 604_800.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 604_800.0),
        ("soon", 0.0),
        ("Fri, 99 Nov 2026 08:05:00 GMT", 0.0),
        ("", 0.0),
    ],
)
def test_a_retry_after_is_read_in_all_its_forms(written: str, seconds: float) -> None:
    """Whatever else stands there says nothing; nobody is left alone for more than a week."""
    now = datetime(2026, 11, 20, 8, 0, tzinfo=UTC).timestamp()

    assert wait_asked(written, now=now) == seconds


def test_a_server_in_trouble_for_good_is_not_throttling(site: Site, fetching: Fetching, slept: list[float]) -> None:
    """It does not ask for anything."""
    site.on("/rss", Reply(b"", 502))
    error = refused(fetching(), f"{site.address}/rss")

    assert str(error).endswith("the server answered 502; the next run tries again")
    assert not isinstance(error, SourceThrottled)
    assert len(slept) == 2


def test_a_try_again_is_one_line_in_the_log_without_secrets(
    site: Site, fetching: Fetching, caplog: pytest.LogCaptureFixture
) -> None:
    """An operator may wonder why it takes so long."""
    caplog.set_level(logging.DEBUG)
    site.on("/rss", Reply(b"", 503, {"Retry-After": "7"}), Reply(BODY))
    body_of(fetching(), f"{site.address}/rss?token=hunter2")

    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"{site.address}/rss?token=…: the server answers 503 and asks to wait 7 s")
    assert line.endswith("(try 1; the next in 7 s)")


# ------------------------------------------------------------------ no answer


def test_no_connection_is_an_error_with_the_address(fetching: Fetching, slept: list[float]) -> None:
    """Nobody listens there, which may pass."""
    error = refused(fetching(), "http://127.0.0.1:9/rss?token=hunter2")

    assert str(error).startswith("http://127.0.0.1:9/rss?token=…: no connection (")
    assert str(error).endswith("; check the address and the network")
    assert len(slept) == 2


def test_a_host_without_address_is_an_error(monkeypatch: pytest.MonkeyPatch, fetching: Fetching) -> None:
    """As the resolver says it."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert "no connection ([Errno -2] Name or service not known)" in str(refused(fetching(), "http://example.org/"))


def test_a_silent_server_is_an_error_after_one_timeout(site: Site, fetching: Fetching, slept: list[float]) -> None:
    """It takes the request and says nothing; it would again, while the other readers wait."""
    site.on("/rss", Reply(hangs=True))
    error = refused(fetching(timeout_seconds=0.1), f"{site.address}/rss")

    assert str(error).endswith("no answer within 0.1 s; the next run tries again")
    assert (len(site.asked), slept) == (1, [])


def test_a_server_that_takes_no_connection_in_time_is_not_asked_again() -> None:
    """A timeout as well."""
    error = no_answer(Request("https://example.org/rss"), httpx2.ConnectTimeout("timed out"), timeout_seconds=30.0)

    assert str(error) == "https://example.org/rss: no answer within 30 s; the next run tries again"
    assert not isinstance(error, MayPass)


def test_a_server_without_tls_is_an_error(site: Site, fetching: Fetching) -> None:
    """The address says https, and http is spoken."""
    assert "no connection" in str(refused(fetching(), site.address.replace("http://", "https://")))


def test_a_certificate_that_does_not_hold_is_not_asked_for_again() -> None:
    """It will not hold in five seconds either."""
    said = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)"
    error = no_answer(Request("https://example.org/rss"), httpx2.ConnectError(said), timeout_seconds=1.0)

    assert str(error).endswith(f"certificate does not hold ({said}); check the address, and the clock of this machine")
    assert not isinstance(error, MayPass)


def test_a_broken_proxy_setting_is_an_error_without_its_password(
    monkeypatch: pytest.MonkeyPatch, fetching: Fetching
) -> None:
    """It comes from the environment."""
    monkeypatch.setenv("HTTP_PROXY", "gopher://ada:hunter2@proxy.example.org")
    error = refused(fetching(), "http://example.org/")

    assert "check HTTP_PROXY" in str(error)
    assert "hunter2" not in str(error)


# ------------------------------------------------------------------ bodies


def test_a_body_that_breaks_off_is_an_error(site: Site, fetching: Fetching, slept: list[float]) -> None:
    """Half a list of papers is not today's list."""
    site.on("/rss", Reply(BODY, cut=10))
    error = refused(fetching(), f"{site.address}/rss")

    assert "the connection broke off (" in str(error)
    assert len(slept) == 2


def test_a_body_that_breaks_off_once_is_asked_for_again(site: Site, fetching: Fetching) -> None:
    """Whole the second time."""
    site.on("/rss", Reply(BODY, cut=10), Reply(BODY))

    assert body_of(fetching(), f"{site.address}/rss") == BODY


def test_a_body_that_is_too_large_is_refused_before_it_is_all_read(site: Site, fetching: Fetching) -> None:
    """Also when it is small on the way, and once or twice compressed."""
    once = gzip.compress(b"x" * 20_000_000)
    site.on("/large", b"x" * 2_000_001)
    site.on("/bomb", Reply(once, headers={"Content-Encoding": "gzip"}))
    site.on("/bombs", Reply(gzip.compress(once), headers={"Content-Encoding": "gzip, gzip"}))

    for path in ("/large", "/bomb", "/bombs"):
        error = refused(fetching(max_bytes=2_000_000), f"{site.address}{path}")
        assert str(error).endswith("larger than 2 MB; is it a feed?")
    assert body_of(fetching(max_bytes=2_000_001), f"{site.address}/large") == b"x" * 2_000_001


def test_a_compressed_body_is_unpacked(site: Site, fetching: Fetching) -> None:
    """Feeds shrink to a tenth."""
    site.on("/rss", Reply(gzip.compress(BODY), headers={"Content-Encoding": "gzip"}))

    assert body_of(fetching(), f"{site.address}/rss") == BODY
    assert site.asked[0].headers["accept-encoding"] == "gzip, deflate"


def test_a_damaged_compression_is_an_error(site: Site, fetching: Fetching) -> None:
    """Not an exception of a library."""
    site.on("/rss", Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}))

    assert "the body is damaged" in str(refused(fetching(), f"{site.address}/rss"))


def test_a_wrong_charset_in_the_header_does_not_matter(site: Site, fetching: Fetching) -> None:
    """Bytes are passed on as they are."""
    site.on("/rss", Reply("Café".encode(), headers={"Content-Type": "application/rss+xml; charset=iso-8859-1"}))

    assert body_of(fetching(), f"{site.address}/rss") == "Café".encode()


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
@pytest.mark.parametrize("kept", [False, True])
def test_a_server_that_drips_is_not_waited_for(fetching: Fetching, head: bytes, *, kept: bool) -> None:
    """Each byte comes in time and the whole never ends: of the headers as of the body."""
    over = threading.Event()

    def drip(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(10_000)
            connection.sendall(head)
            while not over.wait(0.02):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/rss"
        error = refused(fetching(timeout_seconds=0.1), address, gate="slow" if kept else "")
        over.set()
        thread.join()

    assert str(error) == f"{address}: the server sends too slowly; the next run tries again"


# ------------------------------------------------------------------ redirects


def test_redirects_are_followed_but_not_for_ever(site: Site, fetching: Fetching) -> None:
    """Feeds move."""
    site.on("/old", Reply(b"moved", 301, {"Location": "/new"}))
    site.on("/new", BODY)
    site.on("/circle", Reply(b"", 302, {"Location": "/circle"}))

    assert body_of(fetching(), f"{site.address}/old") == BODY
    error = refused(fetching(), f"{site.address}/circle")
    assert str(error).endswith("more than 5 redirects; use the address a browser ends at")
    assert len(site.asked_for("/circle")) == 6


@pytest.mark.parametrize("location", ["ftp://example.org/", "file:///etc/hostname", "javascript:alert(1)", "data:,x"])
def test_a_redirect_leads_to_the_web_only(site: Site, fetching: Fetching, location: str) -> None:
    """Never to a file of this machine."""
    site.on("/rss", Reply(b"", 302, {"Location": location}))

    error = refused(fetching(), f"{site.address}/rss")
    assert str(error).startswith(
        (f"{site.address}/rss: it leads to no web address", f"{site.address}/rss: it leads to an")
    )
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "location", ["http://[bad/", "http://example.org:99999999/", "/new\x01path", "http://xn--\x7f/"]
)
def test_a_redirect_to_no_address_is_an_error(site: Site, fetching: Fetching, location: str) -> None:
    """Not an exception of a library."""
    site.on("/rss", Reply(b"", 302, {"Location": location}))
    refused(fetching(), f"{site.address}/rss")
    assert {asked.path for asked in site.asked} == {"/rss"}


def test_a_redirect_cannot_write_headers(site: Site, fetching: Fetching) -> None:
    """An escaped line end stays escaped."""
    site.on("/rss", Reply(b"", 302, {"Location": "/new?x=%0d%0aX-Injected:%20yes"}))
    site.on("/new", BODY)

    assert body_of(fetching(), f"{site.address}/rss") == BODY
    assert "x-injected" not in site.asked_for("/new")[0].headers


def test_a_key_is_not_sent_on_to_another_host(monkeypatch: pytest.MonkeyPatch, site: Site, fetching: Fetching) -> None:
    """It belongs to the service it was made for, also on the way back."""
    through(monkeypatch, site)
    site.on("/here", Reply(b"", 302, {"Location": "http://one.example.org/there"}))
    site.on("/there", Reply(b"", 302, {"Location": "http://two.example.org/elsewhere"}))
    site.on("/elsewhere", Reply(b"", 307, {"Location": "http://one.example.org/back"}))
    site.on("/back", BODY)
    keys = (("x-api-key", "hunter2"), ("Authorization", "Bearer hunter2"))

    assert body_of(fetching(), "http://one.example.org/here", headers=keys, accept="text/xml") == BODY
    sent = {asked.path: "hunter2" in str(asked.headers) for asked in site.asked}
    assert sent == {"/here": True, "/there": True, "/elsewhere": False, "/back": False}
    assert {asked.headers["accept"] for asked in site.asked} == {"text/xml"}


# ------------------------------------------------------------------ the cache


def unchanged(asked: Asked) -> Reply:
    """Answer 304 to whoever has the body already."""
    if asked.headers.get("if-none-match") == '"1"' or "if-modified-since" in asked.headers:
        return Reply(status=304, headers={"ETag": '"1"'})
    return Reply(BODY, headers={"ETag": '"1"', "Last-Modified": "Fri, 01 May 2026 08:00:00 GMT"})


def test_an_unchanged_body_is_not_sent_again(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """Neither in this process nor in the next one."""
    site.on("/rss", unchanged)

    for _ in range(2):
        fetch = fetching(cache=tmp_path / "cache")
        assert body_of(fetch, f"{site.address}/rss") == BODY
        assert body_of(fetch, f"{site.address}/rss") == BODY
        fetch.close()
    assert ["if-none-match" in asked.headers for asked in site.asked] == [False, True, True, True]


def test_a_changed_body_replaces_the_old_one(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """Also the third and fourth time."""
    turns = iter(range(1, 10))

    def changing(asked: Asked) -> Reply:
        turn = next(turns)
        return Reply(f"issue {turn}".encode(), headers={"ETag": f'"{turn}"'})

    site.on("/rss", changing)
    fetch = fetching(cache=tmp_path / "cache")

    assert [body_of(fetch, f"{site.address}/rss") for _ in range(4)] == [b"issue 1", b"issue 2", b"issue 3", b"issue 4"]
    assert [asked.headers.get("if-none-match") for asked in site.asked] == [None, '"1"', '"2"', '"3"']


def test_without_a_cache_nothing_is_remembered(site: Site, fetching: Fetching) -> None:
    """As for a single look."""
    site.on("/rss", unchanged)
    fetch = fetching()
    body_of(fetch, f"{site.address}/rss")
    body_of(fetch, f"{site.address}/rss")

    assert not any("if-none-match" in asked.headers for asked in site.asked)


@pytest.mark.parametrize(
    ("headers", "requests"),
    [
        ({"Cache-Control": "max-age=600"}, 1),
        ({"Cache-Control": "max-age=31536000, public"}, 1),
        ({"Cache-Control": "no-cache, max-age=600", "ETag": '"1"'}, 2),
        ({"Cache-Control": "no-store, max-age=600"}, 2),
        ({"Cache-Control": "s-maxage=600"}, 2),
        ({"Last-Modified": "Fri, 01 May 2015 08:00:00 GMT"}, 2),
        ({}, 2),
    ],
)
def test_a_body_is_fresh_only_where_the_server_says_so(
    site: Site, fetching: Fetching, tmp_path: Path, headers: dict[str, str], requests: int
) -> None:
    """Guessing from an old date (RFC 9111 4.2.2) would hide a new paper."""
    site.on("/rss", Reply(BODY, headers=headers))
    fetch = fetching(cache=tmp_path / "cache")
    body_of(fetch, f"{site.address}/rss")

    assert body_of(fetch, f"{site.address}/rss") == BODY
    assert len(site.asked) == requests


def test_a_body_is_fresh_for_an_hour_at_most(
    monkeypatch: pytest.MonkeyPatch, site: Site, fetching: Fetching, tmp_path: Path
) -> None:
    """A server that says a year is wrong about a feed."""
    site.on("/rss", Reply(BODY, headers={"Cache-Control": "max-age=31536000"}))
    fetch = fetching(cache=tmp_path / "cache")
    body_of(fetch, f"{site.address}/rss")
    later = time.time() + 3_700
    monkeypatch.setattr("hishel._core._spec.time", SimpleNamespace(time=lambda: later))
    body_of(fetch, f"{site.address}/rss")

    assert len(site.asked) == 2


@pytest.mark.parametrize("status", [301, 404, 410, 500])
def test_only_good_answers_are_kept(site: Site, fetching: Fetching, tmp_path: Path, status: int) -> None:
    """Whoever mends a feed does not wait for a cache."""
    headers = {"Cache-Control": "max-age=600", "ETag": '"0"', "Location": "/moved"}
    refusals = [Reply(b"", status, headers)] * (3 if status >= 500 else 1)  # asked again twice
    site.on("/rss", *refusals, Reply(BODY))
    site.on("/moved", Reply(b"", 404))
    fetch = fetching(cache=tmp_path / "cache")
    refused(fetch, f"{site.address}/rss")

    assert body_of(fetch, f"{site.address}/rss") == BODY


def test_an_error_does_not_cost_what_was_kept(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """The day after, the server is asked whether anything changed."""
    site.on("/rss", unchanged, Reply(b"", 410), unchanged)
    fetch = fetching(cache=tmp_path / "cache")
    body_of(fetch, f"{site.address}/rss")
    refused(fetch, f"{site.address}/rss")

    assert body_of(fetch, f"{site.address}/rss") == BODY
    assert site.asked[2].headers["if-none-match"] == '"1"'


def test_a_body_that_broke_off_is_not_kept(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """Or a 304 would make half a list last."""
    site.on("/rss", Reply(BODY, headers={"ETag": '"1"'}, cut=10), unchanged)
    fetch = fetching(cache=tmp_path / "cache")

    assert body_of(fetch, f"{site.address}/rss") == BODY
    assert not any("if-none-match" in asked.headers for asked in site.asked)


def test_a_posted_question_is_never_kept(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """Its answer depends on its body."""
    site.on("/graphql", Reply(b"one", headers={"Cache-Control": "max-age=600"}), Reply(b"two"))
    fetch = fetching(cache=tmp_path / "cache")

    assert body_of(fetch, f"{site.address}/graphql", body=b"1") == b"one"
    assert body_of(fetch, f"{site.address}/graphql", body=b"2") == b"two"


@pytest.mark.parametrize(
    ("login", "query", "headers"),
    [("", "", (("x-api-key", "hunter2"),)), ("", "?api_key=hunter2", ()), ("ada:hunter2@", "", ())],
)
def test_secrets_are_not_written_to_the_cache(
    site: Site, fetching: Fetching, tmp_path: Path, login: str, query: str, headers: tuple[tuple[str, str], ...]
) -> None:
    """It keeps whole requests; what has a secret in it is fetched in full."""
    site.on("/rss", unchanged)
    site.on("/open", Reply(BODY, headers={"ETag": '"1"', "Set-Cookie": "session=hunter2"}))
    fetch = fetching(cache=tmp_path / "cache")
    address = site.address.replace("http://", f"http://{login}")
    for _ in range(2):
        assert body_of(fetch, f"{address}/rss{query}", headers=headers) == BODY
    body_of(fetch, f"{site.address}/open")
    fetch.close()

    written = b"".join(file.read_bytes() for file in (tmp_path / "cache").iterdir())
    assert b"/open" in written
    assert b"hunter2" not in written
    assert b"YWRhOmh1bnRlcjI=" not in written


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_the_cache_is_private(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """It says who reads what."""
    site.on("/rss", unchanged)
    fetch = fetching(cache=tmp_path / "cache")
    body_of(fetch, f"{site.address}/rss")

    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700
    modes = {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "cache").glob("sources.db*")}
    assert modes == {0o600}


def test_a_damaged_cache_is_left_out_and_told_once(
    site: Site, fetching: Fetching, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It never fails a source."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "sources.db").write_bytes(b"this is no database, and long enough to be seen as none" * 20)
    site.on("/rss", unchanged)
    fetch = fetching(cache=tmp_path / "cache")

    assert [body_of(fetch, f"{site.address}/rss") for _ in range(3)] == [BODY] * 3
    [line] = [record.getMessage() for record in caplog.records]
    assert "sources.db: cannot be used (file is not a database)" in line


def test_a_cache_without_a_place_is_left_out(
    site: Site, fetching: Fetching, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A directory that cannot be made."""
    (tmp_path / "file").write_bytes(b"")
    site.on("/rss", BODY)

    assert body_of(fetching(cache=tmp_path / "file" / "cache"), f"{site.address}/rss") == BODY
    assert "sources are read in full" in caplog.text


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM streams",
        "UPDATE entries SET data = x'00'",
        "UPDATE entries SET chunk_count = 'many'",
        "DROP TABLE streams",
        "DROP TABLE entries",
    ],
)
def test_a_cache_damaged_while_in_use_is_not_trusted(
    site: Site, fetching: Fetching, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """The server is asked for the whole body instead; no tracebacks, and no line twice."""
    site.on("/rss", unchanged)
    fetch = fetching(cache=tmp_path / "cache")
    body_of(fetch, f"{site.address}/rss")
    other = sqlite3.connect(tmp_path / "cache" / "sources.db")
    other.execute(damage)
    other.commit()
    other.close()

    assert [body_of(fetch, f"{site.address}/rss") for _ in range(3)] == [BODY] * 3
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == len(set(lines)) <= 2
    assert all(record.exc_info is None for record in caplog.records)


def test_another_programs_database_is_left_as_it_is(site: Site, fetching: Fetching, tmp_path: Path) -> None:
    """Somebody's mistake in the settings."""
    (tmp_path / "cache").mkdir()
    other = sqlite3.connect(tmp_path / "cache" / "sources.db")
    other.executescript("CREATE TABLE entries (mine TEXT); INSERT INTO entries VALUES ('x')")
    site.on("/rss", unchanged)

    assert body_of(fetching(cache=tmp_path / "cache"), f"{site.address}/rss") == BODY
    assert other.execute("SELECT * FROM entries").fetchall() == [("x",)]
    other.close()


def test_threads_and_processes_share_a_cache(
    site: Site, fetching: Fetching, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Several fetches on one file, several threads each."""
    for number in range(4):
        site.on(f"/{number}", unchanged)
    fetches = [fetching(cache=tmp_path / "cache") for _ in range(2)]
    wrong: list[object] = []

    def read(fetch: HttpAndFiles, number: int) -> None:
        try:
            for _ in range(3):
                assert body_of(fetch, f"{site.address}/{number}", gate=str(number)) == BODY
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            wrong.append(error)

    run_together([partial(read, fetch, number) for fetch in fetches for number in range(4)])

    assert wrong == []
    assert len(site.asked) == 24
    assert any("if-none-match" in asked.headers for asked in site.asked)
    assert caplog.records == []


# ------------------------------------------------------------------ gates


def run_together(tasks: list[Callable[[], object]]) -> None:
    """Run each task in a thread of its own."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("rss.arxiv.org", ("arxiv.org", 3.0)),
        ("ARXIV.org", ("arxiv.org", 3.0)),
        ("export.arxiv.org.", ("arxiv.org", 3.0)),
        ("notarxiv.org", ("notarxiv.org", 0.0)),
        ("arxiv.org.example.org", ("arxiv.org.example.org", 0.0)),
    ],
)
def test_every_host_of_arxiv_is_known(host: str, expected: tuple[str, float]) -> None:
    """They share one gate, three seconds wide (https://info.arxiv.org/help/api/tou.html)."""
    assert terms(host) == expected


def test_what_a_request_says_of_its_gate_holds_except_for_arxiv() -> None:
    """Longer pauses hold there as well; shorter ones and other gates do not."""
    assert terms("api.example.org", gate="example", pause_seconds=1.0) == ("example", 1.0)
    assert terms("api.example.org", pause_seconds=-1.0) == ("api.example.org", 0.0)
    assert terms("export.arxiv.org", gate="mine", pause_seconds=0.0) == ("arxiv.org", 3.0)
    assert terms("export.arxiv.org", pause_seconds=15.0) == ("arxiv.org", 15.0)


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept.append(round(seconds, 3))
        self.now += seconds

    def read(self) -> float:
        """Return the time."""
        return self.now

    @property
    def options(self) -> dict[str, Callable[..., object]]:
        """Return the arguments of a fetch or of gates."""
        return {"sleep": self.sleep, "monotonic": self.read, "clock": self.read}


def test_requests_to_arxiv_keep_three_seconds_apart(
    monkeypatch: pytest.MonkeyPatch, site: Site, fetching: Fetching
) -> None:
    """Over all its hosts, from the end of one to the start of the next; other hosts need not wait."""
    through(monkeypatch, site)
    site.on("/list", BODY)
    clock = Clock()
    fetch = fetching(**clock.options)

    body_of(fetch, "http://export.arxiv.org/list")
    body_of(fetch, "http://example.org/list")
    clock.now += 1.0
    body_of(fetch, "http://rss.arxiv.org/list")
    body_of(fetch, "http://arxiv.org/list")

    assert clock.slept == [2.0, 3.0]


def test_a_redirect_keeps_to_the_gate_of_where_it_leads(
    monkeypatch: pytest.MonkeyPatch, site: Site, fetching: Fetching
) -> None:
    """Each step is a request: into arXiv, within it, and out of it."""
    through(monkeypatch, site)
    site.on("/start", Reply(b"", 302, {"Location": "http://arxiv.org/one"}))
    site.on("/one", Reply(b"", 302, {"Location": "http://export.arxiv.org/two"}))
    site.on("/two", Reply(b"", 302, {"Location": "http://example.org/end"}))
    site.on("/end", BODY)
    clock = Clock()

    assert body_of(fetching(**clock.options), "http://example.com/start") == BODY
    assert clock.slept == [3.0]


def test_a_pause_is_kept_by_the_next_process_too(tmp_path: Path) -> None:
    """A run from cron, right after a look at the preview."""
    clock = Clock()
    for _ in range(2):
        with Gates(tmp_path / "gates", **clock.options).through("example", 4.0):  # type: ignore[arg-type]
            clock.now += 10.0
        clock.now += 1.0

    assert clock.slept == [3.0]


@pytest.mark.parametrize(("set_by", "waited"), [(-86_400.0, [4.0]), (86_400.0, [])])
def test_a_clock_that_was_set_costs_one_pause_at_most(tmp_path: Path, set_by: float, waited: list[float]) -> None:
    """Nobody waits for yesterday to come again."""
    clock = Clock()
    with Gates(tmp_path / "gates", **clock.options).through("example", 4.0):  # type: ignore[arg-type]
        pass
    clock.now += set_by
    with Gates(tmp_path / "gates", **clock.options).through("example", 4.0):  # type: ignore[arg-type]
        pass

    assert clock.slept == waited


def test_a_try_again_waits_outside_of_the_gate(monkeypatch: pytest.MonkeyPatch, site: Site, fetching: Fetching) -> None:
    """Another source of the same service need not wait for it."""
    site.on("/busy", Reply(b"", 503), Reply(BODY))
    site.on("/rss", BODY)
    fetch = fetching()
    inside: list[bytes] = []

    def meanwhile(_: float) -> None:
        thread = threading.Thread(target=lambda: inside.append(body_of(fetch, f"{site.address}/rss", gate="one")))
        thread.start()
        thread.join(5)

    monkeypatch.setattr(tenacity.nap, "time", SimpleNamespace(sleep=meanwhile))

    assert body_of(fetch, f"{site.address}/busy", gate="one") == BODY
    assert inside == [BODY]


def test_a_gate_lets_one_request_through_at_a_time(site: Site, fetching: Fetching) -> None:
    """Whatever host it asks, and however many threads want it."""
    inside = threading.Semaphore(1)
    crowded: list[str] = []

    def answer(asked: Asked) -> Reply:
        if not inside.acquire(blocking=False):
            crowded.append(asked.path)
            return Reply(BODY)
        time.sleep(0.01)
        inside.release()
        return Reply(BODY)

    site.on("/*", answer)
    fetch = fetching(gates=None)
    run_together([partial(body_of, fetch, f"{site.address}/{number}", gate="service") for number in range(6)])

    assert len(site.asked) == 6
    assert crowded == []


def test_different_gates_are_open_side_by_side(site: Site, fetching: Fetching) -> None:
    """A slow service holds up nobody else."""
    both = threading.Barrier(2, timeout=5)

    def answer(asked: Asked) -> Reply:
        both.wait()
        return Reply(BODY)

    site.on("/*", answer)
    fetch = fetching()
    run_together([partial(body_of, fetch, f"{site.address}/{name}", gate=name) for name in ("a", "b")])

    assert not both.broken
    assert len(site.asked) == 2


_OTHER_PROCESS = """
import sys
from pathlib import Path
from newsletter.collect.fetch import HttpAndFiles
from newsletter.sources.source import Request

address, gates = sys.argv[1:]
with HttpAndFiles(Path(), gates=Path(gates)) as fetch:
    for _ in range(3):
        list(fetch(Request(address, gate="service", pause_seconds=0.2)))
"""


def test_processes_share_a_gate_and_its_pause(site: Site, tmp_path: Path) -> None:
    """Two runs at the same time ask no more often than one."""
    asked_at: list[float] = []
    inside = threading.Semaphore(1)

    def answer(asked: Asked) -> Reply:
        assert inside.acquire(blocking=False)
        asked_at.append(time.monotonic())
        time.sleep(0.01)
        inside.release()
        return Reply(BODY)

    site.on("/rss", answer)
    command = [sys.executable, "-W", "error", "-c", _OTHER_PROCESS, f"{site.address}/rss", str(tmp_path / "gates")]
    running = [subprocess.Popen(command, cwd=Path(__file__).parent.parent) for _ in range(2)]

    assert [process.wait(60) for process in running] == [0, 0]
    assert len(asked_at) == 6
    assert all(later - earlier >= 0.19 for earlier, later in pairwise(asked_at))


def test_a_gate_another_process_does_not_leave_is_an_error(tmp_path: Path) -> None:
    """A stopped process keeps its locks; other sources go on."""
    with (
        Gates(tmp_path / "gates").through("example", 0.01),
        pytest.raises(SourceError, match=r"another run of the newsletter has been asking example for 0\.05 s"),
        Gates(tmp_path / "gates", patience_seconds=0.05).through("example", 0.01),
    ):
        pass


@pytest.mark.skipif(os.name == "nt", reason="links and modes are POSIX")
@pytest.mark.parametrize("trap", ["link", "file", "nowhere"])
def test_gates_in_a_place_that_cannot_be_trusted_hold_within_the_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, trap: str
) -> None:
    """Others can write where temporary files are."""
    (tmp_path / "theirs").mkdir()
    place = tmp_path / "gates"
    if trap == "link":
        place.symlink_to(tmp_path / "theirs")
    elif trap == "file":
        place.write_bytes(b"")
    else:
        place.symlink_to(tmp_path / "missing")
    clock = Clock()
    gates = Gates(place, **clock.options)  # type: ignore[arg-type]
    for _ in range(2):
        with gates.through("example", 4.0):
            pass

    assert clock.slept == [4.0]
    assert list((tmp_path / "theirs").iterdir()) == []
    [line] = [record.getMessage() for record in caplog.records]
    assert "so pauses between requests do not hold for runs at the same time" in line


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX")
def test_the_directory_of_gates_is_closed_to_others(tmp_path: Path) -> None:
    """Made so, or made so again; a gate's name cannot lead out of it."""
    place = tmp_path / "gates"
    place.mkdir(mode=0o755)
    with Gates(place).through("../../Evil/näme", 0.001):
        pass

    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert [file.name for file in tmp_path.iterdir()] == ["gates"]
    assert sorted(file.name for file in place.iterdir()) == [".._.._evil_n_me.left", ".._.._evil_n_me.lock"]


# ------------------------------------------------------------------ connections and logs


def test_a_service_is_asked_over_one_connection(fetching: Fetching) -> None:
    """Until the fetch is closed, and then over a new one."""
    connections: list[object] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(self)
            super().setup()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}/"
    fetch = fetching()
    counts = []
    for gate in ("service", "service", "", ""):
        body_of(fetch, address, gate=gate)
        counts.append(len(connections))
    fetch.close()
    body_of(fetch, address, gate="service")
    counts.append(len(connections))
    fetch.close()
    server.shutdown()
    thread.join()
    server.server_close()

    assert counts == [1, 1, 2, 3, 4]


def test_the_http_client_does_not_log_secrets(
    site: Site, fetching: Fetching, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It would write every address in full, and headers with them."""
    caplog.set_level(logging.DEBUG)
    site.on("/rss", unchanged)
    body_of(
        fetching(cache=tmp_path / "cache"), f"{site.address}/rss?token=hunter2", headers=(("x-api-key", "hunter2"),)
    )

    assert "hunter2" not in caplog.text
