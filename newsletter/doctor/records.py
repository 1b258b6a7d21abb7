"""What records in DNS say about mail, and what to mend: SPF, DKIM, DMARC. Nothing is asked here.

RFC 7208 for SPF, RFC 6376 §3.6.1 for keys of DKIM, RFC 7489 for DMARC, RFC 1035 §5.1 for what is printed to paste.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from newsletter.config.alignment import aligned, organisation
from newsletter.doctor.line import Line, failed, warning, well

_LONGEST_SHOWN = 200  # characters of a record
_TAG = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*?)\s*", re.DOTALL)
_POLICIES = {
    "none": "mail that fails is only reported",
    "quarantine": "mail that fails goes to spam",
    "reject": "mail that fails is refused",
}


def txt_line(name: str, value: str) -> str:
    """Return a TXT record as a line of a zone file, its value in strings that DNS can hold."""
    pieces = [value[start : start + 255] for start in range(0, len(value), 255)] or [""]
    return f"{name.rstrip('.')}. IN TXT " + " ".join(f'"{piece}"' for piece in pieces)


def tags(record: str) -> dict[str, str] | None:
    """Return a tag list (RFC 6376 §3.2) by its names, None for what is none: twice the same tag, or no tag at all."""
    found: dict[str, str] = {}
    parts = record.split(";")
    if not parts[-1].strip():
        parts.pop()
    for part in parts:
        tag = _TAG.fullmatch(part)
        if tag is None or tag[1].lower() in found:
            return None
        found[tag[1].lower()] = tag[2]
    return found or None


# ------------------------------------------------------------------ DKIM


def dkim_line(name: str, ours: str, zone: str, published: Sequence[str]) -> Line:
    """Return how the record of a key stands: `ours` is the value it must have, `zone` the line that publishes it."""
    about = f"DKIM {name}"
    if not published:
        return failed(about, "there is no record, so nobody can verify a signature", "publish it", record=zone)
    if len(published) > 1:
        told = f"there are {len(published)} records, and receivers may take any"
        return failed(about, told, "leave one", record=zone)
    found, wanted = tags(published[0]), tags(ours) or {}
    if found is None or found.get("v", "DKIM1") != "DKIM1":
        return failed(about, f"holds no key: {_shown(published[0])}", "publish ours in its place", record=zone)
    same = _key(found) == _key(wanted) and found.get("k", "rsa").lower() == wanted.get("k", "rsa")
    services = set(_listed(found.get("s", "*")))
    rules = (
        (not _key(found), failed, "this key is revoked: its p= is empty", "publish ours in its place"),
        (
            not same,
            failed,
            "another key than ours stands there, so every signature fails",
            "publish ours in its place, or sign with the key it belongs to",
        ),
        (
            "sha256" not in _listed(found.get("h", "sha256")),
            failed,
            "its h= excludes sha256, which we sign by",
            "publish it without",
        ),
        (not services & {"*", "email"}, failed, "its s= excludes email", "publish it without"),
        ("y" in _listed(found.get("t", "")), warning, "ours, and t=y says that it is a test", "publish it without"),
    )
    lines = (kind(about, told, fix, record=zone) for holds, kind, told, fix in rules if holds)
    return next(lines, well(about, "the record is there, and the key is ours"))


def _listed(written: str) -> list[str]:
    return written.lower().replace(" ", "").split(":")


def _key(found: dict[str, str]) -> str:
    return re.sub(r"\s", "", found.get("p", ""))


# ------------------------------------------------------------------ DMARC


@dataclass(frozen=True, slots=True)
class Signers:
    """Who vouches for mail of ours: the domain of the envelope, for SPF, and those of keys, for DKIM."""

    envelope: str
    keys: tuple[str, ...] = ()


def dmarc_line(sender: str, at: str, published: Sequence[str], signers: Signers, *, report_to: str) -> Line:
    """Return how the policy for mail from `sender` stands: found `at` that domain, or nowhere.

    Only records that begin with v=DMARC1 are counted, as receivers do (RFC 7489 §6.6.3).
    """
    about = f"DMARC {sender}"
    records = [record for record in published if re.match(r"v\s*=\s*DMARC1\s*(;|$)", record)]
    suggested = txt_line(f"_dmarc.{organisation(sender)}", f"v=DMARC1; p=none; rua=mailto:{report_to}")
    if not records:
        told = "there is no policy, which large providers ask of who sends much"
        return warning(about, told, "publish one; p=none changes nothing and brings reports", record=suggested)
    if len(records) > 1:
        return failed(about, f"_dmarc.{at} has {len(records)} policies, so none counts", "leave one")
    found = tags(records[0])
    if found is None:
        return failed(about, f"cannot be read: {_shown(records[0])}", "correct it", record=suggested)
    inherited = at.lower() != sender.lower()
    policy = found.get("sp" if inherited and "sp" in found else "p", "").lower()
    if policy not in _POLICIES:
        told = f"p={policy or ' is missing'}; it must be none, quarantine or reject"
        return failed(about, f"_dmarc.{at}: {told}", "correct it", record=suggested)
    by = [
        f"{way} ({domain})"
        for way, domains, mode in (("SPF", (signers.envelope,), "aspf"), ("DKIM", signers.keys, "adkim"))
        for domain in domains
        if _is_aligned(domain, sender, strict=found.get(mode, "r").lower() == "s")
    ]
    told = f"p={policy} at _dmarc.{at}: {_POLICIES[policy]}"
    if not by:
        fix = f"sign as {organisation(sender)}, or send from an address whose domain is that of newsletter.from"
        kind = warning if policy == "none" else failed
        return kind(about, f"{told}; neither SPF ({signers.envelope}) nor DKIM speaks for {sender}", fix)
    return well(about, f"{told}; aligned by {' and '.join(by)}")


def _is_aligned(domain: str, sender: str, *, strict: bool) -> bool:
    try:
        return domain.lower() == sender.lower() if strict else aligned(domain, sender)
    except UnicodeError:  # no name in DNS
        return False


def _shown(record: str) -> str:
    return record if len(record) <= _LONGEST_SHOWN else f"{record[:_LONGEST_SHOWN]}…"
