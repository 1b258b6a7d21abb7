"""The outbox: each delivery once, its state moved along the arrows and along no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import children
import pytest
from makers import DAY, NOW, a_match, a_paper, a_reason, an_edition
from stores import a_store

from newsletter.errors import StoreError
from newsletter.models import Delivery, DeliveryState, MatchedPaper, Reason, ReasonKind
from newsletter.store import Claimed, Outbox, Silence, Store
from newsletter.store.sent import reasons_of

PAPERS = (a_paper("One"), a_paper("Two"), a_paper("Three"))
NEXT_DAY = DAY + timedelta(days=1)
LATER = NOW + timedelta(minutes=5)
QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an open store with an edition of three papers."""
    with a_store(tmp_path) as store:
        store.editions.save(an_edition(*PAPERS), collected_at=NOW)
        yield store


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """Return its outbox."""
    return store.outbox


def queue(outbox: Outbox, subscriber: str = "ada@example.org", **fields: object) -> bool:
    """Queue an issue of all three papers."""
    defaults: dict[str, object] = {
        "issue_date": DAY,
        "message_id": f"<i20261120.{subscriber}>",
        "message": b"Subject: x\r\n\r\nx\r\n",
        "sender": "papers@example.org",
        "recipient": subscriber,
        "papers": [("Trees", a_match(paper)) for paper in PAPERS],
        "now": NOW,
    }
    return outbox.queue(subscriber, **{**defaults, **fields})  # type: ignore[arg-type]


def states(outbox: Outbox) -> list[DeliveryState]:
    """Return the state of every delivery."""
    return [delivery.state for delivery in history.deliveries()]


# ------------------------------------------------------------------ in


def test_a_queued_issue_is_a_delivery(outbox: Outbox) -> None:
    """What the operator sees of it."""
    assert queue(outbox)

    [delivery] = history.deliveries()

    assert delivery == Delivery(
        1, "ada@example.org", DAY, "<i20261120.ada@example.org>", QUEUED, papers=3, changed_at=NOW
    )


def test_a_second_issue_of_the_same_date_is_not_queued(outbox: Outbox) -> None:
    """Nobody gets the same issue twice, however often it is made; letter case is no other reader."""
    assert queue(outbox)

    assert not queue(outbox, "ADA@Example.org")
    assert len(history.deliveries()) == 1


def test_another_date_and_another_reader_are_other_deliveries(outbox: Outbox) -> None:
    """One row per subscriber and issue date."""
    assert queue(outbox)

    assert queue(outbox, issue_date=NEXT_DAY)
    assert queue(outbox, "grace@example.org")


def test_an_issue_with_a_paper_that_is_in_no_edition_is_not_queued_at_all(outbox: Outbox) -> None:
    """Either the delivery and all its papers are kept, or nothing."""
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        queue(outbox, papers=[("Trees", a_match(PAPERS[0])), ("Trees", a_match(a_paper("Never stored")))])

    assert history.deliveries() == ()


def test_an_issue_comes_back_with_its_reasons(outbox: Outbox) -> None:
    """`explain` can say why each paper was sent, and where in the issue it stood."""
    reasons = (a_reason(origin="subscribers.yaml:14"), a_reason(kind=ReasonKind.AUTHOR, words=()))
    issue = (("", a_match(PAPERS[2], score=0.9)), ("Trees", a_match(PAPERS[0], reasons=reasons)))
    queue(outbox, papers=issue)

    brought = history.issue_papers(1)

    assert brought == issue
    assert brought[1][1].reasons[0].origin == "subscribers.yaml:14"


def test_a_silence_is_remembered_with_its_reason(outbox: Outbox) -> None:
    """An issue with nothing in it is made once, not every minute."""
    assert outbox.silence("Ada@example.org", DAY, reason="no paper matched", now=NOW)

    assert not outbox.silence("ada@example.org", DAY, reason="again", now=LATER)
    assert history.silences(DAY) == (Silence("Ada@example.org", DAY, "no paper matched", NOW),)
    assert history.silences(NEXT_DAY) == ()


def test_whoever_is_queued_or_silent_is_settled(outbox: Outbox) -> None:
    """The run that comes next minute leaves them alone; the addresses are case-folded."""
    queue(outbox, "Ada@example.org")
    outbox.silence("Grace@example.org", DAY, reason="-", now=NOW)
    queue(outbox, "mary@example.org", issue_date=NEXT_DAY)

    assert outbox.settled(DAY) == {"ada@example.org", "grace@example.org"}


def test_deliveries_can_be_asked_for_by_reader_date_and_state(outbox: Outbox) -> None:
    """All that is given must fit."""
    queue(outbox)
    queue(outbox, issue_date=NEXT_DAY)
    queue(outbox, "grace@example.org")
    outbox.claim(1, now=NOW)

    assert [found.id for found in history.deliveries(subscriber="ADA@example.org")] == [1, 2]
    assert [found.id for found in history.deliveries(issue_date=DAY)] == [1, 3]
    assert [found.id for found in history.deliveries(state=QUEUED, subscriber="ada@example.org")] == [2]


# ------------------------------------------------------------------ on the way


def test_a_claim_gives_the_envelope_and_the_bytes(outbox: Outbox) -> None:
    """All that sending needs."""
    queue(outbox, message=b"\x00\xff" * 1000)

    assert outbox.claim(10, now=NOW) == (
        Claimed(1, "papers@example.org", "ada@example.org", b"\x00\xff" * 1000, 0, NOW),
    )
    assert states(outbox) == [CLAIMED]


def test_a_claim_takes_what_waits_longest_and_nothing_twice(outbox: Outbox) -> None:
    """First due, first sent; then in the order of queueing."""
    for name, minutes in (("a", 3), ("b", 1), ("c", 1), ("d", 2)):
        queue(outbox, f"{name}@example.org", now=NOW + timedelta(minutes=minutes))

    claims = [[claimed.recipient[0] for claimed in outbox.claim(2, now=LATER)] for _ in range(3)]

    assert claims == [["b", "c"], ["d", "a"], []]


def test_what_is_not_due_is_not_claimed(outbox: Outbox) -> None:
    """A retry waits for its time."""
    queue(outbox)
    outbox.claim(1, now=NOW)
    outbox.requeue(1, next_attempt_at=LATER, attempted=True, code=450, detail="later", now=NOW)

    assert outbox.claim(1, now=LATER - timedelta(seconds=1)) == ()
    assert [claimed.attempts for claimed in outbox.claim(1, now=LATER)] == [1]


def test_released_deliveries_are_queued_as_before(outbox: Outbox) -> None:
    """They were never tried; what has gone on meanwhile is left alone."""
    for name in "abc":
        queue(outbox, f"{name}@example.org")
    outbox.claim(3, now=NOW)
    outbox.mark_dot(2, now=NOW)

    outbox.release([1, 2, 3], now=NOW)

    assert states(outbox) == [QUEUED, DOT, QUEUED]
    assert [claimed.attempts for claimed in outbox.claim(3, now=NOW)] == [0, 0]


def test_a_sent_delivery_keeps_the_reply_and_no_message(store: Store) -> None:
    """Years of sent emails take no space."""
    queue(store.outbox)
    store.outbox.claim(1, now=NOW)
    store.outbox.mark_dot(1, now=NOW)

    sent = store.outbox.mark_sent(1, code=250, detail="2.0.0 taken", now=LATER)

    assert (sent.state, sent.code, sent.detail, sent.attempts, sent.changed_at) == (SENT, 250, "2.0.0 taken", 1, LATER)
    assert store.history.deliveries() == (sent,)
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT message FROM deliveries").scalar_one() is None


def test_an_unknown_delivery_keeps_its_message(store: Store) -> None:
    """The operator may decide to send it again."""
    queue(store.outbox)
    store.outbox.claim(1, now=NOW)
    store.outbox.mark_dot(1, now=NOW)
    store.outbox.mark_unknown(1, code=0, detail="no answer", now=NOW)

    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT message FROM deliveries").scalar_one() is not None


def test_reconcile_settles_what_a_dead_run_left(store: Store) -> None:
    """Before the dot it is safe to send again; after it nobody knows."""
    for name in "abcd":
        queue(store.outbox, f"{name}@example.org")
    store.outbox.claim(3, now=NOW)
    store.outbox.mark_dot(2, now=NOW)

    with store.lock():
        settled = store.outbox.reconcile(now=LATER)
        again = store.outbox.reconcile(now=LATER)

    assert [(delivery.id, delivery.state) for delivery in settled] == [(1, QUEUED), (2, UNKNOWN), (3, QUEUED)]
    assert "it may have arrived" in settled[1].detail
    assert again == ()


def test_reconcile_without_the_lock_is_refused(outbox: Outbox) -> None:
    """Another run may be alive, and its claims are no remains."""
    with pytest.raises(StoreError, match="the lock must be held"):
        outbox.reconcile(now=NOW)


MOVES: dict[str, tuple[Callable[[Outbox], object], set[DeliveryState], DeliveryState]] = {
    "dot": (lambda outbox: outbox.mark_dot(1, now=NOW), {CLAIMED}, DOT),
    "sent": (lambda outbox: outbox.mark_sent(1, code=250, detail="", now=NOW), {DOT}, SENT),
    "failed": (lambda outbox: outbox.mark_failed(1, code=550, detail="", now=NOW), {CLAIMED, DOT}, FAILED),
    "unknown": (lambda outbox: outbox.mark_unknown(1, code=0, detail="", now=NOW), {DOT}, UNKNOWN),
    "queued": (
        lambda outbox: outbox.requeue(1, next_attempt_at=NOW, attempted=True, code=450, detail="", now=NOW),
        {CLAIMED, DOT},
        QUEUED,
    ),
}
PATHS: dict[DeliveryState, tuple[str, ...]] = {
    QUEUED: (),
    CLAIMED: (),
    DOT: ("dot",),
    SENT: ("dot", "sent"),
    FAILED: ("failed",),
    UNKNOWN: ("dot", "unknown"),
}


@pytest.mark.parametrize("start", DeliveryState)
@pytest.mark.parametrize("move", MOVES)
def test_a_delivery_moves_along_the_arrows_only(outbox: Outbox, start: DeliveryState, move: str) -> None:
    """Every state and every move, as drawn in `newsletter.deliver`."""
    queue(outbox)
    if start is not QUEUED:
        outbox.claim(1, now=NOW)
    for step in PATHS[start]:
        MOVES[step][0](outbox)
    act, allowed, target = MOVES[move]

    if start in allowed:
        act(outbox)
    else:
        with pytest.raises(StoreError, match=f"delivery 1 cannot become {target}: another run has changed it"):
            act(outbox)

    assert states(outbox) == [target if start in allowed else start]


# ------------------------------------------------------------------ what a reader has


@pytest.mark.parametrize("state", DeliveryState)
def test_papers_count_as_received_unless_the_delivery_failed(outbox: Outbox, state: DeliveryState) -> None:
    """No paper twice, also while nobody knows; one that certainly did not arrive may come again."""
    queue(outbox)
    if state is not QUEUED:
        outbox.claim(1, now=NOW)
    for step in PATHS[state]:
        MOVES[step][0](outbox)

    expected = {} if state is FAILED else {paper.id: DAY for paper in PAPERS}
    assert history.received("ADA@example.org") == expected
    assert history.received("grace@example.org") == {}


def test_a_paper_received_twice_was_received_on_the_first_date(outbox: Outbox) -> None:
    """As an update, for example."""
    queue(outbox)
    queue(outbox, issue_date=NEXT_DAY)

    assert set(history.received("ada@example.org").values()) == {DAY}


def updated(version: int) -> list[tuple[str, MatchedPaper]]:
    """Return an issue of one paper that came in a newer version."""
    update = Reason(ReasonKind.UPDATE, count=version, since=DAY)
    return [("Trees", a_match(PAPERS[0], reasons=(a_reason(interest="updates of trees"), update)))]


def test_the_newest_version_a_reader_was_told_of_is_known(outbox: Outbox) -> None:
    """Read from the reasons of the issues; a paper that came once has none, nor has another reader."""
    queue(outbox)
    queue(outbox, issue_date=NEXT_DAY, papers=updated(3))
    queue(outbox, issue_date=NEXT_DAY + timedelta(days=1), papers=updated(2))

    assert history.versions("ADA@example.org") == {PAPERS[0].id: 3}
    assert history.versions("ada@example.org", besides=NEXT_DAY) == {PAPERS[0].id: 2}
    assert history.versions("grace@example.org") == {}


def test_an_update_that_did_not_arrive_is_not_known(outbox: Outbox) -> None:
    """It may come again."""
    queue(outbox, papers=updated(3))
    outbox.claim(1, now=NOW)
    outbox.mark_failed(1, code=550, detail="no such user", now=NOW)

    assert history.versions("ada@example.org") == {}


def test_every_kind_of_reason_comes_back_whole(outbox: Outbox) -> None:
    """Counts, notes and dates are kept; an old row without them reads as before."""
    reasons = (
        a_reason(),
        Reason(ReasonKind.PICK, note="Read section 4 first.", editor="Ada Lovelace", origin="subscribers.yaml:4"),
        Reason(ReasonKind.VOTES, count=2),
        Reason(ReasonKind.UPVOTES, count=41),
        Reason(ReasonKind.UPDATE, count=3, since=DAY),
    )
    queue(outbox, papers=[("Trending", a_match(PAPERS[0], reasons=reasons))])

    assert history.issue_papers(1)[0][1].reasons == reasons


def test_a_reason_written_before_there_were_counts_is_read() -> None:
    """The rows of an older version stay."""
    told = {"kind": "words", "interest": "trees", "words": ["trees"], "in_title": True, "lexical": 0.9}
    row = {"reasons": [told | {"closeness": 6.0, "origin": "subscribers.yaml:4"}]}

    assert reasons_of(row) == (a_reason(interest="trees", words=("trees",)),)


# ------------------------------------------------------------------ two at once

RACER = """
import json, sys
from datetime import date, datetime, timezone
from newsletter.store import Store
now = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
with Store.open(sys.argv[1]) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    queued = sum(
        store.outbox.queue(f"reader{n}@example.org", date(2026, 11, 20), message_id=f"<{n}>", message=b"x",
                           sender="p@example.org", recipient=f"reader{n}@example.org", papers=(), now=now)
        for n in range(60)
    )
    claims = iter(lambda: store.outbox.claim(3, now=now), ())
    print(json.dumps({"queued": queued, "claimed": [claimed.id for batch in claims for claimed in batch]}))
"""


def test_two_runs_at_once_queue_and_claim_each_delivery_once(store: Store) -> None:
    """Also when they got past the lock: the database itself keeps them apart."""
    url = f"sqlite:///{store.path}"

    with children.start(RACER, url) as one, children.start(RACER, url) as two:
        for racer in (one, two):
            assert children.first_line(racer) == "ready"
        for racer in (one, two):
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        results = [json.loads(racer.communicate()[0]) for racer in (one, two)]

    assert sum(result["queued"] for result in results) == 60
    assert sorted(results[0]["claimed"] + results[1]["claimed"]) == list(range(1, 61))


def test_a_delivery_is_unfinished_once_it_is_due(outbox: Outbox) -> None:
    """A tick that has nothing to try again does nothing."""
    queue(outbox)
    (claimed,) = outbox.claim(1, now=NOW)
    outbox.requeue(claimed.id, next_attempt_at=LATER, attempted=True, code=450, detail="busy", now=NOW)

    assert [outbox.unfinished(now=now) for now in (NOW, LATER)] == [False, True]


def test_a_delivery_left_half_way_is_unfinished(outbox: Outbox) -> None:
    """What a run that died had taken is settled by the next one."""
    queue(outbox)
    outbox.claim(1, now=NOW)

    assert outbox.unfinished(now=NOW)
