"""Exit codes, from BSD's <sysexits.h>. The systemd units do not restart where restarting cannot help.

Those of ``notetaker status`` are what the Linux Standard Base (Init Script Actions) gives the action "status".
"""

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    """Stopped because someone asked for it."""
    NOT_RUNNING = 3
    """LSB: program is not running."""
    NO_ANSWER = 4
    """LSB: program status is unknown."""
    ALREADY_RUNNING = 69
    """EX_UNAVAILABLE: another bot uses the account or the state folder."""
    BUG = 70
    """EX_SOFTWARE: an error nobody foresaw; the traceback is in the log."""
    TRY_AGAIN = 75
    """EX_TEMPFAIL: the database cannot be reached (a bot waits for it), the disk is full, the speech engine does not
    start, or a worker has lost its place; nothing is set wrongly, and starting it again may be all it takes.
    """
    TOKEN_REJECTED = 77
    """EX_NOPERM: Discord does not accept the bot token."""
    CONFIGURATION = 78
    """EX_CONFIG: a setting is missing or malformed."""
