"""`newsletter demo`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.console import Bars, columns, counted, say, say_json
from newsletter.cli.report import exit_code, health_rows, outcome_rows

if TYPE_CHECKING:
    from newsletter.demo import Demo


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(demo)


def demo(
    *,
    out: Annotated[Path, typer.Option("--out", help="Where to put what arrives.", file_okay=False)] = Path(
        "newsletter-demo"
    ),
    pages: Annotated[
        str | None,
        typer.Option("--pages", help="Read these saved listing pages (a file pattern) instead of the sample."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Try the whole newsletter now, offline: bundled papers, example subscribers, real SMTP to an inbox of its own."""
    from newsletter.demo import run_demo  # noqa: PLC0415 - the pipeline is loaded by the command that runs it

    with Bars() as bars:
        done = run_demo(out, pages=pages, today=datetime.now(UTC).date(), progress=bars)
    if as_json:
        say_json(done.summary)
    else:
        _tell(done)
    raise typer.Exit(exit_code(done.outcomes))


def _tell(done: Demo) -> None:
    edition, prepared = done.edition, done.prepared
    columns(health_rows(edition.health))
    merged, matched = len(edition.papers), len(prepared.found)
    say()
    rows = [
        ("collected", counted(edition.entries, "entry", "entries")),
        ("deduplicated", f"{counted(merged, 'paper')}, {edition.entries - merged} merged"),
        ("matched", f"{counted(matched, 'paper')} by {counted(len(prepared.hits.places), 'interest')}"),
        ("clustered", counted(len(prepared.topics), "topic")),
        ("sent", f"{counted(_sent(done), 'email')} by SMTP"),
    ]
    columns(rows)
    say()
    for topic in prepared.topics:
        say(f"  {len(topic.papers):3}  {topic.label}")
    say()
    columns([(*row, _file(done, row[0])) for row in outcome_rows(done.outcomes)])
    say()
    say(f"Open {done.directory}/*.html in a browser, *.txt in a terminal, *.eml in a mail program.")
    _tell_next(done)


def _tell_next(done: Demo) -> None:
    example = next((each for each in done.drafts if each.issue and each.issue.papers), None)
    say("Next:")
    say(f"  newsletter preview --config {done.settings}    a page that shows all of it, and why")
    if example and example.issue:
        paper = example.issue.papers[0].paper
        name = paper.id if paper.id.startswith("arxiv:") else paper.title
        say(f'  newsletter explain {example.outcome.subscriber} "{name}" --config {done.settings}')
    say("  newsletter init        write your own subscribers.yaml")


def _sent(done: Demo) -> int:
    return sum(each.kind == "sent" for each in done.outcomes)


def _file(done: Demo, email: str) -> str:
    names = {each["email"]: each["files"].get("html", "") for each in done.summary["subscribers"]}
    return str(done.directory / names[email]) if names[email] else ""
