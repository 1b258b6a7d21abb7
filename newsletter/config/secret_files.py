"""Secrets from files of their own: passwords, the key of a language model, keys of DKIM, what tokens are made with."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from newsletter.config.place import Findings, Node, Place

_Value = TypeVar("_Value")
_MAX_BYTES = 4_096
_MAX_KEY_BYTES = 16_384
_MIN_SECRET = 32
_PEM = "-----BEGIN "
# Where Docker, systemd and Kubernetes mount secrets: who may read them is not said by the mode there.
_MOUNTED = tuple(map(Path, ("/run/secrets", "/run/credentials", "/var/run/secrets")))
SECRET_NAME = "newsletter.key"  # noqa: S105 - the name of a file
"""The file beside the settings that tokens in addresses are made with, unless they name another."""


def located(folder: Path, written: str) -> Path:
    """Return the path that a text means: relative to `folder`, `~` for the home of who runs this."""
    return folder / os.path.expanduser(written)  # noqa: PTH111 - Path's own raises where there is no such home


def read_password(
    node: Node, findings: Findings, *, note: Callable[[Place, str], None], key: str = "smtp.password_file"
) -> str | None:
    """Return the one line that a file holds, without its end; None after a `note` of why there is none.

    `key` is what the settings call it. A relative path begins at the folder of the YAML file that names it. That others
    can read it is a warning.
    """
    path = located(node.place.file.path.parent, str(node.value))
    found = _tried(lambda: (_one_line(path), _mode(path)), node.place, note, key)
    if found and found[1] & stat.S_IROTH:
        findings.warning(node.place, f"{key} can be read by everyone; run: chmod 600 {node.written}")
    return found[0] if found else None


def read_private_key(node: Node, *, note: Callable[[Place, str], None], key: str) -> str | None:
    """Return the PEM that a file of ours alone holds; None after a `note` of why there is none."""
    path = located(node.place.file.path.parent, str(node.value))
    return _tried(lambda: pem(_ours(path, _text(path, _MAX_KEY_BYTES), node.written)), node.place, note, key)


def read_secret(
    path: Path, place: Place, *, note: Callable[[Place, str], None], key: str, written: str
) -> bytes | None:
    """Return what tokens are made with, from a file of ours alone; None after a `note` of why there is none."""
    return _tried(lambda: secret(_ours(path, _one_line(path), written)), place, note, key)


def pem(text: str) -> str:
    """Return a key in PEM (RFC 7468), line ends that are written as two characters made real; ValueError for none."""
    text = text.replace("\\n", "\n").strip() + "\n"
    if _PEM not in text:
        raise ValueError("holds no key in PEM; `newsletter dkim key` makes one")
    return text


def secret(text: str) -> bytes:
    """Return a secret as the bytes it stands for; ValueError for one that could be guessed."""
    if len(text.strip()) < _MIN_SECRET:
        raise ValueError(f"is too short; at least {_MIN_SECRET} characters, made by chance")
    return text.strip().encode()


def _tried(read: Callable[[], _Value], place: Place, note: Callable[[Place, str], None], key: str) -> _Value | None:
    try:
        return read()
    except OSError as error:
        note(place, f"{key} cannot be read: {error.strerror}")
    except ValueError as error:
        note(place, f"{key} {error}")
    return None


def _one_line(path: Path) -> str:
    text = _text(path, _MAX_BYTES).removesuffix("\n").removesuffix("\r")
    if not text:
        raise ValueError("is empty")
    if "\n" in text or "\0" in text:
        raise ValueError("must hold the secret alone, on one line")
    return text


def _text(path: Path, most: int) -> str:
    if path.exists() and not path.is_file():
        raise ValueError("is not a file")
    with path.open("rb") as stream:
        body = stream.read(most + 1)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if len(body) > most:
        raise ValueError(f"is larger than {most:,} bytes; is it the right file?")
    return text


def _ours(path: Path, text: str, written: str) -> str:
    """Return a text unless others can read or write its file: whoever has it can sign in our name."""
    if _mode(path) & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"can be read by others; run: chmod 600 {written}")
    return text


def _mode(path: Path) -> int:
    """Return the permissions of a file, 0 where they say nothing."""
    said = os.name == "posix" and not any(folder in path.parents for folder in _MOUNTED)
    return path.stat().st_mode if said else 0
