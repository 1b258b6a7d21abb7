"""Findings with where they come from: the line of the template that wrote it, and the paper that it is about."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from newsletter.checks import Finding, Part
from newsletter.preview.setup import Look, Setup


@dataclass(frozen=True, slots=True)
class Linked:
    """A finding, the file and line of the template, and the paper's id and title; None where there is none."""

    finding: Finding
    template: dict[str, str | int] | None
    paper: dict[str, str] | None


def linked(setup: Setup, look: Look) -> tuple[Linked, ...]:
    """Return every finding of an email with its origin."""
    if not look.findings:
        return ()
    places = setup.places(look)
    spans = {Part.HTML: _spans(look, look.email.html), Part.TEXT: _spans(look, look.email.text)}
    found = []
    for finding in look.findings:
        lines = places.get(finding.part, ())
        place = lines[finding.line - 1] if 0 < finding.line <= len(lines) else None
        template: dict[str, str | int] | None = {"file": place.template, "line": place.line} if place else None
        found.append(Linked(finding, template, _paper_at(finding.line, spans.get(finding.part, ()))))
    return tuple(found)


_Span = tuple[int, int, dict[str, str]]


def _spans(look: Look, part: str) -> tuple[_Span, ...]:
    """Return from which line to which each paper of an issue is told of: those that name its address or its title."""
    lines = part.split("\n")
    spans = []
    for matched in look.issue.papers if look.issue else ():
        paper = matched.paper
        needles = {form for each in (paper.url, paper.title) if each for form in (each, escape(each))}
        numbers = [number for number, line in enumerate(lines, 1) if any(each in line for each in needles)]
        if numbers:
            spans.append((numbers[0], numbers[-1], {"id": paper.id, "title": paper.title}))
    return tuple(spans)


def _paper_at(line: int, spans: tuple[_Span, ...]) -> dict[str, str] | None:
    """Return the paper whose lines these are, the one with the fewest where several are; None outside of all."""
    around = [(last - first, number) for number, (first, last, _) in enumerate(spans) if first <= line <= last]
    return spans[min(around)[1]][2] if around else None
