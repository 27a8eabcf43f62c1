"""`notetaker bot` as a real process, and what it holds on to."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from pathlib import Path
from typing import Any, NamedTuple

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import User
from tests.harness.notify import NotifySocket
from tests.harness.process import Process, settings_for

STOP_S = 30.0
STATUS_S = 5.0

WATCHDOG_S = 30.0
"""As systemd would be told; without a sign of life for so long it kills the bot."""

HEALTH_INTERVAL_S = 10
"""A minute in production. The campaign has less time."""

BAD = re.compile(r"Traceback|\b[Ee]xception\b|Unclosed|was never retrieved|never awaited")
"""What no log may hold."""


class Usage(NamedTuple):
    """What the process holds on to. None: the process did not say."""

    descriptors: int
    sockets: int
    tasks: int | None


class BotProcess(Process):
    """Supervised as systemd would: killed, stopped, started again."""

    def __init__(self, local: LocalDiscord, user: User, state: Path, log_file: Path) -> None:
        settings = {
            "VOICE_HEALTH_INTERVAL": str(HEALTH_INTERVAL_S),
            "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000)),
        }
        super().__init__("bot", log_file, settings_for(local, user, state) | settings)
        self.state = state
        self.user = user
        self.unexpected: list[str] = []
        """Ends that nobody asked for."""
        self._pings: list[Pings] = []
        """Of all its lives."""
        self._ended_on_purpose = True

    @property
    def withheld(self) -> int | None:
        """Watchdog pings that did not come in time; None if the bot sends none at all."""
        return sum(one.withheld for one in self._pings) if any(one.pings for one in self._pings) else None

    async def begin(self) -> None:
        """Returns when it is ready. Raises DidNotStart."""
        self._pings.append(Pings())
        try:
            await self.start(self._pings[-1])
        finally:
            if not self.runs:
                await self.exit_code()

    async def launch(self) -> None:
        await super().launch()
        self._ended_on_purpose = False

    async def supervise(self) -> None:
        """Starts it again whenever it ends by itself, as a supervisor would. Until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            if not self.runs and not self._ended_on_purpose:
                await self.exit_code()
                await self.begin()

    async def exit_code(self, within_s: float = STOP_S) -> int:
        code = await super().exit_code(within_s)
        if not self._ended_on_purpose:
            self._ended_on_purpose = True
            self.unexpected.append(f"The bot ended by itself with exit code {code}.")
        return code

    async def terminate(self) -> int:
        self._ended_on_purpose = True
        try:
            return await super().terminate()
        except TimeoutError:
            self.unexpected.append(f"The bot did not end within {STOP_S:.0f} s of SIGTERM.")
            self.send_signal(signal.SIGKILL)
            return await self.exit_code()

    async def kill(self) -> None:
        self._ended_on_purpose = True
        await super().kill()

    async def close(self) -> None:
        """However it is."""
        if self.runs:
            await self.terminate()
        self.forget()

    def usage(self, status: dict[str, Any] | None) -> Usage:
        """`status` is what `status()` gave."""
        folder = Path(f"/proc/{self.pid}/fd")
        links = []
        for entry in folder.iterdir():
            try:
                links.append(str(entry.readlink()))
            except FileNotFoundError:  # closed meanwhile
                continue
        tasks = None if status is None else status["process"]["tasks"]
        return Usage(len(links), sum(link.startswith("socket:") for link in links), tasks)

    async def status(self) -> dict[str, Any] | None:
        """What the bot says of itself on its unix socket; None if it has none."""
        path = self.state / "notetaker.sock"
        if not path.is_socket():
            return None
        async with asyncio.timeout(STATUS_S):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 24)
            try:
                answer: dict[str, Any] = json.loads(await reader.read())
            finally:
                writer.close()
                await writer.wait_closed()
        return answer

    def bad_lines(self) -> list[str]:
        """Lines of the log that are not to be there, with their numbers."""
        lines = enumerate(self.log.splitlines(), 1)
        return [f"{number}: {line}" for number, line in lines if BAD.search(line)]


class Pings(NotifySocket):
    """The watchdog's view of one life."""

    def __init__(self) -> None:
        super().__init__()
        self._late = 0
        self._since = time.monotonic()
        self._ended: float | None = None

    @property
    def withheld(self) -> int:
        """Intervals between two pings that were too long, the one until now included."""
        now = self._ended or time.monotonic()
        return self._late + int((now - self._since) // WATCHDOG_S)

    def on_assignment(self, pid: int, assignment: str) -> None:
        if assignment in ("READY=1", "WATCHDOG=1"):
            self._late = self.withheld
            self._since = time.monotonic()

    def close(self) -> None:
        self._ended = time.monotonic()
        super().close()
