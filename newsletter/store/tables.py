"""The tables: what the migrations make, as SQLAlchemy Core sees it.

    papers ◄── identities            every id a paper is recognised by
     ▲ ▲ ▲ ▲
     │ │ │ └── edition_papers ──► editions ◄── source_health
     │ │ │                        arrivals     what sources gave before it became an edition
     │ │ └──── votes                           what readers think of papers
     │ └────── vectors                         what searching compares
     └──────── issue_papers ──► deliveries     the outbox: one row per subscriber and issue date
                 messages ────┘                what can still be sent of it
                                silences       the issues that had nothing in them
    suppressions                               who gets nothing, whatever the settings say
    replies                                    what came back by mail, each once
    examples                                   papers that readers name and that no source brought
    topics                                     the labels of a day, so that the next days keep them
    thumbnails                                 the pictures of papers, so that each is asked for once

Times are UTC in the database and aware outside it. Subscribers are compared by `subscriber_key`, the address
case-folded. Text that UTF-8 or PostgreSQL cannot hold (a lone surrogate, NUL) is replaced on the way in. A vector is
its float16 numbers, little-endian; `model` says what made it, since vectors of two models mean nothing to each other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    or_,
)

HEAD = "0005"  # the newest revision in migrations/versions; a test holds the two together

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


class Utc(TypeDecorator[datetime]):
    """An aware time, kept in UTC; a naive one is refused, because nobody could say what it means."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return `value` in UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a stored time needs a time zone: {value}")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Return `value` as an aware time: SQLite gives the zone no place."""
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class Words(TypeDecorator[str]):
    """Text from outside: whatever a feed or a server wrote can be stored."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return `value` with U+FFFD for each character that no database holds."""
        return value and _UNSTORABLE.sub("\ufffd", value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

papers = Table(
    "papers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Words, nullable=False),
    Column("title_key", Words, nullable=False, index=True),  # what titles are searched by
    Column("abstract", Words, nullable=False),
    Column("authors", JSON, nullable=False),
    Column("url", Words, nullable=False, index=True),
    Column("categories", JSON, nullable=False),
    Column("published", Date),
    Column("version", Integer, nullable=False),
    Column("identities", JSON, nullable=False),  # in the paper's order; the table of that name is the index
    Column("entries", JSON, nullable=False),
    Column("signals", JSON, nullable=False, server_default="{}"),
    Column("first_day", Date, nullable=False),
    Column("first_at", Utc, nullable=False),  # of the collection that brought it
    Column("summary", Words, nullable=False, server_default=""),
    Column("tldr", Words, nullable=False, server_default=""),
    Index("ix_papers_first_day_id", "first_day", "id"),
)

vectors = Table(
    "vectors",
    metadata,
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("model", Words, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("identity", Words, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("day", Date, primary_key=True),
    Column("collected_at", Utc, nullable=False),
    Column("entries", Integer, nullable=False),
)

edition_papers = Table(
    "edition_papers",
    metadata,
    Column("day", ForeignKey("editions.day"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), nullable=False),
    Column("updated_to", Integer),  # the version that this day announced, where an earlier one was known
    UniqueConstraint("day", "paper_id"),
)

source_health = Table(
    "source_health",
    metadata,
    Column("day", ForeignKey("editions.day"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("source", Words, nullable=False),
    Column("state", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("detail", Words, nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("at", Utc),
    Column("again_at", Utc),
    Column("next_at", Utc),
    Column("failures", Integer, nullable=False, server_default="0"),
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("day", Date, primary_key=True),
    Column("source", Words, primary_key=True),
    Column("settings", Text, nullable=False),  # a digest: what was asked for with other settings is not the same
    Column("at", Utc, nullable=False),
    Column("health", JSON, nullable=False),
    Column("entries", JSON, nullable=False),
)

votes = Table(
    "votes",
    metadata,
    Column("subscriber_key", Words, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("value", Integer, nullable=False),  # 1 for more like this, -1 for less
    Column("at", Utc, nullable=False),
)

examples = Table(
    "examples",
    metadata,
    Column("identity", Words, primary_key=True),
    Column("entry", JSON(none_as_null=True)),  # empty where it was asked for in vain
    Column("reason", Words, nullable=False),  # why it was in vain
    Column("at", Utc, nullable=False),
)

topics = Table(
    "topics",
    metadata,
    Column("day", Date, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

thumbnails = Table(
    "thumbnails",
    metadata,
    Column("paper_id", Words, primary_key=True),
    Column("data", LargeBinary),  # empty where it was asked for in vain
    Column("width", Integer, nullable=False),  # CSS pixels, as shown
    Column("height", Integer, nullable=False),
    Column("at", Utc, nullable=False, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subscriber", Words, nullable=False),
    Column("subscriber_key", Words, nullable=False),
    Column("issue_date", Date, nullable=False),
    Column("message_id", Words, nullable=False),
    Column("state", Text, nullable=False),
    Column("sender", Words, nullable=False),
    Column("recipient", Words, nullable=False),
    Column("papers", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Utc, nullable=False),
    Column("code", Integer, nullable=False),
    Column("detail", Words, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("owner", Text, nullable=False, server_default=""),  # who claimed it, see `lock`
    Column("may_have_arrived", Boolean, nullable=False, server_default=false()),  # by an earlier attempt
    Column("expires_at", Utc),  # when it has no value any more; empty in what an earlier version queued
    UniqueConstraint("subscriber_key", "issue_date"),
    Index("ix_deliveries_message_id", "message_id"),  # what answers and bounces name
    Index("ix_deliveries_issue_date", "issue_date"),
)

# Only what is not settled is in this index: years of sent rows cost a claim nothing. SQLite sees that a query
# may use it only where both are written with `=` and with values, not parameters, and where the query names one state:
# the outbox does. That it is the same on PostgreSQL is said in the revision that makes it: said here it would load that
# dialect, 0.05 s of every command.
Index(
    "ix_deliveries_unsettled",
    deliveries.c.state,
    deliveries.c.next_attempt_at,
    sqlite_where=or_(*(deliveries.c.state == state for state in ("queued", "claimed", "dot", "unknown"))),
)

# A table of its own: a delivery changes its state four times, and SQLite would write the message anew with each.
messages = Table(
    "messages",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),  # compressed, as `history` has it
)

issue_papers = Table(
    "issue_papers",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), nullable=False),
    Column("section", Words, nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", JSON, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    Column("subscriber_key", Words, primary_key=True),
    Column("issue_date", Date, primary_key=True),
    Column("subscriber", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("at", Utc, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("address_hash", Text, primary_key=True),  # of the address as `suppressions.address_hash` has it
    Column("address", Words, nullable=False),  # "" once somebody asked to be forgotten
    Column("reason", Text, nullable=False),  # unsubscribed, complained, bounced
    Column("detail", Words, nullable=False),
    Column("at", Utc, nullable=False),
)

replies = Table(
    "replies",
    metadata,
    Column("key", Words, primary_key=True),  # of the message that came, so that it counts once
    Column("subscriber_key", Words, nullable=False, index=True),  # "" where nobody can say whose it is
    Column("delivery_id", Integer),
    Column("kind", Text, nullable=False),
    Column("detail", Words, nullable=False),
    Column("at", Utc, nullable=False),
)
