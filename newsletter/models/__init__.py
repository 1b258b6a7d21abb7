"""The records that flow through the pipeline, in its order.

    settings   Newsletter, SmtpSettings, Subscriber, Interest
    papers     Signals → Entry → Arrival (with SourceHealth) → Paper → Edition → Topic
    issues     Reason → MatchedPaper → Match → Section → Issue → Email → Delivery

All are frozen: a later stage wraps what an earlier one made and never fills it in. Each type has one
maker, named in its docstring. Vectors travel beside papers, row by row, never inside them.
"""

from newsletter.models.issues import (
    Cut,
    CutReason,
    Delivery,
    DeliveryState,
    Email,
    Issue,
    Match,
    MatchedPaper,
    Reason,
    ReasonKind,
    Section,
)
from newsletter.models.papers import (
    NO_SIGNALS,
    UNREAD,
    AnnounceType,
    Arrival,
    Edition,
    Entry,
    HealthState,
    Paper,
    Signals,
    SourceHealth,
    Topic,
)
from newsletter.models.settings import (
    Encryption,
    Interest,
    InterestKind,
    Newsletter,
    SmtpSettings,
    Status,
    Subscriber,
)

__all__ = [
    "NO_SIGNALS",
    "UNREAD",
    "AnnounceType",
    "Arrival",
    "Cut",
    "CutReason",
    "Delivery",
    "DeliveryState",
    "Edition",
    "Email",
    "Encryption",
    "Entry",
    "HealthState",
    "Interest",
    "InterestKind",
    "Issue",
    "Match",
    "MatchedPaper",
    "Newsletter",
    "Paper",
    "Reason",
    "ReasonKind",
    "Section",
    "Signals",
    "SmtpSettings",
    "SourceHealth",
    "Status",
    "Subscriber",
    "Topic",
]
