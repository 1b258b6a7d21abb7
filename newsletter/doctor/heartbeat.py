"""The sign of life of `serve`: a file that it touches each minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from newsletter.config import Config
from newsletter.doctor.line import Line, in_words, warning, well

ALIVE_SECONDS = 180.0
"""How old the last sign of life may be."""


def heartbeat_file(config: Config) -> Path:
    """Return the file that `serve` touches: beside the database, or beside the YAML where that is on a server."""
    beside = config.store_file or config.path.absolute().with_name("newsletter")
    return beside.with_name(f"{beside.name}.alive")


def silent_seconds(config: Config, now: datetime) -> float | None:
    """Return how long ago `serve` gave its last sign of life, None where it was stopped, or never ran."""
    try:
        return max(now.timestamp() - heartbeat_file(config).stat().st_mtime, 0.0)
    except OSError:
        return None


def heartbeat(config: Config, now: datetime) -> Iterator[Line]:
    """Yield whether `serve` is alive, where it runs or was killed."""
    silent = silent_seconds(config, now)
    if silent is None:
        return
    told = f"gave its last sign of life {in_words(silent)} ago"
    if silent <= ALIVE_SECONDS:
        yield well("serve", told)
    else:
        yield warning("serve", told, f"start it; if cron does its work now, remove {heartbeat_file(config)}")
