"""Whether mail can leave and be read: the server asked up to the recipient, and the mailbox opened. Nothing is sent."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile

from newsletter.config import Config
from newsletter.deliver.address import safe_address
from newsletter.deliver.connection import Connection, connect
from newsletter.doctor.line import Line, bounded, failed, in_words, warning, well
from newsletter.errors import DeliveryError, NewsletterError
from newsletter.mailbox import open_mailbox
from newsletter.models import Encryption, SmtpSettings

_STEP_SECONDS = 8.0
_IN_ALL_SECONDS = 12.0
_CERTIFICATE_DAYS = 14  # those renewed by themselves are so a month before they end
_LARGEST_EMAIL = 200_000  # bytes of an issue with its text part, and some to spare
_TRUST = "check smtp.host, smtp.port and smtp.encryption"


def leaving(config: Config, now: datetime, *, tls: ssl.SSLContext | None = None) -> Iterator[Line]:
    """Yield whether mail can leave by the way that the settings name."""
    how = config.deliver
    if how.maildir or how.file:
        yield _folder("deliver", Path(how.maildir or how.file))
    elif how.sendmail:
        yield _program("deliver.sendmail", how.sendmail[0])
    elif config.smtp is None:
        fix = "add smtp with host, username and password; docs/delivery.md has the rest"
        yield failed("SMTP", "the settings say no way for mail to leave", fix)
    else:
        address = config.newsletter.sender_email
        yield from asyncio.run(_asked(config.smtp, address, now, tls))


def coming_back(config: Config, now: datetime, *, tls: ssl.SSLContext | None = None) -> Iterator[Line]:
    """Yield whether the mailbox of answers and bounces can be read."""
    if config.inbox is None:
        return
    settings = config.inbox
    if settings.imap:
        settings = replace(settings, imap=replace(settings.imap, timeout_seconds=_STEP_SECONDS))
    about = f"inbox {settings.address}"
    try:
        with open_mailbox(settings, now=now, read_only=True, tls=tls):
            where = f"{settings.imap.folder} on {settings.imap.host}" if settings.imap else settings.maildir
    except NewsletterError as error:
        yield failed(about, str(error))
        return
    unwritable = [name for name in ("new", "cur") if settings.maildir and not _writable(Path(settings.maildir) / name)]
    if unwritable:
        told = f"{settings.maildir}/{unwritable[0]} cannot be written, so nothing can be marked as read"
        yield failed(about, told, "give it to the user that runs this")
    else:
        yield well(about, f"{where} can be read")


# ------------------------------------------------------------------ a server


async def _asked(settings: SmtpSettings, address: str, now: datetime, tls: ssl.SSLContext | None) -> list[Line]:
    where = f"SMTP {settings.host}:{settings.port}"
    lines: list[Line] = []

    def heard(step: str, result: str) -> None:
        lines.extend(_step(where, step, result, now))

    impatient = replace(settings, timeout_seconds=min(settings.timeout_seconds or _STEP_SECONDS, _STEP_SECONDS))
    try:
        async with asyncio.timeout(_IN_ALL_SECONDS):
            connection = await connect(impatient, tls=tls, heard=heard)
            try:
                lines += _extensions(where, connection, settings)
                lines += await _envelope(where, connection, safe_address(address))
            finally:
                connection.wire.close()
    except TimeoutError:
        told = f"not done within {_IN_ALL_SECONDS:g} seconds"
        lines.append(warning(where, told, "sending waits longer than this; see that it is the right server"))
    except DeliveryError as error:
        lines.append(failed(where, *_way_out(str(error), settings)))
    except OSError as error:
        lines.append(failed(where, str(error) or type(error).__name__, _TRUST))
    return lines


def _step(where: str, step: str, result: str, now: datetime) -> Iterator[Line]:
    """Yield what a step of the connection says to people; that of EHLO comes once the connection stands."""
    if step == "greeting":
        yield well(where, f"answers {result}")
    elif step == "tls":
        yield certificate(where, result, now)
    elif step == "auth":
        yield well(where, f"logged in as {result}")


def certificate(where: str, not_after: str, now: datetime) -> Line:
    """Return how long a certificate holds, by its `notAfter` as `ssl` tells it."""
    try:
        left = ssl.cert_time_to_seconds(not_after) - now.timestamp()
    except ValueError:
        return warning(where, "encrypted; when its certificate ends could not be read")
    told = f"encrypted; its certificate holds for {in_words(left)} more"
    fix = "see that its renewal works: once it has ended, nothing is sent"
    return bounded(where, told, left / 86_400, least=0, enough=_CERTIFICATE_DAYS, fix=fix)


def _extensions(where: str, connection: Connection, settings: SmtpSettings) -> Iterator[Line]:
    offered = connection.extensions
    if "PIPELINING" not in offered:
        told = "it offers no PIPELINING, so each email takes four round trips instead of two"
        yield warning(where, told, f"{settings.connections} connections go side by side; raise smtp.connections")
    size = offered.get("SIZE", "")
    if size.isdecimal() and 0 < int(size) < _LARGEST_EMAIL:
        told = f"it takes at most {int(size):,} bytes, and an issue can have {_LARGEST_EMAIL:,}"
        yield warning(where, told, "ask its operator for more, or set issue.max_papers lower")
    if settings.encryption is Encryption.NONE and settings.username:
        yield warning(where, "the password crosses this machine unencrypted", "set smtp.encryption to starttls or tls")


async def _envelope(where: str, connection: Connection, address: str) -> list[Line]:
    """Return whether the server takes mail from us, to us; it is taken back before there is any."""
    size = " SIZE=1000" if "SIZE" in connection.extensions else ""
    for command, what in ((f"MAIL FROM:<{address}>{size}", "sender"), (f"RCPT TO:<{address}>", "recipient")):
        reply = await connection.ask(command)
        if reply.code // 100 != 2:
            told = f"refuses {address} as {what}: {reply}"
            await _take_leave(connection)
            if reply.code // 100 == 4:
                return [warning(where, told, "this may pass, as greylisting does; try again in some minutes")]
            fix = "newsletter.from must be an address that this account may send from"
            return [failed(where, told, fix if what == "sender" else "see that this mailbox exists")]
    taken_back = await connection.ask("RSET")
    await _take_leave(connection)
    if taken_back.code // 100 != 2:
        return [warning(where, f"takes mail from {address}; it answers RSET with {taken_back}")]
    return [well(where, f"takes mail from {address}, to {address}; taken back, nothing was sent")]


async def _take_leave(connection: Connection) -> None:
    with suppress(OSError):  # who hangs up at once has been told
        await connection.ask("QUIT")


def _way_out(told: str, settings: SmtpSettings) -> tuple[str, str]:
    """Return an error without the place that stands before it, and the way out where it does not say one."""
    told = told.removeprefix(f"{settings.host}:{settings.port}: ")
    return told, "" if "check smtp" in told else _TRUST


# ------------------------------------------------------------------ without one


def _folder(about: str, folder: Path) -> Line:
    there = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    if not there.is_dir() or not _writable(there):
        return failed(about, f"{there} cannot be written", "give it to the user that runs this, or name another")
    made = "" if there == folder else ", which is made with the first of them"
    return warning(about, f"emails are not sent: they are written into {folder}{made}", "remove `deliver` to send them")


def _program(about: str, name: str) -> Line:
    found = shutil.which(name)
    if found is None:
        return failed(about, f"there is no program {name} here that can be run", "install it, or correct its path")
    return well(about, f"{found} can be run; what becomes of mail after that, its own log says")


def _writable(folder: Path) -> bool:
    """Return whether a file can be made there: permissions alone do not tell of read-only disks."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
