"""sd_notify: tells systemd how this process is doing. Does nothing when systemd did not start it."""

import logging
import os
import socket

log = logging.getLogger(__name__)

UNWATCHED_S = 10.0


class Systemd:
    """The state of a ``Type=notify`` service, see sd_notify(3)."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._heard = True

    def ready(self, status: str) -> None:
        """``status`` is one line that ``systemctl status`` shows."""
        self._notify(f"READY=1\nSTATUS={status}")

    def healthy(self) -> None:
        """To be said every ``ping_every_s``; when it is missing for ``WatchdogSec``, systemd restarts the service."""
        self._notify("WATCHDOG=1")

    @property
    def ping_every_s(self) -> float:
        """A third of the unit's ``WatchdogSec``; without a watchdog, 10 s (sd_watchdog_enabled(3))."""
        usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
        watched = usec.isdecimal() and int(usec) > 0 and pid in (None, str(os.getpid()))
        return int(usec) / 3e6 if watched else UNWATCHED_S

    def stopping(self, status: str) -> None:
        self._notify(f"STOPPING=1\nSTATUS={status}")

    def _notify(self, state: str) -> None:
        if not self._address:
            return
        # Each time a new socket: a supervisor that was started again listens on another one by the same name. And one
        # that does not read must not hold us up.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
            try:
                out.sendto(state.encode(), self._address)
            except OSError as error:
                if self._heard:
                    log.warning("NOTIFY_SOCKET: nobody hears how this process is doing (%s)", error.strerror)
                self._heard = False
            else:
                self._heard = True
