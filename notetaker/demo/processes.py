"""Processes as a supervisor runs them: ready when they say so (sd_notify), stopped with SIGTERM."""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

STOP_TIMEOUT_S = 20.0
PYTHON = (sys.executable, "-P")  # imports nothing from the folder where it runs


class DidNotStart(Exception):
    """A process failed. The message says which, and how its log ends."""


class Process:
    """``python -m module arguments``, with output to a log file. It runs in the log's folder, which has no .env."""

    def __init__(self, name: str, command: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.name = name
        self.log = log
        self._command = command
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, timeout_s: float) -> None:
        """Start the process, and wait until it says READY=1. Raises ``DidNotStart``."""
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.setblocking(False)
        with notify:
            notify.bind("")  # a free abstract address
            address = "@" + notify.getsockname()[1:].decode()
            supervised = {"NOTIFY_SOCKET": address, "PYTHONUNBUFFERED": "1"}
            with self.log.open("wb") as output:
                self._process = await asyncio.create_subprocess_exec(
                    *PYTHON,
                    *self._command,
                    env={**os.environ, **self._environment, **supervised},
                    cwd=self.log.parent,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
            ended = asyncio.ensure_future(self._process.wait())
            ready = asyncio.ensure_future(_ready(notify))
            try:
                await asyncio.wait({ended, ready}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
                if not ready.done():
                    raise DidNotStart(f"The {self.name} did not start. Its log ends:\n{self._tail()}")
            finally:
                ready.cancel()
                ended.cancel()

    async def stop(self) -> int | None:
        """Stop the process and return its exit code; None if it never ran."""
        if self._process is None:
            return None
        if self._process.returncode is None:
            self._process.terminate()
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await self._process.wait()
            except TimeoutError:
                self._process.kill()
        return await self._process.wait()

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


async def _ready(notify: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while b"READY=1" not in (await loop.sock_recv(notify, 4096)).split(b"\n"):
        pass


async def output_of(command: list[str], folder: Path, environment: Mapping[str, str]) -> bytes:
    """Run a command in ``folder`` and return its standard output. Raises ``DidNotStart`` if it fails."""
    process = await asyncio.create_subprocess_exec(
        *PYTHON,
        *command,
        env={**os.environ, **environment},
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode != 0:
        raise DidNotStart(f"{' '.join(command)} failed:\n{errors.decode(errors='replace')}")
    return output
