"""The commands. Only this package prints; every mistake of a person is one line and an exit code.

0 done or nothing due · 1 failed · 2 usage · 3 configuration · 4 partly delivered · 5 another run holds the lock ·
130 interrupted
"""

from __future__ import annotations

import io
import logging
import os
import sys
from dataclasses import asdict
from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import (
    backtesting,
    deliveries,
    dkim,
    doctor,
    editions,
    explaining,
    health,
    inboxing,
    issues,
    people,
    previewing,
    searching,
    settings,
    trial,
    votes,
)
from newsletter.cli.console import LogFormatter, note, say_json
from newsletter.cli.report import INTERRUPTED
from newsletter.errors import ConfigError, NewsletterError

app = typer.Typer(
    name="newsletter",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""A self-hosted email newsletter of new scientific papers.

    \b
    newsletter demo                      try everything now, offline
    newsletter init                      write your own subscribers.yaml
    newsletter run --due                 what cron calls
    """,
)


@app.callback()
def options(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens, and tracebacks.")] = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", callback=lambda on: _print_version(on=on), is_eager=True
        ),
    ] = False,
) -> None:
    """Set up what every command shares."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(message)s" if verbose else "%(message)s"))
    # What a warning would say, the result says: a source's health, a delivery's state.
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, handlers=[handler])
    for silent in ("newsletter.tldr", "newsletter.pipeline.examples"):  # and what no result says
        logging.getLogger(silent).setLevel(logging.INFO if verbose else logging.WARNING)


_LOOKING = (trial, settings, editions, previewing, explaining, searching, backtesting, votes)
_SENDING = (issues, deliveries, inboxing, people, dkim, doctor, health)
for module in (*_LOOKING, *_SENDING):
    module.register(app)


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "é" is no reason to fail after sending
    try:
        app()
    except NewsletterError as error:
        if "-v" in sys.argv or "--verbose" in sys.argv:
            logging.getLogger(__name__).exception("failed")
        note(f"{error}" if isinstance(error, ConfigError) else f"error: {error}")
        if "--json" in sys.argv:
            problems = error.problems if isinstance(error, ConfigError) else ()
            say_json({"error": str(error), "problems": [asdict(problem) for problem in problems]})
        raise SystemExit(error.exit_code) from None
    except BrokenPipeError:
        # Whoever read us has seen enough: https://docs.python.org/3/library/signal.html#note-on-sigpipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        note(f"error: {error.filename}: {error.strerror}" if error.filename else f"error: {error}")
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        note("interrupted")
        raise SystemExit(INTERRUPTED) from None


def _print_version(*, on: bool) -> None:
    if on:
        typer.echo(__version__)
        raise typer.Exit
