"""What trends: bounded, fading, the editor's picks first, and nothing without a signal."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import NOW, a_paper

from newsletter.models import Paper, Pick, Reason, ReasonKind, Signals, Trend
from newsletter.trending import HALF_LIFE, Vote, trending

PICK = Pick("arxiv:2611.00001", "Read section 4 first.", "Ada Lovelace")


def upvoted(upvotes: int | None, *, number: int = 1, at: datetime | None = NOW) -> Paper:
    """Return a paper with some upvotes."""
    name = f"arxiv:2611.{number:05}"
    return a_paper(f"Paper {number}", id=name, signals=Signals(upvotes=upvotes, upvotes_at=at))


def voted(*values: int, number: int = 1, at: datetime = NOW) -> list[Vote]:
    """Return the votes of as many readers on one paper."""
    return [(f"reader{n}@example.org", f"arxiv:2611.{number:05}", value, at) for n, value in enumerate(values)]


def trends(
    *papers: Paper, votes: list[Vote] | None = None, picks: tuple[Pick, ...] = (), limit: int = 10
) -> tuple[Trend, ...]:
    """Return what trends of some papers."""
    return trending(papers, votes=votes or (), picks=picks, now=NOW, limit=limit)


def scores(found: tuple[Trend, ...]) -> list[float]:
    """Return the scores of what trends."""
    return [trend.score for trend in found]


def test_a_paper_without_a_signal_never_trends() -> None:
    """Nobody told, nobody voted, nobody picked it."""
    assert trends(upvoted(None), upvoted(0, number=2)) == ()


def test_twenty_upvotes_say_half_of_what_upvotes_can_say() -> None:
    """Half of one half: u / (u + 20), weighed."""
    assert scores(trends(upvoted(20))) == [0.25]


def test_three_readers_say_half_of_what_votes_can_say() -> None:
    """Half of three tenths: v / (v + 3), weighed."""
    assert scores(trends(upvoted(None), votes=voted(1, 1, 1))) == [0.15]


def test_a_pick_alone_has_its_weight() -> None:
    """While it stands in the settings it does not fade."""
    (trend,) = trends(upvoted(None), picks=(PICK,))

    assert trend == Trend(
        upvoted(None), 0.2, (Reason(ReasonKind.PICK, note="Read section 4 first.", editor="Ada Lovelace"),)
    )


@pytest.mark.parametrize("half_lives", [0, 1, 2, 4])
def test_upvotes_and_votes_lose_half_their_weight_in_a_day_and_a_half(half_lives: int) -> None:
    """Each counts from its own time."""
    then = NOW - half_lives * HALF_LIFE

    assert scores(trends(upvoted(20, at=then))) == [0.25 / 2**half_lives]
    faded = 3 / 2**half_lives
    assert scores(trends(upvoted(None), votes=voted(1, 1, 1, at=then))) == [round(0.3 * faded / (faded + 3), 9)]


def test_what_is_ages_old_does_not_trend_at_all() -> None:
    """A score that rounds to nothing is nothing."""
    assert trends(upvoted(500, at=NOW - timedelta(days=3650))) == ()


def test_a_time_in_the_future_counts_as_now() -> None:
    """Clocks differ; no vote weighs more than one."""
    assert scores(trends(upvoted(20, at=NOW + timedelta(days=9)))) == [0.25]


def test_upvotes_without_a_time_count_half() -> None:
    """A saved page says how many and not when."""
    assert scores(trends(upvoted(20, at=None))) == [0.125]


def test_readers_against_a_paper_keep_it_out() -> None:
    """However many upvotes it has."""
    assert trends(upvoted(500), votes=voted(1, -1, -1)) == ()


def test_readers_do_not_overrule_the_editor() -> None:
    """A pick is for everybody; votes against it count as none."""
    assert scores(trends(upvoted(None), votes=voted(-1, -1), picks=(PICK,))) == [0.2]


def test_a_newer_vote_outweighs_an_older_one_against_it() -> None:
    """It is the faded sum that decides."""
    votes = voted(-1, at=NOW - HALF_LIFE) + voted(0, 1)

    assert scores(trends(upvoted(None), votes=votes)) == [round(0.3 * 0.5 / 3.5, 9)]


def test_balanced_votes_leave_the_upvotes_and_say_nothing_of_readers() -> None:
    """One for it and one against it is no recommendation."""
    (trend,) = trends(upvoted(20), votes=voted(1, -1))

    assert [(reason.kind, reason.count) for reason in trend.reasons] == [(ReasonKind.UPVOTES, 20)]


def test_every_signal_is_told_with_its_number() -> None:
    """Pick, readers, upvotes; those who voted against it are not counted as recommending it."""
    (trend,) = trends(upvoted(41), votes=voted(1, 1, -1), picks=(PICK,))

    assert [(reason.kind, reason.count) for reason in trend.reasons] == [
        (ReasonKind.PICK, 0),
        (ReasonKind.VOTES, 2),
        (ReasonKind.UPVOTES, 41),
    ]


def test_a_pick_comes_before_what_is_none() -> None:
    """A loud crowd does not outrank the editor."""
    found = trends(upvoted(100_000, number=2), upvoted(None, number=1), picks=(PICK,))

    assert [trend.paper.id for trend in found] == ["arxiv:2611.00001", "arxiv:2611.00002"]


def test_a_pick_finds_its_paper_by_any_of_its_identities() -> None:
    """The editor names the journal's DOI, the paper is stored by its preprint."""
    paper = a_paper(id="arxiv:2611.00009", identities=("arxiv:2611.00009", "doi:10.1145/3586037"))

    assert len(trends(paper, picks=(Pick("doi:10.1145/3586037"),))) == 1


def test_equal_scores_go_by_id_in_any_order_of_arrival() -> None:
    """The order is total."""
    papers = [upvoted(7, number=number) for number in (3, 1, 2)]

    assert {tuple(trend.paper.id for trend in trends(*some)) for some in permutations(papers)} == {
        ("arxiv:2611.00001", "arxiv:2611.00002", "arxiv:2611.00003")
    }


def test_a_candidate_given_twice_trends_once() -> None:
    """A pick may be listed today too."""
    assert len(trends(upvoted(7), upvoted(7), picks=(PICK,))) == 1


def test_no_more_than_the_limit() -> None:
    """The best ones."""
    found = trends(*(upvoted(number, number=number) for number in range(1, 6)), limit=2)

    assert [trend.paper.id for trend in found] == ["arxiv:2611.00005", "arxiv:2611.00004"]


@given(st.integers(0, 10**12), st.lists(st.sampled_from((1, -1)), max_size=50), st.booleans())
def test_a_score_is_bounded_whatever_is_said(upvotes: int, values: list[int], picked: bool) -> None:  # noqa: FBT001 - drawn
    """No crowd buys more than one."""
    found = trends(upvoted(upvotes), votes=voted(*values), picks=(PICK,) if picked else ())

    assert all(0 < trend.score <= 1 and trend.reasons for trend in found)
