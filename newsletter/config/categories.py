"""Whether a text has the form of an arXiv category, to tell `cs.PL` from a phrase."""

from __future__ import annotations

import re

from newsletter.ids import CATEGORIES, category

_PARTS = frozenset(name for name in CATEGORIES if "." in name)
_ARCHIVES = frozenset(name.partition(".")[0] for name in _PARTS)
_WORDS = frozenset(("math", "physics", "econ"))  # archives too, but people write them as phrases
_FORM = re.compile(rf"(?:{'|'.join(sorted(_ARCHIVES))})\.[a-z]{{2}}[a-z-]*", re.IGNORECASE)


def as_category(text: str) -> str | None:
    """Return the category a text has the form of, in arXiv's spelling; None for any other text.

    One that arXiv may add later has the form too, and is returned as it stands.
    """
    known = category(text)
    if known and known not in _ARCHIVES:
        return known
    return text if _FORM.fullmatch(text) else None


def is_known(name: str) -> bool:
    """Say whether a category is one of arXiv's today."""
    return name in CATEGORIES


def parts_of(text: str) -> tuple[str, ...]:
    """Return the categories of a whole archive such as `q-bio`; nothing for any other text."""
    archive = text.strip().lower()
    return tuple(
        name for name in CATEGORIES if archive not in _WORDS and name in _PARTS and name.startswith(f"{archive}.")
    )
