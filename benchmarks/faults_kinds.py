"""The register of the kinds of fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from faults_world import World

Run = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: its number in the list of faults (a letter for those that are ours), its name, and how.

    `runs` produces it in a world; in the end the world is mended and judged. `postgres` asks for such a store. What is
    not `promised` is shown and not counted.
    """

    number: str
    name: str
    runs: Run
    postgres: bool = False
    slow: bool = False
    promised: bool = True


KINDS: dict[str, Kind] = {}


def kind(
    number: str, name: str, *, postgres: bool = False, slow: bool = False, promised: bool = True
) -> Callable[[Run], Run]:
    """Register a function as a kind of fault; `slow` ones are left out of the quick form."""

    def register(run: Run) -> Run:
        if number in KINDS:
            raise ValueError(f"two kinds are called {number}")
        KINDS[number] = Kind(number, name, run, postgres=postgres, slow=slow, promised=promised)
        return run

    return register
