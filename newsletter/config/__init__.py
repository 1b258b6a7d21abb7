"""`subscribers.yaml` → `Config`: every problem at once, each with its file, line, column and the way out.

gather        YAML → nodes that know their place; `include:` merged
override      options from the environment
fill_in       ${VARIABLES} in texts
SettingsFile  pydantic: the grammar
check         what no single value shows
convert       the records of `newsletter.models`
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from newsletter.config import convert
from newsletter.config.checks import check, check_empty, empty_values
from newsletter.config.includes import gather
from newsletter.config.interests import kind_of
from newsletter.config.interpolation import fill_in
from newsletter.config.naming import shown
from newsletter.config.overrides import override
from newsletter.config.password import read_password
from newsletter.config.place import Findings, Node, YamlFile, plain
from newsletter.config.problems import note
from newsletter.config.schema import SettingsFile
from newsletter.config.settings import Config, IssueSettings, Schedule
from newsletter.config.sources import read_sources
from newsletter.errors import ConfigError, Problem
from newsletter.sources import KINDS
from newsletter.sources.source import Source

__all__ = ["Config", "IssueSettings", "Schedule", "kind_of", "load"]

_SECRETS = frozenset(("smtp", "tldr"))


def load(path: Path, *, environment: Mapping[str, str], sending: bool = True) -> Config:
    """Return the settings of a file and all it includes; raises ConfigError with every problem found.

    Commands that send nothing say `sending=False`: then a secret of the mail server or of a language model that is not
    there is a warning, and `Config.smtp` or `Config.tldr` is None.
    """
    findings = Findings()
    config = None
    with _collector_paused():
        root, files, folders = gather(path, findings)
        if root:
            may_lack = frozenset() if sending else _SECRETS
            root = fill_in(override(root, environment), environment, findings, may_lack=may_lack)
            config = _config(path, root, findings, sending=sending)
    if findings.problems or config is None:
        raise ConfigError(_in_file_order(findings.problems, files))
    return replace(
        config,
        warnings=_in_file_order(findings.warnings, files),
        files=tuple(file.path for file in files),
        folders=tuple(folders),
    )


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep the garbage collector from looking through a growing tree that all stays: a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _config(path: Path, root: Node, findings: Findings, *, sending: bool) -> Config | None:
    """Return the settings of a tree, or None where something was found wrong."""
    settings, sources = _validated(root, findings)
    folder = path.absolute().parent
    password = _secret(root, "smtp", "password", findings, sending=sending)
    api_key = _secret(root, "tldr", "api_key", findings, sending=sending)
    templates = _templates(root, folder, findings)
    if findings.problems or settings is None:
        return None
    return Config(
        path=path,
        newsletter=convert.newsletter(settings),
        sources=sources,
        schedule=convert.schedule(settings),
        smtp=convert.smtp(settings.smtp, password) if settings.smtp and password is not None else None,
        issue=convert.issue(settings),
        store=convert.store(settings, folder),
        templates=templates,
        subscribers=convert.subscribers(settings, root, findings),
        picks=convert.picks(settings, root, findings),
        tldr=convert.tldr(settings.tldr, api_key) if settings.tldr and api_key is not None else None,
        test_recipients=convert.test_recipients(settings),
    )


def _validated(root: Node, findings: Findings) -> tuple[SettingsFile | None, tuple[Source, ...]]:
    """Return what the grammar makes of a tree, after noting everything it does not allow."""
    settings = None
    empty = empty_values(root)
    try:
        settings = SettingsFile.model_validate(plain(root))
    except ValidationError as error:
        note(error, root, findings, model=SettingsFile)
    sources = read_sources(root, KINDS, findings)
    check(root, findings)
    check_empty(root, empty, findings)
    return settings, sources


def _secret(root: Node, section: str, name: str, findings: Findings, *, sending: bool) -> str | None:
    """Return a password or a key, empty where none is asked for, None where it cannot be had."""
    key = f"{name}_file"
    file, inline = root.find(section, key), root.find(section, name)
    if file and not file.broken and not inline:
        note = findings.problem if sending else findings.warning
        return read_password(file, findings, note=note, key=f"{section}.{key}")
    if inline and inline.value == "":
        findings.problem(inline.place, f"{section}.{name} is empty; if it is a variable, set it")
    return str(inline.value) if inline else ""


def _templates(root: Node, folder: Path, findings: Findings) -> Path | None:
    node = root.child("templates")
    if not node or not isinstance(node.value, str) or node.broken:
        return None
    path = folder / node.value
    if not path.is_dir():
        findings.problem(node.place, f"templates: no such folder {shown(node.written)}")
    return path


def _in_file_order(problems: list[Problem], files: list[YamlFile]) -> tuple[Problem, ...]:
    """Return problems from top to bottom, file after file; those of the environment come last."""
    turns = {file.shown: turn for turn, file in enumerate(files)}
    last = len(turns)
    return tuple(sorted(set(problems), key=lambda p: (turns.get(p.path, last), p.path, p.line, p.column, p.message)))
