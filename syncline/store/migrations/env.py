"""Run by Alembic: migrates on the connection, and in the transaction, of `migrate.upgrade`."""

from __future__ import annotations

from alembic import context

from syncline.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
