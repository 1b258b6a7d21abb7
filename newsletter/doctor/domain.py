"""What the DNS says of the domains we send from and get answers at: one check each, so that silence costs one line."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.config import Config
from newsletter.config.alignment import organisation
from newsletter.deliver.connection import is_loopback
from newsletter.deliver.keys import as_zone_line, public_record, record_name
from newsletter.doctor.covering import Relay, spf_line
from newsletter.doctor.line import Line, failed, warning, well
from newsletter.doctor.names import NoAnswer, Questions
from newsletter.doctor.records import Signers, dkim_line, dmarc_line
from newsletter.errors import KeyUnusable

_TRY_AGAIN = "try again, or see what resolves names here"


def spf(config: Config, names: Questions) -> Iterator[Line]:
    """Yield whether receivers let our mail pass by its envelope."""
    domain = _envelope(config)
    try:
        if names.txt(domain) or names.knows(organisation(domain)):
            yield spf_line(domain, names, _relay(config, names))
        else:
            told = f"the DNS has no {organisation(domain)}, so nobody takes mail from it"
            yield failed(f"SPF {domain}", told, "correct newsletter.from; or what resolves names here sees nothing")
    except (NoAnswer, UnicodeError) as error:
        yield warning(f"SPF {domain}", str(error), _TRY_AGAIN)


def dkim(config: Config, names: Questions) -> Iterator[Line]:
    """Yield whether each of our keys stands where receivers look for it."""
    if not config.dkim:
        told = "no key is set up here, so whether mail is signed depends on the server it goes by"
        fix = "send yourself an issue and look for dkim=pass in its header; else make one with `newsletter dkim key`"
        yield warning("DKIM", told, fix)
    for key in config.dkim:
        try:
            name = record_name(key)
            yield dkim_line(name, public_record(key), as_zone_line(key), _keys(names.txt(name)))
        except KeyUnusable as error:
            yield failed("DKIM", str(error), "make one with `newsletter dkim key`")
        except NoAnswer as error:
            yield warning(f"DKIM {key.selector}._domainkey.{key.domain}", str(error), _TRY_AGAIN)


def dmarc(config: Config, names: Questions) -> Iterator[Line]:
    """Yield what receivers do with mail in our name that nobody vouches for, and whether somebody does for ours."""
    sender = config.newsletter.domain
    signers = Signers(_envelope(config), tuple(key.domain for key in config.dkim))
    report_to = config.newsletter.inbox or config.newsletter.sender_email
    try:
        at, published = sender, names.txt(f"_dmarc.{sender}")
        if not any(record.startswith("v=DMARC1") for record in published):
            at = organisation(sender)
            published = names.txt(f"_dmarc.{at}")
        yield dmarc_line(sender, at, published, signers, report_to=report_to)
    except (NoAnswer, UnicodeError) as error:
        yield warning(f"DMARC {sender}", str(error), _TRY_AGAIN)


def mx(config: Config, names: Questions) -> Iterator[Line]:
    """Yield whether bounces and answers can come back."""
    for domain in dict.fromkeys((_envelope(config), config.newsletter.domain)):
        about = f"MX {domain}"
        try:
            yield _mx_line(about, domain, names)
        except NoAnswer as error:
            yield warning(about, str(error), _TRY_AGAIN)


def _mx_line(about: str, domain: str, names: Questions) -> Line:
    fix = "publish an MX record of the server that takes mail for it, or send from a domain that has one"
    record = f"{domain}. IN MX 10 mail.{domain}."
    hosts = [host for _, host in names.mx(domain)]
    if not hosts and names.addresses(domain):
        return well(about, "no MX record, so bounces and answers go to the address of the domain itself")
    if not hosts:
        told = "neither MX nor address: bounces and answers get lost, and many receivers refuse such a sender"
        return failed(about, told, fix, record=record)
    if hosts == [""]:
        told = "it takes no mail (RFC 7505): bounces and answers get lost, and many receivers refuse such a sender"
        return failed(about, told, fix, record=record)
    if not any(names.addresses(host) for host in hosts[:3] if host):
        return failed(about, f"{hosts[0]} has no address, so bounces and answers get lost", "correct the MX record")
    return well(about, f"bounces and answers go to {', '.join(hosts[:3])}")


def _envelope(config: Config) -> str:
    """Return the domain of the envelope's sender, which SPF is about and bounces go to."""
    return config.newsletter.inbox.rpartition("@")[2] or config.newsletter.domain


def _relay(config: Config, names: Questions) -> Relay:
    """Return the server that mail goes to, where it is another machine; ours has addresses that only others see."""
    if config.smtp is None or config.deliver.sendmail or is_loopback(config.smtp.host):
        return Relay()
    return Relay(config.smtp.host.lower().rstrip("."), names.addresses(config.smtp.host))


def _keys(published: tuple[str, ...]) -> list[str]:
    """Return the records that could be a key: a wildcard above may answer with whatever it holds."""
    keys = [each for each in published if "p=" in each.replace(" ", "")]
    return keys or list(published)
