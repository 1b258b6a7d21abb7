"""What dedupe works on: an entry, or a stored paper, with the identities it is recognised by."""

from __future__ import annotations

from dataclasses import dataclass, replace

from newsletter.models import NO_SIGNALS, Entry

Claim = tuple[str, tuple[str, ...]]
"""A paper's id and its identities, strongest first."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An entry, or a stored paper with all its entries, and the identities it is recognised by.

    A stored paper may be recognised by a title that another one owns: `owned` are the identities it was stored with.
    """

    identities: tuple[str, ...]
    entries: tuple[Entry, ...]
    stored_id: str = ""
    owned: tuple[str, ...] = ()


def said(entry: Entry) -> Entry:
    """Return what stays the same when a source says an entry again: its place moves as the source grows, votes move."""
    return replace(entry, place="", signals=NO_SIGNALS)
