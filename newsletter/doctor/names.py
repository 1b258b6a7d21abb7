"""Questions to DNS, each asked once: TXT, MX, addresses."""

from __future__ import annotations

import ipaddress
from typing import Any, Protocol

import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_SECONDS = 5.0
_NO_NAMES = (
    dns.resolver.NXDOMAIN,
    dns.name.EmptyLabel,
    dns.name.LabelTooLong,
    dns.name.NameTooLong,
    dns.name.BadEscape,
    dns.name.IDNAException,
)
_NOTHING: list[Any] = []  # of a name that is not there, unlike one without such a record


class NoAnswer(Exception):
    """DNS did not say whether there is such a record; the text says why, on one line."""


class Questions(Protocol):
    """What asks DNS; each method returns nothing for a name that is not there, and raises NoAnswer for silence."""

    def knows(self, name: str) -> bool:
        """Return whether there is anything at a name, or below it."""

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, each in one piece, sorted."""

    def mx(self, name: str) -> tuple[tuple[int, str], ...]:
        """Return the mail servers of a domain with their preference, the best first; "" is none (RFC 7505)."""

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the IPv4 and IPv6 addresses of a host, sorted."""


class Names:
    """The resolver of this machine, or another one; at most five seconds for a question."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None, *, seconds: float = _SECONDS) -> None:
        self._resolver = resolver
        self._seconds = seconds
        self._known: dict[tuple[str, str], list[Any]] = {}

    def knows(self, name: str) -> bool:
        """Return whether there is anything at a name, or below it."""
        return self._asked(name, "SOA") is not _NOTHING

    def txt(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, each in one piece, sorted."""
        found = self._asked(name, "TXT")
        return tuple(sorted(b"".join(each.strings).decode("utf-8", "replace") for each in found))

    def mx(self, name: str) -> tuple[tuple[int, str], ...]:
        """Return the mail servers of a domain with their preference, the best first; "" is none (RFC 7505)."""
        found = self._asked(name, "MX")
        return tuple(sorted((each.preference, each.exchange.to_text(omit_final_dot=True).strip(".")) for each in found))

    def addresses(self, name: str) -> tuple[Address, ...]:
        """Return the IPv4 and IPv6 addresses of a host, sorted."""
        found = [ipaddress.ip_address(each.address) for kind in ("A", "AAAA") for each in self._asked(name, kind)]
        return tuple(sorted(found, key=lambda each: (each.version, int(each))))

    def _asked(self, name: str, kind: str) -> list[Any]:
        key = (name.lower().rstrip("."), kind)
        if key not in self._known:
            self._known[key] = self._answered(*key)
        return self._known[key]

    def _answered(self, name: str, kind: str) -> list[Any]:
        try:
            if self._resolver is None:
                self._resolver = dns.resolver.Resolver()
            answer = self._resolver.resolve(
                f"{name}.", kind, lifetime=self._seconds, search=False, raise_on_no_answer=False
            )
        except _NO_NAMES:
            return _NOTHING
        except dns.exception.Timeout:
            raise NoAnswer(f"{name}: DNS did not answer within {self._seconds:g} seconds") from None
        except dns.resolver.NoNameservers:
            raise NoAnswer(f"{name}: the name servers answer with an error") from None
        except (dns.exception.DNSException, UnicodeError, OSError) as error:
            raise NoAnswer(f"{name}: DNS cannot be asked: {' '.join(str(error).split())}") from None
        return list(answer.rrset or ())
