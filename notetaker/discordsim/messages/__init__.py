"""Messages and interactions: what clients may send, and what becomes of it.

Reading order: ``drafts`` (a message as sent), ``command_schema`` (a command as registered), ``command_usage`` (one
as a person types it), ``component_schema`` and ``component_usage`` (the same for buttons, menus and modals),
``interaction`` (one of a person with an application), ``interactions`` (all of them, and their answers).
"""
