"""What becomes of a delivery after an attempt: pure, by the error and the clock alone."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.deliver.claims import Claimed
from newsletter.deliver.status import CONNECTION_LOST, is_policy
from newsletter.errors import DeliveryError, OutcomeUnknown, RecipientRefused, ServerRefused
from newsletter.models import DeliveryState, Move

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240))  # the last one repeats
GIVE_UP_AFTER = timedelta(hours=24)  # the next issue is due: a stale one has no value


def expired(claimed: Claimed, *, now: datetime) -> Move | None:
    """Return that a delivery is given up because its day is over, None where it is not."""
    if now < claimed.expires_at:
        return None
    return _failed(claimed, 0, "expired before it could be sent", attempted=False)


def held_back(claimed: Claimed, *, now: datetime) -> Move:
    """Return that a delivery waits, unattempted, because its domain takes nothing more for now."""
    detail = "not tried: the server asked for patience with others of this domain"
    return Move(claimed.id, DeliveryState.QUEUED, detail=detail, next_attempt_at=now + RETRY_AFTER[0])


def verdict(claimed: Claimed, error: DeliveryError, *, now: datetime, resend: bool) -> Move:
    """Return what becomes of a delivery whose attempt ended in `error`.

    A lost connection or a server that refuses us is not the recipient's doing: it is tried again after the shortest
    wait, as long as its day lasts; a wrong password tried every minute gets an account locked. Nor is a rule of the
    server that speaks against us (5.7.x), which may be lifted within the day. What fails now and may have arrived
    before is unknown. `resend` says that what may have arrived is sent once more.
    """
    code, detail = error.code, str(error)
    if isinstance(error, RecipientRefused) and not is_policy(detail):
        return _failed(claimed, code, detail, attempted=bool(code))
    if isinstance(error, OutcomeUnknown):
        if resend and not claimed.may_have_arrived:
            at = now + RETRY_AFTER[0]
            return Move(
                claimed.id,
                DeliveryState.QUEUED,
                code,
                detail,
                attempted=True,
                next_attempt_at=at,
                may_have_arrived=True,
            )
        return Move(claimed.id, DeliveryState.UNKNOWN, code, detail, attempted=True)
    ours = isinstance(error, ServerRefused) or code in CONNECTION_LOST
    wait = RETRY_AFTER[0 if ours else min(claimed.attempts, len(RETRY_AFTER) - 1)]
    if not ours and now + wait >= claimed.expires_at:
        return _failed(claimed, code, f"expired: {detail}", attempted=True)
    return Move(claimed.id, DeliveryState.QUEUED, code, detail, attempted=not ours, next_attempt_at=now + wait)


def _failed(claimed: Claimed, code: int, detail: str, *, attempted: bool) -> Move:
    """Return that a delivery will not arrive, unless an earlier attempt at it may have."""
    if claimed.may_have_arrived:
        told = f"{detail}; an earlier attempt may have arrived"
        return Move(claimed.id, DeliveryState.UNKNOWN, code, told, attempted=attempted)
    return Move(claimed.id, DeliveryState.FAILED, code, detail, attempted=attempted)
