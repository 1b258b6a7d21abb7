"""The whole main job on this machine alone: bundled papers, example subscribers, real SMTP to an inbox of our own.

What the inbox received is laid out to be opened: each message as `.eml`, and its two parts as `.html` and `.txt`; the
settings and the database stay beside them, so that `explain` and `send` can be tried on the same run.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from email import message_from_bytes, policy
from glob import glob
from importlib.resources import files
from pathlib import Path
from typing import Any

from newsletter.collect import collect, named
from newsletter.collect.fetch import HttpAndFiles
from newsletter.config import Config, load
from newsletter.dedupe import dedupe
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import UsageError
from newsletter.inbox import Inbox
from newsletter.models import Edition, MatchedPaper, SmtpSettings, Status
from newsletter.pipeline import Draft, Due, Outcome, Prepared, Progress, collect_edition, groundwork, send, silent
from newsletter.render import compile_templates
from newsletter.sample import ATOM_FEED, DAY, LISTING_PAGE
from newsletter.sources.arxiv import Arxiv
from newsletter.sources.pages import Pages
from newsletter.sources.source import Source
from newsletter.store import Store
from newsletter.weights import load as load_weights

SUMMARY = "summary.json"
SETTINGS = "subscribers.yaml"
DATABASE = "newsletter.db"


@dataclass(frozen=True, slots=True)
class Demo:
    """What a demo did and where it put things. Made by `run_demo`; `summary` is what `summary.json` holds."""

    directory: Path
    edition: Edition
    prepared: Prepared
    outcomes: tuple[Outcome, ...]
    drafts: tuple[Draft, ...]
    settings: Path
    summary: dict[str, Any]


def example_path() -> Path:
    """Return the example settings: inside the installed package, or beside it in a checkout."""
    bundled = Path(str(files("newsletter") / "subscribers.example.yaml"))
    return bundled if bundled.is_file() else Path(__file__).parent.parent / "subscribers.example.yaml"


def sample_edition() -> Edition:
    """Return the edition of the papers that ship, read by the same parsers as live ones."""
    now = datetime.combine(DAY, time(6), UTC)
    sources = (Arxiv(path=ATOM_FEED), Pages(path=LISTING_PAGE))
    fetch = HttpAndFiles(Path(str(files("newsletter") / "sample")))
    found = list(collect(named(sources), day=DAY, now=now, fetch=fetch))
    entries = [entry for arrival in found for entry in arrival.entries]
    health = sorted((arrival.health for arrival in found), key=lambda each: each.source)
    return Edition(DAY, dedupe(entries), tuple(health), len(entries))


def run_demo(directory: Path, *, pages: str | None = None, today: date, progress: Progress = silent) -> Demo:
    """Collect, match, render and send to every subscriber of the example, and lay out what arrived in `directory`.

    With `pages`, a file pattern, the saved listing pages are read instead of the sample, as the edition of `today`.
    """
    day = today if pages else DAY
    if pages and not glob(pages, recursive=True):  # noqa: PTH207 - Path.glob takes no absolute pattern
        raise UsageError(f"no file is called {pages}; give --pages a file or a pattern in quotes")
    _make_room(directory)
    sources = (Pages(path=str(Path.cwd() / pages)),) if pages else _unpacked_sample(directory)
    with Inbox(directory) as inbox:
        settings = _settings_file(directory, sources, inbox.settings)
        config = load(settings, environment={})
        edition, prepared, outcomes, drafts = _main_job(config, directory, day, progress)
        received = {_message_id(path): path for path in inbox.paths}
    _write_parts(received.values())
    summary = _summary(edition, prepared, outcomes, drafts, received) | {
        "made": _inventory(directory, received.values())
    }
    (directory / SUMMARY).write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Demo(directory, edition, prepared, outcomes, drafts, settings, summary)


def _main_job(
    config: Config, directory: Path, day: date, progress: Progress
) -> tuple[Edition, Prepared, tuple[Outcome, ...], tuple[Draft, ...]]:
    """Collect, prepare and send, as `run` does, with the clock standing at six in the morning."""
    if config.smtp is None:
        raise UsageError(f"{config.path} lost its smtp section")
    now = datetime.combine(day, time(6, 0), UTC)
    weights = load_weights()
    active = [reader for reader in config.subscribers if reader.status is Status.ACTIVE]
    drafts: list[Draft] = []
    with Store.open(config.store) as store:
        fetch = HttpAndFiles(directory)
        edition = collect_edition(
            config.sources, store, fetch=fetch, day=day, now=now, weights=lambda: weights, progress=progress
        )
        prepared = groundwork(store, edition, config.subscribers, weights, progress=progress)
        outcomes = send(
            config,
            store,
            [Due(reader, day, day, day) for reader in active],
            weights=weights,
            templates=compile_templates(config.templates, look=config.issue.look),
            mailer=SmtpMailer(replace(config.smtp, connections=1)),  # so that files are numbered in the order of people
            clock=lambda: now,
            progress=progress,
            made=drafts.append,
        )
    return edition, prepared, outcomes, tuple(drafts)


def _unpacked_sample(directory: Path) -> tuple[Source, ...]:
    """Put the papers that ship where the demo's settings find them, and everybody can look at them."""
    (directory / "sample").mkdir(exist_ok=True)
    for name in (ATOM_FEED, LISTING_PAGE):
        (directory / "sample" / name).write_bytes((files("newsletter") / "sample" / name).read_bytes())
    return (Arxiv(path=f"sample/{ATOM_FEED}"), Pages(path=f"sample/{LISTING_PAGE}"))


def _make_room(directory: Path) -> None:
    """Make `directory`, without what an earlier demo left in it; UsageError before anything else would be lost.

    A demo writes down what it made. What it did not make, or what somebody has changed since, is not touched.
    """
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is a file; name a folder with --out")
    made = _made(directory / SUMMARY)
    for name in (SUMMARY, SETTINGS, DATABASE, f"sample/{ATOM_FEED}", f"sample/{LISTING_PAGE}"):
        path = directory / name
        if path.exists() and (name not in made or made[name] not in {"", _digest(path)}):
            raise UsageError(f"{path} is not from a demo, or was changed since; name another folder with --out")
    for name in made:
        (directory / name).unlink(missing_ok=True)
    for path in directory.glob(f"{DATABASE}*") if made else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    directory.mkdir(parents=True, exist_ok=True)


def _made(summary: Path) -> dict[str, str]:
    """Return what an earlier demo made, each file with the digest of its bytes ("" where they may change)."""
    try:
        made = json.loads(summary.read_text(encoding="utf-8"))["made"]
        return {str(name): str(digest) for name, digest in made.items() if ".." not in Path(name).parts}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _settings_file(directory: Path, sources: Sequence[Source], smtp: SmtpSettings) -> Path:
    """Write the example with the demo's own sources, store and inbox, so that every command works on what it made."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - settings are read by `config`; only this one file is written

    yaml = YAML()
    yaml.preserve_quotes = True
    document = yaml.load(example_path().read_text(encoding="utf-8"))
    document["sources"] = [{_kind(source): source.model_dump(mode="json", exclude_unset=True)} for source in sources]
    document["store"] = f"sqlite:///{DATABASE}"
    document["smtp"] = {"host": smtp.host, "port": smtp.port, "encryption": smtp.encryption.value}
    path = directory / SETTINGS
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(document, file)
    return path


def _kind(source: Source) -> str:
    return type(source).__name__.lower()


def _inventory(directory: Path, received: Iterable[Path]) -> dict[str, str]:
    """Return every file this demo made, by name, with the digest of those whose edits nobody should lose."""
    made = {path.with_suffix(suffix).name: "" for path in received for suffix in (".eml", ".html", ".txt")}
    kept = (SETTINGS, f"sample/{ATOM_FEED}", f"sample/{LISTING_PAGE}")
    made |= {name: _digest(directory / name) for name in kept if (directory / name).exists()}
    return made | {DATABASE: "", SUMMARY: ""}


def _message_id(path: Path) -> str:
    return str(message_from_bytes(path.read_bytes(), policy=policy.default)["Message-ID"])


def _write_parts(paths: Iterable[Path]) -> None:
    for path in paths:
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        for kind in ("html", "plain"):
            part = message.get_body(preferencelist=(kind,))
            suffix = ".html" if kind == "html" else ".txt"
            if part is not None:
                content = part.get_content().replace("\r\n", "\n")
                path.with_suffix(suffix).write_text(content, encoding="utf-8", newline="\n")


def _summary(
    edition: Edition,
    prepared: Prepared,
    outcomes: Sequence[Outcome],
    drafts: Sequence[Draft],
    received: dict[str, Path],
) -> dict[str, Any]:
    return {
        "day": edition.day.isoformat(),
        "entries": edition.entries,
        "papers": len(edition.papers),
        "matched": sum(len(topic.papers) for topic in prepared.topics),
        "sources": [
            {"source": health.source, "state": health.state, "entries": health.entries, "detail": health.detail}
            for health in edition.health
        ],
        "topics": [
            {"label": topic.label, "papers": [paper.title for paper in topic.papers]} for topic in prepared.topics
        ],
        "subscribers": [_subscriber(*each, received) for each in zip(outcomes, drafts, strict=True)],
    }


def _subscriber(outcome: Outcome, draft: Draft, received: dict[str, Path]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "email": outcome.subscriber,
        "outcome": outcome.kind,
        "detail": outcome.detail,
        "message_id": "",
        "sections": [],
        "papers": [],
        "files": {},
    }
    if draft.issue is None or draft.email is None:
        return told
    issue, path = draft.issue, received.get(draft.email.message_id)
    told |= {
        "subject": draft.email.subject,
        "message_id": draft.email.message_id,
        "sections": [
            {"label": part.label, "interest": part.interest, "papers": [each.paper.title for each in part.papers]}
            for part in issue.sections
        ],
        "papers": [_paper(matched, section) for section, matched in issue.placed],
        "left_out": len(issue.cut),
    }
    if path is not None:
        told["files"] = {suffix: path.with_suffix(f".{suffix}").name for suffix in ("eml", "html", "txt")}
    return told


def _paper(matched: MatchedPaper, section: str) -> dict[str, Any]:
    return {
        "id": matched.paper.id,
        "title": matched.paper.title,
        "section": section,
        "lead": not section,
        "score": round(matched.score, 4),
        "reasons": [
            {
                "kind": reason.kind,
                "interest": reason.interest,
                "words": list(reason.words),
                "in_title": reason.in_title,
                "lexical": round(reason.lexical, 3),
                "closeness": round(reason.closeness, 2),
            }
            for reason in matched.reasons
        ],
    }
