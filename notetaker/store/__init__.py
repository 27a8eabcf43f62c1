"""All data about meetings, in one database that the bot and the workers share.

Read ``tables`` (the schema), ``database`` (opening it, transactions), then the queries by subject: ``meetings``,
``utterances``, ``parts``, ``postings``, ``guilds``; ``store`` combines them into one ``Store``.

The default is a SQLite file; PostgreSQL uses the same code. ``migrations`` (alembic) create and update the schema.
All calls are synchronous, safe from any thread and any process, and one transaction each; when a call returns, its
changes are on disk.
"""
