"""sd_notify: tells systemd how this process is doing. Does nothing when systemd did not start it."""

import os

import sdnotify  # type: ignore[import-untyped]

UNWATCHED_S = 10.0


class Systemd:
    """The state of a ``Type=notify`` service, see sd_notify(3)."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier() if os.environ.get("NOTIFY_SOCKET") else None

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

    def close(self) -> None:
        if self._notifier is not None and self._notifier.socket is not None:
            self._notifier.socket.close()

    def _notify(self, state: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(state)
