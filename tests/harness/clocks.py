"""A computer's clocks that a test can set."""

from collections.abc import Callable

from notetaker.recording.clock import Moment, read_clocks


class Clocks:
    """The clocks of this computer, or those that ``read`` returns, and what a test does to them."""

    def __init__(self, read: Callable[[], Moment] = read_clocks) -> None:
        self.read = read
        self._set_ns = 0
        self._slept_ns = 0
        self._started_ns = 0  # since the real start of the computer
        self._boots = 1

    def __call__(self) -> Moment:
        now = self.read()
        return Moment(
            now.monotonic,
            now.boot_ns + self._slept_ns - self._started_ns,
            now.unix_ns + self._slept_ns + self._set_ns,
            f"boot {self._boots}",
        )

    def set(self, by_s: float) -> None:
        """Somebody sets the wall clock."""
        self._set_ns += round(by_s * 1e9)

    def sleep(self, seconds: float) -> None:
        """The computer is suspended for so long."""
        self._slept_ns += round(seconds * 1e9)

    def start_again(self) -> None:
        """The computer is started again, just now."""
        self._boots += 1
        self._started_ns = self.read().boot_ns + self._slept_ns
