"""Messages a second, and what one costs: our sender, the libraries', and Postfix's smtp-source, side by side.

    python benchmarks/deliver.py [--quick] [--rounds 3] [--part carried|built|kept|tls|pipeline|growth ...]

Every message is an issue of a few papers, some 40 KB, made for one reader (`mailing`); smtp-source sends the first of
them again and again. All senders of a table talk to the same server over as many connections: smtp-sink, a faster sink
of ours that leaves the sender to be measured, or one that is 20 ms away (`sinks`). They take turns, each batch in a
process of its own; figures are medians over the rounds, and a ratio is the median of the ratios within each round, so
that a machine with other things to do slows all alike. CPU time is the sender's, user and system, all threads. What was
promised gets a verdict at the end; the rest is to read.

    carried    messages that are made already                                         transport alone
    built      emails made into messages, signed where it says so, and sent           `+ outbox`: each is written down
    kept       what waits in an outbox is sent: the store's (SQLite, marked before the dot, fully synced), the same one
               neither marked nor synced, or one that keeps nothing
    tls        the same messages with and without TLS
    pipeline   `newsletter.pipeline.send`: composed, rendered, signed (RSA), queued, sent; and without the outbox
    growth     outbox and sender by the number of subscribers, memory of the whole process

The outbox of ours is what the product has: `dot` is on the disk before the final dot goes out. That of the libraries
writes down each message by itself. Signatures are relaxed/relaxed, RSA-2048, and Ed25519 beside it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import signal
import ssl
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: what is forked must have one thread

import growing
import postfix
from mailing import Mailing, mailing
from measuring import Spent, Task, Way, measured
from senders import (
    aiosmtplib_kept,
    by_libraries,
    delivered,
    delivered_carelessly,
    delivered_forgetfully,
    dkimpy_signed,
    empty_store,
    missing,
    ours_built,
    ours_carried,
    ours_safe,
    smtp_source,
    smtplib_kept,
    smtplib_new,
    stdlib_message,
)
from sinks import Sink, certificate_in, fast_sink, smtp_sink

PARTS = ("carried", "built", "kept", "tls", "pipeline", "growth")
READERS, QUICK_READERS = 2_000, 10
_LONG = 6_000  # messages: over and over to the same readers, so that to begin counts as little as smtp-source's does
CONNECTIONS, QUICK_CONNECTIONS = (8, 32), (4,)
DELAY_MS = 20
SOURCE = "smtp-source, kept"
_SIZES, _QUICK_SIZES = (1_000, 10_000, 100_000), (10,)
_RUNS, _QUICK_RUNS = (200, 2_000), (10,)

Opened = Callable[[], AbstractContextManager[Sink]]


@dataclass(frozen=True, slots=True)
class Row:
    """One sender of a table: how it is measured, with how many messages, and to a server that is far away too?"""

    name: str
    run: Callable[[Task], Spent]
    count: int
    far: bool = False
    needs: tuple[str, ...] = ()


class Bench:
    """What all tables share, and the verdicts they give."""

    def __init__(self, *, quick: bool, rounds: int) -> None:
        self.quick, self.rounds = quick, rounds
        self.mailing = mailing(QUICK_READERS if quick else READERS)
        self.found: dict[str, dict[str, float]] = {}
        self.verdicts: list[tuple[bool, str]] = []
        self.postfix: postfix.Postfix | None = None
        try:
            self.postfix = postfix.find(fetch=not quick)
        except postfix.Absent as absent:
            print(f"no smtp-source, no smtp-sink: {absent}")
        _ = self.mailing.messages, empty_store()  # once, before anything is forked
        gc.collect()
        gc.freeze()  # the mailing is the benchmark's own

    def sinks(self, *, all_of_them: bool) -> Iterator[Opened]:
        """Yield the ways to run each server."""
        if self.postfix is not None and all_of_them:
            yield partial(smtp_sink, self.postfix)
        yield fast_sink
        yield partial(fast_sink, delay_ms=DELAY_MS)

    def table(self, title: str, sink: Sink, rows: Sequence[Row], connections: int, tls: ssl.SSLContext | None) -> None:
        """Measure the rows in turns and print them, each compared with the first that is there."""
        print(f"\n{title}, {sink.name}, {connections} connections")
        print(f"{'':44}{'messages/s':>12}{'CPU ms':>9}{'× first':>9}")
        there = [row for row in rows if not missing(*row.needs)]
        spent: dict[str, list[Spent]] = {row.name: [] for row in there}
        for _ in range(self.rounds):
            for row in there:
                spent[row.name].append(self._batch(row, sink, connections, tls))
        for row in rows:
            if absent := missing(*row.needs):
                print(f"{row.name:44}{'not installed: ' + absent:>30}")
                continue
            took = spent[row.name]
            ratio = _ratio(spent[there[0].name], took, "seconds")
            rate, cpu = 1 / _median(took, "seconds"), 1000 * _median(took, "cpu")
            print(f"{row.name:44}{rate:12,.0f}{cpu:9.3f}{ratio:9.2f}", flush=True)
            key = f"{title}, {sink.name}, {connections}, {row.name}"
            self.found[key] = {"per_second": round(rate, 1), "cpu_ms": round(cpu, 4), "ratio": round(ratio, 3)}
        self.judge(sink, connections, spent)

    def _batch(self, row: Row, sink: Sink, connections: int, tls: ssl.SSLContext | None) -> Spent:
        count = connections * 40 if sink.far else row.count
        if self.quick:
            count = QUICK_READERS
        with tempfile.TemporaryDirectory() as folder:
            spent = row.run(Task(self.mailing, sink.port, connections, count, Path(folder), tls))
        if sink.counts:
            taken, different = sink.taken()
            expected = 1 if row.name.startswith("smtp-source") else min(count, len(self.mailing.emails))
            if (taken, different) != (count, expected):
                sys.exit(f"{row.name}: {taken} of {count} messages arrived, {different} of {expected} different ones")
        return spent

    def judge(self, sink: Sink, connections: int, spent: dict[str, list[Spent]]) -> None:
        """Hold a table against what is asked of it."""
        where = f"{sink.name}, {connections} connections"
        ours, naive = "ours, relay signs", "EmailMessage, dkimpy, aiosmtplib"
        for name in ("ours", ours):
            if name in spent and SOURCE in spent and (sink.far or (name == ours and not sink.counts)):
                rate = _ratio(spent[SOURCE], spent[name], "seconds")
                asked = "1.5" if sink.far else "0.8"
                told = f"{name}: {rate:.2f} × smtp-source's rate (at least {asked}), {where}"
                self._hold(rate >= float(asked), told)
        if naive in spent:
            less = _ratio(spent[naive], spent["ours, RSA"], "cpu")
            self._hold(less >= 20, f"ours, RSA: {less:.1f} × less CPU than {naive} (at least 20), {where}")
        if "safe outbox" in spent:
            lost = 1 - _ratio(spent["careless outbox"], spent["safe outbox"], "seconds")
            self._hold(lost <= 0.2, f"what makes the outbox safe costs {lost:.0%} of its rate (at most 20 %), {where}")

    def _hold(self, holds: bool, what: str) -> None:  # noqa: FBT001 - a verdict
        self.verdicts.append((holds, what))

    # ------------------------------------------------------------------ the tables

    def carried(self) -> None:
        """Compare transports."""
        rows = [
            *self._sources(),
            Row("smtplib, a connection each", partial(measured, smtplib_new), 1_000),
            Row("smtplib, kept", partial(measured, smtplib_kept), 1_000, far=True),
            Row("aiosmtplib, kept", partial(measured, aiosmtplib_kept), 1_000, far=True, needs=("aiosmtplib",)),
            Row("ours", partial(measured, ours_carried), 5_000, far=True),
        ]
        self._everywhere("carried", rows)

    def built(self) -> None:
        """Compare what makes, signs and sends."""
        keys, readers = self.mailing.keys, len(self.mailing.emails)
        signed, libraries = dkimpy_signed(keys[0]), ("aiosmtplib", "dkim")
        ways: list[tuple[str, Way, int, tuple[str, ...]]] = []
        for kept, end in ((False, ""), (True, " + outbox")):
            ours, count = (ours_safe, readers) if kept else (ours_built, _LONG)
            ways += [
                (f"EmailMessage, dkimpy, aiosmtplib{end}", by_libraries(signed, kept=kept), 100, libraries),
                (f"EmailMessage, aiosmtplib{end}", by_libraries(stdlib_message, kept=kept), 200, libraries[:1]),
                (f"ours, relay signs{end}", ours(()), count, ()),
                (f"ours, RSA{end}", ours(keys[:1]), count, ()),
                (f"ours, RSA and Ed25519{end}", ours(keys), count, ()),
            ]
        rows = [
            Row(name, partial(measured, way), count, far=name.startswith("ours, relay signs"), needs=needs)
            for name, way, count, needs in ways
        ]
        self._everywhere("built", [*self._sources()[:1], *rows])

    def kept(self) -> None:
        """Tell the price of the outbox."""
        readers = len(self.mailing.emails)
        rows = [
            Row("forgetful outbox", partial(measured, delivered_forgetfully), readers, far=True),
            Row("careless outbox", partial(measured, delivered_carelessly), readers, far=True),
            Row("safe outbox", partial(measured, delivered), readers, far=True),
        ]
        self._everywhere("kept", rows)

    def tls(self) -> None:
        """Tell the price of TLS."""
        rows = [Row("ours", partial(measured, ours_carried), len(self.mailing.emails))]
        with tempfile.TemporaryDirectory() as folder, ExitStack() as open_sinks:
            path = certificate_in(Path(folder))
            trust = ssl.create_default_context(cafile=path)
            for connections in self._connections:
                plain, encrypted = (open_sinks.enter_context(fast_sink(certificate=each)) for each in (None, path))
                self.table("in the clear", plain, rows, connections, None)
                self.table("with TLS", encrypted, rows, connections, trust)

    def pipeline(self) -> None:
        """Tell what an email costs from the edition to the server."""
        with fast_sink() as sink:
            print(f"\npipeline, {sink.name}, 8 connections\nreaders{'messages/s':>27}   CPU ms  a CPU second      MB")
            for readers in _QUICK_RUNS if self.quick else _RUNS:
                ways: dict[str, Way] = {"safe": growing.whole, "forgetful": partial(growing.whole, kept=False)}
                taken = [
                    {name: self._alone(way, sink, readers) for name, way in ways.items()} for _ in range(self.rounds)
                ]
                for name in ways:
                    spent = [each[name] for each in taken]
                    rate, cpu, peak = 1 / _median(spent, "seconds"), _median(spent, "cpu"), _median(spent, "peak")
                    print(
                        f"{readers:7,} {name:14}{rate:12,.0f}{1000 * cpu:9.2f}{1 / cpu:14,.0f}{peak:8.0f}", flush=True
                    )
                    found = {"per_second": round(rate, 1), "cpu_ms": round(1000 * cpu, 3)}
                    self.found[f"pipeline, {readers}, {name}"] = found
            safe, forgetful = ([each[name] for each in taken] for name in ways)
            lost = 1 - _ratio(forgetful, safe, "seconds")
            self._hold(lost <= 0.2, f"the safe outbox costs {lost:.0%} of the pipeline's rate (at most 20 %)")

    def growth(self) -> None:
        """Tell how memory and cost grow with the subscribers."""
        peaks = []
        with fast_sink() as sink:
            print("\ngrowth, fast sink, 8 connections\nsubscribers  messages/s   CPU ms      MB")
            for readers in _QUICK_SIZES if self.quick else _SIZES:
                spent = self._alone(growing.outbox, sink, readers)
                peaks.append(spent.peak)
                print(f"{readers:11,}{1 / spent.seconds:12,.0f}{1000 * spent.cpu:9.3f}{spent.peak:8.0f}", flush=True)
                self.found[f"growth, {readers}"] = {"cpu_ms": round(1000 * spent.cpu, 4), "peak_mb": round(spent.peak)}
        flat = peaks[-1] <= 1.25 * peaks[0]
        told = " → ".join(f"{peak:.0f}" for peak in peaks)
        self._hold(
            max(peaks) < 300 and flat, f"memory {told} MB (under 300, at most a quarter more from first to last)"
        )

    def _alone(self, way: Way, sink: Sink, readers: int) -> Spent:
        nobody = Mailing((), self.mailing.keys)
        with tempfile.TemporaryDirectory() as folder:
            spent = measured(way, Task(nobody, sink.port, CONNECTIONS[0], readers, Path(folder)), alone=True)
        if sink.taken() != (readers, readers):
            sys.exit(f"not every one of {readers} messages arrived once")
        return spent

    @property
    def _connections(self) -> tuple[int, ...]:
        return QUICK_CONNECTIONS if self.quick else CONNECTIONS

    def _sources(self) -> list[Row]:
        if self.postfix is None:
            return []
        kept, new = (partial(smtp_source, self.postfix, kept=each) for each in (True, False))
        return [Row(SOURCE, kept, 5_000, far=True), Row("smtp-source, a connection each", new, 5_000)]

    def _everywhere(self, title: str, rows: Sequence[Row]) -> None:
        for opened in self.sinks(all_of_them=title == "carried" or not self.quick):
            with opened() as sink:
                for connections in self._connections:
                    self.table(title, sink, [row for row in rows if row.far or not sink.far], connections, None)


def _median(spent: Sequence[Spent], what: str) -> float:
    return float(statistics.median(getattr(each, what) for each in spent))


def _ratio(over: Sequence[Spent], under: Sequence[Spent], what: str) -> float:
    """Return the median of the ratios within each round."""
    pairs = zip(over, under, strict=True)
    return float(statistics.median(getattr(one, what) / getattr(other, what) for one, other in pairs))


@contextmanager
def described() -> Iterator[None]:
    """Print which machine this is, and how busy it was before and after."""
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    yield
    print(f"\nload {os.getloadavg()[0]:.1f}")


def main() -> None:
    """Print the tables, a line for each thing that is asked of them, and one of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round of a few messages, to see that it runs")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each sender takes")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=PARTS, help="measure these alone")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # not without ending what was started
    with described():
        bench = Bench(quick=options.quick, rounds=1 if options.quick else options.rounds)
        size = statistics.mean(map(len, bench.mailing.messages))
        print(f"{len(bench.mailing.emails):,} different messages of {size / 1000:.1f} KB, {bench.rounds} rounds")
        for part in options.part:
            getattr(bench, part)()
    print()
    for holds, what in bench.verdicts:
        told = "holds" if holds else "does not hold"
        print(f"{'too few' if options.quick else told:14}{what}")
    print(json.dumps({"rows": bench.found, "holds": {what: holds for holds, what in bench.verdicts}}))


if __name__ == "__main__":
    main()
