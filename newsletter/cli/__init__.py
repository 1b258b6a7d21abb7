"""The commands. Only this package prints; every mistake of a person is one line and an exit code.

0 done or nothing due · 1 failed · 2 usage · 3 configuration · 4 partly delivered · 5 another run holds the lock ·
130 interrupted
"""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from newsletter import __version__
from newsletter.cli import editions, issues, looking, settings, trial
from newsletter.cli.console import note
from newsletter.errors import NewsletterError

INTERRUPTED = 130

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
    logging.basicConfig(
        level=logging.INFO if verbose else logging.WARNING,
        format="%(asctime)s %(levelname)s %(message)s" if verbose else "%(message)s",
        stream=sys.stderr,
    )
    os.environ.setdefault("NO_COLOR", "") if os.environ.get("TERM") == "dumb" else None


for module in (trial, settings, editions, looking, issues):
    module.register(app)


def main() -> None:
    """Run the command line; the process ends with its exit code."""
    try:
        app()
    except NewsletterError as error:
        if "-v" in sys.argv or "--verbose" in sys.argv:
            logging.getLogger(__name__).exception("failed")
        note(f"{error}" if error.exit_code == 3 else f"error: {error}")
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        note("interrupted")
        raise SystemExit(INTERRUPTED) from None


def _print_version(*, on: bool) -> None:
    if on:
        typer.echo(__version__)
        raise typer.Exit
