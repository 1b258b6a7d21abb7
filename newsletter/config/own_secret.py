"""The secret that tokens in addresses are made with: made once, by the first command that needs one.

`load` only reads it; who sends, or reads the mailbox, calls `with_secret` first. Processes that begin at once agree on
one: each writes its own beside it, and the file gets its name by a link, which only the first of them can make.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import tempfile
from dataclasses import replace
from pathlib import Path

from newsletter.config.place import Findings, Place, YamlFile
from newsletter.config.secret_files import read_secret
from newsletter.config.settings import Config
from newsletter.errors import ConfigError, Problem

_BYTES = 32
_WAY_OUT = "name another place by inbox.secret_file, or set NEWSLETTER__INBOX__SECRET"


def with_secret(config: Config) -> Config:
    """Return settings that tokens can be made with, after making the secret where there is an inbox and none yet."""
    if config.secret_file is None:
        return config
    made = replace(config.newsletter, secret=ensure_secret(config.secret_file))
    return replace(config, newsletter=made, secret_file=None)


def ensure_secret(path: Path) -> bytes:
    """Return the secret that a file holds; where there is no such file it is made, for its owner alone.

    The file is 32 random bytes in base64 (RFC 4648), whose text is the secret. Raises ConfigError where it cannot be
    made or used.
    """
    if not path.exists():
        try:
            _make(path)
        except OSError as error:
            told = f"the secret for addresses cannot be made here: {error.strerror}; {_WAY_OUT}"
            raise ConfigError((Problem(str(path), 1, 1, told),)) from None
    findings = Findings()
    place = Place(YamlFile(path, str(path), path.name), 1, 1)
    found = read_secret(path, place, note=findings.problem, key="the secret for addresses", written=str(path))
    if found is None:
        raise ConfigError(tuple(findings.problems))
    return found


def _make(path: Path) -> None:
    """Make the file, complete from the moment it has its name; nothing happens where another process was first."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL, for the owner alone
    try:
        with open(handle, "wb") as file:  # noqa: PTH123 - it is open already
            file.write(base64.b64encode(secrets.token_bytes(_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    _keep_name(path.parent)


def _keep_name(folder: Path) -> None:
    """Write the folder down: mail that is out already must not lose what its addresses were made with."""
    if os.name != "posix":  # where a folder cannot be opened
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
