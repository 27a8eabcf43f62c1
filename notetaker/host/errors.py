"""Errors that keep a process from starting, with a message for the person who starts it."""

import errno


class SettingsError(Exception):
    """One or more settings are missing or invalid. The message has a line for each."""


class DiskFull(Exception):
    """A file or folder cannot be created because the disk is full."""


FULL = errno.ENOSPC, errno.EDQUOT
"""Errors of the kernel for a full disk or an exhausted quota."""
