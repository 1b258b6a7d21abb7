"""What shows in an address or a subject that a mail which comes back belongs to an email of ours, and to whom.

    unsubscribe TOKEN                                     says who leaves, whichever mailbox it is sent from
    papers+u.TOKEN@example.org                            the same as an address (RFC 5233)
    papers+b20261121.READER.MAC@example.org               where the bounces of one email go (VERP)

All are HMAC-SHA256 (RFC 2104) with the newsletter's secret, each purpose apart. None expires and none is stored: the
same reader has the same token for ever, and who does not know the secret cannot make one. Addresses are compared as
`canonical` has them.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from hashlib import sha256

_LONGEST_LOCAL = 64  # octets, RFC 5321 §4.5.3.1.1
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_LEAVING = re.compile(r".+\+u\.([A-Za-z0-9_-]{22})", re.ASCII | re.DOTALL)
_BOUNCE = re.compile(r".+\+b([0-9]{8})\.([0-9a-f]{12})\.([0-9a-f]{12})", re.ASCII | re.DOTALL)


def canonical(address: str) -> str:
    """Return what is the same for one mailbox: case-folded, the domain as A-labels (RFC 5890).

    The case of a local part could tell two mailboxes apart (RFC 5321 §2.4); no provider's does.
    """
    local, at, domain = address.strip().rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):  # else it is no domain, and stays what it is
            domain = domain.encode("idna").decode("ascii")
    return f"{local.casefold()}{at}{domain.casefold()}"


def reader_key(address: str) -> str:
    """Return the 12 hex digits by which Message-IDs and bounce addresses name a reader."""
    return sha256(canonical(address).encode(errors="replace")).hexdigest()[:12]


# ------------------------------------------------------------------ leaving


def leave_token(secret: bytes, address: str) -> str:
    """Return the token by which one reader leaves: 128 bits as 22 characters of base64url (RFC 4648 §5)."""
    return urlsafe_b64encode(_mac(secret, "leave", canonical(address))[:16]).decode("ascii").rstrip("=")


def is_leave_token(token: str, secret: bytes, address: str) -> bool:
    """Return whether `token` lets this reader leave; case does not count, since mail servers fold local parts."""
    made = leave_token(secret, address).lower()
    return bool(secret) and hmac.compare_digest(token.strip().lower().encode(errors="replace"), made.encode())


def looks_like_token(text: str) -> bool:
    """Return whether `text` has the form of a token, genuine or not."""
    return _TOKEN.fullmatch(text) is not None


def leave_address(inbox: str, token: str) -> str:
    """Return the address by which the owner of a token leaves, "" where it would be longer than an address can be."""
    local, _, domain = inbox.rpartition("@")
    local = f"{local}+u.{token}"
    return f"{local}@{domain}" if domain and len(local.encode(errors="replace")) <= _LONGEST_LOCAL else ""


def token_in(address: str) -> str:
    """Return the token that such an address carries, "" for any other address."""
    found = _LEAVING.fullmatch(address.rpartition("@")[0])
    return found[1] if found else ""


# ------------------------------------------------------------------ bounces


def bounce_address(base: str, *, day: date, address: str, secret: bytes) -> str:
    """Return where the bounces of one reader's issue of a day go: `base` with a detail that nobody else can make.

    `base` itself where there is no secret, or where the local part would be longer than 64 octets.
    """
    local, _, domain = base.rpartition("@")
    if not secret or not local:
        return base
    reader = reader_key(address)
    local = f"{local}+b{day:%Y%m%d}.{reader}.{_bounce_mac(secret, f'{day:%Y%m%d}', reader)}"
    return f"{local}@{domain}" if len(local.encode(errors="replace")) <= _LONGEST_LOCAL else base


def is_bounce_address(address: str) -> bool:
    """Return whether an address has the form of `bounce_address`, genuine or not."""
    return _BOUNCE.fullmatch(address.rpartition("@")[0].lower()) is not None


def read_bounce_address(address: str, secret: bytes) -> tuple[date, str] | None:
    """Return the day and the `reader_key` that a bounce address names; None for any other and for a forged one."""
    found = _BOUNCE.fullmatch(address.rpartition("@")[0].lower())
    if not secret or not found:
        return None
    day, reader, mac = found.groups()
    if not hmac.compare_digest(mac, _bounce_mac(secret, day, reader)):
        return None
    return date(int(day[:4]), int(day[4:6]), int(day[6:])), reader


def _bounce_mac(secret: bytes, day: str, reader: str) -> str:
    return _mac(secret, "bounce", day, reader).hex()[:12]


# ------------------------------------------------------------------ Message-ID


def content_mark(secret: bytes, *, day: date, address: str, content: Iterable[str]) -> str:
    """Return what a Message-ID says of the email's content: 16 hex digits that only the secret's owner can make.

    Without a secret 8 digits of a plain hash, which anybody can make who knows the content.
    """
    if not secret:
        return sha256("\n".join(content).encode(errors="replace")).hexdigest()[:8]
    return _mac(secret, "message", f"{day:%Y%m%d}", reader_key(address), *content).hex()[:16]


def _mac(secret: bytes, purpose: str, *parts: str) -> bytes:
    return hmac.digest(secret, "\n".join((purpose, *parts)).encode(errors="replace"), "sha256")
