"""Faults that wait: the next time a user does something, it goes wrong."""

from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass
class Armed:
    """A fault that strikes the next ``times`` times."""

    kind: str
    user_id: int
    guild_id: int | None = None
    """None: in any guild."""
    times: int = 1
    step: str | None = None
    """The step of a handshake."""
    code: int | None = None
    """The close code to send."""
    mode: str | None = None
    """One of several ways to go wrong."""
    seconds: float | None = None
    """How late something comes."""


class Script:
    """The waiting faults. ``on_event`` gets every strike: {"event": "fault", "kind", "state": "struck", ...}."""

    def __init__(self) -> None:
        self.on_event: Callable[[dict[str, object]], None] = lambda event: None
        self._armed: list[Armed] = []

    def arm(self, fault: Armed) -> None:
        """Add a fault, replacing one of the same kind, victim and step. ``times`` 0 only removes that one."""
        place = _place(fault)
        self._armed = [armed for armed in self._armed if _place(armed) != place]
        if fault.times > 0:
            self._armed.append(fault)

    def strike(self, user_id: int, guild_id: int, *kinds: str, step: str | None = None) -> Armed | None:
        """Use up one strike of a waiting fault of these kinds, and return the fault; None if there is none."""
        for fault in self._armed:
            meant = (fault.user_id, fault.step) == (user_id, step) and fault.guild_id in (None, guild_id)
            if meant and fault.kind in kinds:
                break
        else:
            return None
        fault.times -= 1
        if fault.times <= 0:
            self._armed.remove(fault)
        fields = {key: value for key, value in asdict(fault).items() if value is not None}
        self.on_event({"event": "fault", "state": "struck", **fields, "guild_id": guild_id})
        return fault


def _place(fault: Armed) -> tuple[str, int, int | None, str | None]:
    return fault.kind, fault.user_id, fault.guild_id, fault.step
