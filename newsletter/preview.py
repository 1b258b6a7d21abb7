"""Issues to look at before anybody receives them: each as `.html`, `.txt` and `.eml`, and a page that lists them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time
from html import escape
from pathlib import Path

from newsletter.checks import Finding, Severity, check, measure
from newsletter.config import Config
from newsletter.deliver.message import as_bytes
from newsletter.models import Edition, Email, Issue, Subscriber
from newsletter.pipeline import groundwork, issue_for, prepare, trends_on
from newsletter.render import NO_PICTURES, LetterKind, Renderer, compile_templates, letter
from newsletter.store import Store
from newsletter.thumbnails import Thumbnails
from newsletter.weights import load as load_weights

_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")


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
        else prepare(edition, config.subscribers, weights)
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


def write(previewed: Sequence[Previewed], directory: Path) -> Path:
    """Write every issue into `directory` and return the page that lists them."""
    directory.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(previewed, 1):
        stem = directory / _stem(number, each)
        stem.with_name(stem.name + ".html").write_text(_standing_alone(each.email), encoding="utf-8")
        stem.with_name(stem.name + ".txt").write_text(each.email.text, encoding="utf-8")
        stem.with_name(stem.name + ".eml").write_bytes(each.message)
        findings = [asdict(finding) for finding in check(each.message)]
        told = {"sizes": asdict(measure(each.message)), "findings": findings}
        stem.with_name(stem.name + ".checks.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    index = directory / "index.html"
    index.write_text(_page(previewed), encoding="utf-8")
    return index


def _standing_alone(email: Email) -> str:
    """Return the HTML with its pictures in it: browsers know no `cid:`."""
    html = email.html
    for picture in email.pictures:
        data = b64encode(picture.data).decode("ascii")
        html = html.replace(f"cid:{picture.name}", f"data:{picture.media_type};base64,{data}")
    return html


def _stem(number: int, previewed: Previewed) -> str:
    """Return a file's name: numbered, because two addresses may differ in what no file's name can hold."""
    return f"{number:03}-" + _UNSAFE.sub("_", previewed.email.recipient[1])


def _page(previewed: Sequence[Previewed]) -> str:
    rows = "".join(
        f"<tr><td>{escape(each.email.recipient[1])}</td><td>{len(each.issue.papers)}</td>"
        f"<td>{escape(each.email.subject)}</td>"
        + "".join(f'<td><a href="{escape(_stem(number, each))}.{kind}">{kind}</a></td>' for kind in _KINDS)
        + f'<td><a href="{escape(_stem(number, each))}.checks.json">{verdict(check(each.message))}</a></td></tr>'
        for number, each in enumerate(previewed, 1)
    )
    return _LIST.replace("ROWS", rows)


def verdict(findings: Sequence[Finding]) -> str:
    """Return what checks found, in two words: `no findings`, `1 error, 2 warnings`."""
    counts = [(sum(found.severity is severity for found in findings), severity) for severity in Severity]
    told = [f"{count} {severity}{'s' if count > 1 else ''}" for count, severity in counts if count]
    return ", ".join(told) or "no findings"


_KINDS = ("html", "txt", "eml")
_LIST = """<!doctype html>
<html lang="en" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Issues to look at</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid #8884 }
</style>
</head>
<body>
<h1>Issues to look at</h1>
<table>
<thead><tr><th>Subscriber</th><th>Papers</th><th>Subject</th><th colspan="3">Open</th><th>Checks</th></tr></thead>
<tbody>ROWS</tbody>
</table>
</body>
</html>
"""
