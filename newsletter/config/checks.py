"""What no single value shows: keys that exclude or need each other, addresses and sources that stand twice."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pydantic_core import PydanticCustomError

from newsletter.config.naming import Location, shown, subject
from newsletter.config.picks import paper_identity, paper_in
from newsletter.config.place import Findings, Node, Place
from newsletter.tokens import canonical


def empty_values(root: Node) -> list[tuple[Location, Place]]:
    """Mark every key and item without a value as broken, and return where they are."""
    return list(_empty(root, (), root.place))


def _empty(node: Node, location: Location, place: Place) -> Iterator[tuple[Location, Place]]:
    if node.value is None:
        node.broken = True
        yield location, place
    for key, child in node.entries.items():
        yield from _empty(child, (*location, key), node.keys[key])
    for number, child in enumerate(node.items):
        yield from _empty(child, (*location, number), child.place)


def check_empty(root: Node, empty: list[tuple[Location, Place]], findings: Findings) -> None:
    """Note the values that are empty, except under unknown keys, which are forgotten by now."""
    for location, place in empty:
        if root.find(*location):
            findings.problem(place, f"{subject(root, location)} is empty; give it a value or leave it out")


def check(root: Node, findings: Findings) -> None:
    """Note what is wrong between the values of a tree."""
    _check_addresses(root, findings)
    _check_wishes(root, findings)
    _check_keys(root, findings)
    for location in (("smtp",), ("inbox", "imap")):
        if server := root.find(*location):
            _check_encryption(server, ".".join(location), findings)


def _check_addresses(root: Node, findings: Findings) -> None:
    first: dict[str, Place] = {}
    for number, subscriber in enumerate((root.child("subscribers") or root).items):
        email = subscriber.child("email")
        if not email or not isinstance(email.value, str) or email.broken:
            continue
        seen = first.get(address := canonical(email.value))
        first.setdefault(address, email.place)
        if seen:
            who = subject(root, ("subscribers", number))
            where = seen.seen_from(email.place)
            findings.problem(email.place, f"{who} stands already in {where}; keep one of them")


def _check_wishes(root: Node, findings: Findings) -> None:
    """Note the papers that a reader wants both more and less like."""
    everyone = _papers(root.find("defaults", "exclude"))
    for number, subscriber in enumerate((root.child("subscribers") or root).items):
        excluded = everyone | _papers(subscriber.child("exclude"))
        for paper, item in _papers(subscriber.child("interests")).items() if excluded else ():
            if paper in excluded:
                who = subject(root, ("subscribers", number))
                where = excluded[paper].place.seen_from(item.place)
                message = f"{who}: {shown(paper)} is an interest and excluded, in {where}; keep one of them"
                findings.problem(item.place, message)


def _papers(listed: Node | None) -> dict[str, Node]:
    """Return the papers of a list of interests or exclusions, by their identities."""
    found: dict[str, Node] = {}
    for item in listed.items if listed else ():
        written = item.child("paper") or item
        if isinstance(written.value, str) and (paper := _identity(written.value, alone=written is item)):
            found.setdefault(paper, item)
    return found


def _identity(text: str, *, alone: bool) -> str:
    try:
        return paper_in(text) if alone else paper_identity(text)
    except PydanticCustomError:  # told by the grammar
        return ""


def _check_keys(root: Node, findings: Findings) -> None:
    """Note keys of DKIM that would stand at one place in the DNS."""
    first: dict[tuple[str, ...], Place] = {}
    for item in (root.child("dkim") or root).items:
        selector, domain = item.child("selector"), item.child("domain")
        if not selector or not domain:
            continue
        name = (str(selector.value).casefold(), str(domain.value).casefold())
        where = first.setdefault(name, selector.place)
        if where is not selector.place:
            told = f"dkim.selector stands already in {where.seen_from(selector.place)}; each key needs its own"
            findings.problem(selector.place, told)


def _check_encryption(server: Node, name: str, findings: Findings) -> None:
    encryption, host = server.child("encryption"), server.child("host")
    if encryption and encryption.value == "none" and host and isinstance(host.value, str) and not _is_here(host.value):
        message = f"{name}.encryption 'none' is for a server on this machine only; use 'starttls' or 'tls'"
        findings.problem(encryption.place, message)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_labels(labels: list[tuple[str, Place]], findings: Findings) -> None:
    """Note sources that would have the same name in the health of an edition."""
    first: dict[str, Place] = {}
    for label, place in labels:
        if label in first:
            where = first[label].seen_from(place)
            findings.problem(place, f"source {shown(label)} stands already in {where}; keep one, or name them apart")
        first.setdefault(label, place)
