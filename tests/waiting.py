"""Waiting for what another process does."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic


def until(came_true: Callable[[], bool], *, seconds: float = 20) -> bool:
    """Ask again and again; False if it has not come true in time."""
    end = monotonic() + seconds
    while not (done := came_true()) and monotonic() < end:
        pass
    return done
