"""Who and what exists, without I/O.

Reading order: ``entities`` (records), ``snowflake`` (ids), ``permissions``, ``world`` (all of it), ``payloads`` (as
Discord's JSON), ``events`` (what happened).
"""
