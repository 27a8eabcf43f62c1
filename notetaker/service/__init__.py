"""The processes: what ``notetaker bot`` and ``notetaker worker`` run.

Reading order: ``settings`` (one frozen object, from the environment), ``bot`` (the bot process, wired
together), ``meetings`` (starting and stopping, one at a time per guild), ``live`` (one running meeting: voice
session in, journal and utterances out), ``recovery`` (meetings of an earlier life), ``postings`` (notes out,
once), ``worker`` (the worker process), ``report`` (what the store knows, for ``notetaker meetings``). Beside
them: ``background`` (threads for disk and database), ``instance`` (no second bot), ``logs``, ``journald``
(log lines with fields), ``systemd`` (sd_notify) and ``exit_codes``.
"""
