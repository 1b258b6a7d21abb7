"""Issues drawn for people to look at: what each subscriber would get, as the bytes that would be sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from newsletter.config import Config
from newsletter.deliver.message import as_bytes
from newsletter.models import Edition, Email, Issue, Subscriber
from newsletter.pipeline import groundwork, groundwork_alone, issue_for, trends_on
from newsletter.render import NO_PICTURES, LetterKind, Renderer, compile_templates, letter
from newsletter.store import Store
from newsletter.thumbnails import Thumbnails
from newsletter.weights import load as load_weights


@dataclass(frozen=True, slots=True)
class Previewed:
    """One subscriber's issue, drawn, and the message that would be sent. Made by `draw`."""

    issue: Issue
    email: Email
    message: bytes


def draw(
    config: Config, edition: Edition, subscribers: Sequence[Subscriber], *, store: Store | None = None
) -> tuple[Previewed, ...]:
    """Return what each of `subscribers` would get from `edition`; with a store, without what they already have."""
    moment = datetime.combine(edition.day, time(7), UTC)
    trends = trends_on(store, config.picks, day=edition.day, now=moment) if store else ()
    weights = load_weights()
    prepared = (
        groundwork(store, edition, config.subscribers, weights, trends=trends)
        if store
        else groundwork_alone(edition, config.subscribers, weights, picks=config.picks, now=moment)
    )
    templates = compile_templates(config.templates, look=config.issue.look)
    renderer = Renderer(
        config.newsletter,
        templates,
        abstract=config.issue.abstract,
        readers=config.readers,
    )
    thumbnails = Thumbnails(store, None, now=moment) if store and templates.shows_pictures else None
    found = []
    for reader in subscribers:
        received = store.outbox.received(reader.email) if store else {}
        versions = store.outbox.versions(reader.email, besides=edition.day) if store else {}
        # An issue that went out already is shown as it was, not as what is left after it.
        earlier = {paper: sent for paper, sent in received.items() if sent != edition.day}
        issue = issue_for(prepared, reader, day=edition.day, received=earlier, versions=versions)
        pictures = thumbnails.of(matched.paper for matched in issue.papers) if thumbnails else NO_PICTURES
        email = renderer.render(issue, date=moment, pictures=pictures)
        found.append(Previewed(issue, email, as_bytes(email)))
    return tuple(found)


def proofs(config: Config, previewed: Sequence[Previewed]) -> Iterator[tuple[str, bytes]]:
    """Yield what is worth checking of everybody's email, each with a name: templates break alike for those alike.

    Of each language, with HTML or without, the largest issue, and every letter.
    """
    alike: dict[tuple[str, bool], list[Previewed]] = {}
    for each in previewed:
        reader = each.issue.subscriber
        alike.setdefault((reader.language, reader.text_only), []).append(each)
    templates = compile_templates(config.templates, look=config.issue.look)
    for group in alike.values():
        largest = max(group, key=lambda each: len(each.message))
        reader = largest.issue.subscriber
        yield f"the issue of {reader.email}", largest.message
        for kind in LetterKind:
            email = letter(kind, reader, config.newsletter, templates, date=largest.email.date, link=_SOME_LINK)
            yield f"the letter {kind} to {reader.email}", as_bytes(email)


_SOME_LINK = "https://example.org/confirm"
