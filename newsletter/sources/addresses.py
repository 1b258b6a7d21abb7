"""Addresses of sources: what is one, what of it may be shown, and where a service stands."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urljoin, urlsplit

from pydantic import AfterValidator


def check_address(address: str) -> str:
    """Return a web address as it is; ValueError for anything else."""
    if not re.fullmatch(r"(?i:https?)://[^\s/?#]+\S*", address):
        raise ValueError(f'"{address}" is not a web address; it begins with https:// (a file goes under path:)')
    return address


def _site(address: str) -> str:
    return check_address(address).rstrip("/")


def _mailbox(address: str) -> str:
    if address and not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise ValueError(f'"{address}" is not an email address')
    return address


Mailbox = Annotated[str, AfterValidator(_mailbox)]
"""An email address that a service asks for, or ""."""

Site = Annotated[str, AfterValidator(_site)]
"""The address of a service, without a slash at its end: another one than the usual is a mirror of it."""


def web_address(written: str, *, base: str = "") -> str:
    """Return `written` as an absolute http(s) address without spaces, controls or login, or ""."""
    if not written.strip():
        return ""
    try:
        url = urljoin(base, written.strip())
        parts = urlsplit(url)
        safe = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:  # an impossible IPv6 host
        return ""
    return url if safe and url.isprintable() and not re.search(r"[\s<>\"]", url) else ""


def file_name(path: str) -> str:
    """Return the last part of a path or pattern: readers see labels, and the rest of a path is not theirs."""
    return path.replace("\\", "/").rstrip("/").rpartition("/")[2]


_CREDENTIALS = re.compile(r"(?<=//)[^/?#@\s]+@")
_SECRET_VALUE = re.compile(r"(?i)([?&;][^=&;#]*(?:key|token|secret|auth|pass|sig|mail)[^=&;#]*=)[^&;#]*")


def shown(address: str) -> str:
    """Return an address as it may be shown, logged and mailed: without password, secrets and email addresses."""
    if "://" not in address:
        return address
    return _SECRET_VALUE.sub(r"\1…", _CREDENTIALS.sub("", address))
