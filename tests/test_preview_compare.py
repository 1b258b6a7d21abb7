"""Two issues side by side: what differs, and why a paper is on one side alone."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date

import pytest
from makers import DAY, DECODING, GALAXIES, a_match, a_paper, a_section, a_subscriber, an_edition, an_interest, an_issue

from newsletter.models import Cut, CutReason, Issue, Reason, ReasonKind
from newsletter.pipeline import issue_for, prepare
from newsletter.preview.compare import Kind, Stand, as_data, changes, count_same
from newsletter.weights import Weights

A, B, C, D = (a_match(a_paper(name)) for name in "ABCD")
TOMORROW = date(2026, 11, 21)


def issue(lead: str = "", *sections: str, cut: tuple[Cut, ...] = (), **fields: object) -> Issue:
    """Return an issue of papers that are called by one letter; section n holds the letters of the n-th word."""
    match = {name: a_match(a_paper(name)) for name in "ABCDEFG"}
    told = tuple(a_section(f"S{number}", *(match[name] for name in names)) for number, names in enumerate(sections, 1))
    return replace(an_issue(lead=match[lead] if lead else None, cut=cut), sections=told, **fields)  # type: ignore[arg-type]


def told(left: Issue, right: Issue) -> list[tuple[Kind, str]]:
    """Return the kind and title of each change."""
    return [(each.kind, each.title) for each in changes(left, right)]


# ------------------------------------------------------------------ what differs


def test_an_issue_beside_itself_has_no_difference() -> None:
    """Every paper is the same; an empty issue too."""
    one = issue("A", "BC", "D")

    assert changes(one, one) == ()
    assert count_same(one, one, ()) == 4
    assert changes(issue(), issue()) == ()


def test_what_comes_and_goes_is_told_in_reading_order() -> None:
    """The gained before the lost, each with its place."""
    left, right = issue("A", "BC"), issue("D", "CEF")

    found = changes(left, right)

    assert [(each.kind, each.title) for each in found] == [
        (Kind.GAINED, "D"),
        (Kind.GAINED, "E"),
        (Kind.GAINED, "F"),
        (Kind.LOST, "A"),
        (Kind.LOST, "B"),
    ]
    assert (found[0].left, found[0].right) == (None, Stand(1, "", 0.7))
    assert (found[4].left, found[4].right) == (Stand(2, "S1", 0.7), None)
    assert count_same(left, right, found) == 1


def test_another_section_is_a_move() -> None:
    """To become or to cease to be the lead is one too."""
    found = changes(issue("A", "B", "C"), issue("B", "A", "C"))

    assert [(each.kind, each.title, each.left, each.right) for each in found] == [
        (Kind.MOVED, "B", Stand(2, "S1", 0.7), Stand(1, "", 0.7)),
        (Kind.MOVED, "A", Stand(1, "", 0.7), Stand(2, "S1", 0.7)),
    ]


def test_a_paper_that_others_push_down_has_not_moved() -> None:
    """Only its number is another."""
    assert told(issue("", "BCD"), issue("", "ABCD")) == [(Kind.GAINED, "A")]


def test_what_passed_the_others_is_elsewhere_alone() -> None:
    """The others kept their order."""
    left, right = issue("", "ABCDE"), issue("", "EABCD")

    assert told(left, right) == [(Kind.ELSEWHERE, "E")]
    assert count_same(left, right, changes(left, right)) == 4


def test_the_fewest_papers_are_elsewhere() -> None:
    """What is left after them has one order on both sides, and no smaller set would do."""
    for order in itertools.permutations("ABCDE"):
        out = {name for _, name in told(issue("", "ABCDE"), issue("", "".join(order)))}
        kept = [name for name in order if name not in out]
        assert kept == sorted(kept)
        more = itertools.combinations(order, len(kept) + 1)
        assert all(list(some) != sorted(some) for some in more)


# ------------------------------------------------------------------ why


@pytest.mark.parametrize(
    ("cut", "why"),
    [
        (Cut(B, CutReason.LIMIT, "max_papers is 1"), "cut: max_papers is 1"),
        (Cut(B, CutReason.EXCLUDED, "b (x.yaml:9)"), "excluded by b (x.yaml:9)"),
        (Cut(B, CutReason.SENT, "in the issue of 2026-11-18"), "received already in the issue of 2026-11-18"),
    ],
)
def test_what_was_cut_tells_the_rule(cut: Cut, why: str) -> None:
    """On the side where it is missing, whichever that is."""
    whole, less = issue("A", "B"), issue("A", cut=(cut,))

    (lost,), (gained,) = changes(whole, less), changes(less, whole)

    assert (lost.kind, lost.why) == (Kind.LOST, why)
    assert (gained.kind, gained.why) == (Kind.GAINED, why)


def test_what_nothing_matches_names_the_interest_that_did() -> None:
    """Another reader does not ask for it."""
    grace = a_subscriber("grace@example.org", interests=(an_interest("chess"),))

    (lost,) = changes(issue("A", "B"), issue("A", subscriber=grace))

    assert lost.why == 'not matched: "speculative decoding" is not asked for'


def test_issues_of_two_days_are_of_two_editions() -> None:
    """Unless it is told what each was chosen from."""
    left, right = issue("A"), issue("B", day=TOMORROW)

    assert {each.why for each in changes(left, right)} == {"is no paper of that edition"}
    found = changes(left, right, of_left={A.paper.id, B.paper.id}, of_right={B.paper.id})
    assert [each.why for each in found] == [
        'not matched: "speculative decoding" does not let it through',
        "is no paper of that edition",
    ]


def test_what_others_recommend_is_told_as_that() -> None:
    """No interest brought it on the one side, and none is blamed on the other."""
    pick = replace(D, reasons=(Reason(ReasonKind.PICK),))

    (lost,) = changes(issue("A", picks=(pick,)), issue("A"))

    assert (lost.kind, lost.left, lost.why) == (
        Kind.LOST,
        Stand(2, "Editor's picks", 0.7),
        "not matched, and not among what others recommend",
    )


def test_a_lower_limit_loses_what_it_cuts(weights: Weights) -> None:
    """Real issues of one edition under two settings: every difference has its reason."""
    reader = a_subscriber(interests=(an_interest(), an_interest("high-redshift galaxies")))
    prepared = prepare(an_edition(*DECODING, *GALAXIES), (reader,), weights)
    most, few = (issue_for(prepared, replace(reader, max_papers=limit), day=DAY) for limit in (12, 2))

    found = changes(most, few)

    assert {(each.kind, each.why) for each in found if each.right is None} == {(Kind.LOST, "cut: max_papers is 2")}
    assert len(most.papers) - sum(each.right is None for each in found) == len(few.papers) == 2
    assert count_same(most, few, found) + sum(each.right is not None for each in found) == 2


def test_a_change_is_data() -> None:
    """Every field by its name; a side where it is missing is null."""
    (lost,) = (as_data(each) for each in changes(issue("A", "B"), issue("A")))

    assert json.loads(json.dumps(lost)) == lost
    assert lost == {
        "kind": "lost",
        "id": "title:b",
        "title": "B",
        "left": {"number": 2, "section": "S1", "score": 0.7},
        "right": None,
        "why": 'not matched: "speculative decoding" does not let it through',
    }
