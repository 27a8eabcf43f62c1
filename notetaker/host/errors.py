"""What keeps a process from starting, in sentences for the person who starts it."""

import errno


class SettingsError(Exception):
    """The settings cannot be used. The message is one line per variable, for the person who wrote them."""


class DiskFull(Exception):
    """A folder or file cannot be made for want of room, which no setting mends. One sentence."""


FULL = errno.ENOSPC, errno.EDQUOT
"""What the kernel says when there is no room on a disk, or in a quota."""
