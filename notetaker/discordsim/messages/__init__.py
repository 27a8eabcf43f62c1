"""Messages and interactions: what clients may send, and what becomes of it.

Reading order: ``drafts`` (a message as sent), ``command_schema`` (a command as registered), ``command_usage`` (one
as a person types it), ``interactions`` (commands and components, used and answered).
"""
