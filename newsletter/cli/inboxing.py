"""`newsletter inbox`: what came back by mail, each mail once."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.console import columns, counted, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.errors import ConfigError, NewsletterError, Problem

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.models import InboxSettings
    from newsletter.pipeline.incoming import Taken

TryOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Say what would be done; keep and mark nothing.")]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(inbox)


def inbox(*, dry_run: TryOption = False, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Read the mailbox: who leaves, what bounced, who complains, who votes. The rest stays for you, unread."""
    from newsletter.config import with_secret  # noqa: PLC0415 - loaded by the command that needs it

    loaded = read_config(config)
    settings = _settings(loaded)
    taken: list[Taken] = []
    try:
        _take(loaded if dry_run else with_secret(loaded), settings, taken, dry_run=dry_run)
    except NewsletterError:
        if taken and not as_json:
            _tell(taken)  # it is kept, whatever came then
        raise
    if as_json:
        say_json(_data(taken, dry_run=dry_run))
        return
    _tell(taken, dry_run=dry_run)


def _settings(config: Config) -> InboxSettings:
    if config.inbox is None:
        what = "inbox: none that can be read; add a maildir or imap with its password (docs/inbox.md)"
        raise ConfigError((Problem(str(config.path), 1, 1, what),))
    return config.inbox


def _take(config: Config, settings: InboxSettings, taken: list[Taken], *, dry_run: bool) -> None:
    """Take every mail, and note what became of each as it is taken."""
    from newsletter.pipeline.inbox import read_inbox  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    with Store.open(config.store) as store:
        for found in read_inbox(config, settings, store, now=datetime.now(UTC), dry_run=dry_run):
            taken.append(found)  # noqa: PERF402 - what was taken before an error is told


# ------------------------------------------------------------------ for people

_FATES = {"done": "settled", "left": "for you to read", "foreign": "not about the newsletter"}


def _tell(taken: list[Taken], *, dry_run: bool = False) -> None:
    new = [each for each in taken if each.new]
    rows = [each for each in new if each.fate != "foreign"]
    columns([(_label(each), each.subscriber or each.sender or "-", str(each.kind), each.did) for each in rows])
    fates = Counter(str(each.fate) for each in new)
    parts = [f"{fates[fate]} {words}" for fate, words in _FATES.items() if fates[fate]]
    waiting = sum(each.fate == "left" and not each.new for each in taken)
    parts += [f"{waiting} still for you to read"] if waiting else []
    total = (
        f"{counted(len(new), 'new mail')}{': ' if parts else ''}{', '.join(parts)}" if new or parts else "no new mail"
    )
    say(f"{total}{' (dry run: nothing was kept or marked)' if dry_run else ''}")


def _label(taken: Taken) -> str:
    return "done" if taken.fate == "done" else "for you"


# ------------------------------------------------------------------ for programs


def _data(taken: list[Taken], *, dry_run: bool) -> dict[str, object]:
    fates = Counter(str(each.fate) for each in taken if each.new)
    return {
        "dry_run": dry_run,
        "settled": fates["done"],
        "left": fates["left"],
        "foreign": fates["foreign"],
        "known": sum(not each.new for each in taken),
        # Mail that is not about the newsletter is nobody else's business.
        "mails": [asdict(each) for each in taken if each.new and each.fate != "foreign"],
    }
