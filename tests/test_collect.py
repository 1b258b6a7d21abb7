"""Fetching and parsing of every source: with literal bodies, with real files, and with a real server on loopback."""

from __future__ import annotations

import gzip
import logging
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from makers import DAY

from newsletter import __version__
from newsletter.collect import Fetch, collect
from newsletter.collect.fetch import HttpAndFiles, _is_arxiv
from newsletter.errors import SourceError
from newsletter.models import Collected, Entry, HealthState, Parsed
from newsletter.sources import KINDS
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.feed import Feed
from newsletter.sources.pages import Pages
from newsletter.sources.source import Source

SATURDAY = date(2026, 11, 21)
RSS = b"<rss version='2.0'><channel><item><title>Caf\xc3\xa9 of papers</title></item></channel></rss>"
EMPTY_ATOM = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>cs.LG updates</title></feed>"
PAGE = b"A Title of a Paper\nAn abstract that ends.\n"


# ------------------------------------------------------------------ collect


class Broken(Source):
    """A source whose parser has a mistake."""

    @property
    def label(self) -> str:
        """Return a name."""
        return "broken"

    def locations(self, day: date) -> tuple[str, ...]:
        """Return two places."""
        return (f"one {day}", "two")

    def parse(self, body: bytes, location: str, *, today: date) -> Parsed:
        """Fail as only a mistake of ours does."""
        raise ZeroDivisionError(f"{location} {len(body)} {today}")


def literal(**bodies: bytes) -> Fetch:
    """Return a fetch that knows some locations by heart."""

    def fetch(location: str) -> Iterator[tuple[str, bytes]]:
        for name, body in bodies.items():
            if name in location:
                yield location, body
                return
        raise SourceError(f"{location}: no connection; check the network")

    return fetch


def collected(*sources: Source, today: date = DAY, **bodies: bytes) -> Collected:
    """Return what the sources give with the given bodies."""
    return collect(sources, today=today, fetch=literal(**bodies))


def test_one_failure_stops_no_other_source() -> None:
    """The reader gets what there is, and is told what there is not."""
    found = collected(Feed(name="A", path="lost"), Feed(name="B", path="rss"), Pages(path="page"), rss=RSS, page=PAGE)

    assert [entry.title for entry in found.entries] == ["Café of papers", "A Title of a Paper"]
    assert [(health.source, health.state, health.entries) for health in found.health] == [
        ("feed A", HealthState.FAILED, 0),
        ("feed B", HealthState.FETCHED, 1),
        ("pages page", HealthState.FETCHED, 1),
    ]
    assert found.health[0].detail == "lost: no connection; check the network"


def test_a_mistake_of_ours_is_logged_with_its_traceback_and_fails_one_source_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is neither swallowed nor allowed to stop the run."""
    found = collected(Broken(), Feed(name="B", path="rss"), one=b"x", two=b"y", rss=RSS)
    tracebacks = [record for record in caplog.records if record.exc_info]

    assert [health.state for health in found.health] == [HealthState.FAILED, HealthState.FETCHED]
    assert found.health[0].detail == (
        "one 2026-11-20: unexpected ZeroDivisionError: one 2026-11-20 1 2026-11-20; "
        "please report it with the details in the log (and 1 more)"
    )
    assert len(tracebacks) == 2


def test_arxivs_weekend_is_empty_with_its_reason() -> None:
    """Silence is explained."""
    [health] = collected(Arxiv(categories=("cs.LG",)), today=SATURDAY, arxiv=EMPTY_ATOM).health

    assert (health.state, health.detail) == (HealthState.EMPTY, "arXiv announces nothing on Saturday and Sunday")


def test_an_empty_answer_on_another_day_is_told_as_it_is() -> None:
    """Nobody guesses a reason."""
    [health] = collected(Arxiv(categories=("cs.LG",)), arxiv=EMPTY_ATOM).health

    assert (health.state, health.detail) == (HealthState.EMPTY, "it answered, and lists nothing")


def test_sources_of_one_label_are_numbered_in_health_and_entries() -> None:
    """Otherwise nobody knows which of them failed."""
    feed = Feed(name="A", path="rss")
    found = collected(feed, feed, Feed(name="A (2)", path="rss"), rss=RSS)

    assert [health.source for health in found.health] == ["feed A", "feed A (2)", "feed A (2) (2)"]
    assert [entry.source for entry in found.entries] == [health.source for health in found.health]


def test_progress_is_told_after_each_source() -> None:
    """With how many there are."""
    told: list[tuple[str, int, int]] = []
    sources = (Feed(name="A", path="rss"), Feed(name="B", path="lost"))
    collect(sources, today=DAY, fetch=literal(rss=RSS), progress=lambda *each: told.append(each))

    assert told == [("feed A", 1, 2), ("feed B", 2, 2)]


def test_one_bad_file_of_several_is_a_warning(tmp_path: Path) -> None:
    """The others are read; the bad one is named."""
    for name, body in {"a.txt": PAGE, "b.txt": b"", "c.txt": PAGE}.items():
        (tmp_path / name).write_bytes(body)
    found = collect([Pages(path="*.txt")], today=DAY, fetch=HttpAndFiles(tmp_path))

    [health] = found.health
    assert [entry.place for entry in found.entries] == ["a.txt:1", "c.txt:1"]
    assert health.state is HealthState.FETCHED
    assert health.warnings == ("b.txt: no papers in this page; save the listing again, as text",)


def test_warnings_beyond_twenty_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """The log has them all, the email does not."""
    body = RSS.replace(b"</channel>", b"<item><link>x</link></item>" * 30 + b"</channel>")
    [health] = collected(Feed(name="A", path="rss"), rss=body).health

    assert len(health.warnings) == 20
    assert health.warnings[-1] == "and 11 more; the log has them all"
    assert sum("no title" in record.getMessage() for record in caplog.records) == 30


def test_a_detail_is_one_short_line() -> None:
    """Whatever a server wrote."""

    def fetch(location: str) -> Iterator[tuple[str, bytes]]:
        raise SourceError(f"{location}\r\n\0Bcc: x " + "y" * 5000)

    [health] = collect([Pages(path="p")], today=DAY, fetch=fetch).health

    assert health.detail.startswith("p Bcc: x yyy") or health.detail == "p Bcc: x…"
    assert len(health.detail) <= 400


def test_no_sources_give_nothing() -> None:
    """And no error."""
    assert collected() == Collected((), ())


def test_every_kind_of_source_has_its_key() -> None:
    """It is the key in the settings."""
    assert {key: kind.__name__.lower() for key, kind in KINDS.items()} == {
        "arxiv": "arxiv", "feed": "feed", "pages": "pages",
    }  # fmt: skip


# ------------------------------------------------------------------ files


def test_files_of_a_pattern_come_sorted_and_named_from_the_base(tmp_path: Path) -> None:
    """So that a run is repeatable and a place can be found."""
    (tmp_path / "saved" / "deep").mkdir(parents=True)
    for name in ("saved/b.txt", "saved/a.txt", "saved/deep/c.txt", "saved/d.md"):
        (tmp_path / name).write_bytes(name.encode())
    fetch = HttpAndFiles(tmp_path)

    assert list(fetch("saved/*.txt")) == [("saved/a.txt", b"saved/a.txt"), ("saved/b.txt", b"saved/b.txt")]
    assert [name for name, _ in fetch("saved/**/*.txt")] == ["saved/a.txt", "saved/b.txt", "saved/deep/c.txt"]


def test_a_name_with_brackets_is_a_name_before_it_is_a_pattern(tmp_path: Path) -> None:
    """Browsers save `page [1].txt`."""
    (tmp_path / "page [1].txt").write_bytes(PAGE)

    assert list(HttpAndFiles(tmp_path)("page [1].txt")) == [("page [1].txt", PAGE)]


def test_an_absolute_path_is_read_as_it_is(tmp_path: Path) -> None:
    """It has nothing to do with the base."""
    (tmp_path / "x.xml").write_bytes(RSS)

    assert list(HttpAndFiles(Path("elsewhere"))(str(tmp_path / "*.xml"))) == [(str(tmp_path / "x.xml"), RSS)]


def test_a_pattern_that_matches_nothing_is_an_error_that_says_so(tmp_path: Path) -> None:
    """Most often a slip in the settings."""
    (tmp_path / "directory.txt").mkdir()
    with pytest.raises(SourceError, match=r"\*\.txt: no file has this name or pattern in .*; correct the path"):
        HttpAndFiles(tmp_path)("*.txt")


def test_a_file_that_is_too_large_is_refused_and_the_next_one_read(tmp_path: Path) -> None:
    """An error in the middle does not end the pattern."""
    (tmp_path / "a").write_bytes(b"x" * 11)
    (tmp_path / "b").write_bytes(b"x" * 10)
    bodies = HttpAndFiles(tmp_path, max_bytes=10)("*")

    with pytest.raises(SourceError, match="a: larger than 10 bytes"):
        next(bodies)
    assert list(bodies) == [("b", b"x" * 10)]


# ------------------------------------------------------------------ a real server


@dataclass
class Server:
    """An HTTP server on loopback that answers what a test told it and remembers what it was asked."""

    address: str
    answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def answer(self, path: str, body: bytes = b"", *, status: int = 200, **headers: str) -> str:
        """Add an answer for a path (the last one is repeated) and return the address."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.setdefault(path, []).append((status, named, body))
        return self.address + path


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server that runs during the test."""
    told = Server("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            told.asked.append((self.path, dict(self.headers)))
            answers = told.answers.get(path, [(404, {}, b"nothing here")])
            status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class calls it so
            """Say nothing."""

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.address = f"http://127.0.0.1:{running.server_port}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    running.shutdown()
    thread.join()
    running.server_close()


def a_fetch(**options: object) -> HttpAndFiles:
    """Return a fetch that never sleeps in earnest."""
    return HttpAndFiles(Path(), **{"timeout_seconds": 2.0, "sleep": lambda _: None, **options})  # type: ignore[arg-type]


def body_of(address: str, **options: object) -> bytes:
    """Return the body at an address."""
    [(place, body)] = a_fetch(**options)(address)
    assert place == address
    return body


def test_a_body_is_fetched_and_the_request_says_who_asks(server: Server) -> None:
    """Some servers refuse a request without Accept, and operators like to know whom to write to."""
    address = server.answer("/rss", RSS)

    assert body_of(address, contact="https://example.org/papers") == RSS
    [(_, headers)] = server.asked
    assert headers["User-Agent"] == f"paper-newsletter/{__version__} (+https://example.org/papers)"
    assert headers["Accept"].startswith("application/atom+xml")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "the server answered 404; nothing is at this address; correct it under sources"),
        (403, "the server answered 403; it refuses this program"),
        (500, "the server answered 500; the next run tries again"),
        (418, "the server answered 418; check the address"),
    ],
)
def test_an_error_status_says_the_way_out(server: Server, status: int, message: str) -> None:
    """By what the reader of it can do."""
    address = server.answer("/rss", b"<html>sorry</html>", status=status)

    with pytest.raises(SourceError, match=f"{address}: {message}"):
        body_of(address)


def test_the_reason_arxiv_gives_for_a_refusal_is_told(server: Server) -> None:
    """It comes as a feed with status 400 and names what was wrong."""
    body = b"<?xml version='1.0'?><rss><channel><title>Feed error for query: cs.zz</title></channel></rss>"
    address = server.answer("/atom/cs.zz", body, status=400)

    with pytest.raises(SourceError, match=r"400 \(Feed error for query: cs.zz\); check the address"):
        body_of(address)


@pytest.mark.parametrize("status", [406, 429, 503])
def test_a_server_that_asks_to_wait_is_asked_again(server: Server, status: int) -> None:
    """After as long as it says."""
    server.answer("/rss", status=status, Retry_After="7")
    server.answer("/rss", status=status)
    address = server.answer("/rss", RSS)
    slept: list[float] = []

    assert body_of(address, sleep=slept.append) == RSS
    assert slept == [7.0, 10.0]


@pytest.mark.parametrize(("retry_after", "requests"), [("", 3), ("3600", 1)])
def test_a_server_that_asks_to_wait_too_long_or_too_often_fails_for_today(
    server: Server, retry_after: str, requests: int
) -> None:
    """The other sources do not wait for it."""
    address = server.answer("/rss", status=429, Retry_After=retry_after)

    with pytest.raises(SourceError, match="429; the next run tries again"):
        body_of(address)
    assert len(server.asked) == requests


def test_redirects_are_followed_but_not_for_ever(server: Server) -> None:
    """Feeds move."""
    moved = server.answer("/old", status=301, Location="/new")
    circle = server.answer("/circle", status=302, Location="/circle")
    astray = server.answer("/astray", status=302, Location="ftp://example.org/")
    server.answer("/new", RSS)

    assert body_of(moved) == RSS
    with pytest.raises(SourceError, match="more than 5 redirects"):
        body_of(circle)
    with pytest.raises(SourceError, match="an address that is not http"):
        body_of(astray)


def test_a_body_that_breaks_off_is_an_error(server: Server) -> None:
    """Half a list of papers is not today's list."""
    address = server.answer("/rss", RSS, Content_Length=str(len(RSS) + 100))

    with pytest.raises(SourceError, match=r"the connection broke off \(.*\); the next run tries again"):
        body_of(address)


def test_a_body_that_is_too_large_is_refused_before_it_is_all_read(server: Server) -> None:
    """Also when it is small on the way."""
    large = server.answer("/large", b"x" * 2_000_001)
    bomb = server.answer("/bomb", gzip.compress(b"x" * 20_000_000), Content_Encoding="gzip")

    for address in (large, bomb):
        with pytest.raises(SourceError, match="larger than 2 MB; is it a feed"):
            body_of(address, max_bytes=2_000_000)


def test_a_damaged_compression_is_an_error(server: Server) -> None:
    """Not an exception of a library."""
    address = server.answer("/rss", b"no gzip at all", Content_Encoding="gzip")

    with pytest.raises(SourceError, match="the body is damaged"):
        body_of(address)


def test_a_wrong_charset_in_the_header_does_not_matter(server: Server) -> None:
    """The bytes decide."""
    address = server.answer("/rss", RSS, Content_Type="application/rss+xml; charset=iso-8859-1")
    found = collect([Feed(name="A", url=address)], today=DAY, fetch=a_fetch())

    assert found.entries[0] == Entry("feed A", f"{address}#1", "Café of papers")


def test_a_server_that_drips_is_not_waited_for(server: Server) -> None:
    """Each byte may come in time and the whole still never end."""
    address = server.answer("/rss", RSS)
    clock = iter(range(0, 10_000, 100))

    with pytest.raises(SourceError, match="the server sends too slowly"):
        body_of(address, monotonic=lambda: float(next(clock)))


def test_no_connection_is_an_error_with_the_address() -> None:
    """Nobody listens there."""
    with pytest.raises(SourceError, match=r"http://127\.0\.0\.1:9/rss\?token=…: no connection .*; check the address"):
        body_of("http://127.0.0.1:9/rss?token=hunter2")


def test_a_silent_server_is_an_error_after_the_timeout() -> None:
    """It takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with pytest.raises(SourceError, match=r"no answer within 0.1 s; the next run tries again"):
            body_of(address, timeout_seconds=0.1)


def test_a_server_without_tls_is_an_error(server: Server) -> None:
    """The address says https, and http is spoken."""
    with pytest.raises(SourceError, match="no connection"):
        body_of(server.address.replace("http://", "https://"))


@pytest.mark.parametrize("address", ["http://", "http://[bad/", "http://exa mple.org/", "http://example.org:99999999/"])
def test_an_impossible_address_is_an_error(address: str) -> None:
    """Not an exception of a library."""
    with pytest.raises(SourceError):
        body_of(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://rss.arxiv.org/atom/cs.LG", True),
        ("http://ARXIV.org", True),
        ("https://export.arxiv.org:443/api", True),
        ("https://notarxiv.org/", False),
        ("https://arxiv.org.example.org/", False),
        ("https://example.org/arxiv.org", False),
    ],
)
def test_every_host_of_arxiv_is_known(*, address: str, expected: bool) -> None:
    """They share one gate."""
    assert _is_arxiv(address) is expected


def test_requests_to_arxiv_keep_three_seconds_apart(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    """Its terms ask for it, over all its hosts; other hosts need not wait."""
    monkeypatch.setattr("newsletter.collect.fetch._is_arxiv", lambda address: "arxiv" in address)
    arxiv, other = server.answer("/arxiv", RSS), server.answer("/rss", RSS)
    now = [100.0]
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    fetch = a_fetch(sleep=sleep, monotonic=lambda: now[0])
    list(fetch(arxiv))
    list(fetch(other))
    now[0] += 1.0
    list(fetch(arxiv))
    list(fetch(arxiv))

    assert slept == [2.0, 3.0]


def test_the_http_client_does_not_log_secrets(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """It would write every address in full."""
    caplog.set_level(logging.DEBUG)
    address = server.answer("/rss", RSS)
    collect([Feed(name="A", url=f"{address}?token=hunter2")], today=DAY, fetch=a_fetch())

    assert "hunter2" not in caplog.text
