"""Email addresses as SMTP and headers may hold them: nothing in one can end the line or the brackets it stands in.

RFC 5321 §4.1.2, without quoted local parts, which no reader has; RFC 6531 for letters beyond ASCII.
"""

from __future__ import annotations

import re
from functools import lru_cache

from newsletter.errors import RecipientRefused, ServerRefused

# Controls, blanks (of any script), lone surrogates and every character with a meaning in a header or a command.
_ATOM = r"[^\x00-\x20\x7f-\xa0\s()<>\[\]:;@\\,.\"\ud800-\udfff]+"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@({_ATOM}(?:\.{_ATOM})*|\[[0-9A-Za-z.:]+\])")
_LONGEST_LOCAL, _LONGEST = 64, 254  # octets, RFC 5321 §4.5.3.1


@lru_cache(maxsize=256)  # asked for the header and for the envelope
def safe_address(address: str) -> str:
    """Return `address` with its domain in ASCII (A-labels); RecipientRefused for what is no address."""
    found = _ADDRESS.fullmatch(address)
    if not found:
        raise RecipientRefused(f"5.1.3 {address!a} is no email address")
    local, domain = found.groups()
    try:
        plain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise RecipientRefused(f"5.1.2 {address!a}: the part after @ is no domain") from None
    if len(local.encode()) > _LONGEST_LOCAL or len(local.encode()) + 1 + len(plain) > _LONGEST:
        raise RecipientRefused(f"5.1.3 {address!a} is longer than an email address can be")
    return f"{local}@{plain}"


def envelope(sender: str, recipient: str) -> tuple[str, str]:
    """Return both addresses of an envelope as SMTP takes them; the sender of what nobody should answer is empty.

    ServerRefused for a sender that is none, since it is that of every message; RecipientRefused for a recipient.
    """
    try:
        sender = safe_address(sender) if sender else ""
    except RecipientRefused as error:
        raise ServerRefused(f"the sender: {error}") from None
    return sender, safe_address(recipient)
