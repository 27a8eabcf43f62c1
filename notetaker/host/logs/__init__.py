"""Logging: to systemd's journal with its native fields, or as readable lines. Start with ``setup``."""
