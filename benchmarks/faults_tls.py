"""Faults of TLS and of the login: nothing may go in the clear, and what is wrong is said."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from faults_answers import HANG_UP, Act
from faults_kinds import kind
from faults_world import World

from newsletter.models import Encryption

_DAY = timedelta(days=1)


def _certified(
    folder: Path, *, names: tuple[str, ...] = ("127.0.0.1",), days: int = 30, own: bool = False
) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return what a server speaks TLS with, and what trusts the authority that signed for it.

    The certificate holds for `days` from today, or until so many days ago; `own` is one that nobody signed for.
    """
    authority, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    now = datetime.now(UTC)
    root = _signed("Sink authority", authority, authority, "Sink authority", now, (), 30)
    signer = (key, "sink") if own else (authority, "Sink authority")
    leaf = _signed("sink", key, signer[0], signer[1], now, names, days)
    path = folder / "sink.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + leaf.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=root.public_bytes(Encoding.PEM).decode())


def _signed(
    subject: str,
    key: EllipticCurvePrivateKey,
    signer: EllipticCurvePrivateKey,
    issuer: str,
    now: datetime,
    names: tuple[str, ...],
    days: int,
) -> x509.Certificate:
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 60 * _DAY)
        .not_valid_after(now + days * _DAY)
        .add_extension(x509.BasicConstraints(ca=not names, path_length=None), critical=True)
    )
    if names:
        each = [x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name) for name in names]
        made = made.add_extension(x509.SubjectAlternativeName(each), critical=False)
    return made.sign(signer, SHA256())


def _encrypted(world: World, *, implicit: bool | None = None, login: bool = False, **certified: Any) -> None:
    """Let the server speak TLS, from the first byte or by STARTTLS as the seed has it, and require it."""
    implicit = world.seed % 2 == 1 if implicit is None else implicit
    server, trusted = _certified(world.folder, **certified)
    world.sink.stop()
    world.sink.tls, world.sink.encrypted = server, implicit
    world.sink.start()
    encryption = Encryption.TLS if implicit else Encryption.STARTTLS
    world.settings = {"encryption": encryption, "tls": trusted}
    if login:
        world.sink.extensions = (*world.sink.extensions, "AUTH PLAIN LOGIN")
        world.settings |= {"username": "papers", "password": "not so secret"}


def _nothing_in_the_clear(world: World) -> None:
    """Hold that neither mail nor a login was sent."""
    said = [line.partition(" ")[0] for line in world.sink.commands]
    world.must({"MAIL", "AUTH", "DATA"}.isdisjoint(said), f"it went on: {said[:9]}")
    world.must(not world.sink.asked["."], "a message was taken")


def _mended(world: World) -> None:
    """Let a good certificate be there."""
    world.mend()
    _encrypted(world)


@kind("33", "STARTTLS absent but required")
def absent(world: World) -> None:
    """Nothing is sent, and the error says so."""
    world.queue()
    world.settings = {"encryption": Encryption.STARTTLS, "username": "papers", "password": "not so secret"}
    world.run(2)
    world.must_tell("offers no STARTTLS, so nothing was sent")
    _nothing_in_the_clear(world)
    _mended(world)


@kind("34", "STARTTLS overwritten on the way")
def stripped(world: World) -> None:
    """As some firewalls do it: XXXXXXXA."""
    world.queue()
    _encrypted(world, implicit=False, login=True)
    world.fault(EHLO="250-sink\r\n250-XXXXXXXA\r\n250 AUTH PLAIN")
    world.run(2)
    world.must_tell("offers no STARTTLS, so nothing was sent")
    _nothing_in_the_clear(world)
    _mended(world)


@kind("34b", "STARTTLS offered and refused")
def refused(world: World) -> None:
    """For now or for good: no mail in the clear."""
    world.queue()
    _encrypted(world, implicit=False)
    world.fault(STARTTLS="454 4.7.0 not now" if world.seed % 2 else "502 5.5.1 what?")
    world.run(2)
    world.must_tell("STARTTLS failed, so nothing was sent")
    _nothing_in_the_clear(world)
    _mended(world)


@kind("34c", "TLS from the first byte, of a server that speaks in the clear")
def plain_server(world: World) -> None:
    """Hold that the settings and the port do not fit."""
    world.queue()
    world.settings = {"encryption": Encryption.TLS, "timeout_seconds": 2.0}
    world.run(2)
    world.must_tell("TLS")
    _nothing_in_the_clear(world)
    _mended(world)


def _distrusted(number: str, name: str, told: str, *, host: str = "127.0.0.1", **certified: Any) -> None:
    @kind(number, name)
    def distrusted(world: World) -> None:
        world.queue()
        _encrypted(world, login=True, **certified)
        world.settings |= {"host": host}
        world.run(2)
        world.must_tell(told)
        _nothing_in_the_clear(world)
        _mended(world)


_distrusted("35", "certificate expired", "certificate has expired", days=-1)
_distrusted("36", "certificate of another host", "Hostname mismatch", host="localhost", names=("mail.example.org",))
_distrusted("36b", "certificate of another address", "IP address mismatch", names=("127.0.0.2",))
_distrusted("37", "certificate that nobody signed for", "self-signed certificate", own=True)


@kind("38", "handshake cut")
def cut(world: World) -> None:
    """Hold that it is the network's doing: tried again, with TLS."""
    world.queue()
    _encrypted(world, implicit=False)
    world.fault(STARTTLS=world.sometimes(Act("220 2.0.0 ready", hang_up=True)))
    world.run(2)
    world.must(world.sink.acted["STARTTLS"], "the fault did not happen")


@kind("38b", "cut within TLS, before the dot and at it")
def cut_within(world: World) -> None:
    """Without a farewell: told apart by where it was cut."""
    world.queue()
    _encrypted(world)
    world.fault(
        RCPT=world.sometimes(HANG_UP), DOT=lambda moment: Act(taken=True, reset=True) if moment.count == 3 else None
    )
    world.run(2)
    world.mend()
    world.expects(unknown=world.sink.acted["."])


@kind("39", "commands' answers injected before the handshake")
def injected(world: World) -> None:
    """Hold that what came in the clear is forgotten (CVE-2011-0411): the login offered there is not used."""
    world.queue()
    _encrypted(world, implicit=False, login=True)
    evil = b"220 2.0.0 ready\r\n250-evil.example.net\r\n250-XEVIL\r\n250 AUTH LOGIN\r\n235 2.7.0 welcome\r\n"
    world.fault(STARTTLS=Act(evil))
    world.run(2)
    clear = {line.partition(" ")[0] for line in world.sink.clear}
    world.must(clear <= {"EHLO", "STARTTLS", "QUIT"}, f"said in the clear: {clear}")
    world.must(not any(line.startswith("AUTH LOGIN") for line in world.sink.commands), "it believed what was injected")
    _mended(world)


@kind("40", "535 to the login")
def wrong_password(world: World) -> None:
    """Everything stops, is told without the password, and is not tried again and again."""
    world.queue()
    _encrypted(world, login=True)
    world.fault(AUTH="535 5.7.8 bad credentials")
    world.run(2)
    world.must_tell("login failed: 535")
    world.must(not any("not so secret" in told for told in world.told), "the password was told")
    world.must(world.sink.asked["AUTH"] <= 2 * world.connections, f"{world.sink.asked['AUTH']} logins were tried")
    world.must(not world.sink.asked["MAIL"], "it went on without a login")


@kind("40b", "454 to the login")
def later(world: World) -> None:
    """No wrong password: tried again."""
    world.queue()
    _encrypted(world, login=True)
    world.fault(AUTH=world.sometimes("454 4.7.0 later"))
    world.run()
    world.must(world.sink.acted["AUTH"], "the fault did not happen")


@kind("41", "login taken, then 530")
def login_forgotten(world: World) -> None:
    """Hold that it concerns every message."""
    world.queue()
    _encrypted(world, login=True)
    world.fault(MAIL="530 5.7.0 log in first")
    world.run(2)
    world.must_tell("check smtp.username")
    world.must(not world.sink.asked["."], "a message was taken")
