"""The keys that emails are signed with, and the records in DNS that receivers find their public parts by.

RFC 6376 §3.6 and RFC 8301 for RSA, RFC 8463 for Ed25519. Not every receiver knows Ed25519, so it is at home beside an
RSA key, each at a selector of its own.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from newsletter.errors import KeyUnusable
from newsletter.models import DkimKey

Kind = Literal["rsa", "ed25519"]

_USUAL_BITS = 2048
_FEWEST_BITS, _MOST_BITS = 1024, 4096  # what a receiver must take, RFC 8301 §3.2
_LONGEST_STRING = 255  # octets of one string in a TXT record, RFC 1035 §3.3
_LONGEST_NAME = 253  # characters, RFC 1035 §2.3.4 without the lengths between
_NAME = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key ready to sign: its algorithm as in `a=`, where its record stands, and what signs a block of octets."""

    algorithm: bytes
    domain: bytes
    selector: bytes
    sign: Callable[[bytes], bytes] = field(repr=False)


def signing_key(key: DkimKey) -> SigningKey:
    """Return `key`, read once; KeyUnusable for what is no key that receivers take, or no name in DNS."""
    domain, selector = _place(key)
    loaded = _private(key)
    where = {"domain": domain.encode(), "selector": selector.encode()}
    if isinstance(loaded, RSAPrivateKey):
        padding, digest = PKCS1v15(), SHA256()
        return SigningKey(b"rsa-sha256", sign=lambda octets: loaded.sign(octets, padding, digest), **where)
    # RFC 8463 §3: what is signed is the hash, not the octets.
    return SigningKey(b"ed25519-sha256", sign=lambda octets: loaded.sign(sha256(octets).digest()), **where)


def make_key(kind: Kind) -> str:
    """Return a new private key in PEM (PKCS #8), unencrypted; RSA of 2048 bits."""
    made = Ed25519PrivateKey.generate() if kind == "ed25519" else generate_private_key(65537, _USUAL_BITS)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def record_name(key: DkimKey) -> str:
    """Return the name that the record of `key` stands at, `SELECTOR._domainkey.DOMAIN`; KeyUnusable if it is none."""
    domain, selector = _place(key)
    return f"{selector}._domainkey.{domain}"


def public_record(key: DkimKey) -> str:
    """Return the value of the TXT record of `key`, in one piece; KeyUnusable for what is no key."""
    loaded = _private(key)
    if isinstance(loaded, Ed25519PrivateKey):
        kind, public = "ed25519", loaded.public_key().public_bytes_raw()  # RFC 8463 §4
    else:
        kind, public = "rsa", loaded.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k={kind}; p={b2a_base64(public, newline=False).decode()}"


def as_zone_line(key: DkimKey) -> str:
    """Return the record of `key` as a line of a zone file (RFC 1035 §5.1), its value in strings that DNS can hold."""
    value = public_record(key)
    pieces = (value[start : start + _LONGEST_STRING] for start in range(0, len(value), _LONGEST_STRING))
    return f"{record_name(key)}. IN TXT " + " ".join(f'"{piece}"' for piece in pieces)


def _private(key: DkimKey) -> RSAPrivateKey | Ed25519PrivateKey:
    """Return what the PEM of `key` holds; no error quotes it."""
    try:
        loaded = load_pem_private_key(key.private_key.encode("utf-8", "replace"), password=None)
    except TypeError:
        way_out = "store it without one, in a file that only you can read"
        raise _unusable(key, f"its private key asks for a password, and there is nobody to ask: {way_out}") from None
    except (ValueError, UnsupportedAlgorithm):
        if "PUBLIC KEY-----" in key.private_key:
            raise _unusable(key, "this is the public key, which belongs in DNS; give the private one") from None
        way_out = "make one with `newsletter dkim key`"
        raise _unusable(key, f"no private key in PEM (-----BEGIN PRIVATE KEY-----) can be read; {way_out}") from None
    if isinstance(loaded, Ed25519PrivateKey):
        return loaded
    if not isinstance(loaded, RSAPrivateKey):
        kind = type(loaded).__name__.removesuffix("PrivateKey")
        raise _unusable(key, f"a key of the kind {kind}; DKIM knows RSA and Ed25519")
    if loaded.key_size < _FEWEST_BITS:
        raise _unusable(key, f"an RSA key of {loaded.key_size} bits, which receivers must not trust; use {_USUAL_BITS}")
    if loaded.key_size > _MOST_BITS:
        raise _unusable(key, f"an RSA key of {loaded.key_size} bits, which receivers need not take; use {_USUAL_BITS}")
    return loaded


def _place(key: DkimKey) -> tuple[str, str]:
    """Return domain and selector as they stand in a signature, the domain in ASCII (A-labels, RFC 8616 §4)."""
    try:
        domain = key.domain if key.domain.isascii() else key.domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _NAME.fullmatch(domain):
        raise KeyUnusable(f"dkim: the domain {key.domain[:100]!a} is no name in DNS; write it as example.org")
    if not _NAME.fullmatch(key.selector):
        way_out = "letters, digits and hyphens, such as papers"
        raise KeyUnusable(f"dkim: the selector {key.selector[:100]!a} is no name in DNS; use {way_out}")
    if len(f"{key.selector}._domainkey.{domain}") > _LONGEST_NAME:
        raise KeyUnusable(f"dkim: the selector {key.selector[:100]!a} makes the name longer than DNS can hold")
    return domain, key.selector


def _unusable(key: DkimKey, why: str) -> KeyUnusable:
    return KeyUnusable(f"dkim: {key.selector[:64]}._domainkey.{key.domain[:64]}: {why}")
