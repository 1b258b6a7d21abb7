"""Issues on their way out of a run: sent while others are made, told as they ended, and what the next day learns."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from makers import DAY, NOW, a_config, a_paper, a_queued, a_subscriber, an_edition, an_email, an_interest
from odd_smtp import DROP, OddSmtp, Once, closed_port

from newsletter.deliver import RETRY_AFTER
from newsletter.deliver.message import as_bytes
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import StoreError
from newsletter.models import (
    DeliverSettings,
    Delivery,
    DeliveryState,
    Encryption,
    OnUnknown,
    SmtpSettings,
    Subscriber,
    Unconfirmed,
)
from newsletter.pipeline import Draft, Due, Outcome, OutcomeKind, deliver_waiting, send
from newsletter.pipeline.delivering import Delivering
from newsletter.render import compile_templates
from newsletter.store import Queued, Store
from newsletter.weights import Weights

ONE_DAY = timedelta(days=1)
QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
ADA = a_subscriber("ada@example.org", interests=(an_interest("speculative decoding"),))
GRACE = a_subscriber("grace@example.org", interests=ADA.interests)
CONFIG = a_config(ADA, GRACE)


@pytest.fixture
def server() -> Iterator[OddSmtp]:
    """Give a server that is polite unless told otherwise."""
    with OddSmtp(pipelining=True) as server:
        yield server


def issue(reader: Subscriber, **fields: Any) -> Queued:
    """Return an issue to be queued."""
    message_id = f"<i20261120.{reader.email}>"
    message = as_bytes(an_email(recipient=("", reader.email), message_id=message_id))
    return a_queued(reader.email, **{"message": message, "message_id": message_id, **fields})


def delivering(store: Store, server: OddSmtp | SmtpSettings, **options: Any) -> Delivering:
    """Return the delivering of a run."""
    settings = server.settings() if isinstance(server, OddSmtp) else server
    return Delivering(
        options.get("config", CONFIG),
        store,
        SmtpMailer(settings, dot_seconds=0.3),
        lambda: NOW,
        options.get("progress", lambda *_: None),
        options.get("stop", threading.Event()),
    )


def waiting(reader: Subscriber) -> Outcome:
    """Return the outcome of an issue that was made and queued."""
    return Outcome(reader.email, DAY, OutcomeKind.WAITING, "", 3, 1, f"<i20261120.{reader.email}>")


def states(store: Store) -> list[DeliveryState]:
    """Return the state of every delivery."""
    return [delivery.state for delivery in store.history.deliveries()]


# ------------------------------------------------------------------ the thread


def test_what_is_queued_within_the_block_is_sent_before_its_end(store: Store, server: OddSmtp) -> None:
    """The first issue is out before the second is made; what was made keeps what it is."""
    first_is_out = threading.Event()
    with delivering(store, server, progress=lambda *_: first_is_out.set()) as run:
        store.outbox.queue([issue(ADA)], now=NOW)
        run.queued(1)
        assert first_is_out.wait(10)
        store.outbox.queue([issue(GRACE)], now=NOW)
        run.queued(1)

    settled = run.settle([waiting(ADA), waiting(GRACE)])

    assert settled == tuple(
        replace(waiting(reader), kind=OutcomeKind.SENT, detail="2.0.0 taken") for reader in (ADA, GRACE)
    )
    assert len(server.taken) == 2


def test_what_earlier_runs_left_follows_in_the_outcomes(store: Store, server: OddSmtp) -> None:
    """Own ones first, and none of them twice."""
    yesterday = DAY - ONE_DAY
    store.outbox.queue([issue(GRACE, issue_date=yesterday)], now=NOW)
    with delivering(store, server) as run:
        store.outbox.queue([issue(ADA)], now=NOW)

    told = [(each.subscriber, each.issue_date, each.kind) for each in run.settle([waiting(ADA)])]

    assert told == [(ADA.email, DAY, OutcomeKind.SENT), (GRACE.email, yesterday, OutcomeKind.SENT)]


@pytest.mark.parametrize(
    ("answers", "kind", "told"),
    [
        ({".": "250 2.0.0 taken"}, OutcomeKind.SENT, "2.0.0 taken"),
        ({"RCPT": "550 5.1.1 nobody"}, OutcomeKind.FAILED, "550 5.1.1 nobody"),
        ({".": DROP}, OutcomeKind.UNKNOWN, "it may have arrived"),
        ({"RCPT": "550 5.7.1 spam"}, OutcomeKind.WAITING, "550 5.7.1 spam; tried again by a later run"),
        ({"RCPT": "450 4.2.0 later"}, OutcomeKind.WAITING, "450 4.2.0 later; tried again by a later run"),
        ({"CONNECT": "554 5.3.2 not you"}, OutcomeKind.WAITING, "554 5.3.2 not you; tried again by a later run"),
    ],
)
def test_every_end_has_an_outcome(
    store: Store, server: OddSmtp, answers: dict[str, str], kind: OutcomeKind, told: str
) -> None:
    """With the server's words."""
    server.answers |= answers
    with delivering(store, server) as run:
        store.outbox.queue([issue(ADA)], now=NOW)

    [outcome] = run.settle([waiting(ADA)])

    assert (outcome.kind, outcome.papers) == (kind, 3)
    assert outcome.detail.endswith(told)


def test_what_was_not_even_tried_says_why(store: Store, server: OddSmtp) -> None:
    """The login is wrong: one delivery heard it, and every outcome tells it; once more by those of earlier runs."""
    server.answers["MAIL"] = "530 5.7.0 log in first"
    store.outbox.queue([issue(ADA), issue(GRACE)], now=NOW)
    with delivering(store, server) as run:
        pass

    told = [
        (each.subscriber, each.kind, "530 5.7.0 log in first" in each.detail) for each in run.settle((), waiting=True)
    ]

    assert told == [(ADA.email, OutcomeKind.WAITING, True), (GRACE.email, OutcomeKind.WAITING, True)]


def test_who_is_no_reader_any_more_gets_nothing_that_waits(store: Store, server: OddSmtp) -> None:
    """Taken out of the settings, or suppressed: both are told as failed."""
    gone = a_subscriber("mary@example.org")
    store.outbox.queue([issue(ADA), issue(gone)], now=NOW)
    store.suppressions.add("ADA@example.org", reason="complained", detail="", at=NOW)
    with delivering(store, server) as run:
        pass

    assert [(each.subscriber, each.kind) for each in run.settle(())] == [
        (ADA.email, OutcomeKind.FAILED),
        (gone.email, OutcomeKind.FAILED),
    ]
    assert server.taken == []


def test_progress_counts_up_to_what_there_is(store: Store, server: OddSmtp) -> None:
    """What waited before is counted too, and the bar never runs over."""
    store.outbox.queue([issue(GRACE, issue_date=DAY - ONE_DAY)], now=NOW)
    heard: list[tuple[str, int, int]] = []
    with delivering(store, server, progress=lambda *told: heard.append(told)) as run:
        store.outbox.queue([issue(ADA)], now=NOW)
        run.queued(1)

    assert [done for _, done, _ in heard] == [1, 2]
    assert all(step == "deliver" and done <= total <= 2 for step, done, total in heard)
    assert heard[-1][2] == 2


def test_an_error_of_the_one_who_makes_issues_stops_the_sending(store: Store, server: OddSmtp) -> None:
    """What is in hand is finished, the rest stays queued, and the error goes on; the server of later runs does too."""
    asked, stop = threading.Event(), threading.Event()
    store.outbox.queue([issue(ADA), issue(GRACE)], now=NOW)
    run = delivering(store, server, stop=stop)

    def answer(_: str) -> str:
        asked.set()
        run._halted.wait(10)
        return "250 2.1.5 OK"

    def make() -> None:
        with run:
            assert asked.wait(10)
            raise ZeroDivisionError

    server.answers["RCPT"] = answer
    with pytest.raises(ZeroDivisionError):
        make()

    assert run.settle([waiting(ADA)])[0].kind is OutcomeKind.SENT
    assert states(store) == [SENT, QUEUED]
    assert not stop.is_set()


def test_an_error_of_the_store_is_raised_where_the_block_ends(
    store: Store, server: OddSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thread that dies in silence would look like a server that is slow."""

    def broken(*_: object, **__: object) -> tuple[Delivery, ...]:
        raise StoreError("the disk is full")

    stop = threading.Event()
    store.outbox.queue([issue(ADA)], now=NOW)
    monkeypatch.setattr(store.outbox, "claim", broken)

    with pytest.raises(StoreError, match="the disk is full"), delivering(store, server, stop=stop):
        pass

    assert not stop.is_set()


def test_a_suppression_that_cannot_be_kept_ends_the_run_and_no_later_one(
    store: Store, server: OddSmtp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in hand is finished; the caller, whose event it is, was not told to stop."""

    def broken(*_: object, **__: object) -> bool:
        raise StoreError("the disk is full")

    stop, mary = threading.Event(), a_subscriber("mary@example.org")
    store.outbox.queue([issue(ADA), issue(GRACE), issue(mary)], now=NOW)
    monkeypatch.setattr(store.suppressions, "add", broken)
    run = delivering(store, server, stop=stop, config=a_config(ADA, GRACE, mary))

    def answer(command: str) -> str:
        if "ada@" in command:
            return "550 5.1.1 nobody"
        run._halted.wait(10)
        return "250 2.1.5 OK"

    server.answers["RCPT"] = answer
    with pytest.raises(StoreError, match="the disk is full"), run:
        pass

    assert states(store) == [FAILED, SENT, QUEUED]
    assert not stop.is_set()


def test_a_run_that_was_told_to_stop_begins_nothing(store: Store, server: OddSmtp) -> None:
    """Not even what is due for long."""
    stop = threading.Event()
    stop.set()
    store.outbox.queue([issue(ADA)], now=NOW)
    with delivering(store, server, stop=stop) as run:
        pass

    assert run.settle(()) == ()
    assert (states(store), server.connections) == ([QUEUED], 0)


def test_what_nobody_knows_of_is_sent_again_where_the_settings_say_so(store: Store, server: OddSmtp) -> None:
    """Else it is held."""
    server.answers["."] = DROP
    store.outbox.queue([issue(ADA)], now=NOW)
    config = replace(CONFIG, deliver=DeliverSettings(on_unknown=OnUnknown.RESEND))
    with delivering(store, server, config=config):
        pass

    assert states(store) == [QUEUED]


# ------------------------------------------------------------------ bad addresses


@pytest.mark.parametrize(
    ("reply", "suppressed"),
    [
        ("550 5.1.1 no such user", True),
        ("550 5.1.10 the domain takes no mail", True),
        ("550 5.7.1 looks like spam", False),
        ("552 5.2.2 mailbox full", False),
        ("550 no", False),
        ("450 4.1.1 not now", False),
    ],
)
def test_only_an_address_that_does_not_exist_is_suppressed(
    store: Store,
    server: OddSmtp,
    reply: str,
    suppressed: bool,  # noqa: FBT001 - a case
) -> None:
    """A rule against us, a full mailbox or a word without a status may be another tomorrow."""
    server.answers["RCPT"] = lambda command: reply if "ada@" in command else "250 OK"
    store.outbox.queue([issue(ADA), issue(GRACE)], now=NOW)
    with delivering(store, server):
        pass

    found = store.suppressions.among([ADA.email, GRACE.email])
    assert set(found) == ({ADA.email} if suppressed else set())
    if suppressed:
        assert (found[ADA.email].reason, found[ADA.email].detail) == ("bounced", reply)


# ------------------------------------------------------------------ whole runs


class Newsroom:
    """A newsletter of a paper a day, sent to an odd server."""

    def __init__(self, store: Store, server: OddSmtp, weights: Weights) -> None:
        self.store, self.server, self.weights = store, server, weights
        self.drafts: list[Draft] = []
        for days in range(-1, 3):
            title = f"Speculative decoding, part {days + 2}"
            paper = a_paper(title, abstract="A draft model proposes tokens for speculative decoding.")
            at = NOW + days * ONE_DAY
            store.editions.save(an_edition(paper, day=DAY + days * ONE_DAY), collected_at=at)

    def send(self, *readers: Subscriber, days: int = 0) -> list[OutcomeKind]:
        """Send the issues of a day; return what became of each."""
        day = DAY + days * ONE_DAY
        self.drafts.clear()
        outcomes = send(
            a_config(*readers),
            self.store,
            [Due(reader, day, day, day) for reader in readers],
            weights=self.weights,
            templates=compile_templates(),
            mailer=SmtpMailer(self.server.settings(), dot_seconds=0.3),
            clock=lambda: NOW + days * ONE_DAY,
            made=self.drafts.append,
        )
        return [outcome.kind for outcome in outcomes]

    def unconfirmed(self) -> list[Unconfirmed | None]:
        """Return what the issues that were made last tell of those before them."""
        return [draft.issue.unconfirmed for draft in self.drafts if draft.issue]


@pytest.fixture
def newsroom(store: Store, server: OddSmtp, weights: Weights) -> Newsroom:
    """Return a newsletter."""
    return Newsroom(store, server, weights)


def test_a_bad_address_is_not_tried_the_next_day(newsroom: Newsroom) -> None:
    """Writing there again can only do harm; the others get theirs."""
    newsroom.server.answers["RCPT"] = lambda command: "550 5.1.1 nobody" if "ada@" in command else "250 OK"

    assert newsroom.send(ADA, GRACE) == [OutcomeKind.FAILED, OutcomeKind.SENT]
    before = len(newsroom.server.commands)
    assert newsroom.send(ADA, GRACE, days=1) == [OutcomeKind.LEFT, OutcomeKind.SENT]
    assert not any("ada@" in command for command in newsroom.server.commands[before:])


def test_an_issue_tells_of_the_one_before_it_that_may_not_have_arrived(newsroom: Newsroom) -> None:
    """With its papers; a reader whose issue arrived hears nothing."""
    newsroom.server.answers["."] = Once(DROP, "250 OK")
    assert newsroom.send(ADA, GRACE) == [OutcomeKind.UNKNOWN, OutcomeKind.SENT]
    sent = [draft.issue.papers for draft in newsroom.drafts if draft.issue]

    assert newsroom.send(ADA, GRACE, days=1) == [OutcomeKind.SENT] * 2

    told, nothing = newsroom.unconfirmed()
    assert told == Unconfirmed(DAY, tuple(matched.paper for matched in sent[0]))
    assert nothing is None
    assert b"Speculative decoding, part 2" in newsroom.server.taken[-2]


def test_only_the_next_issue_tells_of_it(newsroom: Newsroom) -> None:
    """Once is enough."""
    newsroom.server.answers["."] = Once(DROP, "250 OK")
    newsroom.send(ADA)
    newsroom.send(ADA, days=1)
    newsroom.send(ADA, days=2)

    assert newsroom.unconfirmed() == [None]


def test_an_issue_of_an_earlier_date_tells_nothing_of_a_later_one(newsroom: Newsroom) -> None:
    """It is sent late, and knows nothing of tomorrow."""
    newsroom.server.answers["."] = Once(DROP, "250 OK")
    newsroom.send(ADA)

    newsroom.send(ADA, days=-1)

    assert newsroom.unconfirmed() == [None]


def test_an_issue_that_is_held_is_not_made_again(newsroom: Newsroom) -> None:
    """It may have arrived; its date is settled, and says so."""
    newsroom.server.answers["."] = Once(DROP, "250 OK")
    newsroom.send(ADA)

    assert newsroom.send(ADA) == [OutcomeKind.HELD]
    assert len(newsroom.server.taken) == 1


def test_what_waited_for_a_server_goes_out_when_it_is_back(newsroom: Newsroom) -> None:
    """The same bytes, without being made again; an idle run changes nothing."""
    newsroom.server.answers["CONNECT"] = "421 4.3.2 full"
    assert newsroom.send(ADA) == [OutcomeKind.WAITING]
    newsroom.server.answers["CONNECT"] = "220 back"
    waited = newsroom.store.history.message(1)
    later = NOW + RETRY_AFTER[0]

    runs = [
        deliver_waiting(
            a_config(ADA), newsroom.store, mailer=SmtpMailer(newsroom.server.settings()), clock=lambda: later
        )
        for _ in range(2)
    ]

    assert [[outcome.kind for outcome in run] for run in runs] == [[OutcomeKind.SENT], []]
    assert newsroom.server.taken == [waited]


def test_a_server_that_is_not_there_is_no_error_of_the_run(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    """It is told once, and everything waits."""
    newsroom.store.outbox.queue([issue(ADA)], now=NOW)
    gone = SmtpSettings("127.0.0.1", closed_port(), Encryption.NONE)
    with caplog.at_level(logging.WARNING), delivering(newsroom.store, gone) as run:
        pass

    assert [outcome.kind for outcome in run.settle((), waiting=True)] == [OutcomeKind.WAITING]
    assert states(newsroom.store) == [QUEUED]
