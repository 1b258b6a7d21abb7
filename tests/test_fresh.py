"""Messages that were queued a moment ago, kept until they are claimed."""

from __future__ import annotations

from newsletter.store.fresh import Fresh


def test_each_message_is_taken_once() -> None:
    """What was claimed is the claimant's."""
    fresh = Fresh()
    fresh.add([(1, b"one"), (2, b"two")])

    assert fresh.take([2, 3]) == {2: b"two"}
    assert fresh.take([1, 2]) == {1: b"one"}


def test_there_is_room_for_so_many_octets() -> None:
    """However many are queued, memory stays the same; the newest are kept, for they are on their way next."""
    fresh = Fresh()
    for number in range(100):
        fresh.add([(number, bytes(1_000_000))])

    assert sorted(fresh.take(range(100))) == list(range(92, 100))


def test_room_comes_back_when_messages_are_taken() -> None:
    """Or a long run would keep none in the end."""
    fresh = Fresh()
    for number in range(50):
        fresh.add([(number, bytes(6_000_000))])
        assert fresh.take([number])


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    """It is read from the database."""
    fresh = Fresh()
    fresh.add([(1, bytes(9_000_000))])

    assert fresh.take([1]) == {}
