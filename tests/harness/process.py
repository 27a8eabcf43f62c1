"""Runs a process as a service manager does: started, ready when it notifies us, ended by a signal."""

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
"""Upper bound for any wait."""
POLL_S = 0.02
TAIL = 15
"""Number of log lines to show if a process does not start."""

PRELUDE = Path(__file__).parent / "prelude"
"""A sitecustomize module that every process imports first."""


class DidNotStart(Exception):
    """The process did not become ready. The message has the end of its log."""


def settings_for(local: LocalDiscord, bot: User, state: Path) -> dict[str, str]:
    """Return the environment of a process that is this bot in the local Discord."""
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
    """A ``notetaker`` command. It may be started several times; all of its runs share one log."""

    def __init__(self, arguments: str, log_file: Path, environment: Mapping[str, str]) -> None:
        self.log_file = log_file
        self.notify: NotifySocket | None = None
        """The notification socket of the latest run, if it has one."""
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
        """The log so far."""
        return self.log_file.read_text(errors="replace")

    @property
    def tail(self) -> str:
        return "\n".join(self.log.splitlines()[-TAIL:])

    async def launch(self) -> None:
        """Start the process without waiting for it."""
        address = {} if self.notify is None else {"NOTIFY_SOCKET": self.notify.address}
        reading, writing = os.pipe()
        # A limit on the files that the process may write must not apply to its log.
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
        """Start the process and wait until it is ready. Raises DidNotStart."""
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
        """Wait until the log contains this text. Raises TimeoutError."""
        async with asyncio.timeout(WAIT_S):
            while text not in self.log:
                assert self.runs or text in self.log, f"the process has ended without {text!r}:\n{self.log}"
                await asyncio.sleep(POLL_S)

    def send_signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def exit_code(self, within_s: float = WAIT_S) -> int:
        """Wait for the end of the process and return its exit code. Raises TimeoutError."""
        assert self._process is not None
        assert self._cat is not None
        async with asyncio.timeout(within_s):
            await self._cat.wait()
            return await self._process.wait()

    async def terminate(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.send_signal(signal.SIGTERM)
        return await self.exit_code()

    async def kill(self) -> None:
        """Kill the process if it is still running."""
        if self.runs:
            self.send_signal(signal.SIGKILL)
            await self.exit_code()
        self.forget()

    def forget(self) -> None:
        """Close the notification socket."""
        if self.notify is not None:
            self.notify.close()
            self.notify = None
