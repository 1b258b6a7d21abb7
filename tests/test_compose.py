"""The issue: what is refused, chosen, and in which section it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from makers import DAY, a_health, a_match, a_paper, a_reason, a_subscriber, an_interest

from newsletter.compose import choose, compose
from newsletter.compose.sections import MOST_SECTIONS
from newsletter.models import (
    LEFTOVERS,
    PEOPLE,
    PICKS,
    TRENDING,
    CutReason,
    Issue,
    MatchedPaper,
    Paper,
    Reason,
    ReasonKind,
    Subscriber,
    Trend,
)
from newsletter.vectors import Vectors, unit

BLOCKCHAIN = an_interest("blockchain", origin="subscribers.yaml:9")


def matched(number: int, *, score: float = 0.8, interest: str = "diffusion models", **fields: Any) -> MatchedPaper:
    """Return paper number `number`, matched by one interest."""
    paper = a_paper(f"Paper number {number}", id=f"arxiv:{number:03}")
    return a_match(paper, score=score, reasons=(a_reason(interest=interest, **fields),))


def vectors_of(papers: Sequence[MatchedPaper]) -> dict[str, Vectors]:
    """Return a vector of its own for every paper."""
    rng = np.random.default_rng(1)
    return {each.paper.id: unit(rng.standard_normal((1, 8)).astype(np.float32))[0] for each in papers}


def issue_of(*papers: MatchedPaper, subscriber: Subscriber | None = None, **fields: Any) -> Issue:
    """Return the issue of the given papers; none of them are parted into topics unless `divide` does."""
    defaults: dict[str, Any] = {
        "day": DAY,
        "considered": 40,
        "health": (a_health(),),
        "vectors": vectors_of(papers),
        "received": {},
        "excluded": {},
        "name": lambda parts: [f"{len(part)} papers" for part in parts],
        "divide": lambda part: (part,),
        "announced": {},
    }
    return compose(subscriber or a_subscriber(), papers, **{**defaults, **fields})


def ids(papers: Sequence[MatchedPaper]) -> list[str]:
    """Return the ids of some papers."""
    return [each.paper.id for each in papers]


# ------------------------------------------------------------------ refused


def test_a_paper_the_reader_has_is_not_sent_again() -> None:
    """Nobody gets a paper twice, and the cut says when they got it."""
    issue = issue_of(matched(1), matched(2), received={"arxiv:001": date(2026, 11, 12)})

    assert ids(issue.papers) == ["arxiv:002"]
    assert [(cut.reason, cut.detail) for cut in issue.cut] == [(CutReason.SENT, "in the issue of 2026-11-12")]


def test_an_exclusion_wins_over_every_score() -> None:
    """What a reader does not want they do not get, and the cut names the line."""
    issue = issue_of(matched(1, score=0.99), excluded={"arxiv:001": BLOCKCHAIN})

    assert issue.papers == ()
    assert issue.cut[0].detail == "blockchain (subscribers.yaml:9)"


def test_a_reader_may_set_the_bar_higher() -> None:
    """`min_score` cuts what passed the common gate."""
    issue = issue_of(matched(1, score=0.76), subscriber=a_subscriber(min_score=0.8))

    assert [cut.reason for cut in issue.cut] == [CutReason.SCORE]


def test_nothing_matched_makes_an_empty_issue() -> None:
    """An empty day is an issue without lead and sections, not an error."""
    issue = issue_of()

    assert (issue.lead, issue.sections, issue.cut) == (None, (), ())


# ------------------------------------------------------------------ chosen


def test_an_issue_is_bounded_and_says_what_the_limit_cut() -> None:
    """Nothing vanishes: the rest is listed as cut."""
    papers = [matched(number) for number in range(9)]

    issue = issue_of(*papers, subscriber=a_subscriber(max_papers=4))

    assert len(issue.papers) == 4
    assert sorted(ids(issue.papers) + ids([cut.matched for cut in issue.cut])) == ids(papers)
    assert {cut.reason for cut in issue.cut} == {CutReason.LIMIT}


def test_the_best_paper_leads_and_stands_in_no_section() -> None:
    """The lead is not repeated."""
    issue = issue_of(matched(1), matched(2, score=0.95), matched(3))

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
    assert chosen[0].score == pytest.approx(max(scores), abs=1e-5)


def test_every_subject_gets_a_share() -> None:
    """One loud interest with all the best papers leaves the others theirs."""
    loud = [matched(number, score=0.95) for number in range(30)]
    quiet = [matched(100 + number, score=0.60, interest="coral reefs") for number in range(5)]
    candidates = [*loud, *quiet]
    subjects = [each.reasons[0].interest for each in candidates]

    chosen = choose(candidates, vectors_of(candidates), limit=6, subjects=subjects)

    assert any(each in quiet for each in chosen)


def test_no_section_gets_more_than_eight() -> None:
    """While there is anything else to read; then all of one are better than none."""
    loud = [matched(number, score=0.95) for number in range(30)]
    quiet = [matched(100 + number, score=0.55, interest="coral reefs") for number in range(8)]
    candidates = [*loud, *quiet]
    subjects = [each.reasons[0].interest for each in candidates]

    both = choose(candidates, vectors_of(candidates), limit=14, subjects=subjects)
    one = choose(loud, vectors_of(loud), limit=14, subjects=subjects[:30])

    assert sum(each in quiet for each in both) == 5  # eight and the lead are not
    assert len(one) == 14


def test_the_weakest_subject_is_never_too_far_down_to_be_seen() -> None:
    """Three hundred better papers do not push the only one of another subject out."""
    loud = [matched(number, score=0.9) for number in range(300)]
    quiet = matched(999, score=0.55, interest="coral reefs")
    candidates = [*loud, quiet]
    subjects = [each.reasons[0].interest for each in candidates]

    assert quiet in choose(candidates, vectors_of(candidates), limit=4, subjects=subjects)


# ------------------------------------------------------------------ arranged


def by_category(number: int, **fields: Any) -> MatchedPaper:
    """Return paper number `number`, matched by a category only."""
    return matched(number, interest="cs.PL", kind=ReasonKind.CATEGORY, **fields)


def alternately(part: tuple[Paper, ...]) -> list[tuple[Paper, ...]]:
    """Part papers into three by turns."""
    return [part[start::3] for start in range(3)]


def labels_of(issue: Issue) -> list[str]:
    """Return the headings of an issue in order."""
    return [section.label for section in issue.sections]


def test_a_section_carries_the_readers_own_words_where_these_brought_it() -> None:
    """Nobody needs another name for what they asked for themselves."""
    assert labels_of(issue_of(matched(0, score=0.9), matched(1), matched(2))) == ["Diffusion models"]


def test_what_only_a_category_brought_is_parted_into_named_topics() -> None:
    """A category is no heading; its candidates are, with those that did not fit."""
    papers = [by_category(number) for number in range(40)]

    issue = issue_of(*papers, divide=alternately, subscriber=a_subscriber(max_papers=10))

    assert sorted(labels_of(issue)) == ["13 papers", "14 papers"]  # two parts of 13 have one name
    assert sum(section.announced for section in issue.sections) == 40


def test_a_topic_with_no_heading_fit_to_print_has_a_plain_one() -> None:
    """Better no name than a bad one."""
    issue = issue_of(*(by_category(number) for number in range(4)), name=lambda parts: [""] * len(parts))

    assert labels_of(issue) == [LEFTOVERS]


def test_a_phrase_too_long_for_a_heading_is_none() -> None:
    """A sentence says what is wanted, not what a section is called."""
    long = "reinforcement learning with verifiable rewards for language models"

    issue = issue_of(*(matched(n, interest=long) for n in range(3)), name=lambda _: ["Verifiable rewards"])

    assert [(section.label, section.interest) for section in issue.sections] == [("Verifiable rewards", long)]


def test_a_single_interest_is_parted_where_it_fills_the_issue() -> None:
    """Twelve papers under one heading are a heap; what finds no name keeps the reader's words."""
    names = ["Latent samplers", "", "Flow matching"]
    papers = [matched(number) for number in range(9)]

    issue = issue_of(*papers, divide=alternately, name=lambda _: names)

    assert sorted(labels_of(issue)) == ["Diffusion models", "Flow matching", "Latent samplers"]
    assert {section.interest for section in issue.sections} == {"diffusion models"}


def test_a_section_says_of_how_many_it_is() -> None:
    """Three of thirty-seven: what the interest let through today, shown or not."""
    (section,) = issue_of(*(matched(number) for number in range(4)), announced={"diffusion models": 37}).sections

    assert (len(section.papers), section.announced) == (3, 37)


def test_papers_that_answer_another_interest_stand_apart() -> None:
    """Two interests of the reader: two sections."""
    papers = [matched(n) for n in range(4)] + [matched(n, interest="speculative decoding") for n in (7, 8)]

    assert set(labels_of(issue_of(*papers))) == {"Diffusion models", "Speculative decoding"}


def test_people_stand_under_people() -> None:
    """What an author brought has nothing else in common."""
    papers = [matched(n, score=0.97, interest="Ada Lovelace", kind=ReasonKind.AUTHOR) for n in range(3)]

    assert labels_of(issue_of(*papers)) == [PEOPLE]


def test_a_lone_paper_joins_another_of_its_interests() -> None:
    """Its best interest has no section, its second one has."""
    both = (a_reason(interest="theorem proving"), a_reason(interest="diffusion models"))
    lone = a_match(a_paper("Both", id="arxiv:lone"), score=0.7, reasons=both)

    (section,) = issue_of(matched(1, score=0.9), matched(2), matched(3), lone).sections

    assert (section.label, ids(section.papers)) == ("Diffusion models", ["arxiv:002", "arxiv:003", "arxiv:lone"])


def test_a_lone_paper_joins_what_it_is_like() -> None:
    """And where it is like nothing, it stands under a plain heading, at the end."""
    papers = [matched(1, score=0.9), matched(2), matched(3)]
    near, far = matched(7, score=0.99, interest="samplers"), matched(8, score=0.99, interest="coral reefs")
    vectors = {each.paper.id: np.array([1, 0], dtype=np.float32) for each in (*papers, near)}
    vectors[far.paper.id] = np.array([0, 1], dtype=np.float32)
    lead = matched(9, score=1.0)
    vectors[lead.paper.id] = vectors[far.paper.id]

    issue = issue_of(lead, *papers, near, far, vectors=vectors)

    assert [(section.label, len(section.papers)) for section in issue.sections] == [
        ("Diffusion models", 4),
        (LEFTOVERS, 1),
    ]


def test_many_lone_papers_are_gathered_at_the_end() -> None:
    """Sections of one paper are no sections."""
    papers = [matched(n, interest=f"interest {n}") for n in range(5)]

    *_, last = issue_of(*papers).sections

    assert (last.label, len(last.papers)) == (LEFTOVERS, 4)


def test_there_are_never_more_than_eight_sections_and_no_paper_is_lost() -> None:
    """The smallest are gathered."""
    papers = [matched(2 * n + k, interest=f"interest {n}") for n in range(15) for k in range(2)]

    issue = issue_of(*papers, subscriber=a_subscriber(max_papers=30))

    assert len(issue.sections) == MOST_SECTIONS
    assert labels_of(issue)[-1] == LEFTOVERS
    assert sorted(ids(issue.papers)) == sorted(ids(papers))


def test_no_paper_stands_twice_though_two_subjects_share_a_name() -> None:
    """Equal headings are one section, however their case is."""
    papers = [matched(n) for n in (1, 2)] + [matched(n, interest="Diffusion Models") for n in (3, 4)]

    issue = issue_of(*papers)

    assert sorted(ids(issue.papers)) == ["arxiv:001", "arxiv:002", "arxiv:003", "arxiv:004"]
    assert len(issue.sections) == 1


# ------------------------------------------------------------------ updates


def an_update(number: int, version: int, **fields: Any) -> MatchedPaper:
    """Return paper number `number` in a newer version, matched."""
    paper = a_paper(f"Paper number {number}", id=f"arxiv:{number:03}", version=version)
    return a_match(paper, score=0.8, reasons=(a_reason(**fields),))


def test_an_update_reaches_who_asked_for_updates_with_what_they_had() -> None:
    """Its last reason says which version, and since when the reader has the other one."""
    issue = issue_of(
        an_update(1, 3),
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
        an_update(1, 3),
        subscriber=a_subscriber(updates=wants),
        received={"arxiv:001": date(2026, 5, 3)},
        updates={"arxiv:001": has},
    )

    assert issue.papers == ()
    assert [(cut.reason, cut.detail) for cut in issue.cut] == [(CutReason.SENT, "in the issue of 2026-05-03")]


def test_an_update_of_what_the_reader_never_had_is_not_new() -> None:
    """It was theirs to match when it was new."""
    issue = issue_of(an_update(1, 3), subscriber=a_subscriber(updates=True), updates={"arxiv:001": 2})

    assert (issue.papers, issue.cut) == ((), ())


def test_an_exclusion_wins_over_an_update() -> None:
    """Who has excluded its subject since gets no more of it."""
    issue = issue_of(
        an_update(1, 3),
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

    issue = issue_of(*papers, subscriber=a_subscriber(max_papers=2), trends=[a_trend(8), a_trend(9)])

    assert (len(issue.chosen), ids(issue.trending)) == (2, ["arxiv:008", "arxiv:009"])
    assert [label for label, _ in issue.placed][-2:] == [TRENDING, TRENDING]
    assert issue.trending[0].reasons == (Reason(ReasonKind.UPVOTES, count=41),)


def test_a_paper_of_the_readers_own_does_not_trend_too() -> None:
    """No paper stands twice, and one that trends is no better for it."""
    papers = [matched(1, score=0.9), matched(2, score=0.6), matched(3, score=0.6)]
    alone = issue_of(*papers)

    issue = issue_of(*papers, trends=[a_trend(3, 1.0), a_trend(9)])

    assert issue.chosen == alone.chosen
    assert ids(issue.trending) == ["arxiv:009"]


def test_what_the_limit_cut_may_trend_and_is_then_not_cut() -> None:
    """Each paper has one fate."""
    papers = [matched(number, score=0.9 - number / 10) for number in range(3)]

    issue = issue_of(*papers, subscriber=a_subscriber(max_papers=1), trends=[a_trend(2)])

    assert ids(issue.trending) == ["arxiv:002"]
    assert ids([cut.matched for cut in issue.cut]) == ["arxiv:001"]


@pytest.mark.parametrize("most", [0, 1, 2])
def test_no_more_trends_than_the_reader_wants(most: int) -> None:
    """And none are looked at that are not needed, but for one: it might be a pick."""
    looked_at = iter([a_trend(7), a_trend(8), a_trend(9)])

    issue = issue_of(matched(1), subscriber=a_subscriber(trending=most), trends=looked_at)

    assert (len(issue.trending), len(list(looked_at))) == (most, 2 - most)


PICKED = Trend(a_paper("For all of us", id="arxiv:777"), 0.2, (Reason(ReasonKind.PICK, note="Read on."),))


@pytest.mark.parametrize("most", [0, 3])
def test_what_the_editor_picked_is_for_everybody(most: int) -> None:
    """Whether or not the reader wants to see what trends."""
    issue = issue_of(matched(1), subscriber=a_subscriber(trending=most), trends=[PICKED, a_trend(7)])

    assert ids(issue.picks) == ["arxiv:777"]
    assert ids(issue.trending) == ["arxiv:007"][:most]
    assert [label for label, _ in issue.placed[:2]] == ["", PICKS]


def test_a_pick_that_the_reader_gets_anyway_keeps_its_place_and_its_note() -> None:
    """No paper stands twice; that it is an update still comes last."""
    own = a_match(PICKED.paper, score=0.9)

    (chosen,) = issue_of(own, trends=[PICKED]).chosen

    assert [reason.kind for reason in chosen.reasons] == [ReasonKind.WORDS, ReasonKind.PICK]
    assert issue_of(own, trends=[PICKED]).picks == ()


def test_picks_have_a_bound_and_make_no_issue_by_themselves() -> None:
    """An editor may list a hundred papers; an email is not for that."""
    many = [replace(PICKED, paper=a_paper(f"Pick {n}", id=f"arxiv:pick{n}")) for n in range(9)]

    assert ids(issue_of(matched(1), trends=many).picks) == ["arxiv:pick0", "arxiv:pick1", "arxiv:pick2"]
    assert issue_of(trends=many).papers == ()


def test_people_the_reader_follows_come_first_though_others_rank_higher() -> None:
    """One paper by them is a section, and nothing else joins it, whatever else brought it."""
    author = a_reason(kind=ReasonKind.AUTHOR, interest="Grace Hopper", words=())
    followed = a_match(a_paper("By Grace", id="arxiv:grace"), score=0.6, reasons=(a_reason(interest="trees"), author))
    papers = [matched(n, score=0.9) for n in range(4)]

    first, second = issue_of(*papers, followed).sections

    assert (first.label, ids(first.papers)) == (PEOPLE, ["arxiv:grace"])
    assert second.label == "Diffusion models"


def test_what_trends_makes_no_issue_by_itself() -> None:
    """Who has nothing to read gets nothing to read."""
    issue = issue_of(trends=[a_trend(9)])

    assert (issue.papers, issue.trending) == ((), ())
