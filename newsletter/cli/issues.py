"""`newsletter send`, `run` and `serve`."""

from __future__ import annotations

import logging
import sys
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.console import Bars, columns, counted, note, say, say_json
from newsletter.cli.options import (
    DEFAULT_CONFIG,
    AsOption,
    ConfigOption,
    DryRunOption,
    IssueOption,
    JsonOption,
    day_of,
    find_subscribers,
    mailer_of,
    read_config,
    stopping,
    tools,
)
from newsletter.cli.report import INTERRUPTED, exit_code, health_data, health_rows, outcome_data, outcome_rows
from newsletter.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.models import Edition, Subscriber
    from newsletter.pipeline import Outcome
    from newsletter.schedule import Ran, Tools
    from newsletter.store import Store


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(send)
    app.command()(run)
    app.command()(serve)


def send(
    *,
    issue: IssueOption = None,
    only: AsOption = None,
    dry_run: DryRunOption = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Send an edition's issues now, to everybody who has not had theirs; collects today's edition if need be."""
    from newsletter.store import Store  # noqa: PLC0415 - the pipeline is loaded by the command that runs it

    begun = monotonic()
    loaded = read_config(config, sending=not dry_run)
    readers = find_subscribers(loaded, only)
    if not (dry_run or yes) and sys.stdin.isatty():
        typer.confirm(f"Send to {counted(len(readers), 'person', 'people')}?", abort=True, err=True)
    mailer = None if dry_run else mailer_of(loaded)
    with Store.open(loaded.store) as store, stopping() as stop, Bars() as bars:
        if mailer is not None:
            store.outbox.hasten(now=datetime.now(UTC))  # somebody is here, and may have mended what was wrong
        kit = tools(loaded, mailer=mailer, stop=stop)
        edition, outcomes = _send(loaded, store, kit, readers, day_of(issue), bars)
    _report(edition, outcomes, as_json=as_json, seconds=monotonic() - begun, stopped=stop.is_set())


def run(
    *,
    due: Annotated[bool, typer.Option("--due", help="Only for those whose hour has come.")] = False,
    dry_run: DryRunOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Collect and send what is due, once. Safe to call as often as you like; what cron calls."""
    from newsletter.schedule import run_due  # noqa: PLC0415 - the pipeline is loaded by the command that runs it
    from newsletter.store import Store  # noqa: PLC0415

    begun = monotonic()
    loaded = read_config(config, sending=not dry_run)
    mailer = None if dry_run else mailer_of(loaded)
    with Store.open(loaded.store) as store, stopping() as stop, Bars() as bars:
        kit = tools(loaded, mailer=mailer, stop=stop)
        if due:
            ran = run_due(loaded, store, kit, progress=bars)
            edition, outcomes = ran.edition, ran.outcomes
        else:
            edition, outcomes = _send(loaded, store, kit, loaded.subscribers, None, bars)
    seconds = monotonic() - begun
    _report(edition, outcomes, as_json=as_json, nothing=_nothing_due(loaded), seconds=seconds, stopped=stop.is_set())


def serve(*, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Send everybody's issue at their hour, until stopped; a changed subscribers.yaml is read again."""
    from newsletter.doctor.heartbeat import heartbeat_file  # noqa: PLC0415 - loaded by the command that needs it
    from newsletter.schedule import run_due  # noqa: PLC0415
    from newsletter.schedule import serve as serve_until_stopped  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    logging.getLogger().setLevel(logging.INFO)  # nobody sees results here: the log is all there is
    current = _Current(config)
    note(f"serving {counted(len(current.config.subscribers), 'subscriber')}; {_nothing_due(current.config)}")

    def tick(stop: threading.Event) -> Ran:
        loaded = current.read()
        with Store.open(loaded.store) as store:
            return run_due(loaded, store, tools(loaded, mailer=mailer_of(loaded), stop=stop))

    serve_until_stopped(tick, heartbeat=heartbeat_file(current.config))


class _Current:
    """The settings as their files have them; the last good ones while these have mistakes.

    They are read again when one of their files changes, an include finds another, or a file of a secret changes.
    """

    def __init__(self, path: Path) -> None:
        from newsletter.config import fingerprint  # noqa: PLC0415 - pydantic and ruamel take their time

        self._path = path
        self._mistakes = ""
        self.config = read_config(path, sending=True)
        self._seen = dict(fingerprint(self.config))

    def read(self) -> Config:
        """Return the settings, read again if anything has changed, or if they had mistakes."""
        from newsletter.config import fingerprint  # noqa: PLC0415

        now = fingerprint(self.config)
        if now == self._seen and not self._mistakes:
            return self.config
        try:
            self.config = read_config(self._path, sending=True)
        except ConfigError as error:
            if str(error) != self._mistakes:
                note(f"{error}\n{self._path} has mistakes; going on with the settings from before")
            self._mistakes = str(error)
        else:
            note(f"read {self._path} again")
            self._mistakes = ""
            # A file that changed while it was read is read once more.
            self._seen = {each: now.get(each, state) for each, state in fingerprint(self.config).items()}
        return self.config


def _send(
    config: Config, store: Store, kit: Tools, readers: tuple[Subscriber, ...], day: date | None, bars: Bars
) -> tuple[Edition, tuple[Outcome, ...]]:
    """Send the issues of `day`, by default of today, whose edition is collected if it is not there."""
    from newsletter.pipeline import Due  # noqa: PLC0415
    from newsletter.schedule import due, edition_of_today, send_issues  # noqa: PLC0415
    from newsletter.schedule.slots import LONGEST_GAP  # noqa: PLC0415

    if day is None:
        edition = edition_of_today(config, store, kit, progress=bars)
        # A first issue on a day without news is of the last day that had some.
        news = store.editions.counts(edition.day - LONGEST_GAP + timedelta(days=1), edition.day)
        days = (edition.day - max(news, default=edition.day)).days + 1
        tasks = [due(config, store, reader, edition.day, latest=edition.day, days=days) for reader in readers]
        return edition, send_issues(config, store, kit, tasks, progress=bars)
    if (kept := store.editions.on(day)) is not None:
        edition = kept
    else:
        latest = store.editions.latest_day()
        way_out = f"the latest is {latest}: --issue {latest}" if latest else "collect one: `newsletter collect`"
        raise UsageError(f"there is no edition of {day}; {way_out}")
    tasks = [Due(reader, day, day, day) for reader in readers]
    return edition, send_issues(config, store, kit, tasks, progress=bars)


def _report(
    edition: Edition | None,
    outcomes: tuple[Outcome, ...],
    *,
    as_json: bool,
    nothing: str = "nothing to do",
    seconds: float,
    stopped: bool = False,
) -> None:
    code = INTERRUPTED if stopped else exit_code(outcomes)
    if as_json:
        say_json(
            {
                "edition": edition.day.isoformat() if edition else None,
                "sources": health_data(edition.health) if edition else [],
                "outcomes": outcome_data(outcomes),
            }
        )
        raise typer.Exit(code)
    if edition:
        columns(health_rows(edition.health))
    columns(outcome_rows(outcomes))
    say(_summary(outcomes, seconds) if outcomes else nothing)
    raise typer.Exit(code)


def _summary(outcomes: tuple[Outcome, ...], seconds: float) -> str:
    """Return one line that says what was done and how long it took, or why nothing was."""
    kinds = [outcome.kind.value for outcome in outcomes]
    told = ", ".join(f"{kinds.count(kind):,} {kind}" for kind in dict.fromkeys(kinds))
    if "sent" in kinds or "drafted" in kinds:
        return f"{told} in {seconds:.1f} s"
    if set(kinds) <= {"already"}:
        return f"nothing sent: everybody has the issue of {outcomes[0].issue_date}, and nobody gets one twice"
    return f"nothing sent: {told}"


def _nothing_due(config: Config) -> str:
    """Return when the next issue is due."""
    from newsletter.models import Status  # noqa: PLC0415
    from newsletter.schedule.slots import next_slot  # noqa: PLC0415

    now = datetime.now(UTC)
    active = (reader for reader in config.subscribers if reader.status is Status.ACTIVE)
    coming = [(slot.at, reader.email) for reader in active if (slot := next_slot(reader, now)) is not None]
    if not coming:
        return "nothing is due: no subscriber is active"
    at, email = min(coming)
    return f"nothing is due; next: {email} on {at:%Y-%m-%d at %H:%M} UTC"
