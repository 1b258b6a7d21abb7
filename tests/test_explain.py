"""Why a paper is in an issue, or is not; and what the store knows that issues are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from makers import (
    DAY,
    NOW,
    a_config,
    a_delivery,
    a_match,
    a_paper,
    a_queued,
    a_reason,
    a_section,
    a_subscriber,
    an_edition,
    an_interest,
    an_issue,
)

from newsletter.explain import Explanation, Fate, explain, nearest_of_all, trace
from newsletter.explain.nearness import nearness
from newsletter.explain.sentences import evidence, notes, numbers, sentence, verdict, why_cut, why_unmatched
from newsletter.explain.tracing import found_in
from newsletter.models import (
    TRENDING,
    Cut,
    CutReason,
    DeliveryState,
    Interest,
    InterestKind,
    Issue,
    Paper,
    Reason,
    ReasonKind,
    Status,
    Subscriber,
)
from newsletter.pipeline import Prepared, edition_between, groundwork, issue_for, prepare
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


def updated(paper: Paper) -> Paper:
    """Return a stored paper of which version 2 was announced."""
    return replace(paper, entries=(*paper.entries, replace(paper.entries[0], version=2)))


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
    """It is no news to them: the verdict says so with the line, and nothing is proposed."""
    told = asked(GALAXY, replace(ADA, interests=(*ADA.interests, example(GALAXY.id))))

    assert (told.fate, told.remedies, told.exclusion, told.note) == (Fate.EXAMPLE, (), None, "")
    assert verdict(told, ADA.email) == (
        "THE EXAMPLE that ada@example.org named (subscribers.yaml:12): what is like it comes, "
        "and itself is no news to them"
    )


def test_what_an_example_or_a_vote_brings_is_told_as_chosen(asked: Ask, collected: Store, weights: Weights) -> None:
    """Likeness counts where the fate is told as where the issue is made, and stands among the interests' verdicts."""
    collected.votes.cast("grace@example.org", PAPERS[1].id, 1, at=NOW)
    likes = replace(ADA, interests=(example(PAPERS[0].id),))
    votes = a_subscriber("grace@example.org", interests=(an_interest("high-redshift galaxies"),))

    for reader in (likes, votes):
        chosen = {matched.paper.id: matched.score for matched in issue_of(collected, weights, reader).chosen}
        told = {paper.id: asked(paper, reader) for paper in PAPERS}
        assert chosen
        assert {paper for paper, each in told.items() if each.fate is Fate.CHOSEN} == set(chosen)
        assert all(told[paper].nearest[0].score == pytest.approx(score) for paper, score in chosen.items())


@pytest.mark.parametrize("known", [True, False], ids=["told before", "not told"])
def test_an_update_that_the_reader_was_told_of_takes_no_place(known: bool, store: Store, weights: Weights) -> None:  # noqa: FBT001 - a case
    """The issue that is traced is the one that would be sent."""
    reader, paper = replace(ADA, updates=True, max_papers=1), a_paper("Drafts", abstract="On speculative decoding.")
    newer = updated(PAPERS[0])
    store.editions.save(an_edition(PAPERS[0], day=DAY - timedelta(days=2)), collected_at=NOW - timedelta(days=2))
    store.editions.save(an_edition(paper, updates=(newer,)), collected_at=NOW)
    update = Reason(ReasonKind.UPDATE, count=2, since=DAY - timedelta(days=2))
    for days, reasons in ((2, (a_reason(),)), (1, (a_reason(), update)))[: 2 if known else 1]:
        told = [("", a_match(PAPERS[0], reasons=reasons))]
        earlier = a_queued(reader.email, issue_date=DAY - timedelta(days=days), papers=told)
        store.outbox.queue([earlier], now=NOW)

    found = explain(a_config(reader), store, weights, subscriber=reader, paper=paper, first_day=DAY)

    assert found.fate is (Fate.CHOSEN if known else Fate.CUT)


# ------------------------------------------------------------------ and trends


def test_what_its_own_issue_cut_may_trend_in_the_next(asked: Ask, collected: Store, weights: Weights) -> None:
    """Then nothing is left of the cut; what its own issue brings is not told as a trend of another."""
    reader = replace(ADA, max_papers=1)
    first = ids(issue_of(collected, weights, reader))[0]
    lead, other = sorted(PAPERS[:-1], key=lambda paper: paper.id != first)[:2]
    for paper in (lead, other):
        collected.votes.cast("grace@example.org", paper.id, 1, at=NOW)
    tomorrow = DAY + timedelta(days=1)
    fresh = a_paper("Speculative decoding of tomorrow", id="arxiv:2611.00200", abstract="It is drafted today.")
    collected.editions.save(an_edition(fresh, day=tomorrow), collected_at=NOW + timedelta(days=1))
    assert asked(other, replace(reader, trending=0)).fate is Fate.CUT

    trending, chosen = asked(other, reader), asked(lead, reader)

    assert (trending.fate, trending.issue_day, trending.section) == (Fate.TRENDING, tomorrow, TRENDING)
    assert (trending.cut, trending.last_chosen, trending.remedies) == (None, 0.0, ())
    assert (chosen.fate, chosen.issue_day) == (Fate.CHOSEN, DAY)


def test_a_part_of_the_days_of_an_issue_decides_nothing(store: Store, weights: Weights) -> None:
    """Of a week's issue a paper is cut, though it would lead that of its own day, and though others speak for it."""
    reader = replace(ADA, weekdays=frozenset({5}), max_papers=1, interests=(an_interest("speculative decoding"),))
    weak = a_paper("Drafts", abstract="On speculative decoding, among many other things that are not like it at all.")
    store.editions.save(an_edition(PAPERS[0], day=DAY - timedelta(days=1)), collected_at=NOW - timedelta(days=1))
    store.editions.save(an_edition(weak, GALAXY), collected_at=NOW)
    store.votes.cast("grace@example.org", weak.id, 1, at=NOW)
    for voter in ("grace@example.org", "emmy@example.org"):  # what fills the one place under Trending
        store.votes.cast(voter, GALAXY.id, 1, at=NOW)

    def ask(reader: Subscriber) -> Explanation:
        return explain(a_config(reader), store, weights, subscriber=reader, paper=weak, first_day=DAY)

    assert ask(replace(reader, trending=1)).fate is Fate.CUT
    assert ask(replace(reader, trending=2)).fate is Fate.TRENDING


# ------------------------------------------------------------------ traced without a store


def prepared_for(weights: Weights, *readers: Subscriber, papers: tuple[Paper, ...] = PAPERS) -> Prepared:
    """Return the groundwork of one edition, from no store."""
    return prepare(an_edition(*papers), readers, weights)


def test_an_edition_without_a_store_is_traced_alike(asked: Ask, weights: Weights) -> None:
    """One function decides for both, remedies too."""
    reader = replace(ADA, max_papers=2, exclude=(an_interest("proteins"),))
    prepared = prepared_for(weights, reader)

    for paper in PAPERS:
        told = trace(prepared, reader, paper, day=DAY, first_day=DAY)
        assert told == asked(paper, reader)


def test_what_the_reader_has_is_told_with_its_day(weights: Weights) -> None:
    """As the issue that would be made now cuts it."""
    prepared, paper = prepared_for(weights, ADA), PAPERS[0]

    told = trace(prepared, ADA, paper, day=DAY, first_day=DAY, received={paper.id: date(2026, 11, 18)})

    assert (told.fate, told.remedies) == (Fate.CUT, ())
    assert verdict(told, ADA.email).startswith("CUT for ada@example.org (sent): in the issue of 2026-11-18; it has ")


def test_an_update_is_news_to_those_alone_who_had_the_paper(weights: Weights) -> None:
    """To everybody else it is not new, however well it matches."""
    reader = replace(ADA, updates=True)
    newer = updated(PAPERS[0])
    prepared = prepare(an_edition(*PAPERS[1:], updates=(newer,)), (reader,), weights)

    stranger = trace(prepared, reader, newer, day=DAY, first_day=DAY)
    before = {newer.id: date(2026, 11, 18)}
    had = trace(prepared, reader, newer, day=DAY, first_day=DAY, received=before)
    told = trace(prepared, reader, newer, day=DAY, first_day=DAY, received=before, versions={newer.id: 2})

    assert (stranger.fate, stranger.remedies) == (Fate.NOT_NEW, ())
    assert stranger.nearest[0].score > 0.5
    assert stranger.note == "a newer version was announced, which concerns those who had the paper before"
    assert had.fate is Fate.CHOSEN
    assert told.cut is not None
    assert (told.fate, told.cut.reason) == (Fate.CUT, CutReason.SENT)


def test_a_paper_of_another_edition_is_not_new(weights: Weights) -> None:
    """It is no error to ask, and no interest is blamed."""
    told = trace(prepared_for(weights, ADA, papers=PAPERS[:3]), ADA, GALAXY, day=DAY, first_day=DAY)

    assert (told.fate, told.nearest, told.remedies) == (Fate.NOT_NEW, (), ())
    assert verdict(told, ADA.email) == "NOT NEW in the issue of 2026-11-20 for ada@example.org"


def test_who_receives_nothing_is_told_so_beside_the_verdict(weights: Weights) -> None:
    """A pause is no reason of the paper's."""
    reader = replace(ADA, status=Status.PAUSED)

    told = trace(prepared_for(weights, reader), reader, PAPERS[0], day=DAY, first_day=DAY)

    assert told.fate is Fate.CHOSEN
    assert notes(told) == ("ada@example.org is paused and receives nothing",)


def test_a_section_that_the_reader_called_trending_is_theirs() -> None:
    """What others recommend is known by where the issue keeps it, not by a heading."""
    mine, theirs = a_match(a_paper("Mine")), a_match(a_paper("Theirs"))
    issue = an_issue(a_section(TRENDING, mine), trending=(theirs,))

    found = [found_in(issue, Explanation(each.paper, DAY, Fate.UNMATCHED)) for each in (mine, theirs, a_match())]

    assert [each.fate if each else None for each in found] == [Fate.CHOSEN, Fate.TRENDING, None]


def test_the_nearest_interest_of_all_papers_is_that_of_each(weights: Weights) -> None:
    """One product for the edition, and the same verdict; equal ones go by name, whatever the order in the file."""
    twins = (an_interest("galaxies"), an_interest("Galaxies", origin="x.yaml:9"))
    interests = (*twins, an_interest("chess engines"))
    reader, turned = replace(ADA, interests=interests), replace(ADA, interests=interests[::-1])
    prepared = prepared_for(weights, reader)

    every = nearest_of_all(prepared, reader)

    assert set(every) <= {paper.id for paper in PAPERS}
    assert every[GALAXY.id].interest == "Galaxies"
    for paper in PAPERS:
        best = nearness(prepared, reader, paper)[0]
        told = every.get(paper.id)
        assert (told.interest, told.score) == (best.interest, best.score) if told else best.score == 0
    assert nearest_of_all(prepared, turned) == every
    assert nearest_of_all(prepared, replace(ADA, interests=())) == {}
    assert nearest_of_all(prepared_for(weights, ADA, papers=()), ADA) == {}


# ------------------------------------------------------------------ in words

REASONS = {
    "words": (a_reason(), '"speculative decoding": speculative, decoding in the title'),
    "abstract": (a_reason(in_title=False), '"speculative decoding": speculative, decoding in title and abstract'),
    "meaning": (a_reason(kind=ReasonKind.MEANING, words=()), '"speculative decoding": close in meaning'),
    "near": (a_reason(kind=ReasonKind.MEANING, words=("decoding",)), "close in meaning; has decoding"),
    "category": (Reason(ReasonKind.CATEGORY, "cs", ("cs.CL",)), "cs: the paper is in cs.CL"),
    "author": (Reason(ReasonKind.AUTHOR, "G. Hopper", ("Grace Hopper",)), "G. Hopper: an author is Grace Hopper"),
    "venue": (Reason(ReasonKind.VENUE, "NeurIPS", ("NeurIPS 2026",)), "NeurIPS: it states NeurIPS 2026"),
    "example": (
        Reason(ReasonKind.EXAMPLE, "arxiv:1", example="Draft trees", likeness=0.5),
        'like "Draft trees", which the reader named (0.50 of 1)',
    ),
    "liked": (
        Reason(ReasonKind.LIKED, "your votes", example="Draft trees", likeness=0.25),
        'like "Draft trees", which the reader voted for (0.25 of 1)',
    ),
    "upvotes": (Reason(ReasonKind.UPVOTES, count=1200), "1,200 upvotes on Hugging Face"),
    "votes": (Reason(ReasonKind.VOTES, count=1), "1 reader recommended it"),
    "pick": (Reason(ReasonKind.PICK, editor="Ada Lovelace", note="Read it."), "picked by Ada Lovelace: Read it."),
    "nobody's pick": (Reason(ReasonKind.PICK), "picked by the editor"),
    "update": (
        Reason(ReasonKind.UPDATE, count=2, since=date(2026, 11, 18)),
        "updated to v2; received before on 2026-11-18",
    ),
}


@pytest.mark.parametrize(("reason", "told"), REASONS.values(), ids=REASONS)
def test_every_reason_has_a_sentence(reason: Reason, told: str) -> None:
    """With the numbers of a phrase, and at last the line of the interest where there is one."""
    assert told in evidence(reason)
    assert sentence(reason) == evidence(reason)
    assert sentence(replace(reason, origin="x.yaml:9")) == f"{evidence(reason)} - x.yaml:9"
    assert bool(numbers(reason)) == (reason.kind in {ReasonKind.WORDS, ReasonKind.MEANING})


def test_no_kind_of_reason_is_left_without_words() -> None:
    """A new kind gets its sentence, or it does not land."""
    assert {reason.kind for reason, _ in REASONS.values()} == set(ReasonKind)


@pytest.mark.parametrize(
    ("lexical", "closeness", "told"),
    [
        (0.9, 6.0, "words 0.90 + 0.15 × closeness 6.0 = 1.80 ≥ 1.07"),
        (0.1, -1.0, "words 0.10 + 0.15 × closeness -1.0 = -0.05 < 1.07"),
    ],
)
def test_a_phrase_is_told_with_the_gate(lexical: float, closeness: float, told: str) -> None:
    """Both parts of the sum, and on which side of the gate it lies."""
    assert numbers(a_reason(lexical=lexical, closeness=closeness)) == told
    assert numbers(None) == ""


def test_what_went_to_the_outbox_is_told_with_its_state() -> None:
    """Sent is said of what the server took alone."""
    lead = Explanation(a_paper(), DAY, Fate.SENT, delivery=a_delivery(state=DeliveryState.SENT))
    waiting = replace(lead, section="Decoding", delivery=a_delivery())

    assert verdict(lead, "ada@example.org").startswith("SENT to ada@example.org as the lead, issue of 2026-11-20, <")
    assert verdict(waiting, "ada@example.org").startswith('IN THE OUTBOX (queued) for ada@example.org in "Decoding",')


@pytest.mark.parametrize(
    ("reason", "detail", "told"),
    [
        (CutReason.LIMIT, "max_papers is 8", "cut: max_papers is 8"),
        (CutReason.SENT, "in the issue of 2026-11-18", "received already in the issue of 2026-11-18"),
        (CutReason.EXCLUDED, "dust (x.yaml:9)", "excluded by dust (x.yaml:9)"),
        (CutReason.SCORE, "0.55 is under min_score 0.60", "0.55 is under min_score 0.60"),
    ],
)
def test_what_was_cut_is_told_in_a_sentence_of_its_own(reason: CutReason, detail: str, told: str) -> None:
    """For a list where no verdict stands before it."""
    assert why_cut(Cut(a_match(), reason, detail)) == told


def test_what_is_missing_names_the_interests_that_brought_it_elsewhere() -> None:
    """Not asked for, or asked for and not let through; what is no interest has no name."""
    both = a_match(reasons=(a_reason(), a_reason(interest="chess"), Reason(ReasonKind.PICK)))

    assert why_unmatched(both, ADA) == (
        'not matched: "chess" is not asked for; "speculative decoding" does not let it through'
    )
    assert why_unmatched(a_match(reasons=(Reason(ReasonKind.PICK),)), ADA) == "not matched"


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
