"""Whole runs that `benchmarks/deliver.py` measures in processes of their own, by the number of subscribers."""

from __future__ import annotations

import itertools
import random
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from threading import Thread

from mailing import DAY, NEWSLETTER, NOW, mailing
from measuring import Task
from senders import Forgetful, new_store, queue_and_deliver

from newsletter.collect.fetch import HttpAndFiles
from newsletter.config.settings import Config, IssueSettings, Schedule
from newsletter.deliver import More, deliver
from newsletter.deliver.message import as_bytes
from newsletter.models import Edition, Email, Interest, InterestKind, Subscriber
from newsletter.pipeline import Draft, Due, Outcome, OutcomeKind, collect_edition, send
from newsletter.render import compile_templates
from newsletter.sample import ATOM_FEED, LISTING_PAGE
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.pages import Pages
from newsletter.weights import load as load_weights

_BODIES = 200
"""Different bodies of the readers whose number is measured; addresses, ids and boundaries are all their own."""
_PAPERS, _INTERESTS = 6, 5


def outbox(task: Task) -> Iterator[None]:
    """Make messages for so many readers, queue them and send them meanwhile, unsigned."""
    emails = mailing(min(_BODIES, task.count)).emails

    def made(number: int) -> tuple[Email, bytes]:
        email = emails[number % len(emails)]
        address = f"reader{number}@example.org"
        email = replace(email, recipient=(f"Reader {number}", address), message_id=f"<i20260604.s{number}@example.org>")
        return email, as_bytes(email)

    with new_store(task.folder) as store:
        yield
        queue_and_deliver(store, task, made)


def whole(task: Task, *, kept: bool = True) -> Iterator[None]:
    """Send the sample edition to so many readers: compose, render, sign, queue, deliver.

    Without `kept` the same issues are made and sent in the same way by an outbox that keeps nothing.
    """
    sample = Path(str(files("newsletter") / "sample"))
    sources = (Arxiv(path=ATOM_FEED), Pages(path=LISTING_PAGE))
    weights, templates = load_weights(), compile_templates()
    with new_store(task.folder) as store:
        fetch = HttpAndFiles(sample)
        edition = collect_edition(sources, store, fetch=fetch, day=DAY, now=NOW, weights=lambda: weights)
        readers = [_reader(number, _phrases(edition)) for number in range(task.count)]
        config = Config(
            task.folder / "subscribers.yaml", NEWSLETTER, sources, Schedule(), None,
            IssueSettings(max_papers=_PAPERS, trending=0), f"sqlite:///{store.path}", None, tuple(readers),
            dkim=task.mailing.keys[:1],
        )  # fmt: skip
        due = [Due(reader, DAY, DAY, DAY) for reader in readers]
        yield
        sending = partial(send, config, store, due, weights=weights, templates=templates, clock=lambda: NOW)
        expected = OutcomeKind.SENT if kept else OutcomeKind.DRAFTED
        outcomes = sending(mailer=task.mailer) if kept else _forgetfully(sending, task)
    if any(outcome.kind is not expected for outcome in outcomes):
        sys.exit(f"not sent: {next(outcome for outcome in outcomes if outcome.kind is not expected)}")


def _forgetfully(sending: Callable[..., tuple[Outcome, ...]], task: Task) -> tuple[Outcome, ...]:
    """Hand over what is made while the next issues are, and write nothing of it down."""
    outbox, more = Forgetful(()), More()
    thread = Thread(target=deliver, args=(outbox, task.mailer), kwargs={"clock": lambda: NOW, "more": more})
    thread.start()

    def made(draft: Draft) -> None:
        if draft.queued:
            outbox.add(draft.queued)
            more.tell()

    outcomes = sending(mailer=None, made=made)
    more.done = True
    thread.join()
    return outcomes


def _phrases(edition: Edition) -> Sequence[str]:
    """Return pairs of words of titles, the same on every machine."""
    titles = (re.findall(r"[A-Za-z-]{5,}", paper.title) for paper in edition.papers)
    pairs = {f"{one} {other}" for words in titles for one, other in itertools.pairwise(words)}
    return random.Random(0).sample(sorted(pairs), len(pairs))


def _reader(number: int, phrases: Sequence[str]) -> Subscriber:
    """Return a subscriber; the nth phrase is 1/n as wanted as the first, as in `benchmarks/render.py`."""
    chance = random.Random(number)
    wanted = {phrases[int(len(phrases) ** chance.random()) - 1] for _ in range(_INTERESTS)}
    interests = tuple(Interest(InterestKind.PHRASE, phrase, (phrase,)) for phrase in sorted(wanted))
    return Subscriber(f"reader{number}@example.org", interests, name=f"Reader {number}", max_papers=_PAPERS)
