"""The checks of a finished message: what would break in a reader's program, told before anybody receives it.

    bytes ── read ──► header, parts ── parse ──► page ── rules ──► findings

`check` knows the message and nothing else: no template, no issue, no settings, no network. The rules are those of the
RFCs that each module names, of the Email Markup Consortium's accessibility report (https://emailmarkup.org, whose
tests are Parcel's), and of what mail programs are known to do to an email; `support` reads the data of caniemail.com.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from newsletter.checks.content import check_content
from newsletter.checks.dark import check_dark
from newsletter.checks.document import check_document
from newsletter.checks.finding import Facts, Finding, Part, Severity, error, gathered
from newsletter.checks.headers import check_headers
from newsletter.checks.legible import check_legible
from newsletter.checks.links import check_images, check_links
from newsletter.checks.outline import check_outline
from newsletter.checks.outlook import check_outlook
from newsletter.checks.page import Page, parse
from newsletter.checks.plain import check_plain
from newsletter.checks.reading import Reading, read
from newsletter.checks.sizes import CSS_LIMIT, HTML_LIMIT, MESSAGE_LIMIT, check_sizes, measured
from newsletter.checks.structure import check_structure
from newsletter.checks.styles import check_styles
from newsletter.checks.subscription import check_subscription
from newsletter.checks.support import check_support

__all__ = ["CSS_LIMIT", "HTML_LIMIT", "MESSAGE_LIMIT", "Facts", "Finding", "Part", "Severity", "check", "measure"]

_OF_HEADS: tuple[Callable[[Reading], Iterator[Finding]], ...] = (check_structure, check_headers)
_OF_MESSAGES: tuple[Callable[[Reading, Page | None], Iterator[Finding]], ...] = (
    check_sizes,
    check_subscription,
    check_content,
    check_plain,
)
_OF_PAGES: tuple[Callable[[Page], Iterator[Finding]], ...] = (
    check_document,
    check_outline,
    check_links,
    check_legible,
    check_dark,
    check_styles,
    check_outlook,
    check_support,
)


def check(message: bytes) -> tuple[Finding, ...]:
    """Return what is wrong with `message`, by part and line; nothing for a message that is as it should be.

    Any bytes are taken: a message that is none is a finding.
    """
    reading, page = _taken_apart(message)
    findings = [finding for rule in _OF_HEADS for finding in rule(reading)]
    findings += [finding for rule in _OF_MESSAGES for finding in rule(reading, page)]
    if page is not None:
        findings += [finding for rule in _OF_PAGES for finding in rule(page)]
        findings += check_images(page, reading.pictures)
    elif reading.html is not None:
        what = "the HTML part holds no element: readers see an empty email; leave the part out, or fill it"
        findings.append(error("html-empty", what, Part.HTML))
    return gathered(findings)


def measure(message: bytes) -> Facts:
    """Return the sizes of `message` in bytes, and what it holds; any bytes are taken."""
    return measured(*_taken_apart(message))


def _taken_apart(message: bytes) -> tuple[Reading, Page | None]:
    reading = read(message)
    return reading, parse(reading.html.text) if reading.html is not None else None
