"""A newsletter with its whole pipeline: settings, papers in a file, readers; `tick` is what cron would call."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from faults_world import World

from newsletter.collect.fetch import HttpAndFiles
from newsletter.config import Config, load
from newsletter.deliver.smtp import SmtpMailer
from newsletter.render import compile_templates
from newsletter.schedule import Ran, Tools, run_due
from newsletter.store import Store
from newsletter.weights import Weights
from newsletter.weights import load as load_weights

_SUBJECTS = ("trees of drafts", "acceptance of drafts", "skipped layers", "small models", "long contexts", "batches")
_HEAD = "newsletter: {{name: Daily Papers, from: 'Daily Papers <papers@example.org>'}}\nstore: '{store}'\n"
_SMTP = "smtp: {{host: 127.0.0.1, port: {port}, encryption: none, connections: {connections}, timeout_seconds: 5}}\n"
_REST = (
    "sources: [{file: {path: papers.jsonl}}]\n"
    "schedule: {days: [mon, tue, wed, thu, fri, sat, sun], time: '07:00', timezone: UTC}\n"
)


def tick(settings: Path, moment: datetime) -> Ran:
    """Do what `newsletter run --due` does at a moment."""
    config = _config(settings, settings.read_bytes())
    assert config.smtp is not None
    with Store.open(config.store) as store:
        return run_due(config, store, _tools(config, SmtpMailer(config.smtp), moment))


def ticks(settings: str, moment: str) -> None:
    """Do so, in a process of its own."""
    tick(Path(settings), datetime.fromisoformat(moment))


def open_newsroom(world: World, *, readers: int = 12, each: Sequence[str] = (), templates: str = "") -> None:
    """Write settings for readers of one interest, or for those in `each` (YAML of one), and what settles the world."""
    lines = each or [f"{{email: reader{number}@example.net}}" for number in range(readers)]
    text = _REST + (f"templates: {templates}\n" if templates else "")
    text += "subscribers:\n"
    for line in lines:
        text += f"  - {line[:-1]}, interests: [speculative decoding]}}\n"
    set_text(world, text)
    world.drains = lambda: _tick_told(world)
    if not (world.folder / "papers.jsonl").exists():
        publish(world)


def set_text(world: World, text: str) -> None:
    """Write the settings, of this store and sink."""
    made = _HEAD.format(store=world.url) + _SMTP.format(port=world.sink.port, connections=world.connections) + text
    (world.folder / "subscribers.yaml").write_text(made, encoding="utf-8")


def publish(world: World, *papers: dict[str, str], number: int = 6) -> None:
    """Let the file of papers hold `papers`, or `number` new ones."""
    made = list(papers) or list(_papers(world.rng, number))
    text = "".join(json.dumps(paper) + "\n" for paper in made)
    (world.folder / "papers.jsonl").write_text(text, encoding="utf-8")


def _papers(rng: random.Random, number: int) -> Iterator[dict[str, str]]:
    for _ in range(number):
        mark = rng.randrange(10**6)
        subject = rng.choice(_SUBJECTS)
        yield {
            "title": f"Speculative decoding with {subject} of kind {mark}",
            "abstract": f"Speculative decoding of large language models verifies what is drafted. We study {subject} "
            f"in setting {mark}, and find that draft {mark % 97} is accepted more often than draft {mark % 89}.",
        }


def of_the_store(world: World) -> None:
    """Take every delivery of the store for due."""
    with Store.open(world.url) as store:
        world.due.update({each.message_id: each.subscriber for each in store.history.deliveries()})


def _tick_told(world: World) -> None:
    ran = tick(world.folder / "subscribers.yaml", world.clock())
    world.told += [outcome.detail for outcome in ran.outcomes if outcome.detail]


@lru_cache(maxsize=4)
def _config(settings: Path, _text: bytes) -> Config:
    return load(settings, environment={})


def _tools(config: Config, mailer: SmtpMailer, moment: datetime) -> Tools:
    folder = config.path.parent
    return Tools(
        fetch=HttpAndFiles(folder, cache=folder / "cache", contact="papers@example.org"),
        weights=_weights,
        templates=lambda: compile_templates(config.templates),
        mailer=mailer,
        clock=lambda: moment,
    )


@cache
def _weights() -> Weights:
    return load_weights()


if os.environ.get("FAULTS_WARM"):  # in the server that processes are forked from: what is loaded is shared
    _weights()
    compile_templates()
