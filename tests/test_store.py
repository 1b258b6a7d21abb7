"""The database file, the lock, and the editions kept in it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import children
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import DAY, NOW, a_health, a_paper, an_edition, an_entry
from sqlalchemy import create_engine
from stores import a_store

import newsletter.store
from newsletter.dedupe import latest
from newsletter.errors import LockedError, StoreError
from newsletter.models import AnnounceType, Arrival, Edition, Entry, HealthState, Paper, Signals
from newsletter.store import Store
from newsletter.store.database import _MIGRATIONS
from newsletter.store.tables import HEAD, metadata

NEXT_DAY = DAY + timedelta(days=1)
WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
LISTS = st.lists(WORDS, max_size=3).map(tuple)
DAYS = st.none() | st.dates()
SAME = {"arxiv cs.CL": "x"}  # the settings that sources still have


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Return the address of a database that is not there yet."""
    return f"sqlite:///{tmp_path}/newsletter.db"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give an open store, at `url`."""
    with a_store(tmp_path) as store:
        yield store


# ------------------------------------------------------------------ the file


def test_what_was_stored_is_there_when_the_store_is_opened_again(url: str) -> None:
    """The file is the memory, not the process."""
    with Store.open(url) as store:
        store.editions.save(an_edition(a_paper()), collected_at=NOW)

    with Store.open(url) as store:
        assert store.editions.on(DAY) == an_edition(a_paper())


def test_the_tables_and_the_migrations_agree(url: str) -> None:
    """What the code believes of the tables is what the revisions made."""
    Store.open(url).close()
    engine = create_engine(url)

    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_the_newest_revision_is_the_one_the_code_asks_for() -> None:
    """A revision that was added and not named in tables.py would never run."""
    scripts = ScriptDirectory(str(Path(newsletter.store.__file__).parent / "migrations"))

    assert scripts.get_heads() == [HEAD]


def test_opening_a_current_database_does_not_load_the_migrations(url: str) -> None:
    """The commands answer at once, and nothing is printed."""
    Store.open(url).close()
    program = "import sys; from newsletter.store import Store; Store.open(sys.argv[1]); print('alembic' in sys.modules)"

    assert children.run(program, url) == ("False\n", "")


def test_making_a_database_prints_nothing(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Only `cli` prints."""
    Store.open(url).close()

    assert capfd.readouterr() == ("", "")


def test_a_percent_sign_in_the_path_is_a_percent_sign(tmp_path: Path) -> None:
    """A path is no format string."""
    Store.open(f"sqlite:///{tmp_path}/100%s.db").close()

    assert (tmp_path / "100%s.db").exists()


def test_commits_survive_a_loss_of_power(store: Store) -> None:
    """The rules of the outbox stand on it: WAL, and the disk is waited for."""
    with store._database.reading() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    assert pragmas == ["wal", 2, 1, 30_000]


def test_two_programs_can_make_the_same_database_at_once(url: str) -> None:
    """Whoever is late finds it made."""
    program = "import sys; from newsletter.store import Store; Store.open(sys.argv[1])"
    running = [children.start(program, url) for _ in range(2)]

    assert [child.communicate() for child in running] == [("", "")] * 2


@pytest.mark.parametrize(
    ("url", "way_out"),
    [
        ("postgresql://localhost/newsletter", "this version keeps its data in SQLite; write `store: sqlite:///newslet"),
        ("newsletter.db", "is no address of a store; write for example sqlite:///newsletter.db"),
        ("sqlite://", "the store is a file, so that nothing is sent twice"),
        ("sqlite:////nowhere/at/all/newsletter.db", "cannot be opened; the directory must exist and be writable"),
    ],
    ids=["postgresql", "a path", "memory", "no directory"],
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


def test_a_full_disk_says_so_and_changes_nothing(store: Store) -> None:
    """The transaction did not happen."""
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


def test_a_second_run_is_told_who_holds_the_lock(store: Store, url: str) -> None:
    """The exit code says it too: 5."""
    with store.lock(), Store.open(url) as second, pytest.raises(LockedError) as error, second.lock():
        pass

    assert str(error.value) == f"{store.path}.lock: process {os.getpid()} holds the lock; wait for it to end, or end it"
    assert error.value.exit_code == 5


def test_the_lock_can_be_taken_again(store: Store) -> None:
    """It ends with its block, also when the block fails."""
    with pytest.raises(ZeroDivisionError), store.lock():
        _ = 1 / 0

    with store.lock():
        assert store.outbox.reconcile(now=NOW) == ()


def test_a_killed_run_leaves_no_lock_behind(store: Store, url: str) -> None:
    """The kernel drops it at kill -9; nothing has to be cleaned up."""
    program = (
        "import sys, time; from newsletter.store import Store\n"
        "with Store.open(sys.argv[1]).lock(): print('held', flush=True); time.sleep(60)"
    )
    with children.start(program, url) as child:
        assert children.first_line(child) == "held"
        with pytest.raises(LockedError, match=f"process {child.pid} holds the lock"), store.lock():
            pass
        child.kill()

    with store.lock():
        assert store.outbox.reconcile(now=NOW) == ()


def test_a_lock_that_cannot_be_made_is_a_store_error(store: Store) -> None:
    """A directory in its place, for example."""
    Path(f"{store.path}.lock").mkdir()

    with pytest.raises(StoreError, match="must be writable"), store.lock():
        pass


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
)


@given(PAPERS, st.dates())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


def test_a_database_of_the_first_version_is_brought_up_to_date(url: str) -> None:
    """What it holds stays, and says nothing about what was not known then."""
    with Store.open(url) as store:
        store.editions.save(an_edition(a_paper()), collected_at=NOW)
        with store._database.writing() as connection:
            config = Config()
            config.set_main_option("script_location", str(_MIGRATIONS))
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")

    with Store.open(url) as store:
        assert store.editions.on(DAY) == an_edition(a_paper())


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

    [silence] = store.outbox.silences(DAY)

    assert (silence.at, silence.at.tzinfo) == (datetime(2026, 11, 20, 8, 0, tzinfo=UTC), UTC)
