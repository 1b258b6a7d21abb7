"""The outbox: each delivery once, its state moved by its owner, along the arrows and along no other."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import timedelta

import children
import pytest
from makers import DAY, NOW, a_match, a_paper, a_queued, an_edition

from newsletter.errors import StoreError
from newsletter.models import Delivery, DeliveryState, Move
from newsletter.store import Claimed, Outbox, Store
from newsletter.store.tables import deliveries, messages

PAPERS = (a_paper("One"), a_paper("Two"), a_paper("Three"))
NEXT_DAY = DAY + timedelta(days=1)
LATER = NOW + timedelta(minutes=5)
A_DAY = timedelta(hours=24)
QUEUED, CLAIMED, DOT, SENT, FAILED, UNKNOWN = DeliveryState
ADA, GRACE, MARY = "ada@example.org", "grace@example.org", "mary@example.org"
WHOLE = [("Trees", a_match(paper)) for paper in PAPERS]


@pytest.fixture
def store(store: Store) -> Store:
    """Return a store with an edition of three papers."""
    store.editions.save(an_edition(*PAPERS), collected_at=NOW)
    return store


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """Return its outbox."""
    return store.outbox


@pytest.fixture
def owner(outbox: Outbox) -> Iterator[str]:
    """Give a sender that is alive."""
    with outbox.owning() as name:
        yield name


def queue(outbox: Outbox, *subscribers: str, **fields: object) -> tuple[bool, ...]:
    """Queue an issue of all three papers for each, or for one."""
    now = fields.pop("now", NOW)
    issues = [a_queued(each, **{"papers": WHOLE, **fields}) for each in subscribers or (ADA,)]
    return outbox.queue(issues, now=now)  # type: ignore[arg-type]


def states(store: Store) -> list[DeliveryState]:
    """Return the state of every delivery."""
    return [delivery.state for delivery in store.history.deliveries()]


def a_move(state: DeliveryState, number: int = 1, **fields: object) -> Move:
    """Return a move that counts as an attempt; what is queued again is due later."""
    return Move(number, state, **{"attempted": state is not DOT, "next_attempt_at": LATER, **fields})  # type: ignore[arg-type]


PATHS: dict[DeliveryState, tuple[DeliveryState, ...]] = {
    QUEUED: (),
    CLAIMED: (),
    DOT: (DOT,),
    SENT: (DOT, SENT),
    FAILED: (FAILED,),
    UNKNOWN: (DOT, UNKNOWN),
}


def brought_to(outbox: Outbox, owner: str, state: DeliveryState) -> None:
    """Claim what is due and bring the first delivery to a state, along the arrows."""
    if state is not QUEUED:
        outbox.claim(owner, 10, now=NOW)
    for step in PATHS[state]:
        assert outbox.keep(owner, [a_move(step)], now=NOW) == {1}


# ------------------------------------------------------------------ in


def test_a_queued_issue_is_a_delivery(store: Store) -> None:
    """What the operator sees of it."""
    assert queue(store.outbox) == (True,)

    assert store.history.deliveries() == (
        Delivery(1, ADA, DAY, f"<i20261120.{ADA}>", QUEUED, papers=3, changed_at=NOW),
    )


def test_a_second_issue_of_the_same_date_is_not_queued(store: Store) -> None:
    """Nobody gets the same issue twice, however often it is made; letter case is no other reader."""
    queue(store.outbox)

    assert queue(store.outbox, "ADA@Example.org", GRACE) == (False, True)
    assert [delivery.subscriber for delivery in store.history.deliveries()] == [ADA, GRACE]
    assert len(store.history.issue_papers(store.history.deliveries()[1].id)) == 3


def test_two_issues_of_one_reader_and_date_in_one_batch_are_one(store: Store) -> None:
    """A list that names somebody twice sends once; the first stands."""
    issues = [a_queued(message=b"first"), a_queued("ADA@example.org", message=b"second"), a_queued(GRACE)]

    assert store.outbox.queue(issues, now=NOW) == (True, False, True)
    assert store.history.message(store.history.deliveries()[0].id) == b"first"


def test_every_spelling_of_a_domain_is_one_reader(outbox: Outbox) -> None:
    """In Unicode or as DNS has it, with or without capitals, in one batch or in two."""
    unicode, ascii_form = "ada@bücher.example", "Ada@XN--bcher-kva.example"

    assert queue(outbox, unicode, ascii_form, GRACE) == (True, False, True)
    assert queue(outbox, ascii_form, "ada@BÜCHER.example") == (False, False)
    assert len(outbox.settled(DAY)) == 2


def test_nothing_to_queue_is_nothing(outbox: Outbox) -> None:
    """A batch in which nobody has anything to read."""
    assert outbox.queue([], now=NOW) == ()


def test_another_date_and_another_reader_are_other_deliveries(outbox: Outbox) -> None:
    """One row per subscriber and issue date."""
    queue(outbox)

    assert queue(outbox, issue_date=NEXT_DAY) == queue(outbox, GRACE) == (True,)


def test_a_batch_with_a_paper_that_is_in_no_edition_is_not_queued_at_all(store: Store) -> None:
    """Either all deliveries and all their papers are kept, or nothing."""
    odd = a_queued(GRACE, papers=[("Trees", a_match(PAPERS[0])), ("Trees", a_match(a_paper("Never stored")))])

    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.outbox.queue([a_queued(papers=WHOLE), odd], now=NOW)

    assert store.history.deliveries() == ()
    assert store.outbox.settled(DAY) == frozenset()


def test_a_silence_is_remembered_once(outbox: Outbox) -> None:
    """An issue with nothing in it is made once, not every minute."""
    assert outbox.silence("Ada@example.org", DAY, reason="no paper matched", now=NOW)

    assert not outbox.silence(ADA, DAY, reason="again", now=LATER)
    assert outbox.silence(ADA, NEXT_DAY, reason="no paper matched", now=LATER)


def test_whoever_is_queued_or_silent_is_settled(outbox: Outbox) -> None:
    """The run that comes next minute leaves them alone; the addresses are case-folded."""
    queue(outbox, "Ada@example.org")
    outbox.silence("Grace@example.org", DAY, reason="-", now=NOW)
    queue(outbox, MARY, issue_date=NEXT_DAY)

    assert outbox.settled(DAY) == {ADA, GRACE}


# ------------------------------------------------------------------ on the way


def test_a_claim_gives_the_envelope_and_the_bytes(store: Store, owner: str) -> None:
    """All that sending needs."""
    queue(store.outbox, message=b"\x00\xff" * 1000, recipient="ada@xn--bcher-kva.example")

    assert store.outbox.claim(owner, 10, now=NOW) == (
        Claimed(
            id=1,
            subscriber=ADA,
            issue_date=DAY,
            message_id=f"<i20261120.{ADA}>",
            sender="papers@example.org",
            recipient="ada@xn--bcher-kva.example",
            message=b"\x00\xff" * 1000,
            papers=3,
            attempts=0,
            may_have_arrived=False,
            expires_at=NOW + A_DAY,
        ),
    )
    assert states(store) == [CLAIMED]


def test_a_claim_takes_what_waits_longest_and_nothing_twice(outbox: Outbox, owner: str) -> None:
    """First due, first sent; then in the order of queueing."""
    for name, minutes in (("a", 3), ("b", 1), ("c", 1), ("d", 2)):
        queue(outbox, f"{name}@example.org", now=NOW + timedelta(minutes=minutes))

    claims = [[claimed.recipient[0] for claimed in outbox.claim(owner, 2, now=LATER)] for _ in range(3)]

    assert claims == [["b", "c"], ["d", "a"], []]


def test_what_is_not_due_is_not_claimed(outbox: Outbox, owner: str) -> None:
    """A retry waits for its time, and knows that it is one."""
    queue(outbox)
    outbox.claim(owner, 1, now=NOW)
    outbox.keep(owner, [a_move(QUEUED)], now=NOW)

    assert outbox.claim(owner, 1, now=LATER - timedelta(seconds=1)) == ()
    assert [claimed.attempts for claimed in outbox.claim(owner, 1, now=LATER)] == [1]


def test_who_has_left_is_failed_at_the_claim_and_others_take_the_place(store: Store, owner: str) -> None:
    """The limit is filled with those who may have theirs, and the message is forgotten."""
    queue(store.outbox, "ADA@Example.org", GRACE, MARY)
    for address in (ADA, "Grace@example.org"):
        store.suppressions.add(address, reason="unsubscribed", detail="", at=NOW)

    assert [claimed.subscriber for claimed in store.outbox.claim(owner, 2, now=NOW)] == [MARY]
    assert states(store) == [FAILED, FAILED, CLAIMED]
    assert [store.history.message(number) for number in (1, 2)] == [None, None]
    assert "no longer an active subscriber" in store.history.deliveries()[0].detail


def test_who_has_left_is_failed_under_every_spelling(store: Store, owner: str) -> None:
    """Two issues that wait for one mailbox, each spelled its own way, are both theirs."""
    queue(store.outbox, "ada@bücher.example")
    queue(store.outbox, "ADA@xn--bcher-kva.example", issue_date=NEXT_DAY)
    queue(store.outbox, "grace@bücher.example")
    store.suppressions.add("ada@Bücher.example", reason="unsubscribed", detail="", at=NOW)

    assert [claimed.subscriber for claimed in store.outbox.claim(owner, 9, now=NOW)] == ["grace@bücher.example"]
    assert states(store).count(FAILED) == 2


def test_a_claim_of_people_who_all_left_is_empty(store: Store, owner: str) -> None:
    """And ends."""
    queue(store.outbox, ADA, GRACE)
    for address in (ADA, GRACE):
        store.suppressions.add(address, reason="complained", detail="", at=NOW)

    assert store.outbox.claim(owner, 1, now=NOW) == ()
    assert states(store) == [FAILED, FAILED]


def test_what_may_have_arrived_is_known_for_ever(store: Store, owner: str) -> None:
    """However often it is tried after, and whatever the server says then; other deliveries are not meant."""
    queue(store.outbox, ADA, GRACE)
    brought_to(store.outbox, owner, DOT)
    store.outbox.keep(owner, [a_move(QUEUED, may_have_arrived=True), a_move(QUEUED, 2)], now=NOW)
    claims = []
    for _ in range(2):
        claims.append([claimed.may_have_arrived for claimed in store.outbox.claim(owner, 2, now=LATER)])
        store.outbox.keep(owner, [a_move(QUEUED), a_move(QUEUED, 2)], now=LATER)

    assert claims == [[True, False]] * 2


def test_released_deliveries_are_queued_as_before(store: Store, owner: str) -> None:
    """They were never tried; what has gone on meanwhile, or is another's, is left alone."""
    queue(store.outbox, ADA, GRACE, MARY)
    store.outbox.claim(owner, 2, now=NOW)
    store.outbox.keep(owner, [a_move(DOT, 2)], now=NOW)
    with store.outbox.owning() as another:
        store.outbox.claim(another, 1, now=NOW)
        store.outbox.release(owner, now=NOW)

        assert states(store) == [QUEUED, DOT, CLAIMED]
    assert [claimed.attempts for claimed in store.outbox.claim(owner, 3, now=NOW)] == [0]


def test_a_sent_delivery_keeps_the_reply_and_in_the_end_no_message(store: Store, owner: str) -> None:
    """Years of sent emails take no space."""
    queue(store.outbox)
    brought_to(store.outbox, owner, DOT)

    store.outbox.keep(owner, [Move(1, SENT, 250, "2.0.0 taken", attempted=True)], now=LATER)
    store.outbox.release(owner, now=LATER)

    [sent] = store.history.deliveries()
    assert (sent.state, sent.code, sent.detail, sent.attempts, sent.changed_at) == (SENT, 250, "2.0.0 taken", 1, LATER)
    assert store.history.message(1) is None


@pytest.mark.parametrize("state", [QUEUED, CLAIMED, DOT, UNKNOWN])
def test_what_can_still_be_sent_keeps_its_message(store: Store, owner: str, state: DeliveryState) -> None:
    """The operator may decide to send what is unknown again."""
    queue(store.outbox, message=b"the bytes")
    brought_to(store.outbox, owner, state)
    store.outbox.release(owner, now=NOW)

    assert store.history.message(1) == b"the bytes"


def test_a_message_that_an_earlier_version_packed_is_read(store: Store, store_url: str, owner: str) -> None:
    """It used zlib; what waits in the outbox survives an upgrade."""
    queue(store.outbox, message=b"new")
    with store._database.writing() as connection:
        connection.execute(messages.update().values(data=zlib.compress(b"old")))

    assert store.history.message(1) == b"old"
    with Store.open(store_url) as later:
        assert [claimed.message for claimed in later.outbox.claim(owner, 1, now=NOW)] == [b"old"]


@pytest.mark.parametrize("how_many", [1, 3, 7])
def test_another_run_sends_the_same_bytes(store: Store, store_url: str, owner: str, how_many: int) -> None:
    """Whoever queued a message, whoever claims it: of some this process still has them, of others it read them."""
    readers = [f"reader{number}@example.org" for number in range(7)]
    large = {reader: reader.encode() + bytes(2_000_000) for reader in readers}  # only the last ones are still here
    store.outbox.queue([a_queued(reader, message=large[reader], papers=()) for reader in readers], now=NOW)

    with Store.open(store_url) as other:
        claimed = [*other.outbox.claim(owner, how_many, now=NOW), *store.outbox.claim(owner, 10, now=NOW)]

    assert {each.recipient: each.message for each in claimed} == large


def test_what_is_given_back_is_sent_with_the_same_bytes(outbox: Outbox, owner: str) -> None:
    """A sender that stops before a message is begun leaves it for the next."""
    queue(outbox, message=b"the bytes")
    outbox.claim(owner, 1, now=NOW)
    outbox.release(owner, now=NOW)

    assert [claimed.message for claimed in outbox.claim(owner, 1, now=NOW)] == [b"the bytes"]


def test_what_an_earlier_version_queued_has_a_day(store: Store, owner: str) -> None:
    """It did not say when it has no value any more."""
    queue(store.outbox)
    with store._database.writing() as connection:
        connection.execute(deliveries.update().values(expires_at=None))

    assert [claimed.expires_at for claimed in store.outbox.claim(owner, 1, now=LATER)] == [NOW + A_DAY]


def test_many_moves_are_one_transaction(store: Store, owner: str) -> None:
    """Of every kind, each with its own reply."""
    queue(store.outbox, *(f"{name}@example.org" for name in "abcdef"))
    store.outbox.claim(owner, 6, now=NOW)
    store.outbox.keep(owner, [a_move(DOT, number) for number in (1, 2, 3)], now=NOW)
    moves = [
        a_move(SENT, 1, code=250, detail="taken"),
        a_move(UNKNOWN, 2),
        a_move(FAILED, 3, code=550, detail="spam"),
        a_move(QUEUED, 4, code=450, detail="later", attempted=False),
        a_move(DOT, 5),
    ]

    assert store.outbox.keep(owner, moves, now=LATER) == {1, 2, 3, 4, 5}
    found = [(each.state, each.code, each.detail, each.attempts) for each in store.history.deliveries()]
    assert found == [
        (SENT, 250, "taken", 1),
        (UNKNOWN, 0, "", 1),
        (FAILED, 550, "spam", 1),
        (QUEUED, 450, "later", 0),
        (DOT, 0, "", 0),
        (CLAIMED, 0, "", 0),
    ]


@pytest.mark.parametrize("start", DeliveryState)
@pytest.mark.parametrize("target", [DOT, SENT, FAILED, UNKNOWN, QUEUED])
def test_a_delivery_moves_along_the_arrows_only(
    store: Store, owner: str, start: DeliveryState, target: DeliveryState
) -> None:
    """Every state and every move, as drawn in `newsletter.deliver`; the others of a batch are not held up."""
    queue(store.outbox, ADA, GRACE)
    brought_to(store.outbox, owner, start)
    store.outbox.claim(owner, 2, now=NOW) if start is not QUEUED else None
    both = {CLAIMED, DOT}
    arrows = {DOT: {CLAIMED}, SENT: {DOT, UNKNOWN}, FAILED: both, UNKNOWN: both, QUEUED: both}

    made = store.outbox.keep(owner, [a_move(target)], now=LATER)

    assert states(store)[0] is (target if start in arrows[target] else start)
    if start in arrows[target]:
        assert made == {1}
    elif start is not target:
        assert made == frozenset()


@pytest.mark.parametrize("target", [DOT, SENT, FAILED, UNKNOWN, QUEUED])
def test_nobody_moves_what_another_has_claimed(store: Store, owner: str, target: DeliveryState) -> None:
    """Whoever was taken for dead hears it before the final dot; the rest of the batch is theirs."""
    queue(store.outbox, ADA, GRACE)
    with store.outbox.owning() as another:
        store.outbox.claim(owner, 1, now=NOW)
        store.outbox.claim(another, 1, now=NOW)
        if target in (SENT, UNKNOWN):
            store.outbox.keep(owner, [a_move(DOT, 1)], now=NOW)
            store.outbox.keep(another, [a_move(DOT, 2)], now=NOW)
        before = states(store)

        assert store.outbox.keep(another, [a_move(target, 1), a_move(target, 2)], now=NOW) == {2}
        assert states(store) == [before[0], target]


def test_an_answer_that_comes_after_somebody_gave_us_up_still_counts(store: Store, owner: str) -> None:
    """The server took it: held as unknown meanwhile, it is known now."""
    queue(store.outbox)
    brought_to(store.outbox, owner, UNKNOWN)

    assert store.outbox.keep(owner, [a_move(SENT, code=250)], now=LATER) == {1}
    assert states(store) == [SENT]


# ------------------------------------------------------------------ the dead


def test_reconcile_settles_what_a_dead_sender_left(store: Store, owner: str) -> None:
    """Before the dot it is safe to send again; after it nobody knows. What is due stays due."""
    queue(store.outbox, *(f"{name}@example.org" for name in "abcd"))
    with store.outbox.owning() as dead:
        store.outbox.claim(dead, 3, now=NOW)
        store.outbox.keep(dead, [a_move(DOT, 2)], now=NOW)

    settled = store.outbox.reconcile(owner, now=LATER)

    assert [(delivery.id, delivery.state) for delivery in settled] == [(1, QUEUED), (2, UNKNOWN), (3, QUEUED)]
    assert "it may have arrived" in settled[1].detail
    assert store.outbox.reconcile(owner, now=LATER) == ()
    assert [claimed.id for claimed in store.outbox.claim(owner, 9, now=NOW)] == [1, 3, 4]


def test_what_a_dead_sender_may_have_sent_is_queued_where_that_is_wished(store: Store, owner: str) -> None:
    """With the same bytes, and once: a second time it is held."""
    queue(store.outbox, message=b"the bytes")
    with store.outbox.owning() as dead:
        brought_to(store.outbox, dead, DOT)

    [settled] = store.outbox.reconcile(owner, now=LATER, resend=True)

    assert settled.state is QUEUED
    with store.outbox.owning() as dead:
        [claimed] = store.outbox.claim(dead, 1, now=LATER)
        assert (claimed.message, claimed.may_have_arrived) == (b"the bytes", True)
        store.outbox.keep(dead, [a_move(DOT)], now=LATER)
    [held] = store.outbox.reconcile(owner, now=LATER, resend=True)
    assert (held.state, "it may have arrived" in held.detail) == (UNKNOWN, True)


def test_reconcile_leaves_the_living_alone(store: Store, owner: str) -> None:
    """Whoever asks, and however often: also what is one's own."""
    queue(store.outbox, ADA, GRACE)
    with store.outbox.owning() as another:
        store.outbox.claim(another, 1, now=NOW)
        store.outbox.claim(owner, 1, now=NOW)
        store.outbox.keep(another, [a_move(DOT, 1)], now=NOW)

        assert store.outbox.reconcile(owner, now=LATER) == store.outbox.reconcile(another, now=LATER) == ()
        assert states(store) == [DOT, CLAIMED]


def test_what_an_earlier_version_left_half_way_is_settled(store: Store, owner: str) -> None:
    """It named no owner."""
    queue(store.outbox)
    brought_to(store.outbox, owner, DOT)
    with store._database.writing() as connection:
        connection.execute(deliveries.update().values(owner=""))

    assert [delivery.state for delivery in store.outbox.reconcile(owner, now=LATER)] == [UNKNOWN]


# ------------------------------------------------------------------ by the operator


def test_what_waits_for_people_who_left_is_withdrawn(store: Store, owner: str) -> None:
    """However their address is spelled; what is under way is not stopped, what is settled stays."""
    queue(store.outbox, ADA, GRACE, MARY, "emmy@example.org")
    store.outbox.claim(owner, 1, now=NOW)

    gone = store.outbox.withdraw(["GRACE@example.org"], now=LATER)

    assert [(delivery.subscriber, delivery.state) for delivery in gone] == [
        (MARY, FAILED),
        ("emmy@example.org", FAILED),
    ]
    assert states(store) == [CLAIMED, QUEUED, FAILED, FAILED]
    assert store.history.message(3) is None
    assert store.outbox.withdraw(["GRACE@example.org"], now=LATER) == ()


def test_what_waits_for_a_server_can_be_hastened(store: Store, owner: str) -> None:
    """What a reader's own server asked to come later keeps its time."""
    queue(store.outbox, ADA, GRACE)
    store.outbox.claim(owner, 2, now=NOW)
    store.outbox.keep(owner, [a_move(QUEUED, 1, attempted=False), a_move(QUEUED, 2)], now=NOW)

    assert store.outbox.hasten(now=NOW) == 1
    assert [claimed.subscriber for claimed in store.outbox.claim(owner, 2, now=NOW)] == [ADA]


@pytest.mark.parametrize("state", DeliveryState)
def test_only_what_nobody_knows_of_can_be_sent_again(store: Store, owner: str, state: DeliveryState) -> None:
    """With the same bytes, a new day to live and its attempts forgotten, but not that it may have arrived."""
    queue(store.outbox, message=b"the bytes")
    brought_to(store.outbox, owner, state)

    again = store.outbox.resend(1, expires_at=LATER + A_DAY, now=LATER)

    if state is not UNKNOWN:
        assert (again, states(store)) == (None, [state])
        return
    assert again is not None
    assert (again.state, again.attempts) == (QUEUED, 0)
    assert store.outbox.resend(1, expires_at=LATER, now=LATER) is None
    [claimed] = store.outbox.claim(owner, 1, now=LATER)
    assert (claimed.message, claimed.expires_at, claimed.may_have_arrived) == (b"the bytes", LATER + A_DAY, True)


def test_there_is_nothing_to_send_again_of_what_there_is_not(outbox: Outbox) -> None:
    """A number that is nobody's."""
    assert outbox.resend(7, expires_at=LATER, now=NOW) is None


# ------------------------------------------------------------------ two at once

RACER = """
import json, sys
from datetime import date, datetime, timedelta, timezone
from newsletter.store import Queued, Store
now = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
def issue(n):
    return Queued(f"reader{n}@example.org", date(2026, 11, 20), f"<{n}>", b"x", "p@example.org",
                  f"reader{n}@example.org", (), now + timedelta(hours=24))
with Store.open(sys.argv[1]) as store, store.outbox.owning() as owner:
    print("ready", flush=True)
    sys.stdin.readline()
    queued = sum(sum(store.outbox.queue([issue(n), issue(n + 1)], now=now)) for n in range(0, 60, 2))
    claims = iter(lambda: store.outbox.claim(owner, 3, now=now), ())
    print(json.dumps({"queued": queued, "claimed": [claimed.id for batch in claims for claimed in batch]}))
"""


def test_two_runs_at_once_queue_and_claim_each_delivery_once(store: Store, store_url: str) -> None:
    """The database itself keeps them apart."""
    with children.start(RACER, store_url) as one, children.start(RACER, store_url) as two:
        for racer in (one, two):
            assert children.first_line(racer) == "ready"
        for racer in (one, two):
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        results = [json.loads(racer.communicate()[0]) for racer in (one, two)]

    assert sum(result["queued"] for result in results) == 60
    claimed = results[0]["claimed"] + results[1]["claimed"]
    assert sorted(claimed) == [delivery.id for delivery in store.history.deliveries()]
    assert len(set(claimed)) == 60


# ------------------------------------------------------------------ asked about


def test_a_delivery_is_unfinished_once_it_is_due(outbox: Outbox, owner: str) -> None:
    """A tick that has nothing to try again does nothing."""
    queue(outbox)
    outbox.claim(owner, 1, now=NOW)
    outbox.keep(owner, [a_move(QUEUED)], now=NOW)

    assert [outbox.unfinished(now=now) for now in (NOW, LATER)] == [False, True]


@pytest.mark.parametrize("state", DeliveryState)
def test_a_delivery_left_half_way_is_unfinished(outbox: Outbox, owner: str, state: DeliveryState) -> None:
    """What a run that died had taken is settled by the next one; what is settled is nobody's business."""
    queue(outbox)
    brought_to(outbox, owner, state)

    assert outbox.unfinished(now=NOW) is (state in (QUEUED, CLAIMED, DOT))
