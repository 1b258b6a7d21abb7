"""AUTH: who we are, said in a way that the server offers (RFC 4954)."""

from __future__ import annotations

import asyncio
import binascii
import subprocess
from collections.abc import Awaitable, Callable, Collection

from newsletter.deliver.mailer import Reply
from newsletter.errors import ServerRefused, ServerUnavailable
from newsletter.models import SmtpSettings

_GO_ON = 334
_COMMAND_SECONDS = 60.0

Ask = Callable[[str], Awaitable[Reply]]


async def log_in(settings: SmtpSettings, offered: Collection[str], ask: Ask) -> None:
    """Log in by `ask`, which sends a line and returns the reply.

    By PLAIN (RFC 4616) or LOGIN with a password, by XOAUTH2 (https://developers.google.com/gmail/imap/xoauth2-protocol)
    with a token. ServerRefused for good, ServerUnavailable for now, without the secret in what they say.
    """
    if settings.token_command:
        _need(offered, "XOAUTH2")
        reply = await _xoauth2(settings.username, await access_token(settings.token_command), ask)
    elif "PLAIN" in offered:
        reply = await ask("AUTH PLAIN " + _base64(f"\0{settings.username}\0{settings.password}"))
    else:
        _need(offered, "LOGIN")
        reply = await _login(settings, ask)
    if reply.code // 100 == 2:
        return
    secret = "smtp.token_command" if settings.token_command else "smtp.password"
    told = f"login failed: {reply}; check smtp.username and {secret}"
    raise (ServerRefused if reply.code // 100 == 5 else ServerUnavailable)(told, code=max(reply.code, 0))


async def access_token(command: tuple[str, ...]) -> str:
    """Return what a command prints; ServerRefused, without it, where it prints nothing or fails."""
    told = f"smtp.token_command ({command[0]})"
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise ServerRefused(f"login failed: {told} cannot be run: {error.strerror}") from None
    try:
        printed, complaint = await asyncio.wait_for(process.communicate(), _COMMAND_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise ServerUnavailable(f"login failed: {told} did not end in {_COMMAND_SECONDS:g} seconds") from None
    token = printed.decode("ascii", "ignore").strip()
    if process.returncode or not token:
        reason = " ".join(complaint.decode("utf-8", "replace").split())[:200] or "it printed nothing"
        raise ServerRefused(f"login failed: {told} ended with {process.returncode}: {reason}")
    return token


def _need(offered: Collection[str], mechanism: str) -> None:
    if mechanism not in offered:
        instead = f"it offers {', '.join(sorted(offered))}" if offered else "it offers none"
        way_out = "remove smtp.username if the server needs none" if not offered else "check smtp.host and smtp.port"
        raise ServerRefused(f"login failed: the server takes no login by {mechanism}; {instead}; {way_out}")


async def _login(settings: SmtpSettings, ask: Ask) -> Reply:
    reply = await ask("AUTH LOGIN")
    for part in (settings.username, settings.password):
        if reply.code != _GO_ON:
            break
        reply = await ask(_base64(part))
    return reply


async def _xoauth2(username: str, token: str, ask: Ask) -> Reply:
    reply = await ask("AUTH XOAUTH2 " + _base64(f"user={username}\1auth=Bearer {token}\1\1"))
    # Why it was refused comes as a question in base64, to be answered with an empty line.
    return await ask("") if reply.code == _GO_ON else reply


def _base64(text: str) -> str:
    return binascii.b2a_base64(text.encode(), newline=False).decode("ascii")
