"""Papers that readers name as examples: taken from the store, and where nobody brought one, asked for by its id.

readers' lines ──► identities ─┬─ stored papers
                               ├─ store.examples        asked for before, and found
                               └─ sources.named ──► fetch ──► store.examples: found, or in vain and why
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from newsletter.collect import Fetch
from newsletter.collect.fetch.failures import MayPass
from newsletter.config import Config
from newsletter.dedupe import dedupe
from newsletter.errors import SourceError, SourceThrottled, SourceUnreachable
from newsletter.models import Entry, InterestKind, Paper, Status, Subscriber
from newsletter.pipeline.collecting import Progress, silent
from newsletter.sources.named import Question, halves, parse, refusal, requests
from newsletter.sources.source import Source
from newsletter.store import Store
from newsletter.text import clean

log = logging.getLogger(__name__)

ASKED_AGAIN_AFTER = timedelta(hours=20)  # a day, but for a run that comes a little earlier than yesterday's
MOST_REQUESTS = 50  # of one run; what is left, the next one asks for
MOST_REFUSALS = 8  # in a row, of one service: halving finds the bad one of a hundred ids in seven
_CLOSED = (SourceUnreachable, SourceThrottled, MayPass)  # asking for fewer papers would not help
_TRY_AGAIN = re.compile(r"; [^;]*\bagain\b[^;]*\Z")  # what parsers and fetchers end with, and is not so here

Answer = tuple[Question, Mapping[str, Entry], str]


def collect_examples(
    config: Config, store: Store, *, fetch: Fetch, now: datetime, progress: Progress = silent
) -> tuple[str, ...]:
    """Ask for the papers that active readers name and nobody brought; return a line for each asked for in vain.

    What is found is kept in `store.examples`, and so is why another is not: that one is asked for once a day at most.
    Whatever a service does is told by such a line and stops nothing. `now` is aware.
    """
    named = _named(reader for reader in config.subscribers if reader.status is Status.ACTIVE)
    known = _known(store, named)
    waiting = {missing.identity for missing in store.examples.missing() if missing.at > now - ASKED_AGAIN_AFTER}
    wanted = [identity for identity in named if identity not in known and identity not in waiting]
    failed = {identity: reason for identity in wanted if (reason := refusal(identity))}
    done = len(failed)
    for question, found, why in _answers(wanted, config.sources, fetch, now):
        for identity, entry in found.items():
            store.examples.keep(identity, entry, now)
        reason = why or f"{question.service} knows no such paper; correct the id"
        failed |= {identity: reason for identity in question.identities if identity not in found}
        done += len(question.identities)
        progress("examples", done, len(wanted))
    for identity, reason in failed.items():
        store.examples.keep_missing(identity, reason, now)
    lines = tuple(_line(identity, named[identity], failed[identity]) for identity in named if identity in failed)
    for line in lines:
        log.warning("%s", line)
    return lines


def examples_of(store: Store, readers: Iterable[Subscriber]) -> dict[str, Paper]:
    """Return the paper of every identity that readers name, as far as it is known: a stored one, else what was asked.

    The key is the identity as the interest has it, which need not be the paper's id.
    """
    return _known(store, _named(readers))


def unknown_examples(config: Config, store: Store) -> tuple[str, ...]:
    """Return a line for each paper that active readers name and that is not known yet, with the reason where told."""
    named = _named(reader for reader in config.subscribers if reader.status is Status.ACTIVE)
    known = _known(store, named)
    reasons = {missing.identity: missing.reason for missing in store.examples.missing()}
    return tuple(
        _line(identity, origin, reasons[identity])
        if identity in reasons
        else f"{_place(identity, origin)}: not known yet"
        for identity, origin in named.items()
        if identity not in known
    )


# ------------------------------------------------------------------ what is named, and what is known


def _named(readers: Iterable[Subscriber]) -> dict[str, str]:
    """Return each identity that readers name, in interests or exclusions, with the first line it stands on."""
    found: dict[str, str] = {}
    for reader in readers:
        for interest in (*reader.interests, *reader.exclude):
            if interest.kind is InterestKind.PAPER:
                found.setdefault(interest.phrases[0], interest.origin)
    return found


def _known(store: Store, named: Iterable[str]) -> dict[str, Paper]:
    """Return the papers of identities: those stored under that id, else fetched examples, else stored under another."""
    identities = tuple(named)
    found = store.papers.of(identities)
    fetched = {
        identity: paper for identity, entry in store.examples.of(identities).items() for paper in dedupe([entry])
    }
    # Since then a source may have brought it, under an id that the answer told.
    brought = store.papers.of(
        name for identity in fetched if identity not in found for name in fetched[identity].identities
    )
    for identity, paper in fetched.items():
        same = (brought[name] for name in paper.identities if name in brought)
        found.setdefault(identity, next(same, paper))
    for identity in identities:
        if identity not in found and (stored := _stored(store, identity)):
            found[identity] = stored
    return found


def _stored(store: Store, identity: str) -> Paper | None:
    papers = (paper for paper, _ in store.editions.find_papers(identity))
    return next((paper for paper in papers if identity in (paper.id, *paper.identities)), None)


# ------------------------------------------------------------------ asking


def _answers(wanted: Iterable[str], sources: Sequence[Source], fetch: Fetch, now: datetime) -> Iterator[Answer]:
    """Yield each question with what it found, or why nothing came; a refused one is asked again in halves."""
    todo = list(requests(wanted, sources=sources))
    refusals: Counter[str] = Counter()
    closed: dict[str, str] = {}
    asked = 0
    while todo and asked < MOST_REQUESTS:
        question = todo.pop(0)
        service = question.service
        if service in closed:
            yield question, {}, closed[service]
            continue
        asked += 1
        answer = _answer(question, fetch, now)
        if not isinstance(answer, SourceError):
            refusals[service] = 0
            yield question, answer, ""
            continue
        refusals[service] += 1
        reason = _TRY_AGAIN.sub("", clean(str(answer)))
        if isinstance(answer, _CLOSED) or refusals[service] >= MOST_REFUSALS:
            closed[service] = reason
        elif parts := halves(question, sources=sources):
            todo[:0] = parts
            continue
        yield question, {}, reason


def _answer(question: Question, fetch: Fetch, now: datetime) -> dict[str, Entry] | SourceError:
    try:
        request, body = next(iter(fetch(question.request)))
        del request
        return parse(body, question, now=now)
    except SourceError as error:
        return error
    except Exception as error:
        log.exception("%s: unexpected error with the papers %s", question.service, ", ".join(question.identities))
        return SourceUnreachable(
            f"{question.service}: unexpected {type(error).__name__}; please report it with the log"
        )


def _place(identity: str, origin: str) -> str:
    return f"{identity} ({origin})" if origin else identity


def _line(identity: str, origin: str, reason: str) -> str:
    again = "" if refusal(identity) else "; asked again tomorrow"
    return f"{_place(identity, origin)}: {reason}{again}"
