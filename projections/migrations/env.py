"""Alembic's way in: it runs this file, which takes the connection and the name of the version table from whoever called."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table=context.config.attributes["version_table"])
with context.begin_transaction():
    context.run_migrations()
