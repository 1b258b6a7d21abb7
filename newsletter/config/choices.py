"""Keys of which a section has one at most: a secret or its file, one way out, one mailbox."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.config.naming import Location, subject
from newsletter.config.place import Findings, Node

_LOGIN = ("password", "password_file", "token_command")
_CHOICES: tuple[tuple[Location, tuple[str, ...]], ...] = (
    (("smtp",), _LOGIN),
    (("deliver",), ("maildir", "file", "sendmail")),
    (("dkim",), ("private_key", "private_key_file")),
    (("inbox",), ("maildir", "imap")),
    (("inbox",), ("secret", "secret_file")),
    (("inbox", "imap"), _LOGIN),
    (("tldr",), ("api_key", "api_key_file")),
)
_NO_PASSWORD = "missing key 'password' (or 'password_file', or 'token_command') for this username"  # noqa: S105 - words about one
WAYS_OUT = ("maildir", "file", "sendmail")
"""The keys of `deliver` that take the place of the mail server."""


def alternatives(key: str) -> frozenset[str]:
    """Return the keys that one given key takes the place of."""
    return frozenset(other for _, keys in _CHOICES if key in keys for other in keys if other != key)


def check_choices(root: Node, findings: Findings) -> None:
    """Note sections with two keys that exclude each other, and those without the one they need.

    Whether a variable is set does not matter here: this is asked before they are filled in.
    """
    for location, keys in _CHOICES:
        for section in _sections(root, location):
            given = [key for key in keys if key in section.keys]
            if len(given) > 1:
                said = f"both {_said(given)}" if len(given) == 2 else _said(given)
                message = f"{subject(root, location)} has {said}; keep one of them"
                findings.problem(section.keys[given[1]], message)
    for section in _sections(root, ("smtp",)):
        _check_login(section, findings)
    for section in _sections(root, ("inbox", "imap")):
        if not any(key in section.keys for key in _LOGIN):
            place = section.keys.get("username", section.place)
            findings.problem(place, f"inbox.imap: {_NO_PASSWORD}")
    for location, keys in ((("dkim",), ("private_key_file", "private_key")), (("inbox",), ("maildir", "imap"))):
        for section in _sections(root, location):
            if not any(key in section.keys for key in keys):
                said = " or ".join(f"'{key}'" for key in keys)
                findings.problem(section.place, f"{subject(root, location)}: missing key {said}")


def _sections(root: Node, location: Location) -> Iterator[Node]:
    """Yield the mapping at a location, or each of a list of them."""
    found = root.find(*location)
    for node in (found.items or [found]) if found else []:
        if isinstance(node.value, dict):
            yield node


def _said(keys: list[str]) -> str:
    *first, last = (f"'{key}'" for key in keys)
    return f"{', '.join(first)} and {last}"


def _check_login(smtp: Node, findings: Findings) -> None:
    keys = smtp.keys
    secret = next((key for key in _LOGIN if key in keys), None)
    if "username" in keys and not secret:
        findings.problem(keys["username"], f"smtp: {_NO_PASSWORD}")
    if secret and "username" not in keys:
        what = "token" if secret == "token_command" else "password"  # noqa: S105 - the name of a key
        findings.problem(keys[secret], f"smtp: missing key 'username' for this {what}")
