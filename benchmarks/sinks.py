"""Servers that take mail and throw it away, each in a process of its own: Postfix's smtp-sink, and a faster one.

    python benchmarks/sinks.py [--delay-ms 20] [--certificate FILE] [--quick]

The fast one looks for the end of a message and at its Message-ID, and at nothing else, so that what is measured is who
sends. It answers after `--delay-ms`, commands that came in one breath all at once: a server that far away. It prints
its port, counts each Message-ID once beside all messages (`XCOUNT` tells both and begins anew), and ends when its
standard input does, so that none is left behind; `--quick` ends it at once.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import os
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from postfix import Postfix

_EXTENSIONS = ("sink.example.org", "PIPELINING", "SIZE 50000000", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8")
_EHLO = b"".join(f"250{' ' if name == _EXTENSIONS[-1] else '-'}{name}\r\n".encode() for name in _EXTENSIONS)
_END = b"\r\n.\r\n"
_START_SECONDS = 10
_MOST_CONNECTIONS = 512
_UNTIL_INPUT_ENDS = '"$@" & read -r _; kill "$!"'
"""A shell's program: another one runs until standard input ends, which it does even if we are killed."""


@dataclass(frozen=True, slots=True)
class Sink:
    """A server that runs, on this machine; `far` if it takes its time, `counts` if it knows XCOUNT."""

    name: str
    port: int
    counts: bool
    far: bool = False

    def taken(self) -> tuple[int, int]:
        """Return how many messages it took since it was last asked, and how many different ones."""
        with smtplib.SMTP("127.0.0.1", self.port) as client:
            messages, distinct = client.docmd("XCOUNT")[1].split()
        return int(messages), int(distinct)


@contextmanager
def fast_sink(*, delay_ms: int = 0, certificate: Path | None = None) -> Iterator[Sink]:
    """Run the fast sink; with a certificate (PEM, its key in the same file) it speaks TLS from the first byte."""
    command = [sys.executable, __file__, "--delay-ms", str(delay_ms)]
    command += ["--certificate", str(certificate)] if certificate else []
    with _running(command, os.environ) as told:
        name = f"{delay_ms} ms away" if delay_ms else "fast sink"
        yield Sink(name, int(told.readline()), counts=certificate is None, far=delay_ms > 0)


@contextmanager
def smtp_sink(programs: Postfix) -> Iterator[Sink]:
    """Run Postfix's smtp-sink."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [programs.sink, *user, "-m", str(_MOST_CONNECTIONS), f"127.0.0.1:{port}", "1024"]
    with _running(["/bin/sh", "-c", _UNTIL_INPUT_ENDS, "sh", *command], programs.environment):
        _wait_for(port)
        yield Sink("smtp-sink", port, counts=False)


@contextmanager
def _running(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[IO[bytes]]:
    """Run a program that ends when its standard input does; give what it prints."""
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            yield running.stdout
        finally:
            running.stdin.close()


def certificate_in(folder: Path) -> Path:
    """Return a certificate for this machine with its key, new and signed by itself."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink.example.org")])
    now = datetime.now(UTC)
    alone = x509.BasicConstraints(ca=True, path_length=0)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(alone, critical=True)
        .sign(key, SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    return path


def _wait_for(port: int) -> None:
    last = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.02)
        else:
            return


# ------------------------------------------------------------------ the fast one


class Taken:
    """What all connections took."""

    def __init__(self) -> None:
        self.messages = 0
        self.ids = set[bytes]()


class Conversation(asyncio.Protocol):
    """One connection: SMTP as far as a sender needs it."""

    def __init__(self, taken: Taken, delay_seconds: float) -> None:
        self._taken, self._delay = taken, delay_seconds
        self._waiting = bytearray()
        self._in_message = False
        self._answers: list[bytes] = []
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = transport
        self._answer(b"220 sink.example.org ESMTP\r\n")
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take what came, and answer all of it at once."""
        searched = max(0, len(self._waiting) - len(_END) + 1)
        self._waiting += data
        while self._message(searched) if self._in_message else self._command():
            searched = 0
        self._flush()

    def _message(self, searched: int) -> bool:
        """Take the message that came to its end, if one did; the line end before it belongs to DATA."""
        end = self._waiting.find(_END, searched)
        if end < 0:
            return False
        start = self._waiting.find(b"\nMessage-ID: ", 0, end)
        if start >= 0:
            self._taken.ids.add(bytes(self._waiting[start + 13 : self._waiting.find(b"\r", start)]))
        self._taken.messages += 1
        del self._waiting[: end + len(_END)]
        self._in_message = False
        self._answer(b"250 2.0.0 taken\r\n")
        return True

    def _command(self) -> bool:
        """Answer the next command, if its line is whole."""
        end = self._waiting.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._waiting[:end])
        verb = line[:4].upper()
        self._in_message = verb == b"DATA"
        # A message may begin with its final dot, whose line end is then that of DATA.
        del self._waiting[: end if self._in_message else end + 2]
        if verb == b"EHLO":
            self._answer(_EHLO)
        elif self._in_message:
            self._answer(b"354 go on\r\n")
        elif line == b"XCOUNT":
            self._answer(b"250 %d %d\r\n" % (self._taken.messages, len(self._taken.ids)))
            self._taken.messages = 0
            self._taken.ids.clear()
        else:
            self._answer(b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.0.0 ok\r\n")
        return True

    def _answer(self, line: bytes) -> None:
        self._answers.append(line)

    def _flush(self) -> None:
        """Write the answers, after the delay."""
        if not self._answers:
            return
        told = b"".join(self._answers)
        self._answers.clear()
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._write, told)
        else:
            self._write(told)

    def _write(self, told: bytes) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(told)
        if told.endswith(b" bye\r\n"):
            self._transport.close()


def event_loop() -> asyncio.AbstractEventLoop:
    """Return uvloop's where it is installed."""
    if importlib.util.find_spec("uvloop") is None:
        return asyncio.new_event_loop()
    made: asyncio.AbstractEventLoop = importlib.import_module("uvloop").new_event_loop()
    return made


async def serve(*, delay_seconds: float, tls: ssl.SSLContext | None, quick: bool) -> None:
    """Serve until standard input ends."""
    loop, taken = asyncio.get_running_loop(), Taken()
    server = await loop.create_server(lambda: Conversation(taken, delay_seconds), "127.0.0.1", 0, backlog=1024, ssl=tls)
    print(server.sockets[0].getsockname()[1], flush=True)
    if not quick:
        await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


def main() -> None:
    """Run the fast sink."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay-ms", type=int, default=0, help="how late every answer comes")
    parser.add_argument("--certificate", type=Path, help="speak TLS with this certificate and key")
    parser.add_argument("--quick", action="store_true", help="end at once")
    options = parser.parse_args()
    tls = None
    if options.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.certificate)
    with asyncio.Runner(loop_factory=event_loop) as runner:
        runner.run(serve(delay_seconds=options.delay_ms / 1000, tls=tls, quick=options.quick))


if __name__ == "__main__":
    main()
