"""Where Alembic enters: the revisions run in the transaction of the caller, who commits all of them or none."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

from newsletter.store.tables import metadata

_OTHERWISE_ORDERED = text("""
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'
    ORDER BY table_name, ordinal_position
""")


def _order_by_code_point(connection: Connection) -> None:
    """Let text on PostgreSQL have the order and the letters that it has on SQLite, whatever the database was made with.

    Without it a locale decides which of two ids comes first. Said here for all revisions, so that none can forget it.
    """
    quote = connection.dialect.identifier_preparer.quote
    for table, column in connection.execute(_OTHERWISE_ORDERED).all():
        change = f'ALTER TABLE {quote(table)} ALTER COLUMN {quote(column)} TYPE text COLLATE "C"'
        connection.exec_driver_sql(change)


bind: Connection = context.config.attributes["connection"]
# SQLite changes a table by copying it, which batch mode does and other databases do not need.
context.configure(connection=bind, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
if bind.dialect.name == "postgresql":
    _order_by_code_point(bind)
