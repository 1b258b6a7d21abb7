"""The sources of the settings, each checked by the model of its kind."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from newsletter.config.checks import check_labels
from newsletter.config.place import Findings, Node, plain
from newsletter.config.problems import note, unknown_key
from newsletter.sources.source import Source

_SHAPE = "must be one kind with its settings indented under it, such as 'arxiv: {categories: [cs.LG]}'"


def read_sources(root: Node, kinds: Mapping[str, type[Source]], findings: Findings) -> tuple[Source, ...]:
    """Return the sources that are right, after noting the others."""
    found = []
    for number, item in enumerate((root.child("sources") or root).items):
        if not item.broken and (source := _source(root, number, item, kinds, findings)):
            found.append((source, item))
    check_labels([(source.label, item.place) for source, item in found], findings)
    return tuple(source for source, _ in found)


def _source(
    root: Node, number: int, item: Node, kinds: Mapping[str, type[Source]], findings: Findings
) -> Source | None:
    if len(item.entries) != 1:
        findings.problem(item.place, f"source {number + 1} {_SHAPE}")
        return None
    [(kind, settings)] = item.entries.items()
    if kind not in kinds:
        message = unknown_key(kind, kinds, what="source")
        known = f" known: {', '.join(kinds)}" if message.endswith("?") else ""
        findings.problem(item.keys[kind], message + known)
        item.forget(kind)
        return None
    try:
        return kinds[kind].model_validate(plain(settings))
    except ValidationError as error:
        note(error, root, findings, model=kinds[kind], at=("sources", number, kind))
        return None
