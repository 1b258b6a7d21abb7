"""Postfix's test programs, `smtp-source` and `smtp-sink`: those that are installed, or of Debian's package unpacked.

Nothing is installed: the package is fetched into a cache folder and taken apart there; no mail server comes with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

_BESIDE_THE_PATH = "/usr/sbin:/usr/local/sbin:/usr/libexec/postfix"
_FETCH_SECONDS = 120


class Absent(Exception):
    """The programs are not there, and why."""


@dataclass(frozen=True, slots=True)
class Postfix:
    """Where the two programs are, and the environment they run in."""

    source: str
    sink: str
    environment: Mapping[str, str] = field(repr=False)


def find(*, fetch: bool) -> Postfix:
    """Return the programs: installed, unpacked earlier, or unpacked now if `fetch` allows that; Absent without them."""
    path = f"{os.environ.get('PATH', '')}:{_BESIDE_THE_PATH}"
    source, sink = (shutil.which(name, path=path) for name in ("smtp-source", "smtp-sink"))
    if source and sink:
        return _tried(Postfix(source, sink, dict(os.environ)))
    folder = _cache()
    if not (folder / "usr/sbin/smtp-source").exists():
        if not fetch:
            raise Absent("smtp-source is not on the PATH, and was not fetched before")
        _unpack(folder)
    programs = folder / "usr/sbin"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(folder / "usr/lib/postfix")}
    return _tried(Postfix(str(programs / "smtp-source"), str(programs / "smtp-sink"), environment))


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "paper-newsletter" / "postfix"


def _unpack(folder: Path) -> None:
    """Fetch Debian's package by its ordinary client and take it apart in `folder`."""
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        raise Absent("this is no Debian; install postfix's smtp-source and smtp-sink on the PATH")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        _run(["apt-get", "download", "-qq", "postfix"], folder)
        package = str(next(folder.glob("postfix_*.deb")))
        _run(["dpkg", "-x", package, str(folder)], folder)
    except (subprocess.SubprocessError, StopIteration) as error:
        said = getattr(error, "stderr", "") or str(error)
        raise Absent(f"the package postfix cannot be had: {said.strip().splitlines()[-1:]}") from None


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=_FETCH_SECONDS)


def _tried(programs: Postfix) -> Postfix:
    """Return the programs when they start: of a package that was only unpacked, a library can be missing."""
    for program in (programs.source, programs.sink):
        done = subprocess.run([program], env=programs.environment, capture_output=True, text=True, check=False)
        if "usage:" not in done.stderr:
            raise Absent(f"{program} does not start: {done.stderr.strip()[:200]}")
    return programs
