"""`subscribers.yaml` → `Config`: every problem at once, each with its file, line, column and the way out.

gather        YAML → nodes that know their place; `include:` merged
override      options from the environment
check_choices keys that exclude or need each other
fill_in       ${VARIABLES} in texts
SettingsFile  pydantic: the grammar
check         what no single value shows
convert       the records of `newsletter.models`; `postage` those of how mail leaves and comes back

`with_secret` and `fingerprint` are for who runs: they make what tokens need, and say whether to read again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from newsletter.config import convert, postage
from newsletter.config.checks import check, check_empty, empty_values
from newsletter.config.choices import check_choices
from newsletter.config.fingerprint import fingerprint
from newsletter.config.includes import gather
from newsletter.config.interests import kind_of
from newsletter.config.interpolation import fill_in
from newsletter.config.looks import check_languages, check_look
from newsletter.config.naming import Location, shown
from newsletter.config.overrides import override
from newsletter.config.own_secret import ensure_secret, with_secret
from newsletter.config.place import Findings, Node, YamlFile, plain
from newsletter.config.postage import Secrets
from newsletter.config.problems import note
from newsletter.config.schema import SettingsFile
from newsletter.config.settings import Config, IssueSettings, Schedule
from newsletter.config.sources import read_sources
from newsletter.errors import ConfigError, Problem
from newsletter.sources import KINDS
from newsletter.sources.source import Source

__all__ = [
    "Config",
    "IssueSettings",
    "Schedule",
    "ensure_secret",
    "fingerprint",
    "kind_of",
    "load",
    "with_secret",
]

_SECRETS: tuple[Location, ...] = (("smtp",), ("tldr",), ("dkim",), ("inbox", "imap"), ("inbox", "secret"))


def load(path: Path, *, environment: Mapping[str, str], sending: bool = True) -> Config:
    """Return the settings of a file and all it includes; raises ConfigError with every problem found.

    Commands that send nothing say `sending=False`: then a secret that is not there is a warning, and what needs it
    (`Config.smtp`, `tldr`, `dkim`, `inbox`) is None or empty. Where something else takes the place of the mail server,
    nobody needs its password.
    """
    findings = Findings()
    config = None
    with _collector_paused():
        found = gather(path, findings)
        if found.root:
            root = _with_list_of_keys(override(found.root, environment, findings))
            check_choices(root, findings)
            may_lack = _SECRETS[:1] if sending and postage.way_out(root) else () if sending else _SECRETS
            root = fill_in(root, environment, findings, may_lack=may_lack)
            config = _config(path, root, findings, sending=sending)
    if findings.problems or config is None:
        raise ConfigError(_in_file_order(findings.problems, found.files))
    return replace(
        config,
        warnings=_in_file_order(findings.warnings, found.files),
        files=tuple(file.path for file in found.files),
        folders=found.folders,
        includes=found.includes,
    )


def _with_list_of_keys(root: Node) -> Node:
    """Return the tree with a single key of DKIM as a list of one."""
    dkim = root.child("dkim")
    if dkim is None or dkim.value is None or isinstance(dkim.value, list):
        return root
    return replace(root, value=root.entries | {"dkim": Node(dkim.place, [dkim])})


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
    templates = _templates(root, folder, findings)
    secrets = Secrets(root, folder, findings, sending=sending)
    password = secrets.password("smtp", needed=not postage.way_out(root))
    api_key = secrets.password("tldr", name="api_key")
    keys = [secrets.private_key("dkim", number) for number, _ in enumerate((root.child("dkim") or root).items)]
    secret, secret_file = secrets.secret() if root.child("inbox") else (b"", None)
    mailbox = secrets.password("inbox", "imap")
    check_look(root, templates, findings, sending=sending)
    if findings.problems or settings is None:
        return None
    check_languages(settings, root, templates, findings)
    postage.check_alignment(settings, root, findings)
    return Config(
        path=path,
        newsletter=convert.newsletter(settings, secret),
        sources=sources,
        schedule=convert.schedule(settings),
        smtp=postage.smtp(settings.smtp, password, folder) if settings.smtp and password is not None else None,
        issue=convert.issue(settings),
        store=convert.store(settings, folder),
        templates=templates,
        subscribers=convert.subscribers(settings, root, findings),
        picks=convert.picks(settings, root, findings),
        tldr=convert.tldr(settings.tldr, api_key) if settings.tldr and api_key is not None else None,
        deliver=postage.deliver(settings, root, folder, findings),
        dkim=tuple(postage.dkim_key(section, key) for section, key in zip(settings.dkim, keys, strict=True) if key),
        inbox=postage.inbox(settings, mailbox, root, folder, findings),
        secret_file=secret_file,
        secret_files=tuple(secrets.files),
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


def _templates(root: Node, folder: Path, findings: Findings) -> Path | None:
    node = root.child("templates")
    if not node or not isinstance(node.value, str) or node.broken:
        return None
    path = folder / node.value
    if not path.is_dir():
        findings.problem(node.place, f"templates: no such folder {shown(node.written)}")
        return None
    return path


def _in_file_order(problems: list[Problem], files: Sequence[YamlFile]) -> tuple[Problem, ...]:
    """Return problems from top to bottom, file after file; those of the environment come last."""
    turns = {file.shown: turn for turn, file in enumerate(files)}
    last = len(turns)
    return tuple(sorted(set(problems), key=lambda p: (turns.get(p.path, last), p.path, p.line, p.column, p.message)))
