"""Exit codes, from BSD's <sysexits.h>. The systemd units do not restart a process when that cannot help.

Those of ``notetaker status`` follow the Linux Standard Base (Init Script Actions, "status").
"""

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    """The process was asked to stop."""
    NOT_RUNNING = 3
    """LSB: the program is not running."""
    NO_ANSWER = 4
    """LSB: the status of the program is unknown."""
    ALREADY_RUNNING = 69
    """EX_UNAVAILABLE: another bot uses the same account or state folder."""
    BUG = 70
    """EX_SOFTWARE: an unexpected error; the traceback is in the log."""
    TRY_AGAIN = 75
    """EX_TEMPFAIL: the database cannot be reached (a bot waits for it), the disk is full, the speech engine does not
    start, or a worker has lost its slot. The settings are valid; a restart may help.
    """
    TOKEN_REJECTED = 77
    """EX_NOPERM: Discord rejected the token."""
    CONFIGURATION = 78
    """EX_CONFIG: a setting is missing or invalid."""
