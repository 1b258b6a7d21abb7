"""The database file, the lock, and the editions kept in it."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import children
import numpy as np
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import DAY, NOW, a_health, a_paper, an_edition, an_entry
from numpy.typing import NDArray
from stores import a_store
from waiting import until

import newsletter.store
from newsletter.dedupe import latest
from newsletter.errors import LockedError, StoreError
from newsletter.models import AnnounceType, Arrival, Edition, Entry, HealthState, Paper, Signals
from newsletter.store import Store
from newsletter.store.database import _MIGRATIONS, Database
from newsletter.store.tables import HEAD, metadata, topics, vectors

NEXT_DAY = DAY + timedelta(days=1)
WRITTEN_BY_0002 = """\
INSERT INTO papers VALUES ('arxiv:2611.00001', 'Draft trees', 'drafttrees', 'A tree.', '["Ada Lovelace"]', '',
 '["cs.CL"]', '2026-11-20', 1, '["arxiv:2611.00001"]', '[{"source": "arxiv cs.CL", "place": "feed.xml#1"}]',
 '2026-11-20', '2026-11-20 08:00:00.000000', '{"upvotes": 3}');
INSERT INTO identities VALUES ('arxiv:2611.00001', 'arxiv:2611.00001');
INSERT INTO editions VALUES ('2026-11-20', '2026-11-20 08:00:00.000000', 1);
INSERT INTO edition_papers VALUES ('2026-11-20', 0, 'arxiv:2611.00001', NULL);
INSERT INTO votes VALUES ('ada@example.org', 'arxiv:2611.00001', 1, '2026-11-20 08:00:00.000000')"""
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
LISTS = st.lists(WORDS, max_size=3).map(tuple)
DAYS = st.none() | st.dates()
SAME = {"arxiv cs.CL": "x"}  # the settings that sources still have


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the address of a file that is not there yet."""
    return f"sqlite:///{tmp_path}/newsletter.db"


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[Store]:
    """Give an open store in a file, for what only a file can do."""
    with a_store(tmp_path) as store:
        yield store


def migrate(url: str, to: Callable[[Config, str], None], revision: str, written: str = "") -> None:
    """Bring a database to a revision by Alembic alone, and let it have been `written` into."""
    database = Database(url, busy_timeout_seconds=5)
    with database.writing() as connection:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        to(config, revision)
        for statement in filter(None, written.split(";\n")):
            connection.exec_driver_sql(statement)
    database.close()


# ------------------------------------------------------------------ the file


def test_what_was_stored_is_there_when_the_store_is_opened_again(empty_url: str) -> None:
    """The database is the memory, not the process."""
    with Store.open(empty_url) as store:
        store.editions.save(an_edition(a_paper()), collected_at=NOW)

    with Store.open(empty_url) as store:
        assert store.editions.on(DAY) == an_edition(a_paper())


def test_the_tables_and_the_migrations_agree(store: Store) -> None:
    """What the code believes of the tables is what the revisions made."""
    with store._database.reading() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)

    assert differences == []


def test_the_newest_revision_is_the_one_the_code_asks_for() -> None:
    """A revision that was added and not named in tables.py would never run."""
    scripts = ScriptDirectory(str(Path(newsletter.store.__file__).parent / "migrations"))

    assert scripts.get_heads() == [HEAD]


def test_opening_a_current_database_does_not_load_the_migrations(store_url: str) -> None:
    """The commands answer at once, and nothing is printed."""
    program = "import sys; from newsletter.store import Store; Store.open(sys.argv[1]); print('alembic' in sys.modules)"

    assert children.run(program, store_url) == ("False\n", "")


def test_a_file_does_not_load_the_other_database(file_store: Store) -> None:
    """Nor need its driver be installed."""
    program = (
        "import sys; from newsletter.store import Store; Store.open(sys.argv[1]).close()\n"
        "print([name for name in ('psycopg', 'sqlalchemy.dialects.postgresql') if name in sys.modules])"
    )

    assert children.run(program, f"sqlite:///{file_store.path}") == ("[]\n", "")


def test_making_a_database_prints_nothing(empty_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Only `cli` prints."""
    Store.open(empty_url).close()

    assert capfd.readouterr() == ("", "")


def test_a_percent_sign_in_the_path_is_a_percent_sign(tmp_path: Path) -> None:
    """A path is no format string."""
    Store.open(f"sqlite:///{tmp_path}/100%s.db").close()

    assert (tmp_path / "100%s.db").exists()


def test_commits_survive_a_loss_of_power(file_store: Store) -> None:
    """The rules of the outbox stand on it: WAL, and the disk is waited for."""
    with file_store._database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    assert pragmas == ["wal", 2, 1, 30_000]


def test_two_programs_can_make_the_same_database_at_once(empty_url: str) -> None:
    """Whoever is late finds it made."""
    program = "import sys; from newsletter.store import Store; Store.open(sys.argv[1]).close()"
    running = [children.start(program, empty_url) for _ in range(2)]

    assert [child.communicate() for child in running] == [("", "")] * 2


@pytest.mark.parametrize(
    ("url", "way_out"),
    [
        ("oracle://localhost/newsletter", "oracle: a store is kept in SQLite or PostgreSQL; write for example sqlite:"),
        ("newsletter.db", "is no address of a store; write for example sqlite:///newsletter.db"),
        ("sqlite://", "the store is a file, so that nothing is sent twice"),
        ("sqlite:////nowhere/at/all/newsletter.db", "cannot be opened; the directory must exist and be writable"),
    ],
    ids=["another kind", "a path", "memory", "no directory"],
)
def test_an_address_that_cannot_be_used_says_the_way_out(url: str, way_out: str) -> None:
    """One line, and what to write instead."""
    with pytest.raises(StoreError) as error:
        Store.open(url)

    assert way_out in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A wrong path in the settings harms nothing."""
    path = tmp_path / "thesis.txt"
    path.write_text("All about cats. " * 100)

    with pytest.raises(StoreError, match="not a newsletter database; name another file"):
        Store.open(f"sqlite:///{path}")

    assert path.read_text() == "All about cats. " * 100


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """No table of ours is put into it, and its mode is not changed."""
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE papers (id)")
    other.close()
    before = path.read_bytes()

    with pytest.raises(StoreError, match="holds something else than a newsletter"):
        Store.open(f"sqlite:///{path}")

    assert path.read_bytes() == before


def test_a_database_of_a_newer_version_is_refused(url: str) -> None:
    """An older program does not write into tables it does not know."""
    Store.open(url).close()
    newer = sqlite3.connect(url.removeprefix("sqlite:///"))
    newer.execute("UPDATE alembic_version SET version_num = '9999'")
    newer.commit()
    newer.close()

    with pytest.raises(StoreError, match="written by a newer version of newsletter; upgrade"):
        Store.open(url)


def test_a_damaged_database_says_so(url: str) -> None:
    """One line instead of a traceback."""
    with Store.open(url) as store:
        store.editions.save(an_edition(*(a_paper(f"Paper {n}") for n in range(200))), collected_at=NOW)
    path = Path(url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xa5" * (len(content) - 4096)
    path.write_bytes(content)

    with pytest.raises(StoreError, match="the database is damaged; restore a copy"), Store.open(url) as store:
        store.editions.on(DAY)


def test_a_database_kept_locked_by_another_program_says_so(url: str) -> None:
    """After the wait, which is 30 seconds unless told otherwise."""
    Store.open(url).close()
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with (
        pytest.raises(StoreError, match="another program keeps the database locked; end it and try again"),
        Store.open(url, busy_timeout_seconds=0.05) as store,
    ):
        store.editions.save(an_edition(), collected_at=NOW)
    other.close()


def test_a_full_disk_says_so_and_changes_nothing(file_store: Store) -> None:
    """The transaction did not happen."""
    store = file_store
    with store._database.reading() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")

    with pytest.raises(StoreError, match="the disk is full; make room and try again"):
        store.editions.save(an_edition(*(a_paper(f"Paper {n}") for n in range(500))), collected_at=NOW)

    assert store.editions.on(DAY) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can play another user")
def test_a_database_that_cannot_be_written_says_so() -> None:
    """A container that runs as another user than the owner of the volume is told."""
    program = (
        "import os, sys, datetime; from newsletter.store import Store; os.setuid(65534)\n"
        "now = datetime.datetime.now(datetime.UTC)\n"
        "with Store.open(sys.argv[1]) as store: store.outbox.silence('ada@example.org', now.date(), reason='', now=now)"
    )
    with TemporaryDirectory() as directory:  # tmp_path is closed to other users
        Path(directory).chmod(0o755)
        url = f"sqlite:///{directory}/newsletter.db"
        with Store.open(url):
            _, complaint = children.run(program, url)

    assert "newsletter.errors.StoreError" in complaint
    assert "the file or its directory cannot be written; change its owner or mode" in complaint


# ------------------------------------------------------------------ the lock


def test_a_second_run_is_told_who_holds_the_lock(store: Store, store_url: str) -> None:
    """The exit code says it too: 5."""
    with store.lock(), Store.open(store_url) as second, pytest.raises(LockedError) as error, second.lock():
        pass

    assert re.search(
        rf": process {os.getpid()}( on \S+)? holds the lock; wait for it to end, or end it$", str(error.value)
    )
    assert str(error.value).startswith(store.name)
    assert error.value.exit_code == 5


def test_the_lock_can_be_taken_again(store: Store) -> None:
    """It ends with its block, also when the block fails."""
    with pytest.raises(ZeroDivisionError), store.lock():
        _ = 1 / 0

    with store.lock():
        assert store._lock.held
    assert not store._lock.held


def test_a_killed_run_leaves_no_lock_behind(store: Store, store_url: str) -> None:
    """The kernel or the server drops it at kill -9; nothing has to be cleaned up."""
    program = (
        "import sys, time; from newsletter.store import Store\n"
        "with Store.open(sys.argv[1]).lock(): print('held', flush=True); time.sleep(60)"
    )
    with children.start(program, store_url) as child:
        assert children.first_line(child) == "held"
        with pytest.raises(LockedError, match=f"process {child.pid} "), store.lock():
            pass
        child.kill()

    assert until(lambda: not is_locked(store))


def test_a_lock_that_cannot_be_made_is_a_store_error(file_store: Store) -> None:
    """A directory in its place, for example."""
    Path(f"{file_store.path}.lock").mkdir()

    with pytest.raises(StoreError, match="must be writable"), file_store.lock():
        pass


def test_two_names_of_a_file_have_one_lock(file_store: Store, tmp_path: Path) -> None:
    """A link to the database is the database."""
    (tmp_path / "link.db").symlink_to(file_store.path)

    with Store.open(f"sqlite:///{tmp_path}/link.db") as other, other.lock():
        assert is_locked(file_store)


def is_locked(store: Store) -> bool:
    """Return whether another run holds the lock."""
    try:
        with store.lock():
            return False
    except LockedError:
        return True


# ------------------------------------------------------------------ editions

SIGNALS = st.builds(
    Signals,
    upvotes=st.none() | st.integers(0, 999),
    upvotes_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    submitter=WORDS,
    keywords=LISTS,
    venue=WORDS,
    code_url=WORDS,
)
ENTRIES = st.builds(
    Entry,
    source=WORDS,
    place=WORDS,
    title=WORDS,
    abstract=WORDS,
    authors=LISTS,
    url=WORDS,
    arxiv_id=WORDS,
    version=st.integers(0, 9),
    doi=WORDS,
    categories=LISTS,
    announce_type=st.none() | st.sampled_from(AnnounceType),
    published=DAYS,
    byline=WORDS,
    also=LISTS,
    raw_title=WORDS,
    raw_abstract=WORDS,
    signals=SIGNALS,
)
PAPERS = st.builds(
    Paper,
    id=st.just("arxiv:2611.00001"),
    title=WORDS,
    abstract=WORDS,
    authors=LISTS,
    url=WORDS,
    categories=LISTS,
    published=DAYS,
    version=st.integers(0, 9),
    identities=LISTS.map(lambda identities: tuple(dict.fromkeys(identities))),
    entries=st.lists(ENTRIES, max_size=3, unique_by=lambda entry: replace(entry, place="")).map(tuple),
    signals=SIGNALS,
    summary=WORDS,
    tldr=WORDS,
)


@given(PAPERS, st.dates())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_paper_comes_back_as_it_was(store: Store, paper: Paper, day: date) -> None:
    """Nothing is lost between the record and the tables."""
    with store._database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    edition = an_edition(paper, day=day)

    store.editions.save(edition, collected_at=NOW)

    assert store.editions.on(day) == edition


def test_text_that_no_database_holds_is_replaced(store: Store) -> None:
    """A lone surrogate or NUL of a feed does not stop a run."""
    paper = a_paper("A \ud800 title\0", id="arxiv:1", url="https://example.org/\udfff", authors=("\ud800",))

    store.editions.save(an_edition(paper), collected_at=NOW)

    [[found, _]] = store.editions.find_papers("arxiv:1")
    assert (found.title, found.url) == ("A \ufffd title\ufffd", "https://example.org/\ufffd")


def test_the_health_of_each_source_is_kept(store: Store) -> None:
    """Every issue ends with it."""
    health = (a_health(), a_health(source="feed Distill", state=HealthState.FAILED, entries=0, detail="410 Gone"))
    edition = an_edition(health=(*health, a_health(source="pages", warnings=("line 3: no title",))), entries=40)

    store.editions.save(edition, collected_at=NOW)

    assert store.editions.on(DAY) == edition


def test_no_edition_is_none(store: Store) -> None:
    """Not collected is something else than empty."""
    assert store.editions.on(DAY) is None
    assert store.editions.latest_day() is None


def test_the_latest_day_is_the_newest_edition(store: Store) -> None:
    """Whatever the order in which they were collected."""
    for day in (NEXT_DAY, DAY):
        store.editions.save(an_edition(day=day), collected_at=NOW)

    assert store.editions.latest_day() == NEXT_DAY


def test_saving_the_same_edition_twice_changes_nothing(store: Store) -> None:
    """`collect` can be repeated."""
    edition = an_edition(a_paper("One"), a_paper("Two"))

    for _ in range(2):
        store.editions.save(edition, collected_at=NOW)

    assert store.editions.on(DAY) == edition


def test_a_second_collect_on_a_day_adds_and_never_drops(store: Store) -> None:
    """A feed that grew gives its new papers; one that failed takes none away."""
    store.editions.save(an_edition(a_paper("One"), a_paper("Two")), collected_at=NOW)

    store.editions.save(an_edition(a_paper("Three"), a_paper("Two")), collected_at=NOW)

    edition = store.editions.on(DAY)
    assert edition is not None
    assert [paper.title for paper in edition.papers] == ["One", "Two", "Three"]
    assert edition.entries == 2


def test_a_second_collect_on_a_day_updates_fields_and_health(store: Store) -> None:
    """The latest word counts; of a source that is no longer told of nothing is kept."""
    store.editions.save(an_edition(a_paper(abstract=""), health=(a_health(), a_health(source="b"))), collected_at=NOW)
    failed = a_health(state=HealthState.FAILED, entries=0, detail="timed out")

    store.editions.save(an_edition(a_paper(abstract="Now there."), health=(failed,)), collected_at=NOW)

    edition = store.editions.on(DAY)
    assert edition is not None
    assert edition.papers[0].abstract == "Now there."
    assert edition.health == (failed,)


def test_an_entry_that_only_moved_within_its_source_is_not_kept_twice(store: Store) -> None:
    """A feed that grew at the top moves all others down."""
    store.editions.save(an_edition(a_paper(entries=(an_entry(place="feed.xml#1"),))), collected_at=NOW)

    store.editions.save(an_edition(a_paper(entries=(an_entry(place="feed.xml#7"),))), collected_at=NOW)

    edition = store.editions.on(DAY)
    assert edition is not None
    assert [entry.place for entry in edition.papers[0].entries] == ["feed.xml#7"]


def test_a_paper_of_an_earlier_day_stays_there_and_learns(store: Store) -> None:
    """Nobody gets it as new again, but its new identity, entry and votes are known."""
    seen = a_paper("One", id="title:one")
    again = replace(
        seen,
        title="ONE",
        identities=("title:one", "doi:10.1/one"),
        entries=(*seen.entries, an_entry("One", source="b")),
        signals=Signals(upvotes=12, upvotes_at=NOW),
    )
    store.editions.save(an_edition(seen), collected_at=NOW)

    store.editions.save(an_edition(again, a_paper("Two"), day=NEXT_DAY), collected_at=NOW)

    first, second = store.editions.on(DAY), store.editions.on(NEXT_DAY)
    assert first is not None
    assert second is not None
    assert [paper.title for paper in second.papers] == ["Two"]
    assert [(paper.title, paper.identities) for paper in first.papers] == [("One", ("title:one", "doi:10.1/one"))]
    assert [entry.source for entry in first.papers[0].entries] == ["arxiv cs.CL", "b"]
    assert first.papers[0].signals.upvotes == 12
    assert {paper.title: day for paper, day in store.editions.listed_between(NEXT_DAY, NEXT_DAY)} == {
        "One": DAY, "Two": NEXT_DAY,
    }  # fmt: skip


def test_a_newer_version_is_an_update_of_its_day_and_no_new_paper(store: Store) -> None:
    """It was announced on the second day, and came on the first."""
    paper = a_paper("One", id="arxiv:2611.00001", entries=(an_entry(version=1),))
    newer = replace(paper, version=3, entries=(*paper.entries, an_entry(version=3)))
    store.editions.save(an_edition(paper), collected_at=NOW)

    for _ in range(2):  # read again, the day still brought it
        store.editions.save(an_edition(day=NEXT_DAY, updates=(newer,)), collected_at=NOW)

    edition = store.editions.on(NEXT_DAY)
    assert edition is not None
    assert edition.papers == ()
    assert [(paper.id, latest(paper).version) for paper in edition.updates] == [("arxiv:2611.00001", 3)]


def test_merging_asks_for_the_stored_papers_of_the_identities(store: Store) -> None:
    """More of them than one statement takes; what is made of them becomes the day's edition."""
    papers = [a_paper(f"Paper {n}", id=f"arxiv:{n}", identities=(f"arxiv:{n}", f"title:{n}")) for n in range(1200)]
    store.editions.save(an_edition(*papers), collected_at=NOW)
    met: list[str] = []

    def make(known: Sequence[Paper]) -> Edition:
        met.extend(paper.id for paper in known)
        return an_edition(*known, a_paper("New"), day=NEXT_DAY)

    edition = store.editions.merge((f"title:{n}" for n in range(3000)), make, collected_at=NOW)

    assert sorted(met) == sorted(paper.id for paper in papers)
    assert [paper.title for paper in edition.papers] == ["New"]


def test_when_merging_fails_nothing_is_kept_and_the_arrivals_stay(store: Store) -> None:
    """It is one transaction."""
    arrival = Arrival(a_health(), (an_entry(),))
    store.arrivals.keep(DAY, arrival, settings="x", at=NOW)

    def fail(_known: Sequence[Paper]) -> Edition:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.editions.merge((), fail, collected_at=NOW)

    assert (store.editions.on(DAY), store.arrivals.of(DAY, settings=SAME, since=NOW)) == (None, (arrival,))


# ------------------------------------------------------------------ health, arrivals, votes


def test_what_each_source_answered_last_is_known_from_any_day(store: Store) -> None:
    """Who asked us to wait yesterday is not asked this morning."""
    until = NOW + timedelta(hours=30)
    throttled = a_health(state=HealthState.THROTTLED, entries=0, at=NOW, again_at=until, failures=3)
    empty = a_health(source="b", state=HealthState.EMPTY, entries=0, next_at=until)
    store.editions.save(an_edition(health=(throttled, empty)), collected_at=NOW)
    store.editions.save(an_edition(day=NEXT_DAY, health=(a_health(source="b"),)), collected_at=NOW)

    assert store.editions.health_until(NEXT_DAY) == {"arxiv cs.CL": throttled, "b": a_health(source="b")}
    assert store.editions.health_until(DAY) == {"arxiv cs.CL": throttled, "b": empty}
    assert store.editions.health_on(DAY) == {"arxiv cs.CL": throttled, "b": empty}
    assert store.editions.health_on(date(2026, 1, 1)) is None
    assert store.editions.days() == (NEXT_DAY, DAY)


@given(st.lists(ENTRIES, max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_arrived_is_kept_until_it_is_an_edition(store: Store, entries: list[Entry]) -> None:
    """A crash between fetching and merging loses nothing."""
    health = a_health(state=HealthState.LATE, at=NOW, again_at=NOW, failures=2, warnings=("a line",))
    arrival = Arrival(health, tuple(entries))

    store.arrivals.keep(DAY, Arrival(a_health()), settings="y", at=NOW)
    store.arrivals.keep(DAY, arrival, settings="x", at=NOW)

    assert store.arrivals.of(DAY, settings=SAME, since=NOW) == (arrival,)
    assert store.arrivals.of(DAY, settings=SAME, since=NOW + timedelta(seconds=1)) == ()
    assert store.arrivals.of(NEXT_DAY, settings=SAME, since=NOW) == ()
    assert store.arrivals.of(DAY, settings={"arxiv cs.CL": "other"}, since=NOW) == ()
    assert store.arrivals.of(DAY, settings={}, since=NOW) == ()
    store.editions.merge((), lambda _: an_edition(), collected_at=NOW)
    assert store.arrivals.of(DAY, settings=SAME, since=NOW) == ()


def test_a_reader_has_one_vote_per_paper_and_may_take_it_back(store: Store) -> None:
    """The last word counts."""
    store.editions.save(an_edition(a_paper("One", id="a"), a_paper("Two", id="b")), collected_at=NOW)
    for value in (1, -1):
        store.votes.cast("Ada@example.org", "a", value, at=NOW)
    store.votes.cast("grace@example.org", "b", 1, at=NOW)
    store.votes.cast("GRACE@example.org", "b", 0, at=NOW)

    assert store.votes.since(DAY) == (("ada@example.org", "a", -1, NOW),)
    assert store.votes.since(NEXT_DAY) == ()


def test_the_votes_of_one_reader_come_in_the_order_they_were_cast(store: Store) -> None:
    """Whatever the case of the address; who took every vote back is no voter."""
    store.editions.save(an_edition(*(a_paper(name, id=name) for name in "abc")), collected_at=NOW)
    for minutes, paper_id in enumerate("cba"):
        store.votes.cast("Ada@example.org", paper_id, 1, at=NOW + timedelta(minutes=minutes))
    store.votes.cast("emmy@example.org", "a", -1, at=NOW)
    for value in (1, 0):
        store.votes.cast("grace@example.org", "a", value, at=NOW)

    assert [vote.paper_id for vote in store.votes.of("ADA@example.org")] == ["c", "b", "a"]
    assert store.votes.of("nobody@example.org") == ()
    assert store.votes.voters() == frozenset({"ada@example.org", "emmy@example.org"})


# ------------------------------------------------------------------ papers by id, and what is learnt of them


def test_papers_come_by_id_in_the_order_asked_for(store: Store) -> None:
    """More of them than one statement takes, each once; what is unknown is left out."""
    papers = {f"arxiv:{n}": a_paper(f"Paper {n}", id=f"arxiv:{n}") for n in range(1200)}
    store.editions.save(an_edition(*papers.values()), collected_at=NOW)
    wanted = [*reversed(papers), "arxiv:0", "arxiv:none"]

    assert list(store.papers.of(wanted).items()) == list(reversed(papers.items()))
    assert store.papers.dated(["arxiv:7"]) == {"arxiv:7": (papers["arxiv:7"], DAY)}
    assert store.papers.of(()) == {}


def test_papers_are_counted_from_a_day_on(store: Store) -> None:
    """By the day that brought them."""
    store.editions.save(an_edition(a_paper("One")), collected_at=NOW)
    store.editions.save(an_edition(a_paper("One"), a_paper("Two"), day=NEXT_DAY), collected_at=NOW)

    assert [store.papers.count(since=day) for day in (None, DAY, NEXT_DAY)] == [2, 2, 1]


@pytest.mark.parametrize("query", ["2401.10020v3", "arXiv:2401.10020", "https://example.org/trees", "title:draft"])
def test_a_paper_is_named_by_an_id_or_an_address(store: Store, query: str) -> None:
    """And by nothing else: a title is a subject too."""
    identities = ("arxiv:2401.10020", "title:draft")
    paper = a_paper(id="arxiv:2401.10020", identities=identities, url="https://example.org/trees")
    store.editions.save(an_edition(paper, a_paper("Something else", url="")), collected_at=NOW)

    assert store.papers.named(query) == paper
    assert [store.papers.named(other) for other in (paper.title, "2401.10021", "", "%", "\0")] == [None] * 5


def test_papers_that_hold_a_word_are_found_in_any_case(store: Store) -> None:
    """What LIKE has a use for is a letter like any other, and no word is too long to look for."""
    papers = (
        a_paper("A GALAXY", id="a"),
        a_paper("Two", id="b", abstract="Of 50%_ more galaxies."),
        a_paper("c", id="c"),
    )
    store.editions.save(an_edition(*papers), collected_at=NOW)

    assert sorted(store.papers.holding("galaxy")) == ["a", "b"]
    assert store.papers.holding("50%_") == ("b",)
    assert [store.papers.holding(word) for word in ("50__", "galaxy" * 20_000, "'; DROP TABLE papers --")] == [()] * 3


def test_what_a_language_model_says_outlives_every_later_sighting(store: Store) -> None:
    """On the same day and on later ones; no source knows it. The summary follows the abstract."""
    paper = a_paper(id="a", summary="Drafts are trees.")
    store.editions.save(an_edition(paper), collected_at=NOW)
    store.papers.keep_tldr("a", "Trees make decoding fast.")

    store.editions.save(an_edition(replace(paper, summary="Trees.", tldr="Something else.")), collected_at=NOW)
    store.editions.save(an_edition(paper, day=NEXT_DAY), collected_at=NOW)

    [found] = store.papers.of(["a"]).values()
    assert (found.summary, found.tldr) == ("Trees.", "Trees make decoding fast.")
    store.papers.keep_tldr("a", "Fast trees.")
    assert store.papers.of(["a"])["a"].tldr == "Fast trees."


# ------------------------------------------------------------------ vectors, examples, topics


def a_vector(*values: float) -> NDArray[np.float32]:
    """Return a vector of numbers that float16 holds exactly."""
    return np.array(values, dtype=np.float32)


def with_papers(store: Store, *ids: str) -> Store:
    """Return the store with papers of these ids, the first two of them of the next day."""
    store.editions.save(an_edition(*(a_paper(name, id=name) for name in ids[2:])), collected_at=NOW)
    store.editions.save(an_edition(*(a_paper(name, id=name) for name in ids[:2]), day=NEXT_DAY), collected_at=NOW)
    return store


def damaged(store: Store, paper_id: str, vector: bytes) -> None:
    """Put other bytes in the place of a vector."""
    with store._database.writing() as connection:
        connection.execute(vectors.update().where(vectors.c.paper_id == paper_id).values(vector=vector))


def test_vectors_come_back_in_the_order_of_ids(store: Store) -> None:
    """As float32, the last ones kept, by model."""
    with_papers(store, "b", "c", "a").vectors.keep("m", {"c": a_vector(9, 9)})
    store.vectors.keep("m", {"c": a_vector(1, 0.5), "a": a_vector(0, -1)})
    store.vectors.keep("other", {"a": a_vector(7, 7, 7)})

    ids, read = store.vectors.all("m")

    assert (ids, read.tolist(), str(read.dtype)) == (("a", "c"), [[0, -1], [1, 0.5]], "float32")
    assert {paper_id: each.tolist() for paper_id, each in store.vectors.of("m", ["c", "b", "c"]).items()} == {
        "c": [1, 0.5]
    }
    assert store.vectors.all("m", since=NEXT_DAY)[0] == ("c",)
    assert store.vectors.all("none")[0] == ()
    assert store.vectors.of("m", ()) == {}


def test_papers_without_a_vector_are_told_the_newest_first(store: Store) -> None:
    """A vector of another model is none; models that nobody uses any more are forgotten."""
    with_papers(store, "a", "b", "c", "d").vectors.keep("m", {"b": a_vector(1), "d": a_vector(1)})
    store.vectors.keep("other", {"c": a_vector(1)})

    assert [paper.id for paper in store.vectors.missing("m", limit=9)] == ["a", "c"]
    assert [paper.id for paper in store.vectors.missing("m", limit=1)] == ["a"]
    store.vectors.forget_others("m")
    assert store.vectors.all("other")[0] == ()
    assert store.vectors.all("m")[0] == ("b", "d")


@pytest.mark.parametrize(
    "vector",
    [
        b"",
        b"\0",
        b"\0" * 3,
        b"\0" * 2,
        b"\0" * 400,
        np.array([np.nan, 1], "<f2").tobytes(),
        b"\0\0\0\x7c",
        b"\0\xfc\0\x7c",
    ],
    ids=["empty", "half a number", "odd", "too short", "too long", "nan", "infinite", "both infinities"],
)
def test_a_damaged_vector_is_missing(store: Store, vector: bytes) -> None:
    """Not an error, and no nonsense in any product; it is made again and kept."""
    with_papers(store, "a", "b", "c").vectors.keep("m", dict.fromkeys("abc", a_vector(0, 1)))
    damaged(store, "b", vector)

    assert store.vectors.all("m")[0] == ("a", "c")
    assert list(store.vectors.of("m", ["a", "b", "c"])) == ["a", "c"]
    assert [paper.id for paper in store.vectors.missing("m", limit=9)] == ["b"]
    store.vectors.keep("m", {"b": a_vector(1, 0)})
    assert store.vectors.all("m")[1].tolist() == [[0, 1], [1, 0], [0, 1]]


def test_only_damaged_vectors_are_no_vectors(store: Store) -> None:
    """Nothing is left to know the right length by."""
    with_papers(store, "a").vectors.keep("m", {"a": a_vector(1)})
    damaged(store, "a", b"\0")

    assert (store.vectors.all("m")[0], store.vectors.of("m", ["a"])) == ((), {})


@pytest.mark.parametrize("vector", [a_vector(), a_vector(float("nan")), a_vector(70_000), np.ones((2, 2), np.float32)])
def test_what_is_no_vector_is_refused(store: Store, vector: NDArray[np.float32]) -> None:
    """Before anything is written."""
    with pytest.raises(ValueError, match="one row of finite numbers"):
        with_papers(store, "a", "b").vectors.keep("m", {"b": a_vector(1), "a": vector})

    assert store.vectors.all("m")[0] == ()


def test_a_vector_belongs_to_a_paper(store: Store) -> None:
    """One of a paper that nobody brought is refused."""
    with pytest.raises(StoreError):
        store.vectors.keep("m", {"nobody": a_vector(1)})


@given(ENTRIES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_example_comes_back_as_it_was(store: Store, entry: Entry) -> None:
    """Whatever it was before."""
    store.examples.keep_missing("arxiv:1", "404 Not Found", NOW)

    store.examples.keep("arxiv:1", entry, NOW)

    assert (store.examples.of(["arxiv:1", "arxiv:2"]), store.examples.missing()) == ({"arxiv:1": entry}, ())


def test_an_example_asked_for_in_vain_is_told_with_reason_and_time(store: Store) -> None:
    """The last time counts; one that was found stays found when its source fails later."""
    store.examples.keep("arxiv:1", an_entry(), NOW)
    store.examples.keep_missing("arxiv:1", "timed out", NOW)
    for minutes, reason in enumerate(("timed out", "404 Not Found")):
        store.examples.keep_missing("doi:10.1/x", reason, NOW + timedelta(minutes=minutes))

    assert store.examples.of(["arxiv:1", "doi:10.1/x"]) == {"arxiv:1": an_entry()}
    assert store.examples.missing() == (("doi:10.1/x", "404 Not Found", NOW + timedelta(minutes=1)),)


def test_a_thumbnail_comes_back_as_it_was(store: Store) -> None:
    """The latest one, with the size it is shown in and the time it came; it needs no stored paper."""
    store.thumbnails.keep_missing("arxiv:1", NOW)
    store.thumbnails.keep("arxiv:1", b"old", width=1, height=1, at=NOW)
    later = NOW + timedelta(minutes=1)

    store.thumbnails.keep("arxiv:1", b"\0\xff", width=176, height=110, at=later)

    assert store.thumbnails.of(["arxiv:1", "arxiv:2"]) == {"arxiv:1": (b"\0\xff", 176, 110, later)}


def test_a_thumbnail_asked_for_in_vain_is_known_with_its_time(store: Store) -> None:
    """The last time counts; one that was found stays found when asking for it fails later."""
    store.thumbnails.keep("arxiv:1", b"found", width=176, height=110, at=NOW)
    for minutes, paper_id in enumerate(("arxiv:1", "arxiv:2", "arxiv:2")):
        store.thumbnails.keep_missing(paper_id, NOW + timedelta(minutes=minutes))

    known = store.thumbnails.of(["arxiv:1", "arxiv:2"])

    assert known["arxiv:1"] == (b"found", 176, 110, NOW)
    assert known["arxiv:2"] == (None, 0, 0, NOW + timedelta(minutes=2))


def test_thumbnails_of_many_papers_are_found_and_old_ones_forgotten(store: Store) -> None:
    """More ids than one statement takes; what was asked for at the instant itself stays."""
    for number in range(3):
        store.thumbnails.keep(f"arxiv:{number}", b"x", width=1, height=1, at=NOW + timedelta(days=number))
    store.thumbnails.keep_missing("arxiv:in-vain", NOW)
    everything = ["arxiv:in-vain", *(f"arxiv:{number}" for number in range(1200))]
    assert len(store.thumbnails.of(everything)) == 4

    store.thumbnails.forget(before=NOW + timedelta(days=1))

    assert store.thumbnails.of(everything).keys() == {"arxiv:1", "arxiv:2"}


def test_the_labels_of_a_day_are_replaced_as_a_whole(store: Store) -> None:
    """A day that was collected twice has no label twice, and one without topics none."""
    store.topics.keep(DAY, "m", [("Old", a_vector(1)), ("Trees", a_vector(2))])
    store.topics.keep(DAY, "m", [("Trees", a_vector(3))])

    assert [(label, vector.tolist()) for label, vector in store.topics.before(NEXT_DAY, "m")] == [("Trees", [3])]
    store.topics.keep(DAY, "m", [])
    assert store.topics.before(NEXT_DAY, "m") == ()


def test_labels_before_a_day_come_newest_first_each_once(store: Store) -> None:
    """Of the days asked for, of this model, in the day's order, without what is damaged."""
    for back, label in ((0, "Today"), (1, "Trees"), (3, "Trees"), (14, "Dust"), (15, "Too old")):
        day = DAY - timedelta(days=back)
        store.topics.keep(day, "m", [(label, a_vector(back, 0)), (f"Also {label}", a_vector(back, 1))])
    store.topics.keep(DAY - timedelta(days=2), "other", [("Another", a_vector(1, 1))])
    with store._database.writing() as connection:
        connection.execute(topics.update().where(topics.c.label == "Also Dust").values(vector=b"\0"))

    found = [(label, vector.tolist()) for label, vector in store.topics.before(DAY, "m")]

    assert found == [("Trees", [1, 0]), ("Also Trees", [1, 1]), ("Dust", [14, 0])]
    assert [label for label, _ in store.topics.before(DAY, "m", days=2)] == ["Trees", "Also Trees"]


def test_a_store_of_the_second_version_keeps_everything(empty_url: str) -> None:
    """What 0002 wrote, read by today's program: with no summary, no vector, and every vote."""
    migrate(empty_url, command.upgrade, "0002", WRITTEN_BY_0002)

    with Store.open(empty_url) as store:
        [[paper, first_day]] = store.papers.dated(["arxiv:2611.00001"]).values()
        assert (paper.title, paper.authors, first_day) == ("Draft trees", ("Ada Lovelace",), DAY)
        assert (paper.summary, paper.tldr, paper.signals.upvotes) == ("", "", 3)
        assert [entry.source for entry in paper.entries] == ["arxiv cs.CL"]
        edition = store.editions.on(DAY)
        assert edition is not None
        assert edition.papers == (paper,)
        assert store.votes.of("ada@example.org") == (("ada@example.org", paper.id, 1, NOW),)
        assert store.vectors.missing("m", limit=9) == (paper,)


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004", HEAD])
def test_a_database_of_any_version_is_brought_up_to_date(empty_url: str, revision: str) -> None:
    """What it holds stays, and says nothing about what was not known then."""
    with Store.open(empty_url) as store:
        store.editions.save(an_edition(a_paper()), collected_at=NOW)
    migrate(empty_url, command.downgrade, revision)

    with Store.open(empty_url) as store:
        assert store.editions.on(DAY) == an_edition(a_paper())
        store.thumbnails.keep("arxiv:1", b"x", width=1, height=1, at=NOW)
        assert store.thumbnails.of(["arxiv:1"]).keys() == {"arxiv:1"}


@pytest.mark.parametrize(
    "query",
    [
        "arxiv:2401.10020",
        "2401.10020",
        "2401.10020v3",
        "arXiv:2401.10020v1",
        "https://arxiv.org/abs/2401.10020v2",
        "https://arxiv.org/pdf/2401.10020v2.pdf",
        "10.1145/3586037",
        "https://doi.org/10.1145/3586037",
        "DOI: 10.1145/3586037",
        "https://example.org/trees",
        " draft trees, for FASTER decoding! ",
        "faster dec",
    ],
)
def test_a_paper_is_found_by_whatever_names_it(store: Store, query: str) -> None:
    """A reader writes what they have at hand."""
    identities = ("arxiv:2401.10020", "doi:10.1145/3586037", "title:draft")
    paper = a_paper(id="arxiv:2401.10020", identities=identities, url="https://example.org/trees")
    store.editions.save(an_edition(paper, a_paper("Something else")), collected_at=NOW)

    assert store.editions.find_papers(query) == ((paper, DAY),)


def test_part_of_several_titles_finds_them_all_the_newest_first(store: Store) -> None:
    """The one who asked can be shown what to choose from."""
    store.editions.save(an_edition(a_paper("A tree")), collected_at=NOW)
    store.editions.save(an_edition(a_paper("Two trees"), a_paper("Shrubs"), day=NEXT_DAY), collected_at=NOW)

    found = store.editions.find_papers("tree")

    assert [(paper.title, day) for paper, day in found] == [("Two trees", NEXT_DAY), ("A tree", DAY)]


@pytest.mark.parametrize("query", ["", " ", "%", "_", "…", "no such paper", "'; DROP TABLE papers --"])
def test_a_query_that_names_nothing_finds_nothing(store: Store, query: str) -> None:
    """Nor do the characters that SQL or LIKE have a use for."""
    store.editions.save(an_edition(a_paper()), collected_at=NOW)

    assert store.editions.find_papers(query) == ()


def test_papers_are_counted_by_the_day_they_came(store: Store) -> None:
    """A day without any is not counted."""
    store.editions.save(an_edition(a_paper("One"), a_paper("Two")), collected_at=NOW)
    store.editions.save(an_edition(a_paper("Two"), day=NEXT_DAY), collected_at=NOW)

    assert store.editions.counts(DAY, NEXT_DAY) == {DAY: 2}
    assert store.editions.counts(NEXT_DAY, NEXT_DAY) == {}


def test_a_naive_time_is_refused(store: Store) -> None:
    """Nobody could say when it was."""
    with pytest.raises(Exception, match="a stored time needs a time zone"):
        store.editions.save(an_edition(), collected_at=NOW.replace(tzinfo=None))


def test_times_come_back_aware_and_in_utc(store: Store) -> None:
    """Whatever zone they went in with."""
    store.outbox.silence("ada@example.org", DAY, reason="-", now=NOW.astimezone(timezone(timedelta(hours=5))))

    [silence] = store.history.silences(DAY)

    assert (silence.at, silence.at.tzinfo) == (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), UTC)
