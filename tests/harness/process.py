"""A process of ours, run as a supervisor runs it: ready when it says so, ended by a signal, started again."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import User
from tests.harness.notify import NotifySocket

WAIT_S = 90.0
"""At most, for anything."""
POLL_S = 0.02
TAIL = 15
"""Lines of the log that are shown when it does not start."""

PRELUDE = Path(__file__).parent / "prelude"
"""Comes before what the process does, see there."""


class DidNotStart(Exception):
    """One sentence, and the end of the log."""


def settings_for(local: LocalDiscord, bot: User, state: Path) -> dict[str, str]:
    """The whole environment of a process that is this bot in the local Discord."""
    return {
        "HOME": str(state.parent),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PRELUDE),
        "PYTHONUNBUFFERED": "1",
        "DISCORD_TOKEN": bot.token,
        "DISCORD_API_BASE_URL": local.api_url,
        "DISCORD_CA_FILE": str(local.ca_file),
        "NOTETAKER_STATE_DIR": str(state),
    }


class Process:
    """``notetaker ARGUMENTS``, in the folder of its log, which is one for all its lives."""

    def __init__(self, arguments: str, log_file: Path, environment: Mapping[str, str]) -> None:
        self.log_file = log_file
        self.notify: NotifySocket | None = None
        """What the process that runs, or has run last, says of itself; None: it has nobody to say it to."""
        self._arguments = arguments.split()
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self._cat: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self.log_file.read_text(errors="replace")

    @property
    def tail(self) -> str:
        return "\n".join(self.log.splitlines()[-TAIL:])

    async def launch(self) -> None:
        """Starts it and returns at once."""
        address = {} if self.notify is None else {"NOTIFY_SOCKET": self.notify.address}
        reading, writing = os.pipe()
        # What keeps the process from writing to files does not keep cat from it.
        with self.log_file.open("ab") as log:
            self._cat = await asyncio.create_subprocess_exec("cat", stdin=reading, stdout=log)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-W", "error", "-m", "notetaker.cli", *self._arguments,
            env={**self._environment, **address},
            cwd=self.log_file.parent,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=writing,
        )  # fmt: skip
        os.close(reading)
        os.close(writing)

    async def start(self, notify: NotifySocket | None = None, within_s: float = WAIT_S) -> None:
        """Returns when it has said that it is ready. Raises DidNotStart."""
        self.forget()
        self.notify = notify or NotifySocket()
        await self.launch()
        assert self._process is not None
        ended = asyncio.ensure_future(self._process.wait())
        ready = asyncio.ensure_future(self.notify.until_heard("READY=1", within_s))
        try:
            await asyncio.wait({ended, ready}, return_when=asyncio.FIRST_COMPLETED)
            if not ready.done() or ready.exception():
                raise DidNotStart(f"notetaker {self._arguments[0]} did not start. Its log ends:\n{self.tail}")
        finally:
            for task in (ended, ready):
                task.cancel()
            await asyncio.wait({ended, ready})

    async def until(self, text: str) -> None:
        """Until the log says so."""
        async with asyncio.timeout(WAIT_S):
            while text not in self.log:
                assert self.runs or text in self.log, f"the process has ended without {text!r}:\n{self.log}"
                await asyncio.sleep(POLL_S)

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def exit_code(self, within_s: float = WAIT_S) -> int:
        """Once it has ended, and its log is complete. Raises TimeoutError."""
        assert self._process is not None
        assert self._cat is not None
        async with asyncio.timeout(within_s):
            await self._cat.wait()
            return await self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM; returns the exit code."""
        self.send_signal(signal.SIGTERM)
        return await self.exit_code()

    async def kill(self) -> None:
        """If it still runs."""
        if self.runs:
            self.send_signal(signal.SIGKILL)
            await self.exit_code()
        self.forget()

    def forget(self) -> None:
        """Nobody listens any more to what it has said of itself."""
        if self.notify is not None:
            self.notify.close()
            self.notify = None
