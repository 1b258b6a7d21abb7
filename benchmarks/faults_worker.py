"""What processes do that are to be killed, stopped or starved: forked from a clean server, they start at once."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from newsletter.deliver import deliver
from newsletter.deliver.smtp import SmtpMailer
from newsletter.errors import NewsletterError
from newsletter.models import Encryption, OnUnknown, SmtpSettings
from newsletter.store import Store

_NOBODY = 65534
_PAUSE_SECONDS = 0.02


def begun(function: Callable[..., None], *arguments: object) -> ForkServerProcess:
    """Start a process that calls `function`; wait for it, or kill it."""
    context = multiprocessing.get_context("forkserver")
    if "FAULTS_WARM" not in os.environ:  # the server looks for what it loads by this path only
        here = Path(__file__).parent
        os.environ |= {"FAULTS_WARM": "1", "PYTHONPATH": f"{here}:{here.parent}"}
    context.set_forkserver_preload(["faults_worker", "faults_newsroom"])
    process = context.Process(target=_quietly, args=(function, *arguments))
    process.start()
    return process


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def send_all(url: str, port: int, connections: int, resend: bool = False) -> None:  # noqa: FBT001, FBT002 - of a process
    """Deliver until nothing waits, beside whoever else does."""
    on_unknown = OnUnknown.RESEND if resend else OnUnknown.HOLD
    settings = SmtpSettings("127.0.0.1", port, Encryption.NONE, connections=connections, timeout_seconds=5.0)
    with Store.open(url) as store:
        while store.outbox.unfinished(now=now()):
            deliver(store.outbox, SmtpMailer(settings), clock=now, on_unknown=on_unknown)
            time.sleep(_PAUSE_SECONDS)


def send_starved(url: str, port: int, connections: int, limit: str, amount: int) -> None:
    """Deliver with `amount` octets more memory (`AS`) or files no longer than that (`FSIZE`)."""
    if limit == "AS":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        amount += pages * os.sysconf("SC_PAGE_SIZE")
    kind = getattr(resource, f"RLIMIT_{limit}")
    resource.setrlimit(kind, (amount, resource.getrlimit(kind)[1]))
    send_all(url, port, connections)


def send_as_nobody(url: str, port: int, connections: int, told: str) -> None:
    """Deliver as a user who may not write the database; what it ends with is written to the file `told`."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
    try:
        send_all(url, port, connections)
    except NewsletterError as error:
        Path(told).write_text(str(error))


def _quietly(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function; a death that was wanted needs no traceback."""
    logging.disable(logging.CRITICAL)
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 2)
    function(*arguments)
