"""The time of a meeting: by the wall clock when it starts, and from then on by a clock that nobody can set.

The wall clock may leap at any moment: when NTP corrects it, or on a computer that keeps no time while it is off.
Order and lengths within a meeting must not. Linux clocks: clock_gettime(2); boot id: random(4).
"""

import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SLEEP_NS = 100_000_000
"""Clocks that are read one after the other may differ by less than this; a computer sleeps for longer."""


class Moment(NamedTuple):
    """One moment on this computer's clocks."""

    monotonic: float
    """Seconds; stands still while the computer sleeps."""
    boot_ns: int
    """Nanoseconds since the computer was started, sleep included."""
    unix_ns: int
    """The wall clock: Unix nanoseconds."""
    boot_id: str | None
    """Changes when the computer is started; None if it is not known."""


def read_clocks() -> Moment:
    return Moment(time.monotonic(), time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns(), _boot_id())


@cache
def _boot_id() -> str | None:
    try:
        return _BOOT_ID.read_text().strip()
    except OSError:
        return None


class SignOfLife(NamedTuple):
    """A moment of a meeting, for another life of the bot, which may come after another start of the computer."""

    boot_id: str | None
    boot_ns: int
    unix_ns: int
    meeting_ns: int
    """The meeting's time, in Unix nanoseconds."""

    def later(self, by_ns: int) -> "SignOfLife":
        return self._replace(
            boot_ns=self.boot_ns + by_ns, unix_ns=self.unix_ns + by_ns, meeting_ns=self.meeting_ns + by_ns
        )

    def elapsed_ns(self, now: Moment) -> int:
        """Return the time from this moment until ``now``, never less than zero.

        After another start of the computer only the wall clock knows. If it lags behind, at least the time since that
        start has passed.
        """
        if self.boot_id is None or now.boot_id is None:
            return max(now.unix_ns - self.unix_ns, 0)
        if self.boot_id == now.boot_id:
            return max(now.boot_ns - self.boot_ns, 0)
        return max(now.unix_ns - self.unix_ns, now.boot_ns)


class MeetingClock:
    """Tells a meeting's time in one life of the bot."""

    def __init__(self, read: Callable[[], Moment] = read_clocks, alive: SignOfLife | None = None) -> None:
        """A new meeting's clock, or one that continues from the last sign of life of an earlier run of the bot."""
        self._read = read
        self._began = began = read()
        self.began_ns = began.unix_ns if alive is None else alive.meeting_ns + alive.elapsed_ns(began)
        """The meeting's time at this call."""
        self._slept_ns = 0

    def at(self, now: float) -> int:
        """Convert monotonic seconds to the meeting's time, in Unix nanoseconds."""
        return self.began_ns + round((now - self._began.monotonic) * 1e9) + self._slept_ns

    def notice_sleep(self) -> bool:
        """Take in how long the computer has slept. If so, ``at`` leaps, which must not happen in mid-session."""
        now = self._read()
        awake_ns = round((now.monotonic - self._began.monotonic) * 1e9)
        slept_ns = now.boot_ns - self._began.boot_ns - awake_ns
        if abs(slept_ns - self._slept_ns) < _SLEEP_NS:
            return False
        self._slept_ns = slept_ns
        return True

    def sign(self) -> SignOfLife:
        """Return a sign of life, before any sleep that has not been noticed: nothing was heard in it. Thread-safe."""
        now = self._read()
        meeting_ns = self.at(now.monotonic)
        asleep_ns = self.began_ns + now.boot_ns - self._began.boot_ns - meeting_ns
        return SignOfLife(now.boot_id, now.boot_ns - asleep_ns, now.unix_ns - asleep_ns, meeting_ns)
