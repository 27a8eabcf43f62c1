"""`notetaker bot` as a real process, supervised as systemd would: killed, stopped, started again."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import User

START_S = 60.0
STOP_S = 30.0
STATUS_S = 5.0

WATCHDOG_S = 30.0
"""As systemd would be told; without a sign of life for so long it kills the bot."""

HEALTH_INTERVAL_S = 10
"""A minute in production. The campaign has less time."""

BAD = re.compile(r"Traceback|\b[Ee]xception\b|Unclosed|was never retrieved|never awaited")
"""What no log may hold."""


class DidNotStart(Exception):
    """One sentence, and the end of the log."""


class Usage(NamedTuple):
    """What the process holds on to. None: the process did not say."""

    descriptors: int
    sockets: int
    tasks: int | None


class BotProcess:
    """May be started again after it has ended; the log is one for all."""

    def __init__(
        self, local: LocalDiscord, user: User, state: Path, log: Path, settings: dict[str, str]
    ) -> None:
        self.log = log
        self.state = state
        self.user = user
        self.unexpected: list[str] = []
        """Ends that nobody asked for."""
        self._environment = {
            "HOME": str(state.parent),
            "PATH": os.environ["PATH"],
            "PYTHONUNBUFFERED": "1",
            "DISCORD_TOKEN": user.token,
            "DISCORD_API_BASE_URL": local.api_url,
            "DISCORD_CA_FILE": str(local.ca_file),
            "NOTETAKER_STATE_DIR": str(state),
            "VOICE_HEALTH_INTERVAL": str(HEALTH_INTERVAL_S),
            "WATCHDOG_USEC": str(int(WATCHDOG_S * 1_000_000)),
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None
        self._notify: Notifications | None = None
        self._withheld = 0
        self._pinged = False
        self._ended_on_purpose = True

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def withheld(self) -> int | None:
        """Watchdog pings that did not come in time; None if the bot sends none at all."""
        withheld, pinged = self._withheld, self._pinged
        if self._notify is not None:
            withheld, pinged = withheld + self._notify.withheld, pinged or self._notify.pinged
        return withheld if pinged else None

    async def start(self) -> None:
        """Returns when it has said that it is ready. Raises DidNotStart."""
        await self.launch()
        assert self._notify is not None
        ended = asyncio.ensure_future(self._wait())
        ready = asyncio.ensure_future(self._notify.ready.wait())
        try:
            await asyncio.wait({ended, ready}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done():
                raise DidNotStart(f"The bot did not start. Its log ends:\n{self._tail()}")
        finally:
            for task in (ended, ready):
                task.cancel()
            await asyncio.wait({ended, ready})

    async def launch(self) -> None:
        """Starts it and returns at once."""
        self._collect()
        self._notify = Notifications()
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-W", "error", "-m", "notetaker.cli", "bot",
                env={**self._environment, "NOTIFY_SOCKET": self._notify.address},
                cwd=self.log.parent,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )  # fmt: skip
        self._ended_on_purpose = False

    async def supervise(self) -> None:
        """Starts it again whenever it ends by itself, as a supervisor would. Until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            if not self.runs and not self._ended_on_purpose:
                await self._wait()
                await self.start()

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def close(self) -> None:
        """However it is."""
        if self.runs:
            await self._end(signal.SIGTERM)
        self._collect()

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
        lines = enumerate(self.log.read_text(errors="replace").splitlines(), 1)
        return [f"{number}: {line}" for number, line in lines if BAD.search(line)]

    async def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._ended_on_purpose = True
        if self._process.returncode is None:
            self._process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_S):
                return await self._wait()
        except TimeoutError:
            self.unexpected.append(f"The bot did not end within {STOP_S:.0f} s of {number.name}.")
            self._process.kill()
            return await self._wait()

    async def _wait(self) -> int:
        assert self._process is not None
        code = await self._process.wait()
        if not self._ended_on_purpose:
            self._ended_on_purpose = True
            self.unexpected.append(f"The bot ended by itself with exit code {code}.")
        return code

    def _collect(self) -> None:
        if self._notify is not None:
            self._withheld, self._pinged = self.withheld or 0, self.withheld is not None
            self._notify.close()
            self._notify = None

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Notifications:
    """What the bot tells its supervisor (sd_notify(3))."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.pinged = False
        self._late = 0
        self._since = time.monotonic()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind("")  # an abstract address that is free
        self.address = "@" + self._socket.getsockname()[1:].decode()
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    @property
    def withheld(self) -> int:
        """Intervals between two pings that were too long, the one until now included."""
        return self._late + int((time.monotonic() - self._since) // WATCHDOG_S)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def _read(self) -> None:
        for line in self._socket.recv(4096).split(b"\n"):
            if line in (b"READY=1", b"WATCHDOG=1"):
                self._late = self.withheld
                self._since = time.monotonic()
                self.pinged = self.pinged or line == b"WATCHDOG=1"
                if line == b"READY=1":
                    self.ready.set()
