"""What the studio says of every paper of an edition, for one reader's issue."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from makers import (
    DAY,
    DECODING,
    GALAXIES,
    a_match,
    a_paper,
    a_reason,
    a_section,
    a_subscriber,
    an_edition,
    an_interest,
    an_issue,
)

from newsletter.explain import trace
from newsletter.match import Tastes, Voted
from newsletter.models import (
    PICKS,
    TRENDING,
    Cut,
    CutReason,
    Edition,
    Interest,
    InterestKind,
    Issue,
    Paper,
    Reason,
    ReasonKind,
    Subscriber,
    Trend,
)
from newsletter.pipeline import Prepared, issue_for, prepare
from newsletter.preview.why import Candidate, Fate, as_data, candidates, trace_as_data
from newsletter.sample.cases import cases
from newsletter.weights import Weights

CHESS = a_paper("Endgames of chess", abstract="Rooks and pawns, tabulated.", categories=("cs.GT",))
PAPERS = (*GALAXIES, CHESS, *DECODING)
DUST = an_interest("high-redshift galaxies", origin="x.yaml:5")
ADA = a_subscriber(interests=(an_interest(origin="x.yaml:4"), DUST))
EARLIER = date(2026, 11, 18)


def whole(prepared: Prepared, reader: Subscriber, **had: object) -> tuple[Issue, tuple[Candidate, ...]]:
    """Return a reader's issue of an edition, and what becomes of each paper in it."""
    issue = issue_for(prepared, reader, day=DAY, **had)  # type: ignore[arg-type]
    return issue, candidates(prepared, issue, reader=reader)


def by_id(found: tuple[Candidate, ...]) -> dict[str, Candidate]:
    """Return candidates by paper; none stands twice."""
    told = {candidate.id: candidate for candidate in found}
    assert len(told) == len(found)
    return told


@pytest.fixture(scope="module")
def prepared(weights: Weights) -> Prepared:
    """Return the groundwork of one edition for one reader."""
    return prepare(an_edition(*PAPERS), (ADA,), weights)


# ------------------------------------------------------------------ what stands where


def test_every_paper_of_the_edition_is_told_once(prepared: Prepared) -> None:
    """In the issue, cut, or not matched; in this order."""
    _, found = whole(prepared, replace(ADA, max_papers=2))

    assert set(by_id(found)) == {paper.id for paper in PAPERS}
    assert [each.fate for each in found] == [Fate.IN] * 2 + [Fate.CUT] * 4 + [Fate.UNMATCHED]


def test_what_is_in_stands_as_the_issue_has_it(prepared: Prepared) -> None:
    """The lead first, numbered in reading order, under the heading that the email shows."""
    issue, found = whole(prepared, ADA)

    chosen = [each for each in found if each.fate is Fate.IN]
    assert [(each.section, each.id) for each in chosen] == [(label, match.paper.id) for label, match in issue.placed]
    assert [each.number for each in chosen] == list(range(1, len(issue.papers) + 1))
    assert chosen[0].section == ""


def test_what_was_cut_comes_best_first_with_its_rule(prepared: Prepared) -> None:
    """And without a place in the issue."""
    _, found = whole(prepared, replace(ADA, max_papers=2))

    cut = [each for each in found if each.fate is Fate.CUT]
    assert [each.score for each in cut] == sorted((each.score for each in cut), reverse=True)
    assert {(each.cut, each.number, each.section) for each in cut} == {
        ((CutReason.LIMIT, "max_papers is 2"), None, ""),
    }


def test_equal_scores_go_by_id() -> None:
    """Whatever order the issue keeps them in."""
    cut = tuple(Cut(a_match(a_paper(name)), CutReason.LIMIT) for name in ("b", "c", "a"))

    found = candidates(None, an_issue(cut=cut, lead=None, sections=()), reader=ADA)

    assert [each.id for each in found] == ["title:a", "title:b", "title:c"]


def test_a_higher_bar_cuts_by_score(prepared: Prepared) -> None:
    """With both figures."""
    _, found = whole(prepared, replace(ADA, min_score=1.0))

    cut = [each for each in found if each.cut is not None]
    assert cut
    assert all(each.cut and each.cut[0] is CutReason.SCORE and "is under min_score 1.00" in each.cut[1] for each in cut)


def test_an_unmatched_paper_tells_the_nearest_interest(weights: Weights) -> None:
    """With its line, and a score under the gate; nothing is near where no interest says anything of the paper."""
    reader = replace(ADA, interests=(*ADA.interests, an_interest("rooks in castles", origin="x.yaml:6")))
    _, found = whole(prepare(an_edition(*PAPERS), (reader,), weights), reader)

    (chess,) = [each for each in found if each.fate is Fate.UNMATCHED]
    assert chess.nearest is not None
    assert (chess.nearest.interest, chess.nearest.origin) == ("rooks in castles", "x.yaml:6")
    assert chess.score == round(chess.nearest.score, 4)
    assert 0 < chess.score < 0.5
    assert (chess.id, chess.reasons, chess.cut, chess.words, chess.closeness) == (CHESS.id, (), None, 0.0, 0.0)


def test_the_unmatched_come_nearest_first(weights: Weights) -> None:
    """Equal ones by id, so that two machines agree."""
    reader = replace(ADA, interests=(an_interest("galaxies at the edge of the universe", origin="x.yaml:4"),))
    _, found = whole(prepare(an_edition(*PAPERS), (reader,), weights), reader)

    assert {each.fate for each in found} == {Fate.UNMATCHED}
    assert [(-each.score, each.id) for each in found] == sorted((-each.score, each.id) for each in found)
    assert {each.id for each in found[:3]} == {paper.id for paper in GALAXIES}
    assert [each.nearest for each in found[3:]] == [None] * 4


# ------------------------------------------------------------------ evidence


def test_the_parts_of_the_score_are_those_of_the_strongest_phrase() -> None:
    """What is no phrase has none."""
    author = Reason(ReasonKind.AUTHOR, "G. Hopper", ("Grace Hopper",), origin="x.yaml:7")
    weak = a_reason(lexical=0.2, closeness=1.0)
    lead = a_match(
        reasons=(author, a_reason(lexical=0.87654, closeness=6.54321, origin="x.yaml:4"), weak), score=0.123456
    )
    issue = an_issue(a_section("People", a_match(a_paper("Of hers"), reasons=(author,))), lead=lead)

    first, second = candidates(None, issue, reader=ADA)

    assert (first.words, first.closeness, first.score) == (0.8765, 6.5432, 0.1235)
    assert (second.words, second.closeness) == (0.0, 0.0)
    assert second.reasons == (("G. Hopper: an author is Grace Hopper", "x.yaml:7"),)
    assert [origin for _, origin in first.reasons] == ["x.yaml:7", "x.yaml:4", ""]
    assert "words 0.88 + 0.15 × closeness 6.5" in first.reasons[1][0]


def test_what_the_reader_already_has_tells_the_day(prepared: Prepared) -> None:
    """It matched, and is not sent twice."""
    _, found = whole(prepared, ADA, received={DECODING[0].id: EARLIER})

    told = by_id(found)[DECODING[0].id]
    assert (told.fate, told.cut) == (Fate.CUT, (CutReason.SENT, "in the issue of 2026-11-18"))


def test_an_exclusion_is_told_of_what_nothing_matched_too(weights: Weights) -> None:
    """Which line would have kept it out, whatever asks for it."""
    reader = replace(ADA, exclude=(an_interest("chess", origin="x.yaml:8"), an_interest("dust", origin="x.yaml:9")))
    _, found = whole(prepare(an_edition(*PAPERS), (reader,), weights), reader)

    told = by_id(found)
    assert (told[CHESS.id].fate, told[CHESS.id].cut) == (Fate.UNMATCHED, (CutReason.EXCLUDED, "chess (x.yaml:8)"))
    dust = told[GALAXIES[1].id]
    assert (dust.fate, dust.cut) == (Fate.CUT, (CutReason.EXCLUDED, "dust (x.yaml:9)"))


def test_an_example_of_the_readers_own_is_told_as_that(weights: Weights) -> None:
    """Whether another interest matches it or none does; a vote against is told too."""
    named = tuple(
        Interest(InterestKind.PAPER, paper.id, (paper.id,), origin="x.yaml:6") for paper in (CHESS, DECODING[0])
    )
    reader = replace(ADA, interests=(*ADA.interests, *named))
    examples = {paper.id: paper for paper in (CHESS, DECODING[0])}
    tastes = Tastes(examples, {"ada@example.org": Voted(disliked=(GALAXIES[0],))})
    _, found = whole(prepare(an_edition(*PAPERS), (reader,), weights, tastes=tastes), reader)

    told = by_id(found)
    own = (CutReason.EXCLUDED, "it is the example that the reader named (x.yaml:6)")
    assert [(told[each.id].fate, told[each.id].cut) for each in (CHESS, DECODING[0])] == [
        (Fate.UNMATCHED, own),
        (Fate.CUT, own),
    ]
    assert told[GALAXIES[0].id].cut == (CutReason.EXCLUDED, "the reader's vote against it")


def test_what_others_recommend_is_told_from_other_editions_too(weights: Weights) -> None:
    """As a pick or as trending, with its own reason; what an interest brought is the reader's, picked or not."""
    old, picked = a_paper("An older paper"), a_paper("A picked paper")
    trends = (
        Trend(picked, 0.3, (Reason(ReasonKind.PICK, editor="Ada Lovelace", origin="x.yaml:2"),)),
        Trend(DECODING[0], 0.25, (Reason(ReasonKind.PICK),)),
        Trend(old, 0.2, (Reason(ReasonKind.UPVOTES, count=20),)),
    )
    _, found = whole(prepare(an_edition(*PAPERS), (ADA,), weights, trends=trends), ADA)

    told = by_id(found)
    assert set(told) == {paper.id for paper in (*PAPERS, old, picked)}
    assert (told[picked.id].fate, told[picked.id].section) == (Fate.PICK, PICKS)
    assert told[picked.id].reasons == (("picked by Ada Lovelace", "x.yaml:2"),)
    assert (told[old.id].fate, told[old.id].section, told[old.id].score) == (Fate.TRENDING, TRENDING, 0.2)
    assert told[DECODING[0].id].fate is Fate.IN
    assert "picked by the editor" in {text for text, _ in told[DECODING[0].id].reasons}


def test_an_update_is_told_to_who_had_the_paper(weights: Weights) -> None:
    """To anybody else it is old, and no candidate."""
    reader = replace(ADA, updates=True)
    newer = replace(DECODING[0], entries=(*DECODING[0].entries, replace(DECODING[0].entries[0], version=2)))
    edition: Edition = an_edition(*PAPERS[:-3], updates=(newer,))
    prepared = prepare(edition, (reader,), weights)

    _, had = whole(prepared, reader, received={newer.id: EARLIER})
    _, strange = whole(prepared, reader)

    told = by_id(had)[newer.id]
    assert told.fate is Fate.IN
    assert told.reasons[-1] == ("updated to v2; received before on 2026-11-18", "")
    assert newer.id not in by_id(strange)


# ------------------------------------------------------------------ edges


def test_an_edition_without_papers_has_no_candidates(weights: Weights) -> None:
    """And a reader without interests is near to nothing."""
    empty = prepare(an_edition(), (ADA,), weights)
    nobody = replace(ADA, interests=())

    assert whole(empty, ADA)[1] == ()
    _, found = whole(prepare(an_edition(*PAPERS), (nobody,), weights), nobody)
    assert {(each.fate, each.nearest, each.score) for each in found} == {(Fate.UNMATCHED, None, 0.0)}
    assert [each.id for each in found] == sorted(paper.id for paper in PAPERS)


@pytest.mark.parametrize("name", cases())
def test_every_edge_case_can_be_told(name: str) -> None:
    """An issue that was made up by hand has no edition behind it; hostile titles are only text."""
    issue = cases()[name]

    found = candidates(None, issue, reader=issue.subscriber)

    placed = [matched.paper.title for matched in issue.papers]
    assert [each.title for each in found[: len(placed)]] == placed
    assert len(found) == len(placed) + len(issue.cut)
    assert [json.loads(json.dumps(as_data(each)))["title"] for each in found] == [each.title for each in found]


def test_the_same_edition_is_told_the_same(weights: Weights) -> None:
    """In whatever order its papers came."""
    one, other = (prepare(an_edition(*papers), (ADA,), weights) for papers in (PAPERS, PAPERS[::-1]))

    assert whole(one, ADA)[1] == whole(other, ADA)[1]


# ------------------------------------------------------------------ for the page


def test_a_candidate_is_data(prepared: Prepared) -> None:
    """Every field by its name, and nothing that JSON does not know."""
    _, found = whole(prepared, replace(ADA, max_papers=2))

    told = json.loads(json.dumps([as_data(each) for each in found]))

    assert {tuple(each) for each in told} == {
        ("id", "title", "url", "fate", "number", "section", "score", "words", "closeness", "reasons", "cut", "nearest")
    }
    assert told[0]["fate"] == "in"
    assert set(told[0]["reasons"][0]) == {"text", "origin"}
    assert told[2]["cut"] == {"reason": "limit", "detail": "max_papers is 2"}
    assert told[-1]["nearest"] is None or set(told[-1]["nearest"]) == {"interest", "score", "origin"}


@pytest.mark.parametrize("paper", [DECODING[0], CHESS], ids=["in", "unmatched"])
def test_a_trace_is_data(paper: Paper, prepared: Prepared) -> None:
    """The verdict, every interest with its numbers, and what would have brought the paper."""
    told = trace_as_data(trace(prepared, ADA, paper, day=DAY, first_day=DAY), ADA)

    assert json.loads(json.dumps(told)) == told
    assert set(told) == {"paper", "history", "verdict", "notes", "nearest", "remedies"}
    assert told["paper"] == {"id": paper.id, "title": paper.title, "url": paper.url}
    assert told["history"][-1] == "new in the edition of 2026-11-20"
    assert [set(each) for each in told["nearest"]] == [{"interest", "origin", "score", "numbers"}] * 2
    matched = paper is not CHESS
    assert told["verdict"].startswith("IN the issue of" if matched else "NOT MATCHED for ada@example.org")
    assert bool(told["remedies"]) != matched
