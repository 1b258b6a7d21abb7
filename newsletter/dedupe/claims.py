"""Which of several works with one title owns it, and what the others are recognised by instead.

Every paper has an id of its own, whatever it is called. A stored paper keeps what it owns; of fresh works the first
owns the title. The others take the title with surnames and address: the same tomorrow, whoever else is known then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import chain, count

from newsletter.dedupe.merge import claim, names_of, newest_of, order
from newsletter.dedupe.sighting import Claim, Sighting
from newsletter.dedupe.works import Groups
from newsletter.ids import identities, namesake_identities


def claims(sightings: Sequence[Sighting], groups: Groups, contested: Mapping[str, Sequence[int]]) -> dict[int, Claim]:
    """Return the id and identities of every work with a contested title, by its first row.

    `contested` are the first rows of the works that share each title.
    """
    if not contested:
        return {}
    roots = set(chain.from_iterable(contested.values()))
    rivals = {root: [sightings[row] for row in groups.rows(root)] for root in roots}
    taken = set(chain.from_iterable(each.identities for each in sightings))
    lost: dict[int, set[str]] = {root: set() for root in rivals}
    for title, bearers in contested.items():
        owner = min(bearers, key=lambda root: (_ownership(title, rivals[root]), root))
        for root in bearers:
            if root != owner:
                lost[root].add(title)
    found = {}
    for root in sorted(rivals):
        found[root] = _claim(rivals[root], lost[root], taken)
        taken.update((found[root][0], *found[root][1]))
    return found


def _ownership(title: str, work: Sequence[Sighting]) -> int:
    """Return 0 for the paper that is stored under the title, 1 for one that owns it, 2 for all others."""
    return min(0 if each.stored_id == title else 1 if title in each.owned else 2 for each in work)


def _claim(work: Sequence[Sighting], lost: set[str], taken: set[str]) -> Claim:
    """Return the id and identities of a work without the titles it lost; what is `taken` it has only if it owns it."""
    owned = set(chain.from_iterable(each.owned for each in work))
    names = set(names_of(work)) - lost
    newest = newest_of(sorted(chain.from_iterable(each.entries for each in work), key=order))
    instead: list[str] = []
    if lost:
        told = chain.from_iterable(map(namesake_identities, chain([newest], *(each.entries for each in work))))
        instead = [name for name in dict.fromkeys(told) if name in owned or name not in taken]
        names.update(instead or (() if names else [_numbered(min(lost), taken)]))
    return claim(work, names, first=(*identities(newest), *instead))


def _numbered(title: str, taken: set[str]) -> str:
    """Return an identity for a work that differs from its namesake in nothing an identity is made of."""
    tries = (f"title:{sha256(f'{title} {number}'.encode()).hexdigest()[:12]}" for number in count(2))
    return next(name for name in tries if name not in taken)
