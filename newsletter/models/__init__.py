"""The records that flow through the pipeline, in its order.

    settings   Newsletter, SmtpSettings, TldrSettings, Subscriber, Interest, Pick
    papers     Signals → Entry → Arrival (with SourceHealth) → Paper → Edition → Topic
    issues     Reason → Trend, MatchedPaper → Section → Issue → Email → Delivery

All are frozen: a later stage wraps what an earlier one made and never fills it in. Each type has one
maker, named in its docstring. Vectors travel beside papers, row by row, never inside them.
"""

from newsletter.models.issues import (
    LEFTOVERS,
    PEOPLE,
    PICKS,
    TRENDING,
    Cut,
    CutReason,
    Delivery,
    DeliveryState,
    Email,
    Issue,
    MatchedPaper,
    Picture,
    Reason,
    ReasonKind,
    Section,
    Trend,
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
    Pick,
    SmtpSettings,
    Status,
    Subscriber,
    TldrSettings,
)

__all__ = [
    "LEFTOVERS",
    "NO_SIGNALS",
    "PEOPLE",
    "PICKS",
    "TRENDING",
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
    "MatchedPaper",
    "Newsletter",
    "Paper",
    "Pick",
    "Picture",
    "Reason",
    "ReasonKind",
    "Section",
    "Signals",
    "SmtpSettings",
    "SourceHealth",
    "Status",
    "Subscriber",
    "TldrSettings",
    "Topic",
    "Trend",
]
