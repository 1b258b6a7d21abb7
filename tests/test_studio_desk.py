"""What the studio has in hand: issues as they would be sent, and the last good state while files are wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree

import pytest
from makers import a_queued
from studio import EARLIER, EMPTY, NEWEST, SETTINGS, a_desk, a_folder, swapped

from newsletter.errors import StoreError, UsageError
from newsletter.models import CutReason, Email
from newsletter.pipeline import Draft, Due, send
from newsletter.preview.desk import Desk
from newsletter.preview.gallery import gallery
from newsletter.preview.setup import Look
from newsletter.preview.trouble import What
from newsletter.preview.wanted import SAMPLE, wanted
from newsletter.store import Editions, Store
from newsletter.weights import Weights


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the settings of a folder."""
    return a_folder(tmp_path)


@pytest.fixture
def desk(path: Path) -> Iterator[Desk]:
    """Return a desk with that folder on it."""
    made = a_desk(path)
    yield made
    made.close()


def looked(desk: Desk, **query: str) -> Look:
    """Return what a query shows."""
    return desk.look(wanted({name.rstrip("_"): value for name, value in query.items()}))


def colour_of_titles(desk: Desk, colour: str) -> bool:
    """Return whether a colour stands in the newest issue."""
    return colour in looked(desk).email.html


# ------------------------------------------------------------------ what is shown


def test_without_a_word_the_newest_issue_of_the_first_reader_is_shown(desk: Desk) -> None:
    """An edition without papers is not the newest there is to see."""
    look = looked(desk)

    assert (look.wanted.issue, look.wanted.reader) == (NEWEST, "ada@example.org")
    assert look.issue
    assert len(look.issue.papers) == 8
    assert look.email.recipient == ("Ada Lovelace", "ada@example.org")


def test_an_empty_edition_can_be_looked_at(desk: Desk) -> None:
    """It is empty, and says so."""
    look = looked(desk, issue=str(EMPTY))

    assert look.issue
    assert not look.issue.papers
    assert look.email.subject


def test_the_part_before_the_at_names_a_reader(desk: Desk) -> None:
    """Addresses are long."""
    assert looked(desk, as_="GRACE").reader.email == "grace@example.org"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"as": "nobody"}, "nobody: is no subscriber"),
        ({"issue": "2026-01-01"}, "there is no edition of 2026-01-01"),
        ({"issue": "tomorrow"}, "issue=tomorrow is no date"),
        ({"case": "long titel"}, "did you mean long title?"),
        ({"max_papers": "0"}, "max_papers=0: a whole number from 1 to 50"),
        ({"max_papers": "51"}, "from 1 to 50"),
        ({"max_papers": "²"}, "from 1 to 50"),
        ({"min_score": "1.5"}, "a number from 0 to 1"),
        ({"min_score": "nan"}, "a number from 0 to 1"),
        ({"settings": "other"}, "there is one configuration only"),
        ({"settings": "mine"}, 'there is "written" and "other"'),
    ],
)
def test_what_there_is_not_is_told(desk: Desk, query: dict[str, str], told: str) -> None:
    """One line, with the way out."""
    with pytest.raises(UsageError) as caught:
        desk.look(wanted(query))

    assert told in str(caught.value)


def test_a_query_of_what_is_shown_shows_it_again(desk: Desk) -> None:
    """Everything is in the address."""
    first = looked(desk, **{"as": "grace", "max_papers": "3", "min_score": "0.61"})
    again = desk.look(wanted(first.wanted.query))

    assert again.message == first.message


def test_a_reader_who_reads_weekly_is_shown_the_days_since_their_last_issue(desk: Desk) -> None:
    """As it would be sent; that nothing is sent on that day is told."""
    look = looked(desk, as_="emmy")

    assert look.issue
    assert look.issue.considered == 80
    assert any("no issue is sent on a Thursday" in note for note in look.notes)
    assert any("covers what came from" in note for note in look.notes)


def test_an_issue_is_what_send_would_make(desk: Desk, weights: Weights) -> None:
    """The bytes are those of the pipeline, made for everybody at once; but for the hour, which is the reader's."""
    config, store = desk.setup.config, desk.setup.material.store
    assert store
    due = [Due(reader, NEWEST, NEWEST, NEWEST) for reader in config.subscribers]
    now = datetime(2026, 6, 4, 7, tzinfo=UTC)
    drafts: dict[str, Email] = {}

    def keep(made: Draft) -> None:
        if made.email:
            drafts[made.outcome.subscriber] = made.email

    templates = desk.setup.templates
    send(config, store, due, weights=weights, templates=templates, mailer=None, clock=lambda: now, made=keep)

    assert set(drafts) >= {"ada@example.org", "grace@example.org"}
    for name in ("ada@example.org", "grace@example.org"):
        assert (looked(desk, as_=name).email.html, looked(desk, as_=name).email.text) == (
            drafts[name].html,
            drafts[name].text,
        )


def test_what_went_out_is_shown_as_it_was_and_told(desk: Desk) -> None:
    """A paper of an earlier issue is left out of the later one, and says why."""
    first = looked(desk, issue=str(EARLIER))
    assert first.issue
    now = datetime(2026, 6, 3, 7, tzinfo=UTC)
    with Store.open(desk.setup.config.store) as store:
        store.outbox.queue([a_queued(issue_date=EARLIER, message=first.message, papers=first.issue.placed)], now=now)
    desk.reload({What.DATA})
    again, later = looked(desk, issue=str(EARLIER)), looked(desk)

    assert again.issue
    assert [each.paper.id for each in again.issue.papers] == [each.paper.id for each in first.issue.papers]
    assert again.delivery
    assert again.delivery.state == "queued"
    assert later.issue
    assert not {each.paper.id for each in later.issue.papers} & {each.paper.id for each in first.issue.papers}


def test_tried_settings_change_the_issue_and_nothing_else(desk: Desk) -> None:
    """A lower bar brings papers that the written one never lets through."""
    written, fewer, lower = looked(desk), looked(desk, max_papers="3"), looked(desk, min_score="0.3", max_papers="50")
    assert written.issue
    assert fewer.issue
    assert lower.issue

    assert len(fewer.issue.papers) == 3
    assert fewer.issue.lead
    assert fewer.issue.lead == written.issue.lead
    assert sum(cut.reason is CutReason.LIMIT for cut in fewer.issue.cut) > sum(
        cut.reason is CutReason.LIMIT for cut in written.issue.cut
    )
    assert len(lower.issue.papers) > len(written.issue.papers)
    assert looked(desk).message == written.message


def test_every_thing_in_the_gallery_can_be_looked_at(desk: Desk) -> None:
    """Cases and letters, each once."""
    shown = [desk.look(wanted({"case": each.case})) for each in gallery()]

    assert all(look.email.text for look in shown)
    assert len({each.case for each in gallery()}) == len(shown) > 15


def test_without_settings_the_papers_and_readers_that_ship_are_shown() -> None:
    """Neither a file nor a network is needed."""
    desk = a_desk(None)
    ada, sample = looked(desk), looked(desk, as_=SAMPLE)

    assert ada.wanted.issue == sample.wanted.issue == SAMPLE
    assert ada.issue
    assert sample.issue
    assert len(ada.issue.papers) > 5
    assert len(sample.issue.papers) > 5
    assert desk.trouble is None


def test_the_sample_reader_can_read_the_newest_issue(desk: Desk) -> None:
    """Before anybody subscribed there is somebody to look as."""
    look = looked(desk, as_=SAMPLE)

    assert look.wanted.issue == NEWEST
    assert look.issue
    assert look.issue.papers


def test_two_configurations_lie_side_by_side(path: Path) -> None:
    """The other one has readers, and limits, of its own."""
    other = path.with_name("other.yaml")
    other.write_text(SETTINGS.replace("max_papers: 8", "max_papers: 2"), encoding="utf-8")
    desk = a_desk(path, against=other)
    written, changed = looked(desk).issue, looked(desk, settings="other").issue
    desk.close()

    assert written
    assert changed
    assert (len(written.papers), len(changed.papers)) == (8, 2)


# ------------------------------------------------------------------ what is wrong


def test_a_changed_style_is_shown(path: Path, desk: Desk) -> None:
    """Of the user's own file, after it is read again."""
    style = path.parent / "templates" / "issue" / "inline.css"
    assert not colour_of_titles(desk, "#abcdef")

    style.write_text(style.read_text(encoding="utf-8") + "\nh1 { color: #abcdef !important }\n", encoding="utf-8")
    desk.reload({What.TEMPLATE})

    assert colour_of_titles(desk, "#abcdef")
    assert desk.trouble is None


def test_a_template_that_does_not_compile_is_told_over_the_last_good_one(path: Path, desk: Desk) -> None:
    """File, line, the lines around it; mended, it is shown."""
    before = looked(desk).message
    own = path.parent / "templates" / "issue" / "byline.j2"
    own.write_text("one\n{% if issue.editor %}\nby {{ issue.editor }\n{% endif %}\n", encoding="utf-8")
    desk.reload({What.TEMPLATE})

    assert desk.trouble
    assert desk.trouble.what is What.TEMPLATE
    (problem,) = desk.trouble.problems
    assert (problem.file, problem.line) == (str(own), 3)
    assert [line.text for line in problem.excerpt if line.here] == ["by {{ issue.editor }"]
    assert looked(desk).message == before

    own.write_text("by {{ issue.editor }}, alone\n", encoding="utf-8")
    desk.reload({What.TEMPLATE})

    assert desk.trouble is None
    assert "Ada Lovelace, alone" in looked(desk).email.text


def test_a_name_that_is_none_is_told_over_the_last_good_one(path: Path, desk: Desk) -> None:
    """Jinja finds it only when the template is filled: what was looked at last is filled at once."""
    before = looked(desk, as_="grace").message
    own = path.parent / "templates" / "issue" / "byline.j2"
    own.write_text("by\n{{ issue.edtor }}\n", encoding="utf-8")
    desk.reload({What.TEMPLATE})

    assert desk.trouble
    assert (desk.trouble.problems[0].file, desk.trouble.problems[0].line) == (str(own), 2)
    assert desk.trouble.problems[0].hint == 'did you mean "editor"?'
    assert looked(desk, as_="grace").message == before

    desk.reload({What.SETTINGS})
    assert desk.trouble
    assert looked(desk, as_="grace").message == before

    own.write_text("by {{ issue.editor }}, alone\n", encoding="utf-8")
    desk.reload({What.TEMPLATE})

    assert desk.trouble is None
    assert "Ada Lovelace, alone" in looked(desk, as_="grace").email.text


def test_a_wrong_key_is_told_over_the_last_good_settings(path: Path, desk: Desk) -> None:
    """Each mistake with its line and the way out; mended, the new settings hold."""
    before = looked(desk).message
    swapped(path, "max_papers: 8", "max_paper: 4")
    desk.reload({What.SETTINGS})

    assert desk.trouble
    assert desk.trouble.what is What.SETTINGS
    (problem,) = desk.trouble.problems
    assert (problem.file, problem.line, problem.column) == (str(path), 10, 5)
    assert "max_paper" in problem.message
    assert "max_papers" in problem.hint
    assert looked(desk).message == before

    swapped(path, "max_paper: 4", "max_papers: 4")
    desk.reload({What.SETTINGS})
    issue = looked(desk).issue

    assert desk.trouble is None
    assert issue
    assert len(issue.papers) == 4


def test_settings_that_are_gone_are_told_and_come_back(path: Path, desk: Desk) -> None:
    """Nothing that was shown is lost meanwhile."""
    text, before = path.read_text(encoding="utf-8"), looked(desk).message
    path.unlink()
    desk.reload({What.SETTINGS})

    assert desk.trouble
    assert "there is no such file" in desk.trouble.problems[0].message
    assert looked(desk).message == before

    path.write_text(text, encoding="utf-8")
    desk.reload({What.SETTINGS})

    assert desk.trouble is None


def test_templates_that_are_gone_are_told_and_come_back(path: Path, desk: Desk) -> None:
    """A whole folder, taken away and put back."""
    before = looked(desk).message
    folder = path.parent / "templates"
    kept = (folder / "issue" / "inline.css").read_text(encoding="utf-8")
    rmtree(folder)
    desk.reload({What.TEMPLATE})

    assert desk.trouble
    assert "no such directory" in desk.trouble.problems[0].message
    assert looked(desk).message == before

    (folder / "issue").mkdir(parents=True)
    (folder / "issue" / "inline.css").write_text(kept, encoding="utf-8")
    desk.reload({What.TEMPLATE})

    assert desk.trouble is None


def test_a_database_that_is_gone_leaves_the_papers_that_ship(path: Path, desk: Desk) -> None:
    """And one that comes is opened."""
    database = path.parent / "newsletter.db"
    assert looked(desk).wanted.issue == NEWEST
    desk.close()
    kept = database.read_bytes()
    for file in path.parent.glob("newsletter.db*"):
        file.unlink()
    desk.reload({What.DATA})
    assert looked(desk).wanted.issue == SAMPLE

    database.write_bytes(kept)
    desk.reload({What.DATA})

    assert looked(desk).wanted.issue == NEWEST


def test_a_database_that_is_none_is_told(path: Path) -> None:
    """The papers that ship are shown below."""
    for file in path.parent.glob("newsletter.db*"):
        file.unlink()
    (path.parent / "newsletter.db").write_text("once upon a time " * 400, encoding="utf-8")
    desk = a_desk(path)

    assert desk.trouble
    assert desk.trouble.what is What.DATA
    assert "not a newsletter database" in desk.trouble.problems[0].message
    assert looked(desk).wanted.issue == SAMPLE


def test_settings_that_never_loaded_are_told_over_the_example(tmp_path: Path) -> None:
    """Whoever begins with a mistake sees it where they look, and an issue below."""
    path = a_folder(tmp_path, SETTINGS.replace("interests:", "interest:"))
    desk = a_desk(path)

    assert desk.trouble
    assert len(desk.trouble.problems) >= 4
    assert looked(desk).email.html

    path.write_text(SETTINGS, encoding="utf-8")
    desk.reload({What.SETTINGS})

    assert desk.trouble is None
    assert looked(desk).email.recipient[1] == "ada@example.org"
    desk.close()


def test_what_matters_is_watched(path: Path, desk: Desk) -> None:
    """Settings, what they may include, templates, the database; nothing else."""
    folder = path.parent
    watched = desk.watched()

    assert {folder, folder / "templates", folder / "templates" / "issue"} <= watched
    assert desk.kind_of(path) is What.SETTINGS
    assert desk.kind_of(folder / "more.yaml") is What.SETTINGS
    assert desk.kind_of(folder / "templates" / "issue" / "row.html.j2") is What.TEMPLATE
    assert desk.kind_of(folder / "newsletter.db") is desk.kind_of(folder / "newsletter.db-wal") is What.DATA
    assert desk.kind_of(folder / "newsletter.db-shm") is None
    assert desk.kind_of(folder / "templates" / "issue" / "row.html.j2~") is None
    assert desk.kind_of(folder / "notes.txt") is None


def test_what_is_linked_is_watched_where_it_lies(tmp_path: Path) -> None:
    """A settings file kept elsewhere, a template, a folder of templates: editors change what a link points to."""
    kept = tmp_path / "kept"
    (kept / "look").mkdir(parents=True)
    (kept / "inline.css").write_text("", encoding="utf-8")
    path = a_folder(tmp_path / "own")
    path.rename(kept / "real.yaml")
    path.symlink_to(kept / "real.yaml")
    style = path.parent / "templates" / "issue" / "inline.css"
    style.unlink()
    style.symlink_to(kept / "inline.css")
    (path.parent / "templates" / "look").symlink_to(kept / "look")
    (kept / "look" / "round").symlink_to(kept)
    desk = a_desk(path)
    watched = desk.watched()
    desk.close()

    assert {kept, path.parent / "templates" / "look"} <= watched
    assert desk.kind_of(kept / "real.yaml") is What.SETTINGS
    assert desk.kind_of(kept / "inline.css") is What.TEMPLATE
    assert desk.kind_of(path.parent / "templates" / "look" / "row.html.j2") is What.TEMPLATE


def test_folders_that_may_be_included_are_watched_and_others_are_not(tmp_path: Path) -> None:
    """Before the first file is in them; what tools leave below the templates is nobody's template."""
    path = a_folder(tmp_path, "include: [people/*.yaml, 'teams/**/*.yaml']\n" + SETTINGS)
    for name in ("people", "teams/a/b", "templates/node_modules/x", "templates/.git/x"):
        (tmp_path / name).mkdir(parents=True)
    desk = a_desk(path)
    watched = desk.watched()
    desk.close()

    assert desk.trouble is None
    assert {tmp_path / "people", tmp_path / "teams", tmp_path / "teams" / "a" / "b"} <= watched
    assert not [folder for folder in watched if {"node_modules", ".git"} & set(folder.parts)]


def test_settings_among_the_templates_are_settings(tmp_path: Path) -> None:
    """Whoever says `templates: .` keeps everything in one folder."""
    path = a_folder(tmp_path, SETTINGS.replace("templates: templates", "templates: ."))
    desk = a_desk(path)
    kinds = [desk.kind_of(path), desk.kind_of(tmp_path / "issue" / "a.css"), desk.kind_of(tmp_path / "newsletter.db")]
    desk.close()

    assert kinds == [What.SETTINGS, What.TEMPLATE, What.DATA]


def test_a_database_that_cannot_be_read_any_more_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the last good view; restored, it is read again."""

    def damaged(_: Editions) -> None:
        raise StoreError("newsletter.db: the database is damaged; restore a copy, or move it away and start anew")

    before = looked(desk).message
    with monkeypatch.context() as patched:
        patched.setattr(Editions, "days", damaged)
        desk.reload({What.DATA})
        assert desk.trouble
        assert desk.trouble.what is What.DATA
        assert desk.trouble.problems[0].hint.startswith("restore a copy")
        assert looked(desk).message == before
    desk.reload({What.DATA})

    assert desk.trouble is None
