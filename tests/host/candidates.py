"""Processes that do nothing but take and free what only one bot can have."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import notetaker

CHECKOUT = Path(notetaker.__file__).parents[1]
WAIT_S = 20.0

HOLDER = """
import subprocess, sys
from pathlib import Path
from notetaker.host.instance.single import AlreadyRunning, only_bot
from notetaker.settings.values import SettingsError
print("here", flush=True)
sys.stdin.readline()
try:
    with only_bot(Path(sys.argv[1]), sys.argv[2]):
        print("holds", flush=True)
        if sys.argv[3:]:
            child = subprocess.Popen(
                sys.argv[3:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, close_fds=False
            )
            print(child.pid, flush=True)
        sys.stdin.readline()
except (AlreadyRunning, SettingsError) as error:
    print(error, flush=True)
"""


def can_unshare(*namespaces: str) -> bool:
    command = ["unshare", *namespaces, "true"]
    return shutil.which("unshare") is not None and subprocess.run(command, check=False).returncode == 0


class Candidate:
    """A process that takes the locks when told to, and frees them when told to."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.pid = process.pid

    async def says(self) -> str:
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT_S):
            return (await self.process.stdout.readline()).decode().removesuffix("\n")

    async def stop(self) -> None:
        """Stop the process with SIGSTOP, and wait until none of its threads runs any more."""
        self.process.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(WAIT_S):
            for task in Path(f"/proc/{self.pid}/task").iterdir():
                while "State:\tT" not in (task / "status").read_text():  # noqa: ASYNC110 - no event for it
                    await asyncio.sleep(0.01)

    async def goes_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(b"\n")
        await self.process.stdin.drain()

    async def tries(self) -> str:
        """``holds``, or the sentence of the refusal."""
        await self.goes_on()
        return await self.says()

    async def ends(self) -> None:
        await self.goes_on()
        async with asyncio.timeout(WAIT_S):
            assert await self.process.wait() == 0

    async def dies(self) -> None:
        self.process.kill()
        async with asyncio.timeout(WAIT_S):
            await self.process.wait()


@asynccontextmanager
async def candidate(
    state: Path,
    identity: str,
    *arguments: str,
    before: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Candidate]:
    """``before``: the command that starts it, for example as another user."""
    process = await asyncio.create_subprocess_exec(
        *before, sys.executable, "-W", "error", "-c", HOLDER, str(state), identity, *arguments,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), **(environment or {})}, cwd="/",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    started = Candidate(process)
    try:
        assert await started.says() == "here"
        yield started
    finally:
        if process.returncode is None:
            await started.dies()
