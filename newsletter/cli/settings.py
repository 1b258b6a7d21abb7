"""`newsletter init` and `newsletter check`."""

from __future__ import annotations

import shlex
import shutil
from collections import Counter
from dataclasses import asdict
from datetime import UTC, date, datetime
from glob import glob
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import columns, counted, note, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, read_config
from newsletter.cli.report import health_data, state
from newsletter.errors import NewsletterError

if TYPE_CHECKING:
    from newsletter.checks import Finding
    from newsletter.config import Config
    from newsletter.models import SourceHealth


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(init)
    app.command()(check)


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write it.", file_okay=False)] = Path(),
) -> None:
    """Write a commented subscribers.yaml to start from, and say what to do next."""
    path = directory / DEFAULT_CONFIG
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write((files("newsletter") / "config" / "starter.yaml").read_text(encoding="utf-8"))
    except FileExistsError:
        raise NewsletterError(f"{path} exists and is left as it is; move it away or name another folder") from None
    option = "" if path == DEFAULT_CONFIG else f" --config {shlex.quote(str(path))}"
    say(f"wrote {path}")
    say("Next:")
    say(f"  edit it: your address, your interests, your mail server ({path})")
    say(f"  newsletter check{option}          says what is wrong, line by line")
    say(f"  newsletter collect{option}        fetches today's papers")
    say(f"  newsletter preview{option}        shows everybody's issue, sends nothing")
    say(f"  newsletter run --due{option}      what cron calls; or `newsletter serve`")


def check(*, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Check the settings, the templates, and an issue for every subscriber; asks nobody outside."""
    from newsletter.collect import named  # noqa: PLC0415 - the pipeline is loaded by the command that needs it

    loaded = read_config(config)
    issues, findings = _render_everybody(loaded)
    broken = any(finding.severity == "error" for _, finding in findings)
    answered = _last_answers(loaded)
    calendar = _calendar_warning(loaded)
    if as_json:
        told = {"last_answers": health_data(list(answered.values())), "calendar": calendar}
        say_json(_data(loaded, issues) | told | {"findings": [_finding_data(*each) for each in findings]})
        raise typer.Exit(int(broken))
    unknown = "not asked yet" if loaded.store_file else "no server is asked by check"
    columns([_answer_row(name, answered.get(name), unknown) for name in named(loaded.sources)])
    columns(_mail_rows(loaded))
    for reader in loaded.subscribers:
        kinds = Counter(interest.kind.value for interest in reader.interests)
        asked = ", ".join(counted(number, kind, _PLURAL[kind]) for kind, number in sorted(kinds.items()))
        say(f"{reader.email}  {asked}; {reader.status}; the sample gives {counted(issues[reader.email], 'paper')}")
        for interest in reader.interests:
            say(f"  {interest.kind.value:9} {interest.name}")
        for interest in reader.exclude:
            say(f"  not       {interest.name} ({interest.kind.value})")
    for line in (
        *_unknown_papers(loaded),
        *_idle_settings(loaded),
        *_missing_programs(loaded),
        *_gone(loaded),
        *filter(None, [calendar]),
    ):
        note(f"warning: {line}")
    if not _way_out(loaded):
        note("warning: nothing can be sent yet: the smtp section is missing, or its password cannot be had here")
    for name, finding in findings:
        where = f"{finding.part} line {finding.line}" if finding.line else finding.part
        note(f"{finding.severity}: {name}, {where}: {finding.message} ({finding.rule})")
    readers, sources = counted(len(loaded.subscribers), "subscriber"), counted(len(loaded.sources), "source")
    if broken:
        raise NewsletterError(f"{config}: {readers}, {sources}: emails would break for some readers, as said above")
    say(f"{config}: {readers}, {sources}: no mistakes")


_PLURAL = {
    "phrase": "phrases",
    "category": "categories",
    "author": "authors",
    "venue": "venues",
    "paper": "papers",
}


def _render_everybody(config: Config) -> tuple[dict[str, int], list[tuple[str, Finding]]]:
    """Return how many papers each subscriber's issue of the sample holds, and what is wrong with the emails."""
    from newsletter.checks import check as find  # noqa: PLC0415 - lxml takes its time
    from newsletter.preview import looks, proofs, setup_of  # noqa: PLC0415

    setup = setup_of(config)
    shown = tuple(looks(setup, config.subscribers))
    findings = [(name, finding) for name, message in proofs(setup, shown) for finding in find(message)]
    return {each.reader.email: len(each.issue.papers) if each.issue else 0 for each in shown}, findings


def _at_hand(config: Config) -> bool:
    """Return whether there is a store that can be looked at without asking a server."""
    return config.store_file is not None and config.store_file.exists()


def _gone(config: Config) -> list[str]:
    """Return a line for each subscriber whom the settings call active, and who gets nothing all the same."""
    from newsletter.models import Status  # noqa: PLC0415
    from newsletter.pipeline import left  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    if not _at_hand(config):
        return []
    with Store.open(config.store) as store:
        gone = left(config, store)
    active = [reader for reader in config.subscribers if reader.status is Status.ACTIVE]
    return [f"{each.origin}: {each.email} gets nothing: {gone[each.email]}" for each in active if each.email in gone]


def _last_answers(config: Config) -> dict[str, SourceHealth]:
    """Return what each source answered last, nothing before the first `collect`."""
    from newsletter.store import Store  # noqa: PLC0415 - SQLAlchemy takes its time

    if not _at_hand(config):
        return {}
    with Store.open(config.store) as store:
        return store.editions.health_until(date.max)


def _unknown_papers(config: Config) -> list[str]:
    """Return what is to be said of picks and examples that are not known yet; nothing before the first collection."""
    from newsletter.pipeline import find_pick, unknown_examples, unknown_pick  # noqa: PLC0415 - the pipeline takes its time
    from newsletter.store import Store  # noqa: PLC0415

    if not _at_hand(config):
        return []
    with Store.open(config.store) as store:
        picks = [unknown_pick(pick) for pick in config.picks if find_pick(store, pick) is None]
        return [*picks, *unknown_examples(config, store)]


def _idle_settings(config: Config) -> list[str]:
    """Return what stands in the settings and can have no effect, or points to nothing."""
    from newsletter.models import AnnounceType  # noqa: PLC0415 - loaded by now
    from newsletter.render.files import idle_files  # noqa: PLC0415
    from newsletter.sources.arxiv import Arxiv  # noqa: PLC0415

    found = []
    lists = [source for source in config.sources if isinstance(source, Arxiv)]
    if any(reader.updates for reader in config.subscribers) and not any(
        AnnounceType.REPLACE in source.announce_types for source in lists
    ):
        found.append("updates: arXiv announces new versions as replacements; add announce_types: [new, cross, replace]")
    for source in config.sources:
        pattern = getattr(source, "path", None)
        if pattern and not _matches(pattern, config.path.absolute().parent):
            found.append(f"{source.label}: no file is called {pattern} yet")
    return [*found, *(f"templates: {line}" for line in (idle_files(config.templates) if config.templates else ()))]


def _missing_programs(config: Config) -> list[str]:
    """Return the commands in the settings that cannot be run here."""
    commands = {"deliver.sendmail": config.deliver.sendmail}
    if config.smtp:
        commands["smtp.token_command"] = config.smtp.token_command
    if config.inbox and config.inbox.imap:
        commands["inbox.imap.token_command"] = config.inbox.imap.token_command
    return [
        f"{key}: there is no program {words[0]} here"
        for key, words in commands.items()
        if words and shutil.which(words[0]) is None
    ]


def _way_out(config: Config) -> str:
    """Return how mail leaves, "" where it cannot."""
    how = config.deliver
    if how.maildir or how.file:
        return f"not sent: written into {how.maildir or how.file}"
    if how.sendmail:
        return f"by {how.sendmail[0]}"
    if (smtp := config.smtp) is None:
        return ""
    pace = f", at most {smtp.max_per_minute} a minute" if smtp.max_per_minute else ""
    return f"by {smtp.host}:{smtp.port} ({smtp.encryption}), {counted(smtp.connections, 'connection')}{pace}"


def _mail_rows(config: Config) -> list[tuple[str, str]]:
    """Return how mail leaves and comes back, as far as it is set up."""
    signed = [f"{key.selector}._domainkey.{key.domain}" for key in config.dkim]
    rows = [("mail", _way_out(config)), ("signed", ", ".join(signed))]
    if config.inbox:
        where = config.inbox.imap.host if config.inbox.imap else config.inbox.maildir
        rows.append(("answers", f"to {config.inbox.address}, read from {where}"))
    return [row for row in rows if row[1]]


def _matches(pattern: str, folder: Path) -> bool:
    return bool(glob(str(Path(pattern).expanduser()), root_dir=folder, recursive=True))  # noqa: PTH207 - Path.glob refuses absolute patterns


def _answer_row(name: str, health: SourceHealth | None, unknown: str) -> tuple[str, ...]:
    if health is None:
        return (name, unknown, "", "")
    entries = counted(health.entries, "entry", "entries") if health.entries else ""
    return (name, state(health), f"{health.at:%Y-%m-%d %H:%M} UTC" if health.at else "", entries or health.detail)


def _calendar_warning(config: Config) -> str:
    """Return what is not known of the days on which arXiv rests, where it is a source."""
    from newsletter.sources.arxiv import Arxiv, calendar_warning  # noqa: PLC0415 - loaded with the settings

    asked = any(isinstance(source, Arxiv) for source in config.sources)
    return calendar_warning(datetime.now(UTC).date()) if asked else ""


def _finding_data(name: str, finding: Finding) -> dict[str, Any]:
    return {"email": name} | asdict(finding)


def _data(config: Config, issues: dict[str, int]) -> dict[str, Any]:
    return {
        "path": str(config.path),
        "sources": [source.label for source in config.sources],
        "mail": dict(_mail_rows(config)),
        "warnings": [str(warning) for warning in config.warnings],
        "subscribers": [
            {
                "email": reader.email,
                "status": reader.status.value,
                "interests": [{"name": each.name, "kind": each.kind.value} for each in reader.interests],
                "exclude": [{"name": each.name, "kind": each.kind.value} for each in reader.exclude],
                "sample_papers": issues[reader.email],
            }
            for reader in config.subscribers
        ],
    }
