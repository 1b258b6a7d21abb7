"""Keep summaries, vectors, examples and the labels of topics."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new; papers stored before have no summary and no vector yet."""
    for name in ("summary", "tldr"):
        op.add_column("papers", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.create_index("ix_papers_first_day_id", "papers", ["first_day", "id"])
    op.create_table(
        "vectors",
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "model", name="pk_vectors"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="fk_vectors_paper_id"),
    )
    op.create_table(
        "examples",
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("entry", sa.JSON),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_examples"),
    )
    op.create_table(
        "topics",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("day", "position", name="pk_topics"),
    )


def downgrade() -> None:
    """Take it away again."""
    for table in ("topics", "examples", "vectors"):
        op.drop_table(table)
    op.drop_index("ix_papers_first_day_id", "papers")
    for name in ("tldr", "summary"):
        op.drop_column("papers", name)
