"""Who may send for a domain, as its SPF record says (RFC 7208).

The record is followed to its end, past what matches: whoever adds a provider wants to know how many lookups are left.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from newsletter.doctor.names import Address, Questions

MOST_LOOKUPS = 10
"""What a receiver does for one record: RFC 7208 §4.6.4."""

_FOLLOWED = 40  # lookups, after which a record is hopeless
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=(\S*)")
_MECHANISM = re.compile(r"([+?~-]?)([A-Za-z0-9]+)(?::(\S*?))?((?:/[0-9]{1,3})?(?://[0-9]{1,3})?)")
_ASKING = frozenset(("include", "a", "mx", "ptr", "exists"))
_NUMBERS = frozenset(("ip4", "ip6"))
_NOBODY: frozenset[Address] = frozenset()

Verdicts = dict[Address, str]


@dataclass(slots=True)
class Walk:
    """What following a record brought: `problems` make receivers ignore all of it (permerror).

    `voids` are lookups that led nowhere, `included` the domains it names, `rest` what it says of everybody else ("+",
    "-", "~", "?", "" where it says nothing), `verdicts` the same of the addresses that were asked about.
    """

    lookups: int = 0
    voids: int = 0
    problems: list[str] = field(default_factory=list)
    included: list[str] = field(default_factory=list)
    obsolete: bool = False
    rest: str = ""
    verdicts: Verdicts = field(default_factory=dict)


def spf_records(names: Questions, domain: str) -> list[str]:
    """Return the SPF records of a domain, which should be one (§4.5); NoAnswer where DNS is silent."""
    return [each for each in names.txt(domain) if re.match(r"v=spf1( |$)", each, re.IGNORECASE)]


def follow(domain: str, record: str, names: Questions, addresses: Iterable[Address]) -> Walk:
    """Return what is found along a record, and what it says of `addresses`; NoAnswer where DNS is silent."""
    follower = _Follower(names)
    rest, verdicts = follower.judge(domain, record, frozenset(addresses), (domain.lower(),))
    follower.walk.rest, follower.walk.verdicts = rest, verdicts
    return follower.walk


class _Follower:
    def __init__(self, names: Questions) -> None:
        self.walk = Walk()
        self._names = names

    def judge(
        self, domain: str, record: str, asked: frozenset[Address], trail: tuple[str, ...]
    ) -> tuple[str, Verdicts]:
        """Return how a record ends, and what it says of addresses; the first mechanism that matches counts."""
        verdicts: Verdicts = {}
        redirect = ""
        for term in record.split()[1:]:
            if modifier := _MODIFIER.fullmatch(term):
                redirect = modifier[2] if modifier[1].lower() == "redirect" else redirect
                continue
            found = _MECHANISM.fullmatch(term)
            sign, kind = (found[1] or "+", found[2].lower()) if found else ("", "")
            if kind == "all":
                return sign, verdicts | dict.fromkeys(asked - verdicts.keys(), sign)
            matched = _NOBODY
            if found and kind in _NUMBERS:
                matched = self._numbered(kind, (found[3] or "") + found[4], asked)
            elif found and kind in _ASKING:
                matched = self._named(kind, found[3] or "", found[4], domain, asked, trail)
            else:
                self.walk.problems.append(f'"{term[:60]}" is nothing that SPF knows')
            verdicts |= dict.fromkeys(matched - verdicts.keys(), sign)
        if redirect and self._looked_up() and (target := self._one(redirect, trail)) is not None:
            rest, further = self.judge(redirect, target, asked - verdicts.keys(), (*trail, redirect.lower()))
            return rest, further | verdicts
        return "", verdicts

    def _numbered(self, kind: str, written: str, asked: frozenset[Address]) -> frozenset[Address]:
        try:
            network = ipaddress.ip_network(written, strict=False)
        except ValueError:
            self.walk.problems.append(f'"{kind}:{written[:60]}" is no address')
            return _NOBODY
        return frozenset(each for each in asked if each in network)

    def _named(
        self, kind: str, value: str, masks: str, domain: str, asked: frozenset[Address], trail: tuple[str, ...]
    ) -> frozenset[Address]:
        """Return which addresses a mechanism means that DNS is asked for."""
        if kind in {"include", "exists"} and not value:
            self.walk.problems.append(f"{kind} names no domain")
            return _NOBODY
        self.walk.obsolete = self.walk.obsolete or kind == "ptr"
        if not self._looked_up() or kind in {"ptr", "exists"} or "%" in value:  # macros depend on the mail at hand
            return _NOBODY
        if kind == "include":
            record = self._one(value, trail)
            inner = self.judge(value, record, asked, (*trail, value.lower()))[1] if record is not None else {}
            return frozenset(each for each, sign in inner.items() if sign == "+")
        hosts = [value or domain] if kind == "a" else [host for _, host in self._names.mx(value or domain)]
        found = [address for host in hosts[:MOST_LOOKUPS] if host for address in self._names.addresses(host)]
        self.walk.voids += not found
        return frozenset(each for each in asked if any(each in network for network in _networks(found, masks)))

    def _looked_up(self) -> bool:
        """Count a lookup; False where there were so many that nothing more need be known."""
        self.walk.lookups += 1
        return self.walk.lookups <= _FOLLOWED

    def _one(self, domain: str, trail: tuple[str, ...]) -> str | None:
        """Return the one record of a domain that another's names, None after a note of what is wrong with it."""
        self.walk.included.append(domain.lower())
        if domain.lower() in trail:
            self.walk.problems.append(f"{domain} leads back to itself")
            return None
        records = spf_records(self._names, domain)
        if len(records) == 1:
            return records[0]
        number = f"{len(records)} records" if records else "no record"
        self.walk.problems.append(f"{domain}, which it names, has {number}")
        return None


def _networks(addresses: Sequence[Address], masks: str) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    four, _, six = masks.partition("//")
    for address in addresses:
        bits = four.strip("/") if address.version == 4 else six
        if not bits or int(bits) <= address.max_prefixlen:
            yield ipaddress.ip_network(f"{address}/{bits or address.max_prefixlen}", strict=False)
