"""Emails handed to the `sendmail` of a host that has one: of Postfix, Exim, OpenSMTPD, msmtp or another.

    queue ──► `before_dot` ──► sendmail -i -f SENDER -- RECIPIENT < message ──► its exit status

The end of its input is what the final dot is to a server, and a pipe has an end as well when we are killed. So the
message lies in a file, all of it, and the command starts after `before_dot` has come back: whatever happens to us, no
half of a message is sent, and none that was not noted before. The price is that a run killed within these milliseconds
leaves a delivery of which nobody knows.

What the exit status means is written in sysexits.h (https://man.openbsd.org/sysexits.3).
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import IO

from newsletter.deliver.address import envelope
from newsletter.deliver.mailer import BeforeDot, Reply
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused, ServerUnavailable

_AT_ONCE = 4
_PATIENCE_SECONDS = 600.0  # as for the answer to a final dot, RFC 5321 §4.5.3.2.6
_LONGEST_COMPLAINT = 500  # characters of what it printed

# Statuses with a reply of their own; what a status says of the address must be known to be that (RFC 3463).
_REFUSED = {65: (554, "5.6.0"), 67: (550, "5.1.1"), 68: (550, "5.1.2")}
# USAGE, NOINPUT, OSFILE, NOPERM, CONFIG, and a shell's own "cannot be run" and "not found".
_HOPELESS = frozenset((64, 66, 72, 77, 78, 126, 127))
_NO_PROGRAM = frozenset((errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.ENOEXEC, errno.EISDIR))
_LATER = (451, "4.3.0")
_SIGNALS = range(1, 65)
_NAMES = dict(
    zip(
        range(64, 79),
        "USAGE DATAERR NOINPUT NOUSER NOHOST UNAVAILABLE SOFTWARE OSERR OSFILE CANTCREAT IOERR TEMPFAIL PROTOCOL NOPERM"
        " CONFIG".split(),
        strict=True,
    )
)


class SendmailMailer:
    """The command, with its arguments; those of sendmail(8) come behind them."""

    connections = _AT_ONCE
    max_per_minute = 0

    def __init__(self, command: Sequence[str], *, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self.command = tuple(command)
        self.patience_seconds = patience_seconds

    def session(self) -> SendmailSession:
        """Return a session; each message starts the command anew."""
        return SendmailSession(self.command, self.patience_seconds)


class SendmailSession:
    """What hands one message after the other to the command; see `mailer.Session`."""

    def __init__(self, command: tuple[str, ...], patience_seconds: float) -> None:
        self._command = command
        self._patience_seconds = patience_seconds

    async def send(self, message: bytes, *, sender: str, recipient: str, before_dot: BeforeDot) -> Reply:
        """Hand `message` over and return that it was taken, or raise what the exit status says."""
        sender, recipient = envelope(sender, recipient)
        arguments = (*self._command, "-i", "-f", sender or "<>", "--", recipient)
        with ExitStack() as files:
            try:
                text, printed = (files.enter_context(tempfile.TemporaryFile()) for _ in range(2))
                text.write(message.replace(b"\r\n", b"\n"))  # lines as they end on this system
                text.seek(0)
            except OSError as error:
                where = error.filename or tempfile.gettempdir()
                raise ServerUnavailable(f"{where}: {error.strerror or error}; nothing was sent") from error
            await before_dot()
            status = await self._run(arguments, text, printed)
            printed.seek(0)
            complaint = printed.read(4 * _LONGEST_COMPLAINT)
        if status:
            told = " ".join(complaint.decode("utf-8", "replace").split())[:_LONGEST_COMPLAINT]
            raise _failure(self._command[0], status, told or "it printed nothing")
        return Reply(250, f"2.0.0 taken by {self._command[0]}")

    async def close(self) -> None:
        """Do nothing: no command runs between messages."""

    async def _run(self, arguments: Sequence[str], text: IO[bytes], printed: IO[bytes]) -> int:
        """Return the exit status of the command, negative for the signal that ended it."""
        try:
            process = await asyncio.create_subprocess_exec(
                *(argument.encode("utf-8", "surrogateescape") for argument in arguments),
                stdin=text,
                stdout=printed,
                stderr=printed,
                start_new_session=True,  # Ctrl-C is for us, who wait until it is done
            )
        except OSError as error:
            told = f"deliver.sendmail: {arguments[0]} cannot be run: {error.strerror}"
            raise (ServerRefused if error.errno in _NO_PROGRAM else ServerUnavailable)(told) from None
        try:
            return await asyncio.wait_for(process.wait(), self._patience_seconds)
        except TimeoutError:
            told = f"{arguments[0]} did not end within {self._patience_seconds:g} seconds; it may have sent the message"
            raise OutcomeUnknown(told) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()


def _failure(command: str, status: int, complaint: str) -> DeliveryError:
    """Return what an exit status other than 0 means.

    One that is not in the list says no more than that it failed: tried later, while other messages go on.
    """
    number = -status if status < 0 else status - 128  # the second as a shell tells it
    if number in _SIGNALS:
        return OutcomeUnknown(f"{command} was ended by signal {number}: {complaint}; it may have sent the message")
    name = f" (EX_{_NAMES[status]})" if status in _NAMES else ""
    told = f"{command} ended with {status}{name}: {complaint}"
    if status in _HOPELESS:
        return ServerRefused(f"{told}; check deliver.sendmail")
    code, enhanced = _REFUSED.get(status, _LATER)
    kind = RecipientRefused if status in _REFUSED else ServerUnavailable
    return kind(f"{code} {enhanced} {told}", code=code)
