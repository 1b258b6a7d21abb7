"""Trends and updates on the whole way: found once, sent once, remembered, and never the same version twice."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from makers import DAY, NOW, a_config, a_paper, a_subscriber, an_edition, an_entry, an_interest

from newsletter.deliver.smtp import SmtpMailer
from newsletter.inbox import Inbox
from newsletter.models import Edition, Paper, Pick, Signals, Subscriber
from newsletter.pipeline import Due, Outcome, OutcomeKind, drafts, edition_between, send, trends_on
from newsletter.render import compile_templates
from newsletter.store import Store
from newsletter.weights import Weights

ONE_DAY = timedelta(days=1)
TREES = "A draft model proposes a tree of tokens. Speculative decoding verifies it in one pass of the language model."
DUST = "JWST images of a high-redshift galaxy show little dust."
ADA = a_subscriber("ada@example.org", interests=(an_interest("speculative decoding"),), updates=True)
GRACE = a_subscriber("grace@example.org", interests=ADA.interests)
PICK = Pick("arxiv:2611.00002", "Read section 4 first.", "Ada Lovelace", "subscribers.yaml:4")


def trees(version: int = 1, *, number: int = 1) -> Paper:
    """Return a paper on speculative decoding, as all its versions so far tell it."""
    title = f"Speculative decoding with trees of drafts, part {number}"
    told = [
        an_entry(title, arxiv_id=f"2611.{number:05}", version=each, abstract=TREES, url="https://arxiv.org/abs/x")
        for each in range(1, version + 1)
    ]
    return a_paper(title, id=f"arxiv:2611.{number:05}", abstract=TREES, version=version, entries=tuple(told))


def dust(upvotes: int | None = 20, *, number: int = 2, at: datetime = NOW) -> Paper:
    """Return a paper that none of the readers asked for."""
    signals = Signals(upvotes=upvotes, upvotes_at=at)
    return a_paper(f"Dust in galaxy {number}", id=f"arxiv:2611.{number:05}", abstract=DUST, signals=signals)


class Newsroom:
    """A newsletter whose editions are put into the store by hand, sent to an inbox."""

    def __init__(self, store: Store, inbox: Inbox, weights: Weights, folder: Path) -> None:
        self.store, self.inbox, self.weights, self.folder = store, inbox, weights, folder

    def collected(self, *papers: Paper, updates: tuple[Paper, ...] = (), days: int = 0) -> None:
        """Keep an edition, some days after the first."""
        edition = an_edition(*papers, updates=updates, day=DAY + days * ONE_DAY)
        self.store.editions.save(edition, collected_at=NOW + days * ONE_DAY)

    def sent(
        self, *readers: Subscriber, days: int = 0, picks: tuple[Pick, ...] = (), window: int = 1, offset: int = 0
    ) -> tuple[Outcome, ...]:
        """Send the issues of a day, made of the editions of `window` days; dated `offset` days otherwise."""
        day = DAY + days * ONE_DAY
        config = a_config(*readers, path=self.folder / "subscribers.yaml", picks=picks)
        due = [Due(reader, day + offset * ONE_DAY, day - (window - 1) * ONE_DAY, day) for reader in readers]
        return send(
            config,
            self.store,
            due,
            weights=self.weights,
            templates=compile_templates(),
            mailer=SmtpMailer(replace(self.inbox.settings, connections=1)),
            clock=lambda: NOW + days * ONE_DAY + timedelta(hours=1),
        )


@pytest.fixture
def newsroom(store: Store, inbox: Inbox, weights: Weights, tmp_path: Path) -> Newsroom:
    """Return a newsletter without editions."""
    return Newsroom(store, inbox, weights, tmp_path)


def placed(newsroom: Newsroom, reader: Subscriber) -> list[tuple[str, str]]:
    """Return what stands in the reader's last issue as it was queued: section and paper."""
    history = newsroom.store.history
    last = history.deliveries(subscriber=reader.email)[-1]
    return [(section, matched.paper.id) for section, matched in history.issue_papers(last.id)]


# ------------------------------------------------------------------ candidates


def trending_on(store: Store, day: date, *picks: Pick) -> list[str]:
    """Return the papers that trend on a day."""
    return [trend.paper.id for trend in trends_on(store, picks, day=day, now=NOW)]


def test_what_was_listed_on_the_day_or_shortly_before_may_trend(newsroom: Newsroom) -> None:
    """Two days back and no more; a paper that was listed again counts as of then."""
    newsroom.collected(dust(number=2), dust(number=3), days=-3)
    newsroom.collected(dust(number=4), days=-2)
    newsroom.collected(trees(), dust(number=3))

    assert trending_on(newsroom.store, DAY) == ["arxiv:2611.00003", "arxiv:2611.00004"]


def test_a_pick_may_be_of_any_day_and_one_that_nobody_brought_is_told(
    newsroom: Newsroom, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits; the line of the settings is named."""
    newsroom.collected(dust(None), days=-300)

    with caplog.at_level(logging.WARNING):
        found = trending_on(newsroom.store, DAY, PICK, Pick("doi:10.1145/3586037", origin="subscribers.yaml:5"))

    assert found == ["arxiv:2611.00002"]
    assert [record.getMessage() for record in caplog.records] == [
        "subscribers.yaml:5: picks: no source brought doi:10.1145/3586037 yet; it trends as soon as one does"
    ]


def test_a_pick_is_never_taken_for_a_paper_with_its_words_in_the_title(newsroom: Newsroom) -> None:
    """Only an identity names it."""
    newsroom.collected(a_paper("On s2:abc and other names", id="arxiv:2611.00007"))

    assert trending_on(newsroom.store, DAY, Pick("s2:abc")) == []


def test_readers_votes_are_among_the_signals(newsroom: Newsroom) -> None:
    """Of whoever voted, also for a paper of an earlier day that is listed again."""
    newsroom.collected(dust(None), days=-9)
    newsroom.collected(dust(None))
    newsroom.store.votes.cast("emmy@example.org", "arxiv:2611.00002", 1, at=NOW)

    assert trending_on(newsroom.store, DAY) == ["arxiv:2611.00002"]


# ------------------------------------------------------------------ trending, sent


def test_what_trends_is_sent_beside_the_readers_papers_and_remembered(newsroom: Newsroom) -> None:
    """Like every other paper: with its reasons, and never again."""
    newsroom.collected(trees(), dust())
    newsroom.sent(ADA)
    first = placed(newsroom, ADA)
    newsroom.collected(trees(number=5), dust(30), days=1)
    newsroom.sent(ADA, days=1, window=2)

    assert first == [("", "arxiv:2611.00001"), ("Trending", "arxiv:2611.00002")]
    assert placed(newsroom, ADA) == [("", "arxiv:2611.00005")]
    assert newsroom.store.history.issue_papers(1)[1][1].reasons[0].count == 20
    assert "20 upvotes on Hugging Face" in newsroom.inbox.messages[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_what_trends_sends_nothing_by_itself(newsroom: Newsroom) -> None:
    """Not even a pick."""
    newsroom.collected(dust(500))

    (outcome,) = newsroom.sent(ADA, picks=(PICK,))

    assert (outcome.kind, newsroom.inbox.paths) == (OutcomeKind.EMPTY, ())


def test_an_exclusion_and_the_wish_for_none_hold_for_what_trends(newsroom: Newsroom) -> None:
    """Each reader's own."""
    newsroom.collected(trees(), dust(), dust(10, number=3))
    emmy = a_subscriber("emmy@example.org", interests=ADA.interests, exclude=(an_interest("dust in galaxy 2"),))
    alan = a_subscriber("alan@example.org", interests=ADA.interests, trending=0)

    newsroom.sent(emmy, alan)

    assert placed(newsroom, emmy) == [("", "arxiv:2611.00001"), ("Trending", "arxiv:2611.00003")]
    assert placed(newsroom, alan) == [("", "arxiv:2611.00001")]


def test_trends_are_found_once_for_everybody(newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not per reader; and not at all where nobody wants them."""
    asked: list[date] = []

    def counted(*_arguments: object, day: date, now: datetime) -> tuple[()]:
        asked.append(day)
        assert now == NOW + timedelta(hours=1)
        return ()

    monkeypatch.setattr(drafts, "trends_on", counted)
    newsroom.collected(trees())
    newsroom.sent(ADA, GRACE, a_subscriber("emmy@example.org", interests=ADA.interests))
    newsroom.collected(trees(number=5), days=1)
    newsroom.sent(a_subscriber("alan@example.org", interests=ADA.interests, trending=0), days=1)

    assert asked == [DAY]


# ------------------------------------------------------------------ updates


def test_an_edition_of_several_days_has_all_their_updates(newsroom: Newsroom) -> None:
    """Each paper once; none that is new in it; none that came before the instant."""
    newsroom.collected(trees(), trees(number=5), days=-9)
    newsroom.collected(updates=(trees(2),), days=-1)
    newsroom.collected(dust(), updates=(trees(3), trees(2, number=5)))
    newsroom.collected(updates=(dust(),), days=1)

    def ids(edition: Edition) -> list[str]:
        return [paper.id for paper in edition.updates]

    store = newsroom.store
    assert ids(edition_between(store, DAY - ONE_DAY, DAY + ONE_DAY)) == ["arxiv:2611.00001", "arxiv:2611.00005"]
    assert ids(edition_between(store, DAY - ONE_DAY, DAY, after=NOW - ONE_DAY)) == [
        "arxiv:2611.00001",
        "arxiv:2611.00005",
    ]
    assert ids(edition_between(store, DAY - ONE_DAY, DAY, after=NOW)) == []


def test_an_update_is_sent_to_who_asked_and_has_an_earlier_version(newsroom: Newsroom) -> None:
    """In its newest version, with what it replaces; others are left alone, and it is not counted as new."""
    newsroom.collected(trees())
    newsroom.sent(ADA, GRACE)
    newsroom.collected(updates=(trees(2),), days=1)
    emmy = a_subscriber("emmy@example.org", interests=ADA.interests, updates=True)

    ada, grace, never_had_it = newsroom.sent(ADA, GRACE, emmy, days=1)

    assert [outcome.kind for outcome in (ada, grace, never_had_it)] == [OutcomeKind.SENT, *[OutcomeKind.EMPTY] * 2]
    text = newsroom.inbox.messages[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Updated; you got the earlier version on 20 November" in text
    assert "1 update of what you have. About 1 minute to read." in " ".join(text.split())


def test_the_same_version_is_never_sent_twice(newsroom: Newsroom) -> None:
    """However the days overlap, and wherever the reader lives: it is the version that is remembered, not the day."""
    newsroom.collected(trees())
    newsroom.sent(ADA)
    newsroom.collected(updates=(trees(2),), days=1)
    # West of the newsletter the issue of the evening before is made of the edition of the day.
    kinds = [newsroom.sent(ADA, days=days, window=days, offset=-1)[0].kind for days in (2, 3)]
    newsroom.collected(updates=(trees(3),), days=4)
    kinds += [newsroom.sent(ADA, days=days, window=days)[0].kind for days in (4, 5, 6)]

    sent, empty = OutcomeKind.SENT, OutcomeKind.EMPTY
    assert kinds == [sent, empty, sent, empty, empty]
    assert newsroom.store.history.versions("ada@example.org") == {"arxiv:2611.00001": 3}
