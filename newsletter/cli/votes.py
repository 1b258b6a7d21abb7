"""`newsletter vote`: what a reader thinks of a paper, which decides with others what trends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from newsletter.cli.console import say, say_json
from newsletter.cli.explaining import named_paper, tell_unclear
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, find_subscriber, read_config
from newsletter.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(vote)


def vote(
    email: Annotated[str, typer.Argument(help="The subscriber.")],
    paper: Annotated[
        str, typer.Argument(help="The paper: an arXiv id, a DOI, an address, or its title or a part of it.")
    ],
    *,
    down: Annotated[
        bool, typer.Option("--down", help="Vote against it: what readers are against trends for nobody.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Take the vote back.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Keep a reader's vote for a paper; a later one takes its place."""
    from newsletter.store import Store  # noqa: PLC0415 - SQLAlchemy is loaded by the command that needs it

    if down and undo:
        raise UsageError("--down and --undo exclude each other; name one of them")
    loaded = read_config(config)
    reader = find_subscriber(loaded, email)
    value = 0 if undo else -1 if down else 1
    with Store.open(loaded.store) as store:
        if (named := named_paper(store, paper)) is None:
            tell_unclear(store, paper, as_json=as_json)
            raise typer.Exit(UsageError.exit_code)
        found, _ = named
        store.votes.cast(reader.email, found.id, value, at=datetime.now(UTC))
    if as_json:
        say_json({"email": reader.email, "paper": {"id": found.id, "title": found.title}, "vote": value})
        return
    say(found.title)
    say(f"  {found.id}")
    say(
        {1: f"{reader.email} recommends it", -1: f"{reader.email} votes against it", 0: f"{reader.email} has no vote"}[
            value
        ]
    )
