"""Doctor: what the world says about mail, each line with its fix; nothing is sent, nothing changed, no secret told."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from certificates import a_certificate
from commands import Command, command_line
from dns_server import DnsServer
from imap_server import PASSWORD, USER, ImapServer
from makers import DAY, NOW, a_health, a_paper, an_edition
from odd_smtp import DROP, PIPELINING, OddSmtp, closed_port, trusting
from outgoing import delivered
from postgres import PostgresServer
from settings_files import ADA, loaded, saved, secretly
from sites import Reply, Site
from stores import a_file, a_store
from waiting import until

from newsletter import cli
from newsletter.cli import doctor as doctor_command
from newsletter.cli import health as health_command
from newsletter.config import Config
from newsletter.deliver.keys import as_zone_line, make_key, public_record
from newsletter.doctor import Line, Mark, World, examine, secrets_of
from newsletter.doctor.covering import Relay, spf_line
from newsletter.doctor.database import database
from newsletter.doctor.domain import dkim, dmarc, mx, spf
from newsletter.doctor.heartbeat import heartbeat, heartbeat_file
from newsletter.doctor.here import disk, secret_files, templates, zones
from newsletter.doctor.leak import leak
from newsletter.doctor.mail import certificate, coming_back, leaving
from newsletter.doctor.names import NoAnswer
from newsletter.doctor.outside import sources
from newsletter.doctor.past import deliveries, runs
from newsletter.doctor.records import Signers, dkim_line, dmarc_line, tags, txt_line
from newsletter.models import DeliveryState, DkimKey, Encryption, HealthState
from newsletter.schedule import Ran, serve
from newsletter.store import Store

MARKS = {"well": "✓", "warning": "!", "failed": "✗"}
HEAD = 'newsletter: {name: Daily Papers, from: "Daily Papers <papers@example.org>"}\n'
FILE = "sources:\n  - file: {path: papers.xml}\n"


def settings(folder: Path, more: str = "", *, source: str = FILE, readers: str = ADA, **environment: Any) -> Config:
    """Return settings with `more` in them."""
    return loaded(folder, HEAD + source + more + readers, **environment)


def smtp_of(server: OddSmtp, **fields: object) -> str:
    """Return the section that leads to a server."""
    found = server.settings(**fields)
    section = {"host": found.host, "port": found.port, "encryption": found.encryption.value}
    if found.username:
        section |= {"username": found.username, "password": found.password}
    return f"smtp: {json.dumps(section)}\n"


def marks(lines: Sequence[Line]) -> str:
    """Return the signs of some lines."""
    return "".join(MARKS[line.mark] for line in lines)


def only(lines: Sequence[Line]) -> Line:
    """Return the one line."""
    (line,) = lines
    return line


# ------------------------------------------------------------------ DKIM, DMARC: records


KEY = DkimKey("example.org", "papers", make_key("ed25519"))
OURS, ZONE, NAME = public_record(KEY), as_zone_line(KEY), "papers._domainkey.example.org"


def test_our_key_in_the_dns_is_well() -> None:
    """The record that `dkim key` prints is the one that is looked for, blanks and order apart."""
    spaced = OURS.replace("; ", " ;\t").replace("p=", "p = ")

    assert dkim_line(NAME, OURS, ZONE, [OURS]).mark is Mark.WELL
    assert dkim_line(NAME, OURS, ZONE, [spaced]).mark is Mark.WELL


@pytest.mark.parametrize(
    ("published", "told"),
    [
        ([], "no record"),
        ([OURS, OURS + " "], "2 records"),
        (["v=spf1 -all"], "holds no key"),
        (["v=DKIM1; p=A; p=B"], "holds no key"),
        (["v=DKIM1; k=ed25519; p="], "revoked"),
        ([public_record(DkimKey("example.org", "x", make_key("ed25519")))], "another key"),
        ([OURS.replace("k=ed25519; ", "")], "another key"),
        ([OURS + "; h=sha1"], "excludes sha256"),
        ([OURS + "; s=tlsrpt"], "excludes email"),
        (["<script>\x1b[31m" * 40], "holds no key"),
    ],
)
def test_a_key_that_receivers_cannot_use_fails_with_the_record_to_paste(published: list[str], told: str) -> None:
    """Missing, doubled, revoked, another's, or not for mail."""
    line = dkim_line(NAME, OURS, ZONE, published)

    assert line.mark is Mark.FAILED
    assert told in line.found
    assert line.fix
    assert line.record == ZONE
    assert len(line.found) < 300


def test_a_key_in_testing_is_a_warning() -> None:
    """Receivers may treat its mail as unsigned (RFC 6376 §3.6.1)."""
    assert dkim_line(NAME, OURS, ZONE, [OURS + "; t=s:y"]).mark is Mark.WARNING


def policy(record: str | Sequence[str], *, at: str = "example.org", sender: str = "example.org", **who: Any) -> Line:
    """Return how a policy stands for mail from `sender`."""
    signers = Signers(**{"envelope": sender, **who})
    records = [record] if isinstance(record, str) else record
    return dmarc_line(sender, at, records, signers, report_to="papers@example.org")


@pytest.mark.parametrize("kind", ["none", "quarantine", "reject"])
def test_any_policy_that_our_mail_meets_is_well(kind: str) -> None:
    """p=none is enough for every provider."""
    line = policy(f"v=DMARC1; p={kind}")

    assert line.mark is Mark.WELL
    assert f"p={kind}" in line.found
    assert "SPF" in line.found


def test_no_policy_is_a_warning_with_the_record_to_paste() -> None:
    """At the organisation's domain, where it holds for all below."""
    line = policy([], sender="news.example.org", at="example.org")

    assert line.mark is Mark.WARNING
    assert line.record == '_dmarc.example.org. IN TXT "v=DMARC1; p=none; rua=mailto:papers@example.org"'


@pytest.mark.parametrize(
    ("records", "told"),
    [
        (["v=DMARC1; p=none", "v=DMARC1; p=reject"], "2 policies"),
        (["v=DMARC1; p=strict"], "p=strict"),
        (["v=DMARC1"], "is missing"),
        (["v=DMARC1; p=none; p=reject"], "cannot be read"),
    ],
)
def test_a_policy_that_receivers_ignore_fails(records: list[str], told: str) -> None:
    """Two, none that is known, or one that is no list of tags."""
    line = policy(records)

    assert line.mark is Mark.FAILED
    assert told in line.found


def test_what_is_no_policy_is_not_counted() -> None:
    """Other texts at that name are passed over (RFC 7489 §6.6.3)."""
    assert policy(["hello", "v=DMARC1; p=none", "v=DMARC10; p=none"]).mark is Mark.WELL


def test_a_policy_of_the_organisation_holds_below_by_its_own_tag() -> None:
    """sp= is for subdomains, where it stands."""
    line = policy("v=DMARC1; p=none; sp=reject", at="example.org", sender="news.example.org")

    assert "p=reject at _dmarc.example.org" in line.found


def test_mail_that_nobody_vouches_for_fails_where_it_is_refused() -> None:
    """Neither the envelope nor a key is of the sender's organisation."""
    strangers: dict[str, Any] = {"envelope": "bounces.example.net", "keys": ("example.net",)}

    assert policy("v=DMARC1; p=reject", **strangers).mark is Mark.FAILED
    assert policy("v=DMARC1; p=none", **strangers).mark is Mark.WARNING
    assert policy("v=DMARC1; p=reject", **(strangers | {"keys": ("mail.example.org",)})).mark is Mark.WELL


def test_strict_alignment_asks_for_the_very_domain() -> None:
    """adkim=s and aspf=s (RFC 7489 §3.1)."""
    strict = "v=DMARC1; p=reject; aspf=s; adkim=s"

    assert policy(strict, envelope="mail.example.org").mark is Mark.FAILED
    assert policy(strict, envelope="mail.example.org", keys=("EXAMPLE.org",)).mark is Mark.WELL


def test_tags_are_read_as_the_rfc_has_them() -> None:
    """Blanks around, an end with or without a semicolon; nothing twice."""
    assert tags(" v = DKIM1 ;p=a b; ") == {"v": "DKIM1", "p": "a b"}
    assert tags("v=DKIM1;;p=x") is None
    assert tags("") is None


def test_a_long_record_is_cut_into_strings_that_the_dns_can_hold() -> None:
    """255 octets each (RFC 1035 §3.3)."""
    line = txt_line("example.org", "x" * 300)

    assert line == f'example.org. IN TXT "{"x" * 255}" "{"x" * 45}"'


# ------------------------------------------------------------------ SPF


class Zone:
    """Answers from a mapping; `silent` names raise."""

    def __init__(self, zone: Mapping[str, Sequence[str]], silent: str = "") -> None:
        self.zone, self.silent, self.asked = zone, silent, 0

    def knows(self, name: str) -> bool:
        """Return whether it is there."""
        return any(key.endswith((f" {name}", f".{name}")) for key in self.zone)

    def txt(self, name: str) -> tuple[str, ...]:
        """Return its TXT records."""
        self.asked += 1
        if name == self.silent:
            raise NoAnswer(f"{name}: silent")
        return tuple(self.zone.get(f"TXT {name}", ()))

    def mx(self, name: str) -> tuple[tuple[int, str], ...]:
        """Return its mail servers."""
        return tuple((10, host) for host in self.zone.get(f"MX {name}", ()))

    def addresses(self, name: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, ...]:
        """Return its addresses."""
        return tuple(ipaddress.ip_address(text) for text in self.zone.get(f"A {name}", ()))


RELAY = Relay("mail.example.net", (ipaddress.ip_address("192.0.2.7"),))


def spf_of(record: str, relay: Relay = RELAY, **zone: Sequence[str]) -> Line:
    """Return how a record of example.org stands; further records as `TXT_example_net`."""
    named: dict[str, Sequence[str]] = {}
    for key, value in zone.items():
        kind, _, name = key.partition("_")
        named[f"{kind} {name[0]}{name[1:].replace('_', '.')}"] = value
    return spf_line("example.org", Zone({"TXT example.org": [record], **named}), relay)


@pytest.mark.parametrize(
    "terms",
    [
        "ip4:192.0.2.0/24",
        "ip4:192.0.2.7",
        "a:mail.example.net",
        "a:other.example.net/29",
        "mx",
        "mx:example.net",
        "include:_spf.example.com",
        "+A:mail.example.net",
        "ip6:2001:db8::/32 ip4:192.0.2.7/32",
    ],
)
def test_a_record_that_names_the_relay_is_well(terms: str) -> None:
    """By number, name, mail server or another's record."""
    line = spf_of(
        f"v=spf1 {terms} -all",
        A_mail_example_net=["192.0.2.7"],
        A_other_example_net=["192.0.2.1"],
        MX_example_org=["mail.example.net"],
        MX_example_net=["mail.example.net"],
        TXT__spf_example_com=["v=spf1 ip4:192.0.2.7 ?all"],
    )

    assert line.mark is Mark.WELL, line
    assert "may send" in line.found


def test_a_redirect_stands_in_place_of_the_record() -> None:
    """Its end counts (RFC 7208 §6.1), and is one lookup."""
    line = spf_of("v=spf1 redirect=_spf.example.com", TXT__spf_example_com=["v=spf1 ip4:192.0.2.7 ~all"])

    assert line.mark is Mark.WELL
    assert "~all, 1 of 10" in line.found


def test_no_record_fails_with_one_to_paste() -> None:
    """It names the server that is known, or what a known provider wants to be included."""
    missing = spf_line("example.org", Zone({"TXT example.org": ["google-site-verification=x"]}), RELAY)
    at_google = spf_line("example.org", Zone({}), Relay("smtp.gmail.com", RELAY.addresses))

    assert missing.mark is Mark.FAILED
    assert missing.record == 'example.org. IN TXT "v=spf1 a:mail.example.net ~all"'
    assert at_google.record == 'example.org. IN TXT "v=spf1 include:_spf.google.com ~all"'


def test_two_records_fail_with_both_in_one() -> None:
    """Receivers take neither (RFC 7208 §4.5)."""
    zone = Zone({"TXT example.org": ["v=spf1 a -all", "V=SPF1 mx a ~all", "v=spf10 x"]})

    line = spf_line("example.org", zone, RELAY)

    assert "2 records" in line.found
    assert line.record == 'example.org. IN TXT "v=spf1 a mx ~all"'


@pytest.mark.parametrize(
    ("record", "mark", "told"),
    [
        ("v=spf1 ip4:192.0.2.7 +all", Mark.FAILED, "everybody"),
        ("v=spf1 ip4:192.0.2.7 all", Mark.FAILED, "everybody"),
        ("v=spf1 ip4:192.0.2.7 ?all", Mark.WARNING, "?all"),
        ("v=spf1 ip4:192.0.2.7", Mark.WARNING, "does not end in all"),
        ("v=spf1", Mark.WARNING, "does not end in all"),
        ("v=spf1 ipv4:192.0.2.7 -all", Mark.FAILED, "nothing that SPF knows"),
        ("v=spf1 ip4:192.0.2.999 -all", Mark.FAILED, "no address"),
        ("v=spf1 ip4:192.0.2.7/40 -all", Mark.FAILED, "no address"),
        ("v=spf1 include: -all", Mark.FAILED, "names no domain"),
        ("v=spf1 include:nowhere.example -all", Mark.FAILED, "has no record"),
        ("v=spf1 include:example.org -all", Mark.FAILED, "leads back to itself"),
        ("v=spf1 redirect=example.org", Mark.FAILED, "leads back to itself"),
        ("v=spf1 ptr ip4:192.0.2.7 -all", Mark.WARNING, "ptr"),
        ("v=spf1 a:x.example a:y.example a:z.example -all", Mark.WARNING, "lead nowhere"),
        ("v=spf1 include:%{i}._spf.example.net ip4:192.0.2.7 -all", Mark.WELL, "1 of 10"),
        ("v=spf1 -ip4:192.0.2.7 ip4:192.0.2.7 -all", Mark.WARNING, "none of"),
        ("v=spf1 -all ip4:192.0.2.7", Mark.WARNING, "none of"),
    ],
)
def test_a_record_is_judged_as_a_receiver_would(record: str, mark: Mark, told: str) -> None:
    """How it ends, what it cannot mean, what comes first."""
    line = spf_of(record)

    assert (line.mark, told in line.found) == (mark, True), line


def test_more_than_ten_lookups_fail_and_a_hopeless_record_is_not_followed_for_ever() -> None:
    """All of the record's are counted, those of what it includes too (RFC 7208 §4.6.4)."""
    zone: dict[str, list[str]] = {"TXT example.org": ["v=spf1 include:s0.example.net include:s50.example.net -all"]}
    zone |= {f"TXT s{n}.example.net": [f"v=spf1 include:s{n + 1}.example.net -all"] for n in range(100)}
    ten = "v=spf1 " + " ".join(f"a:mail.example.net/{n}" for n in range(22, 32)) + " -all"
    asked = Zone(zone)

    assert "give up after 10" in spf_line("example.org", asked, RELAY).found
    assert asked.asked < 60
    assert "10 of 10" in spf_of(ten, A_mail_example_net=["192.0.2.7"]).found
    assert spf_of(ten.replace(" -all", " mx -all"), MX_example_org=["mail.example.net"]).mark is Mark.FAILED


def test_whether_a_relay_is_covered_is_told_only_as_far_as_it_is_known() -> None:
    """Many send from other addresses than those that take mail."""
    google = Relay("smtp.gmail.com", (ipaddress.ip_address("203.0.113.9"),))
    included: dict[str, Any] = {"TXT__spf_google_com": ["v=spf1 ip4:198.51.100.0/24 ~all"]}
    akin: dict[str, Any] = {"TXT__spf_example_net": ["v=spf1 ip4:198.51.100.0/24 ~all"]}

    without = spf_of("v=spf1 ip4:192.0.2.1 ~all", google)
    assert without.mark is Mark.FAILED
    assert without.record == 'example.org. IN TXT "v=spf1 ip4:192.0.2.1 include:_spf.google.com ~all"'
    assert spf_of("v=spf1 include:_spf.google.com ~all", google, **included).mark is Mark.WELL
    assert "same organisation" in spf_of("v=spf1 include:_spf.example.net ~all", **akin).found
    assert spf_of("v=spf1 mx ~all", MX_example_org=["a"], A_a=["192.0.2.9"]).mark is Mark.WARNING
    assert "only a mail that was sent can tell" in spf_of("v=spf1 ~all", Relay()).found


# ------------------------------------------------------------------ the DNS


GOOD_ZONE: dict[str, Sequence[str]] = {
    "TXT example.org": ["v=spf1 mx -all", "site-verification=" + "x" * 2_000],
    f"TXT {NAME}": [OURS],
    "TXT _dmarc.example.org": ["v=DMARC1; p=reject"],
    "MX example.org": ["20 mx2.example.org.", "10 mx.example.org."],
    "A mx.example.org": ["192.0.2.25"],
    "AAAA mx.example.org": ["2001:db8::25"],
}


def with_key(folder: Path, more: str = "") -> Config:
    """Return settings that sign."""
    secretly(folder, KEY.private_key, "dkim.pem")
    return settings(folder, f"dkim: {{domain: example.org, selector: papers, private_key_file: dkim.pem}}\n{more}")


def test_records_come_over_udp_and_large_ones_over_tcp(tmp_path: Path) -> None:
    """A real server: SPF, DKIM, DMARC and MX are found, each asked once."""
    config = with_key(tmp_path, "deliver: {sendmail: /bin/true}\n")
    with DnsServer(GOOD_ZONE) as server:
        names = server.names()
        lines = [line for check in (spf, dkim, dmarc, mx) for line in check(config, names)]

        assert marks(lines) == "✓✓✓✓", lines
        assert server.over_tcp == ["TXT example.org"]
        assert names.mx("example.org") == ((10, "mx.example.org"), (20, "mx2.example.org"))
        assert [str(each) for each in names.addresses("mx.example.org")] == ["192.0.2.25", "2001:db8::25"]
        assert server.asked.count("MX example.org") == 1


def test_an_empty_dns_says_what_to_publish(tmp_path: Path) -> None:
    """Each missing record is there to paste."""
    config = with_key(tmp_path)
    with DnsServer({"NS example.org": ["ns.example.net."]}) as server:
        names = server.names()
        lines = [line for check in (spf, dkim, dmarc, mx) for line in check(config, names)]

    assert marks(lines) == "✗✗!✗"
    assert all(line.record.partition(" IN ")[2] for line in lines)
    assert lines[1].record == ZONE


def test_a_domain_that_is_not_there_is_no_place_for_records(tmp_path: Path) -> None:
    """A mistake in the address, or a resolver that sees nothing."""
    with DnsServer() as server:
        line = only(list(spf(settings(tmp_path), server.names())))

    assert line.mark is Mark.FAILED
    assert "the DNS has no example.org" in line.found
    assert line.record == ""


@pytest.mark.parametrize(
    "name", ["a..example.org", "x" * 64 + ".example.org", "y." * 130 + "org", r"a\999.example.org"]
)
def test_what_is_no_name_is_nowhere(name: str, tmp_path: Path) -> None:
    """A record that names it cannot be used, which is not the DNS's silence."""
    written = name.replace("\\", r"\\")  # the zone's texts have escapes of their own
    zone = GOOD_ZONE | {"TXT example.org": [f"v=spf1 include:{written} -all"]}
    with DnsServer(zone) as server:
        names = server.names()

        assert names.txt(name) == ()
        assert only(list(spf(settings(tmp_path), names))).mark is Mark.FAILED


def test_silence_of_the_dns_is_a_warning_for_each_that_was_asked(tmp_path: Path) -> None:
    """Nobody knows then, which is no failure; other records go on."""
    config = with_key(tmp_path)
    with DnsServer(GOOD_ZONE, silent=["example.org"], broken=[NAME]) as server:
        names = server.names(seconds=0.2)

        assert marks([*spf(config, names), *dkim(config, names), *mx(config, names)]) == "!!!"
        assert "within 0.2 seconds" in only(list(spf(config, names))).found
        assert "error" in only(list(dkim(config, names))).found
        assert marks(list(dmarc(config, names))) == "✓"


@pytest.mark.parametrize(
    ("zone", "mark", "told"),
    [
        ({"MX example.org": ["0 ."]}, Mark.FAILED, "takes no mail"),
        ({"A example.org": ["192.0.2.1"]}, Mark.WELL, "no MX record"),
        ({"MX example.org": ["10 gone.example.org."]}, Mark.FAILED, "has no address"),
    ],
)
def test_where_bounces_go_is_followed(zone: dict[str, Sequence[str]], mark: Mark, told: str, tmp_path: Path) -> None:
    """A null MX (RFC 7505), none at all, one that leads nowhere."""
    with DnsServer(zone) as server:
        line = only(list(mx(settings(tmp_path), server.names())))

    assert line.mark is mark
    assert told in line.found


def test_a_policy_above_the_sender_is_found(tmp_path: Path) -> None:
    """The organisation's counts where the domain has none, and other texts are no policy."""
    config = loaded(tmp_path, HEAD.replace("@example.org", "@news.example.org") + FILE + ADA)
    zone = {"TXT _dmarc.news.example.org": ["hello"], "TXT _dmarc.example.org": ["v=DMARC1; p=none"]}
    with DnsServer(zone) as server:
        line = only(list(dmarc(config, server.names())))

    assert "at _dmarc.example.org" in line.found


def test_a_domain_in_letters_of_its_own_is_asked_for_in_ascii(tmp_path: Path) -> None:
    """DNS knows A-labels."""
    config = loaded(tmp_path, HEAD.replace("@example.org", "@bücher.example") + FILE + ADA)
    with DnsServer({"TXT xn--bcher-kva.example": ["v=spf1 -all"]}) as server:
        assert only(list(spf(config, server.names()))).mark is Mark.WELL


def test_without_a_key_the_question_is_whether_the_relay_signs(tmp_path: Path) -> None:
    """A warning that says how to find out."""
    line = only(list(dkim(settings(tmp_path), Zone({}))))

    assert line.mark is Mark.WARNING
    assert "dkim=pass" in line.fix


# ------------------------------------------------------------------ SMTP


def asked(folder: Path, server: OddSmtp, *, tls: Any = None, **fields: object) -> list[Line]:
    """Return what is said of a server."""
    return list(leaving(settings(folder, smtp_of(server, **fields)), NOW, tls=tls))


def test_a_server_is_asked_up_to_the_recipient_and_nothing_is_sent(tmp_path: Path) -> None:
    """MAIL and RCPT are taken back by RSET; there is no DATA."""
    with OddSmtp(pipelining=True) as server:
        lines = asked(tmp_path, server)

    assert marks(lines) == "✓✓"
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "RSET", "QUIT"]
    assert "RCPT TO:<papers@example.org>" in server.commands
    assert server.taken == []
    assert "nothing was sent" in lines[-1].found


def test_tls_and_login_are_steps_of_their_own(tmp_path: Path) -> None:
    """The certificate's days, the name that is logged in; by the code that sends."""
    pem = a_certificate(tmp_path, days=40)
    answers = {"EHLO": PIPELINING.replace("250 8BITMIME", "250-STARTTLS\r\n250 AUTH PLAIN")}
    with OddSmtp(answers, certificate=pem) as server:
        fields = {"encryption": Encryption.STARTTLS, "username": "papers@example.org", "password": "open sesame"}
        config = settings(tmp_path, smtp_of(server, **fields))
        lines = list(leaving(config, datetime.now(UTC), tls=trusting(pem)))

    assert marks(lines) == "✓✓✓✓", lines
    assert "holds for 40 days more" in lines[1].found
    assert lines[2].found == "logged in as papers@example.org"


@pytest.mark.parametrize(
    ("days", "mark"), [(-1, Mark.FAILED), (1, Mark.WARNING), (13, Mark.WARNING), (14, Mark.WELL), (90, Mark.WELL)]
)
def test_a_certificate_that_ends_soon_is_told_before(days: int, mark: Mark) -> None:
    """Two weeks, since automatic renewal comes earlier."""
    ends = f"{NOW + timedelta(days=days):%b %d %H:%M:%S %Y} GMT"

    assert certificate("SMTP", ends, NOW).mark is mark
    assert certificate("SMTP", "", NOW).mark is Mark.WARNING


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ({"CONNECT": "554 5.7.1 not from here"}, "not from here"),
        ({"CONNECT": DROP}, "closed"),
        ({"MAIL": "550 5.7.1 not your address"}, "as sender: 550 5.7.1"),
        ({"RCPT": "550 5.1.1 nobody"}, "as recipient: 550 5.1.1"),
        ({"CONNECT": b"HTTP/1.1 400 Bad\r\n\r\n"}, "HTTP"),
    ],
)
def test_what_the_server_refuses_is_told_with_its_words(
    answers: Mapping[str, str | bytes], told: str, tmp_path: Path
) -> None:
    """One line fails, and those before it stand."""
    with OddSmtp(dict(answers), pipelining=True) as server:
        lines = asked(tmp_path, server)

    assert lines[-1].mark is Mark.FAILED, lines
    assert told in lines[-1].found
    assert server.taken == []


@pytest.mark.parametrize("reply", ["450 4.2.0 come again", "421 4.3.0 going down"])
def test_greylisting_is_a_warning(reply: str, tmp_path: Path) -> None:
    """4yz passes, and a server that hangs up with it has said why."""
    with OddSmtp({"RCPT": reply}, pipelining=True) as server:
        lines = asked(tmp_path, server)

    assert marks(lines) == "✓!"
    assert reply in lines[-1].found


def test_a_server_that_takes_tls_away_gets_no_password(tmp_path: Path) -> None:
    """The line says that nothing was sent."""
    with OddSmtp() as server:
        fields = {"encryption": Encryption.STARTTLS, "username": "papers@example.org", "password": "open sesame"}
        lines = asked(tmp_path, server, **fields)

    assert lines[-1].mark is Mark.FAILED
    assert "STARTTLS" in lines[-1].found
    assert "AUTH" not in server.verbs


@pytest.mark.parametrize("fields", [{"host": "127.0.0.2"}, {"days": -1}])
def test_a_certificate_for_another_or_of_yesterday_fails(fields: dict[str, Any], tmp_path: Path) -> None:
    """Verified like at sending; `since` keeps an ended one in order."""
    pem = a_certificate(tmp_path, **fields)
    with OddSmtp(tls=True, certificate=pem) as server:
        lines = asked(tmp_path, server, tls=trusting(pem), encryption=Encryption.TLS)

    assert lines[-1].mark is Mark.FAILED
    assert "certificate" in lines[-1].found


def test_poor_servers_are_told_of(tmp_path: Path) -> None:
    """Without PIPELINING each email takes twice as long; a small SIZE takes no issue."""
    with OddSmtp({"EHLO": "250-odd\r\n250 SIZE 50000"}) as server:
        lines = asked(tmp_path, server)

    assert marks(lines) == "✓!!✓"
    assert "four round trips" in lines[1].found
    assert "50,000" in lines[2].found


def test_nobody_there_fails_with_the_way_out(tmp_path: Path) -> None:
    """A closed port."""
    config = settings(tmp_path, f"smtp: {{host: 127.0.0.1, port: {closed_port()}, encryption: none}}\n")

    line = only(list(leaving(config, NOW)))

    assert line.mark is Mark.FAILED
    assert "smtp.port" in line.fix


def test_a_way_out_without_a_server_is_looked_at_instead(tmp_path: Path) -> None:
    """A folder must be writable, a command must be there; without any way nothing can leave."""
    (tmp_path / "blocked").write_text("a file")

    def line(more: str) -> Line:
        return only(list(leaving(settings(tmp_path, more), NOW)))

    assert line("deliver: {maildir: out/mails}\n").mark is Mark.WARNING
    assert not (tmp_path / "out").exists()
    assert line("deliver: {file: blocked/mails}\n").mark is Mark.FAILED
    assert line("deliver: {sendmail: /bin/sh}\n").mark is Mark.WELL
    assert line("deliver: {sendmail: no-such-program}\n").mark is Mark.FAILED
    assert line("").mark is Mark.FAILED


# ------------------------------------------------------------------ the mailbox


def test_a_mailbox_in_a_folder_is_opened_and_left_as_it_is(tmp_path: Path) -> None:
    """A Maildir is well, any other folder fails."""
    for name in ("new", "cur", "tmp"):
        (tmp_path / "mail" / name).mkdir(parents=True)
    (tmp_path / "mail" / "new" / "1").write_bytes(b"Subject: x\r\n\r\nx")
    config = settings(tmp_path, "inbox: {maildir: mail}\n")

    assert only(list(coming_back(config, NOW))).mark is Mark.WELL
    assert [path.name for path in (tmp_path / "mail" / "new").iterdir()] == ["1"]
    (tmp_path / "mail" / "cur").rmdir()
    assert only(list(coming_back(config, NOW))).mark is Mark.FAILED


@pytest.mark.parametrize(
    ("password", "folder", "mark"), [(PASSWORD, "INBOX", "✓"), ("x", "INBOX", "✗"), (PASSWORD, "Away", "✗")]
)
def test_a_mailbox_on_a_server_is_opened_and_nothing_is_marked(
    password: str, folder: str, mark: str, tmp_path: Path
) -> None:
    """Login and folder count; no mail is fetched, none is marked."""
    with ImapServer(b"Subject: x\r\n\r\nx", came=DAY) as server:
        found = server.settings()
        section = {"host": found.host, "port": found.port, "encryption": found.encryption.value}
        section |= {"username": USER, "password": password, "folder": folder}
        lines = list(coming_back(settings(tmp_path, f"inbox: {{imap: {json.dumps(section)}}}\n"), NOW))

    assert marks(lines) == mark, lines
    assert password == "x" or password not in str(lines)
    assert not any(command.startswith(("UID STORE", "STORE", "SELECT")) for command in server.commands)


def test_an_imap_server_that_is_not_there_fails(tmp_path: Path) -> None:
    """And a newsletter without a mailbox has no line."""
    imap = f"{{host: 127.0.0.1, port: {closed_port()}, encryption: none, username: papers, password: sesame}}"
    config = settings(tmp_path, f"inbox: {{imap: {imap}}}\n")

    assert only(list(coming_back(config, NOW))).mark is Mark.FAILED
    assert list(coming_back(settings(tmp_path), NOW)) == []


# ------------------------------------------------------------------ sources, clock


def feeds(*addresses: str) -> str:
    """Return sources at these addresses."""
    listed = (f"  - feed: {{name: S{number}, url: {address}}}\n" for number, address in enumerate(addresses))
    return "sources:\n" + "".join(listed)


def test_each_server_gets_one_request_and_its_body_is_left(tmp_path: Path) -> None:
    """Two sources at one server cost one request; the clock is compared by the answer."""
    with Site() as site:
        site.on("/a", b"<rss/>")
        config = settings(tmp_path, source=feeds(f"{site.address}/a", f"{site.address}/b"))
        lines = list(sources(config, {}, datetime.now(UTC)))

        assert marks(lines) == "✓✓✓", lines
        assert [asked.path for asked in site.asked] == ["/a"]
        assert "same server" in lines[1].found
        assert lines[2].about == "clock"


@pytest.mark.parametrize(
    ("reply", "mark"),
    [
        (Reply(b"", 404), Mark.FAILED),
        (Reply(b"", 500), Mark.FAILED),
        (Reply(b"", 429, {"Retry-After": "3600"}), Mark.WARNING),
        (Reply(b"", 301, {"Location": "/elsewhere"}), Mark.WELL),
    ],
)
def test_a_source_that_refuses_is_asked_once(reply: Reply, mark: Mark, tmp_path: Path) -> None:
    """No retries: doctor looks, and does not insist."""
    with Site() as site:
        site.on("/a", reply)
        lines = list(sources(settings(tmp_path, source=feeds(f"{site.address}/a")), {}, datetime.now(UTC)))

        assert lines[0].mark is mark, lines
        assert len(site.asked) == 1


def test_a_source_that_asked_us_to_wait_is_left_alone(tmp_path: Path) -> None:
    """The line says until when."""
    now = datetime.now(UTC)
    with Site() as site:
        config = settings(tmp_path, source=feeds(f"{site.address}/a"))
        label = config.sources[0].label
        asks = a_health(
            source=label,
            state=HealthState.THROTTLED,
            entries=0,
            detail="429",
            at=now,
            again_at=now + timedelta(hours=1),
        )
        lines = list(sources(config, {label: asks}, now))

        assert site.asked == []
    assert lines[0].mark is Mark.WARNING
    assert "asks us to wait until" in lines[0].found


def test_a_server_that_is_silent_or_never_done_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' lines do not wait for it."""
    monkeypatch.setattr("newsletter.doctor.outside._SECONDS", 0.3)
    with Site() as silent, Site() as other:
        silent.on("/a", Reply(hangs=True))
        other.on("/a", Reply(b"x" * 10_000_000))
        elsewhere = other.address.replace("127.0.0.1", "localhost")
        config = settings(tmp_path, source=feeds(f"{silent.address}/a", f"{elsewhere}/a"))
        lines = list(sources(config, {}, datetime.now(UTC)))

    assert marks(lines) == "✗✓✓", lines


def test_a_source_nobody_answers_for_fails_without_its_key(tmp_path: Path) -> None:
    """The address is told as it may be shown."""
    address = f"http://user:sesame@127.0.0.1:{closed_port()}/feed?api_key=open-sesame"

    lines = list(sources(settings(tmp_path, source=feeds(address)), {}, datetime.now(UTC)))

    assert marks(lines) == "✗!"
    assert "sesame" not in " ".join(map(str, lines))


@pytest.mark.parametrize(("minutes", "mark", "told"), [(0, "✓", ""), (10, "!", "behind"), (-300, "!", "ahead")])
def test_a_clock_that_is_wrong_is_told(minutes: int, mark: str, told: str, tmp_path: Path) -> None:
    """By the Date of an answer, with its age in a cache counted."""
    date = datetime.now(UTC) + timedelta(minutes=minutes, seconds=-30)
    written = f"{date:%a, %d %b %Y %H:%M:%S} GMT"
    config = settings(tmp_path, source=feeds("http://127.0.0.1:1/a"))

    line = _clock_line(config, written)

    assert MARKS[line.mark] == mark
    assert told in line.found


def _clock_line(config: Config, date: str) -> Line:
    """Return the line of the clock, asked at a server that says so."""
    from http.server import BaseHTTPRequestHandler, HTTPServer  # noqa: PLC0415 - Site says the true time
    from threading import Thread  # noqa: PLC0415

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", date)
            self.send_header("Age", "30")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        there = settings(config.path.parent, source=feeds(f"http://127.0.0.1:{server.server_port}/a"))
        found = list(sources(there, {}, datetime.now(UTC)))
        server.shutdown()
        thread.join()
    return found[-1]


def test_files_are_sources_too(tmp_path: Path) -> None:
    """One that is not there is a warning: collecting goes on."""
    config = settings(tmp_path)

    assert marks(list(sources(config, {}, NOW))) == "!!"
    (tmp_path / "papers.xml").write_text("<rss/>")
    assert marks(list(sources(config, {}, NOW))) == "✓!"


# ------------------------------------------------------------------ the store


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A warning before the first collection; a folder that is missing fails."""
    assert only(list(database(settings(tmp_path)))).mark is Mark.WARNING
    assert list(tmp_path.glob("newsletter.db*")) == []
    assert only(list(database(settings(tmp_path, "store: sqlite:///no/where.db\n")))).mark is Mark.FAILED


def test_a_database_is_looked_through_and_left_as_it_is(tmp_path: Path) -> None:
    """Sound and current is well; its bytes stay."""
    before = a_file(tmp_path).read_bytes()

    line = only(list(database(settings(tmp_path))))

    assert line.mark is Mark.WELL, line
    assert (tmp_path / "newsletter.db").read_bytes() == before


def test_an_earlier_version_is_told_and_not_upgraded(tmp_path: Path) -> None:
    """Whoever only looks must not change tables."""
    import sqlite3  # noqa: PLC0415 - to write what an earlier version had

    for revision, mark in (("0001", Mark.WARNING), ("9999", Mark.FAILED)):
        with sqlite3.connect(a_file(tmp_path)) as plain:
            plain.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        plain.close()
        assert only(list(database(settings(tmp_path)))).mark is mark
        with sqlite3.connect(tmp_path / "newsletter.db") as plain:
            assert plain.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
        plain.close()


def test_damage_and_strangers_fail(tmp_path: Path) -> None:
    """A page that was overwritten, a file of something else."""
    path = a_file(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:8_192] + os.urandom(1) * 12_288 + whole[20_480:])
    assert only(list(database(settings(tmp_path)))).mark is Mark.FAILED
    path.write_bytes(b"not a database at all" * 100)
    assert only(list(database(settings(tmp_path)))).mark is Mark.FAILED


def test_a_database_that_another_keeps_locked_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that writes is no failure."""
    import sqlite3  # noqa: PLC0415 - the other program

    monkeypatch.setattr("newsletter.doctor.database._BUSY_SECONDS", 0.05)
    other = sqlite3.connect(a_file(tmp_path), isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    try:
        lines = list(database(settings(tmp_path)))
    finally:
        other.close()

    assert marks(lines) == "✓!"


def test_what_is_not_settled_is_told(tmp_path: Path) -> None:
    """Held, failed in the last day, waiting without anybody who tries; what is done is not."""
    with a_store(tmp_path) as store:
        store.editions.save(an_edition(a_paper()), collected_at=NOW)
        assert marks(list(deliveries(store, NOW))) == "✓"
        delivered(store, "grace@example.org")
        delivered(store, "ada@example.org", state=DeliveryState.UNKNOWN)
        delivered(store, "emmy@example.org", state=DeliveryState.FAILED)
        delivered(store, "katherine@example.org", state=DeliveryState.QUEUED)

        assert marks(list(deliveries(store, NOW))) == "!!"
        later = list(deliveries(store, NOW + timedelta(days=3)))
        assert marks(later) == "!✗"
        assert "newsletter deliveries list --state unknown" in later[0].fix


def test_a_slot_that_went_by_without_an_issue_is_missed(tmp_path: Path) -> None:
    """Of readers who had issues before; a new one has missed nothing."""
    config = settings(tmp_path)
    with a_store(tmp_path) as store:
        assert "nothing was collected" in next(iter(runs(config, store, NOW))).found
        store.editions.save(an_edition(a_paper()), collected_at=NOW)
        assert marks(list(runs(config, store, NOW))) == "✓✓"
        delivered(store, day=DAY - timedelta(days=3))
        lines = list(runs(config, store, NOW + timedelta(days=1)))

    assert marks(lines) == "✓!✓", lines
    assert "1 of 1 subscribers got no issue" in lines[1].found


def test_an_issue_in_time_misses_nothing(tmp_path: Path) -> None:
    """Settled is settled, whatever became of it; nobody to send to is told."""
    with a_store(tmp_path) as store:
        store.editions.save(an_edition(a_paper()), collected_at=NOW)
        delivered(store)
        assert "!" not in marks(list(runs(settings(tmp_path), store, NOW)))
        paused = settings(tmp_path, readers=ADA + "    status: paused\n")
        assert marks(list(runs(paused, store, NOW))) == "✓!"


def test_a_store_on_a_server_is_asked_too(postgres: PostgresServer, tmp_path: Path) -> None:
    """And its password is in no line; one that nobody answers at fails."""
    with postgres.database() as url:
        lines = list(database(settings(tmp_path, f"store: {json.dumps(url)}\n")))
        assert marks(lines) == "✓", lines
    away = settings(tmp_path, f"store: postgresql://me:sesame@127.0.0.1:{closed_port()}/papers\n")

    assert marks(list(database(away))) == "✗"
    assert "sesame" in secrets_of(away)
    assert "sesame" not in str(list(examine(away, world(Zone({})), offline=True)))


# ------------------------------------------------------------------ this machine


def test_templates_are_rendered_for_everybody(tmp_path: Path) -> None:
    """And a template that breaks is told with its place."""
    assert marks(list(templates(settings(tmp_path)))) == "✓"
    (tmp_path / "looks" / "issue").mkdir(parents=True)
    (tmp_path / "looks" / "issue" / "reason.j2").write_text("{{ nothing.like.this }}\n")
    broken = settings(tmp_path, "templates: looks\n")

    lines = list(examine(broken, World(names=Zone({})), offline=True))

    assert lines[0].mark is Mark.FAILED, lines[0]
    assert "reason.j2" in lines[0].found


def test_time_zones_and_disk_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of years ago and a full disk are told."""
    import shutil  # noqa: PLC0415
    from collections import namedtuple  # noqa: PLC0415

    config = settings(tmp_path)
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - what shutil gives

    assert only(list(zones(config, NOW))).mark is Mark.WELL
    assert only(list(zones(config, NOW.replace(year=2036)))).mark is Mark.WARNING
    assert {line.mark for line in disk(config)} <= set(Mark)
    for free, mark in ((10**6, Mark.FAILED), (10**8, Mark.WARNING), (10**10, Mark.WELL)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: usage(1, 1, free))
        assert {line.mark for line in disk(config)} == {mark}


def test_secrets_that_others_can_read_are_told(tmp_path: Path) -> None:
    """With the command that closes them; the database has every address in it, and a closed folder is enough."""
    tmp_path.chmod(0o755)
    secretly(tmp_path, "open sesame\n", "password.txt")
    a_file(tmp_path).chmod(0o600)
    config = settings(tmp_path, "smtp: {host: localhost, username: papers, password_file: password.txt}\n")

    assert only(list(secret_files(config))).mark is Mark.WELL
    (tmp_path / "password.txt").chmod(0o644)
    line = only(list(secret_files(config)))
    assert line.mark is Mark.WARNING
    assert line.fix == f"chmod 600 {tmp_path / 'password.txt'}"
    tmp_path.chmod(0o700)
    assert only(list(secret_files(config))).mark is Mark.WELL


def a_repository(folder: Path, *tracked: str, remote: str = "https://me:token@git.example.org/papers.git") -> None:
    """Make a folder a work tree with a remote, with these files in its index."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(
        f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {remote}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n'
    )
    if tracked:
        names = b"".join(name.encode() + b"\0" for name in tracked)
        (folder / ".git" / "index").write_bytes(b"DIRC\0\0\0\2\0\0\0\1" + names)


def leaks(config: Config) -> Line:
    """Return what is said of a leak."""
    return only(list(leak(config, secrets_of(config))))


def test_addresses_in_a_repository_that_is_pushed_are_told(tmp_path: Path) -> None:
    """With the remote, without its login, and the way out."""
    a_repository(tmp_path)

    line = leaks(settings(tmp_path))

    assert line.mark is Mark.WARNING
    assert "https://git.example.org/papers.git" in line.found
    assert "token" not in line.found
    assert "private" in line.fix


def test_a_password_in_words_fails(tmp_path: Path) -> None:
    """It is in the history by the next commit; the line does not repeat it."""
    a_repository(tmp_path, "subscribers.yaml")
    config = settings(tmp_path, "smtp: {host: localhost, username: papers, password: open sesame}\n")

    lines = list(leak(config, secrets_of(config)))

    assert marks(lines) == "✗!"
    assert "sesame" not in str(lines)


def test_what_git_does_not_push_is_well(tmp_path: Path) -> None:
    """No repository, no remote, a file that is not in the index, an address from the environment."""
    assert leaks(settings(tmp_path)).mark is Mark.WELL
    a_repository(tmp_path, "README.md")
    assert leaks(settings(tmp_path)).mark is Mark.WELL
    (tmp_path / ".git" / "index").unlink()
    by_name = settings(tmp_path, readers=ADA.replace("ada@example.org", '"${ADA}"'), ADA="ada@example.org")
    assert leaks(by_name).mark is Mark.WELL
    (tmp_path / ".git" / "config").write_text("[core]\n\tbare = false\n")
    assert leaks(settings(tmp_path)).mark is Mark.WELL


def test_a_worktree_leads_to_its_repository(tmp_path: Path) -> None:
    """`.git` is a file there, and the remotes are elsewhere."""
    a_repository(tmp_path / "main")
    linked = tmp_path / "main" / ".git" / "worktrees" / "here"
    linked.mkdir(parents=True)
    (linked / "commondir").write_text("../..\n")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / ".git").write_text(f"gitdir: {linked}\n")

    assert leaks(settings(tmp_path / "here")).mark is Mark.WARNING


# ------------------------------------------------------------------ all of it


def world(names: Any, **fields: Any) -> World:
    """Return a world with these names."""
    return World(names=names, **fields)


def test_everything_is_told_in_one_order(tmp_path: Path) -> None:
    """Whoever answers first; the same questions give the same order."""
    with DnsServer(GOOD_ZONE) as server, OddSmtp(pipelining=True) as mail:
        config = with_key(tmp_path, smtp_of(mail))
        abouts = [[line.about for line in examine(config, world(server.names()))] for _ in range(2)]

    assert abouts[0] == abouts[1]
    order = ["templates", "source file papers.xml", "clock", "SPF example.org", f"DKIM {NAME}", "DMARC example.org"]
    assert [about for about in abouts[0] if about in order] == order


def test_a_check_that_crashes_stops_no_other(tmp_path: Path) -> None:
    """Its line asks for a report; the others are there."""

    class Broken(Zone):
        def txt(self, name: str) -> tuple[str, ...]:
            raise RuntimeError(f"boom {name}")

    lines = list(examine(with_key(tmp_path), world(Broken({}))))

    crashed = [line for line in lines if "RuntimeError" in line.found]
    assert [line.about for line in crashed] == ["SPF", "DKIM", "DMARC"]
    assert any(line.about == "disk" for line in lines)


def test_what_never_answers_is_a_line_of_its_own(tmp_path: Path) -> None:
    """Time is bounded for all together, and who waits is told what for."""
    let_go = threading.Event()

    class Hanging(Zone):
        def txt(self, name: str) -> tuple[str, ...]:
            let_go.wait(30)
            return super().txt(name)

    heard: list[tuple[str, ...]] = []
    config = with_key(tmp_path)
    try:
        lines = list(examine(config, world(Hanging({}), seconds=3.0), waiting=heard.append))
    finally:
        let_go.set()

    late = [line.about for line in lines if "not done within 3 seconds" in line.found]
    assert {"SPF", "DKIM", "DMARC"} <= set(late)
    assert any("SPF" in names for names in heard)


def test_no_line_holds_a_secret_even_if_a_server_quotes_it(tmp_path: Path) -> None:
    """A server that repeats what it was told, in the clear or in base64."""
    answers: dict[str, str | Callable[[str], str]] = {
        "EHLO": "250-odd\r\n250 AUTH PLAIN",
        "AUTH": lambda command: f"535 5.7.8 wrong: {command} is not open sesame",
    }
    with OddSmtp(answers) as server:
        config = with_key(tmp_path, smtp_of(server, username="papers@example.org", password="open sesame"))
        lines = list(examine(config, world(Zone({}))))

    told = str(lines)
    assert "535 5.7.8 wrong" in told
    assert all(secret not in told for secret in secrets_of(config))
    assert "sesame" not in told


def test_offline_asks_nobody(tmp_path: Path) -> None:
    """Neither the DNS nor the mail server nor a source; what is here is looked at."""
    with Site() as site, OddSmtp() as mail, DnsServer(GOOD_ZONE) as server:
        config = settings(tmp_path, smtp_of(mail), source=feeds(f"{site.address}/a"))
        lines = list(examine(config, world(server.names()), offline=True))

        assert (site.asked, mail.connections, server.asked) == ([], 0, [])
    assert {"templates", "database", "disk", "leak"} <= {line.about for line in lines}


# ------------------------------------------------------------------ the commands


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Return what runs a command in a folder of its own."""
    known = {command.callback.__name__ for command in cli.app.registered_commands if command.callback}
    for module in (doctor_command, health_command):
        if module.__name__.rpartition(".")[2] not in known:
            module.register(cli.app)
    monkeypatch.chdir(tmp_path)
    return command_line(monkeypatch, capsys)


def test_the_command_tells_each_line_with_its_fix(run: Command, tmp_path: Path) -> None:
    """Failures make exit 1, warnings do not."""
    settings(tmp_path, "smtp: {host: localhost}\n")

    ran = run("doctor", "--offline")

    assert ran.code == 0, ran
    assert "✓ templates: " in ran.out
    assert "! database: newsletter.db" in ran.out.replace(f"{tmp_path}/", "")
    assert "\n    `newsletter collect` makes it\n" in ran.out
    assert "0 failures, " in ran.out
    settings(tmp_path)
    assert run("doctor", "--offline").code == 1


def test_the_command_tells_programs_in_json(run: Command, tmp_path: Path) -> None:
    """The same lines, with their marks in words."""
    settings(tmp_path, "smtp: {host: localhost}\n")

    told = json.loads(run("doctor", "--offline", "--json").out)

    assert told["well"] is True
    assert {"mark", "about", "found", "fix", "record"} == set(told["lines"][0])
    assert told["lines"][0]["about"] == "settings"


def test_a_secret_that_is_missing_is_a_line_and_the_rest_goes_on(run: Command, tmp_path: Path) -> None:
    """Settings that cannot be read at all end the command as they do every other."""
    saved(tmp_path, HEAD + FILE + 'smtp: {host: localhost, username: x, password: "${NOWHERE}"}\n' + ADA)

    ran = run("doctor", "--offline")

    assert ran.code == 1
    assert "✗ settings: " in ran.out
    assert "NOWHERE" in ran.out
    assert "✓ disk" in ran.out
    saved(tmp_path, "newsletter: {}\n")
    assert run("doctor", "--offline").code == 3


def alive(config: Config, ago: float = 0.0) -> None:
    """Say that `serve` was alive so many seconds ago."""
    file = heartbeat_file(config)
    file.touch()
    os.utime(file, (time.time() - ago, time.time() - ago))


def test_health_is_that_serve_is_alive_with_its_settings_and_its_store(run: Command, tmp_path: Path) -> None:
    """0, or 1 with one line why."""
    config = settings(tmp_path, "smtp: {host: localhost}\n")
    assert (run("health").code, "is not running" in run("health").out) == (1, True)

    alive(config)
    assert "newsletter.db: is not there" in run("health").out
    a_file(tmp_path)
    assert run("health").code == 0
    assert json.loads(run("health", "--json").out)["healthy"] is True

    alive(config, ago=200)
    silent = run("health")
    assert (silent.code, "no sign of life for 200 seconds" in silent.out) == (1, True)
    assert silent.out.count("\n") == 1

    saved(tmp_path, "newsletter: {}\n")
    mistaken = run("health")
    assert (mistaken.code, mistaken.out.count("\n")) == (1, 1)


def test_a_heartbeat_is_told_where_there_is_one(tmp_path: Path) -> None:
    """Cron needs none; a server of the store has it beside the YAML."""
    config = settings(tmp_path)
    assert list(heartbeat(config, datetime.now(UTC))) == []
    alive(config)
    assert marks(list(heartbeat(config, datetime.now(UTC)))) == "✓"
    alive(config, ago=86_400)
    assert marks(list(heartbeat(config, datetime.now(UTC)))) == "!"
    away = settings(tmp_path, "store: postgresql://me@127.0.0.1/papers\n")
    assert heartbeat_file(away) == tmp_path / "newsletter.alive"


def test_serve_gives_a_sign_of_life_until_it_is_stopped(tmp_path: Path) -> None:
    """Even before its first tick is done; what is stopped leaves none."""
    beat = tmp_path / "newsletter.db.alive"
    seen = []

    def tick(_: threading.Event) -> Ran:
        seen.append(until(beat.exists))
        os.kill(os.getpid(), signal.SIGTERM)
        return Ran()

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        serve(tick, heartbeat=beat)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert seen[:1] == [True]
    assert not beat.exists()


def test_store_is_never_opened_for_writing_by_health(run: Command, tmp_path: Path) -> None:
    """An earlier version is unhealthy, and stays what it is."""
    config = settings(tmp_path, "smtp: {host: localhost}\n")
    alive(config)
    path = a_file(tmp_path)
    with Store.open(f"sqlite:///{path}"):
        before = path.read_bytes()
    run("health")

    assert path.read_bytes() == before
