"""The processes: what ``notetaker bot`` and ``notetaker worker`` run.

Reading order: ``bot`` (the bot process, wired together), ``opening`` (its database), ``health`` and ``supervision``
(what the service manager is told), ``worker`` (the worker process).
"""
