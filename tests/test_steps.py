"""The statements that every email takes: for any number of rows, and quick whatever the number of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from makers import NOW, a_queued

from newsletter.models import DeliveryState, Move
from newsletter.store import Store
from newsletter.store.steps import ADD_PAPERS, KEEP, Taken, drop_messages, packed_messages
from newsletter.store.tables import deliveries

DOT, SENT = DeliveryState.DOT, DeliveryState.SENT
NUMBERS = (1, 2, 3, 5, 8, 63, 64, 65, 127, 128, 129, 300)


def on_their_way(store: Store, owner: str, number: int) -> Sequence[int]:
    """Queue and claim so many deliveries, and return their ids."""
    queued = [a_queued(f"reader{each}@example.org", message=b"%d" % each) for each in range(number)]
    assert store.outbox.queue(queued, now=NOW) == (True,) * number
    return [claimed.id for claimed in store.outbox.claim(owner, number, now=NOW)]


@pytest.mark.parametrize("number", NUMBERS)
def test_any_number_goes_all_the_way(store: Store, number: int) -> None:
    """Queued, claimed, marked and sent, each with its own answer; their numbers have no gaps."""
    with store.outbox.owning() as owner:
        ids = on_their_way(store, owner, number)
        assert ids == list(range(1, number + 1))
        assert store.outbox.keep(owner, [Move(each, DOT) for each in ids], now=NOW) == set(ids)
        answered = [Move(each, SENT, 250 + each % 5, f"taken as {each}", attempted=True) for each in ids]
        assert store.outbox.keep(owner, answered, now=NOW) == set(ids)

    found = store.history.deliveries()
    assert [(each.state, each.code, each.detail, each.attempts) for each in found] == [
        (SENT, 250 + each % 5, f"taken as {each}", 1) for each in ids
    ]


@pytest.mark.parametrize("number", NUMBERS)
def test_any_number_of_messages_is_read_and_dropped(store: Store, number: int) -> None:
    """And no other."""
    with store.outbox.owning() as owner:
        ids = on_their_way(store, owner, number + 1)
        with store._database.writing() as connection:
            assert sorted(packed_messages(connection, ids[1:])) == ids[1:]
            drop_messages(connection, ids[1:])

    assert store.history.message(ids[0]) == b"0"
    assert {store.history.message(each) for each in ids[1:]} == {None}


def test_nothing_is_done_for_nobody(store: Store) -> None:
    """Not even a statement."""
    with store._database.writing() as connection:
        assert packed_messages(connection, ()) == {}
        drop_messages(connection, ())
        ADD_PAPERS.execute(connection, ())

    assert store.outbox.queue((), now=NOW) == ()


def test_of_many_moves_those_that_cannot_be_made_are_told(store: Store) -> None:
    """Another run has three of them: the rest are made, in whatever order they stand."""
    with store.outbox.owning() as owner, store.outbox.owning() as another:
        ids = on_their_way(store, owner, 21)
        theirs = {ids[0], ids[10], ids[20]}
        with store._database.writing() as connection:
            connection.execute(deliveries.update().where(deliveries.c.id.in_(theirs)).values(owner=another))

        assert store.outbox.keep(owner, [Move(each, DOT) for each in reversed(ids)], now=NOW) == set(ids) - theirs
        assert store.outbox.keep(another, [Move(each, DOT) for each in ids], now=NOW) == theirs


@pytest.mark.parametrize("state", list(KEEP))
def test_sqlite_finds_what_moves_by_its_number(tmp_path: Path, state: DeliveryState) -> None:
    """By state it would look at all that is on its way, with each of a thousand emails a second."""
    with Store.open(f"sqlite:///{tmp_path}/newsletter.db") as store, store._database.writing() as connection:
        compiled = KEEP[state]._made(4).compile(dialect=connection.dialect)
        values = dict.fromkeys(compiled.params, 1)
        names = compiled.positiontup or ()
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(values[name] for name in names)).all()

    told = [row[3] for row in plan if "deliveries" in row[3]]
    assert told == ["SEARCH deliveries USING INTEGER PRIMARY KEY (rowid=?)"]


def test_what_is_claimed_has_the_values_of_its_row(store: Store) -> None:
    """Times with their zone, dates and truths as such, whatever the database makes of them."""
    store.outbox.queue([a_queued("ada@example.org")], now=NOW)
    with store.outbox.owning() as owner:
        [claimed] = store.outbox.claim(owner, 1, now=NOW)

    delivery = store.history.delivery(claimed.id)
    assert delivery is not None
    assert claimed.issue_date == delivery.issue_date
    assert claimed.may_have_arrived is False
    assert claimed.expires_at.utcoffset() is not None
    assert set(Taken._fields) - set(type(claimed).__dataclass_fields__) == {"next_attempt_at", "created_at"}
