"""`newsletter deliveries list`, `show` and `resend`: what became of every email, and the way on for those held."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import columns, counted, note, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, AsOption, ConfigOption, IssueOption, JsonOption, day_of, read_config
from newsletter.errors import UsageError
from newsletter.models import Delivery, DeliveryState

if TYPE_CHECKING:
    from newsletter.store import Store

_deliveries = typer.Typer(no_args_is_help=True, help="What became of every email.")

_HELD = "may have arrived, so held: sent once more only by `newsletter deliveries resend {id}`; the next issue links it"
_WAITS = "tried again by `newsletter run --due` or `serve`, and at once by `newsletter send`"
_ON_ITS_WAY = "being sent by another run; should that have died, the next run settles it"
_MEANING = {
    DeliveryState.QUEUED: _WAITS,
    DeliveryState.CLAIMED: _ON_ITS_WAY,
    DeliveryState.DOT: _ON_ITS_WAY,
    DeliveryState.SENT: "the server took it",
    DeliveryState.FAILED: "it will not arrive; its papers count as not received and may come with the next issue",
    DeliveryState.UNKNOWN: _HELD,
}
_OVER = (DeliveryState.SENT, DeliveryState.FAILED)
_LARGEST = 2**63 - 1  # what a database takes for a number

StateOption = Annotated[DeliveryState | None, typer.Option("--state", help="Only those in this state.")]
Number = Annotated[int, typer.Argument(metavar="ID", help="The number that `deliveries list` shows.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(_deliveries, name="deliveries")


@_deliveries.command("list")
def list_(
    *,
    state: StateOption = None,
    only: AsOption = None,
    issue: IssueOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="The newest so many.")] = 100,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """List deliveries, the newest last; with --state unknown all that may have arrived."""
    from newsletter.store import Store  # noqa: PLC0415 - SQLAlchemy is loaded by the command that needs it

    loaded = read_config(config)
    with Store.open(loaded.store) as store:
        asked: dict[str, Any] = {"people": only or (), "issue_date": day_of(issue), "state": state}
        # What waits for a decision is never cut off.
        shown = store.history.newest(None if state is DeliveryState.UNKNOWN else limit, **asked)
        counts = store.history.counts(**asked)
    if as_json:
        say_json([_data(each) for each in shown])
        return
    columns([_row(each) for each in shown])
    told = ", ".join(f"{counts[each]:,} {each}" for each in DeliveryState if each in counts)
    number = sum(counts.values())
    say(f"{counted(number, 'delivery', 'deliveries')}: {told}" if number else "no deliveries")
    if len(shown) < number:
        say(f"the newest {len(shown):,} are shown; more with --limit")
    if DeliveryState.UNKNOWN in counts:
        say(f"unknown: {_HELD.format(id='ID')}")


@_deliveries.command()
def show(
    number: Number,
    *,
    message: Annotated[bool, typer.Option("--message", help="Print its bytes, where they can still be sent.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Show one delivery: its state and what that means, the server's answer, what it brought."""
    from newsletter.store import Store  # noqa: PLC0415

    loaded = read_config(config)
    with Store.open(loaded.store) as store:
        found = _found(store, number)
        data = store.history.message(number) if message and found.state not in _OVER else None
        brought = store.history.issue_papers(number)
    if message:
        if data is None:
            raise UsageError(
                f"the bytes of delivery {number} are gone: it is {found.state}, so nothing sends them again"
            )
        sys.stdout.buffer.write(data)
        return
    papers = [
        {"section": section, "id": matched.paper.id, "title": matched.paper.title} for section, matched in brought
    ]
    if as_json:
        say_json(_data(found) | {"brought": papers})
        return
    say(f"{found.subscriber}, issue of {found.issue_date}: {found.state}")
    say(f"  {_MEANING[found.state].format(id=found.id)}")
    rows = [
        ("  Message-ID", found.message_id),
        ("  since", _time(found.changed_at)),
        ("  attempts", str(found.attempts)),
        ("  answer", _answer(found)),
    ]
    columns([row for row in rows if row[1]])
    for paper in papers:
        say(f"  - {paper['title']}")


@_deliveries.command()
def resend(
    numbers: Annotated[list[int], typer.Argument(metavar="ID...", help="Those that `--state unknown` lists.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
    as_json: JsonOption = False,
) -> None:
    """Send once more what may have arrived, with the same bytes and Message-ID; nothing else can be sent again."""
    from newsletter.deliver import GIVE_UP_AFTER  # noqa: PLC0415
    from newsletter.store import Store  # noqa: PLC0415

    loaded = read_config(config)
    with Store.open(loaded.store) as store:
        found = [_found(store, number) for number in dict.fromkeys(numbers)]
        for each in found:
            _check_unknown(each)
        if not yes and sys.stdin.isatty():
            who = ", ".join(each.subscriber for each in found)
            typer.confirm(f"It may have arrived. Send once more to {who}?", abort=True, err=True)
        now = datetime.now(UTC)
        moved = [store.outbox.resend(each.id, expires_at=now + GIVE_UP_AFTER, now=now) for each in found]
    queued = [each for each in moved if each is not None]
    for each in found:
        if each.id not in {other.id for other in queued}:
            note(f"delivery {each.id} was changed by another run; look at it again")
    if as_json:
        say_json([_data(each) for each in queued])
        return
    columns([_row(each) for each in queued])
    say(f"{counted(len(queued), 'email')} queued again; next: `newsletter run --due`")


def _found(store: Store, number: int) -> Delivery:
    found = store.history.delivery(number) if number <= _LARGEST else None
    if found is None:
        raise UsageError(f"there is no delivery {number}; `newsletter deliveries list` shows their numbers")
    return found


def _check_unknown(delivery: Delivery) -> None:
    """Raise UsageError, with the reason, for what is not to be sent again."""
    if delivery.state is not DeliveryState.UNKNOWN:
        raise UsageError(f"delivery {delivery.id} is {delivery.state}: {_MEANING[delivery.state]}")


def _row(delivery: Delivery) -> tuple[str, ...]:
    return (
        str(delivery.id),
        delivery.issue_date.isoformat(),
        delivery.subscriber,
        delivery.state.value,
        _time(delivery.changed_at),
        _answer(delivery),
    )


def _answer(delivery: Delivery) -> str:
    """Return what the server said, its code once."""
    code = str(delivery.code) if delivery.code else ""
    return delivery.detail if not code or delivery.detail.startswith(code) else f"{code} {delivery.detail}".strip()


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if at else ""


def _data(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "email": delivery.subscriber,
        "issue_date": delivery.issue_date.isoformat(),
        "state": delivery.state.value,
        "message_id": delivery.message_id,
        "papers": delivery.papers,
        "attempts": delivery.attempts,
        "code": delivery.code,
        "detail": delivery.detail,
        "changed_at": delivery.changed_at.astimezone(UTC).isoformat() if delivery.changed_at else None,
        "meaning": _MEANING[delivery.state].format(id=delivery.id),
    }
