"""Emails a second on one core: templates compiled once, beside the pipeline that runs for each email.

    python benchmarks/render.py [--quick]

Every side makes finished bytes: HTML, text and MIME, of issues with 20 papers, each reader with five interests, and an
order and scores of their own, of the 80 papers that ship. The interests are *shared*, drawn from 1,000 phrases of which
the nth is 1/n as wanted as the first, or *distinct*: nobody has one of another's, and no reason is told twice. A phrase
finds the same eight papers for everybody who follows it, for the same reasons, and each gets some of them.

The sides take turns, batch by batch; figures are CPU time, and each ratio is the median over the rounds. What the
others need besides (the view of an issue) they get ready-made. Each has a *process of its own*, and then they *share
one*: there the two premailers push each other out of its cache of 128 styles, and the ordinary one takes five times as
long, as it does for whoever renders more than one template.

    ours       Renderer.render, as_bytes: view, both templates, byte budget, header fields, MIME
    bare       the two compiled templates filled by Jinja and nothing else, from views ready-made
    tuned      Jinja → mrml → premailer with the options of newsletter/render/inline.py → EmailMessage
    ordinary   Jinja → mrml → premailer as it comes (style tags kept, no network) → EmailMessage
"""

from __future__ import annotations

import argparse
import gc
import logging
import random
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from multiprocessing import get_context
from typing import Any

from newsletter.deliver.message import as_bytes
from newsletter.demo import sample_edition
from newsletter.models import (
    Interest,
    InterestKind,
    Issue,
    MatchedPaper,
    Newsletter,
    Paper,
    Reason,
    ReasonKind,
    Section,
    Subscriber,
)
from newsletter.render import Renderer, compile_templates
from newsletter.render.compile import CSS_NAME, as_template, mjml_to_html
from newsletter.render.facts import facts_of
from newsletter.render.files import read_sources
from newsletter.render.inline import inline
from newsletter.render.once import Filled
from newsletter.render.protect import Joined, Place, flatten
from newsletter.render.shown import IssueView
from newsletter.render.view import view

DAY, NOW = date(2026, 6, 4), datetime(2026, 6, 4, 6, tzinfo=UTC)
NEWSLETTER = Newsletter("Daily Papers", "Daily Papers", "papers@example.org", editor="Ada Lovelace")
WORDS = (
    "speculative decoding language model inference draft quantum error correction galaxy protein structure graph "
    "neural network diffusion policy robot manipulation theorem proving gravitational wave time series forecasting"
).split()
SECTIONS = 5
FOUND = 8  # papers by one phrase
FIRST, QUICK = (
    2_000,
    20,
)  # readers before it is measured: the first cost more, see the last table
SIDES = {"ours": 200, "bare": 100, "tuned": 12, "ordinary": 8}  # emails in a round
SHARED, DISTINCT = 1_000, 0  # phrases to choose from; 0 where nobody shares any


@dataclass(frozen=True, slots=True)
class Pipelines:
    """The ways to make an email that are compared."""

    ours: Callable[[Issue], bytes]
    bare: Callable[[IssueView], object]
    tuned: Callable[[IssueView], bytes]
    ordinary: Callable[[IssueView], bytes]


def main() -> None:
    """Print the four sides, their ratios, and how the cost of ours grows."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7, help="turns that each side takes")
    parser.add_argument("--quick", action="store_true", help="two rounds and a few readers, to see that it runs")
    parser.add_argument("--papers", type=int, default=20, help="papers in a message")
    options = parser.parse_args()
    papers = sample_edition().papers
    rounds, first = (2, QUICK) if options.quick else (options.rounds, FIRST)
    compare(options.papers, rounds, SHARED, first)
    compare(options.papers, rounds, SHARED, first, together=True)
    compare(options.papers, rounds, DISTINCT, first)
    grow_with_papers(papers)
    grow_with_subscribers(papers, options.papers, most=100 if options.quick else 10_000)


def compare(count: int, rounds: int, pool: int, first: int, *, together: bool = False) -> None:
    """Print the CPU time of each side, and the median of its ratios to ours."""
    one = ProcessPoolExecutor(1, get_context("spawn"))
    workers = {name: one if together else ProcessPoolExecutor(1, get_context("spawn")) for name in SIDES}
    sizes = [worker.submit(prepare, name, count, rounds, pool, first).result() for name, worker in workers.items()]
    spent: dict[str, list[float]] = {name: [] for name in SIDES}
    for turn in range(rounds):
        for name, worker in workers.items():
            spent[name].append(worker.submit(batch, name, turn).result())
    for worker in (one, *workers.values()):
        worker.shutdown()
    kind = "shared" if pool == SHARED else "distinct"
    where = "all in one process" if together else "each in a process of its own"
    print(f"{count} papers a message, {sizes[0] / 1000:.0f} KB as sent, {kind} interests, {where}, {rounds} rounds\n")
    print(f"{'':10}{'ms':>8}{'emails/s':>10}{'× ours':>9}")
    for name, times in spent.items():
        ratio = statistics.median(each / own for each, own in zip(times, spent["ours"], strict=True))
        print(f"{name:10}{1000 * statistics.median(times):8.2f}{1 / statistics.median(times):10,.0f}{ratio:9.2f}")
    bare = statistics.median(own / each for each, own in zip(spent["bare"], spent["ours"], strict=True))
    print(f"\nours is {bare:.2f} × the bare filling of its two templates\n")


_prepared: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {}


def prepare(side: str, count: int, rounds: int, pool: int, readers: int) -> int:
    """Make ready what a side needs, in its own process; return the size of its first message, 0 for what makes none."""
    logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)
    papers, ways, size = sample_edition().papers, pipelines(), SIDES[side]
    ours = side == "ours"
    issues = [issue_of(papers, count, number, pool) for number in range(readers + size * rounds if ours else size)]
    given = issues if ours else views_of(issues)
    way = getattr(ways, side)
    for each in given[: readers if ours else 3]:  # compiled, cached, warm
        first = way(each)
    _prepared[side] = (way, given[readers:] if ours else given)
    gc.collect()
    gc.freeze()  # the issues are the benchmark's own
    return len(first) if isinstance(first, bytes) else 0


def batch(side: str, turn: int) -> float:
    """Return the CPU seconds of one email, the mean of a batch; ours are for readers who had none yet."""
    (way, given), size = _prepared[side], SIDES[side]
    gc.collect()
    return cpu_per_call(lambda number: way(given[number % len(given)]), range(turn * size, (turn + 1) * size))


def grow_with_papers(papers: Sequence[Paper]) -> None:
    """Print the cost of an email by its number of papers."""
    print("papers      ms   µs a paper")
    for count in (1, 5, 10, 20, 30):
        issues = [issue_of(papers, count, number) for number in range(200)]
        ours = pipelines().ours
        for issue in issues:
            ours(issue)
        spent = min(cpu_per_call(lambda number: ours(issues[number]), range(200)) for _ in range(3))  # noqa: B023
        print(f"{count:6}{1000 * spent:8.3f}{1e6 * spent / count:13.0f}")


def grow_with_subscribers(papers: Sequence[Paper], count: int, *, most: int) -> None:
    """Print the cost of an email by the number of subscribers, nothing made before."""
    print("\nsubscribers  ms each   memory MB")
    for many in (size for size in (10, 100, 1_000, 10_000) if size <= most):
        ours = pipelines().ours
        issues = [issue_of(papers, count, number) for number in range(min(many, 1_000))]
        spent = cpu_per_call(lambda number: ours(issues[number % 1_000]), range(many))  # noqa: B023
        print(f"{many:11,}{1000 * spent:9.3f}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:12.0f}")


def cpu_per_call(way: Callable[[int], object], numbers: range) -> float:
    """Return the CPU seconds that one call takes, the mean over `numbers`."""
    began = time.process_time()
    for number in numbers:
        way(number)
    return (time.process_time() - began) / len(numbers)


def pipelines() -> Pipelines:
    """Return every side, compiled and with nothing made yet."""
    renderer, templates = Renderer(NEWSLETTER, compile_templates(), readers=10_000), compile_templates()
    parts, sources = templates.parts(), read_sources().by_name()
    css = sources[CSS_NAME]
    in_head = {**sources, "issue/phone.css": css + sources["issue/phone.css"]}
    name = parts.html.name
    plain = as_template(name, flatten(name, sources), parts.language, autoescape=True)
    styled = as_template(name, flatten(name, in_head), parts.language, autoescape=True)

    def bare(shown: IssueView) -> tuple[str, str]:
        return parts.html.fill(Filled(), issue=shown), parts.text.fill(Filled(), issue=shown)

    def tuned(shown: IssueView) -> bytes:
        return message(inline(html_of(plain.fill(issue=shown)), css), parts.text.fill(issue=shown))

    def ordinary(shown: IssueView) -> bytes:
        from premailer import Premailer  # noqa: PLC0415 - as late as the product imports it

        html = html_of(styled.fill(issue=shown))
        inlined = Premailer(html, keep_style_tags=True, allow_network=False).transform()
        return message(str(inlined), parts.text.fill(issue=shown))

    return Pipelines(lambda issue: as_bytes(renderer.render(issue, date=NOW)), bare, tuned, ordinary)


def html_of(mjml: str) -> str:
    """Return the HTML of one email's MJML."""
    return mjml_to_html(Joined(mjml, (0,), (Place("mail", 1),)))


def message(html: str, text: str) -> bytes:
    """Return the parts as the standard library makes a message of them."""
    made = EmailMessage(policy=policy.SMTP)
    made["From"] = "Daily Papers <papers@example.org>"
    made["To"] = "Ada <ada@example.org>"
    made["Subject"] = "20 papers · Speculative decoding · 4 Jun"
    made["Date"] = format_datetime(NOW)
    made["Message-ID"] = "<i20260604.s1@example.org>"
    made["List-Id"] = "Daily Papers <daily-papers.example.org>"
    made["List-Unsubscribe"] = "<mailto:papers@example.org?subject=unsubscribe>"
    made.set_content(text, cte="quoted-printable")
    made.add_alternative(html, subtype="html", cte="quoted-printable")
    return made.as_bytes()


def views_of(issues: Sequence[Issue]) -> list[IssueView]:
    """Return what templates see of the issues."""
    language = compile_templates().parts().language
    facts = {matched.paper.id: facts_of(matched.paper, "summary") for issue in issues for matched in issue.papers}
    return [view(issue, NEWSLETTER, language, lambda paper: facts[paper.id], readers=10_000) for issue in issues]


def issue_of(papers: Sequence[Paper], count: int, number: int, pool: int = 1_000) -> Issue:
    """Return the issue of subscriber `number`: interests, papers and their order follow from it."""
    chance = random.Random(number)
    wanted = [int(pool ** chance.random()) if pool else SECTIONS * number + place for place in range(SECTIONS)]
    names = [phrase(each) for each in wanted]
    interests = tuple(Interest(InterestKind.PHRASE, name, (name,)) for name in names)
    taken = set[str]()

    def matched(name: str) -> MatchedPaper:
        found = random.Random(name).sample(papers, FOUND)
        paper = next(each for each in (*chance.sample(found, FOUND), *papers) if each.id not in taken)
        taken.add(paper.id)
        told = random.Random(f"{name} {paper.id}")  # the same whoever asks
        kind = told.choice((ReasonKind.WORDS, ReasonKind.MEANING))
        reason = Reason(kind, name, tuple(name.split()[: told.randint(1, 3)]), in_title=told.random() < 0.5)
        return MatchedPaper(paper, chance.random(), (reason,))

    lead = matched(names[0])
    sizes = [len(range(place, count - 1, SECTIONS)) for place in range(SECTIONS)]
    sections = tuple(
        Section(name.capitalize(), name, tuple(matched(name) for _ in range(size)), size + 3)
        for name, size in zip(names, sizes, strict=True)
        if size
    )
    subscriber = Subscriber(f"reader{number}@example.org", interests, name=f"Reader {number}")
    return Issue(subscriber, DAY, lead, sections, (), len(papers), ())


def phrase(number: int) -> str:
    """Return the phrase of that number: three words, and no two numbers the same."""
    first, rest = number % len(WORDS), number // len(WORDS)
    return f"{WORDS[first]} {WORDS[rest % len(WORDS)]} {WORDS[rest // len(WORDS) % len(WORDS)]}"


if __name__ == "__main__":
    main()
