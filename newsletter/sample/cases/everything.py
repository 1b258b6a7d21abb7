"""One issue with one of everything: what the templates can show, they show here."""

from __future__ import annotations

from datetime import date, timedelta

from newsletter.models import (
    LEFTOVERS,
    PEOPLE,
    HealthState,
    Interest,
    InterestKind,
    Issue,
    Reason,
    ReasonKind,
    Signals,
    SourceHealth,
)
from newsletter.sample.cases.records import INTEREST, MOMENT, PIONEERS, WORDS, health, issue, matched, paper, section
from newsletter.sample.cases.records import reader as a_reader

_SENT = date(2026, 11, 3)  # when the reader got the version before

_LEAD = paper(
    1,
    "Drafting in trees: a calculus of guesses for large models",
    authors=PIONEERS[:7],
    summary="We show that a tree of drafts makes decoding 3.1 times faster without changing a single word.",
    signals=Signals(upvotes=86, upvotes_at=MOMENT, code_url="https://example.org/code/drafting-in-trees"),
)
_PICKED = paper(
    2,
    "What a compiler owes its reader",
    abstract="An error message is read more often than any manual. Rewriting forty of them halved the time to a fix.",
    authors=("Grace Hopper",),
    categories=("cs.PL",),
)
_SHARED = paper(
    3,
    "Verification is cheaper than you think",
    byline="the reading group",
    signals=Signals(venue="NeurIPS 2026", comment="Accepted at NeurIPS 2026, 14 pages"),
    tldr="Checking eight guesses costs little more than making one.",
)
_NEWER = paper(
    4,
    "Saying the next word before it is asked for",
    abstract="A first version guessed four words ahead. This one guesses seven.",
    version=3,
)
_BY_SOMEBODY = paper(
    5,
    "Notes on the symmetry of conservation laws",
    abstract="Every symmetry keeps something. We prove the converse for systems that forget.",
    authors=("Emmy Noether", "Lise Meitner"),
)
_KNOWN = paper(
    6,
    "Effects without handlers",
    abstract="Handlers are convenient and slow. We show that 92 % of them can be compiled away, and which.",
    categories=("cs.PL", "cs.LO"),
    signals=Signals(
        upvotes=1041,
        upvotes_at=MOMENT,
        venue="POPL 2027",
        code_url="https://example.org/code?of=effects&branch=main",
        project_url="https://example.org/effects/",
    ),
)
_AT_A_VENUE = paper(
    7,
    "A sound system of ownership, proved by a machine",
    abstract="Ownership keeps memory from leaking. We present a proof that a machine checks in nine minutes.",
    categories=("cs.LO",),
    signals=Signals(venue="POPL 2027"),
)
_ALIKE = paper(
    8,
    "How a person skims a hundred abstracts",
    abstract="We watched twelve people choose what to read. They look at the last sentence first.",
    authors=PIONEERS[2:5],
    categories=("cs.HC",),
)
_LIKED = paper(
    9,
    "Where the eye rests on a page",
    abstract="Titles are read in two jumps. We find that a line of 66 letters is read fastest.",
    authors=("Katherine Johnson", "Dorothy Vaughan"),
    categories=("cs.HC",),
)
_TRENDING = paper(
    10,
    "A million steps of one small robot",
    abstract="A robot walked for a month without a fall. We release every step.",
    authors=("Mary Somerville", "Chien-Shiung Wu"),
    categories=("cs.RO",),
    byline="the community",
    signals=Signals(upvotes=12_408, upvotes_at=MOMENT, project_url="https://example.org/robot/"),
)

_ALONE = paper(
    11,
    "Counting the stars of one photograph",
    abstract="A plate of 1911 holds 21,000 stars. We count them again, and find 40 that were missed.",
    authors=("Mary Somerville",),
    categories=("astro-ph.IM",),
)

_INTERESTS = (
    Interest(InterestKind.PHRASE, INTEREST, (INTEREST,)),
    Interest(InterestKind.PHRASE, "star catalogues", ("star catalogues",)),
    Interest(InterestKind.CATEGORY, "cs.PL", ("cs.PL",)),
    Interest(InterestKind.AUTHOR, "Grace Hopper", ("Grace Hopper",)),
    Interest(InterestKind.AUTHOR, "Emmy Noether", ("Emmy Noether",)),
    Interest(InterestKind.VENUE, "POPL", ("POPL",)),
    Interest(InterestKind.PAPER, "arxiv:2401.10020", ("arxiv:2401.10020",)),
)


def cases() -> dict[str, Issue]:
    """Return the one case."""
    return {"everything": _everything()}


def every_state() -> tuple[SourceHealth, ...]:
    """Return a source in each state that there is."""
    return (
        health(warnings=("entry 12 has no title", "entry 40 has no address")),
        health("feed Distill", HealthState.EMPTY, entries=0, detail="no entry since Monday"),
        health("hugging face", HealthState.LATE, entries=0, detail="it lists nothing yet"),
        health("biorxiv", HealthState.THROTTLED, entries=0, again_at=MOMENT + timedelta(hours=2)),
        health("feed Letters", HealthState.FAILED, entries=0, detail="the server answered 503", failures=3),
    )


def _everything() -> Issue:
    partly = Reason(ReasonKind.WORDS, INTEREST, ("decoding",), lexical=0.6, closeness=3.1)
    near = Reason(ReasonKind.MEANING, INTEREST, closeness=4.2)
    update = Reason(ReasonKind.UPDATE, count=3, since=_SENT)
    example = Reason(ReasonKind.EXAMPLE, "arxiv:2401.10020", example="How to read a paper", likeness=0.81)
    liked = Reason(ReasonKind.LIKED, example="The cost of a second glance", likeness=0.74)
    note = "Read section 4 first: the table there settles an old quarrel."
    grace, emmy = (Reason(ReasonKind.AUTHOR, name) for name in ("Grace Hopper", "Emmy Noether"))
    stars = Reason(ReasonKind.WORDS, "star catalogues", ("stars",), in_title=True, lexical=0.6, closeness=2.2)
    picked = (Reason(ReasonKind.PICK, note=note, editor="Emmy"), Reason(ReasonKind.VOTES, count=5))
    community = (Reason(ReasonKind.VOTES, count=1), Reason(ReasonKind.UPVOTES, count=12_408))
    return issue(
        section(INTEREST, matched(_SHARED, partly, score=0.8), matched(_NEWER, near, update, score=0.72)),
        section(PEOPLE, matched(_BY_SOMEBODY, emmy, score=0.7), interest=""),
        section(
            "Types & effects",
            matched(_KNOWN, Reason(ReasonKind.CATEGORY, "cs.PL"), score=0.66),
            matched(_AT_A_VENUE, Reason(ReasonKind.VENUE, "POPL"), score=0.64),
            interest="cs.PL",
            announced=37,
        ),
        section(
            "Reading by hand",
            matched(_ALIKE, example, score=0.62),
            matched(_LIKED, liked, score=0.61),
            interest="arxiv:2401.10020",
        ),
        section(LEFTOVERS, matched(_ALONE, stars, score=0.55), interest="", announced=1),
        lead=matched(_LEAD, WORDS, grace, Reason(ReasonKind.UPVOTES, count=86), score=0.97),
        picks=(matched(_PICKED, *picked, score=0.4),),
        trending=(matched(_TRENDING, *community, score=0.3),),
        subscriber=a_reader(interests=_INTERESTS, updates=True),
        considered=1312,
        health=every_state(),
    )
