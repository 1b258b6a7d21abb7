"""`newsletter subscribers`: who gets issues and who does not, and why; to leave for somebody, to bring them back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.console import columns, counted, note, say, say_json
from newsletter.cli.options import DEFAULT_CONFIG, ConfigOption, JsonOption, find_subscriber, read_config
from newsletter.errors import UsageError

if TYPE_CHECKING:
    from newsletter.config import Config
    from newsletter.models import Subscriber
    from newsletter.store import Store, Suppression

EmailArgument = Annotated[str, typer.Argument(help="The address, or the part before the @.")]
_UNDO = "only `newsletter subscribers resubscribe` undoes it"
_LATEST = 5
_DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    people = typer.Typer(no_args_is_help=True, help="Who gets issues, who does not, and why.")
    people.command("list")(list_all)
    people.command()(show)
    people.command()(unsubscribe)
    people.command()(resubscribe)
    app.add_typer(people, name="subscribers")


def list_all(*, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """List everybody, with what the settings say and what readers and mail servers said since."""
    from newsletter.store import Store  # noqa: PLC0415 - SQLAlchemy is loaded by the command that needs it

    loaded = read_config(config)
    with Store.open(loaded.store) as store:
        suppressed = store.suppressions.among(each.email for each in loaded.subscribers)
        known = {each.address for each in suppressed.values()}
        others = [each for each in store.suppressions.all() if each.address and each.address not in known]
    people = [(each.email, each, suppressed.get(each.email)) for each in loaded.subscribers]
    if as_json:
        say_json([_data(*each) for each in people] + [_data(each.address, None, each) for each in others])
        return
    rows = [(email, _status(subscriber, found)) for email, subscriber, found in people]
    columns(rows + [(each.address, _status(None, each)) for each in others])
    active = sum(_receives(subscriber, found) for _, subscriber, found in people)
    say(f"{counted(active, 'subscriber')} of {len(people)} get issues")


def show(email: EmailArgument, *, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Tell of one subscriber: what they asked for, what they were sent, and whether it arrived."""
    from newsletter.store import Store  # noqa: PLC0415

    loaded = read_config(config)
    with Store.open(loaded.store) as store:
        address, subscriber = _find(loaded, store, email, anybody=False)
        suppression = store.suppressions.get(address)
        deliveries = store.history.deliveries(subscriber=address)[-_LATEST:][::-1]
        votes, bounced = len(store.votes.of(address)), store.replies.soft_bounces(address)
    if as_json:
        sent = [{"issue": each.issue_date, "state": each.state, "detail": each.detail} for each in deliveries]
        say_json(_data(address, subscriber, suppression) | {"issues": sent, "votes": votes, "bounced": list(bounced)})
        return
    say(f"{address}{f' ({subscriber.name})' if subscriber and subscriber.name else ''}")
    say(f"  {_status(subscriber, suppression)}")
    if subscriber:
        days = " ".join(_DAYS[day - 1] for day in sorted(subscriber.weekdays))
        say(f"  {days} at {subscriber.send_at:%H:%M} {subscriber.timezone}, at most {subscriber.max_papers} papers")
        say(f"  interests: {', '.join(each.name for each in subscriber.interests)}")
    if votes:
        say(f"  {counted(votes, 'vote')}")
    if bounced:
        say(f"  {counted(len(bounced), 'issue')} in a row did not get into the mailbox, the last of {bounced[0]}")
    columns([(f"  {each.issue_date}", str(each.state), each.detail) for each in deliveries])


def unsubscribe(email: EmailArgument, *, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Send somebody nothing more, whatever the settings say; also an address that is in none."""
    from newsletter.store import Store  # noqa: PLC0415

    loaded = read_config(config)
    now = datetime.now(UTC)
    with Store.open(loaded.store) as store:
        address, subscriber = _find(loaded, store, email, anybody=True)
        new = store.suppressions.add(address, reason="unsubscribed", detail="by the operator", at=now)
        withdrawn = store.evidence.withdraw(address, detail="withdrawn: unsubscribed", now=now)
        suppression = store.suppressions.get(address)
    if as_json:
        say_json(_data(address, subscriber, suppression) | {"changed": new})
        return
    say(f"{address}: {_status(subscriber, suppression)}")
    if withdrawn:
        say("what was queued for them is withdrawn")


def resubscribe(email: EmailArgument, *, config: ConfigOption = DEFAULT_CONFIG, as_json: JsonOption = False) -> None:
    """Let somebody get issues again who left, complained, or whose address was given up."""
    from newsletter.store import Store  # noqa: PLC0415
    from newsletter.store.replies import RESUBSCRIBED  # noqa: PLC0415

    loaded = read_config(config)
    now = datetime.now(UTC)
    with Store.open(loaded.store) as store:
        address, subscriber = _find(loaded, store, email, anybody=False)
        before = store.suppressions.get(address)
        changed = store.suppressions.remove(address)
        if changed:  # what bounced before it counts no more
            key = f"{RESUBSCRIBED} {address.casefold()} {now.isoformat()}"
            store.replies.keep(key, kind=RESUBSCRIBED, subscriber=address, at=now)
    if as_json:
        say_json(_data(address, subscriber, None) | {"changed": changed})
        return
    say(f"{address}: {_status(subscriber, None)}{'' if changed else '; was not suppressed'}")
    if before and before.reason != "bounced":
        note(f"{before.reason} on {before.at:%Y-%m-%d}: send again only if they asked for it")


def _find(config: Config, store: Store, wanted: str, *, anybody: bool) -> tuple[str, Subscriber | None]:
    """Return the address somebody means, and the subscriber if the settings have one.

    With `anybody` every address will do; else UsageError for one that neither the settings nor the store know.
    """
    try:
        subscriber = find_subscriber(config, wanted)
    except UsageError:
        known = anybody or store.suppressions.get(wanted) or store.history.deliveries(subscriber=wanted)
        if "@" not in wanted.strip("@") or not known:
            raise
        return wanted, None
    return subscriber.email, subscriber


def _receives(subscriber: Subscriber | None, suppression: Suppression | None) -> bool:
    return subscriber is not None and suppression is None and subscriber.status == "active"


def _status(subscriber: Subscriber | None, suppression: Suppression | None) -> str:
    """Return whether somebody gets issues, with what decides it."""
    settings = f"{subscriber.status} ({subscriber.origin})" if subscriber else "not in the settings"
    if suppression is None:
        return settings
    detail = f" ({suppression.detail})" if suppression.detail else ""
    told = f"{suppression.reason} on {suppression.at:%Y-%m-%d}{detail}"
    if subscriber is None:
        return f"{told}; {settings}"
    return f"{told}; {subscriber.origin or 'the settings'} says {subscriber.status}; {_UNDO}"


def _data(email: str, subscriber: Subscriber | None, suppression: Suppression | None) -> dict[str, Any]:
    told = suppression and {"reason": suppression.reason, "detail": suppression.detail, "at": suppression.at}
    return {
        "email": email,
        "receives": _receives(subscriber, suppression),
        "status": subscriber.status if subscriber else None,
        "origin": subscriber.origin if subscriber else None,
        "suppressed": told,
    }
