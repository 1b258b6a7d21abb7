"""`newsletter deliveries`: what became of every email, and the one way on for those nobody knows of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from commands import Command, command_line
from makers import DAY, NOW, a_paper, an_edition
from outgoing import delivered, stored
from settings_files import ADA, HEAD, saved
from stores import a_store

from newsletter.models import Delivery, DeliveryState, Move
from newsletter.store import Store

QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
TREES = a_paper("Trees that \x1b[31mdraft\x1b[0m")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an open store with an edition of one paper, beside settings."""
    saved(tmp_path, HEAD + ADA)
    with a_store(tmp_path) as store:
        store.editions.save(an_edition(TREES), collected_at=NOW)
        yield store


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Return what runs a command beside the store."""
    monkeypatch.chdir(tmp_path)
    return command_line(monkeypatch, capsys)


def brought_to(store: Store, state: DeliveryState, address: str = "ada@example.org", *, day: date = DAY) -> Delivery:
    """Return a delivery in a state, with one paper."""
    if state is not DOT:
        return delivered(store, address, day=day, state=state, papers=(TREES,))
    made = delivered(store, address, day=day, state=QUEUED, papers=(TREES,))
    with store.outbox.owning() as owner:
        store.outbox.claim(owner, 10, now=NOW)
        store.outbox.keep(owner, (Move(made.id, DOT),), now=NOW)
    return stored(store, address, day)


def answered(store: Store, state: DeliveryState, detail: str, *, code: int = 0) -> Delivery:
    """Return a delivery that a server said something of."""
    made = delivered(store, state=QUEUED)
    steps = (DOT, state) if state in {SENT, UNKNOWN} else (state,)
    with store.outbox.owning() as owner:
        store.outbox.claim(owner, 10, now=NOW)
        for step in steps:
            last = step is state
            move = Move(made.id, step, code if last else 0, detail if last else "", attempted=last)
            store.outbox.keep(owner, (move,), now=NOW)
    return stored(store)


# ------------------------------------------------------------------ list


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_is_listed_and_counted(state: DeliveryState, store: Store, run: Command) -> None:
    """With its number, date, reader; `--state` finds it, and no other state does."""
    made = brought_to(store, state)

    ran = run("deliveries", "list")

    assert ran.code == 0, ran
    assert ran.out.split()[:4] == [str(made.id), DAY.isoformat(), "ada@example.org", state.value]
    assert f"1 delivery: 1 {state.value}" in ran.out
    assert run("deliveries", "list", "--state", state.value).out == ran.out
    other = next(each for each in DeliveryState if each is not state)
    assert run("deliveries", "list", "--state", other.value).out == "no deliveries\n"


@pytest.mark.parametrize("state", DeliveryState)
def test_every_state_is_told_to_programs(state: DeliveryState, store: Store, run: Command) -> None:
    """Times in UTC, and what the state means."""
    made = brought_to(store, state)

    (found,) = json.loads(run("deliveries", "list", "--json").out)

    assert (found["id"], found["state"], found["papers"]) == (made.id, state.value, 1)
    assert found["changed_at"].endswith("+00:00")
    assert found["meaning"]
    assert "{id}" not in found["meaning"]


def test_an_empty_store_has_none(store: Store, run: Command) -> None:
    """Nothing went wrong."""
    assert store.history.deliveries() == ()
    assert run("deliveries", "list").out == "no deliveries\n"
    assert json.loads(run("deliveries", "list", "--json").out) == []


def test_readers_and_dates_are_picked_out(store: Store, run: Command) -> None:
    """By the whole address or what stands before its @, in any case."""
    for address in ("ada@example.org", "Grace@example.org", "ada.b@example.org"):
        brought_to(store, SENT, address)
    brought_to(store, SENT, day=DAY + timedelta(days=1))

    def addresses(*options: str) -> list[str]:
        return [each["email"] for each in json.loads(run("deliveries", "list", "--json", *options).out)]

    assert addresses("--as", "ADA") == ["ada@example.org"] * 2
    assert addresses("--as", "grace@example.org", "--issue", DAY.isoformat()) == ["Grace@example.org"]
    assert addresses("--issue", (DAY + timedelta(days=1)).isoformat()) == ["ada@example.org"]


def test_the_newest_are_shown_and_those_held_are_never_cut_off(store: Store, run: Command) -> None:
    """Each of them waits for a decision."""
    for number in range(5):
        brought_to(store, UNKNOWN, f"reader{number}@example.org")
    brought_to(store, SENT, "last@example.org")

    short = run("deliveries", "list", "--limit", "2")
    held = run("deliveries", "list", "--state", "unknown", "--limit", "2")

    assert "the newest 2 are shown" in short.out
    assert "last@example.org" in short.out
    assert "6 deliveries: 1 sent, 5 unknown" in short.out
    assert all(f"reader{number}@example.org" in held.out for number in range(5))
    assert "are shown" not in held.out
    assert "newsletter deliveries resend ID" in held.out
    assert run("deliveries", "list", "--limit", "0").code == 2
    assert run("deliveries", "list", "--state", "lost").code == 2


def test_what_a_server_says_cannot_take_over_the_terminal(store: Store, run: Command) -> None:
    """One row a delivery, without control characters, in the list, alone and for programs."""
    hostile = "5.1.1 no\r\n2026 \x1b]0;owned\x07\u202e\x9b31m such {id} user\ud800"
    made = answered(store, FAILED, hostile.replace("\ud800", ""), code=550)

    listed, shown = run("deliveries", "list"), run("deliveries", "show", str(made.id))

    assert listed.out.count("\n") == 2
    assert shown.code == 0
    for text in (listed.out, shown.out, run("deliveries", "list", "--json").out):
        assert not {"\x1b", "\x07", "\x9b", "\r"} & set(text)
    assert "550 5.1.1 no" in listed.out


def test_a_code_that_the_answer_begins_with_is_told_once(store: Store, run: Command) -> None:
    """As a server writes it."""
    answered(store, FAILED, "550 5.1.1 no such user", code=550)

    assert "550 550" not in run("deliveries", "list").out
    assert "550 5.1.1 no such user" in run("deliveries", "list").out


# ------------------------------------------------------------------ show


@pytest.mark.parametrize("state", DeliveryState)
def test_one_is_shown_with_what_its_state_means(state: DeliveryState, store: Store, run: Command) -> None:
    """And what it brought."""
    made = brought_to(store, state)

    text = run("deliveries", "show", str(made.id))
    data = json.loads(run("deliveries", "show", str(made.id), "--json").out)

    assert text.code == 0
    assert text.out.startswith(f"ada@example.org, issue of {DAY}: {state.value}\n  {data['meaning']}\n")
    assert made.message_id in text.out
    assert [each["id"] for each in data["brought"]] == [TREES.id]
    assert "\x1b" not in text.out


@pytest.mark.parametrize("state", DeliveryState)
def test_the_bytes_are_there_as_long_as_anything_can_send_them(
    state: DeliveryState, store: Store, run: Command
) -> None:
    """Those of what is over are gone, which is said."""
    made = brought_to(store, state)

    ran = run("deliveries", "show", str(made.id), "--message")

    if state in {SENT, FAILED}:
        assert ran.code == 2
        assert f"the bytes of delivery {made.id} are gone: it is {state.value}" in ran.err
    else:
        assert ran.code == 0
        assert ran.out == "Subject: 12 papers\r\n\r\nhello\r\n"


@pytest.mark.parametrize("command", ["show", "resend"])
@pytest.mark.parametrize("number", ["7", "0", "99999999999999999999"])
def test_a_number_that_nothing_has_is_said(command: str, number: str, store: Store, run: Command) -> None:
    """With the way to find the right one, whatever its size."""
    assert store.history.deliveries() == ()

    ran = run("deliveries", command, number)

    assert ran.code == 2
    assert f"there is no delivery {number}" in ran.err


# ------------------------------------------------------------------ resend


def test_what_may_have_arrived_is_queued_again_with_the_same_bytes(store: Store, run: Command) -> None:
    """The same Message-ID, and attempts counted anew."""
    made = brought_to(store, UNKNOWN)
    before = store.history.message(made.id)

    ran = run("deliveries", "resend", str(made.id))

    assert ran.code == 0, ran
    assert "1 email queued again; next: `newsletter run --due`" in ran.out
    after = stored(store)
    assert (after.state, after.message_id, after.attempts) == (QUEUED, made.message_id, 0)
    assert store.history.message(made.id) == before


@pytest.mark.parametrize("state", [each for each in DeliveryState if each is not UNKNOWN])
def test_nothing_else_is_ever_sent_again(state: DeliveryState, store: Store, run: Command) -> None:
    """The reason is said, and the delivery stays."""
    made = brought_to(store, state)

    ran = run("deliveries", "resend", str(made.id), "--yes")

    assert ran.code == 2
    assert f"delivery {made.id} is {state.value}: " in ran.err
    assert stored(store) == made


def test_several_are_resent_or_none(store: Store, run: Command) -> None:
    """One that cannot be stops them all, before anything has changed; the same number counts once."""
    held = [brought_to(store, UNKNOWN, f"reader{number}@example.org") for number in range(2)]
    done = brought_to(store, SENT)
    numbers = [str(each.id) for each in held]

    assert run("deliveries", "resend", *numbers, str(done.id)).code == 2
    assert len(store.history.deliveries(state=UNKNOWN)) == 2
    told = json.loads(run("deliveries", "resend", *numbers, numbers[0], "--json").out)
    assert [each["id"] for each in told] == [each.id for each in held]
    assert {each["state"] for each in told} == {"queued"}


def test_a_second_resend_finds_it_on_its_way(store: Store, run: Command) -> None:
    """Twice asked is once sent."""
    made = brought_to(store, UNKNOWN)

    assert run("deliveries", "resend", str(made.id)).code == 0
    assert run("deliveries", "resend", str(made.id)).code == 2
    assert stored(store).state is QUEUED


@pytest.mark.parametrize(("said", "state"), [("y\n", QUEUED), ("n\n", UNKNOWN), ("\n", UNKNOWN)])
def test_a_person_is_asked_before(
    said: str, state: DeliveryState, store: Store, run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who says no changes nothing."""
    import io  # noqa: PLC0415 - a terminal to answer at

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    made = brought_to(store, UNKNOWN)
    monkeypatch.setattr("sys.stdin", Terminal(said))

    ran = run("deliveries", "resend", str(made.id))

    assert stored(store).state is state
    assert "Send once more to ada@example.org?" in ran.err
