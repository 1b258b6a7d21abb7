"""The commands: exit codes, what goes to which stream, and that a person's mistake is one line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import Command
from odd_smtp import Held, OddSmtp

from newsletter.inbox import Inbox

PAGE = """new

Subscribe

byAK and the research community

Speculative decoding with trees of drafts

A draft model proposes a tree of tokens. Speculative decoding verifies it in one pass of the large language model.

Dust in a galaxy at redshift nine

JWST images of a high-redshift galaxy show little dust. The galaxy formed its stars within a short time.
"""

SETTINGS = """\
newsletter: {{name: Daily Papers, from: "papers@example.org"}}
sources:
  - pages: {{path: page.txt}}
smtp: {{host: 127.0.0.1, port: {port}, encryption: none}}
schedule: {{days: [mon, tue, wed, thu, fri, sat, sun], time: "{time}", timezone: UTC}}
subscribers:
  - email: ada@example.org
    interests: [speculative decoding]
  - email: grace@example.org
    interests: [high-redshift galaxies]
"""


@pytest.fixture
def installed(tmp_path: Path, inbox: Inbox) -> Inbox:
    """Return the inbox of a newsletter with two subscribers, whose settings stand in the current folder."""
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "subscribers.yaml").write_text(
        SETTINGS.format(port=inbox.settings.port, time="00:00"), encoding="utf-8"
    )
    return inbox


# ------------------------------------------------------------------ help and usage


@pytest.mark.parametrize("command", ["demo", "init", "check", "collect", "preview", "explain", "send", "run", "serve"])
def test_every_command_has_help(command: str, newsletter: Command) -> None:
    """The help says in a sentence what a command does."""
    ran = newsletter(command, "--help")

    assert (ran.code, command in ran.out) == (0, True)


@pytest.mark.parametrize("arguments", [("nonsense",), ("explain", "ada"), ("send", "--nope"), ("send", "--issue", "x")])
def test_a_wrong_command_line_exits_2(arguments: tuple[str, ...], newsletter: Command) -> None:
    """Usage is another mistake than settings."""
    ran = newsletter(*arguments)

    assert (ran.code, ran.out) == (2, "")


def test_the_version_is_told(newsletter: Command) -> None:
    """One line, for reports."""
    assert newsletter("--version").out.count(".") == 2


def test_help_loads_nothing_heavy() -> None:
    """`newsletter --help` answers at once: no numpy, no pydantic, no database."""
    heavy = "numpy pydantic sqlalchemy feedparser jinja2 mjml premailer apscheduler httpx2 ruamel"
    script = (
        "import sys\nfrom newsletter.cli import app\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------ settings


def test_without_settings_the_way_out_is_said(newsletter: Command) -> None:
    """Exit 3, and the command that writes some."""
    ran = newsletter("collect")

    assert (ran.code, ran.out) == (3, "")
    assert "newsletter init" in ran.err


def test_every_mistake_of_the_settings_is_told_with_its_place(newsletter: Command, tmp_path: Path) -> None:
    """Several mistakes, several lines, no traceback."""
    (tmp_path / "subscribers.yaml").write_text(
        'newsletter: {name: x, from: "papers@example.org", nmae: y}\nsources: [{arxvi: {}}]\nsubscribers:\n'
        "  - {email: nobody, interests: [2401.10020]}\n",
        encoding="utf-8",
    )

    ran = newsletter("check")

    assert ran.code == 3
    assert "Traceback" not in ran.err
    assert all(line.startswith("subscribers.yaml:") for line in ran.err.splitlines())
    assert len(ran.err.splitlines()) >= 4


def test_mistakes_are_told_to_programs_too(newsletter: Command, tmp_path: Path) -> None:
    """With --json, stdout is JSON whatever happens."""
    (tmp_path / "subscribers.yaml").write_text("newsletter: {name: x}\n", encoding="utf-8")

    told = json.loads(newsletter("check", "--json").out)

    assert told["problems"][0]["path"] == "subscribers.yaml"
    assert told["problems"][0]["line"] == 1


def test_init_writes_settings_and_never_over_others(newsletter: Command, tmp_path: Path) -> None:
    """What somebody wrote is not replaced."""
    first = newsletter("init")
    written = (tmp_path / "subscribers.yaml").read_text(encoding="utf-8")

    second = newsletter("init")

    assert (first.code, second.code) == (0, 1)
    assert "Next:" in first.out
    assert (tmp_path / "subscribers.yaml").read_text(encoding="utf-8") == written


def test_what_init_writes_passes_the_check(newsletter: Command) -> None:
    """A new user's first two commands agree, before any password is set."""
    newsletter("init")

    ran = newsletter("check")

    assert ran.code == 0
    assert "no mistakes" in ran.out


def test_check_says_what_each_interest_was_taken_for(newsletter: Command) -> None:
    """A category and a phrase look alike in YAML."""
    newsletter("init")

    told = json.loads(newsletter("check", "--json").out)

    assert told["subscribers"][0]["interests"] == [
        {"name": "diffusion models", "kind": "phrase"},
        {"name": "cs.PL", "kind": "category"},
    ]


# ------------------------------------------------------------------ collect, send, run


def test_check_warns_of_what_can_have_no_effect(newsletter: Command, tmp_path: Path) -> None:
    """New versions that no source brings, and files that are not there."""
    (tmp_path / "subscribers.yaml").write_text(
        "newsletter: {name: N, from: papers@example.org}\n"
        "sources:\n  - arxiv: {categories: [cs.LG]}\n  - pages: {path: 'saved/*.txt'}\n"
        "subscribers: [{email: ada@example.org, interests: [looms], updates: true}]\n",
        encoding="utf-8",
    )
    told = newsletter("check").err

    assert "add announce_types: [new, cross, replace]" in told
    assert "pages *.txt: no file is called saved/*.txt yet" in told


def test_a_first_issue_on_a_day_without_news_is_of_the_last_day_that_had_some(
    newsletter: Command, installed: Inbox, tmp_path: Path
) -> None:
    """Collected yesterday, sent today: nothing is left behind."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    newsletter("collect", "--at", yesterday.isoformat())
    ran = newsletter("send", "--yes", "--as", "ada")

    assert (ran.code, len(installed.messages)) == (0, 1), ran.out


def test_send_collects_sends_and_says_so_once(newsletter: Command, installed: Inbox) -> None:
    """The second time nothing goes out, and the reason is told."""
    first, second = newsletter("send", "--yes"), newsletter("send", "--yes")

    assert (first.code, second.code) == (0, 0)
    assert "2 sent" in first.out
    assert "nothing sent" in second.out
    assert "nobody gets one twice" in second.out
    assert len(installed.paths) == 2


def test_one_refused_address_exits_4(newsletter: Command, tmp_path: Path) -> None:
    """Partly delivered is neither done nor failed."""
    with Inbox(tmp_path / "inbox", refuse={"grace@example.org": "550 5.1.1 No such user"}) as inbox:
        (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
        settings = SETTINGS.format(port=inbox.settings.port, time="00:00")
        (tmp_path / "subscribers.yaml").write_text(settings, encoding="utf-8")
        ran = newsletter("send", "--yes")

    assert ran.code == 4
    assert "No such user" in ran.out


def test_a_server_that_is_not_there_exits_1_and_keeps_the_mail(newsletter: Command, tmp_path: Path) -> None:
    """Nothing is lost: the next run sends it."""
    (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
    (tmp_path / "subscribers.yaml").write_text(SETTINGS.format(port=9, time="00:00"), encoding="utf-8")

    ran = newsletter("send", "--yes")

    assert ran.code == 1
    assert "waiting" in ran.out
    assert "Traceback" not in ran.err


def test_a_dry_run_sends_nothing(newsletter: Command, installed: Inbox) -> None:
    """It needs no mail server either."""
    ran = newsletter("send", "--dry-run")

    assert (ran.code, installed.paths) == (0, ())
    assert "2 drafted" in ran.out


def test_only_the_named_subscriber_is_sent_to(newsletter: Command, installed: Inbox) -> None:
    """The part before the @ is enough when it is clear."""
    newsletter("send", "--yes", "--as", "grace")

    assert [path.name for path in installed.paths] == ["001-grace@example.org.eml"]


def test_an_unknown_subscriber_is_a_usage_error_with_a_hint(newsletter: Command, installed: Inbox) -> None:
    """A slip of the keyboard is answered with the likely address."""
    ran = newsletter("send", "--yes", "--as", "grac@example.org")

    assert ran.code == 2
    assert "did you mean grace@example.org?" in ran.err


def test_a_day_without_edition_is_a_usage_error_that_names_the_latest(newsletter: Command, installed: Inbox) -> None:
    """Nothing is collected for a day that is over."""
    newsletter("collect")

    ran = newsletter("send", "--yes", "--issue", "2020-01-01")

    assert ran.code == 2
    assert "the latest is" in ran.err


def test_another_run_at_work_exits_5(newsletter: Command, installed: Inbox, tmp_path: Path) -> None:
    """Two runs never send side by side."""
    from newsletter.store import Store  # noqa: PLC0415 - only here

    newsletter("collect")
    with Store.open(f"sqlite:///{tmp_path / 'newsletter.db'}") as store, store.lock():
        ran = newsletter("send", "--yes")

    assert (ran.code, installed.paths) == (5, ())


def test_run_due_is_quiet_when_nothing_is_due(newsletter: Command, installed: Inbox) -> None:
    """Cron may call as often as it likes; it is told when the next issue comes."""
    newsletter("run", "--due")
    sent = len(installed.paths)

    ran = newsletter("run", "--due")

    assert (ran.code, len(installed.paths)) == (0, sent)
    assert "nothing is due" in ran.out


def test_collect_reports_for_programs(newsletter: Command, installed: Inbox) -> None:
    """JSON on stdout, nothing else."""
    told = json.loads(newsletter("collect", "--json").out)

    assert (told["entries"], len(told["papers"]), told["sources"][0]["state"]) == (2, 2, "fetched")


def test_collect_fails_when_every_source_does(newsletter: Command, installed: Inbox, tmp_path: Path) -> None:
    """A page that is gone is an error a person can mend."""
    (tmp_path / "page.txt").unlink()

    ran = newsletter("collect")

    assert ran.code == 1
    assert "page.txt" in ran.out


# ------------------------------------------------------------------ preview and explain


def test_preview_needs_no_settings_and_no_network(newsletter: Command, tmp_path: Path) -> None:
    """The example's subscribers and the papers that ship."""
    ran = newsletter("preview", "--once", "--out", "look")

    assert ran.code == 0
    assert {path.suffix for path in (tmp_path / "look").iterdir()} == {".html", ".txt", ".eml", ".json"}
    assert "index.html" in ran.out


def test_preview_shows_what_was_collected(newsletter: Command, installed: Inbox, tmp_path: Path) -> None:
    """With an edition in the store, that edition."""
    newsletter("collect")
    newsletter("preview", "--once")

    assert "trees of drafts" in (tmp_path / "preview" / "001-ada@example.org.txt").read_text(encoding="utf-8")


def test_explain_tells_of_a_sent_paper(newsletter: Command, installed: Inbox) -> None:
    """Where it stood, and on what evidence."""
    newsletter("send", "--yes")

    ran = newsletter("explain", "ada@example.org", "trees of drafts")

    assert ran.code == 0
    assert "SENT to ada@example.org as the lead" in ran.out
    assert '"speculative decoding": speculative, decoding in the title' in ran.out
    assert "subscribers.yaml:8" in ran.out


def test_explain_tells_of_a_cut_paper(newsletter: Command, installed: Inbox, tmp_path: Path) -> None:
    """Which rule cut it, and its line."""
    settings = (tmp_path / "subscribers.yaml").read_text(encoding="utf-8")
    excluded = settings.replace(
        "interests: [speculative decoding]", "interests: [speculative decoding]\n    exclude: [trees of drafts]"
    )
    (tmp_path / "subscribers.yaml").write_text(excluded, encoding="utf-8")
    newsletter("collect")

    ran = newsletter("explain", "ada", "trees of drafts")

    assert "CUT for ada@example.org (excluded): trees of drafts (subscribers.yaml:9)" in ran.out


def test_explain_tells_of_a_paper_nobody_asked_for(newsletter: Command, installed: Inbox) -> None:
    """How near every interest came."""
    newsletter("collect")

    ran = newsletter("explain", "ada", "Dust in a galaxy")

    assert "NOT MATCHED" in ran.out
    assert "0.50 passes" in ran.out


def test_explain_tells_of_an_unknown_paper(newsletter: Command, installed: Inbox) -> None:
    """No source ever brought it: that is an answer."""
    newsletter("collect")

    ran = newsletter("explain", "ada", "2401.10020")

    assert ran.code == 0
    assert "no source ever brought it" in ran.out


# ------------------------------------------------------------------ serve


def test_serve_sends_what_is_due_and_stops_when_told(installed: Inbox, tmp_path: Path) -> None:
    """The first tick comes at once; SIGTERM ends it with 0."""
    server = subprocess.Popen(
        [sys.executable, "-m", "newsletter", "-v", "serve"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    for _ in range(200):
        time.sleep(0.05)
        if (tmp_path / "newsletter.db").exists() and server.poll() is None and _settled(tmp_path):
            break
    server.send_signal(signal.SIGTERM)
    _, err = server.communicate(timeout=20)

    assert server.returncode == 0, err
    assert "Traceback" not in err


# ------------------------------------------------------------------ told to stop


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[OddSmtp]:
    """Give a server that thinks about its first message, and settings that name it."""
    with OddSmtp(pipelining=True) as server:
        server.answers["."] = Held("250 2.0.0 taken")
        (tmp_path / "page.txt").write_text(PAGE, encoding="utf-8")
        settings = SETTINGS.format(port=server.settings().port, time="00:00")
        one_connection = settings.replace("encryption: none", "encryption: none, connections: 1")
        (tmp_path / "subscribers.yaml").write_text(one_connection, encoding="utf-8")
        yield server


def _sending(folder: Path, server: OddSmtp) -> subprocess.Popen[str]:
    """Start `newsletter send` and wait until its first message was written."""
    command = [sys.executable, "-m", "newsletter", "send", "--yes"]
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert _held(server).asked.wait(30), child.communicate()
    return child


def _held(server: OddSmtp) -> Held:
    """Return the answer that is waited for."""
    held = server.answers["."]
    assert isinstance(held, Held)
    return held


def _states(folder: Path) -> list[str]:
    from newsletter.store import Store  # noqa: PLC0415 - only here

    with Store.open(f"sqlite:///{folder / 'newsletter.db'}") as store:
        return [delivery.state.value for delivery in store.history.deliveries()]


def test_a_send_that_is_told_to_stop_finishes_the_mail_in_hand(
    newsletter: Command, slow: OddSmtp, tmp_path: Path
) -> None:
    """Exit 130 and nothing unknown; the rest is queued, and the next run sends it."""
    with _sending(tmp_path, slow) as child:
        child.terminate()
        assert child.stderr is not None
        told = child.stderr.readline()
        _held(slow).let_go.set()
        out, _ = child.communicate(timeout=60)

    assert (child.returncode, "finishing what is in hand" in told) == (130, True)
    assert _states(tmp_path) == ["sent", "queued"]
    assert "1 sent, 1 waiting" in out
    assert newsletter("send", "--yes").code == 0
    assert _states(tmp_path) == ["sent", "sent"]
    assert len(slow.taken) == len(set(slow.message_ids())) == 2


def test_a_send_that_is_told_twice_ends_at_once(newsletter: Command, slow: OddSmtp, tmp_path: Path) -> None:
    """It does not wait for a server that may take ten minutes; what may have arrived is held by the next run."""
    with _sending(tmp_path, slow) as child:
        child.send_signal(signal.SIGINT)
        assert child.stderr is not None
        assert "once more to end at once" in child.stderr.readline()
        child.terminate()
        _, err = child.communicate(timeout=60)

    _held(slow).let_go.set()
    assert child.returncode == 130, err
    assert "Traceback" not in err
    assert newsletter("send", "--yes").code == 4
    assert _states(tmp_path) == ["unknown", "sent"]
    assert len(slow.taken) == len(set(slow.message_ids())) == 2


def test_a_send_that_was_killed_is_made_up_for(newsletter: Command, slow: OddSmtp, tmp_path: Path) -> None:
    """By kill -9 after the dot: one is shown as unknown, the other is sent, none twice."""
    with _sending(tmp_path, slow) as child:
        child.kill()
        child.communicate()
    _held(slow).let_go.set()

    ran = newsletter("send", "--yes")

    assert ran.code == 4
    assert "it may have arrived" in ran.out
    assert _states(tmp_path) == ["unknown", "sent"]
    assert len(slow.taken) == len(set(slow.message_ids())) == 2


def _settled(folder: Path) -> bool:
    from newsletter.store import Store  # noqa: PLC0415 - only here

    with Store.open(f"sqlite:///{folder / 'newsletter.db'}") as store:
        return store.editions.latest_day() is not None
