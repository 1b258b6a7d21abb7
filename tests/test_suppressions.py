"""Who gets nothing any more, what came back, and what it proves of deliveries: on both databases."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from makers import DAY, NOW, a_match, a_paper, an_edition
from outgoing import a_message_id, delivered, stored

from newsletter.models import DeliveryState
from newsletter.replies import ReplyKind
from newsletter.store import Store
from newsletter.store.replies import RESUBSCRIBED, SIGNS_OF_LIFE, SOFT_BOUNCE
from newsletter.store.suppressions import address_hash
from newsletter.tokens import reader_key

ADA = "ada@example.org"
QUEUED, SENT, FAILED, UNKNOWN = (
    DeliveryState.QUEUED,
    DeliveryState.SENT,
    DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
)


def suppressed(store: Store, address: str = ADA, reason: str = "unsubscribed", detail: str = "by mail") -> bool:
    """Suppress an address."""
    return store.suppressions.add(address, reason=reason, detail=detail, at=NOW)


# ------------------------------------------------------------------ suppressions


def test_an_address_is_suppressed_however_it_is_spelled(store: Store) -> None:
    """Case and the spelling of the domain hide nobody; others are not meant."""
    assert suppressed(store, "Ada@Bücher.example")

    found = store.suppressions.get("ada@xn--bcher-kva.example")
    assert found is not None
    assert (found.reason, found.detail, found.at) == ("unsubscribed", "by mail", NOW)
    assert store.suppressions.get("grace@bücher.example") is None

    spellings = {"ada@BÜCHER.example", "ADA@bücher.example", "ada@xn--bcher-kva.example"}
    assert set(store.suppressions.among((*spellings, ADA))) == spellings


def test_the_hash_is_the_same_for_ever() -> None:
    """It outlives the address: this value may never change."""
    assert address_hash("Ada@Example.org") == "cfe00dde46ef942601ffafb9e2825e802858b460e586b8305b344c1eb826357d"


def test_a_suppression_is_kept_once(store: Store) -> None:
    """The first one tells when it happened."""
    assert suppressed(store)
    assert not store.suppressions.add("ADA@example.org", reason="unsubscribed", detail="again", at=NOW + timedelta(1))

    (found,) = store.suppressions.all()
    assert (found.detail, found.at) == ("by mail", NOW)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("bounced", "unsubscribed", "unsubscribed"),
        ("unsubscribed", "bounced", "unsubscribed"),
        ("unsubscribed", "complained", "complained"),
        ("complained", "unsubscribed", "complained"),
        ("bounced", "complained", "complained"),
    ],
)
def test_what_a_reader_said_outweighs_what_a_server_said(store: Store, first: str, second: str, kept: str) -> None:
    """Else a bounce that comes late would make a person's wish look like a fault."""
    suppressed(store, reason=first)

    assert suppressed(store, reason=second) is (kept != first)
    assert [found.reason for found in store.suppressions.all()] == [kept]


def test_a_suppression_is_undone_by_name_only(store: Store) -> None:
    """And then once."""
    suppressed(store)

    assert not store.suppressions.remove("grace@example.org")
    assert store.suppressions.remove("Ada@example.org")
    assert not store.suppressions.remove(ADA)
    assert store.suppressions.all() == ()


def test_who_is_forgotten_stays_suppressed(store: Store) -> None:
    """Nothing tells who it was, and the address still gets nothing; also after it is suppressed again."""
    suppressed(store, reason="bounced", detail="550 5.1.1 <ada@example.org>")

    assert store.suppressions.forget("ADA@example.org")
    assert not store.suppressions.forget("grace@example.org")
    (found,) = store.suppressions.all()
    assert (found.address, found.detail) == ("", "")
    assert store.suppressions.get(ADA) == found
    assert suppressed(store)
    assert [each.address for each in store.suppressions.all()] == [""]


def test_what_is_queued_for_a_suppressed_reader_is_not_sent(store: Store) -> None:
    """Who leaves between making and sending gets nothing, however the address is spelled."""
    delivered(store, state=QUEUED)
    suppressed(store, "ADA@example.org")

    with store.outbox.owning() as owner:
        assert store.outbox.claim(owner, 10, now=NOW) == ()
    assert stored(store).state is FAILED


# ------------------------------------------------------------------ replies


def bounced(store: Store, day: date, *, at_hours: int = 1) -> None:
    """Keep that the mailbox took nothing of that day's issue."""
    delivery = stored(store, day=day)
    at = NOW - (DAY - day) + timedelta(hours=at_hours)
    store.replies.keep(f"soft {day}", kind=SOFT_BOUNCE, subscriber=ADA, delivery_id=delivery.id, at=at)


def days(*ago: int) -> tuple[date, ...]:
    """Return the dates so many days before the day of the tests."""
    return tuple(DAY - timedelta(days=each) for each in ago)


def test_a_reply_is_kept_once(store: Store) -> None:
    """By its key, with what it was."""
    assert store.replies.kind_of("key") == ""
    assert store.replies.keep("key", kind="vote", subscriber="Ada@example.org", detail="more 3", at=NOW)
    assert not store.replies.keep("key", kind="other", at=NOW)
    assert store.replies.kind_of("key") == "vote"


def test_kinds_are_spelled_as_they_are_read() -> None:
    """Two rooms that may not know each other use the same words."""
    assert ReplyKind.SOFT_BOUNCE == SOFT_BOUNCE
    assert set(SIGNS_OF_LIFE) - {RESUBSCRIBED} <= set(map(str, ReplyKind))


def test_soft_bounces_in_a_row_are_counted_by_issue(store: Store) -> None:
    """Two mails about one issue are one; others' are not theirs."""
    for day in days(3, 2, 1, 0):
        delivered(store, day=day)
        delivered(store, "grace@example.org", day=day)
    for day in days(2, 1):
        bounced(store, day)
    store.replies.keep("again", kind=SOFT_BOUNCE, subscriber=ADA, delivery_id=stored(store, day=days(1)[0]).id, at=NOW)

    assert store.replies.soft_bounces("ADA@example.org") == days(1, 2)
    assert store.replies.soft_bounces("grace@example.org") == ()


def test_an_issue_that_arrived_ends_the_row(store: Store) -> None:
    """A full mailbox that was emptied starts anew; what was sent last may still bounce."""
    for day in days(4, 3, 2, 1, 0):
        delivered(store, day=day)
    for day in days(4, 3, 1):
        bounced(store, day)

    assert store.replies.soft_bounces(ADA) == days(1)
    bounced(store, days(2)[0])
    assert store.replies.soft_bounces(ADA) == days(1, 2, 3, 4)


@pytest.mark.parametrize("kind", SIGNS_OF_LIFE)
def test_a_sign_of_life_ends_the_row(store: Store, kind: str) -> None:
    """Who answers has a mailbox; what was made before does not count any more."""
    for day in days(3, 2, 1):
        delivered(store, day=day)
        bounced(store, day, at_hours=100)
    store.replies.keep("sign", kind=kind, subscriber="Ada@example.org", at=NOW - timedelta(days=2))

    assert store.replies.soft_bounces(ADA) == days(1)


def test_a_bounce_is_no_sign_of_life(store: Store) -> None:
    """Nor is mail about somebody else."""
    delivered(store, day=days(1)[0])
    bounced(store, days(1)[0])
    store.replies.keep("refusal", kind="refusal", subscriber=ADA, at=NOW)
    store.replies.keep("foreign", kind="foreign", at=NOW)
    store.replies.keep("hers", kind="vote", subscriber="grace@example.org", at=NOW)

    assert store.replies.soft_bounces(ADA) == days(1)


# ------------------------------------------------------------------ evidence


def test_a_delivery_is_found_by_what_names_it(store: Store) -> None:
    """Its Message-ID, or the day and the reader that a bounce address names."""
    ada, grace = delivered(store), delivered(store, "Grace@example.org")

    assert store.evidence.by_message_id(a_message_id("grace@example.org"), a_message_id(), "<other>") == (ada, grace)
    assert store.evidence.by_message_id() == ()
    assert store.evidence.by_reader(DAY, reader_key("grace@example.org")) == grace
    assert store.evidence.by_reader(DAY, "0" * 12) is None
    assert store.evidence.by_reader(days(1)[0], reader_key(ADA)) is None


def test_a_reader_of_old_is_known_by_any_spelling(store: Store) -> None:
    """Who was sent something once may still write to us."""
    delivered(store, "Ada@xn--bcher-kva.example")

    assert store.evidence.known("ada@Bücher.example") == "Ada@xn--bcher-kva.example"
    assert store.evidence.known("ADA@XN--BCHER-KVA.example") == "Ada@xn--bcher-kva.example"
    assert store.evidence.known("grace@example.org") == ""
    assert store.evidence.known("") == ""


def test_the_latest_delivery_is_one_that_left(store: Store) -> None:
    """Of a date from a day on; what still waits could not bounce."""
    first, second = delivered(store, day=days(2)[0]), delivered(store, day=days(1)[0], state=UNKNOWN)
    delivered(store, state=QUEUED)

    assert store.evidence.latest("Ada@example.org") == second
    assert store.evidence.latest(ADA, since=DAY) is None
    assert store.evidence.latest("grace@example.org") is None
    assert store.evidence.addresses() == (ADA,)
    assert first.state is SENT


def test_a_delivery_is_found_by_a_paper_it_brought(store: Store) -> None:
    """Only while nobody knows whether it arrived."""
    papers = (a_paper("One"), a_paper("Two"))
    store.editions.save(an_edition(*papers), collected_at=NOW)
    unknown = delivered(store, papers=papers, state=UNKNOWN)
    delivered(store, "grace@example.org", papers=papers)

    assert store.evidence.holding("ADA@example.org", {papers[1].id}) == (unknown,)
    assert store.evidence.holding(ADA, set()) == ()
    assert store.evidence.holding(ADA, {"arxiv:0"}) == ()
    assert store.evidence.holding("grace@example.org", {papers[0].id}) == ()


@pytest.mark.parametrize(
    ("state", "arrived", "bounced_to"),
    [(UNKNOWN, SENT, FAILED), (SENT, SENT, FAILED), (QUEUED, QUEUED, QUEUED), (FAILED, FAILED, FAILED)],
)
def test_evidence_moves_along_its_arrows_only(
    store: Store, state: DeliveryState, arrived: DeliveryState, bounced_to: DeliveryState
) -> None:
    """What is under way, or settled by the server, stays where it is."""
    one, other = delivered(store, state=state), delivered(store, "grace@example.org", state=state)

    assert store.evidence.arrived(one.id, detail="it was answered", now=NOW) is (state is UNKNOWN)
    assert store.evidence.bounced(other.id, detail="bounced: 550", now=NOW) is (state in {SENT, UNKNOWN})

    assert stored(store).state is arrived
    assert stored(store, "grace@example.org").state is bounced_to
    if state is UNKNOWN:
        assert stored(store).detail == "it was answered"
        assert store.history.message(one.id) is None  # nothing can send it any more


def test_papers_of_an_issue_that_bounced_count_as_not_received(store: Store) -> None:
    """Once there is room again they may come."""
    paper = a_paper("One")
    store.editions.save(an_edition(paper), collected_at=NOW)
    delivery = delivered(store, papers=(paper,))
    assert store.history.issue_papers(delivery.id)[0][1].paper == a_match(paper).paper

    store.evidence.bounced(delivery.id, detail="bounced: 552", now=NOW)

    assert store.history.received(ADA) == {}


def test_what_waits_is_withdrawn_for_one_reader(store: Store) -> None:
    """Nothing else of theirs moves, and nobody else's."""
    delivered(store, day=days(1)[0])
    delivered(store, state=QUEUED)
    delivered(store, "grace@example.org", state=QUEUED)

    assert store.evidence.withdraw("ADA@example.org", detail="withdrawn: unsubscribed", now=NOW)
    assert not store.evidence.withdraw(ADA, detail="withdrawn", now=NOW)

    assert (stored(store).state, stored(store).detail) == (FAILED, "withdrawn: unsubscribed")
    assert stored(store, day=days(1)[0]).state is SENT
    assert stored(store, "grace@example.org").state is QUEUED
