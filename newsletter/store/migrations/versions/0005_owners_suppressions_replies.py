"""Keep who claimed a delivery, who gets nothing any more, and what came back by mail."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from newsletter.tokens import canonical

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what is new; what an earlier version claimed belongs to nobody, so the next run settles it."""
    _spell_alike()
    op.add_column("deliveries", sa.Column("owner", sa.Text, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("expires_at", _TIME))
    maybe = sa.Column("may_have_arrived", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("deliveries", maybe)
    op.create_index("ix_deliveries_issue_date", "deliveries", ["issue_date"])
    op.create_table(
        "messages",
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_messages"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_messages_delivery_id"),
    )
    op.execute("INSERT INTO messages SELECT id, message FROM deliveries WHERE message IS NOT NULL")
    op.drop_column("deliveries", "message")
    op.create_index("ix_deliveries_message_id", "deliveries", ["message_id"])
    op.drop_index("ix_deliveries_unfinished", "deliveries")
    _index("ix_deliveries_unsettled", "queued", "claimed", "dot", "unknown")
    op.create_table(
        "suppressions",
        sa.Column("address_hash", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name="pk_suppressions"),
    )
    op.create_table(
        "replies",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("subscriber_key", sa.Text, nullable=False),
        sa.Column("delivery_id", sa.Integer),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_replies"),
    )
    op.create_index("ix_replies_subscriber_key", "replies", ["subscriber_key"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("replies")
    op.drop_table("suppressions")
    op.drop_index("ix_deliveries_unsettled", "deliveries")
    _index("ix_deliveries_unfinished", "queued", "claimed", "dot")
    op.drop_index("ix_deliveries_message_id", "deliveries")
    op.add_column("deliveries", sa.Column("message", sa.LargeBinary))
    op.execute("UPDATE deliveries SET message = (SELECT data FROM messages WHERE delivery_id = deliveries.id)")
    op.drop_table("messages")
    op.drop_index("ix_deliveries_issue_date", "deliveries")
    op.drop_column("deliveries", "may_have_arrived")
    op.drop_column("deliveries", "expires_at")
    op.drop_column("deliveries", "owner")


def _spell_alike() -> None:
    """Write the keys of subscribers with their domains as A-labels, so that one mailbox is one subscriber."""
    connection = op.get_bind()
    for table in ("deliveries", "silences", "votes"):
        keys = connection.execute(sa.text(f"SELECT DISTINCT subscriber_key FROM {table}")).scalars().all()  # noqa: S608
        for key in keys:
            if not key.isascii() and (alike := canonical(key)) not in keys:
                statement = sa.text(f"UPDATE {table} SET subscriber_key = :new WHERE subscriber_key = :old")  # noqa: S608
                connection.execute(statement, {"new": alike, "old": key})


def _index(name: str, *states: str) -> None:
    these = sa.text(" OR ".join(f"state = '{state}'" for state in states))
    op.create_index(name, "deliveries", ["state", "next_attempt_at"], sqlite_where=these, postgresql_where=these)
