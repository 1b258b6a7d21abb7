"""What a server's answer means, and what becomes of a delivery: by the error and the clock alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from makers import DAY, NOW

from newsletter.deliver import RETRY_AFTER
from newsletter.deliver.status import is_bad_address, is_full, is_policy, is_throttled, status_of
from newsletter.deliver.verdict import expired, held_back, verdict
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable
from newsletter.models import DeliveryState, Move
from newsletter.store import Claimed

QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
END = NOW + timedelta(hours=24)


def claimed(**fields: Any) -> Claimed:
    """Return a delivery that was never tried and has a day."""
    defaults: dict[str, Any] = {
        "id": 7,
        "subscriber": "ada@example.org",
        "issue_date": DAY,
        "message_id": "<x@example.org>",
        "sender": "papers@example.org",
        "recipient": "ada@example.org",
        "message": b"x",
        "papers": 3,
        "attempts": 0,
        "may_have_arrived": False,
        "expires_at": END,
    }
    return Claimed(**{**defaults, **fields})


# ------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("detail", "status"),
    [
        ("550 5.1.1 nobody", "5.1.1"),
        ("550 5.1.10 null MX", "5.1.10"),
        ("451 4.7.500 server busy", "4.7.500"),
        ("550 nobody (5.2.1)", "5.2.1"),
        ("550-5.1.1 first 5.7.1 second", "5.1.1"),
        ("554 see 10.5.1.1 for details", ""),
        ("554 version 5.1.1.9 too old", ""),
        ("250 2.0.0 OK", "2.0.0"),
        ("550 3.1.1 what", ""),
        ("550 nobody", ""),
        ("", ""),
    ],
)
def test_the_status_of_an_answer_is_found_or_there_is_none(detail: str, status: str) -> None:
    """RFC 3463; an address of a machine is no status."""
    assert status_of(detail) == status


def test_what_a_status_means() -> None:
    """Only what is certain is a bad address: a full mailbox or a rule is not."""
    bad = ["550 5.1.1 a", "550 5.1.2 a", "553 5.1.3 a", "550 5.1.6 moved", "556 5.1.10 a"]
    good = [
        "550 5.1.8 sender",
        "550 5.2.1 disabled",
        "552 5.2.2 full",
        "550 5.7.1 spam",
        "550 no such user",
        "450 4.1.1 a",
    ]

    assert [is_bad_address(detail) for detail in bad + good] == [True] * 5 + [False] * 6
    assert [is_full(detail) for detail in ("552 5.2.2 full", "452 4.2.2 full", "552 5.3.4 size")] == [
        True,
        False,
        False,
    ]
    assert [is_policy(detail) for detail in ("550 5.7.1 spam", "550 5.7.515 DMARC", "550 5.1.1 a")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("code", "detail", "throttled"),
    [
        (454, "454 try later", True),
        (421, "421 4.7.0 too fast", True),
        (451, "451 4.7.0 slow down", True),
        (451, "451 4.7.500 server busy", True),
        (454, "454 4.7.1 try later", True),
        (451, "451 4.7.1 greylisted", False),
        (450, "450 4.7.1 come back later", False),
        (451, "451 4.3.0 later", False),
        (550, "550 5.7.1 rate", False),
        (450, "450 4.2.0 greylisted", False),
    ],
)
def test_what_asks_for_patience(code: int, detail: str, throttled: bool) -> None:  # noqa: FBT001 - a case
    """By code or by status, and never for good; greylisting (RFC 6647) is of one recipient alone."""
    assert is_throttled(code, detail) is throttled


# ------------------------------------------------------------------ verdicts


@pytest.mark.parametrize(
    ("error", "move"),
    [
        (
            RecipientRefused("550 5.1.1 nobody", code=550),
            Move(7, FAILED, 550, "550 5.1.1 nobody", attempted=True),
        ),
        (RecipientRefused("5.1.3 no address"), Move(7, FAILED, 0, "5.1.3 no address")),
        (
            RecipientRefused("550 5.7.1 spam", code=550),
            Move(7, QUEUED, 550, "550 5.7.1 spam", attempted=True, next_attempt_at=NOW + RETRY_AFTER[0]),
        ),
        (OutcomeUnknown("no answer"), Move(7, UNKNOWN, 0, "no answer", attempted=True)),
        (
            ServerUnavailable("450 4.2.0 later", code=450),
            Move(7, QUEUED, 450, "450 4.2.0 later", attempted=True, next_attempt_at=NOW + RETRY_AFTER[0]),
        ),
        (
            ServerUnavailable("421 closing", code=421),
            Move(7, QUEUED, 421, "421 closing", next_attempt_at=NOW + RETRY_AFTER[0]),
        ),
        (ServerUnavailable("lost"), Move(7, QUEUED, 0, "lost", next_attempt_at=NOW + RETRY_AFTER[0])),
        (
            ServerRefused("535 no", code=535),
            Move(7, QUEUED, 535, "535 no", next_attempt_at=NOW + RETRY_AFTER[0]),
        ),
    ],
    ids=["5yz", "no address", "policy", "unknown", "4yz", "421", "lost", "refused"],
)
def test_what_becomes_of_a_delivery(error: DeliveryError, move: Move) -> None:
    """An attempt counts where the reader's own server had its say."""
    assert verdict(claimed(), error, now=NOW, resend=False) == move


PATIENT = [ServerUnavailable("450 later", code=450), RecipientRefused("550 5.7.1 spam", code=550)]


@pytest.mark.parametrize("error", PATIENT)
def test_the_wait_grows_with_the_attempts_and_then_stays(error: DeliveryError) -> None:
    """5, 15, 30 minutes, 1, 2, 4, 4 … hours; a rule that speaks against us may be lifted within the day."""
    moves = [verdict(claimed(attempts=n), error, now=NOW, resend=False) for n in range(9)]

    waits = [move.next_attempt_at - NOW for move in moves if move.next_attempt_at]
    assert [wait / timedelta(minutes=1) for wait in waits] == [5, 15, 30, 60, 120, 240, 240, 240, 240]


@pytest.mark.parametrize("error", PATIENT)
def test_a_retry_that_would_come_too_late_is_given_up_with_its_reason(error: DeliveryError) -> None:
    """To the second: the end itself is too late."""
    last = END - RETRY_AFTER[0]

    assert verdict(claimed(), error, now=last - timedelta(seconds=1), resend=False).state is QUEUED
    assert verdict(claimed(), error, now=last, resend=False) == Move(
        7, FAILED, error.code, f"expired: {error}", attempted=True
    )


@pytest.mark.parametrize("error", [ServerUnavailable("lost"), ServerRefused("535 no", code=535)])
def test_what_is_nobody_s_fault_ends_with_its_day_alone(error: DeliveryError) -> None:
    """The next claim says so."""
    assert verdict(claimed(attempts=9), error, now=END - timedelta(seconds=1), resend=False).state is QUEUED
    assert expired(claimed(), now=END - timedelta(seconds=1)) is None
    assert expired(claimed(), now=END) == Move(7, FAILED, detail="expired before it could be sent")


def test_what_may_have_arrived_is_sent_once_more_where_that_is_wished() -> None:
    """After the shortest wait, whatever was tried before; a second time it is held."""
    unknown = OutcomeUnknown("no answer")
    soon = NOW + RETRY_AFTER[0]

    again = [verdict(claimed(attempts=n), unknown, now=NOW, resend=True) for n in (0, 1, 5)]
    held = verdict(claimed(may_have_arrived=True), unknown, now=NOW, resend=True)

    once_more = Move(7, QUEUED, 0, "no answer", attempted=True, next_attempt_at=soon, may_have_arrived=True)
    assert again == [once_more] * 3
    assert held == Move(7, UNKNOWN, 0, "no answer", attempted=True)


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (RecipientRefused("550 5.1.1 nobody", code=550), 550, "550 5.1.1 nobody"),
        (RecipientRefused("550 5.7.1 spam", code=550), 550, "expired: 550 5.7.1 spam"),
        (ServerUnavailable("450 later", code=450), 450, "expired: 450 later"),
    ],
)
def test_what_fails_and_may_have_arrived_before_is_unknown(error: DeliveryError, code: int, told: str) -> None:
    """The later refusal says nothing of the earlier attempt, and its papers must not come again as new."""
    found = verdict(claimed(may_have_arrived=True), error, now=END - timedelta(seconds=1), resend=True)

    assert found == Move(7, UNKNOWN, code, f"{told}; an earlier attempt may have arrived", attempted=True)


def test_what_expires_and_may_have_arrived_before_is_unknown() -> None:
    """Not failed: nobody knows."""
    assert expired(claimed(may_have_arrived=True), now=END) == Move(
        7, UNKNOWN, detail="expired before it could be sent; an earlier attempt may have arrived"
    )


def test_what_waits_for_its_domain_was_not_attempted() -> None:
    """It says so, and comes back after the shortest wait."""
    move = held_back(claimed(), now=NOW)

    assert (move.state, move.attempted, move.next_attempt_at) == (QUEUED, False, NOW + RETRY_AFTER[0])
    assert "not tried" in move.detail
