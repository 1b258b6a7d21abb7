"""What the store knows that issues are made of: vectors, examples, votes, and what topics were called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from newsletter.match import Tastes, Voted
from newsletter.models import Edition, InterestKind, Pick, Subscriber, Trend
from newsletter.pipeline.collecting import Progress, silent
from newsletter.pipeline.editions import Prepared, prepare, vectors_of
from newsletter.pipeline.examples import examples_of
from newsletter.store import Store
from newsletter.tokens import canonical
from newsletter.trending import trending
from newsletter.weights import Weights


def groundwork(
    store: Store,
    edition: Edition,
    subscribers: Iterable[Subscriber],
    weights: Weights,
    *,
    trends: Sequence[Trend] = (),
    progress: Progress = silent,
) -> Prepared:
    """Return what `prepare` does, with all that the store knows about the papers and the readers."""
    readers, model = tuple(subscribers), weights.vectors.name
    return prepare(
        edition,
        readers,
        weights,
        known=store.vectors.of(model, (paper.id for paper in edition.papers)),
        tastes=tastes_of(store, readers, weights),
        earlier=store.topics.before(edition.day, model),
        trends=trends,
        progress=progress,
    )


def groundwork_alone(
    edition: Edition,
    subscribers: Iterable[Subscriber],
    weights: Weights,
    *,
    picks: Sequence[Pick],
    now: datetime,
    progress: Progress = silent,
) -> Prepared:
    """Return what `groundwork` does where nothing is stored: what readers name, and what trends, is of `edition`."""
    readers = tuple(subscribers)
    known = {name: paper for paper in reversed(edition.papers) for name in (paper.id, *paper.identities)}
    asked = (each for reader in readers for each in (*reader.interests, *reader.exclude))
    named = [each.phrases[0] for each in asked if each.kind is InterestKind.PAPER]
    examples = {name: known[name] for name in named if name in known}
    papers = {paper.id: paper for paper in examples.values()}
    vectors = dict(zip(papers, vectors_of(tuple(papers.values()), weights, {}), strict=True))
    trends = trending(edition.papers, votes=(), picks=picks, now=now, limit=len(edition.papers))
    tastes = Tastes(examples, {}, vectors)
    return prepare(edition, readers, weights, tastes=tastes, trends=trends, progress=progress)


def tastes_of(store: Store, readers: Sequence[Subscriber], weights: Weights) -> Tastes:
    """Return the papers that these readers name as examples or voted on, as far as they are known."""
    named = any(each.kind is InterestKind.PAPER for reader in readers for each in (*reader.interests, *reader.exclude))
    examples = examples_of(store, readers) if named else {}
    votes = _votes(store, readers)
    papers = {paper.id: paper for paper in examples.values()}
    papers |= {paper.id: paper for voted in votes.values() for paper in (*voted.liked, *voted.disliked)}
    known = store.vectors.of(weights.vectors.name, papers)
    vectors = vectors_of(tuple(papers.values()), weights, known)
    return Tastes(examples, votes, dict(zip(papers, vectors, strict=True)))


def _votes(store: Store, readers: Sequence[Subscriber]) -> dict[str, Voted]:
    """Return the votes of those readers who have any, by case-folded address."""
    voters = store.votes.voters()
    votes = {key: store.votes.of(key) for key in (canonical(reader.email) for reader in readers) if key in voters}
    papers = store.papers.of(vote.paper_id for told in votes.values() for vote in told)
    return {
        key: Voted(
            tuple(papers[vote.paper_id] for vote in told if vote.value > 0 and vote.paper_id in papers),
            tuple(papers[vote.paper_id] for vote in told if vote.value < 0 and vote.paper_id in papers),
        )
        for key, told in votes.items()
    }
