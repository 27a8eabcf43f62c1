"""Faults that wait for their moment: the next time something happens to a user, it goes wrong."""

from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass
class Armed:
    """Strikes the next `times` times."""

    kind: str
    user_id: int
    guild_id: int | None = None
    """None: whatever the guild."""
    times: int = 1
    step: str | None = None
    """Where in a handshake."""
    code: int | None = None
    """The close code it ends with."""
    mode: str | None = None
    """Which of several ways to go wrong."""


class Script:
    """What is to go wrong. `on_event` hears of every strike: {"event": "fault", "kind", "state": "struck", ...}."""

    def __init__(self) -> None:
        self.on_event: Callable[[dict[str, object]], None] = lambda event: None
        self._armed: list[Armed] = []

    def arm(self, fault: Armed) -> None:
        """Replaces one of the same kind, victim and step. `times` 0 only takes that one away."""
        place = _place(fault)
        self._armed = [armed for armed in self._armed if _place(armed) != place]
        if fault.times > 0:
            self._armed.append(fault)

    def strike(self, user_id: int, guild_id: int, *kinds: str, step: str | None = None) -> Armed | None:
        """The fault of one of these kinds that was waiting for this, and one strike less to come."""
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
