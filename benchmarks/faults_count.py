"""One fault in a world of its own, and the count afterwards.

*Lost* is what was due, did not arrive, and is not shown as failed or unknown. *Duplicated* is a Message-ID that stands
twice in the server's log. *Hidden* is an unknown that `newsletter deliveries list --state unknown` does not list.
"""

from __future__ import annotations

import io
import json
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from faults_answers import MODERN, PLAIN
from faults_sink import Sink
from faults_world import HALF_WAY, Bounds, World, empty_store

from newsletter.models import DeliveryState
from newsletter.store import Store


@dataclass(frozen=True, slots=True)
class Count:
    """What became of the messages of one run, and what is wrong with that."""

    messages: int = 0
    sent: int = 0
    failed: int = 0
    queued: int = 0
    unknown: int = 0
    arrived_unknown: int = 0
    lost: int = 0
    duplicated: int = 0
    hidden: int = 0
    wrong: tuple[str, ...] = ()

    def __add__(self, other: Count) -> Count:
        """Return the sum of two."""
        return Count(*(getattr(self, name) + getattr(other, name) for name in Count.__dataclass_fields__))


def in_world(run: Callable[[World], None], seed: int, *, url: str = "", folder: Path | None = None) -> Count:
    """Run one fault in a world of its own, mend it, let everything come to its end, and count."""
    with TemporaryDirectory(prefix="newsletter-fault-", dir=folder) as made:
        place = Path(made)
        place.chmod(0o755)
        extensions = (MODERN, PLAIN, MODERN)[seed % 3]
        with Sink(place / "arrived", seed=seed, extensions=extensions, slow=0.002) as sink:
            world = World(place, seed, sink, url or f"sqlite:///{empty_store(place)}")
            run(world)
            world.mend()
            world.settle()
            if world.before_count is not None:
                world.before_count(world)
            return counted(world)


def counted(world: World) -> Count:
    """Return what became of everything, and what is wrong."""
    arrived = Counter(line.partition(" ")[0] for line in world.sink.log.read_text("utf-8", "replace").splitlines())
    with Store.open(world.url) as store:
        deliveries = {each.message_id: each for each in store.history.deliveries()}
    states = Counter(each.state.value for each in deliveries.values())
    shown = (*HALF_WAY, DeliveryState.FAILED, DeliveryState.UNKNOWN)
    lost = [
        each
        for each in world.due
        if not arrived[each] and (each not in deliveries or deliveries[each].state not in shown)
    ]
    twice = [each for each, number in arrived.items() if number > 1 and not world.may_arrive_twice]
    unknown = {each.message_id for each in deliveries.values() if each.state is DeliveryState.UNKNOWN}
    hidden = unknown - _listed_unknown(world) if unknown else set()
    failed = [each for each in deliveries.values() if each.state is DeliveryState.FAILED]
    for each in failed:
        world.must(not arrived[each.message_id], f"{each.message_id} arrived and is told as failed: {each.detail}")
    for name in ("failed", "unknown", "queued", "claimed", "dot"):
        low, high = _bounds(world.expected.get(name, 0))
        world.must(low <= states[name] <= high, f"{states[name]} {name}, not {low} to {high}")
    world.must(not set(arrived) - set(deliveries), "something arrived that the outbox does not know")
    return Count(
        messages=len(world.due),
        sent=states["sent"],
        failed=states["failed"],
        queued=sum(states[state.value] for state in HALF_WAY),
        unknown=len(unknown),
        arrived_unknown=sum(bool(arrived[each]) for each in unknown),
        lost=len(lost),
        duplicated=len(twice),
        hidden=len(hidden),
        wrong=tuple(world.wrong),
    )


def _bounds(given: Bounds) -> tuple[int, int]:
    return given if isinstance(given, tuple) else (given, given)


def _listed_unknown(world: World) -> set[str]:
    """Return the Message-IDs that the command lists as unknown."""
    world.write_settings()
    where = ["--config", str(world.folder / "subscribers.yaml")]
    code, printed = _command("deliveries", "list", "--state", "unknown", "--json", *where)
    world.must(code == 0, f"`newsletter deliveries list` ended with {code}")
    with suppress(ValueError):
        return set(_message_ids(json.loads(printed)))
    return set()


def _command(*arguments: str) -> tuple[int, str]:
    """Run a command in this process, without the second that starting one takes; its exit code and what it printed."""
    from newsletter.cli import main  # noqa: PLC0415 - most worlds need none

    before, sys.argv = sys.argv, ["newsletter", *arguments]
    printed, code = io.StringIO(), 0
    try:
        with redirect_stdout(printed):
            main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    return code, printed.getvalue()


def _message_ids(data: Any) -> list[str]:
    """Return every `message_id` in JSON, wherever it stands."""
    if isinstance(data, dict):
        own = [data["message_id"]] if isinstance(data.get("message_id"), str) else []
        return own + [found for value in data.values() for found in _message_ids(value)]
    return [found for value in data for found in _message_ids(value)] if isinstance(data, list) else []
