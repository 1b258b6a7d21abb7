"""A real DNS server on loopback, over UDP and TCP, that answers from a small zone, slowly, or not at all."""

from __future__ import annotations

import socketserver
import struct
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

from newsletter.doctor.names import Names

_LARGEST = 1_200  # octets over UDP; what is larger is asked for again over TCP (RFC 7766)


class DnsServer:
    """A server whose `zone` maps `"TXT example.org"` to the texts of its records; other names are not there.

    Texts are as in a zone file (`10 mail.example.org.`, `192.0.2.1`), a TXT its bare value. `silent` are names that get
    no answer, `broken` those that get SERVFAIL.
    """

    def __init__(
        self,
        zone: Mapping[str, Sequence[str]] | None = None,
        *,
        silent: Collection[str] = (),
        broken: Collection[str] = (),
    ) -> None:
        self.zone = {key.lower(): tuple(texts) for key, texts in (zone or {}).items()}
        self.silent, self.broken = frozenset(silent), frozenset(broken)
        self.asked: list[str] = []
        self.over_tcp: list[str] = []
        server = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                data, connection = self.request
                answer = server.answer(data)
                if answer is not None:
                    connection.sendto(answer.to_wire(max_size=_LARGEST, prefer_truncation=True), self.client_address)

        class Stream(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                (length,) = struct.unpack("!H", self.rfile.read(2))
                data = self.rfile.read(length)
                server.over_tcp.append(_question(dns.message.from_wire(data)))
                answer = server.answer(data)
                if answer is not None:
                    wire = answer.to_wire()
                    self.wfile.write(struct.pack("!H", len(wire)) + wire)

        class Tcp(socketserver.ThreadingTCPServer):
            daemon_threads = True

        class Udp(socketserver.ThreadingUDPServer):
            daemon_threads = True

        self._tcp, self._udp = _pair(
            lambda port: Tcp(("127.0.0.1", port), Stream), lambda port: Udp(("127.0.0.1", port), Datagram)
        )
        self._threads = [
            threading.Thread(target=each.serve_forever, kwargs={"poll_interval": 0.01})
            for each in (self._udp, self._tcp)
        ]

    def names(self, *, seconds: float = 5.0) -> Names:
        """Return what asks this server and no other."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = ["127.0.0.1"]
        resolver.port = int(self._udp.server_address[1])
        return Names(resolver, seconds=seconds)

    def answer(self, data: bytes) -> dns.message.Message | None:
        """Return the answer to a question, None where there is none."""
        question = dns.message.from_wire(data)
        asked = _question(question)
        self.asked.append(asked)
        kind, _, name = asked.partition(" ")
        if name in self.silent:
            return None
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.AA | dns.flags.RA
        if name in self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif texts := self.zone.get(asked.lower()):
            records = [_record(kind, text) for text in texts]
            reply.answer.append(dns.rrset.from_rdata_list(dns.name.from_text(f"{name}."), 60, records))
        elif not any(key.endswith((f" {name}", f".{name}")) for key in self.zone):
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server, thread in zip((self._udp, self._tcp), self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def _pair(
    tcp: Callable[[int], socketserver.TCPServer], udp: Callable[[int], socketserver.UDPServer]
) -> tuple[socketserver.TCPServer, socketserver.UDPServer]:
    """Return both servers at one port: a free one for TCP need not be free for UDP."""
    for _ in range(50):
        first = tcp(0)
        try:
            return first, udp(first.server_address[1])
        except OSError:
            first.server_close()
    raise AssertionError("no port is free for both")


def _question(message: dns.message.Message) -> str:
    (question,) = message.question
    return f"{dns.rdatatype.to_text(question.rdtype)} {question.name.to_text(omit_final_dot=True).lower()}"


def _record(kind: str, text: str) -> dns.rdata.Rdata:
    if kind == "TXT":
        pieces = [text[start : start + 255] for start in range(0, len(text), 255)]
        text = " ".join(f'"{piece}"' for piece in pieces)
    return dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(kind), text)
