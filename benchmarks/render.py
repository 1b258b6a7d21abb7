"""Emails a second on one core: templates compiled once, beside the pipeline that runs for each email.

    python benchmarks/render.py

Every side makes finished bytes: HTML, text and MIME, of issues with 20 papers, each reader with interests, reasons and
an order of their own, of the 80 papers that ship. The sides take turns, batch by batch, in one process; figures are CPU
time, and each ratio is the median over the rounds. What the others need besides (the view of an issue) they get
ready-made.

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
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

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
from newsletter.render.protect import Joined, Place, flatten, join
from newsletter.render.shown import IssueView
from newsletter.render.view import view

DAY, NOW = date(2026, 6, 4), datetime(2026, 6, 4, 6, tzinfo=UTC)
NEWSLETTER = Newsletter("Daily Papers", "Daily Papers", "papers@example.org", editor="Ada Lovelace")
WORDS = (
    "speculative decoding language model inference draft quantum error correction galaxy protein structure graph "
    "neural network diffusion policy robot manipulation theorem proving gravitational wave time series forecasting"
).split()
SECTIONS = 5
BATCH = 200  # emails of ours in a round


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
    parser.add_argument("--papers", type=int, default=20, help="papers in a message")
    options = parser.parse_args()
    logging.getLogger("CSSUTILS").setLevel(logging.CRITICAL)
    papers = sample_edition().papers
    compare(papers, options.papers, options.rounds)
    grow_with_papers(papers)
    grow_with_subscribers(papers, options.papers)


def compare(papers: Sequence[Paper], count: int, rounds: int) -> None:
    """Print the CPU time of each side, and the median of its ratios to ours."""
    issues = [issue_of(papers, count, number) for number in range(BATCH * (rounds + 1))]
    views = views_of(issues[: BATCH // 2])
    ways = pipelines()
    sides: dict[str, tuple[Callable[[int], object], int]] = {
        "ours": (lambda number: ways.ours(issues[BATCH + number]), BATCH),  # no subscriber twice
        "bare": (lambda number: ways.bare(views[number % len(views)]), BATCH // 2),
        "tuned": (lambda number: ways.tuned(views[number % len(views)]), 10),
        "ordinary": (lambda number: ways.ordinary(views[number % len(views)]), 6),
    }
    for way, _ in list(sides.values())[1:]:  # compiled, cached, warm
        for number in range(3):
            way(number)
    for issue in issues[:BATCH]:  # the first readers of a day
        ways.ours(issue)
    del issue
    gc.collect()
    gc.freeze()  # the issues are the benchmark's own
    spent: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(rounds):
        for name, (way, batch) in sides.items():
            spent[name].append(cpu_per_call(way, range(turn * batch, (turn + 1) * batch)))
    size = len(ways.ours(issues[0]))
    print(f"{count} papers a message, {size / 1000:.0f} KB as sent; CPU time, {rounds} rounds\n")
    print(f"{'':10}{'ms':>8}{'emails/s':>10}{'× ours':>9}")
    for name, times in spent.items():
        ratio = statistics.median(each / own for each, own in zip(times, spent["ours"], strict=True))
        print(f"{name:10}{1000 * statistics.median(times):8.2f}{1 / statistics.median(times):10,.0f}{ratio:9.2f}")
    bare = statistics.median(own / each for each, own in zip(spent["bare"], spent["ours"], strict=True))
    print(f"\nours is {bare:.2f} × the bare filling of its two templates\n")


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


def grow_with_subscribers(papers: Sequence[Paper], count: int) -> None:
    """Print the cost of an email by the number of subscribers, nothing made before."""
    print("\nsubscribers  ms each   memory MB")
    for many in (10, 100, 1_000, 10_000):
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
    plain = as_template(name, join(flatten(name, sources)), parts.language, autoescape=True)
    styled = as_template(name, join(flatten(name, in_head)), parts.language, autoescape=True)

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


def issue_of(papers: Sequence[Paper], count: int, number: int) -> Issue:
    """Return the issue of subscriber `number`: papers, reasons and their order follow from it."""
    chance = random.Random(number)
    chosen = chance.sample(list(papers), count)
    names = [" ".join(chance.sample(WORDS, 3)) for _ in range(SECTIONS)]
    interests = tuple(Interest(InterestKind.PHRASE, name, (name,)) for name in names)

    def matched(paper: Paper, name: str) -> MatchedPaper:
        kind = chance.choice((ReasonKind.WORDS, ReasonKind.MEANING))
        reason = Reason(kind, name, tuple(name.split()[:2]), in_title=chance.random() < 0.5)
        return MatchedPaper(paper, chance.random(), (reason,))

    cut = [chosen[1:][place::SECTIONS] for place in range(SECTIONS)]
    sections = tuple(
        Section(name.capitalize(), name, tuple(matched(paper, name) for paper in some), len(some) + 3)
        for name, some in zip(names, cut, strict=True)
        if some
    )
    subscriber = Subscriber(f"reader{number}@example.org", interests, name=f"Reader {number}")
    return Issue(subscriber, DAY, matched(chosen[0], names[0]), sections, (), len(papers), ())


if __name__ == "__main__":
    main()
