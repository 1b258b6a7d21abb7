"""Keep signals, when sources were asked and may be asked again, arrivals, updates and votes."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add what is new; what was stored before has no signals and no times."""
    op.add_column("papers", sa.Column("signals", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("edition_papers", sa.Column("updated_to", sa.Integer))
    for name in ("at", "again_at", "next_at"):
        op.add_column("source_health", sa.Column(name, _TIME))
    op.add_column("source_health", sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "arrivals",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("settings", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("health", sa.JSON, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("day", "source", name="pk_arrivals"),
    )
    op.create_table(
        "votes",
        sa.Column("subscriber_key", sa.Text, nullable=False),
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("value", sa.Integer, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_key", "paper_id", name="pk_votes"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="fk_votes_paper_id"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_table("votes")
    op.drop_table("arrivals")
    for name in ("failures", "next_at", "again_at", "at"):
        op.drop_column("source_health", name)
    op.drop_column("edition_papers", "updated_to")
    op.drop_column("papers", "signals")
