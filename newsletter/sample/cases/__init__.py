"""Issues that show what a template must bear: one of everything, no papers and a hundred, many scripts, attacks.

    records      makers with defaults, so that a case says only what it is about
    everything   every kind of paper, reason, badge and source in one issue
    amounts      none, one, ten, a hundred papers; only what others recommend; many topics
    earlier      what came before may not have arrived
    writing      long titles, maths, scripts from right to left and without spaces, two thousand authors
    hostile      what no honest source sends

They are looked at, checked and compared with pictures. Nobody in them ever wrote such a paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from newsletter.models import Issue
from newsletter.sample.cases import amounts, earlier, everything, hostile, writing


def cases() -> Mapping[str, Issue]:
    """Return every case by its name, the same each time; no two papers of an issue are one."""
    return MappingProxyType(everything.cases() | amounts.cases() | earlier.cases() | writing.cases() | hostile.cases())
