"""sd_notify: tells systemd how this process is doing. Does nothing when systemd did not start it."""

import os

import sdnotify  # type: ignore[import-untyped]


class Systemd:
    """The state of a ``Type=notify`` service, see sd_notify(3)."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier() if os.environ.get("NOTIFY_SOCKET") else None

    def ready(self, status: str) -> None:
        """``status`` is one line that ``systemctl status`` shows."""
        self._notify(f"READY=1\nSTATUS={status}")

    def stopping(self, status: str) -> None:
        self._notify(f"STOPPING=1\nSTATUS={status}")

    def _notify(self, state: str) -> None:
        if self._notifier is not None:
            self._notifier.notify(state)
