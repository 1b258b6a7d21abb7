"""Senders that are alive and senders that are dead, told apart without a time limit."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import children
import pytest
from stores import a_store
from waiting import until

from newsletter.errors import StoreError
from newsletter.store import Store

SENDER = (
    "import sys, time; from newsletter.store import Store\n"
    "with Store.open(sys.argv[1]) as store, store.owners.take() as owner:\n"
    "    print(owner, flush=True); sys.stdin.read()"
)


def test_a_sender_is_alive_while_its_block_lasts(store: Store, store_url: str) -> None:
    """Whoever asks: itself, another store of the same process, and after the block nobody is there."""
    with Store.open(store_url) as other:
        with store.owners.take() as owner:
            assert not store.owners.is_dead(owner)
            assert not other.owners.is_dead(owner)
        assert store.owners.is_dead(owner)
        assert other.owners.is_dead(owner)


def test_each_sender_has_an_id_of_its_own(store: Store) -> None:
    """Also one after the other, and one ends without the other."""
    with store.owners.take() as one:
        with store.owners.take() as two:
            assert one != two
        assert [store.owners.is_dead(owner) for owner in (one, two)] == [False, True]
    with store.owners.take() as three:
        assert three not in {one, two}


@pytest.mark.parametrize("nobody", ["", "0123456789abcdef", "..", "nobody/at all"])
def test_nobody_is_dead(store: Store, nobody: str) -> None:
    """What an earlier version claimed has no owner, and a row may hold anything."""
    assert store.owners.is_dead(nobody)


def test_a_block_that_fails_gives_the_lock_back(store: Store) -> None:
    """It ends with its block, however that ends."""
    with pytest.raises(ZeroDivisionError), store.owners.take() as owner:
        _ = 1 / 0

    assert store.owners.is_dead(owner)
    assert not store.owners.is_held(owner)


def test_the_lock_is_the_process_s_and_not_the_thread_s(store: Store) -> None:
    """Taken in one thread, asked about and given back in others."""
    block = store.owners.take()
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        owner = one.submit(block.__enter__).result()
        assert not two.submit(store.owners.is_dead, owner).result()
        two.submit(block.__exit__, None, None, None).result()

    assert store.owners.is_dead(owner)


def test_only_who_took_a_lock_holds_it(store: Store, store_url: str) -> None:
    """`is_held` is about this object: another one did not take it."""
    with Store.open(store_url) as other, store.owners.take() as owner:
        assert store.owners.is_held(owner)
        assert not other.owners.is_held(owner)
        assert not store.owners.is_held("")


def test_a_killed_sender_is_dead_and_a_stopped_one_is_not(store: Store, store_url: str) -> None:
    """Until it is killed: who was stopped may go on, and would send a second time."""
    with children.start(SENDER, store_url) as child:
        owner = children.first_line(child)
        assert not store.owners.is_dead(owner)
        child.send_signal(signal.SIGSTOP)
        assert not store.owners.is_dead(owner)
        child.send_signal(signal.SIGCONT)
        child.kill()

    assert until(lambda: store.owners.is_dead(owner))


def test_a_sender_that_ends_well_is_dead(store: Store, store_url: str) -> None:
    """Without a word of complaint."""
    with children.start(SENDER, store_url) as child:
        owner = children.first_line(child)
        assert child.communicate() == ("", "")

    assert store.owners.is_dead(owner)


def test_many_senders_come_and_go_at_once(store: Store) -> None:
    """While others look for the dead, nobody alive is taken for one, and nobody is refused."""

    def come_and_go(_: int) -> bool:
        with store.owners.take() as owner:
            return not store.owners.is_dead(owner) and store.owners.is_held(owner)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(come_and_go, range(200)))


# ------------------------------------------------------------------ in files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where a store in a file has the locks of its senders."""
    return tmp_path / "newsletter.db.owners"


def names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_there_as_long_as_its_sender(tmp_path: Path, folder: Path) -> None:
    """Years of runs leave nothing behind."""
    with a_store(tmp_path) as store:
        with store.owners.take() as owner:
            assert names(folder) == [owner]
        assert names(folder) == []


def test_what_the_dead_left_is_removed(tmp_path: Path, folder: Path) -> None:
    """By who asks about one of them, and by the next sender, who leaves other files alone."""
    with a_store(tmp_path) as store:
        folder.mkdir()
        for name in ("0" * 16, "1" * 16, "notes.txt"):
            (folder / name).touch()

        assert store.owners.is_dead("0" * 16)
        assert names(folder) == ["1" * 16, "notes.txt"]
        with store.owners.take() as owner:
            assert names(folder) == sorted([owner, "notes.txt"])


def test_a_sender_notices_that_its_file_was_removed(tmp_path: Path, folder: Path) -> None:
    """Others take it for dead from then on; a new file of that name is not its own."""
    with a_store(tmp_path) as store, store.owners.take() as owner:
        (folder / owner).unlink()

        assert not store.owners.is_held(owner)
        (folder / owner).touch()
        assert not store.owners.is_held(owner)


def test_a_folder_that_cannot_be_made_says_so(tmp_path: Path, folder: Path) -> None:
    """A file in its place, for example."""
    folder.touch()
    with a_store(tmp_path) as store, pytest.raises(StoreError, match=r"owners: is no directory; move it away"):
        store.owners.take().__enter__()
