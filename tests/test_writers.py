"""Two programs that write into one store at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import children
import pytest
from makers import DAY, NOW, a_paper, an_edition

from newsletter.errors import StoreError
from newsletter.store import Store
from newsletter.store.database import Database

ROUNDS = 12
# Each side tells of the same works by ids of its own, and makes the same issues.
PROGRAM = f"""
import sys; sys.path.insert(0, "tests")
from datetime import timedelta
from makers import DAY, NOW, a_match, an_edition, an_entry
from newsletter.dedupe import dedupe, wanted
from newsletter.store import Queued, Store
url, side = sys.argv[1:]
with Store.open(url) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    won = 0
    for number in range({ROUNDS}):
        its_own = {{"arxiv_id": f"2611.{{number:05}}"}} if side == "one" else {{"url": f"https://example.org/{{number}}"}}
        title = f"Draft trees for faster decoding, part {{number}}"
        entry = an_entry(title, source=side, place=f"{{side}}#{{number}}", **its_own)
        edition = store.editions.merge(
            wanted([entry]), lambda known: an_edition(*dedupe([entry], known=known), entries=1), collected_at=NOW
        )
        issue = Queued(
            subscriber=f"{{number}}@example.org",
            issue_date=DAY,
            message_id=f"<{{number}}@example.org>",
            message=side.encode(),
            sender="papers@example.org",
            recipient=f"{{number}}@example.org",
            papers=[("Trees", a_match(edition.papers[0]))],
            expires_at=NOW + timedelta(days=1),
        )
        won += sum(store.outbox.queue([issue], now=NOW))
    print(won)
"""


def test_two_programs_merge_and_queue_at_once(store: Store, store_url: str) -> None:
    """Every work is one paper that knows both entries, every position is given once, every issue is queued once."""
    running = [children.start(PROGRAM, store_url, side) for side in ("one", "two")]
    for child in running:
        assert children.first_line(child) == "ready"
    for child in running:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told, complaints = zip(*(child.communicate() for child in running), strict=True)

    assert complaints == ("", "")
    assert sum(map(int, told)) == ROUNDS
    edition = store.editions.on(DAY)
    assert edition is not None
    assert len(edition.papers) == ROUNDS
    assert {frozenset(entry.source for entry in paper.entries) for paper in edition.papers} == {
        frozenset(("one", "two"))
    }
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT position FROM edition_papers ORDER BY position")
        assert rows.scalars().all() == list(range(ROUNDS))
    assert len(store.history.deliveries(issue_date=DAY)) == ROUNDS


def test_the_threads_of_a_program_take_turns(store_url: str) -> None:
    """None of them is refused, and each finds what those before it wrote."""

    def add(number: int) -> int:
        paper = a_paper(f"Paper {number}", id=f"arxiv:{number}", identities=(f"arxiv:{number}",))
        edition = store.editions.merge((), lambda _: an_edition(paper), collected_at=NOW)
        return len(edition.papers)

    with Store.open(store_url, busy_timeout_seconds=300) as store, ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(24))) == list(range(1, 25))


def test_a_writer_that_never_ends_is_told_of(store_url: str) -> None:
    """In the same program and in another one; the others go on when it has ended."""
    store, other = (Database(store_url, busy_timeout_seconds=0.1) for _ in range(2))
    holds, may_end = Event(), Event()

    def hold() -> None:
        with store.writing():
            holds.set()
            may_end.wait()

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        holds.wait()
        try:
            with pytest.raises(StoreError, match="another part of this program keeps writing"), store.writing():
                pass
            with pytest.raises(StoreError, match="another program keeps the database locked; end it"), other.writing():
                pass
            with other.reading() as connection:  # who only reads is not kept waiting
                assert connection.exec_driver_sql("SELECT count(*) FROM papers").scalar_one() == 0
        finally:
            may_end.set()
        held.result()
    for database in (store, other):
        with database.writing():
            pass
        database.close()


def test_a_reader_sees_one_state(store: Store, store_url: str) -> None:
    """Whatever is committed meanwhile; the next one sees it."""
    asked = "SELECT count(*) FROM papers"
    with Store.open(store_url) as other:
        with store._database.reading() as connection:
            before = connection.exec_driver_sql(asked).scalar_one()
            other.editions.save(an_edition(a_paper()), collected_at=NOW)
            assert connection.exec_driver_sql(asked).scalar_one() == before == 0
        with store._database.reading() as connection:
            assert connection.exec_driver_sql(asked).scalar_one() == 1


def test_a_writer_that_fails_leaves_nothing(store: Store) -> None:
    """What it wrote did not happen, and the next one is not kept waiting."""

    def fail() -> None:
        with store._database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM alembic_version")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    store.outbox.silence("ada@example.org", DAY + timedelta(days=1), reason="-", now=NOW)
    with store._database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one() == 1
