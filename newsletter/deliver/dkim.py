"""A message signed with DKIM (RFC 6376), so that receivers know who answers for it.

Relaxed in header and body: a relay that touches blanks breaks nothing. Relaxing is done on all octets at once: a body
of 40 KB takes an eighth of the time of an RSA signature.

Which fields are signed, and which once more than they stand (§5.4.2: what was signed as absent cannot be added):

- all that a reader's program or a receiver goes by, wherever they stand (`_SIGNED`);
- once more what a reader sees and what a click does (`_ONCE_MORE`): a second From or Subject above the first is what
  many programs would show (§8.15), a second Content-Type changes what the body is, and a Reply-To or List-Unsubscribe
  added to a copy would lead readers elsewhere under our name. RFC 8058 §4 asks for both fields of one-click to be
  signed where they stand; where they do not, a copy that was given them must not seem to come from us.

None of these may stand twice (RFC 5322 §3.6, RFC 2369 §3), and a relay has no reason to add one. Lists that do so break
the signature, as they do by their footer. Feedback-ID and the rest of List-* are signed as they stand and no further:
services that hand mail on for others add their own.
"""

from __future__ import annotations

from binascii import b2a_base64
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import numpy as np

from newsletter.deliver.keys import SigningKey, signing_key
from newsletter.deliver.lines import with_crlf
from newsletter.errors import KeyUnusable
from newsletter.models import DkimKey

_SIGNED = (
    b"from to subject date message-id reply-to list-id list-unsubscribe list-unsubscribe-post list-help list-archive "
    b"mime-version content-type content-transfer-encoding content-language auto-submitted precedence feedback-id"
).split()
_ONCE_MORE = frozenset(b"from to subject date reply-to content-type list-unsubscribe list-unsubscribe-post".split())
_LINE = 72  # octets: with what stands before them, at most 78 (RFC 5322 §2.1.1)
_FEED, _RETURN, _BLANK = b"\n\r "


class Signer:
    """What signs messages with each of `keys`, which are read once; KeyUnusable for one that cannot.

    It holds nothing that changes, so threads may share it; RSA runs beside other threads.
    """

    def __init__(self, keys: tuple[DkimKey, ...]) -> None:
        self._keys = tuple(map(signing_key, keys))
        places = [(key.selector.lower(), key.domain.lower()) for key in self._keys]
        for place in places:
            if places.count(place) > 1:
                name = b"._domainkey.".join(place).decode()
                raise KeyUnusable(f"dkim: {name} stands for two keys; give each a selector of its own")

    def sign(self, message: bytes, *, at: datetime) -> bytes:
        """Return `message` behind one DKIM-Signature field per key, made `at` a moment; as it is without keys.

        The same message, keys and moment give the same bytes. A line that does not end with CRLF does so afterwards,
        as it would on its way (RFC 6376 §5.3).
        """
        if not self._keys:
            return message
        message = with_crlf(message)
        head, body = _halves(message)
        names, fields = _covered(head)
        body_hash = b2a_base64(sha256(relaxed_body(body)).digest(), newline=False)
        signatures = (_field(key, names, fields, body_hash, int(at.timestamp())) for key in self._keys)
        return b"".join((*signatures, message))


def relaxed_body(body: bytes) -> bytes:
    """Return what is hashed of a body whose lines end with CRLF (RFC 6376 §3.4.4).

    Blanks become one, those at the end of a line go, and so do empty lines at the end.
    """
    if b"\t" in body:
        body = body.replace(b"\t", b" ")
    octets = np.frombuffer(body + b"\r\n", np.uint8)
    blank = octets == _BLANK
    # Of a run of blanks the last one stays, unless the line ends behind it.
    idle = blank[:-1] & (blank[1:] | (octets[1:] == _RETURN))
    lines = octets[:-1][~idle].tobytes().rstrip(b"\r\n")
    return lines + b"\r\n" if lines else b""


def _halves(message: bytes) -> tuple[bytes, bytes]:
    """Return the header and the body, without the empty line between them."""
    if message.startswith(b"\r\n"):
        return b"", message[2:]
    head, _, body = message.partition(b"\r\n\r\n")
    return head, body


def _covered(head: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Return the names of the fields that are signed, and their relaxed form in the same order (§3.4.2).

    Of fields that stand several times the last one comes first (§5.4.2).
    """
    found: dict[bytes, list[bytes]] = {name: [] for name in _SIGNED}
    for field in _relaxed(head).split(b"\r\n"):
        name, colon, value = field.partition(b":")
        name = name.rstrip(b" ").lower()
        if colon and name in found:
            found[name].append(b"%s:%s\r\n" % (name, value.strip(b" ")))
    names: list[bytes] = []
    fields: list[bytes] = []
    for name, lines in found.items():
        names += [name] * (len(lines) + (name in _ONCE_MORE))
        fields += reversed(lines)
    return tuple(names), b"".join(fields)


def _relaxed(head: bytes) -> bytes:
    """Return fields unfolded, each run of blanks as one."""
    head = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ").replace(b"\t", b" ")
    while b"  " in head:
        head = head.replace(b"  ", b" ")
    return head


def _field(key: SigningKey, names: tuple[bytes, ...], fields: bytes, body_hash: bytes, at: int) -> bytes:
    """Return the DKIM-Signature field of one key (§3.5), with its end."""
    value = b"v=1; a=%s; c=relaxed/relaxed; t=%d;\r\n d=%s;\r\n s=%s;\r\n h=%s;\r\n bh=%s;\r\n b=" % (
        key.algorithm,
        at,
        key.domain,
        key.selector,
        _listed(names),
        body_hash,
    )
    # Of its own field everything is signed but the signature, and the line end (§3.7).
    signature = key.sign(b"%sdkim-signature:%s" % (fields, value.replace(b"\r\n ", b" ")))
    return b"DKIM-Signature: %s%s\r\n" % (value, _folded(b2a_base64(signature, newline=False)))


@lru_cache(maxsize=64)
def _listed(names: tuple[bytes, ...]) -> bytes:
    """Return names with colons between them, in short lines."""
    lines = [names[0]]
    for name in names[1:]:
        if len(lines[-1]) + len(name) + 2 > _LINE:
            lines.append(name)
        else:
            lines[-1] += b":" + name
    return b":\r\n ".join(lines)


def _folded(text: bytes) -> bytes:
    return b"\r\n ".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
