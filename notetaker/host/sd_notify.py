"""The service manager: systemd, or another supervisor that speaks sd_notify(3). Without one, nothing is sent."""

import logging
import os
import time
from pathlib import Path

import sdnotify  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

UNWATCHED_S = 10.0


def runtime_directory() -> Path | None:
    """Return the first directory in the unit's ``RuntimeDirectory=`` (systemd.exec(5))."""
    name = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(name) if name else None


def state_directory() -> Path | None:
    """Return the first directory in the unit's ``StateDirectory=`` (systemd.exec(5))."""
    directory = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(directory) if directory else None


class ServiceManager:
    """Reports the state of a ``Type=notify`` service. ``status`` is a line for ``systemctl status``."""

    def __init__(self) -> None:
        self._status = ""
        self._reachable = True

    @property
    def watchdog_s(self) -> float | None:
        """The unit's ``WatchdogSec``, or None if there is no watchdog (sd_watchdog_enabled(3))."""
        usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
        watched = usec.isdecimal() and int(usec) > 0 and pid in (None, str(os.getpid()))
        return int(usec) / 1e6 if watched else None

    @property
    def ping_every_s(self) -> float:
        """Interval of ``healthy``: a third of ``WatchdogSec``, or 10 s without a watchdog."""
        return UNWATCHED_S if self.watchdog_s is None else self.watchdog_s / 3

    def ready(self, status: str) -> None:
        """Report that starting or reloading has finished."""
        self._notify(f"READY=1\nSTATUS={status}")
        self._status = status

    def healthy(self) -> None:
        """Ping the watchdog. Without a ping for ``WatchdogSec``, systemd restarts the service."""
        self._notify("WATCHDOG=1")

    def status(self, status: str) -> None:
        """Report the status if it has changed."""
        if status != self._status:
            self._notify(f"STATUS={status}")
            self._status = status

    def reloading(self) -> None:
        """Report that the settings are being reloaded; ``ready`` must follow."""
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """Report that the process is stopping."""
        self._notify(f"STOPPING=1\nSTATUS={status}")
        self._status = status

    def extend(self, seconds: float) -> None:
        """Ask for more time to start or stop, counted from now."""
        self._notify(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def _notify(self, state: str) -> None:
        if not os.environ.get("NOTIFY_SOCKET"):
            return
        # A new notifier each time: a restarted supervisor listens on another socket with the same name.
        try:
            notifier = sdnotify.SystemdNotifier(debug=True)
            with notifier.socket:
                notifier.socket.setblocking(False)  # a supervisor that does not read must not block us
                notifier.notify(state)
        except OSError as error:
            if self._reachable:
                log.warning("Cannot notify the service manager (NOTIFY_SOCKET): %s", error.strerror)
            self._reachable = False
        else:
            self._reachable = True
