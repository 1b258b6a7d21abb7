"""The issue: what is refused, chosen, and in which section it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import DAY, a_health, a_match, a_paper, a_reason, a_subscriber, a_topic, an_interest

from newsletter.compose import LEFTOVERS, choose, compose
from newsletter.models import TRENDING, CutReason, Issue, Match, MatchedPaper, Reason, ReasonKind, Subscriber, Trend
from newsletter.vectors import Vectors, unit

BLOCKCHAIN = an_interest("blockchain", origin="subscribers.yaml:9")


def matched(number: int, *, score: float = 0.8, interest: str = "diffusion models", **fields: Any) -> MatchedPaper:
    """Return paper number `number`, matched by one interest."""
    paper = a_paper(f"Paper number {number}", id=f"arxiv:{number:03}")
    return a_match(paper, score=score, reasons=(a_reason(interest=interest, **fields),))


def a_topic_match(label: str, *papers: MatchedPaper, more: int = 0) -> Match:
    """Return a topic with these papers, and `more` that nobody asked for."""
    others = tuple(a_paper(f"{label} {number}", id=f"other:{label}{number}") for number in range(more))
    topic = a_topic(label, *(each.paper for each in papers), *others)
    return Match(topic, papers, tuple({each.reasons[0].interest for each in papers}))


def vectors_of(papers: Sequence[MatchedPaper]) -> dict[str, Vectors]:
    """Return a vector of its own for every paper."""
    rng = np.random.default_rng(1)
    return {each.paper.id: unit(rng.standard_normal((1, 8)).astype(np.float32))[0] for each in papers}


def issue_of(*matches: Match, subscriber: Subscriber | None = None, **fields: Any) -> Issue:
    """Return the issue of the given matches."""
    papers = [paper for found in matches for paper in found.papers]
    defaults: dict[str, Any] = {
        "day": DAY,
        "considered": 40,
        "health": (a_health(),),
        "vectors": vectors_of(papers),
        "received": {},
        "excluded": {},
        "name": lambda part: f"{len(part)} papers",
    }
    return compose(subscriber or a_subscriber(), matches, **{**defaults, **fields})


def ids(papers: Sequence[MatchedPaper]) -> list[str]:
    """Return the ids of some papers."""
    return [each.paper.id for each in papers]


# ------------------------------------------------------------------ refused


def test_a_paper_the_reader_has_is_not_sent_again() -> None:
    """Nobody gets a paper twice, and the cut says when they got it."""
    issue = issue_of(a_topic_match("Diffusion", matched(1), matched(2)), received={"arxiv:001": date(2026, 11, 12)})

    assert ids(issue.papers) == ["arxiv:002"]
    assert [(cut.reason, cut.detail) for cut in issue.cut] == [(CutReason.SENT, "in the issue of 2026-11-12")]


def test_an_exclusion_wins_over_every_score() -> None:
    """What a reader does not want they do not get, and the cut names the line."""
    issue = issue_of(a_topic_match("Chains", matched(1, score=0.99)), excluded={"arxiv:001": BLOCKCHAIN})

    assert issue.papers == ()
    assert issue.cut[0].detail == "blockchain (subscribers.yaml:9)"


def test_a_reader_may_set_the_bar_higher() -> None:
    """`min_score` cuts what passed the common gate."""
    issue = issue_of(a_topic_match("Diffusion", matched(1, score=0.76)), subscriber=a_subscriber(min_score=0.8))

    assert [cut.reason for cut in issue.cut] == [CutReason.SCORE]


def test_nothing_matched_makes_an_empty_issue() -> None:
    """An empty day is an issue without lead and sections, not an error."""
    issue = issue_of()

    assert (issue.lead, issue.sections, issue.cut) == (None, (), ())


# ------------------------------------------------------------------ chosen


def test_an_issue_is_bounded_and_says_what_the_limit_cut() -> None:
    """Nothing vanishes: the rest is listed as cut."""
    papers = [matched(number) for number in range(9)]

    issue = issue_of(a_topic_match("Diffusion", *papers), subscriber=a_subscriber(max_papers=4))

    assert len(issue.papers) == 4
    assert sorted(ids(issue.papers) + ids([cut.matched for cut in issue.cut])) == ids(papers)
    assert {cut.reason for cut in issue.cut} == {CutReason.LIMIT}


def test_the_best_paper_leads_and_stands_in_no_section() -> None:
    """The lead is not repeated."""
    issue = issue_of(a_topic_match("Diffusion", matched(1), matched(2, score=0.95), matched(3)))

    assert issue.lead is not None
    assert issue.lead.paper.id == "arxiv:002"
    assert ids(issue.sections[0].papers) == ["arxiv:001", "arxiv:003"]


def test_a_small_subject_is_not_starved_by_a_loud_one() -> None:
    """Twenty papers of one kind leave room for the one of another that nothing else stands for."""
    loud = [matched(number, score=0.80) for number in range(20)]
    quiet = matched(99, score=0.78, interest="coral reefs")
    vectors = {each.paper.id: np.array([1, 0], dtype=np.float32) for each in loud}
    vectors[quiet.paper.id] = np.array([0, 1], dtype=np.float32)

    assert quiet in choose([*loud, quiet], vectors, limit=4)


@given(st.lists(st.floats(0.5, 1), min_size=1, max_size=30), st.integers(1, 12))
def test_what_is_chosen_is_bounded_distinct_and_the_same_each_time(scores: list[float], limit: int) -> None:
    """Choosing never repeats, never passes the limit, and never depends on anything but its input."""
    candidates = sorted((matched(n, score=s) for n, s in enumerate(scores)), key=lambda m: (-m.score, m.paper.id))
    vectors = vectors_of(candidates)

    chosen = choose(candidates, vectors, limit=limit)

    assert len(chosen) == min(limit, len(candidates)) == len(set(ids(chosen)))
    assert chosen == choose(candidates, vectors, limit=limit)


# ------------------------------------------------------------------ arranged


def test_a_section_carries_the_readers_own_words_when_most_of_it_answers_them() -> None:
    """Nobody needs another name for what they asked for themselves."""
    issue = issue_of(a_topic_match("Denoising networks", matched(0, score=0.9), matched(1), matched(2)))

    assert [section.label for section in issue.sections] == ["Diffusion models"]


def test_a_section_keeps_its_topics_label_when_the_reader_asked_by_category() -> None:
    """A category is no heading."""
    papers = [matched(n, interest="cs.PL", kind=ReasonKind.CATEGORY) for n in range(3)]

    assert [section.label for section in issue_of(a_topic_match("Compilers", *papers)).sections] == ["Compilers"]


def test_a_phrase_too_long_for_a_heading_is_none() -> None:
    """A sentence says what is wanted, not what a section is called."""
    long = "reinforcement learning with verifiable rewards for language models"
    papers = [matched(n, interest=long) for n in range(3)]

    assert [section.label for section in issue_of(a_topic_match("Verifiable rewards", *papers)).sections] == [
        "Verifiable rewards"
    ]


def test_a_small_part_of_a_topic_gets_a_heading_of_its_own() -> None:
    """The label of thirty papers need not fit the three a reader gets."""
    papers = [matched(n, interest="cs.PL", kind=ReasonKind.CATEGORY) for n in range(4)]

    (section,) = issue_of(a_topic_match("Everything", *papers, more=30)).sections

    assert (section.label, section.announced) == ("3 papers", 34)


def test_papers_that_answer_another_interest_stand_apart() -> None:
    """One topic, two interests of the reader: two sections."""
    papers = [matched(n) for n in range(4)] + [matched(n, interest="speculative decoding") for n in (7, 8)]

    issue = issue_of(a_topic_match("Decoding and diffusion", *papers))

    assert {section.label for section in issue.sections} == {"Diffusion models", "Speculative decoding"}


def test_a_heading_and_the_interest_under_it_are_the_same() -> None:
    """A paper may answer another interest more; what the section is called after is what most of it answers."""
    both = (a_reason(interest="theorem proving"), a_reason(interest="diffusion models"))
    papers = [a_match(a_paper(f"Paper {n}", id=f"arxiv:{n}"), score=0.8, reasons=both) for n in range(4)]

    (section,) = issue_of(a_topic_match("Proofs", *papers)).sections

    assert section.label.casefold() == section.interest.casefold()


def test_many_lone_papers_are_gathered_at_the_end() -> None:
    """Sections of one paper are no sections."""
    matches = [a_topic_match(f"Topic {n}", matched(n, interest=f"interest {n}")) for n in range(5)]

    *_, last = issue_of(*matches).sections

    assert (last.label, len(last.papers)) == (LEFTOVERS, 4)


def test_no_paper_stands_twice_though_two_topics_share_a_name() -> None:
    """Equal headings are one section."""
    issue = issue_of(
        a_topic_match("Denoising", matched(1), matched(2)), a_topic_match("Sampling", matched(3), matched(4))
    )

    assert sorted(ids(issue.papers)) == ["arxiv:001", "arxiv:002", "arxiv:003", "arxiv:004"]
    assert [section.label for section in issue.sections] == ["Diffusion models"]


# ------------------------------------------------------------------ updates


def an_update(number: int, version: int, **fields: Any) -> MatchedPaper:
    """Return paper number `number` in a newer version, matched."""
    paper = a_paper(f"Paper number {number}", id=f"arxiv:{number:03}", version=version)
    return a_match(paper, score=0.8, reasons=(a_reason(**fields),))


def test_an_update_reaches_who_asked_for_updates_with_what_they_had() -> None:
    """Its last reason says which version, and since when the reader has the other one."""
    issue = issue_of(
        a_topic_match("Diffusion", an_update(1, 3)),
        subscriber=a_subscriber(updates=True),
        received={"arxiv:001": date(2026, 5, 3)},
        updates={"arxiv:001": 2},
    )

    (told,) = issue.papers
    assert told.reasons[-1] == Reason(ReasonKind.UPDATE, count=3, since=date(2026, 5, 3))
    assert issue.cut == ()


@pytest.mark.parametrize(
    ("wants", "has"), [(False, 2), (True, 3), (True, 4)], ids=["not asked for", "the same version", "an older one"]
)
def test_any_other_update_is_a_paper_the_reader_has(wants: bool, has: int) -> None:  # noqa: FBT001 - a case
    """Never the same version twice, and never anything to who did not ask."""
    issue = issue_of(
        a_topic_match("Diffusion", an_update(1, 3)),
        subscriber=a_subscriber(updates=wants),
        received={"arxiv:001": date(2026, 5, 3)},
        updates={"arxiv:001": has},
    )

    assert issue.papers == ()
    assert [(cut.reason, cut.detail) for cut in issue.cut] == [(CutReason.SENT, "in the issue of 2026-05-03")]


def test_an_update_of_what_the_reader_never_had_is_not_new() -> None:
    """It was theirs to match when it was new."""
    issue = issue_of(
        a_topic_match("Diffusion", an_update(1, 3)), subscriber=a_subscriber(updates=True), updates={"arxiv:001": 2}
    )

    assert (issue.papers, issue.cut) == ((), ())


def test_an_update_counts_as_announced_only_where_it_is_shown() -> None:
    """To every other reader it is not new."""
    papers = [matched(number) for number in range(4)]
    topic = a_topic_match("Diffusion", *papers, an_update(9, 2, interest="diffusion models"))
    wants, other = a_subscriber(updates=True), a_subscriber()

    issues = [
        issue_of(topic, subscriber=reader, received={"arxiv:009": DAY}, updates={"arxiv:009": 1})
        for reader in (wants, other)
    ]

    assert [section.announced for issue in issues for section in issue.sections] == [5, 4]


def test_an_exclusion_wins_over_an_update() -> None:
    """Who has excluded its subject since gets no more of it."""
    issue = issue_of(
        a_topic_match("Chains", an_update(1, 3)),
        subscriber=a_subscriber(updates=True),
        received={"arxiv:001": DAY},
        updates={"arxiv:001": 2},
        excluded={"arxiv:001": BLOCKCHAIN},
    )

    assert [cut.reason for cut in issue.cut] == [CutReason.EXCLUDED]


# ------------------------------------------------------------------ trending


def a_trend(number: int, score: float = 0.3) -> Trend:
    """Return that paper number `number` trends."""
    paper = a_paper(f"Paper number {number}", id=f"arxiv:{number:03}")
    return Trend(paper, score, (Reason(ReasonKind.UPVOTES, count=41),))


def test_what_trends_stands_beside_the_readers_own_papers() -> None:
    """In a section of its own at the end, with its own reasons, over and above `max_papers`."""
    papers = [matched(number) for number in range(4)]

    issue = issue_of(
        a_topic_match("Diffusion", *papers), subscriber=a_subscriber(max_papers=2), trends=[a_trend(8), a_trend(9)]
    )

    assert (len(issue.chosen), ids(issue.trending)) == (2, ["arxiv:008", "arxiv:009"])
    assert [label for label, _ in issue.placed][-2:] == [TRENDING, TRENDING]
    assert issue.trending[0].reasons == (Reason(ReasonKind.UPVOTES, count=41),)


def test_a_paper_of_the_readers_own_does_not_trend_too() -> None:
    """No paper stands twice, and one that trends is no better for it."""
    papers = [matched(1, score=0.9), matched(2, score=0.6), matched(3, score=0.6)]
    alone = issue_of(a_topic_match("Diffusion", *papers))

    issue = issue_of(a_topic_match("Diffusion", *papers), trends=[a_trend(3, 1.0), a_trend(9)])

    assert issue.chosen == alone.chosen
    assert ids(issue.trending) == ["arxiv:009"]


def test_what_the_limit_cut_may_trend_and_is_then_not_cut() -> None:
    """Each paper has one fate."""
    papers = [matched(number, score=0.9 - number / 10) for number in range(3)]

    issue = issue_of(a_topic_match("Diffusion", *papers), subscriber=a_subscriber(max_papers=1), trends=[a_trend(2)])

    assert ids(issue.trending) == ["arxiv:002"]
    assert ids([cut.matched for cut in issue.cut]) == ["arxiv:001"]


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_more_trends_than_the_reader_wants(most: int) -> None:
    """And none are looked at that are not needed."""
    looked_at = iter([a_trend(7), a_trend(8), a_trend(9)])

    issue = issue_of(a_topic_match("Diffusion", matched(1)), subscriber=a_subscriber(trending=most), trends=looked_at)

    assert (len(issue.trending), len(list(looked_at))) == (most, 3 - most)


def test_what_trends_makes_no_issue_by_itself() -> None:
    """Who has nothing to read gets nothing to read."""
    issue = issue_of(trends=[a_trend(9)])

    assert (issue.papers, issue.trending) == ((), ())
