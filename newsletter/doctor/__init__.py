"""What the world says: whether mail can leave, come back and be trusted, and whether this machine is fit for it.

    examine ─┬─ mail       the server up to the recipient, taken back; the mailbox
             ├─ domain     SPF, DKIM, DMARC, MX ── records, spf, covering decide; names asks
             ├─ outside    the sources, and the clock
             ├─ database   sound, of this version, writable
             ├─ past       what is not settled, runs; heartbeat
             ├─ here       templates, time zones, disk, files of secrets
             └─ leak       addresses in a repository

Everything is asked side by side; each check costs at most its own lines. Nothing is sent, and nothing is changed.
"""

from __future__ import annotations

import base64
import logging
import re
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from queue import Empty, Queue
from typing import TYPE_CHECKING

from newsletter.config import Config
from newsletter.doctor.line import Line, Mark, failed, warning
from newsletter.doctor.names import Names, Questions
from newsletter.errors import NewsletterError
from newsletter.models import SourceHealth

if TYPE_CHECKING:
    from newsletter.store import Store

log = logging.getLogger(__name__)

__all__ = ["Line", "Mark", "World", "examine", "secrets_of"]

Check = Callable[[], Iterable[Line]]

_SECONDS = 15.0


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class World:
    """What is asked, and for how long.

    `names` asks DNS, `tls` says whose certificates are trusted (None: the system's authorities), `seconds` is how long
    all of it may take.
    """

    clock: Callable[[], datetime] = _now
    names: Questions = field(default_factory=Names)
    tls: ssl.SSLContext | None = None
    seconds: float = _SECONDS


def examine(
    config: Config,
    world: World | None = None,
    *,
    offline: bool = False,
    waiting: Callable[[tuple[str, ...]], None] = lambda _: None,
) -> Iterator[Line]:
    """Yield what was found, in a fixed order; `offline` leaves out what asks other machines.

    A check that crashes or takes too long is a line of its own. `waiting` hears once a second what is not done.
    """
    world = world or World()
    checks = dict(_checks(config, world, offline=offline))
    secrets = secrets_of(config)
    for name, lines in _side_by_side(checks, world.seconds, waiting):
        for line in lines if lines is not None else (_late(name, world.seconds),):
            yield _plain(line, secrets)


def secrets_of(config: Config) -> tuple[str, ...]:
    """Return every secret of the settings, and the forms in which a server may quote one, the longest first."""
    found = {key.private_key for key in config.dkim} | {config.newsletter.secret.decode("utf-8", "replace")}
    found.add(config.tldr.api_key if config.tldr else "")
    for login in (config.smtp, config.inbox.imap if config.inbox else None):
        if login is not None:
            found |= {login.password, _base64(login.password), _base64(f"\0{login.username}\0{login.password}")}
    address = re.match(r"\w+(?:\+\w+)?://[^:/@]*:(.+)@", config.store)
    found.add(address[1] if address else "")
    return tuple(sorted((each for each in found if len(each) > 3), key=lambda each: (-len(each), each)))


# ------------------------------------------------------------------ the order


def _checks(config: Config, world: World, *, offline: bool) -> Iterator[tuple[str, Check]]:
    """Yield the checks by what they are about; those that only a store can tell wait until there is one."""
    # Each of these takes its libraries along.
    from newsletter.doctor import database, domain, heartbeat, here, leak, mail, outside, past  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    now = world.clock()

    def stored(tell: Callable[[Store], Iterable[Line]]) -> Iterator[Line]:
        if database.is_ready(config):
            with Store.open(config.store, busy_timeout_seconds=3.0) as store:
                yield from tell(store)

    def sources() -> Iterable[Line]:
        last: Mapping[str, SourceHealth] = {}
        if database.is_ready(config):
            with Store.open(config.store, busy_timeout_seconds=3.0) as store:
                last = store.editions.health_until(date.max)
        if not offline:
            return outside.sources(config, last, now)
        return (outside.remembered(name, last.get(name), now) for name in outside.names(config))

    local = bool(config.deliver.maildir or config.deliver.file)
    yield "templates", lambda: here.templates(config)
    yield "sources", sources
    if local or config.deliver.sendmail or config.smtp is None or not offline:
        yield "mail", lambda: mail.leaving(config, now, tls=world.tls)
    if not offline and not local:
        yield "SPF", lambda: domain.spf(config, world.names)
        yield "DKIM", lambda: domain.dkim(config, world.names)
        yield "DMARC", lambda: domain.dmarc(config, world.names)
        yield "MX", lambda: domain.mx(config, world.names)
    if config.inbox and (config.inbox.maildir or not offline):
        yield "inbox", lambda: mail.coming_back(config, now, tls=world.tls)
    yield "database", lambda: database.database(config)
    yield "deliveries", lambda: stored(lambda store: past.deliveries(store, now))
    yield "runs", lambda: stored(lambda store: past.runs(config, store, now))
    yield "serve", lambda: heartbeat.heartbeat(config, now)
    yield "time zones", lambda: here.zones(config, now)
    yield "disk", lambda: here.disk(config)
    yield "secrets", lambda: here.secret_files(config)
    yield "leak", lambda: leak.leak(config, secrets_of(config))


# ------------------------------------------------------------------ asking


def _side_by_side(
    checks: Mapping[str, Check], seconds: float, waiting: Callable[[tuple[str, ...]], None]
) -> Iterator[tuple[str, list[Line] | None]]:
    """Yield what each check found, in order, as soon as those before it are done; None where time is up."""
    done: Queue[tuple[str, list[Line]]] = Queue()

    def run(name: str, check: Check) -> None:
        done.put((name, _found(name, check)))

    # Daemons: what hangs keeps nobody from leaving.
    for name, check in checks.items():
        threading.Thread(target=run, args=(name, check), daemon=True).start()
    until = time.monotonic() + seconds
    found: dict[str, list[Line]] = {}
    for name in checks:
        while name not in found and (left := until - time.monotonic()) > 0:
            try:
                other, lines = done.get(timeout=min(1.0, left))
            except Empty:
                waiting(tuple(each for each in checks if each not in found))
            else:
                found[other] = lines
        yield name, found.get(name)


def _found(name: str, check: Check) -> list[Line]:
    """Return the lines of a check; a crash is one of them, after those that were found before it."""
    lines: list[Line] = []
    try:
        lines.extend(check())
    except NewsletterError as error:
        lines.append(failed(name, str(error)))
    except OSError as error:
        lines.append(failed(name, f"{error.filename}: {error.strerror}" if error.filename else str(error)))
    except Exception as error:  # one mistake of ours must not hide the other lines
        log.info("%s", name, exc_info=True)
        lines.append(failed(name, f"unexpected {type(error).__name__}: {error}", "please report it"))
    return lines


def _late(name: str, seconds: float) -> Line:
    return warning(name, f"not done within {seconds:g} seconds", "try again")


def _plain(line: Line, secrets: Iterable[str]) -> Line:
    """Return a line without secrets, each part on one line: servers may quote what they were told."""
    return Line(line.mark, *(_masked(text, secrets) for text in (line.about, line.found, line.fix, line.record)))


def _masked(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "***")
    return " ".join(text.split())


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
