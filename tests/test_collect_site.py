"""`newsletter collect` against a site that imitates every service: each day and each fault tells its own truth."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import stamina
from bodies_arxiv import an_atom_entry, an_atom_feed
from commands import Command
from imitation import NAMES, PATHS, SETTINGS, TREES, VEINS, everywhere
from sites import Asked, Reply, Site

import newsletter.collect.fetch
from newsletter.collect.fetch import HttpAndFiles
from newsletter.inbox import Inbox

FRIDAY, SATURDAY, HOLIDAY = "2026-11-20T09:00", "2026-11-21T09:00", "2026-11-26T09:00"
ARXIV = "/arxiv/atom/cs.CL+cs.LG"
EMPTY = Reply(an_atom_feed())


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inbox: Inbox) -> Iterator[Site]:
    """Give a site that answers as on a normal Friday; settings in the current folder ask all of it; nobody waits."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # no pause is owed to an earlier test
    hasty = partial(HttpAndFiles, timeout_seconds=1.0, sleep=lambda _: None)
    monkeypatch.setattr(newsletter.collect.fetch, "HttpAndFiles", hasty)
    with Site() as site, stamina.set_testing(testing=True, attempts=3):
        settings = SETTINGS.format(site=site.address, port=inbox.settings.port)
        (tmp_path / "subscribers.yaml").write_text(settings, encoding="utf-8")
        yield everywhere(site)


Collect = Callable[..., dict[str, Any]]


@pytest.fixture
def collect(site: Site, newsletter: Command) -> Collect:
    """Return what runs `collect --json` at a time and gives what it printed, its exit code among it."""

    def run(at: str, *options: str) -> dict[str, Any]:
        ran = newsletter("collect", "--json", "--at", at, *options)
        told: dict[str, Any] = json.loads(ran.out)
        told["exit"] = ran.code
        return told

    return run


def states(told: dict[str, Any]) -> dict[str, str]:
    """Return the state of each source."""
    return {each["source"]: each["state"] for each in told["sources"]}


def health(told: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the health of one source."""
    found: dict[str, Any] = next(each for each in told["sources"] if each["source"] == name)
    return found


def test_a_normal_day_is_one_paper_per_work_with_all_its_identities(collect: Collect) -> None:
    """And a health line for each source."""
    told = collect(FRIDAY)
    papers = {paper["title"]: paper for paper in told["papers"]}

    assert (told["exit"], told["day"]) == (0, "2026-11-20")
    assert states(told) == {name: "late" if name == "medrxiv" else "fetched" for name in NAMES}
    assert set(papers) == {TREES, VEINS, "Paper 2"}
    assert {"arxiv:2611.01234", "doi:10.1234/trees", "openreview:aBcD3fGh_1"} <= set(papers[TREES]["identities"])
    assert papers[TREES]["upvotes"] == 26
    assert papers[TREES]["upvotes_at"] == "2026-11-20T14:00:00+00:00"
    assert papers[TREES]["code_url"] == "https://code.example.org/ada/trees"
    assert papers[TREES]["sources"] == [NAMES[0], NAMES[1], NAMES[5], NAMES[6]]
    assert {"doi:10.1101/2026.11.19.654321", "doi:10.1234/veins.7", "pmid:40000001"} <= set(papers[VEINS]["identities"])
    assert papers[VEINS]["venue"]
    assert papers[VEINS]["sources"] == [NAMES[2], NAMES[7], NAMES[8], NAMES[4]]


def test_a_holiday_is_empty_and_says_when_arxiv_announces_next(site: Site, collect: Collect) -> None:
    """All other sources go on."""
    site.on(ARXIV, EMPTY)
    told = collect(HOLIDAY)

    arxiv = health(told, NAMES[0])
    assert (told["exit"], arxiv["state"], arxiv["next_at"]) == (0, "empty", "2026-11-30T01:00:00+00:00")
    assert "Thanksgiving" in arxiv["detail"]
    assert "Sunday 29 November 20:00" in arxiv["detail"]
    assert states(told)[NAMES[1]] == "fetched"


def test_a_saturday_is_empty_and_says_so(site: Site, collect: Collect) -> None:
    """The next announcement is on Sunday."""
    site.on(ARXIV, EMPTY)
    site.on("/hf/api/daily_papers", b"[]")
    told = collect(SATURDAY)

    assert told["exit"] == 0
    assert (states(told)[NAMES[0]], states(told)[NAMES[1]]) == ("empty", "empty")
    assert health(told, NAMES[0])["next_at"] == "2026-11-23T01:00:00+00:00"
    assert "Saturday and Sunday" in health(told, NAMES[0])["detail"]
    assert "weekend" in health(told, NAMES[1])["detail"]


def test_an_empty_list_on_a_working_day_is_late_and_the_next_run_asks_again(site: Site, collect: Collect) -> None:
    """It is not a holiday, and not an error."""
    site.on(ARXIV, EMPTY, site.answer_of(ARXIV))
    late, later = collect(FRIDAY), collect("2026-11-20T09:30")

    assert (late["exit"], states(late)[NAMES[0]]) == (0, "late")
    assert states(later)[NAMES[0]] == "fetched"
    assert TREES in {paper["title"] for paper in later["papers"]}


@pytest.mark.parametrize("status", [406, 429, 503])
def test_throttling_is_told_with_its_end_and_nobody_asks_before(status: int, site: Site, collect: Collect) -> None:
    """Some sources could not be read: 4."""
    site.on(ARXIV, Reply(b"slow down", status, {"Retry-After": "3600"}))
    told, soon, later = collect(FRIDAY), collect("2026-11-20T09:59"), collect("2026-11-20T10:01")
    arxiv = health(told, NAMES[0])

    assert (told["exit"], arxiv["state"], arxiv["again_at"]) == (4, "throttled", "2026-11-20T15:00:00+00:00")
    assert str(status) in arxiv["detail"]
    assert states(told)[NAMES[1]] == "fetched"
    assert health(soon, NAMES[0])["asked_at"] == arxiv["asked_at"]
    assert health(later, NAMES[0])["failures"] == 2
    assert len(site.asked_for(ARXIV)) == 2


def test_throttling_for_a_moment_is_nobodys_business(site: Site, collect: Collect) -> None:
    """The second try answers."""
    site.on(ARXIV, Reply(b"", 429), Reply(b"", 406), site.answer_of(ARXIV))
    told = collect(FRIDAY)

    assert (told["exit"], states(told)[NAMES[0]], len(site.asked_for(ARXIV))) == (0, "fetched", 3)


def test_a_source_that_hangs_fails_alone(site: Site, collect: Collect) -> None:
    """The others are read meanwhile."""
    site.on("/openreview/notes", Reply(hangs=True))
    told = collect(FRIDAY)
    hanging = health(told, NAMES[5])

    assert (told["exit"], hanging["state"], hanging["failures"]) == (4, "failed", 1)
    assert "no answer within 1 s" in hanging["detail"]
    assert {TREES, VEINS} <= {paper["title"] for paper in told["papers"]}


# ------------------------------------------------------------------ every source, every fault

GIVING = [name for name in NAMES if name != "medrxiv"]  # which has nothing on this day


@pytest.mark.parametrize("name", GIVING)
@pytest.mark.parametrize("status", [429, 503])
def test_every_source_is_tried_again_when_it_is_busy(name: str, status: int, site: Site, collect: Collect) -> None:
    """And then it gives what it has."""
    site.on(PATHS[name], Reply(b"busy", status), site.answer_of(PATHS[name]))
    told = collect(FRIDAY, "--source", name)

    assert (told["exit"], states(told)) == (0, {name: "fetched"})


@pytest.mark.parametrize("name", GIVING)
def test_every_source_follows_a_redirect(name: str, site: Site, collect: Collect) -> None:
    """Services move; what was posted is posted again."""
    moved = "/moved" + PATHS[name].removesuffix("*")
    site.on(moved, site.answer_of(PATHS[name]))
    site.on(PATHS[name], Reply(status=307, headers={"Location": moved}))
    told = collect(FRIDAY, "--source", name)

    assert (told["exit"], states(told)) == (0, {name: "fetched"})
    assert site.asked_for(moved)


@pytest.mark.parametrize("name", [name for name in GIVING if "semantic" not in name])  # what is posted is not kept
def test_every_source_is_asked_only_whether_it_changed(name: str, site: Site, collect: Collect) -> None:
    """A 304 gives what was kept, and the second edition is the first."""
    answer = site.answer_of(PATHS[name])

    def revalidated(asked: Asked) -> Reply:
        if asked.headers.get("if-none-match") == '"v1"':
            return Reply(status=304, headers={"ETag": '"v1"'})
        return replace(answer(asked), headers={"ETag": '"v1"'})

    site.on(PATHS[name], revalidated)
    first, second = (collect(FRIDAY, "--source", name) for _ in range(2))

    assert any(asked.headers.get("if-none-match") == '"v1"' for asked in site.asked)
    assert states(first) == states(second) == {name: "fetched"}
    assert [paper["id"] for paper in second["papers"]] == [paper["id"] for paper in first["papers"]]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"an answer that breaks off", cut=9), "connection broke off"),
        (Reply(b"<html><body>Please sign in</body></html>"), ""),
        (Reply(b""), "empty"),
        (Reply(b"Service of the caf\xe9 is closed", 500), "500"),
        (Reply(b"not here", 404), "404"),
    ],
    ids=["truncated", "a login page", "an empty body", "an error in another encoding", "not found"],
)
def test_every_source_fails_with_a_line_that_says_why(
    name: str, reply: Reply, said: str, site: Site, collect: Collect
) -> None:
    """One line with the address, and never silence."""
    site.on(PATHS[name], reply)
    told = collect(FRIDAY, "--source", name)
    [health] = told["sources"]

    assert (told["exit"], health["state"], health["failures"]) == (1, "failed", 1)
    assert said in health["detail"]
    assert "127.0.0.1" in health["detail"]
    assert "\n" not in health["detail"]


def test_when_nothing_can_be_read_the_exit_code_is_1(site: Site, collect: Collect) -> None:
    """Every line says why."""
    for path in PATHS.values():
        site.on(path, Reply(b"broken", 500))
    told = collect(FRIDAY)

    assert (told["exit"], set(states(told).values())) == (1, {"failed"})
    assert all("500" in each["detail"] for each in told["sources"])


def test_a_run_that_dies_keeps_what_arrived(
    site: Site, collect: Collect, newsletter: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one asks only the others."""

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("newsletter.pipeline.collecting.dedupe", killed)
        interrupted = newsletter("collect", "--at", FRIDAY)
    asked = len(site.asked)
    told = collect("2026-11-20T09:05")

    assert interrupted.code == 130
    assert "what arrived is kept" in interrupted.err
    assert len(site.asked) == asked
    assert {TREES, VEINS} <= {paper["title"] for paper in told["papers"]}


def test_days_that_were_missed_are_filled(site: Site, collect: Collect) -> None:
    """The archive by its API, dated services by their date; who knows only today says so."""
    told = collect(FRIDAY, "--since", "2d")
    past = {edition["day"]: edition for edition in told["backfilled"]}

    assert list(past) == ["2026-11-18", "2026-11-19"]
    thursday = past["2026-11-19"]
    assert states(thursday)[NAMES[0]] == "fetched"
    assert "arxiv:2611.00077" in {paper["id"] for day in past.values() for paper in day["papers"]}
    assert health(thursday, NAMES[8])["detail"] == "it cannot be asked about a past day"
    [query, *_] = site.asked_for("/arxiv-api/api/query")
    assert "submittedDate:[202611161900" in query.query["search_query"]


def test_editions_are_listed_with_what_each_source_answered(site: Site, collect: Collect, newsletter: Command) -> None:
    """The newest first; a day without news says why."""
    collect(FRIDAY)
    site.on(ARXIV, EMPTY)
    collect(SATURDAY)
    ran = newsletter("editions", "list")
    told = json.loads(newsletter("editions", "list", "--json").out)

    assert [each["day"] for each in told] == ["2026-11-21", "2026-11-20"]
    assert ran.out.startswith("Sat 2026-11-21  0 new papers\n  arxiv cs.CL+cs.LG")
    assert "next announcement Sunday 22 November 20:00 Eastern time" in ran.out
    assert "Fri 2026-11-20  3 new papers" in ran.out


def test_only_the_named_source_is_asked(site: Site, collect: Collect, newsletter: Command) -> None:
    """By the beginning of its name; an unknown one is a usage error."""
    told = collect(FRIDAY, "--source", "huggingface")
    unknown = newsletter("collect", "--source", "gopher")

    assert list(states(told)) == ["huggingface daily_papers"]
    assert {asked.path for asked in site.asked} == {"/hf/api/daily_papers"}
    assert unknown.code == 2
    assert "gopher" in unknown.err


def test_a_source_that_was_not_asked_for_has_no_say(site: Site, collect: Collect) -> None:
    """Neither in the lines nor in the exit code."""
    site.on(ARXIV, Reply(b"slow down", 429, {"Retry-After": "3600"}))
    everything, one = collect(FRIDAY), collect(FRIDAY, "--source", "feed")

    assert (everything["exit"], one["exit"], list(states(one))) == (4, 0, ["feed Journal"])


def test_collecting_again_says_what_is_new(site: Site, newsletter: Command) -> None:
    """The edition grows; who looks wants to know by how much."""
    site.on(ARXIV, EMPTY, an_atom_feed(an_atom_entry(8), an_atom_entry(9)))
    first, second = newsletter("collect", "--at", FRIDAY), newsletter("collect", "--at", "2026-11-20T10:00")

    assert first.out.splitlines()[-1] == "edition of 2026-11-20: 2 new papers"
    assert second.out.splitlines()[-1] == "edition of 2026-11-20: 4 new papers, 2 of them just now"


def test_a_failure_is_told_without_the_query_of_the_machine(site: Site, collect: Collect) -> None:
    """Hundreds of characters of parameters say nothing to people."""
    site.on("/pubmed/esearch.fcgi", Reply(b"closed", 500))
    detail = health(collect(FRIDAY), "pubmed gene graphs")["detail"]

    assert detail == f"{site.address}/pubmed/esearch.fcgi…: the server answered 500; the next run tries again"


@pytest.mark.parametrize("since", ["tomorrow", "2027-01-01", "0d", "-3", "9999d", "2026-11-20"])
def test_an_impossible_since_is_a_usage_error(since: str, site: Site, newsletter: Command) -> None:
    """One line with the way out, and nothing is asked."""
    ran = newsletter("collect", "--at", FRIDAY, f"--since={since}")

    assert (ran.code, len(ran.err.splitlines()), site.asked) == (2, 1, [])


def test_an_impossible_time_is_a_usage_error(site: Site, newsletter: Command) -> None:
    """So is a time that is none."""
    assert newsletter("collect", "--at", "noon").code == 2


def test_titles_of_every_kind_survive_to_the_email(site: Site, newsletter: Command, inbox: Inbox) -> None:
    """Formulas with angle brackets, words in angle brackets, TeX accents, and 2,000 authors."""
    names = r"Andr\'e Lima de Castro, " + ", ".join(f"Ada Lovelace {number}" for number in range(1_999))
    title = r"Speculative decoding for $a<b$ and <think> after Schr\"odinger"
    abstract = r"We use speculative decoding for $a<b$ and $c>d$, and <mask> and <think> stay as Erd\H{o}s said."
    site.on(ARXIV, an_atom_feed(an_atom_entry(5, title=title, abstract=abstract, creator=names)))
    newsletter("collect", "--at", FRIDAY)
    ran = newsletter("send", "--issue", "2026-11-20", "--yes")
    [message] = inbox.messages
    text = " ".join(str(message.get_body(("plain",)).get_content()).split())  # type: ignore[union-attr]
    html = str(message.get_body(("html",)).get_content())  # type: ignore[union-attr]

    assert ran.code == 0, ran.err
    assert "Speculative decoding for a<b and <think> after Schrödinger" in text
    assert "a<b and c>d, and <mask> and <think> stay as Erdős said." in text
    assert "André Lima de Castro" in text
    assert "+1,997 more" in text
    assert "a&lt;b and &lt;think&gt; after Schr&#246;dinger" in html
