"""What the page is told, as data: one function for each of its questions.

Keys are those that `static/` reads; values are texts, numbers, lists and nothing that JSON lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from newsletter.checks import CSS_LIMIT, HTML_LIMIT, Severity
from newsletter.errors import NewsletterError, UsageError
from newsletter.explain import trace
from newsletter.models import Paper, Subscriber
from newsletter.pipeline.drafts import told
from newsletter.preview.anatomy import anatomy
from newsletter.preview.clip import CLIP_BYTES, with_clip
from newsletter.preview.compare import as_data as changed_as_data
from newsletter.preview.compare import changes, count_same
from newsletter.preview.desk import Desk
from newsletter.preview.gallery import gallery
from newsletter.preview.linked import linked
from newsletter.preview.paste import lines_to_paste
from newsletter.preview.setup import Look, Setup, long_day
from newsletter.preview.site import standing_alone, verdict
from newsletter.preview.trial import why_no_test
from newsletter.preview.trouble import Trouble
from newsletter.preview.wanted import NAMES, SAMPLE, Wanted, wanted
from newsletter.preview.why import as_data, candidates, trace_as_data
from newsletter.sample.reader import SAMPLE_READER

_ROWS = 20  # of everyone, in one answer: some 50 ms each


def desk(desk: Desk, *, token: str) -> dict[str, Any]:
    """Return what there is to choose from, and what is wrong with the files."""
    setup = desk.setup
    config = setup.config
    return {
        "newsletter": {"name": config.newsletter.name},
        "settings": {
            "path": str(config.path),
            "shipped": desk.path is None,
            "templates": str(config.templates) if config.templates else None,
        },
        "against": str(desk.against) if desk.against else None,
        "issues": _issues(setup),
        "readers": [_reader(each) for each in config.subscribers] + [_reader(SAMPLE_READER) | {"as": SAMPLE}],
        "cases": [shown._asdict() for shown in gallery()],
        "recipients": list(config.test_recipients),
        "no_test": why_no_test(config),
        "revision": desk.revision,
        "trouble": trouble(desk.trouble),
        "warnings": [str(each) for each in config.warnings] + list(setup.idle_files),
        "token": token,
    }


def trouble(found: Trouble | None) -> dict[str, Any] | None:
    """Return what is wrong, or None."""
    return asdict(found) if found else None


def issue(setup: Setup, look: Look) -> dict[str, Any]:
    """Return what is said of an email around it."""
    email, made = look.email, look.issue
    return {
        "place": {
            "issue": str(look.wanted.issue) or None,
            "as": look.wanted.reader or None,
            "case": look.wanted.case or None,
        },
        "title": look.title,
        "subject": email.subject,
        "preheader": look.preheader,
        "sender": list(email.sender),
        "recipient": list(email.recipient),
        "date": email.date.isoformat(),
        "papers": len(made.papers) if made else 0,
        "cut": len(made.cut) if made else 0,
        "considered": made.considered if made else 0,
        "has_html": bool(email.html),
        "empty": made is not None and not made.papers,
        "language": look.reader.language,
        "sizes": asdict(look.facts),
        "limits": {"html": HTML_LIMIT, "clip": CLIP_BYTES, "css": CSS_LIMIT},
        "settings": _settings(setup, look),
        "status": look.reader.status.value,
        "delivered": _delivered(look),
        "notes": list(look.notes),
    }


def html(look: Look) -> str:
    """Return the HTML part as a browser shows it: pictures in it, and a comment where Gmail would cut it."""
    return standing_alone(look.email, with_clip(look.email.html))


def source(setup: Setup, look: Look) -> dict[str, Any]:
    """Return the finished HTML, the template it was made from, and what the template was given."""
    return {"html": look.email.html, "mjml": setup.markup(look), "context": setup.context(look)}


def message(look: Look) -> dict[str, Any]:
    """Return the message taken apart."""
    return asdict(anatomy(look.message)) | {"eml": f"/message.eml?{urlencode(look.wanted.query)}"}


def checks(setup: Setup, look: Look) -> dict[str, Any]:
    """Return what the checks found, each with the line of the template and the paper that it is about."""
    count = {severity: sum(found.severity is severity for found in look.findings) for severity in Severity}
    return {
        "verdict": verdict(look.findings),
        "errors": count[Severity.ERROR],
        "warnings": count[Severity.WARNING],
        "findings": [
            asdict(each.finding) | {"template": each.template, "paper": each.paper} for each in linked(setup, look)
        ],
    }


def why(look: Look) -> dict[str, Any]:
    """Return every candidate of an issue; of a case those that it shows or cuts, of a letter none."""
    if look.issue is None:
        return {"considered": 0, "issue": None, "candidates": []}
    found = candidates(look.prepared, look.issue, reader=look.reader)
    return {
        "considered": look.issue.considered,
        "issue": str(look.wanted.issue) or None,
        "candidates": [as_data(each) for each in found],
    }


def paper(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what became of one paper, named by its id or by words of its title, and what would have changed it."""
    named, look = query.get("paper", "").strip(), desk.look(wanted(query))
    if look.issue is None or look.prepared is None or look.window is None:
        raise UsageError("a case has no candidates: choose an issue")
    papers = (*look.prepared.hits.reading.papers, *(trend.paper for trend in look.prepared.trends))
    found = next((each for each in papers if named in (each.id, *each.identities)), None)
    stored = desk.setup_of(look.wanted).material.find_papers(named)
    if found is None and len(stored) == 1:
        found = next((each for each in papers if each.id == stored[0][0].id), None)
    if found is None:
        return _elsewhere(named, stored)
    first_day = next((day for each, day in stored if each.id == found.id), look.issue.day)
    received, versions = desk.setup_of(look.wanted).material.had(look.reader, look.window)
    told = trace(
        look.prepared,
        look.reader,
        found,
        day=look.issue.day,
        first_day=first_day,
        received=received,
        versions=versions,
    )
    return {"found": True} | trace_as_data(told, look.reader)


def _elsewhere(named: str, stored: Sequence[tuple[Paper, date]]) -> dict[str, Any]:
    near = [{"id": each.id, "title": each.title, "issue": day.isoformat()} for each, day in stored]
    if not near:
        told = f'"{named}" is unknown: no source ever brought it, under this id or title'
    elif len(near) == 1:
        told = f"it is no paper of this edition: it was new on {near[0]['issue']}"
    else:
        told = f'several papers have "{named}" in their title'
    return {"found": False, "told": told, "near": near}


def everyone(setup: Setup, place: Wanted, *, first: int) -> dict[str, Any]:
    """Return some rows of what each reader gets on one date, beginning with the reader of number `first`."""
    readers = setup.config.subscribers
    rows = [_row(setup, replace(place, reader=each.email, case="")) for each in readers[first : first + _ROWS]]
    following = first + _ROWS
    return {"total": len(readers), "next": following if following < len(readers) else None, "rows": rows}


def compare(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    """Return what differs between two issues: the one of the query, and that with what `with_…` changes in it."""
    here = {name: query[name] for name in NAMES if query.get(name)}
    there = here | {name: value for name in NAMES if (value := query.get(f"with_{name}"))}
    if there.get("settings") == "written":
        there = {name: value for name, value in there.items() if name not in ("max_papers", "min_score", "settings")}
    left, right = desk.look(wanted(here)), desk.look(wanted(there))
    if left.issue is None or right.issue is None:
        raise UsageError("letters cannot be compared; choose an issue")
    found = changes(left.issue, right.issue, of_left=_chosen_from(left), of_right=_chosen_from(right))
    return {
        "left": _side(left),
        "right": _side(right),
        "changes": [changed_as_data(each) for each in found],
        "same": count_same(left.issue, right.issue, found),
    }


# ------------------------------------------------------------------ parts of answers


def _issues(setup: Setup) -> list[dict[str, Any]]:
    kept = [
        {"issue": day.isoformat(), "label": long_day(day), "papers": papers}
        for day, papers in setup.material.papers.days.items()
    ]
    return [*kept, {"issue": SAMPLE, "label": "Papers that ship", "papers": len(setup.material.papers.shipped.papers)}]


def _reader(reader: Subscriber) -> dict[str, Any]:
    return {
        "as": reader.email,
        "name": reader.name,
        "status": reader.status.value,
        "origin": reader.origin,
        "interests": len(reader.interests),
    }


def _delivered(look: Look) -> dict[str, str] | None:
    return {"state": look.delivery.state.value, "detail": told(look.delivery)} if look.delivery else None


def _settings(setup: Setup, look: Look) -> dict[str, Any] | None:
    reader, written = look.reader, look.written
    if written is None:
        return None
    changes = {}
    if reader.max_papers != written.max_papers:
        changes["max_papers"] = str(reader.max_papers)
    if reader.min_score != written.min_score:
        changes["min_score"] = f"{reader.min_score:.2f}"
    return {
        "max_papers": reader.max_papers,
        "min_score": reader.min_score,
        "written": {"max_papers": written.max_papers, "min_score": written.min_score},
        "origin": written.origin,
        "yaml": lines_to_paste(setup.config.files, written.origin, changes),
    }


def _row(setup: Setup, place: Wanted) -> dict[str, Any]:
    """Return what one reader gets; what goes wrong with one issue is told in its row."""
    reader = setup.material.reader(place.reader)
    told = {"as": reader.email, "name": reader.name, "status": reader.status.value}
    try:
        look = setup.together.look(place)
    except NewsletterError as error:
        return told | {"papers": 0, "subject": "", "size": 0, "verdict": str(error)}
    papers = len(look.issue.papers) if look.issue else 0
    return told | {
        "papers": papers,
        "subject": look.email.subject,
        "size": look.facts.html,
        "verdict": verdict(look.findings),
    }


def _chosen_from(look: Look) -> frozenset[str] | None:
    return frozenset(each.id for each in look.prepared.edition.papers) if look.prepared else None


def _side(look: Look) -> dict[str, Any]:
    papers = len(look.issue.papers) if look.issue else 0
    return {"title": look.title, "query": urlencode(look.wanted.query), "papers": papers}
