"""Make the first tables."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the papers, then what points at them."""
    _papers()
    _editions()
    _outbox()


def downgrade() -> None:
    """Drop everything, what points at others first."""
    for table in ("silences", "issue_papers", "deliveries", "source_health", "edition_papers", "editions"):
        op.drop_table(table)
    for table in ("identities", "papers"):
        op.drop_table(table)


def _papers() -> None:
    op.create_table(
        "papers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("title_key", sa.Text, nullable=False),
        sa.Column("abstract", sa.Text, nullable=False),
        sa.Column("authors", sa.JSON, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("categories", sa.JSON, nullable=False),
        sa.Column("published", sa.Date),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("identities", sa.JSON, nullable=False),
        sa.Column("entries", sa.JSON, nullable=False),
        sa.Column("first_day", sa.Date, nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_papers"),
    )
    # A title or an address may be longer than what PostgreSQL takes into an index that has an order, 2,700 bytes.
    op.create_index("ix_papers_title_key", "papers", ["title_key"], postgresql_using="hash")
    op.create_index("ix_papers_url", "papers", ["url"], postgresql_using="hash")
    op.create_table(
        "identities",
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("identity", name="pk_identities"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="fk_identities_paper_id"),
    )


def _editions() -> None:
    op.create_table(
        "editions",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("collected_at", _TIME, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_editions"),
    )
    op.create_table(
        "edition_papers",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("day", "position", name="pk_edition_papers"),
        sa.UniqueConstraint("day", "paper_id", name="uq_edition_papers_day_paper_id"),
        sa.ForeignKeyConstraint(["day"], ["editions.day"], name="fk_edition_papers_day"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="fk_edition_papers_paper_id"),
    )
    op.create_table(
        "source_health",
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("warnings", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("day", "position", name="pk_source_health"),
        sa.ForeignKeyConstraint(["day"], ["editions.day"], name="fk_source_health_day"),
    )


def _outbox() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("subscriber_key", sa.Text, nullable=False),
        sa.Column("issue_date", sa.Date, nullable=False),
        sa.Column("message_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("message", sa.LargeBinary),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("recipient", sa.Text, nullable=False),
        sa.Column("papers", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", _TIME, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("changed_at", _TIME, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("subscriber_key", "issue_date", name="uq_deliveries_subscriber_key_issue_date"),
    )
    unfinished = sa.text("state = 'queued' OR state = 'claimed' OR state = 'dot'")
    op.create_index(
        "ix_deliveries_unfinished",
        "deliveries",
        ["state", "next_attempt_at"],
        sqlite_where=unfinished,
        postgresql_where=unfinished,
    )
    op.create_table(
        "issue_papers",
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("paper_id", sa.Text, nullable=False),
        sa.Column("section", sa.Text, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("reasons", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", "position", name="pk_issue_papers"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_issue_papers_delivery_id"),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="fk_issue_papers_paper_id"),
    )
    op.create_table(
        "silences",
        sa.Column("subscriber_key", sa.Text, nullable=False),
        sa.Column("issue_date", sa.Date, nullable=False),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_key", "issue_date", name="pk_silences"),
    )
