"""`newsletter inbox` and `newsletter subscribers`: what came back, and who gets issues and who does not."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer
from imap_server import PASSWORD, USER, ImapServer
from makers import DAY, NOW
from outgoing import delivered, stored
from settings_files import saved
from typer.testing import CliRunner, Result

from newsletter.cli import inboxing, people
from newsletter.config import load, with_secret
from newsletter.errors import ConfigError, NewsletterError, UsageError
from newsletter.models import DeliveryState
from newsletter.pipeline.incoming import take_replies
from newsletter.store import Store
from newsletter.tokens import leave_token

MAILS = Path(__file__).parent / "data" / "replies"
SETTINGS = """\
newsletter: {name: Daily Papers, from: papers@example.org}
sources:
  - arxiv: {categories: [cs.LG]}
inbox: {maildir: mail}
subscribers:
  - email: ada@example.org
    name: Ada Lovelace
    interests: [speculative decoding, cs.PL]
  - email: grace@example.org
    status: paused
    interests: [compilers]
"""
ADA, GRACE = "ada@example.org", "grace@example.org"


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[Store]:
    """Give the store of a newsletter whose settings and mailbox stand in the folder."""
    saved(tmp_path, SETTINGS)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    with Store.open(f"sqlite:///{tmp_path / 'newsletter.db'}") as store:
        yield store


def run(store: Store, *arguments: str) -> Result:
    """Run a command on the settings beside the store."""
    app = typer.Typer()
    inboxing.register(app)
    people.register(app)
    return CliRunner().invoke(app, [*arguments, "--config", str(store.path.with_name("subscribers.yaml"))])


def put(store: Store, name: str, number: int = 1) -> None:
    """Put a saved mail into the mailbox; they come in the order of their numbers."""
    token = leave_token(
        with_secret(load(store.path.with_name("subscribers.yaml"), environment={})).newsletter.secret, ADA
    )
    path = store.path.with_name("mail") / "new" / f"{number}.{name}"
    path.write_bytes((MAILS / f"{name}.eml").read_bytes().replace(b"TOKEN", token.encode()))
    came = datetime.now(UTC).timestamp() - 1000 + number
    os.utime(path, (came, came))


def box(store: Store) -> list[str]:
    """Return the files of the mailbox."""
    folder = store.path.with_name("mail")
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


# ------------------------------------------------------------------ inbox


def test_the_inbox_is_read_and_told(installed: Store) -> None:
    """A row for each mail about the newsletter, what stays for a person among them, and one closing line."""
    delivered(installed)
    for number, name in enumerate(("bounce-postfix", "answer-question", "foreign-list"), start=1):
        put(installed, name, number)

    ran = run(installed, "inbox")

    assert ran.exit_code == 0
    bounce, question, closing = ran.stdout.splitlines()
    assert bounce.startswith("done     ada@example.org  bounce  the issue of 2026-11-20 did not arrive: 550 5.1.1 <ada")
    assert bounce.endswith("no mailbox of that name here; bounced: nothing more is sent")
    assert question.startswith(
        "for you  ada@example.org  other   writes: How do I unsubscribe from the trending papers"
    )
    assert closing == "3 new mails: 1 settled, 1 for you to read, 1 not about the newsletter"
    assert box(installed) == ["cur/1.bounce-postfix:2,S", "new/2.answer-question", "new/3.foreign-list"]
    assert stored(installed).state is DeliveryState.FAILED


def test_the_inbox_takes_each_mail_once(installed: Store) -> None:
    """The second time nothing is new; what waits for a person is still told of."""
    put(installed, "leave-link", 1)
    put(installed, "answer-question", 2)
    run(installed, "inbox")
    installed.suppressions.remove(ADA)

    ran = run(installed, "inbox")

    assert ran.stdout == "0 new mails: 1 still for you to read\n"
    assert installed.suppressions.all() == ()


def test_what_a_run_kept_and_could_not_mark_is_marked_by_the_next(installed: Store) -> None:
    """It ended between the two; the mail is settled, and counts no second time."""
    put(installed, "leave-gmail")
    message = (installed.path.with_name("mail") / "new" / "1.leave-gmail").read_bytes()
    take_replies(load(installed.path.with_name("subscribers.yaml"), environment={}), installed, [message], now=NOW)

    assert run(installed, "inbox").stdout == "no new mail\n"
    assert box(installed) == ["cur/1.leave-gmail:2,S"]


def test_an_empty_inbox_says_so(installed: Store) -> None:
    """One line."""
    assert run(installed, "inbox").stdout == "no new mail\n"


def test_a_dry_run_marks_and_keeps_nothing(installed: Store) -> None:
    """It says what would happen; the next run does it."""
    put(installed, "leave-link")

    dry = run(installed, "inbox", "--dry-run")

    assert "unsubscribed: nothing more is sent" in dry.stdout
    assert dry.stdout.endswith("1 new mail: 1 settled (dry run: nothing was kept or marked)\n")
    assert (box(installed), installed.suppressions.all()) == (["new/1.leave-link"], ())
    assert "unsubscribed: nothing more is sent" in run(installed, "inbox").stdout
    assert [each.address for each in installed.suppressions.all()] == [ADA]


def test_the_inbox_is_told_to_programs(installed: Store) -> None:
    """As JSON; mail that is not about the newsletter is counted and not shown."""
    put(installed, "leave-link", 1)
    put(installed, "foreign-list", 2)

    told = json.loads(run(installed, "inbox", "--json").stdout)

    assert {name: told[name] for name in ("dry_run", "settled", "left", "foreign", "known")} == {
        "dry_run": False,
        "settled": 1,
        "left": 0,
        "foreign": 1,
        "known": 0,
    }
    (mail,) = told["mails"]
    assert (mail["fate"], mail["kind"], mail["subscriber"]) == ("done", "unsubscribe", ADA)


def test_the_first_run_makes_the_secret(installed: Store) -> None:
    """So that what is sent next carries tokens it knows."""
    run(installed, "inbox", "--dry-run")
    assert not installed.path.with_name("newsletter.key").exists()

    run(installed, "inbox")
    assert installed.path.with_name("newsletter.key").exists()


def test_without_an_inbox_it_says_what_to_add(tmp_path: Path) -> None:
    """One line with the file, and exit code 3; and so does a folder that is no mailbox."""
    path = saved(tmp_path, SETTINGS.replace("inbox: {maildir: mail}\n", ""))
    app = typer.Typer()
    inboxing.register(app)
    people.register(app)

    none = CliRunner().invoke(app, ["inbox", "--config", str(path)])
    saved(tmp_path, SETTINGS)
    empty = CliRunner().invoke(app, ["inbox", "--config", str(path)])

    assert isinstance(none.exception, ConfigError)
    assert "inbox: none that can be read; add a maildir or imap" in str(none.exception)
    assert isinstance(empty.exception, NewsletterError)
    assert "is no Maildir" in str(empty.exception)


def test_the_inbox_on_a_server_is_read(installed: Store) -> None:
    """The same by IMAP; and when the connection breaks, what was taken before is told, kept and not taken again."""
    put(installed, "leave-link", 1)
    message = (installed.path.with_name("mail") / "new" / "1.leave-link").read_bytes()
    with ImapServer(message, came=datetime.now(UTC).date(), drop="UID STORE 2") as server:
        server.add((MAILS / "answer-question.eml").read_bytes(), datetime.now(UTC).date())
        keys = {"host": "localhost", "encryption": "none", "username": USER, "password": PASSWORD}
        imap = json.dumps(keys | {"port": server.settings().port})
        saved(installed.path.parent, SETTINGS.replace("maildir: mail", f"imap: {imap}"))

        broken = run(installed, "inbox")
        server.drop = ""
        again = run(installed, "inbox")

    assert isinstance(broken.exception, NewsletterError)
    assert "the connection was lost" in str(broken.exception)
    assert broken.stdout.splitlines()[0].startswith("done  ada@example.org  unsubscribe")
    assert again.stdout == "0 new mails: 1 still for you to read\n"
    assert server.flags(1) == {"\\Seen", "$Newsletter"}
    assert server.flags(2) == {"$Newsletter"}


# ------------------------------------------------------------------ subscribers


def suppress(store: Store, address: str = ADA, reason: str = "unsubscribed", detail: str = "by mail") -> None:
    """Suppress an address."""
    store.suppressions.add(address, reason=reason, detail=detail, at=NOW)


def test_everybody_is_listed_with_what_decides(installed: Store) -> None:
    """The settings with their line; over them what was said since."""
    suppress(installed)
    suppress(installed, "charles@example.net", "bounced", "550 5.1.1")

    ada, *others = run(installed, "subscribers", "list").stdout.splitlines()

    assert ada == (
        "ada@example.org      unsubscribed on 2026-11-20 (by mail); subscribers.yaml:6 says active; "
        "only `newsletter subscribers resubscribe` undoes it"
    )
    assert others == [
        "grace@example.org    paused (subscribers.yaml:9)",
        "charles@example.net  bounced on 2026-11-20 (550 5.1.1); not in the settings",
        "0 subscribers of 2 get issues",
    ]


def test_everybody_is_told_to_programs(installed: Store) -> None:
    """As JSON."""
    suppress(installed)

    ada, grace = json.loads(run(installed, "subscribers", "list", "--json").stdout)

    assert (ada["email"], ada["receives"], ada["status"], ada["suppressed"]["reason"]) == (
        ADA,
        False,
        "active",
        "unsubscribed",
    )
    assert (grace["receives"], grace["status"], grace["suppressed"]) == (False, "paused", None)


def test_one_subscriber_is_shown(installed: Store) -> None:
    """What they asked for, what they were sent, and whether it arrived."""
    delivered(installed, day=DAY - timedelta(days=1))
    delivered(installed, state=DeliveryState.QUEUED)
    (bounced,) = installed.history.deliveries(state=DeliveryState.SENT)
    installed.replies.keep("soft", kind="soft bounce", subscriber=ADA, delivery_id=bounced.id, at=NOW)
    installed.evidence.bounced(bounced.id, detail="bounced: 552 full", now=NOW)

    assert run(installed, "subscribers", "show", "ada").stdout.splitlines() == [
        "ada@example.org (Ada Lovelace)",
        "  active (subscribers.yaml:6)",
        "  Mon Tue Wed Thu Fri at 07:00 UTC, at most 12 papers",
        "  interests: speculative decoding, cs.PL",
        "  1 issue in a row did not get into the mailbox, the last of 2026-11-19",
        "  2026-11-20  queued",
        "  2026-11-19  failed  bounced: 552 full",
    ]
    told = json.loads(run(installed, "subscribers", "show", "ada", "--json").stdout)
    assert [issue["state"] for issue in told["issues"]] == ["queued", "failed"]
    assert told["bounced"] == ["2026-11-19"]


def test_a_former_subscriber_is_shown_and_a_stranger_is_none(installed: Store) -> None:
    """Who was sent something is known; else the nearest name is offered."""
    delivered(installed, "charles@example.net")

    assert run(installed, "subscribers", "show", "charles@example.net").stdout.splitlines() == [
        "charles@example.net",
        "  not in the settings",
        "  2026-11-20  sent",
    ]
    stranger = run(installed, "subscribers", "show", "adda@example.org")
    assert isinstance(stranger.exception, UsageError)
    assert "did you mean ada@example.org?" in str(stranger.exception)


def test_the_operator_unsubscribes_somebody(installed: Store) -> None:
    """At once, what is queued withdrawn; twice is once; also somebody who is in no settings."""
    delivered(installed, state=DeliveryState.QUEUED)

    first = run(installed, "subscribers", "unsubscribe", "ada")
    second = json.loads(run(installed, "subscribers", "unsubscribe", ADA, "--json").stdout)
    other = run(installed, "subscribers", "unsubscribe", "charles@example.net")

    assert "(by the operator); subscribers.yaml:6 says active; only `newsletter subscribers resub" in first.stdout
    assert first.stdout.endswith("what was queued for them is withdrawn\n")
    assert (second["changed"], second["receives"]) == (False, False)
    assert "not in the settings" in other.stdout
    assert stored(installed).state is DeliveryState.FAILED
    assert [each.address for each in installed.suppressions.all()] == [ADA, "charles@example.net"]


def test_what_is_no_address_is_not_unsubscribed(installed: Store) -> None:
    """A name that nobody has is a mistake, and nothing is kept."""
    for wrong in ("charles", "@", "charles@"):
        assert isinstance(run(installed, "subscribers", "unsubscribe", wrong).exception, UsageError)
    assert installed.suppressions.all() == ()


def test_only_resubscribing_undoes_a_suppression(installed: Store) -> None:
    """No line of the settings does; and what bounced before does not count again."""
    for ago in (3, 2, 1):
        delivery = delivered(installed, day=DAY - timedelta(days=ago))
        installed.replies.keep(f"{ago}", kind="soft bounce", subscriber=ADA, delivery_id=delivery.id, at=NOW)
    suppress(installed, reason="bounced", detail="3 issues in a row")
    assert len(installed.replies.soft_bounces(ADA)) == 3

    first, second = (run(installed, "subscribers", "resubscribe", "ada") for _ in range(2))

    assert first.stdout == "ada@example.org: active (subscribers.yaml:6)\n"
    assert second.stdout == "ada@example.org: active (subscribers.yaml:6); was not suppressed\n"
    assert installed.suppressions.all() == ()
    assert installed.replies.soft_bounces(ADA) == ()


def test_who_left_is_only_brought_back_with_a_word(installed: Store) -> None:
    """And where the settings pause somebody, they stay paused."""
    suppress(installed, GRACE, "complained", "abuse")

    ran = run(installed, "subscribers", "resubscribe", "grace")

    assert ran.stdout == "grace@example.org: paused (subscribers.yaml:9)\n"
    assert "complained on 2026-11-20: send again only if they asked for it" in ran.stderr
    nobody = run(installed, "subscribers", "resubscribe", "charles@example.net")
    assert isinstance(nobody.exception, UsageError)
