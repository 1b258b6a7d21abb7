"""Where Alembic enters: the revisions run in the transaction of the caller, who commits all of them or none."""  # noqa: INP001 - Alembic loads it by its path

from __future__ import annotations

from alembic import context

from newsletter.store.tables import metadata

# SQLite changes a table by copying it, which batch mode does and other databases do not need.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
