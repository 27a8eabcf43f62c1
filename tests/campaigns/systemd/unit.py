"""A unit of the container's systemd."""

from __future__ import annotations

from typing import NamedTuple

from tests.campaigns.supervised.patience import until
from tests.campaigns.systemd.container import Container

SETTLE_S = 120.0


class State(NamedTuple):
    """Some of its properties, see org.freedesktop.systemd1(5)."""

    active: str
    sub: str
    result: str
    pid: int
    """0: none runs."""
    exit_code: int
    """Of the latest process that has ended by itself."""
    restarts: int
    status: str
    """What it says of itself (`STATUS=`)."""

    @property
    def runs(self) -> bool:
        return self.active == "active" and self.sub == "running"


PROPERTIES = ("ActiveState", "SubState", "Result", "MainPID", "ExecMainStatus", "NRestarts", "StatusText")


class Unit:
    def __init__(self, container: Container, name: str) -> None:
        self.name = name
        self._container = container

    async def state(self) -> State:
        shown = await self._container.check(
            "systemctl", "show", f"--property={','.join(PROPERTIES)}", self.name
        )
        found = dict(line.split("=", 1) for line in shown.splitlines())
        active, sub, result, pid, code, restarts, status = (found.get(name, "") for name in PROPERTIES)
        return State(active, sub, result, int(pid or 0), int(code or 0), int(restarts or 0), status)

    async def start(self) -> State:
        await self._container.check("systemctl", "start", self.name)
        return await self.state()

    async def stop(self) -> State:
        await self._container.check("systemctl", "stop", self.name)
        return await self.state()

    async def kill(self, signal: str) -> None:
        await self._container.check("systemctl", "kill", f"--signal={signal}", "--kill-who=main", self.name)

    async def ended(self) -> State:
        """Once it has ended and is not started again. Raises Wrong."""
        await until(self._has_ended, SETTLE_S, f"{self.name} does not end for good.")
        return await self.state()

    async def restarted(self, old: int) -> State:
        """Once another process than `old` runs, and is ready. Raises Wrong."""

        async def another_runs() -> bool:
            state = await self.state()
            return state.runs and state.pid != old

        await until(another_runs, SETTLE_S, f"{self.name} is not started again.")
        return await self.state()

    async def _has_ended(self) -> bool:
        return (await self.state()).active in ("failed", "inactive")
