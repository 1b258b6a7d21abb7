"""The mailing that `benchmarks/deliver.py` sends: real issues of many readers, about 40 KB each, and keys to sign them.

Every reader has another order of papers, other interests and scores, and an address, a Message-ID and a way to
unsubscribe of their own, as in `benchmarks/render.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from render import issue_of

from newsletter.deliver.message import as_bytes
from newsletter.demo import sample_edition
from newsletter.models import DkimKey, Email, Newsletter
from newsletter.render import Renderer, compile_templates
from newsletter.store import Queued

DAY, NOW = date(2026, 6, 4), datetime(2026, 6, 4, 6, tzinfo=UTC)
SENDER = "papers@example.org"
NEWSLETTER = Newsletter(
    "Daily Papers", "Daily Papers", SENDER, editor="Ada Lovelace", inbox=SENDER, plus=True, secret=b"of a benchmark"
)
_ABOUT = 40_000  # octets of a message, the mean of some
_SOME = 20


@dataclass(frozen=True)
class Mailing:
    """An email for each reader, all different, and what they are signed with: an RSA and an Ed25519 key."""

    emails: Sequence[Email]
    keys: tuple[DkimKey, ...] = field(repr=False)

    @cached_property
    def messages(self) -> Sequence[bytes]:
        """Return the emails as bytes, unsigned."""
        return [as_bytes(email) for email in self.emails]


def mailing(readers: int) -> Mailing:
    """Return the mailing to so many readers."""
    renderer = Renderer(NEWSLETTER, compile_templates(), readers=10_000)
    papers = sample_edition().papers

    def rendered(count: int, number: int) -> Email:
        return renderer.render(issue_of(papers, count, number), date=NOW)

    def size(count: int) -> float:
        return sum(len(as_bytes(rendered(count, number))) for number in range(_SOME)) / _SOME

    count = min(range(3, 9), key=lambda count: abs(size(count) - _ABOUT))
    emails = [rendered(count, number) for number in range(readers)]
    return Mailing(emails, (_key("rsa"), _key("ed25519")))


def queued(email: Email, message: bytes) -> Queued:
    """Return what goes into the outbox."""
    address = email.recipient[1]
    expires_at = NOW + timedelta(days=1)
    return Queued(
        address, DAY, email.message_id, message, sender=SENDER, recipient=address, papers=(), expires_at=expires_at
    )


def _key(kind: str) -> DkimKey:
    made = generate_private_key(65537, 2048) if kind == "rsa" else Ed25519PrivateKey.generate()
    private = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return DkimKey("example.org", kind, private)
