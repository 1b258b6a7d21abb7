"""What is on this machine: templates, time zones, room on the disk, who can read the secrets."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import time
import zoneinfo
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from newsletter.checks import Severity, check
from newsletter.config import Config
from newsletter.doctor.line import Line, bounded, failed, warning, well
from newsletter.errors import NewsletterError
from newsletter.preview import looks, proofs, setup_of
from newsletter.preview.setup import Look

_RENDER_SECONDS = 10.0
_MEGABYTE = 1_000_000
_LEAST_ROOM, _ENOUGH_ROOM = 50 * _MEGABYTE, 500 * _MEGABYTE


def templates(config: Config) -> Iterator[Line]:
    """Yield whether the templates render an issue of the sample for every subscriber, and what would break in it."""
    until = time.monotonic() + _RENDER_SECONDS
    setup = setup_of(config)
    shown: list[Look] = []
    for reader in config.subscribers:
        try:
            shown += looks(setup, (reader,))
        except NewsletterError as error:
            yield failed("templates", f"the issue of {reader.email}: {error}", "see it with `newsletter preview`")
            return
        if time.monotonic() > until:
            break
    errors = [
        f"{name}: {found.message} ({found.rule})"
        for name, message in proofs(setup, shown)
        for found in check(message)
        if found.severity is Severity.ERROR
    ]
    if errors:
        yield failed("templates", errors[0], "`newsletter check` shows them all")
    elif len(shown) < len(config.subscribers):
        told = f"render for {len(shown):,} of {len(config.subscribers):,} subscribers; time was up"
        yield warning("templates", told, "`newsletter check` renders all")
    else:
        yield well("templates", f"render for {'all ' if len(shown) > 1 else ''}{len(shown):,} in the settings")


def zones(config: Config, now: datetime) -> Iterator[Line]:
    """Yield whether the rules of every time zone in use are there, and not years old."""
    wanted = {config.schedule.timezone, *(reader.timezone for reader in config.subscribers)}
    missing = []
    for name in sorted(wanted):
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            missing.append(name)
    fix = "install or upgrade tzdata: pip install --upgrade tzdata"
    if missing:
        yield failed("time zones", f"{', '.join(missing[:5])}: not known here", fix)
        return
    rules = _rules()
    if rules and rules[:4].isdecimal() and now.year - int(rules[:4]) > 1:
        yield warning("time zones", f"the rules are of {rules}; countries have changed theirs since", fix)
    else:
        yield well("time zones", f"all {len(wanted)} known" + (f", rules of {rules}" if rules else ""))


def _rules() -> str:
    """Return the version of the rules that `zoneinfo` takes, "" where it does not tell: the system's come first."""
    for folder in zoneinfo.TZPATH:
        try:
            text = (Path(folder) / "tzdata.zi").read_text(encoding="ascii", errors="replace")[:40]
        except OSError:
            continue
        return text.partition("# version ")[2].partition("\n")[0].strip()
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return ""


def disk(config: Config) -> Iterator[Line]:
    """Yield how much room is left where the database grows and where programs put what they are at."""
    store = config.store_file
    places = {"the database": store.parent} if store else {}
    seen: set[int] = set()
    for what, folder in (places | {"temporary files": Path(tempfile.gettempdir())}).items():
        there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
        device = there.stat().st_dev
        if device in seen:
            continue
        seen.add(device)
        free = shutil.disk_usage(there).free
        told = f"{free / 1_000 / _MEGABYTE:,.1f} GB free for {what} in {there}"
        fix = "make room: with a full disk nothing is sent, since nothing could be remembered"
        yield bounded("disk", told, free, least=_LEAST_ROOM, enough=_ENOUGH_ROOM, fix=fix)


def secret_files(config: Config) -> Iterator[Line]:
    """Yield which files with secrets or addresses in them others on this machine can read."""
    if os.name != "posix":  # modes say nothing there
        return
    secret = [path for path in (*config.secret_files, *_beside(config)) if path.exists()]
    open_ones = [path for path in dict.fromkeys(secret) if _is_open(path)]
    for path in open_ones:
        yield warning("secrets", f"{path} can be read by others", f"chmod 600 {path}")
    if not open_ones and secret:
        number = len(set(secret))
        yield well(
            "secrets", f"{number} {'file' if number == 1 else 'files'}, which others on this machine cannot read"
        )


def _is_open(path: Path) -> bool:
    """Return whether others can read or write a file: its own mode lets them, and that of its folder."""
    real = path.resolve()
    return bool(real.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH) and real.parent.stat().st_mode & stat.S_IXOTH)


def _beside(config: Config) -> tuple[Path, ...]:
    """Return the database, which has every address in it; on a server it is its administrator's."""
    return (config.store_file,) if config.store_file else ()
