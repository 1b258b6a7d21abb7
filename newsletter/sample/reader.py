"""A reader who ships with the papers: somebody to show an issue to where nobody subscribed yet."""

from __future__ import annotations

from newsletter.models import Interest, InterestKind, Subscriber

_PHRASES = (
    "reasoning in large language models",
    "agents that use tools",
    "video generation",
    "3D reconstruction",
    "robot learning",
)

SAMPLE_READER = Subscriber(
    email="sample@example.org",
    name="Sample reader",
    interests=(
        *(Interest(InterestKind.PHRASE, phrase, (phrase,)) for phrase in _PHRASES),
        Interest(InterestKind.CATEGORY, "cs.CL", ("cs.CL",)),
    ),
    weekdays=frozenset(range(1, 8)),
)
"""Whoever it is: their interests find something on most days of machine learning."""
