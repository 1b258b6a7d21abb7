"""Other settings replayed over stored editions: who gains, loses or finds elsewhere which papers, and why."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

import pytest
from commands import Command
from makers import a_health, a_match, a_paper, a_queued
from settings_files import saved
from stores import a_store

from newsletter.backtest import Backtest, Cause, Change, Kind, Place, Standing, SubscriberChange, backtest, simulate
from newsletter.config import Config, load
from newsletter.errors import UsageError
from newsletter.models import Edition, MatchedPaper, Paper
from newsletter.pipeline import edition_between, issue_for, prepare
from newsletter.store import Store
from newsletter.weights import Weights

MONDAY = date(2026, 11, 16)
FRIDAY = MONDAY + timedelta(days=4)

HEAD = """\
newsletter: {name: Daily Papers, from: "papers@example.org"}
sources:
  - pages: {path: page.txt}
subscribers:
"""
ADA = """\
  - email: ada@example.org
    interests:
      - speculative decoding
"""
GRACE = """\
  - email: grace@example.org
    interests:
      - high-redshift galaxies
"""
EMMY = """\
  - email: emmy@example.org
    interests: [coral reef ecology, speculative decoding]
"""
# One topic a line: a title and an abstract, told of a different thing each day.
SUBJECTS = {
    "decoding": (
        "Speculative decoding of {}",
        "Speculative decoding drafts tokens of {} and verifies them in one pass.",
    ),
    "survey": ("Speculative decoding for {}: a survey", "We review speculative decoding of {} in a hundred works."),
    "galaxies": ("Dust of {} in high-redshift galaxies", "JWST images of high-redshift galaxies show {} within them."),
    "corals": ("Coral reef ecology and {}", "Coral reef ecology depends on {}; we surveyed forty reefs in warm seas."),
}
THINGS = ("proteins", "contracts", "melodies", "recipes", "weather reports", "chess games", "road maps")


def editions(days: int = 5, *, first: date = MONDAY) -> dict[date, Edition]:
    """Return editions of consecutive days, a paper of each subject in each."""
    return {
        first + timedelta(days=number): Edition(
            first + timedelta(days=number), tuple(papers(number, first)), (a_health(),), len(SUBJECTS)
        )
        for number in range(days)
    }


def papers(number: int, first: date) -> list[Paper]:
    """Return the papers of one day, whose ids are `arxiv:subject-thing`."""
    thing = THINGS[number]
    return [
        a_paper(
            title.format(thing),
            id=f"test:{subject}-{number + 1}",
            abstract=abstract.format(thing),
            published=first + timedelta(days=number),
            categories=(),
        )
        for subject, (title, abstract) in SUBJECTS.items()
    ]


def fill(store: Store, kept: Mapping[date, Edition]) -> None:
    """Keep editions, each collected at six."""
    for day, edition in kept.items():
        store.editions.save(edition, collected_at=datetime.combine(day, time(6), UTC))


@pytest.fixture
def week(store: Store) -> Store:
    """Return a store with five editions, Monday to Friday."""
    fill(store, editions())
    return store


def settings(folder: Path, name: str, *subscribers: str) -> Config:
    """Return the settings of these subscribers."""
    path = saved(folder, HEAD + "".join(subscribers), name)
    return load(path, environment={}, sending=False)


Compare = Callable[..., Backtest]


@pytest.fixture
def compared(week: Store, weights: Weights, tmp_path: Path) -> Compare:
    """Return what back-tests subscribers, each a text of the YAML, against others over a stored week."""

    def run(old: tuple[str, ...], new: tuple[str, ...], *, days: int = 7) -> Backtest:
        before, after = settings(tmp_path, "old.yaml", *old), settings(tmp_path, "new.yaml", *new)
        return backtest(after, before, week, weights, days=days)

    return run


def changes(subscriber: SubscriberChange, kind: Kind) -> dict[str, Change]:
    """Return the changes of one kind by the paper's id."""
    found = [change for issue in subscriber.issues for change in issue.changes if change.kind is kind]
    return {change.matched.paper.id.removeprefix("test:"): change for change in found}


def numbered(subject: str) -> set[str]:
    """Return the ids of the week's papers of a subject."""
    return {f"{subject}-{number}" for number in range(1, 6)}


# ------------------------------------------------------------------ replay


def test_a_replay_gives_everybody_their_own_days(weights: Weights, tmp_path: Path) -> None:
    """Who reads on Wednesdays gets one issue, of everything since Thursday; who reads daily gets five."""
    config = settings(tmp_path, "new.yaml", ADA, GRACE + "    send_on: [wed]\n")

    (made,) = simulate([config], editions(), weights, first=MONDAY, last=FRIDAY)

    assert [each.issue.day for each in made["ada@example.org"]] == [MONDAY + timedelta(days=n) for n in range(5)]
    (weekly,) = made["grace@example.org"]
    assert ids(weekly.issue.papers) == {"galaxies-1", "galaxies-2", "galaxies-3"}
    assert len(weekly.considered) == 12


def ids(found: tuple[MatchedPaper, ...]) -> set[str]:
    """Return the ids of papers, short."""
    return {matched.paper.id.removeprefix("test:") for matched in found}


def test_the_first_issue_covers_what_came_before_the_days_asked_for(weights: Weights, tmp_path: Path) -> None:
    """A Monday's issue holds the weekend's papers, though the replay begins on Monday."""
    config = settings(tmp_path, "new.yaml", ADA)
    saturday = MONDAY - timedelta(days=2)

    (made,) = simulate([config], editions(3, first=saturday), weights, first=MONDAY, last=MONDAY)

    (issue,) = made["ada@example.org"]
    assert {"decoding-1", "decoding-2", "decoding-3"} <= ids(issue.issue.papers)


def test_a_replay_repeats_no_paper(weights: Weights, tmp_path: Path) -> None:
    """A paper that an edition lists again, or that the reader had before, is left out with its date."""
    config = settings(tmp_path, "new.yaml", ADA)
    kept = editions(2)
    again = {day: Edition(day, kept[MONDAY].papers, (), 4) for day in kept}
    had = {"ada@example.org": {"test:survey-1": date(2026, 11, 13)}}

    (made,) = simulate([config], again, weights, first=MONDAY, last=MONDAY + timedelta(days=1), received=had)

    first, second = (each.issue for each in made["ada@example.org"])
    assert (ids(first.papers), ids(second.papers)) == ({"decoding-1"}, set())
    assert {cut.detail for cut in second.cut} == {"in the issue of 2026-11-13", "in the issue of 2026-11-16"}


def test_a_reader_ahead_of_the_newsletter_gets_the_edition_of_the_day_before(weights: Weights, tmp_path: Path) -> None:
    """At seven in Tokyo it is still yesterday in London: today's edition does not exist yet."""
    config = settings(tmp_path, "new.yaml", ADA + "    timezone: Asia/Tokyo\n")

    (made,) = simulate([config], editions(), weights, first=FRIDAY, last=FRIDAY)

    (issue,) = made["ada@example.org"]
    assert ids(issue.issue.papers) == {"decoding-4", "survey-4"}


def test_a_replayed_issue_is_the_one_that_would_be_sent(week: Store, weights: Weights, tmp_path: Path) -> None:
    """The same papers, sections, scores and cuts as the pipeline makes of the stored days."""
    config = settings(tmp_path, "new.yaml", ADA + "    max_papers: 1\n", GRACE, EMMY)

    (made,) = simulate([config], editions(), weights, first=MONDAY, last=MONDAY)

    prepared = prepare(edition_between(week, MONDAY, MONDAY), config.subscribers, weights)
    for reader in config.subscribers:
        real = issue_for(prepared, reader, day=MONDAY)
        replayed = made[reader.email][0].issue
        assert (replayed.lead, replayed.sections, replayed.cut) == (real.lead, real.sections, real.cut)


def test_nobody_is_replayed_who_receives_nothing(weights: Weights, tmp_path: Path) -> None:
    """Paused readers have no issues, and their interests shape nobody's."""
    config = settings(tmp_path, "new.yaml", ADA + "    status: paused\n", GRACE)

    (made,) = simulate([config], editions(), weights, first=MONDAY, last=FRIDAY)

    assert set(made) == {"grace@example.org"}


# ------------------------------------------------------------------ what differs


def test_the_same_settings_make_no_difference(compared: Compare) -> None:
    """The same readers by another file: same papers, same places."""
    found = compared((ADA, GRACE), (ADA, GRACE))

    assert found.is_same
    assert (found.first, found.last, len(found.editions)) == (date(2026, 11, 14), FRIDAY, 5)
    assert [len(subscriber.issues) for subscriber in found.subscribers] == [5, 5]


def test_a_new_interest_gains_its_papers_with_the_readers_own_line(compared: Compare) -> None:
    """Grace asks for the same on a line before: Ada's papers name Ada's line."""
    found = compared((ADA, GRACE), (GRACE, ADA + "      - high-redshift galaxies\n"))

    grace, ada = found.subscribers
    gained = changes(ada, Kind.GAINED)
    assert set(gained) == numbered("galaxies")
    assert {change.origin for change in gained.values()} == {"new.yaml:11"}
    assert all(change.before is None and change.after is not None for change in gained.values())
    assert {change.absence.cause for change in gained.values() if change.absence} == {Cause.UNMATCHED}
    assert not grace.differs


def test_an_interest_taken_away_loses_its_papers_and_is_named(compared: Compare) -> None:
    """Why a paper is lost says which of its interests is no more."""
    found = compared((ADA + "      - coral reef ecology\n",), (ADA,))

    (ada,) = found.subscribers
    lost = changes(ada, Kind.LOST)
    assert set(lost) == numbered("corals")
    told = [change.absence.detail for change in lost.values() if change.absence]
    assert set(told) == {'not matched: "coral reef ecology" is not asked for'}


def test_an_exclusion_loses_papers_and_is_named_with_its_line(compared: Compare) -> None:
    """The rule and where it stands; nothing else changes but who leads."""
    found = compared((ADA,), (ADA + "    exclude: [survey]\n",))

    (ada,) = found.subscribers
    lost = changes(ada, Kind.LOST)
    assert set(lost) == numbered("survey")
    assert {(change.absence.cause, change.absence.detail) for change in lost.values() if change.absence} == {
        (Cause.EXCLUDED, "excluded by survey (new.yaml:8)")
    }
    assert ada.count(Kind.GAINED) == 0


def test_a_lower_limit_loses_the_weaker_papers_only(compared: Compare) -> None:
    """What is cut is told with the limit; back again it is gained, and told what cut it till now."""
    many, few = ADA, ADA + "    max_papers: 1\n"
    (fewer,), (more,) = compared((many,), (few,)).subscribers, compared((few,), (many,)).subscribers

    lost, gained = changes(fewer, Kind.LOST), changes(more, Kind.GAINED)
    assert set(lost) == set(gained)
    assert len(lost) == 5
    for change in (*lost.values(), *gained.values()):
        assert change.absence is not None
        assert (change.absence.cause, change.absence.detail) == (Cause.LIMIT, "cut: max_papers is 1")


def test_a_higher_bar_loses_what_is_under_it(compared: Compare) -> None:
    """The score and the bar are told."""
    (ada,) = compared((ADA,), (ADA + "    min_score: 1.0\n",)).subscribers

    lost = changes(ada, Kind.LOST)
    assert len(lost) == 10
    assert all(change.absence and change.absence.cause is Cause.SCORE for change in lost.values())
    assert all(change.absence and "is under min_score 1.00" in change.absence.detail for change in lost.values())


def test_what_becomes_or_ceases_to_be_the_lead_has_moved(compared: Compare) -> None:
    """A heavier interest puts its paper first; the old lead stands in a section now."""
    light, heavy = "      - coral reef ecology\n", "      - {name: coral reef ecology, weight: 9}\n"
    before = ADA.replace("- spec", "- name: spec") + "        weight: 9\n" + light

    (ada,) = compared((before,), (ADA + heavy,)).subscribers

    moved = changes(ada, Kind.MOVED)
    lead = Place(FRIDAY, "", 1)
    assert moved["corals-5"].after == lead
    assert [paper for paper, change in moved.items() if change.before == lead] == ["decoding-5"]
    assert (ada.count(Kind.GAINED), ada.count(Kind.LOST)) == (0, 0)


def test_other_days_move_papers_to_another_issue(compared: Compare) -> None:
    """Who reads on Fridays only gets the week's papers then: nothing is lost, the other issues are no more."""
    (ada,) = compared((ADA,), (ADA + "    send_on: [fri]\n",)).subscribers

    moved = changes(ada, Kind.MOVED)
    assert numbered("decoding") - {"decoding-5"} <= set(moved)
    assert {change.after.day for change in moved.values() if change.after} == {FRIDAY}
    assert [issue.after for issue in ada.issues] == [None, None, None, None, 10]
    assert (ada.count(Kind.GAINED), ada.count(Kind.LOST)) == (0, 0)


def test_what_no_issue_covers_yet_is_told_as_that(compared: Compare) -> None:
    """Who reads on Wednesdays gets Thursday's papers next week, outside these days."""
    (ada,) = compared((ADA,), (ADA + "    send_on: [wed]\n",)).subscribers

    lost = changes(ada, Kind.LOST)
    assert set(lost) == {"decoding-4", "survey-4", "decoding-5", "survey-5"}
    assert {change.absence.cause for change in lost.values() if change.absence} == {Cause.NO_ISSUE}


@pytest.mark.parametrize(
    ("old", "new", "standing", "kind"),
    [
        ((GRACE,), (GRACE, ADA), Standing.NEW, Kind.GAINED),
        ((GRACE, ADA), (GRACE,), Standing.GONE, Kind.LOST),
        ((GRACE, ADA), (GRACE, ADA + "    status: paused\n"), Standing.STOPPED, Kind.LOST),
        ((GRACE, ADA + "    status: paused\n"), (GRACE, ADA), Standing.RESUMED, Kind.GAINED),
    ],
)
def test_who_gets_issues_by_one_file_only_is_told_as_such(
    compared: Compare, old: tuple[str, ...], new: tuple[str, ...], standing: Standing, kind: Kind
) -> None:
    """Everything of theirs is gained or lost; the others notice nothing."""
    grace, ada = compared(old, new).subscribers

    assert (ada.standing, ada.count(kind), ada.filled) == (standing, 10, 5)
    assert (grace.email, grace.standing, grace.differs) == ("grace@example.org", Standing.KEPT, False)


def test_a_reader_is_told_that_others_made_the_difference(compared: Compare) -> None:
    """Whose own lines are the same is marked, whatever line they stand on now; whose are not is not."""
    found = compared((ADA, GRACE), (EMMY, GRACE, ADA + "    max_papers: 1\n"))

    untouched = {subscriber.email: subscriber.is_untouched for subscriber in found.subscribers}
    assert untouched == {"emmy@example.org": False, "grace@example.org": True, "ada@example.org": False}


def test_an_address_is_one_reader_however_it_is_spelled(compared: Compare) -> None:
    """Capitals make nobody new."""
    found = compared((ADA,), (ADA.replace("ada@", "Ada@"),))

    assert found.is_same
    assert found.subscribers[0].is_untouched
    assert [subscriber.email for subscriber in found.subscribers] == ["Ada@example.org"]


def test_what_was_sent_before_these_days_is_not_sent_again(week: Store, weights: Weights, tmp_path: Path) -> None:
    """What went out on Wednesday counts when the replay begins on Thursday, and not when it begins on Monday."""
    sent = a_match(papers(3, MONDAY)[0])
    wednesday = MONDAY + timedelta(days=2)
    now = datetime.combine(wednesday, time(7), UTC)
    week.outbox.queue([a_queued("ADA@example.org", issue_date=wednesday, papers=[("", sent)])], now=now)
    nobody, ada = settings(tmp_path, "old.yaml", GRACE), settings(tmp_path, "new.yaml", ADA)

    later = changes(backtest(ada, nobody, week, weights, days=2).subscribers[0], Kind.GAINED)
    earlier = changes(backtest(ada, nobody, week, weights, days=5).subscribers[0], Kind.GAINED)

    assert "decoding-4" not in later
    assert "decoding-4" in earlier


def test_an_empty_store_has_nothing_to_replay(store: Store, weights: Weights, tmp_path: Path) -> None:
    """One line with the way out."""
    config = settings(tmp_path, "new.yaml", ADA)

    with pytest.raises(UsageError, match="newsletter collect --since 7d"):
        backtest(config, config, store, weights, days=7)


# ------------------------------------------------------------------ the command


@pytest.fixture
def command(newsletter: Command, monkeypatch: pytest.MonkeyPatch, weights: Weights) -> Command:
    """Return what runs `newsletter backtest`."""
    monkeypatch.setattr("newsletter.weights.load", lambda: weights)
    return partial(newsletter, "backtest")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return a folder with a stored week, `subscribers.yaml`, and a `new.yaml` that differs in several ways."""
    with a_store(tmp_path) as opened:
        fill(opened, editions())
    saved(tmp_path, HEAD + ADA + GRACE)
    saved(tmp_path, HEAD + ADA + "      - coral reef ecology\n    exclude: [survey]\n" + GRACE, "new.yaml")
    return tmp_path


def test_the_report_reads_top_to_bottom(command: Command, installed: Path) -> None:
    """What is compared, each reader who would notice, then everybody in one line; nothing wider than a terminal."""
    ran = command("--config", "new.yaml")
    lines = ran.out.splitlines()

    assert (ran.code, ran.err) == (0, "")
    assert lines[0] == "new.yaml instead of subscribers.yaml, Sat 14 Nov to Fri 20 Nov 2026"
    assert lines[1] == "5 editions of 20 papers replayed; nothing is sent"
    assert '"coral reef ecology" (new.yaml:8): its words in the title' in ran.out
    assert "excluded by survey (new.yaml:9)" in ran.out
    assert lines[-2].split() == ["grace@example.org", "5", "issues", "no", "difference"]
    assert lines[-1].startswith("in all 2 subscribers  10 issues  +5 −5")
    assert max(map(len, lines)) <= 100


def test_looking_leaves_the_store_as_it_was(command: Command, installed: Path) -> None:
    """Nothing is queued, nothing counts as received: not a byte of the file differs."""
    kept = (installed / "newsletter.db").read_bytes()

    assert command("--config", "new.yaml").code == 0
    assert (installed / "newsletter.db").read_bytes() == kept


def test_identical_settings_are_one_line(command: Command, installed: Path) -> None:
    """Nobody reads a page to learn that nothing changes."""
    ran = command("--config", "subscribers.yaml")

    assert (ran.code, ran.out.splitlines()[2:]) == (0, ["", "no difference"])


def test_long_titles_do_not_break_the_columns(command: Command, installed: Path) -> None:
    """A title of three lines and an interest of two stay within a hundred columns."""
    with Store.open(f"sqlite:///{installed / 'newsletter.db'}") as opened:
        long = a_paper("Speculative decoding " + "of very long titles " * 12, id="test:long", categories=())
        fill(opened, {FRIDAY + timedelta(days=3): Edition(FRIDAY + timedelta(days=3), (long,), (), 1)})
    wordy = "      - speculative decoding of the very long titles that people give to papers about very long titles\n"
    saved(installed, HEAD + GRACE + ADA + wordy, "new.yaml")
    saved(installed, HEAD + GRACE)

    ran = command("--config", "new.yaml")

    assert "Speculative decoding of very long titles" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_the_report_is_data_too(command: Command, installed: Path) -> None:
    """The same with --json, and the same bytes every time."""
    first, second = (command("--config", "new.yaml", "--as", "ada", "--days", "1", "--json") for _ in range(2))
    told = json.loads(first.out)

    assert first.out == second.out
    assert (told["config"], told["against"], told["first"], told["same"]) == (
        "new.yaml",
        "subscribers.yaml",
        "2026-11-20",
        False,
    )
    assert told["totals"] == {"issues": 1, "gained": 1, "lost": 1, "moved": 1, "shifted": 0}
    (ada,) = told["subscribers"]
    (issue,) = ada["issues"]
    (gained,), (lost,) = issue["gained"], issue["lost"]
    assert (gained["id"], gained["before"], gained["after"]["date"]) == ("test:corals-5", None, "2026-11-20")
    assert (lost["id"], lost["absence"]["cause"], lost["after"]) == ("test:survey-5", "excluded", None)


def test_an_unknown_reader_is_a_usage_error_whatever_file_has_others(command: Command, installed: Path) -> None:
    """A reader of either file can be asked for, nobody else."""
    saved(installed, HEAD + GRACE, "new.yaml")

    gone, unknown = (
        command("--config", "new.yaml", "--as", "ada"),
        command("--config", "new.yaml", "--as", "adda@x.org"),
    )

    assert (gone.code, "no longer subscribed" in gone.out) == (0, True)
    assert (unknown.code, unknown.out) == (2, "")
    assert "adda@x.org is no subscriber" in unknown.err


def test_other_sources_are_told_and_not_replayed(command: Command, installed: Path) -> None:
    """The papers are those of the store, whatever the new sources would have brought."""
    saved(installed, (HEAD + ADA + GRACE).replace("page.txt", "other.txt"), "new.yaml")

    ran = command("--config", "new.yaml")

    assert "the sources differ, which is not replayed" in ran.out
    assert ran.out.endswith("no difference\n")


def test_a_store_that_is_not_there_is_not_made(command: Command, tmp_path: Path) -> None:
    """Looking writes nothing; the way out is said."""
    saved(tmp_path, HEAD + ADA)

    ran = command("--config", "subscribers.yaml")

    assert (ran.code, ran.out) == (2, "")
    assert "newsletter collect" in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["subscribers.yaml"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--config", "wrong.yaml"), "wrong.yaml:6:"),
        (("--config", "missing.yaml"), "there is no such file"),
        (("--config", "new.yaml", "--against", "missing.yaml"), "--against"),
    ],
)
def test_mistakes_in_either_file_exit_3(
    command: Command, installed: Path, arguments: tuple[str, ...], message: str
) -> None:
    """As with every command, with the place."""
    saved(installed, HEAD + ADA.replace("interests", "intrests"), "wrong.yaml")

    ran = command(*arguments)

    assert (ran.code, ran.out) == (3, "")
    assert message in ran.err


def test_without_new_settings_there_is_nothing_to_compare(command: Command, installed: Path) -> None:
    """--config has no default here: the usual file against itself says nothing."""
    ran = command()

    assert ran.code == 2
    assert "--config" in ran.err
