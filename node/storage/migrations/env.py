"""Alembic's entry point: runs the revisions on the connection that node.storage.migrating gives."""

from alembic import context
from sqlmodel import SQLModel

# Imported so that autogenerate can compare these tables with the database's.
from node.storage import account_tables, log_tables, report_tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite alters a table by copying it
    transaction_per_migration=False,
)
TABLES = (account_tables, log_tables, report_tables)
context.run_migrations()
