"""Traces of attempts to connect, step by step: written, redacted, read back and formatted."""
