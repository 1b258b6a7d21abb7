"""Who may ask the studio: its own page on this machine, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from studio import a_desk, a_folder

from newsletter.preview.web.app import studio

PORT, TOKEN = 8321, "a token of this server"
OWN = f"http://127.0.0.1:{PORT}"
NOW = datetime(2026, 6, 4, 12, tzinfo=UTC)
ADDRESSES = (
    "/", "/static/page.html", "/events", "/email", "/message.eml", "/api/desk", "/api/issue", "/api/text",
    "/api/source", "/api/message", "/api/checks", "/api/why", "/api/paper?paper=decoding", "/api/everyone",
    "/api/compare?with_as=grace", "/api/nothing",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Return who asks the studio, by the name of this machine."""
    desk = a_desk(a_folder(tmp_path_factory.mktemp("guarded")))
    yield TestClient(studio(desk, port=PORT, token=TOKEN, clock=lambda: NOW), base_url=OWN)
    desk.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8321", "127.0.0.1", "127.0.0.1:80", "", "10.0.0.1:8321"]
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_that_is_not_ours_reads_nothing(client: TestClient, address: str, host: str) -> None:
    """DNS rebinding makes another site's name lead here: https://en.wikipedia.org/wiki/DNS_rebinding"""
    answer = client.get(address, headers={"Host": host})

    assert answer.status_code == 403
    assert "ada@example.org" not in answer.text


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", f"https://127.0.0.1:{PORT}", "http://127.0.0.1:8000"]
)
@pytest.mark.parametrize("address", ADDRESSES)
def test_another_origin_reads_nothing(client: TestClient, address: str, origin: str) -> None:
    """Nor does another port of this machine."""
    assert client.get(address, headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("address", [each for each in ADDRESSES if each != "/events"])
def test_no_answer_allows_another_origin(client: TestClient, address: str) -> None:
    """What comes may be read, framed and run by our page alone."""
    headers = client.get(address).headers

    assert not [name for name in headers if name.lower().startswith("access-control-")]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors" in headers["Content-Security-Policy"]
    assert "unsafe-eval" not in headers["Content-Security-Policy"]


def test_another_site_may_not_embed_what_is_here(client: TestClient) -> None:
    """Browsers say what they want an answer for: scripts, frames and pictures of other sites get none."""
    for destination in ("script", "iframe", "image", "empty"):
        asked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": destination}
        assert client.get("/api/desk", headers=asked).status_code == 403
    followed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=followed).status_code == 200  # a link in a chat, which leads here


def test_an_email_is_shown_without_scripts_and_without_a_network(client: TestClient) -> None:
    """Whatever stands in it."""
    policy = client.get("/email").headers["Content-Security-Policy"]

    assert "script-src" not in policy
    assert "sandbox allow-same-origin" in policy
    assert "allow-scripts" not in policy
    assert "img-src data:" in policy


def test_the_page_runs_its_own_scripts_alone(client: TestClient) -> None:
    """None in the page itself, none of other hosts, and no markup made of text."""
    policy = client.get("/").headers["Content-Security-Policy"]

    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": OWN},
        {"X-Newsletter-Token": TOKEN},
        {"Origin": "http://evil.example", "X-Newsletter-Token": TOKEN},
        {"Origin": OWN, "X-Newsletter-Token": "guessed"},
        {"Origin": OWN, "X-Newsletter-Token": TOKEN + " "},
        {"Origin": OWN, "X-Newsletter-Token": TOKEN, "Host": "evil.example"},
        {"Origin": OWN, "X-Newsletter-Token": TOKEN, "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_test_is_sent_for_our_page_alone(client: TestClient, headers: dict[str, str]) -> None:
    """A form of another site can post here; it does not know the token, and cannot ask for it."""
    asked = {"to": "ada@example.org", "place": {}}
    answer = client.post("/api/test", content=json.dumps(asked), headers=headers)

    assert answer.status_code == 403


def test_with_token_and_origin_it_is_asked(client: TestClient) -> None:
    """Then settings decide: these have no mail server."""
    own = {"Origin": OWN, "X-Newsletter-Token": TOKEN}
    answer = client.post("/api/test", json={"to": "ada@example.org", "place": {}}, headers=own)

    assert answer.status_code in (400, 404)
    assert "smtp" in answer.json()["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_else_takes_more_than_a_question(client: TestClient, address: str, method: str) -> None:
    """A GET changes nothing, and nothing but the test is more than a GET."""
    own = {"Origin": OWN, "X-Newsletter-Token": TOKEN}

    assert client.request(method, address, headers=own).status_code in (404, 405)


def test_files_beside_the_page_cannot_be_had(client: TestClient) -> None:
    """Only what lies in its folder."""
    for address in ("/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%5capp.py"):
        assert client.get(address).status_code == 404


def test_questions_change_nothing(client: TestClient, tmp_path: Path) -> None:
    """The settings, the templates and the database are the same afterwards, byte for byte."""
    path = a_folder(tmp_path)
    desk = a_desk(path)
    asking = TestClient(studio(desk, port=PORT, token=TOKEN, clock=lambda: NOW), base_url=OWN)
    kept = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".db-shm"}
    for address in ADDRESSES:
        if address != "/events":
            asking.get(address)
    after = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file() and file.suffix != ".db-shm"}
    desk.close()

    assert {name: data for name, data in after.items() if not name.name.endswith("-wal")} == {
        name: data for name, data in kept.items() if not name.name.endswith("-wal")
    }
