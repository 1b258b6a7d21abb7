"""Entries, signals and health as JSON and back, without loss; what says nothing is not written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any

from newsletter.models import NO_SIGNALS, AnnounceType, Entry, HealthState, Signals, SourceHealth

Told = Mapping[str, Any]

_NO_ENTRY = Entry(source="", place="", title="")
_NO_HEALTH = SourceHealth("", HealthState.FETCHED)
_TUPLES = frozenset(("authors", "categories", "also", "keywords", "warnings"))
_TIMES = frozenset(("upvotes_at", "at", "again_at", "next_at"))


def entry_json(entry: Entry, *, base: Entry = _NO_ENTRY) -> dict[str, Any]:
    """Return the fields in which `entry` differs from `base`."""
    told = _told(entry, base)
    if "signals" in told:
        told["signals"] = _told(entry.signals, NO_SIGNALS)
    return told


def entry_of(told: Told, *, base: Entry = _NO_ENTRY) -> Entry:
    """Return the entry that `entry_json` told of."""
    values = _values(told)
    if "signals" in values:
        values["signals"] = signals_of(values["signals"])
    if values.get("published"):
        values["published"] = date.fromisoformat(values["published"])
    if values.get("announce_type"):
        values["announce_type"] = AnnounceType(values["announce_type"])
    return replace(base, **values)


def signals_json(signals: Signals) -> dict[str, Any]:
    """Return what `signals` tell."""
    return _told(signals, NO_SIGNALS)


def signals_of(told: Told) -> Signals:
    """Return the signals that `signals_json` told of."""
    return replace(NO_SIGNALS, **_values(told)) if told else NO_SIGNALS


def health_json(health: SourceHealth) -> dict[str, Any]:
    """Return what `health` tells."""
    return _told(health, _NO_HEALTH)


def health_of(told: Told) -> SourceHealth:
    """Return the health that `health_json` told of."""
    values = _values(told)
    values["state"] = HealthState(values.get("state", HealthState.FETCHED))
    return replace(_NO_HEALTH, **values)


def _told(record: Entry | Signals | SourceHealth, base: object) -> dict[str, Any]:
    pairs = ((field.name, getattr(record, field.name)) for field in fields(record))
    return {name: _json(value) for name, value in pairs if value != getattr(base, name)}


def _json(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _values(told: Told) -> dict[str, Any]:
    values = dict(told)
    for name, value in told.items():
        if name in _TUPLES:
            values[name] = tuple(value)
        elif name in _TIMES:
            values[name] = datetime.fromisoformat(value) if value else None
    return values
