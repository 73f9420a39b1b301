"""Alembic's environment: runs on the connection handed in by `store/upgrade`, never on a url of its own."""

from __future__ import annotations

from alembic import context

from adapter.gateways.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
