"""What the page is told: complete, of plain values, and true of the email it is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from studio import SETTINGS, a_desk, a_folder

from newsletter.inbox import Inbox
from newsletter.preview.clip import MARK, with_clip
from newsletter.preview.desk import Desk
from newsletter.preview.first_text import first_text
from newsletter.preview.gallery import gallery
from newsletter.preview.trouble import What
from newsletter.preview.wanted import wanted
from newsletter.preview.web.app import studio
from newsletter.transfer import transferred

OWN, TOKEN = "http://127.0.0.1:8321", "a token of this server"
NOW = datetime(2026, 6, 4, 12, tzinfo=UTC)
READERS = ("ada", "grace", "emmy", "katherine", "sample")
LOOKS = ("issue", "text", "source", "message", "checks", "why")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Return a desk with two configurations on it."""
    path = a_folder(tmp_path_factory.mktemp("answers"))
    other = path.with_name("other.yaml")
    other.write_text(SETTINGS.replace("max_papers: 8", "max_papers: 5"), encoding="utf-8")
    made = a_desk(path, against=other)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(desk: Desk) -> TestClient:
    """Return who asks the studio."""
    return asking(desk)


def asking(desk: Desk) -> TestClient:
    """Return who asks the studio of a desk, as its page does."""
    return TestClient(studio(desk, port=8321, token=TOKEN, clock=lambda: NOW), base_url=OWN, headers={"Origin": OWN})


def told(client: TestClient, name: str, status: int = 200, **query: str) -> Any:
    """Return an answer; `as_` and `from_` are `as` and `from`."""
    answer = client.get(f"/api/{name}", params={key.rstrip("_"): value for key, value in query.items()})
    assert answer.status_code == status, answer.text
    return answer.json()


def plain(value: object) -> bool:
    """Return whether a value is made of what pages can compute with."""
    if isinstance(value, dict):
        return all(map(plain, value.values()))
    if isinstance(value, list):
        return all(map(plain, value))
    return value is None or isinstance(value, str | int | float | bool)


# ------------------------------------------------------------------ what there is


def test_the_desk_names_everything_there_is_to_choose_from(client: TestClient) -> None:
    """Editions newest first, readers in the order of the file, what ships last; cases and letters."""
    found = told(client, "desk")

    assert [each["issue"] for each in found["issues"]] == ["2026-06-05", "2026-06-04", "2026-06-03", "sample"]
    assert [each["papers"] for each in found["issues"]] == [0, 60, 20, 80]
    assert [each["as"] for each in found["readers"]] == [
        *(f"{name}@example.org" for name in READERS[:4]), "sample",
    ]  # fmt: skip
    assert found["readers"][0]["origin"].endswith("subscribers.yaml:8")
    assert {each["group"] for each in found["cases"]} == {"Issues", "Letters"}
    assert found["against"].endswith("other.yaml")
    assert found["recipients"] == ["ada@example.org"]
    assert "smtp" in found["no_test"]
    assert found["trouble"] is None
    assert found["token"] == TOKEN


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("look", LOOKS)
def test_every_answer_is_of_plain_values(client: TestClient, look: str, reader: str) -> None:
    """Numbers are numbers: a page that gets one as text fails later, and elsewhere."""
    found = told(client, look, as_=reader)

    assert plain(found)
    if look == "why":
        for each in found["candidates"]:
            assert isinstance(each["score"], float)
            assert each["nearest"] is None or isinstance(each["nearest"]["score"], float)


@pytest.mark.parametrize("case", [each.case for each in gallery()])
def test_every_case_has_every_answer(client: TestClient, case: str) -> None:
    """Though nobody asked for its papers, and no settings can be tried."""
    for look in LOOKS:
        assert plain(told(client, look, case=case))
    assert told(client, "issue", case=case)["settings"] is None
    assert told(client, "issue", case=case)["place"]["case"] == case
    assert client.get("/email", params={"case": case}).status_code == 200


def test_an_issue_is_told_with_its_sizes_and_limits(client: TestClient, desk: Desk) -> None:
    """Those of the bytes that would be sent."""
    found, look = told(client, "issue"), desk.look(wanted({}))

    assert found["subject"] == look.email.subject
    assert found["recipient"] == ["Ada Lovelace", "ada@example.org"]
    assert found["papers"] == 8
    assert found["sizes"]["message"] == len(look.message)
    assert found["limits"]["html"] < found["limits"]["clip"]
    assert found["place"] == {"issue": "2026-06-04", "as": "ada@example.org", "case": None}
    assert found["preheader"]
    assert found["preheader"] in " ".join(found["preheader"].split())


def test_tried_settings_are_told_as_the_lines_to_paste(client: TestClient) -> None:
    """Only what differs from what is written, where it goes; nothing where nothing does."""
    settings = told(client, "issue", max_papers="3", min_score="0.61")["settings"]

    assert settings["written"] == {"max_papers": 8, "min_score": 0.5}
    assert settings["yaml"] == "    max_papers: 3  # in the place of line 10\n    min_score: 0.61  # below line 8\n"
    assert told(client, "issue", max_papers="3")["settings"]["yaml"].count("\n") == 1
    assert told(client, "issue", max_papers="8")["settings"]["yaml"] == ""
    assert told(client, "issue", as_="sample", max_papers="3")["settings"]["yaml"] == "    max_papers: 3\n"


@pytest.mark.parametrize("indent", ["", "  ", "      "])
def test_what_is_to_be_pasted_loads(indent: str, tmp_path: Path) -> None:
    """However the list is indented: pasted where it says, it makes the issue that was tried."""
    head, _, people = SETTINGS.partition("subscribers:\n")
    text = head + "subscribers:\n" + "".join(f"{indent}{line[2:]}\n" for line in people.splitlines())
    path = a_folder(tmp_path, text)
    desk = a_desk(path)
    settings = told(asking(desk), "issue", max_papers="3", min_score="0.61")["settings"]
    tried = told(asking(desk), "text", max_papers="3", min_score="0.61")
    lines = text.splitlines()
    replaced, added = settings["yaml"].splitlines()
    lines[int(replaced.rpartition(" ")[2]) - 1] = replaced
    lines.insert(int(added.rpartition(" ")[2]), added)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    desk.reload({What.SETTINGS})
    loaded = told(asking(desk), "text")
    desk.close()

    assert desk.trouble is None
    assert tried == loaded


# ------------------------------------------------------------------ the parts of an email


def test_the_source_is_the_html_its_template_and_what_it_was_given(client: TestClient, desk: Desk) -> None:
    """The template with all that it includes, before MJML; the view as data."""
    found = told(client, "source")

    assert found["html"] == desk.look(wanted({})).email.html
    assert "<mj-section" in found["mjml"]
    assert "{% include" not in found["mjml"]
    assert found["context"]["lead"]["facts"]["title"]
    assert found["context"]["day"] == "2026-06-04"


def test_a_message_is_taken_apart(client: TestClient, desk: Desk) -> None:
    """Headers decoded and on one line, the tree with its sizes, and a file to keep."""
    found = told(client, "message")
    eml = client.get(found["eml"])
    parsed = message_from_bytes(eml.content, policy=policy.default)

    assert eml.content == desk.look(wanted({})).message
    assert eml.headers["Content-Disposition"].startswith("attachment")
    assert dict(found["headers"])["Subject"] == parsed["Subject"]
    assert found["tree"]["type"] == "multipart/alternative"
    assert [each["type"] for each in found["tree"]["children"]] == ["text/plain", "text/html"]
    assert found["raw"].startswith("From: Daily Papers")


def test_a_reader_of_text_gets_one_part(client: TestClient) -> None:
    """There is no HTML to show, and the page is told."""
    assert told(client, "issue", as_="katherine")["has_html"] is False
    assert told(client, "message", as_="katherine")["tree"]["type"] == "text/plain"
    assert client.get("/email", params={"as": "katherine"}).status_code == 200


def test_findings_name_the_template_line_and_the_paper(tmp_path: Path) -> None:
    """What a user's own template breaks in a row is told with its file, its line and the paper."""
    path = a_folder(tmp_path)
    own = tmp_path / "templates" / "issue" / "authors.html.j2"
    own.write_text('{# Mine. #}\n<p class="authors">{{ paper.facts.summary }}\n<a href="#">click</a></p>\n')
    desk = a_desk(path)
    found = told(asking(desk), "checks")
    desk.close()
    named = [
        each for each in found["findings"] if each["template"] and each["template"]["file"] == "issue/authors.html.j2"
    ]

    assert found["errors"] + found["warnings"] > 0
    assert named
    assert named[0]["template"]["line"] in (2, 3)
    assert named[0]["paper"]["id"].startswith("arxiv:")


# ------------------------------------------------------------------ why


def test_every_paper_of_the_edition_is_a_candidate_once(client: TestClient) -> None:
    """In the issue, cut, or not matched: the three lots, in this order."""
    found = told(client, "why")["candidates"]
    fates = [each["fate"] for each in found]

    assert len({each["id"] for each in found}) == len(found) >= 60
    assert fates[:8].count("in") + fates[:8].count("trending") == 8
    assert fates == sorted(fates, key=["in", "pick", "trending", "cut", "unmatched"].index) or "trending" in fates


def test_one_paper_is_traced_by_words_of_its_title(client: TestClient) -> None:
    """Its history, the verdict, every interest, and what would have brought it."""
    cut = next(each for each in told(client, "why")["candidates"] if each["fate"] == "cut")
    found = told(client, "paper", paper=cut["id"])

    assert found["found"] is True
    assert "CUT for ada@example.org" in found["verdict"]
    assert len(found["nearest"]) == 3
    assert found["history"][-1] == "new in the edition of 2026-06-04"
    assert told(client, "paper", paper=cut["title"])["paper"]["id"] == cut["id"]
    assert plain(found)


def test_a_paper_of_another_day_is_found_there(client: TestClient) -> None:
    """One that nobody brought is told as that."""
    elsewhere = told(client, "why", issue="2026-06-03")["candidates"][0]
    found, unknown = told(client, "paper", paper=elsewhere["title"]), told(client, "paper", paper="the moons of Uranus")

    assert found["found"] is False
    assert found["near"][0]["issue"] == "2026-06-03"
    assert unknown["near"] == []
    assert "no source ever brought it" in unknown["told"]


# ------------------------------------------------------------------ several issues


def test_everyone_is_told_in_parts(client: TestClient) -> None:
    """Paused ones too; of the sizes and verdicts of their own emails."""
    found = told(client, "everyone")

    assert [each["as"] for each in found["rows"]] == [f"{name}@example.org" for name in READERS[:4]]
    assert found["next"] is None
    assert found["rows"][3]["status"] == "paused"
    assert all(each["verdict"] for each in found["rows"])
    assert told(client, "everyone", from_="4")["rows"] == []
    assert "is no number" in told(client, "everyone", status=404, from_="x")["error"]


def test_two_configurations_are_compared(client: TestClient) -> None:
    """What is lost is told with the rule that took it."""
    found = told(client, "compare", with_settings="other")

    assert (found["left"]["papers"], found["right"]["papers"]) == (8, 5)
    assert {each["kind"] for each in found["changes"]} >= {"lost"}
    assert any("max_papers is 5" in each["why"] for each in found["changes"])
    assert client.get(f"/email?{found['right']['query']}").text != client.get(f"/email?{found['left']['query']}").text


def test_what_is_tried_is_compared_with_what_is_written(client: TestClient) -> None:
    """The right side is the file's."""
    found = told(client, "compare", max_papers="3", with_settings="written")

    assert (found["left"]["papers"], found["right"]["papers"]) == (3, 8)


def test_letters_are_not_compared(client: TestClient) -> None:
    """They have no papers."""
    assert "choose an issue" in told(client, "compare", status=404, case="letter welcome")["error"]


# ------------------------------------------------------------------ what an email looks like


def test_where_gmail_cuts_stands_between_two_elements(client: TestClient) -> None:
    """After a tag, outside of styles, at the limit; an email that is shorter is as it is."""
    html = client.get("/email").text
    limit = 30_000
    cut = with_clip(html, limit)
    before = cut.partition(MARK)[0]

    assert with_clip(html) == html
    assert cut.replace(MARK, "") == html
    assert before.endswith(">")
    assert limit - 2_000 < len(transferred(before).octets) <= limit
    assert before.count("<style") == before.count("</style>")
    _Balanced().feed(cut)


def test_the_limit_within_a_style_or_before_all_tags_does_no_harm() -> None:
    """The mark never lands in what is no text."""
    html = (
        "<!doctype html><html><head><style>" + "p { color: red } " * 400 + "</style></head><body><p>x</p></body></html>"
    )

    assert with_clip(html, 3_000).index(MARK) < html.index("<style>") + 1
    assert with_clip("word " * 1_000, 100).startswith(MARK)


class _Balanced(HTMLParser):
    """Fails for a comment that is not where comments may stand."""

    def handle_data(self, data: str) -> None:
        assert MARK not in data


def test_the_preheader_is_the_first_text_of_the_email(desk: Desk) -> None:
    """Without what fills it up; of a text, its first lines."""
    html = desk.look(wanted({"as": "grace"}))
    text = desk.look(wanted({"as": "katherine"}))
    assert html.issue
    assert html.issue.lead

    assert first_text(html.email).startswith(html.issue.lead.paper.title[:30])
    assert "\u034f" not in first_text(html.email)
    assert first_text(text.email).startswith("Daily Papers")


# ------------------------------------------------------------------ what is wrong


def test_a_template_that_fails_on_one_issue_tells_its_place(tmp_path: Path) -> None:
    """Others are shown as before: 422, file, line and the lines around it."""
    path = a_folder(tmp_path)
    own = tmp_path / "templates" / "issue" / "byline.j2"
    own.write_text('{% if issue.address == "grace@example.org" %}\n{{ issue.edtor }}\n{% endif %}\n', encoding="utf-8")
    desk = a_desk(path)
    ada, found = told(asking(desk), "issue"), told(asking(desk), "issue", 422, as_="grace")
    everyone = told(asking(desk), "everyone")["rows"]
    desk.close()

    assert desk.trouble is None
    assert ada["subject"]
    assert 'did you mean "editor"' in found["error"]
    (problem,) = found["trouble"]["problems"]
    assert (problem["file"], problem["line"]) == (str(own), 2)
    assert [line["text"] for line in problem["excerpt"] if line["here"]] == ["{{ issue.edtor }}"]
    assert "did you mean" in everyone[1]["verdict"]
    assert everyone[0]["papers"] == 8


def test_what_goes_wrong_in_the_program_is_told_and_survived(
    client: TestClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next question is answered."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("somewhere")

    with monkeypatch.context() as patched:
        patched.setattr(Desk, "look", broken)
        assert "unexpected ZeroDivisionError" in told(client, "issue", status=500)["error"]
    assert told(client, "issue")["subject"]
    assert desk.trouble is None


@pytest.mark.parametrize(
    "body",
    ["", "{}", "[]", '"x"', '{"to": 1}', '{"to": "ada@example.org", "place": []}', "\xff", "{" * 9_000, "[" * 9_000],
)
def test_a_test_that_is_not_asked_for_properly_is_refused(client: TestClient, body: str) -> None:
    """In one line."""
    answer = client.post("/api/test", content=body.encode("latin-1"), headers={"X-Newsletter-Token": TOKEN})

    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}


def test_a_test_is_sent_by_the_users_own_server_and_recorded_nowhere(tmp_path: Path, inbox: Inbox) -> None:
    """To who is named, marked; nobody else, and no store, hears of it."""
    smtp = f"smtp: {{host: {inbox.settings.host}, port: {inbox.settings.port}, encryption: none}}\n"
    desk = a_desk(a_folder(tmp_path / "own", smtp + SETTINGS))
    client = asking(desk)
    assert told(client, "desk")["no_test"] == ""

    def asked(to: str) -> Any:
        return client.post(
            "/api/test", json={"to": to, "place": {"as": "grace"}}, headers={"X-Newsletter-Token": TOKEN}
        )

    sent, refused = asked("Ada@Example.org"), asked("grace@example.org")
    store = desk.setup.material.store
    deliveries = store.history.deliveries() if store else None
    desk.close()

    assert sent.json()["sent"] is True
    assert sent.json()["detail"].startswith("250")
    assert "preview.test_recipients" in refused.json()["error"]
    assert deliveries == ()
    (path,) = inbox.paths
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert message["To"] == "ada@example.org"
    assert message["Subject"].startswith("[TEST] ")
    assert "List-Unsubscribe" not in message
