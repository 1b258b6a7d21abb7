"""Whether a signature of one domain speaks for a sender of another: relaxed alignment of DMARC (RFC 7489, 3.1)."""

from __future__ import annotations

# The names under which countries register organisations; with these alone, the Public Suffix List need not ship.
_REGISTRIES = frozenset(
    ("ac", "co", "com", "edu", "gob", "gouv", "gov", "go", "ltd", "me", "mil", "ne", "net", "or", "org", "plc", "sch")
)


def aligned(signing: str, sender: str) -> bool:
    """Return whether two domains, in any spelling, belong to one organisation."""
    return organisation(signing) == organisation(sender)


def organisation(domain: str) -> str:
    """Return the organisational domain: `example.org` of `news.example.org`, `example.co.uk` of `a.example.co.uk`."""
    labels = domain.encode("idna").decode("ascii").lower().split(".")
    registry = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRIES
    return ".".join(labels[-3 if registry else -2 :])
