"""Whether addresses or secrets in the settings are about to be published by git. Files are read, git is not run."""

from __future__ import annotations

import configparser
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from newsletter.config import Config
from newsletter.doctor.line import Line, failed, warning, well

_ABOUT = "leak"
_NAMED = 3
_ADDRESS = re.compile(r"[^\s\"',:<>{}\[\]]+@[^\s\"',:<>{}\[\]]+")


def leak(config: Config, secrets: Collection[str]) -> Iterator[Line]:
    """Yield which files of settings hold addresses or `secrets` in words and lie in a work tree that is pushed.

    Whether a repository is public cannot be seen from here, so addresses are a warning; a secret fails.
    """
    found = False
    for path in config.files or (config.path,):
        remotes = _pushed_to(path.absolute())
        if not remotes:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        where = f"{path}, which git can push to {remotes[0]},"
        if any(secret in text for secret in secrets if len(secret) > 3):
            found = True
            fix = 'write "${NAME}" in its place, and take a new secret: the old one may be in the history'
            yield failed(_ABOUT, f"{where} holds a secret in words", fix)
        literal = set(_ADDRESS.findall(text.casefold())) & {each.email.casefold() for each in config.subscribers}
        if literal:
            found = True
            readers = f"{len(literal):,} {'address' if len(literal) == 1 else 'addresses'} of subscribers"
            fix = 'keep that repository private, or write "${NAME}" for an address, or include: a file that git ignores'
            yield warning(_ABOUT, f"{where} holds {readers}; anybody sees them if it is public", fix)
    if not found:
        yield well(_ABOUT, "no address or secret stands in a file that git would push")


def _pushed_to(path: Path) -> list[str]:
    """Return the remotes of the work tree that a file is of, without logins; none where git does not have the file."""
    for folder in path.resolve().parents:
        git = _git_folder(folder)
        if git is not None:
            return _remotes(git) if _may_have(git, path.resolve().relative_to(folder)) else []
    return []


def _git_folder(folder: Path) -> Path | None:
    """Return what holds a work tree's history, None where `folder` is none; a worktree and a submodule name it."""
    git = folder / ".git"
    if git.is_dir():
        return git
    if not git.is_file():
        return None
    named = re.match(r"gitdir: *(\S.*)", git.read_text(encoding="utf-8", errors="replace"))
    return folder / named[1].strip() if named else None


def _may_have(git: Path, name: Path) -> bool:
    """Return whether a file is or may be in git's index: gitformat-index(5); version 4 does not spell names out."""
    try:
        index = (git / "index").read_bytes()
    except OSError:
        return True  # nothing was added yet: all may be next
    spelled = index[:4] == b"DIRC" and int.from_bytes(index[4:8]) in {2, 3}
    return not spelled or name.as_posix().encode() + b"\0" in index


def _remotes(git: Path) -> list[str]:
    common = git / "commondir"  # of a worktree
    if common.is_file():
        git = git / common.read_text(encoding="utf-8", errors="replace").strip()
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True, comment_prefixes=("#", ";"))
    try:
        text = (git / "config").read_text(encoding="utf-8", errors="replace")
        parser.read_string("\n".join(line.strip() for line in text.splitlines()))
    except (OSError, configparser.Error):
        return []
    sections = (name for name in parser.sections() if name.startswith("remote "))
    return [_without_login(url) for name in sections if (url := parser.get(name, "url", fallback=None))][:_NAMED]


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    if not parts.scheme or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
