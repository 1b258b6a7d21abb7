"""What readers were sent: every question that is asked of the past."""

from __future__ import annotations

from datetime import timedelta

import pytest
from makers import DAY, NOW, a_match, a_paper, a_queued, a_reason, an_edition

from newsletter.models import DeliveryState, MatchedPaper, Move, Reason, ReasonKind
from newsletter.store import Silence, Store
from newsletter.store.history import packed, unpacked
from newsletter.store.sent import reasons_of

PAPERS = (a_paper("One"), a_paper("Two"), a_paper("Three"))
NEXT_DAY = DAY + timedelta(days=1)
LATER = NOW + timedelta(minutes=5)
QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
ADA, GRACE = "ada@example.org", "grace@example.org"
WHOLE = [("Trees", a_match(paper)) for paper in PAPERS]
PATHS: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    QUEUED: (),
    CLAIMED: (),
    DOT: (DOT,),
    SENT: (DOT, SENT),
    FAILED: (FAILED,),
    UNKNOWN: (DOT, UNKNOWN),
}


@pytest.fixture
def store(store: Store) -> Store:
    """Return a store with an edition of three papers."""
    store.editions.save(an_edition(*PAPERS), collected_at=NOW)
    return store


def queue(store: Store, *subscribers: str, **fields: object) -> None:
    """Queue an issue of all three papers for each, or for one."""
    now = fields.pop("now", NOW)
    issues = [a_queued(each, **{"papers": WHOLE, **fields}) for each in subscribers or (ADA,)]
    store.outbox.queue(issues, now=now)  # type: ignore[arg-type]


def bring(store: Store, state: DeliveryState) -> None:
    """Bring the first delivery to a state."""
    with store.outbox.owning() as owner:
        if state is not QUEUED:
            store.outbox.claim(owner, 1, now=NOW)
        for step in PATHS[state]:
            store.outbox.keep(owner, [Move(1, step)], now=NOW)


# ------------------------------------------------------------------ deliveries


def test_deliveries_can_be_asked_for_by_reader_date_and_state(store: Store) -> None:
    """All that is given must fit."""
    queue(store)
    queue(store, issue_date=NEXT_DAY)
    queue(store, GRACE)
    with store.outbox.owning() as owner:
        store.outbox.claim(owner, 1, now=NOW)
    history = store.history

    assert [found.id for found in history.deliveries(subscriber="ADA@example.org")] == [1, 2]
    assert [found.id for found in history.deliveries(issue_date=DAY)] == [1, 3]
    assert [found.id for found in history.deliveries(state=QUEUED, subscriber=ADA)] == [2]
    assert history.deliveries(subscriber="nobody@example.org") == ()


def test_a_delivery_is_found_by_its_number(store: Store) -> None:
    """None of what there is not."""
    queue(store)

    assert store.history.delivery(1) == store.history.deliveries()[0]
    assert store.history.delivery(2) is None


def test_the_message_of_what_can_be_sent_can_be_looked_at(store: Store) -> None:
    """As it will go out, to the byte."""
    queue(store, message=b"Subject: x\r\n\r\n\xc3\xa9\r\n")

    assert store.history.message(1) == b"Subject: x\r\n\r\n\xc3\xa9\r\n"
    assert store.history.message(2) is None


@pytest.mark.parametrize("message", [b"", b"x", bytes(range(256)) * 300])
def test_a_packed_message_comes_back_to_the_byte(message: bytes) -> None:
    """However short or odd."""
    assert unpacked(packed(message)) == message


def test_a_message_is_stored_in_a_fraction_of_its_size() -> None:
    """A hundred thousand readers a day are gigabytes otherwise."""
    html = b"".join(b'<tr><td style="padding:8px 0">paper %d</td></tr>\r\n' % n for n in range(800))

    assert len(packed(html)) < len(html) / 3


def test_silences_are_told_with_their_reason(store: Store) -> None:
    """By reader; those of another date are not among them."""
    store.outbox.silence("Grace@example.org", DAY, reason="no paper matched", now=NOW)
    store.outbox.silence("ada@example.org", DAY, reason="no new papers", now=LATER)

    assert store.history.silences(DAY) == (
        Silence("ada@example.org", DAY, "no new papers", LATER),
        Silence("Grace@example.org", DAY, "no paper matched", NOW),
    )
    assert store.history.silences(NEXT_DAY) == ()


# ------------------------------------------------------------------ what a reader has


@pytest.mark.parametrize("state", DeliveryState)
def test_papers_count_as_received_unless_the_delivery_failed(store: Store, state: DeliveryState) -> None:
    """No paper twice, also while nobody knows; one that certainly did not arrive may come again."""
    queue(store)
    bring(store, state)

    expected = {} if state is FAILED else {paper.id: DAY for paper in PAPERS}
    assert store.history.received("ADA@example.org") == expected
    assert store.history.received(GRACE) == {}


def test_a_paper_received_twice_was_received_on_the_first_date(store: Store) -> None:
    """As an update, for example."""
    queue(store, issue_date=NEXT_DAY)
    queue(store)

    assert set(store.history.received(ADA).values()) == {DAY}


@pytest.mark.parametrize("state", DeliveryState)
def test_the_last_issue_was_made_unless_it_failed(store: Store, state: DeliveryState) -> None:
    """What came since is new to the reader; a failed issue was never read."""
    queue(store)
    bring(store, state)

    assert store.history.last_made("ADA@example.org") == (None if state is FAILED else NOW)
    assert store.history.last_made(GRACE) is None


def test_an_issue_with_nothing_in_it_was_made_too(store: Store) -> None:
    """The later of both counts; `before` asks about earlier dates alone."""
    queue(store)
    store.outbox.silence(ADA, NEXT_DAY, reason="no new papers", now=LATER)

    assert store.history.last_made(ADA) == LATER
    assert store.history.last_made(ADA, before=NEXT_DAY) == NOW
    assert store.history.last_made(ADA, before=DAY) is None


def test_an_issue_comes_back_with_its_reasons(store: Store) -> None:
    """`explain` can say why each paper was sent, and where in the issue it stood."""
    reasons = (a_reason(origin="subscribers.yaml:14"), a_reason(kind=ReasonKind.AUTHOR, words=()))
    issue = (("", a_match(PAPERS[2], score=0.9)), ("Trees", a_match(PAPERS[0], reasons=reasons)))
    queue(store, papers=issue)

    brought = store.history.issue_papers(1)

    assert brought == issue
    assert brought[1][1].reasons[0].origin == "subscribers.yaml:14"


def updated(version: int) -> list[tuple[str, MatchedPaper]]:
    """Return an issue of one paper that came in a newer version."""
    update = Reason(ReasonKind.UPDATE, count=version, since=DAY)
    return [("Trees", a_match(PAPERS[0], reasons=(a_reason(interest="updates of trees"), update)))]


def test_the_newest_version_a_reader_was_told_of_is_known(store: Store) -> None:
    """Read from the reasons of the issues; a paper that came once has none, nor has another reader."""
    queue(store)
    queue(store, issue_date=NEXT_DAY, papers=updated(3))
    queue(store, issue_date=NEXT_DAY + timedelta(days=1), papers=updated(2))

    assert store.history.versions("ADA@example.org") == {PAPERS[0].id: 3}
    assert store.history.versions(ADA, besides=NEXT_DAY) == {PAPERS[0].id: 2}
    assert store.history.versions(GRACE) == {}


def test_an_update_that_did_not_arrive_is_not_known(store: Store) -> None:
    """It may come again."""
    queue(store, papers=updated(3))
    bring(store, FAILED)

    assert store.history.versions(ADA) == {}


def test_every_kind_of_reason_comes_back_whole(store: Store) -> None:
    """Counts, notes and dates are kept; an old row without them reads as before."""
    reasons = (
        a_reason(),
        Reason(ReasonKind.PICK, note="Read section 4 first.", editor="Ada Lovelace", origin="subscribers.yaml:4"),
        Reason(ReasonKind.VOTES, count=2),
        Reason(ReasonKind.UPVOTES, count=41),
        Reason(ReasonKind.UPDATE, count=3, since=DAY),
    )
    queue(store, papers=[("Trending", a_match(PAPERS[0], reasons=reasons))])

    assert store.history.issue_papers(1)[0][1].reasons == reasons


def test_a_reason_written_before_there_were_counts_is_read() -> None:
    """The rows of an older version stay."""
    told = {"kind": "words", "interest": "trees", "words": ["trees"], "in_title": True, "lexical": 0.9}
    row = {"reasons": [told | {"closeness": 6.0, "origin": "subscribers.yaml:4"}]}

    assert reasons_of(row) == (a_reason(interest="trees", words=("trees",)),)
