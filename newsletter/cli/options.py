"""Options that several commands share, and what they open."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from newsletter.cli.console import note
from newsletter.errors import ConfigError, Problem, UsageError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.deliver import Mailer
    from newsletter.models import SmtpSettings, Subscriber
    from newsletter.schedule import Tools

ConfigOption = Annotated[Path, typer.Option("--config", help="The settings.", dir_okay=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
IssueOption = Annotated[
    datetime | None, typer.Option("--issue", formats=["%Y-%m-%d"], help="The day of the edition (default: the newest).")
]
AsOption = Annotated[list[str] | None, typer.Option("--as", help="Only this subscriber's; may be repeated.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", "-n", help="Make everything, send nothing.")]

AtOption = Annotated[
    str | None,
    typer.Option("--at", metavar="TIME", help="Act as if it were this moment, such as 2026-11-26T07:00 (for trying)."),
]

DEFAULT_CONFIG = Path("subscribers.yaml")
_LONGEST_BACKFILL = 366


def read_config(path: Path, *, sending: bool = False) -> Config:
    """Return the settings, with their warnings noted; ConfigError with the way out when there are none."""
    from newsletter.config import load, with_secret  # noqa: PLC0415 - pydantic and ruamel take their time

    if not path.exists():
        way_out = "write one with `newsletter init`, or name another with --config"
        raise ConfigError((Problem(str(path), 1, 1, f"there is no such file: {way_out}"),))
    config = load(path, environment=os.environ, sending=sending)
    for warning in config.warnings:
        note(f"warning: {warning}")
    return with_secret(config) if sending else config


def smtp_settings(config: Config) -> SmtpSettings:
    """Return the mail server's settings; ConfigError when the file has none."""
    if config.smtp is None:
        raise ConfigError((Problem(str(config.path), 1, 1, "smtp: needed to send; add host, username and password"),))
    return config.smtp


def find_subscribers(config: Config, wanted: list[str] | None) -> tuple[Subscriber, ...]:
    """Return the subscribers with these addresses (or the part before the @), all of them when none is named."""
    if not wanted:
        return config.subscribers
    return tuple(dict.fromkeys(find_subscriber(config, name) for name in wanted))


def find_subscriber(config: Config, wanted: str) -> Subscriber:
    """Return the subscriber with this address, or whose address alone begins with `wanted@`; UsageError otherwise."""
    key = wanted.casefold()
    found = [each for each in config.subscribers if each.email.casefold() == key]
    found = found or [each for each in config.subscribers if each.email.casefold().startswith(f"{key}@")]
    if len(found) == 1:
        return found[0]
    addresses = [each.email for each in config.subscribers]
    if found:
        raise UsageError(f"{wanted}: several subscribers are called so; say which: {', '.join(x.email for x in found)}")
    spelled = {name: each for each in reversed(addresses) for name in (each.casefold(), each.casefold().split("@")[0])}
    near = get_close_matches(key, spelled, n=1)
    hint = f"; did you mean {spelled[near[0]]}?" if near else ""
    raise UsageError(f"{wanted} is no subscriber in {config.path}{hint}")


def tools(
    config: Config, *, mailer: Mailer | None = None, at: str | None = None, stop: threading.Event | None = None
) -> Tools:
    """Return what a run needs from the world, for these settings; with `at` the clock stands still."""
    from newsletter.collect.fetch import HttpAndFiles  # noqa: PLC0415
    from newsletter.render import compile_templates  # noqa: PLC0415
    from newsletter.schedule import Tools  # noqa: PLC0415
    from newsletter.thumbnails import PublicPictures  # noqa: PLC0415
    from newsletter.weights import load  # noqa: PLC0415

    moment = moment_of(config, at) if at else None
    return Tools(
        fetch=HttpAndFiles(
            config.path.absolute().parent,
            cache=_cache(config),
            contact=config.newsletter.sender_email,
        ),
        weights=cache(load),
        templates=lambda: compile_templates(config.templates, look=config.issue.look),
        mailer=mailer,
        clock=lambda: moment or datetime.now(UTC),
        pictures=lambda: PublicPictures(contact=config.newsletter.sender_email),
        stop=stop or threading.Event(),
    )


def _cache(config: Config) -> Path:
    """Return the folder of what was fetched: beside the database, or beside the settings where that is on a server."""
    if config.store_file is not None:
        return config.store_file.with_name(f"{config.store_file.name}.cache")
    return config.path.absolute().with_name("newsletter.cache")


def moment_of(config: Config, written: str) -> datetime:
    """Return the moment of an --at option, in the newsletter's zone unless it names another; UsageError otherwise."""
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise UsageError(f"--at {written} is no time; write it as 2026-11-26T07:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(config.schedule.timezone))


def days_ago(written: str, today: date) -> date:
    """Return the day of a --since option, a number of days (`7d`) or a date, before today; UsageError otherwise."""
    found = re.fullmatch(r"([1-9][0-9]{0,2})d?", written.strip())
    try:
        day = today - timedelta(days=int(found[1])) if found else date.fromisoformat(written.strip())
    except ValueError:
        raise UsageError(f"--since {written} is neither a number of days (7d) nor a date (2026-11-14)") from None
    if not today - timedelta(days=_LONGEST_BACKFILL) <= day < today:
        raise UsageError(f"--since {written}: from yesterday back to {_LONGEST_BACKFILL} days ago, please")
    return day


def day_of(issue: datetime | None) -> date | None:
    """Return the date of an --issue option."""
    return issue.date() if issue else None


def mailer_of(config: Config) -> Mailer:
    """Return what hands mail over by these settings; ConfigError where nothing says how."""
    from newsletter.deliver.ways_out import mailer_for  # noqa: PLC0415
    from newsletter.models import DeliverSettings  # noqa: PLC0415

    smtp = smtp_settings(config) if config.deliver == DeliverSettings(config.deliver.on_unknown) else config.smtp
    return mailer_for(smtp, config.deliver)


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give what is set by the first signal to stop (SIGTERM, Ctrl-C): what is in hand is finished; a second ends it."""
    stop = threading.Event()

    def told(number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        note(f"{signal.Signals(number).name}: finishing what is in hand; once more to end at once")

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
