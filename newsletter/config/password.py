"""A secret from a file of its own: the password of the mail server, the key of a language model."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from newsletter.config.place import Findings, Node, Place

_MAX_BYTES = 4_096
_OWN_FOLDER = Path("/run/secrets")  # where Docker mounts secrets, readable by all inside the container


def read_password(
    node: Node, findings: Findings, *, note: Callable[[Place, str], None], key: str = "smtp.password_file"
) -> str | None:
    """Return the one line that a file holds, without its end; None after a `note` of why there is none.

    `key` is what the settings call it. A relative path begins at the folder of the YAML file that names it.
    """
    path = node.place.file.path.parent / str(node.value)
    try:
        text = _one_line(path)
        if _readable_by_all(path):
            findings.warning(node.place, f"{key} can be read by everyone; run: chmod 600 {node.written}")
    except OSError as error:
        note(node.place, f"{key} cannot be read: {error.strerror}")
    except ValueError as error:
        note(node.place, f"{key} {error}")
    else:
        return text
    return None


def _one_line(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise ValueError("is not a file")
    with path.open("rb") as stream:
        body = stream.read(_MAX_BYTES + 1)
    try:
        text = body.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if not text:
        raise ValueError("is empty")
    if len(body) > _MAX_BYTES or "\n" in text or "\0" in text:
        raise ValueError("must hold the password alone, on one line")
    return text


def _readable_by_all(path: Path) -> bool:
    return os.name == "posix" and _OWN_FOLDER not in path.parents and bool(path.stat().st_mode & stat.S_IROTH)
