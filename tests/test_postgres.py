"""What only a server can do: refuse, die, come back; what it says then, in a person's words."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from makers import DAY, NOW, a_config, a_paper, an_edition
from postgres import PostgresServer
from waiting import until

from newsletter.cli.options import _cache
from newsletter.errors import StoreError
from newsletter.store import Store
from newsletter.store.postgresql import Server

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()"


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """Return the address of an empty store on a server."""
    with postgres.database() as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """Return it open."""
    with Store.open(url) as opened:
        yield opened


def terminate(postgres: PostgresServer, url: str) -> None:
    """End every session of a database, as an administrator or a server that is stopped does."""
    name = url.rpartition("/")[2]
    postgres.run(f"SELECT pg_terminate_backend(pid) FROM ({BACKENDS.format(name)}) AS theirs")
    assert until(lambda: not postgres.run(BACKENDS.format(name)))


# ------------------------------------------------------------------ what a connection is


def test_commits_survive_a_loss_of_power_and_readers_change_nothing(store: Store) -> None:
    """The rules of the outbox stand on it, whatever the role's own settings say."""
    database = store._database
    with database.writing() as connection:
        shown = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("synchronous_commit", "transaction_isolation", "transaction_read_only", "lock_timeout")
        ]
    assert shown == ["on", "read committed", "off", "30s"]
    with database.reading() as connection:
        shown = [
            connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("transaction_isolation", "transaction_read_only", "TimeZone")
        ]
    assert shown == ["repeatable read", "on", "UTC"]


def test_a_setting_of_the_role_does_not_undo_it(postgres: PostgresServer, url: str) -> None:
    """An administrator may have made the role fast and forgetful."""
    name = url.rpartition("/")[2]
    postgres.run(f"ALTER DATABASE {name} SET synchronous_commit = off")
    postgres.run(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    postgres.run(f"ALTER DATABASE {name} SET TimeZone = 'Asia/Kolkata'")

    with Store.open(url) as store:
        test_commits_survive_a_loss_of_power_and_readers_change_nothing(store)
        store.outbox.silence("ada@example.org", DAY, reason="-", now=NOW)
        assert store.history.silences(DAY)[0].at == NOW


def test_text_is_ordered_by_code_point(store: Store) -> None:
    """Whatever the locale of the database: two machines agree which id comes first."""
    with store._database.reading() as connection:
        others = connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
        )
        assert others.all() == []
        assert connection.exec_driver_sql("SELECT count(*) FROM alembic_version").scalar_one() == 1


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_the_address_may_name_the_driver(url: str, scheme: str) -> None:
    """And take the options of libpq."""
    address = url.replace("postgresql:", f"{scheme}:") + "?application_name=mine&connect_timeout=3"

    with Store.open(address) as store, store._database.reading() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "mine"
        assert store.name == url


def test_what_was_fetched_is_kept_beside_the_settings(tmp_path: Path) -> None:
    """A database on a server has no place for files; one in a file has them beside it."""
    config = a_config(path=tmp_path / "subscribers.yaml", store="postgresql://newsletter@127.0.0.1/x")

    assert _cache(config) == tmp_path / "newsletter.cache"
    assert _cache(replace(config, store=f"sqlite:///{tmp_path}/n.db")) == tmp_path / "n.db.cache"


def test_a_store_on_a_server_has_no_file(store: Store) -> None:
    """Whoever asks for it is told."""
    assert store.is_current
    with pytest.raises(StoreError, match="is on a server and has no file"):
        _ = store.path


# ------------------------------------------------------------------ what it holds


def test_everything_comes_back_as_it_was(store: Store) -> None:
    """Text that no database holds, JSON with anything in it, dates at the edge, half floats, bytes."""
    paper = a_paper(
        "A \ud800 title\0 – ∀x∈ℝ 🌲",
        id="arxiv:1",
        authors=("Nul\0", "\udfff", "Emmy Noether"),
        published=date(1, 1, 1),
        url="https://example.org/100%s/%(x)s",
    )
    store.editions.save(an_edition(paper), collected_at=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    half = np.array([1, -0.5, 2**-24, 65504, 1 / 3], np.float16).astype(np.float32)
    store.vectors.keep("m", {"arxiv:1": half})
    store.thumbnails.keep("arxiv:1", bytes(range(256)), width=1, height=2, at=NOW)

    edition = store.editions.on(DAY)
    assert edition is not None
    [found] = edition.papers
    assert (found.title, found.published) == ("A \ufffd title\ufffd – ∀x∈ℝ 🌲", date(1, 1, 1))
    assert (found.authors, found.url) == (paper.authors, paper.url)
    assert store.vectors.of("m", ["arxiv:1"])["arxiv:1"].tolist() == half.tolist()
    assert store.thumbnails.of(["arxiv:1"])["arxiv:1"] == (bytes(range(256)), 1, 2, NOW)
    assert store.history.last_made("ada@example.org", before=date.max) is None


def test_a_long_title_and_a_long_address_are_no_trouble(store: Store) -> None:
    """An index that has an order takes 2,700 bytes; these are longer, and do not compress."""
    title = "".join(chr(0x4E00 + number * 7919 % 20_000) for number in range(3_000))
    address = "https://example.org/" + "".join(f"{number * 7919 % 99_991:x}" for number in range(3_000))
    paper = a_paper(title, id="arxiv:1", url=address)
    store.editions.save(an_edition(paper), collected_at=NOW)

    assert store.editions.find_papers(address) == ((paper, DAY),)
    assert store.editions.find_papers(title) == ((paper, DAY),)


def test_case_counts_for_letters_beyond_ascii_as_in_a_file(store: Store) -> None:
    """What is looked for in titles is found alike on both."""
    store.editions.save(
        an_edition(a_paper("LEAFY Trees", id="arxiv:1"), a_paper("ÉTALE", id="arxiv:2")), collected_at=NOW
    )

    assert store.papers.holding("leafy") == ("arxiv:1",)
    assert store.papers.holding("étale") == ()
    assert store.papers.holding("100%") == ()


# ------------------------------------------------------------------ connections that end


def test_a_connection_that_was_ended_is_replaced(postgres: PostgresServer, store: Store, url: str) -> None:
    """Nobody notices: it is asked for a sign of life before it is used."""
    store.editions.save(an_edition(a_paper()), collected_at=NOW)
    terminate(postgres, url)

    assert store.editions.on(DAY) == an_edition(a_paper())
    terminate(postgres, url)
    assert store.outbox.silence("ada@example.org", DAY, reason="-", now=NOW)


def test_a_connection_that_ends_in_the_middle_leaves_nothing_behind(
    postgres: PostgresServer, store: Store, url: str
) -> None:
    """The transaction did not happen, and the next one is not kept waiting."""

    def make(_: object) -> Any:
        terminate(postgres, url)
        return an_edition(a_paper())

    with pytest.raises(StoreError, match="connection to the server was lost; try again"):
        store.editions.merge((), make, collected_at=NOW)

    assert store.editions.on(DAY) is None
    store.editions.save(an_edition(a_paper()), collected_at=NOW)


def test_a_server_that_is_stopped_and_started(store: Store, postgres: PostgresServer) -> None:
    """While it is away it is said so; after that everything is as it was, and every sender of before is dead."""
    store.editions.save(an_edition(a_paper()), collected_at=NOW)
    with store.owners.take() as owner, store.lock():
        postgres.stop()
        try:
            with pytest.raises(StoreError, match="no server answers there; start it, or correct `store:`"):
                store.editions.on(DAY)
            with pytest.raises(StoreError, match="no server answers there"):
                store.owners.is_dead(owner)
            assert not store.owners.is_held(owner)
        finally:
            postgres.start()
        assert store.editions.on(DAY) == an_edition(a_paper())
        assert store.owners.is_dead(owner)
        with store.owners.take() as another:
            assert store.owners.is_held(another)


def test_a_sender_notices_that_its_connection_was_ended(postgres: PostgresServer, store: Store, url: str) -> None:
    """Others take it for dead from then on; giving the lock back is no trouble."""
    with store.owners.take() as owner:
        terminate(postgres, url)

        assert not store.owners.is_held(owner)
        assert store.owners.is_dead(owner)


def test_locks_leave_no_connection_behind(postgres: PostgresServer, store: Store, url: str) -> None:
    """A scheduler takes thousands of them."""
    for _ in range(5):
        with store.owners.take(), store.lock():
            pass

    assert until(lambda: len(postgres.run(BACKENDS.format(url.rpartition("/")[2]))) <= 1)


# ------------------------------------------------------------------ what cannot be used


@pytest.mark.parametrize(
    ("address", "way_out"),
    [
        ("postgresql://stranger:wrong-word@{host}/postgres", "the server refuses the user or the password; correct"),
        ("postgresql://stranger@{host}/postgres", "the server refuses the user or the password; correct"),
        ("postgresql://nobody-at-all:wrong-word@{host}/postgres", "the server refuses the user or the password"),
        ("postgresql://newsletter:wrong-word@{host}/nowhere", "there is no such database; make it with `createdb`"),
        ("postgresql://newsletter:wrong-word@127.0.0.1:1/x", "no server answers there; start it, or correct `store:`"),
        ("postgresql://newsletter:wrong-word@nowhere.invalid/x", "there is no such host; correct `store:`"),
        ("postgresql://newsletter@{host}/nowhere?password=wrong-word", "there is no such database"),
        ("postgresql://newsletter:wrong-word@[::1/x", "is no address of a store"),
        ("postgresql://newsletter:wrong-word@host:port/x", "is no address of a store"),
        ("postgresql://newsletter:wrong-@word@host:port/x", "is no address of a store"),
        (
            "postgresql+asyncpg://newsletter:wrong-word@{host}/x",
            "PostgreSQL is spoken to by psycopg; write postgresql:",
        ),
    ],
)
def test_a_server_that_cannot_be_used_says_the_way_out(postgres: PostgresServer, address: str, way_out: str) -> None:
    """One line, and the password is not in it."""
    with pytest.raises(StoreError) as error:
        Store.open(address.format(host=f"127.0.0.1:{postgres.port}"))

    assert way_out in str(error.value)
    assert "\n" not in str(error.value)
    assert "word@" not in str(error.value)
    assert "wrong" not in str(error.value)


def test_a_user_without_rights_is_told_what_is_missing(postgres: PostgresServer) -> None:
    """Since version 15 a user may not make tables in somebody else's database."""
    with postgres.database(template="empty") as url:
        address = url.replace("newsletter@", "stranger:secret@")
        postgres.run("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database=url.rpartition("/")[2])

        with pytest.raises(StoreError, match="the user may not do this; make it the owner of the database"):
            Store.open(address)

        postgres.run(f"ALTER DATABASE {url.rpartition('/')[2]} OWNER TO stranger")
        Store.open(address).close()


def test_a_database_of_another_program_is_refused_and_left_alone(postgres: PostgresServer) -> None:
    """No table of ours is put into it."""
    with postgres.database(template="empty") as url:
        name = url.rpartition("/")[2]
        postgres.run("CREATE TABLE papers (id text)", database=name)

        with pytest.raises(StoreError, match="holds something else than a newsletter; name another database in"):
            Store.open(url)

        assert postgres.run("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", database=name) == [
            ("papers",)
        ]


def test_a_database_of_a_newer_version_is_refused(postgres: PostgresServer, url: str) -> None:
    """An older program does not write into tables it does not know."""
    postgres.run("UPDATE alembic_version SET version_num = '9999'", database=url.rpartition("/")[2])

    with pytest.raises(StoreError, match="written by a newer version of newsletter; upgrade"):
        Store.open(url)


def test_a_database_that_cannot_hold_every_character_is_refused(postgres: PostgresServer) -> None:
    """Before any table is made in it."""
    postgres.run("CREATE DATABASE old ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(StoreError, match="its encoding is LATIN1; make one by `createdb --encoding=UTF8`"):
            Store.open(postgres.url("old"))
    finally:
        postgres.run("DROP DATABASE old")


def test_a_full_disk_and_the_like_are_told_by_their_code(store: Store) -> None:
    """Whatever language the server speaks."""
    spoken = {
        "53100": "the server's disk is full; make room and try again",
        "53300": "the server has no connection left",
        "25006": "the server only reads, as a standby does",
        "57014": "the server gave the statement up",
        "57P01": "the connection to the server was lost",
        "XX001": "the database is damaged; restore a copy",
        "22023": "Kein Platz mehr",
    }
    for code, way_out in spoken.items():
        raised = f"DO $$ BEGIN RAISE EXCEPTION 'Kein Platz mehr' USING ERRCODE = '{code}'; END $$"
        with pytest.raises(StoreError) as error, store._database.writing() as connection:
            connection.exec_driver_sql(raised)
        assert str(error.value).startswith(f"{store.name}: {way_out}")
        assert "\n" not in str(error.value)


def test_too_many_connections_are_told_of(postgres: PostgresServer, url: str) -> None:
    """A role may be given few of them."""
    name = url.rpartition("/")[2]
    postgres.run(f"ALTER DATABASE {name} OWNER TO stranger")
    postgres.run("ALTER ROLE stranger CONNECTION LIMIT 0")
    try:
        with pytest.raises(StoreError, match="the server has no connection left"):
            Store.open(url.replace("newsletter@", "stranger:secret@"))
    finally:
        postgres.run("ALTER ROLE stranger CONNECTION LIMIT -1")


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not needed for a file, so it is not installed unasked."""
    real = builtins.__import__

    def without(name: str, *arguments: Any) -> Any:
        if name == "psycopg":
            raise ImportError(name)
        return real(name, *arguments)

    monkeypatch.delitem(sys.modules, "psycopg", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)

    with pytest.raises(StoreError) as error:
        Store.open("postgresql://newsletter@127.0.0.1/x")

    assert "pip install 'paper-newsletter[postgres]'" in str(error.value)


def test_the_name_of_a_session_tells_who_it_is(store: Store) -> None:
    """What an administrator sees in pg_stat_activity."""
    assert isinstance(store._database.backend, Server)
    with store._database.reading() as connection:
        shown = connection.exec_driver_sql("SHOW application_name").scalar_one()

    assert shown.startswith(f"newsletter {os.getpid()} on ")
