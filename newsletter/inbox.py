"""A mail server on this machine that keeps what it gets as files: for `demo` and for tests.

Real SMTP, so that what arrives went through everything a real server would see; on loopback only, so that nothing
leaves the machine.
"""

from __future__ import annotations

import email
import email.policy
import re
import socket
from collections.abc import Mapping
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from newsletter.errors import NewsletterError
from newsletter.models import Encryption, SmtpSettings

if TYPE_CHECKING:
    from aiosmtpd.controller import Controller

_HOST = "127.0.0.1"
_TRIES = 5  # another program may take the port between our choice and our use of it
_UNSAFE = re.compile(r"[^A-Za-z0-9@._+-]")
_LONGEST_NAME = 100


class Inbox:
    """A server that takes everything, for the length of a `with` block, and writes it to `directory`.

    Each message becomes `NNN-<recipient>.eml`, its bytes as they came; numbers go on where the directory ends.
    `refuse` gives the reply to RCPT for addresses that are not taken, such as "550 5.1.1 No such user".
    """

    def __init__(self, directory: Path, *, refuse: Mapping[str, str] | None = None) -> None:
        self._directory = directory
        self._keeper = _Keeper(directory, refuse=refuse or {})
        self._controller: Controller | None = None

    @property
    def settings(self) -> SmtpSettings:
        """Return how to reach the server."""
        if self._controller is None:
            raise RuntimeError("the inbox takes mail only inside its `with` block")
        return SmtpSettings(host=_HOST, port=self._controller.port, encryption=Encryption.NONE)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return the files written by this inbox, in the order the messages came."""
        return tuple(self._keeper.paths)

    @property
    def messages(self) -> tuple[EmailMessage, ...]:
        """Return the messages in the same order, parsed."""
        return tuple(email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in self.paths)

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        for _ in range(_TRIES):
            controller = _controller(self._keeper, port=_free_port())
            try:
                controller.start()
            except OSError:
                continue
            self._controller = controller
            return self
        raise NewsletterError(f"no port on {_HOST} could be used for the inbox; try again")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None


class _Keeper:
    """What the server asks, in its own thread: whom to take mail for, and what to do with it."""

    def __init__(self, directory: Path, *, refuse: Mapping[str, str]) -> None:
        self._directory = directory
        self._refuse = {address.casefold(): reply for address, reply in refuse.items()}
        self.paths: list[Path] = []

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: object, _session: object, envelope: Any, address: str, _options: object
    ) -> str:
        """Answer RCPT: refuse whom we were told to refuse."""
        if refusal := self._refuse.get(address.casefold()):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        """Keep the message once for each recipient; the reply comes when it is written."""
        for recipient in envelope.rcpt_tos:
            self.paths.append(self._keep(recipient, envelope.original_content))
        return "250 2.0.0 OK"

    def _keep(self, recipient: str, content: bytes) -> Path:
        taken = (path.name.partition("-")[0] for path in self._directory.glob("*.eml"))
        number = 1 + max((int(name) for name in taken if name.isdigit()), default=0)
        path = self._directory / f"{number:03}-{_UNSAFE.sub('_', recipient)[:_LONGEST_NAME]}.eml"
        path.write_bytes(content)
        return path


def _controller(handler: _Keeper, *, port: int) -> Controller:
    from aiosmtpd.controller import Controller  # noqa: PLC0415 - 0.1 s that only `demo` and tests need

    return Controller(handler, hostname=_HOST, port=port, ident="newsletter inbox")


def _free_port() -> int:
    """Return a port that is free now: aiosmtpd cannot be told to take any."""
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
