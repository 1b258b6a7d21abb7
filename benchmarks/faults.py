"""Every fault of delivering that can be produced, several times each: what was lost, doubled, or hidden.

    python benchmarks/faults.py [--seeds 3] [--only 24,46] [--kills 100] [--messages 20000] [--quick]

Each kind happens to the product's own code, on real SQLite files, a real PostgreSQL server and real processes, beside
a mail server that logs each message before it answers. Then the world is mended and runs go on until nothing waits.
*Lost* is what was due, did not arrive, and is not shown as failed or unknown; *duplicated* is a Message-ID twice in the
server's log; every unknown has to be listed by `newsletter deliveries list --state unknown --json`. In the end a storm:
senders killed -9 so many times, alone and two at once. It ends with 1 if anything is lost, duplicated, hidden, or not
as expected.
"""

from __future__ import annotations

import argparse
import json
import logging
import multiprocessing
import os
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager

import faults_connection
import faults_content
import faults_data
import faults_postgres
import faults_process
import faults_store
import faults_time
import faults_tls
from faults_count import Count, in_world
from faults_kinds import KINDS, Kind
from faults_storm import storm
from faults_world import Absent

_ROOMS = (
    faults_connection,
    faults_data,
    faults_tls,
    faults_store,
    faults_postgres,
    faults_process,
    faults_time,
    faults_content,
)
_COLUMNS = ("messages", "sent", "failed", "queued", "unknown", "lost", "duplicated")
_QUICK_KILLS, _QUICK_MESSAGES = 5, 500
_LAST_SECONDS = 1_200


def measured(number: str, seeds: Sequence[int]) -> tuple[str, Count, float, str]:
    """Produce one kind with each seed, in this process; its number, the sum, the seconds, and why it was skipped."""
    logging.disable(logging.CRITICAL)
    fault, total, began = KINDS[number], Count(), time.monotonic()
    try:
        for seed in seeds:
            total += _once(fault, seed)
    except Absent as absent:
        return number, Count(), 0.0, str(absent)
    return number, total, time.monotonic() - began, ""


def _once(fault: Kind, seed: int) -> Count:
    try:
        with _address(fault) as url:
            return in_world(fault.runs, seed, url=url)
    except Absent:
        raise
    except Exception:  # noqa: BLE001 - whatever the product throws is what is looked for
        last = traceback.format_exc(limit=-3).strip()
        return Count(wrong=(f"seed {seed}: {last}",))


@contextmanager
def _address(fault: Kind) -> Iterator[str]:
    """Give the address of an empty database where a kind is about PostgreSQL, else none."""
    if not fault.postgres:
        yield ""
        return
    with faults_postgres.postgres().database() as url:
        yield url


# ------------------------------------------------------------------ the report


class Report:
    """The table as it grows, and the sum of it."""

    def __init__(self, seeds: int) -> None:
        self.total, self.kinds, self.skipped, self._seeds = Count(), 0, 0, seeds
        self.beyond = Count()  # what is not promised
        self.bad = False
        self._width = max(len(fault.name) for fault in KINDS.values())
        print(f"{'':>5}  {'fault':<{self._width}}  seeds" + "".join(f"{name:>11}" for name in _COLUMNS) + "   s")

    def add(self, number: str, name: str, count: Count, seconds: float, *, seeds: int | None = None) -> None:
        """Print a row."""
        self.kinds += 1
        self.total += count
        _progress("")
        figures = "".join(f"{getattr(count, column):>11,}" for column in _COLUMNS)
        print(f"{number:>5}  {name:<{self._width}}  {seeds or self._seeds:>5}{figures} {seconds:5.0f}", flush=True)
        if count.hidden:
            print(f"{'':>7}HIDDEN: {count.hidden} unknown are not listed")
        for wrong in count.wrong:
            print(f"{'':>7}WRONG: {wrong}")
        self.bad = self.bad or bool(count.wrong or count.lost or count.duplicated or count.hidden)

    def show(self, number: str, name: str, count: Count) -> None:
        """Print what a fault does that nothing is promised of; it is not counted."""
        self.beyond += count
        _progress("")
        figures = "".join(f"{getattr(count, column):>11,}" for column in _COLUMNS)
        print(f"{number:>5}  {name:<{self._width}}  {self._seeds:>5}{figures}  not promised, not counted", flush=True)

    def skip(self, number: str, name: str, reason: str) -> None:
        """Print that a kind could not be produced."""
        self.skipped += 1
        _progress("")
        print(f"{number:>5}  {name:<{self._width}}  skipped: {reason}", flush=True)

    def end(self, told: dict[str, Count]) -> None:
        """Print the sums, and all of it as JSON."""
        for name, count in told.items():
            seen = f"{count.unknown} unknown ({count.arrived_unknown} of them arrived)"
            print(f"{name}: {count.messages:,} messages, {count.lost} lost, {count.duplicated} duplicated, {seen}")
        total = self.total
        if self.beyond.messages:
            beyond = f"{self.beyond.lost} lost, {self.beyond.duplicated} duplicated of {self.beyond.messages:,}"
            print(f"not promised and not counted: {beyond}")
        listed = "all listed" if not total.hidden else f"{total.hidden} NOT LISTED"
        skipped = f" ({self.skipped} skipped)" if self.skipped else ""
        print(
            f"{self.kinds} kinds × {self._seeds} seeds{skipped}, {total.messages:,} messages: {total.lost} lost, "
            f"{total.duplicated} duplicated, {total.unknown} unknown ({listed})"
        )
        figures = {name: getattr(total, name) for name in (*_COLUMNS, "hidden")}
        print(json.dumps({"kinds": self.kinds, "seeds": self._seeds, "as_expected": not self.bad, **figures}))


def _progress(text: str) -> None:
    """Show what happens, on a terminal; "" to clear the line."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()


def main() -> int:
    """Produce the faults and print what became of everything; 1 if anything is not as it should be."""
    options = _options()
    wanted = options.only.split(",") if options.only else list(KINDS)
    if unknown := set(wanted) - set(KINDS) - {"storm"}:
        sys.exit(f"no such kind: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)} and storm")
    faults = [KINDS[each] for each in wanted if each in KINDS and not (options.quick and KINDS[each].slow)]
    report, storms = Report(options.seeds), dict[str, Count]()
    if faults:
        _kinds(faults, options, report)
    for senders in (1, 2) if options.kills and (not options.only or "storm" in wanted) else ():
        run = storm(kills=options.kills, messages=options.messages, senders=senders, told=_progress)
        name = f"{options.kills} × kill -9, {'two senders at once' if senders == 2 else 'one sender'}"
        began = time.monotonic()
        storms[name] = count = in_world(run, 0)
        report.add(f"S{senders}", name, count, time.monotonic() - began, seeds=1)
    report.end(storms)
    return int(report.bad)


def _kinds(faults: Sequence[Kind], options: argparse.Namespace, report: Report) -> None:
    """Produce kinds side by side; rows come as they end."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.processes, mp_context=context) as pool:
        # What needs a server of its own comes first, so that no process has to start one at the end.
        ordered = sorted(faults, key=lambda fault: not fault.postgres)
        jobs = {pool.submit(measured, fault.number, range(options.seeds)): fault for fault in ordered}
        for number, job in enumerate(as_completed(jobs, timeout=_LAST_SECONDS), 1):
            _row(jobs[job], job, report)
            _progress(f"{number} of {len(jobs)} kinds")


def _row(fault: Kind, job: Future[tuple[str, Count, float, str]], report: Report) -> None:
    number, count, seconds, absent = job.result()
    if absent:
        report.skip(number, fault.name, absent)
    elif not fault.promised:
        report.show(number, fault.name, count)
    else:
        report.add(number, fault.name, count, seconds)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="how often each kind happens, each time otherwise")
    parser.add_argument("--only", default="", help="the numbers of kinds, with commas between; storm for the storms")
    parser.add_argument("--kills", type=int, default=100, help="of each storm, 0 for none")
    parser.add_argument("--messages", type=int, default=20_000, help="of each storm, at least")
    parser.add_argument("--processes", type=int, default=min(2, os.cpu_count() or 1), help="kinds side by side")
    parser.add_argument("--quick", action="store_true", help="one seed, the quick kinds, small storms")
    options = parser.parse_args()
    if options.quick:
        options.seeds, options.kills, options.messages = 1, min(options.kills, _QUICK_KILLS), _QUICK_MESSAGES
    return options


if __name__ == "__main__":
    sys.exit(main())
