"""The processes: what ``notetaker bot`` and ``notetaker worker`` run.

Reading order: ``bot`` (the bot process, wired together), ``opening`` (its database), ``health`` and ``supervision``
(reports to the service manager), ``worker`` (the worker process).
"""
