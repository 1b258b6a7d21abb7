"""`newsletter dkim`: makes a key that emails are signed with, and prints the records that receivers need."""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from newsletter.cli.console import say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.errors import ConfigError, KeyUnusable, NewsletterError, Problem, UsageError
from newsletter.models import DkimKey

_PLAIN = re.compile(
    r"(?:\.{0,2}/)?[A-Za-z][A-Za-z0-9_./-]*"
)  # a text in YAML without quotes, unless it is a word of its
_WORDS = frozenset("true false yes no on off y n null".split())


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(
        name="dkim",
        no_args_is_help=True,
        rich_markup_mode=None,
        help="Keys that emails are signed with, and their records in DNS.",
    )
    group.command()(key)
    group.command()(record)
    app.add_typer(group, name="dkim")


def key(
    *,
    domain: Annotated[str, typer.Option("--domain", help="What signs: the domain of the sender, or one above it.")],
    selector: Annotated[str, typer.Option("--selector", help="A name for the key, such as papers.")],
    kind: Annotated[
        Literal["rsa", "ed25519"],
        typer.Option("--kind", help="Every receiver knows rsa; ed25519 is for a second key beside it."),
    ] = "rsa",
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the private key (default: dkim-SELECTOR.pem).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a private key in a new file, and print the DNS record and the settings that go with it."""
    from newsletter.deliver.keys import make_key, record_name  # noqa: PLC0415 - cryptography takes its time

    try:
        record_name(DkimKey(domain, selector, ""))
    except KeyUnusable as error:
        raise UsageError(str(error)) from None
    made = DkimKey(domain, selector, make_key(kind))
    path = out or Path(f"dkim-{selector}.pem")
    _write(path, made.private_key)
    data = _data(made)
    settings = {"domain": domain, "selector": selector, "private_key_file": path.as_posix()}
    line = f"dkim: {{{', '.join(f'{name}: {_as_yaml(value)}' for name, value in settings.items())}}}"
    if as_json:
        say_json({"file": str(path), **data, "yaml": line})
        return
    say(f"wrote {path}, which is secret: keep it where only the newsletter reads it")
    say()
    say("Publish its record. As a line of a zone file:")
    say(data["zone"])
    say("or in a form, as a TXT record of this name and this value, in one piece:")
    say(data["name"])
    say(data["value"])
    say()
    say(f"Then add to {DEFAULT_CONFIG} (of several keys, a list):")
    say(line)


def record(*, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Print the DNS record of each key in the settings, as a line of a zone file."""
    loaded = read_config(config)
    if not loaded.dkim:
        way_out = "make a key with `newsletter dkim key`; where the mail server signs, none is needed"
        raise ConfigError((Problem(str(loaded.path), 1, 1, f"dkim: no key can be had from these settings; {way_out}"),))
    records = [_data(each) for each in loaded.dkim]
    if as_json:
        say_json(records)
        return
    for each in records:
        say(each["zone"])


def _data(made: DkimKey) -> dict[str, Any]:
    """Return what is to be published of a key; KeyUnusable for what is none."""
    from newsletter.deliver.keys import as_zone_line, public_record, record_name  # noqa: PLC0415

    return {"name": record_name(made), "type": "TXT", "value": public_record(made), "zone": as_zone_line(made)}


def _write(path: Path, text: str) -> None:
    """Write a new file that nobody else can read, or none; NewsletterError if there is one."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        told = f"{path} exists and is left as it is: emails may be signed with it"
        raise NewsletterError(f"{told}; move it away or name another file with --out") from None
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _as_yaml(text: str) -> str:
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else json.dumps(text)
