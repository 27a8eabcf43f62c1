"""What is known about meetings, in one database that the bot and the workers share.

Read ``tables`` (what is kept), ``database`` (how it is opened and what a transaction is), then the queries by
subject: ``meetings``, ``utterances``, ``postings``; ``store`` puts them together as one ``Store``.

SQLite in one file is the default; PostgreSQL by URL is the same code. The schema is made and brought up to
date by ``migrations`` (alembic). All calls are synchronous, safe from any thread and any process, and one
transaction each; a call that has returned is on the disk.
"""
