"""The journal: moves that wait share a transaction, and a transaction that fails fails everybody."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from makers import NOW

from newsletter.deliver.journal import Journal
from newsletter.errors import StoreError
from newsletter.models import DeliveryState, Move


class Book:
    """Where moves are kept: it notes each transaction, refuses what it is told to, and may be held or break."""

    def __init__(
        self, *, refused: frozenset[int] = frozenset(), breaks_at: int = -1, breaks: int = 1_000, seconds: float = 0
    ) -> None:
        self.transactions: list[list[int]] = []
        self.threads: list[int] = []
        self._breaks, self._seconds = breaks, seconds
        self.owners: set[str] = set()
        self.go_on = threading.Event()
        self.go_on.set()
        self._refused, self._breaks_at = refused, breaks_at

    def __call__(self, owner: str, moves: list[Move], *, now: datetime) -> frozenset[int]:
        """Keep moves."""
        assert now == NOW
        assert self.go_on.wait(10)
        self.owners.add(owner)
        self.transactions.append([move.id for move in moves])
        self.threads.append(threading.get_ident())
        time.sleep(self._seconds)
        if self._breaks_at in self.transactions[-1] and self._breaks:
            self._breaks -= 1
            raise StoreError("the disk is full")
        return frozenset(move.id for move in moves) - self._refused


def dot(number: int) -> Move:
    """Return the move before a final dot."""
    return Move(number, DeliveryState.DOT)


def sent(number: int) -> Move:
    """Return the move after a server's answer."""
    return Move(number, DeliveryState.SENT, 250, "taken", attempted=True)


def with_journal(
    book: Book, act: Callable[[Journal], Awaitable[None]], more_to_come: Callable[[], bool] = lambda: False
) -> None:
    """Run what a drain does with its journal."""

    async def run() -> None:
        with ThreadPoolExecutor(1) as executor:
            journal = Journal(book, "owner", clock=lambda: NOW, executor=executor, more_to_come=more_to_come)
            try:
                await act(journal)
            finally:
                await journal.close()

    asyncio.run(run())


def test_a_move_is_told_when_it_is_on_the_disk() -> None:
    """True if the delivery made it."""
    book = Book()

    async def act(journal: Journal) -> None:
        assert await journal.keep(dot(1)) is True
        assert book.transactions == [[1]]

    with_journal(book, act)

    assert book.owners == {"owner"}


def test_moves_that_come_while_one_is_written_are_one_transaction() -> None:
    """A hundred sessions share a sync."""
    book = Book()
    book.go_on.clear()

    async def act(journal: Journal) -> None:
        first = journal.keep(dot(0))
        await asyncio.sleep(0)  # it is being written
        others = [journal.keep(dot(number)) for number in range(1, 101)]
        book.go_on.set()
        assert await asyncio.gather(first, *others) == [True] * 101

    with_journal(book, act)

    assert book.transactions == [[0], list(range(1, 101))]


def test_a_dot_waits_a_moment_for_the_others() -> None:
    """Three sessions are about to have one: they share a sync."""
    book, to_come = Book(), [3, 2]

    async def act(journal: Journal) -> None:
        first = journal.keep(dot(1))
        _ = to_come.pop(0)
        second = journal.keep(dot(2))
        await asyncio.sleep(0)
        assert book.transactions == []
        to_come.clear()
        assert all(await asyncio.gather(first, second, journal.keep(dot(3))))

    with_journal(book, act, lambda: bool(to_come))

    assert book.transactions == [[1, 2, 3]]


def test_a_dot_waits_for_nobody_for_long() -> None:
    """Another session may hang at its server for minutes."""
    book = Book()

    async def act(journal: Journal) -> None:
        async with asyncio.timeout(10):
            assert await journal.keep(dot(1)) is True

    with_journal(book, act, lambda: True)

    assert book.transactions == [[1]]


def test_what_nobody_waits_for_goes_with_the_next_dot() -> None:
    """An answer shares the sync of the next message."""
    book = Book()

    async def act(journal: Journal) -> None:
        _ = journal.keep(sent(1))
        await asyncio.sleep(0)
        assert book.transactions == []
        await journal.keep(dot(2))

    with_journal(book, act)

    assert book.transactions == [[1, 2]]


def test_what_nobody_waits_for_is_written_without_a_dot_too() -> None:
    """The last message of an evening has no next one."""
    book = Book()

    async def act(journal: Journal) -> None:
        async with asyncio.timeout(10):
            assert await journal.keep(sent(1)) is True
        assert book.transactions == [[1]]

    with_journal(book, act)


@pytest.mark.parametrize(("seconds", "here"), [(0.0, True), (0.01, False)])
def test_a_quick_disk_is_written_to_without_another_thread(seconds: float, *, here: bool) -> None:
    """What the last transaction took decides; a slow one must not keep the sessions from their servers."""
    book = Book(seconds=seconds)

    async def act(journal: Journal) -> None:
        await journal.keep(dot(1))
        await journal.keep(dot(2))

    with_journal(book, act)

    assert book.threads[0] != threading.get_ident()
    assert (book.threads[1] == threading.get_ident()) is here


def test_an_answer_that_could_not_be_written_is_tried_once_more() -> None:
    """The disk had room again: what was taken is not called unknown. The dots of that moment were never written."""
    book = Book(breaks_at=1, breaks=1)

    async def act(journal: Journal) -> None:
        _ = journal.keep(sent(1))
        with pytest.raises(StoreError, match="the disk is full"):
            await journal.keep(dot(2))

    with pytest.raises(StoreError, match="the disk is full"):
        with_journal(book, act)

    assert book.transactions == [[1, 2], [1]]


def test_moves_are_kept_in_the_order_they_came() -> None:
    """What follows a move is never before it."""
    book = Book()

    async def act(journal: Journal) -> None:
        for number in range(5):
            await journal.keep(dot(number))
            _ = journal.keep(sent(number))

    with_journal(book, act)

    assert [number for transaction in book.transactions for number in transaction] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_a_move_that_was_refused_is_told_to_its_own_session() -> None:
    """Another run has the delivery; the others of the transaction go on."""

    async def act(journal: Journal) -> None:
        assert await asyncio.gather(*(journal.keep(dot(number)) for number in (1, 2, 3))) == [True, False, True]

    with_journal(Book(refused=frozenset({2})), act)


def test_a_transaction_that_fails_fails_everybody_and_everything_after_it() -> None:
    """Who waits, who comes later, and whoever closes it: no dot is written any more."""
    book = Book(breaks_at=1)
    book.go_on.clear()

    async def act(journal: Journal) -> None:
        first = journal.keep(dot(1))
        await asyncio.sleep(0)
        waiting = journal.keep(dot(2))
        book.go_on.set()
        for each in (first, waiting):
            with pytest.raises(StoreError, match="the disk is full"):
                await each
        with pytest.raises(StoreError, match="the disk is full"):
            await journal.keep(dot(3))

    with pytest.raises(StoreError, match="the disk is full"):
        with_journal(book, act)

    assert book.transactions == [[1]]


def test_a_failure_that_nobody_waits_for_is_raised_at_the_end() -> None:
    """A sent mark that could not be kept is not lost in silence."""

    async def act(journal: Journal) -> None:
        _ = journal.keep(sent(1))

    with pytest.raises(StoreError, match="the disk is full"):
        with_journal(Book(breaks_at=1), act)


def test_closing_waits_for_what_is_still_written() -> None:
    """Nobody waits for a sent mark but the end of the drain."""
    book = Book()

    async def act(journal: Journal) -> None:
        for number in range(50):
            _ = journal.keep(sent(number))

    with_journal(book, act)

    assert sorted(number for transaction in book.transactions for number in transaction) == list(range(50))


def test_a_session_that_is_cancelled_takes_nobody_with_it() -> None:
    """Its move is kept all the same, and the others hear of theirs."""
    book = Book()
    book.go_on.clear()

    async def act(journal: Journal) -> None:
        cancelled, other = journal.keep(dot(1)), journal.keep(dot(2))
        cancelled.cancel()
        book.go_on.set()
        assert await other is True

    with_journal(book, act)

    assert book.transactions == [[1, 2]]


def test_an_empty_journal_closes_at_once() -> None:
    """A drain of nothing."""

    async def act(_: Journal) -> None:
        pass

    with_journal(book := Book(), act)

    assert book.transactions == []
