"""Faults of content: what papers, addresses and templates can do to an email."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

from faults_kinds import kind
from faults_newsroom import of_the_store, open_newsroom, publish, tick
from faults_world import World

from newsletter.store import Store

_ABSTRACT = "Speculative decoding of large language models verifies what is drafted, and we measure how often."
_TEMPLATES = Path(__file__).parent.parent / "templates" / "issue"
_FIELDS = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id", "list-unsubscribe"}


def _send(world: World, *papers: dict[str, str], readers: int = 3) -> list[EmailMessage]:
    """Send an issue of these papers and one that is harmless; return what arrived, parsed, its headers held to ours."""
    world.sink.keep = True
    harmless = {"title": "Speculative decoding in harmless settings", "abstract": _ABSTRACT}
    publish(world, *papers, harmless)
    open_newsroom(world, readers=readers)
    world.drain()
    world.before_count = of_the_store
    arrived = [email.message_from_bytes(raw, policy=email.policy.default) for _, raw in world.sink.kept]
    world.must(len(arrived) == readers, f"{len(arrived)} of {readers} arrived: {world.told[:2]}")
    for (_, raw), message in zip(world.sink.kept, arrived, strict=True):
        names = [name.lower() for name in message.keys()]  # noqa: SIM118 - of a message, not of a dict
        world.must(not {"bcc", "cc", "x-evil"} & set(names), f"a header was injected: {names}")
        world.must(len(names) == len(set(names)), f"a header stands twice: {names}")
        world.must(_FIELDS - {"list-unsubscribe"} <= set(names), f"a header is missing: {names}")
        world.must(raw.isascii(), "it is not plain ASCII")
        world.must(max(map(len, raw.split(b"\r\n"))) <= 998, "a line is too long")
        world.must(raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r"), "a bare CR or LF")
        world.must(b"harmless settings" in raw.replace(b"=\r\n", b""), "the other paper is not in it")
        world.must(not message.defects, f"defects: {message.defects}")
    return arrived


def _hostile(number: str, name: str, title: str, abstract: str = _ABSTRACT) -> None:
    @kind(number, name)
    def hostile(world: World) -> None:
        _send(world, {"title": title, "abstract": abstract})


_EVIL = "X-Evil: yes\r\nBcc: evil@example.net\r\n\r\n.\r\nMAIL FROM:<evil@example.net>"

_hostile("66", "line ends in a title", f"Speculative decoding\r\n{_EVIL}")
_hostile("66b", "line ends of Unicode in a title", "Speculative\u2028decoding\u2029with\x85X-Evil: yes\x0b\x0cBcc: a")
_hostile("67", "an encoded word with a line end in a title", "=?utf-8?q?Speculative_decoding=0AX-Evil:_yes?= decoding")
_hostile(
    "67b", "markup and templates in a title", "Speculative decoding {{ 7*7 }} {% raw %} <script>x</script> </html>"
)
_hostile("68", "an abstract of ten megabytes", "Speculative decoding at length", _ABSTRACT + " and so on" * 1_000_000)
_hostile("69", "lone surrogates and NULs", "Speculative decoding \ud800 \x00 \udfff", f"{_ABSTRACT} \x00\ud83d")
_hostile("69b", "bidi overrides and combining marks", "Speculative decoding \u202e\u2066 " + "e" + "\u0301" * 2_000)
_hostile(
    "70", "a word of five thousand letters", "Speculative decoding of " + "a" * 5_000, f"{_ABSTRACT} {'b' * 50_000}"
)
_hostile("71", "lines that are dots", "Speculative decoding\n.\n..\n", f"{_ABSTRACT}\n.\n..\n.\nQUIT\n.")


@kind("71b", "messages that begin, end and consist of dots")
def dots(world: World) -> None:
    """As octets, through the outbox: byte for byte."""
    world.sink.keep = True
    messages: dict[str, bytes] = {}
    for number, text in enumerate((".", "..", ".\r\n.", "\r\n.\r\n", ".a\r\n.\r\nQUIT", "a\r\n.\r\n.\r\n.")):
        message_id, recipient = f"<dot{number}.{world.seed}@example.org>", f"dot{number}@example.net"
        messages[recipient] = f"Message-ID: {message_id}\r\n\r\n{text}\r\n".encode()
        world.put(message_id, recipient, messages[recipient])
    world.run()
    world.must(dict(world.sink.kept) == messages, "a message did not arrive as it was")


@kind("72", "addresses beyond ASCII")
def international(world: World) -> None:
    """Hold that a domain becomes ASCII; a local part needs SMTPUTF8, and fails alone where the server has none."""
    addresses = ["ada@bücher.example", "grace@例え.テスト", "josé@example.net", "emmy@example.net"]
    if world.seed % 2:
        world.sink.extensions = tuple(each for each in world.sink.extensions if each != "SMTPUTF8")
        world.expects(failed=1)
    world.queue(recipients=addresses)
    world.run()
    given = " ".join(line for line in world.sink.commands if line.startswith("RCPT"))
    world.must("xn--bcher-kva.example" in given, "the domain was not made ASCII")


@kind("72b", "addresses that are commands")
def commands(world: World) -> None:
    """Each fails alone; nothing of them reaches the server."""
    evil = [
        "a@x>\r\nDATA",
        "a b@example.net",
        "<a@example.net>",
        "a@example.net\x00",
        "no address",
        "a@-.",
        "\ud800@x.y",
    ]
    world.queue(recipients=[*evil, "ada@example.net"])
    world.run()
    world.expects(failed=(len(evil) - 1, len(evil)))
    world.must("DATA" not in " ".join(line for line in world.sink.commands if line != "DATA"), "a command was smuggled")


@kind("73", "a template that fails for one reader")
def broken_template(world: World) -> None:
    """Hold that the others get theirs; it is told as failed, and it alone, and made when the template is mended."""
    readers = [f"{{email: reader{number}@example.net}}" for number in range(5)]
    readers[2] = "{email: reader2@example.net, max_papers: 1}"
    open_newsroom(world, each=readers, templates="looks")
    headline = world.folder / "looks" / "issue" / "headline.j2"
    headline.parent.mkdir(parents=True)
    shipped = (_TEMPLATES / "headline.j2").read_text("utf-8")
    headline.write_text(shipped + "{% if issue.count == 1 %}{{ 1 // 0 }}{% endif %}", "utf-8")
    kinds = [outcome.kind.value for outcome in tick(world.folder / "subscribers.yaml", world.clock()).outcomes]
    world.must(kinds == ["sent", "sent", "failed", "sent", "sent"], f"it became {kinds}")
    headline.write_text(shipped, "utf-8")
    kinds = [outcome.kind.value for outcome in tick(world.folder / "subscribers.yaml", world.clock()).outcomes]
    world.must(kinds == ["sent"], f"it became {kinds} when it was mended")

    def held(world: World) -> None:
        of_the_store(world)
        world.must(len(world.due) == 5, f"{len(world.due)} issues for 5 readers")

    world.before_count = held


@kind("74", "unsubscribed between making and sending")
def left(world: World) -> None:
    """Asked for at the claim: nothing is sent, and it is shown as failed."""
    world.queue()
    gone = [recipient for recipient in world.due.values() if world.rng.random() < 0.5]
    with Store.open(world.url) as store:
        for recipient in gone:
            spelled = recipient.upper() if world.seed % 2 else recipient
            store.suppressions.add(spelled, reason="unsubscribed", detail="by mail", at=world.clock())
    world.run()
    world.expects(failed=len(gone))
    log = world.sink.log.read_text()
    world.must(not any(f" {recipient}\n" in log for recipient in gone), "somebody who left got mail")


@kind("74b", "removed from the settings between making and sending")
def removed(world: World) -> None:
    """No longer a subscriber: nothing is sent."""
    world.queue()
    gone = [each.email for each in world.subscribers if world.rng.random() < 0.5]
    world.subscribers = [each for each in world.subscribers if each.email not in gone]
    world.run()
    world.expects(failed=len(gone))
    log = world.sink.log.read_text()
    world.must(not any(f" {recipient}\n" in log for recipient in gone), "somebody who left got mail")
