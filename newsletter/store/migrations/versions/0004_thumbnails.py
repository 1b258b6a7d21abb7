"""Keep the pictures of papers."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is new; no picture was kept before."""
    op.create_table(
        "thumbnails",
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("data", sa.LargeBinary),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", name="pk_thumbnails"),
    )
    op.create_index("ix_thumbnails_at", "thumbnails", ["at"])


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_thumbnails_at", "thumbnails")
    op.drop_table("thumbnails")
