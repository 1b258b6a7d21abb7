"""Why a paper is in an issue, or is not; and what the store knows that issues are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from makers import DAY, NOW, a_config, a_paper, a_subscriber, an_edition, an_interest

from newsletter.explain import Explanation, Fate, explain
from newsletter.models import Interest, InterestKind, Issue, Paper, ReasonKind, Subscriber
from newsletter.pipeline import edition_between, groundwork, issue_for
from newsletter.store import Store
from newsletter.weights import Weights

THINGS = ("proteins", "contracts", "melodies", "recipes", "weather reports", "chess games")


def decoding(number: int, **fields: str) -> Paper:
    """Return a paper on speculative decoding."""
    thing = THINGS[number]
    defaults = {"abstract": f"Speculative decoding drafts tokens of {thing}; a large language model verifies them."}
    return a_paper(f"Speculative decoding of {thing}", id=f"arxiv:2611.0000{number}", **{**defaults, **fields})


GALAXY = a_paper(
    "Dust in high-redshift galaxies",
    id="arxiv:2611.00100",
    abstract="JWST images show dust in galaxies of the early universe.",
    categories=("astro-ph.GA",),
)
PAPERS = (*map(decoding, range(len(THINGS))), GALAXY)

ADA = a_subscriber(interests=(an_interest("speculative decoding", origin="subscribers.yaml:9"),), origin="x.yaml:7")


@pytest.fixture
def collected(store: Store) -> Store:
    """Return a store with one edition."""
    store.editions.save(an_edition(*PAPERS), collected_at=NOW)
    return store


Ask = Callable[..., Explanation]


@pytest.fixture
def asked(collected: Store, weights: Weights) -> Ask:
    """Return what explains a paper to the first of some readers."""

    def ask(paper: Paper, *readers: Subscriber) -> Explanation:
        return explain(a_config(*readers), collected, weights, subscriber=readers[0], paper=paper, first_day=DAY)

    return ask


def issue_of(store: Store, weights: Weights, *readers: Subscriber) -> Issue:
    """Return the issue of the first reader."""
    return issue_for(groundwork(store, edition_between(store, DAY, DAY), readers, weights), readers[0], day=DAY)


def ids(issue: Issue) -> list[str]:
    """Return the papers of an issue in order."""
    return [matched.paper.id for matched in issue.papers]


def example(paper_id: str) -> Interest:
    """Return more (or less) like a paper."""
    return Interest(InterestKind.PAPER, paper_id, (paper_id,), origin="subscribers.yaml:12")


# ------------------------------------------------------------------ explained


def test_the_fate_is_what_the_issue_gives(asked: Ask, collected: Store, weights: Weights) -> None:
    """The trace and the issue decide alike."""
    reader = replace(ADA, max_papers=2, exclude=(an_interest("proteins"),))
    issue = issue_of(collected, weights, reader)

    fates = {paper.id: asked(paper, reader).fate for paper in PAPERS}

    assert {paper for paper, fate in fates.items() if fate is Fate.CHOSEN} == set(ids(issue))
    assert {paper for paper, fate in fates.items() if fate is Fate.CUT} == {cut.matched.paper.id for cut in issue.cut}
    assert fates[GALAXY.id] is Fate.UNMATCHED


def test_what_the_limit_cut_is_told_the_limit_that_brings_it(asked: Ask, collected: Store, weights: Weights) -> None:
    """The least one; one less does not."""
    reader = replace(ADA, max_papers=1)
    lead = ids(issue_of(collected, weights, reader))[0]
    paper = next(each for each in PAPERS if each.id not in {lead, GALAXY.id})

    (remedy,) = asked(paper, reader).remedies

    limit = int(remedy.change.split()[1])
    assert remedy.origin == "x.yaml:7"
    assert paper.id in ids(issue_of(collected, weights, replace(reader, max_papers=limit)))
    assert paper.id not in ids(issue_of(collected, weights, replace(reader, max_papers=limit - 1)))


def test_what_no_interest_matched_is_told_one_that_brings_it(asked: Ask, collected: Store, weights: Weights) -> None:
    """And the exclusion to drop, where there is one."""
    rule = an_interest("dust", origin="subscribers.yaml:14")
    reader = replace(ADA, exclude=(rule,))

    free, barred = asked(GALAXY, ADA), asked(GALAXY, reader)

    (remedy,) = free.remedies
    phrase = remedy.change.removeprefix('an interest "').removesuffix('"')
    wider = replace(ADA, interests=(*ADA.interests, an_interest(phrase)))
    assert GALAXY.id in ids(issue_of(collected, weights, wider))
    assert barred.exclusion == rule
    assert [told.change for told in barred.remedies] == [
        f'{remedy.change}, and no "dust" under exclude (subscribers.yaml:14)'
    ]


def test_an_excluded_paper_is_told_the_line_that_hides_it(asked: Ask) -> None:
    """Without that line it would have come."""
    rule = an_interest("proteins", origin="subscribers.yaml:14")

    told = asked(PAPERS[0], replace(ADA, exclude=(rule,)))

    assert (told.fate, [remedy.origin for remedy in told.remedies]) == (Fate.CUT, ["subscribers.yaml:14"])


def test_a_bar_is_told_the_one_that_lets_it_in(asked: Ask, collected: Store, weights: Weights) -> None:
    """Rounded down, so that it does."""
    reader = replace(ADA, min_score=1.0)

    (remedy,) = asked(PAPERS[0], reader).remedies

    bar = float(remedy.change.split()[1])
    assert PAPERS[0].id in ids(issue_of(collected, weights, replace(reader, min_score=bar)))


def test_who_named_a_paper_is_told_so(asked: Ask) -> None:
    """It is no news to them, and nothing is proposed."""
    told = asked(GALAXY, replace(ADA, interests=(*ADA.interests, example(GALAXY.id))))

    assert (told.fate, told.remedies, told.exclusion) == (Fate.UNMATCHED, (), None)
    assert "the example the reader named" in told.note


# ------------------------------------------------------------------ issues from the store


def test_an_issue_does_not_depend_on_who_else_subscribes(collected: Store, weights: Weights) -> None:
    """A reader of everything beside her changes nothing of hers."""
    reader = replace(ADA, max_papers=3)
    everything = a_subscriber("grace@example.org", interests=(Interest(InterestKind.CATEGORY, "cs.CL", ("cs.CL",)),))

    alone, together = issue_of(collected, weights, reader), issue_of(collected, weights, reader, everything)

    assert alone.placed == together.placed


def test_votes_bring_and_take_away(collected: Store, weights: Weights) -> None:
    """Papers like what was voted for, with that as the reason; none that was voted against."""
    reader = replace(ADA, interests=(an_interest("high-redshift galaxies"),))
    collected.votes.cast(reader.email, PAPERS[0].id, 1, at=NOW)
    collected.votes.cast(reader.email, GALAXY.id, -1, at=NOW)

    issue = issue_of(collected, weights, reader)

    assert GALAXY.id not in ids(issue)
    assert set(ids(issue)) <= {paper.id for paper in PAPERS[1:-1]}
    assert issue.papers
    assert {matched.reasons[0].kind for matched in issue.papers} == {ReasonKind.LIKED}
    assert {matched.reasons[0].example for matched in issue.papers} == {PAPERS[0].title}


def test_examples_in_the_store_are_found(collected: Store, weights: Weights) -> None:
    """More like this, by its id; itself it does not come."""
    issue = issue_of(collected, weights, replace(ADA, interests=(example(PAPERS[0].id),)))

    assert issue.papers
    assert set(ids(issue)) <= {paper.id for paper in PAPERS[1:-1]}


@pytest.mark.parametrize("kept", [True, False], ids=["stored vectors", "fresh ones"])
def test_stored_vectors_give_the_same_issue(kept: bool, collected: Store, weights: Weights) -> None:  # noqa: FBT001 - a case
    """It does not matter where a vector came from."""
    before = issue_of(collected, weights, ADA)
    made = weights.vectors.encode_papers(PAPERS)
    if kept:
        by_id = {paper.id: vector for paper, vector in zip(PAPERS, made, strict=True)}
        collected.vectors.keep(weights.vectors.name, by_id)
        found = collected.vectors.of(weights.vectors.name, by_id)
        assert all((found[paper] == by_id[paper]).all() for paper in by_id)

    assert issue_of(collected, weights, ADA) == before
