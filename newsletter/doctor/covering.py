"""Whether mail of ours passes SPF, as far as that can be known here, and the record to publish where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.config.alignment import organisation
from newsletter.doctor.line import Line, failed, warning, well
from newsletter.doctor.names import Address, Questions
from newsletter.doctor.records import txt_line
from newsletter.doctor.spf import MOST_LOOKUPS, Walk, follow, spf_records

_MOST_VOIDS = 2  # RFC 7208 §4.6.4

# Providers whose servers have other names than what a record includes, by the end of the name that mail goes to.
_INCLUDES = {
    "gmail.com": "_spf.google.com",
    "google.com": "_spf.google.com",
    "office365.com": "spf.protection.outlook.com",
    "outlook.com": "spf.protection.outlook.com",
    "amazonaws.com": "amazonses.com",
    "fastmail.com": "spf.messagingengine.com",
    "mailgun.org": "mailgun.org",
    "mailjet.com": "spf.mailjet.com",
    "postmarkapp.com": "spf.mtasv.net",
    "sendgrid.net": "sendgrid.net",
}


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that our mail goes to: its name, "" where nobody knows it from here, and its addresses."""

    host: str = ""
    addresses: tuple[Address, ...] = ()

    @property
    def include(self) -> str:
        """Return what a record includes for this provider, "" where it is not known."""
        names = (name for name in _INCLUDES if self.host == name or self.host.endswith(f".{name}"))
        return _INCLUDES.get(next(names, ""), "")


def spf_line(domain: str, names: Questions, relay: Relay) -> Line:
    """Return how the record of the envelope's domain stands; NoAnswer where DNS is silent."""
    about = f"SPF {domain}"
    records = spf_records(names, domain)
    if not records:
        fix = "publish one" + ("" if relay.include else f"; {_ask_provider(relay)}")
        told = "there is no record, so nobody can tell our mail from somebody else's"
        return failed(about, told, fix, record=txt_line(domain, f"v=spf1 {_entry(relay)} ~all"))
    if len(records) > 1:
        told = f"there are {len(records)} records, so receivers ignore them all"
        return failed(about, told, "put them into one", record=txt_line(domain, _merged(records)))
    walk = follow(domain, records[0], names, relay.addresses)
    return _trouble(about, walk) or _covering(about, walk, relay, txt_line(domain, _with(records[0], _entry(relay))))


def _trouble(about: str, walk: Walk) -> Line | None:
    """Return what is wrong with a record whoever sends, the worst alone."""
    end = "end it in ~all or -all"
    too_many = f"it takes {walk.lookups} lookups, and receivers give up after {MOST_LOOKUPS}"
    nowhere = f"{walk.voids} of its names lead nowhere, and receivers may give up after {_MOST_VOIDS}"
    rules = (
        (walk.problems, failed, f"receivers ignore it: {'; '.join(walk.problems[:3])}", "correct it"),
        (walk.lookups > MOST_LOOKUPS, failed, too_many, "remove the includes that nothing sends by"),
        (walk.rest == "+", failed, "it ends in +all: everybody may send for this domain", end),
        (walk.rest == "", warning, "it does not end in all, so it forbids nobody anything", end),
        (walk.rest == "?", warning, "it ends in ?all, so it forbids nobody anything", end),
        (walk.voids > _MOST_VOIDS, warning, nowhere, "remove them"),
        (walk.obsolete, warning, "it uses ptr, which many receivers skip", "replace ptr by ip4, ip6 or a"),
    )
    return next((kind(about, told, fix) for holds, kind, told, fix in rules if holds), None)


def _covering(about: str, walk: Walk, relay: Relay, suggested: str) -> Line:
    """Return whether mail by our relay passes, as far as that can be known: relays often send from other addresses."""
    ends = f"ends in {walk.rest}all, {walk.lookups} of {MOST_LOOKUPS} lookups"
    passed = [address for address in relay.addresses if walk.verdicts.get(address) == "+"]
    akin = sorted({name for name in walk.included if organisation(name) == organisation(relay.host or ".")})
    if not relay.host:
        return well(about, f"{ends}; whether it covers this server, only a mail that was sent can tell")
    if relay.addresses and len(passed) == len(relay.addresses):
        return well(about, f"{ends}; the addresses of {relay.host} may send")
    if relay.include and relay.include not in walk.included:
        told = f"{ends}; it does not include {relay.include}, from where {relay.host} sends"
        return failed(about, told, "add it", record=suggested)
    if relay.include or akin:
        told = "from where" if relay.include else "of the same organisation as"
        sends = " sends" if relay.include else ""
        return well(about, f"{ends}; includes {relay.include or akin[0]}, {told} {relay.host}{sends}")
    some = "not all of" if passed else "none of"
    told = f"{ends}; {some} the addresses of {relay.host} may send, and nothing in it is of its organisation"
    return warning(about, told, _ask_provider(relay), record=suggested)


def _ask_provider(relay: Relay) -> str:
    if not relay.host:
        return "name the address that your mail leaves from, as ip4:… or ip6:…"
    return f"if {relay.host} sends from other addresses than its own, use the include: that its provider names"


def _entry(relay: Relay) -> str:
    if relay.include:
        return f"include:{relay.include}"
    return f"a:{relay.host}" if relay.host else "a mx"


def _with(record: str, entry: str) -> str:
    """Return a record that has an entry more, before it ends."""
    terms = record.split()
    place = next((number for number, term in enumerate(terms) if term.lstrip("+?~-").lower() == "all"), len(terms))
    return " ".join((*terms[:place], entry, *terms[place:]))


def _merged(records: Sequence[str]) -> str:
    terms = list(dict.fromkeys(term for record in records for term in record.split()[1:]))
    inner = [term for term in terms if term.lstrip("+?~-").lower() != "all"]
    return " ".join(("v=spf1", *inner, "~all"))
