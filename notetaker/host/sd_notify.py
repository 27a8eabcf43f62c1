"""What systemd, or another supervisor that speaks its protocol, gives this process, and is told by it (sd_notify).

Nothing, when none has started it.
"""

import logging
import os
import time
from pathlib import Path

import sdnotify  # type: ignore[import-untyped]

log = logging.getLogger(__name__)

UNWATCHED_S = 10.0


def runtime_directory() -> Path | None:
    """The unit's ``RuntimeDirectory=``; of several, the first one is ours (systemd.exec(5))."""
    name = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return Path(name) if name else None


def state_directory() -> Path | None:
    """The unit's ``StateDirectory=``; of several, the first one is ours (systemd.exec(5))."""
    directory = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    return Path(directory) if directory else None


class Systemd:
    """The state of a ``Type=notify`` service, see sd_notify(3). A status is one line, for ``systemctl status``."""

    def __init__(self) -> None:
        self._status = ""
        self._heard = True

    @property
    def watchdog_s(self) -> float | None:
        """The unit's ``WatchdogSec``; None: there is no watchdog (sd_watchdog_enabled(3))."""
        usec, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID")
        watched = usec.isdecimal() and int(usec) > 0 and pid in (None, str(os.getpid()))
        return int(usec) / 1e6 if watched else None

    @property
    def ping_every_s(self) -> float:
        """A third of ``WatchdogSec``; without a watchdog, 10 s."""
        return UNWATCHED_S if self.watchdog_s is None else self.watchdog_s / 3

    def ready(self, status: str) -> None:
        """After the start, and after ``reloading``."""
        self._notify(f"READY=1\nSTATUS={status}")
        self._status = status

    def healthy(self) -> None:
        """To be said every ``ping_every_s``; when it is missing for ``WatchdogSec``, systemd restarts the service."""
        self._notify("WATCHDOG=1")

    def status(self, status: str) -> None:
        """Says so if it has changed."""
        if status != self._status:
            self._notify(f"STATUS={status}")
            self._status = status

    def reloading(self) -> None:
        """Settings are being read; ``ready`` ends that."""
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        self._notify(f"STOPPING=1\nSTATUS={status}")
        self._status = status

    def extend(self, seconds: float) -> None:
        """Whatever is under way, starting or stopping, needs so much time from now on."""
        self._notify(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def _notify(self, state: str) -> None:
        if not os.environ.get("NOTIFY_SOCKET"):
            return
        # Each time a new notifier: a supervisor that was started again listens on another socket by the same name.
        try:
            notifier = sdnotify.SystemdNotifier(debug=True)
            with notifier.socket:
                notifier.socket.setblocking(False)  # a supervisor that does not read must not hold us up
                notifier.notify(state)
        except OSError as error:
            if self._heard:
                log.warning("NOTIFY_SOCKET: nobody hears how this process is doing (%s)", error.strerror)
            self._heard = False
        else:
            self._heard = True
