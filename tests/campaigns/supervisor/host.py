"""A real supervisord with everything of its own in one folder."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any
from xmlrpc.client import ServerProxy

from supervisor.childutils import getRPCTransport  # type: ignore[import-untyped]

DEPLOYED = Path(__file__).parents[3] / "deploy" / "supervisor" / "notetaker.conf"

PATIENCE_S = 40.0
"""At most, for anything."""

POLL_S = 0.05

DAEMON = """\
[supervisord]
nodaemon=true
logfile={folder}/log/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}/log

[unix_http_server]
file={folder}/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{folder}/supervisor.sock

"""


def deployed(folder: Path, silence_s: float) -> str:
    """The configuration as we ship it, with its places in ``folder`` and less patience."""
    text = DEPLOYED.read_text()
    for place, here in {
        "/opt/notetaker/.venv": sys.prefix,
        "/var/lib/notetaker": f"{folder}/state",
        "/var/log/supervisor": f"{folder}/log",
        "user=notetaker\n": "",
        'WATCHDOG_USEC="30000000"': f'WATCHDOG_USEC="{silence_s * 1e6:.0f}"',
    }.items():
        assert place in text, f"{DEPLOYED} has no {place} any more"
        text = text.replace(place, here)
    return text


class Host:
    """A machine on which supervisord runs, so to speak."""

    def __init__(self, folder: Path, daemon: asyncio.subprocess.Process) -> None:
        self._folder = folder
        self._daemon = daemon

    def log(self, name: str) -> str:
        path = self._folder / "log" / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def logs(self) -> list[Path]:
        return sorted((self._folder / "log").iterdir())

    def info(self, name: str) -> dict[str, Any]:
        """What supervisor knows of ``group:process``."""
        transport = getRPCTransport({"SUPERVISOR_SERVER_URL": f"unix://{self._folder}/supervisor.sock"})
        with closing(transport):
            found = ServerProxy("http://127.0.0.1", transport).supervisor.getProcessInfo(name)
        assert isinstance(found, dict)
        return found

    def pid(self, name: str) -> int:
        """0 when it does not run."""
        return int(self.info(name)["pid"])

    def send(self, name: str, number: signal.Signals) -> int:
        """A signal to the process, behind the back of supervisor. Returns its id."""
        pid = self.pid(name)
        assert pid, f"{name} does not run"
        os.kill(pid, number)
        return pid

    async def control(self, *arguments: str) -> str:
        """``supervisorctl``"""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "supervisor.supervisorctl", "-c", f"{self._folder}/supervisord.conf", *arguments,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        return output.decode()

    async def until(self, holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        async with asyncio.timeout(patience_s):
            while not holds():
                assert self._daemon.returncode is None, self.log("supervisord")
                await asyncio.sleep(POLL_S)

    async def restarted(self, name: str, old: int, patience_s: float = PATIENCE_S) -> int:
        """Once another process than ``old`` runs under the name."""
        await self.until(lambda: self.pid(name) not in (0, old), patience_s)
        return self.pid(name)

    def kill(self) -> None:
        """What does not stop; supervisord ends when all have."""
        for pid in re.findall(r"spawned: .* with pid (\d+)", self.log("supervisord")):
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    async def shut_down(self) -> int:
        await self.control("shutdown")
        async with asyncio.timeout(PATIENCE_S):
            return await self._daemon.wait()


@asynccontextmanager
async def running(folder: Path, configuration: str, **environment: str) -> AsyncIterator[Host]:
    """supervisord, with these programs and nothing else in the environment. All of it is gone at the end."""
    (folder / "log").mkdir(exist_ok=True)
    (folder / "state").mkdir(exist_ok=True)
    (folder / "supervisord.conf").write_text(DAEMON.format(folder=folder) + configuration)
    daemon = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "supervisor.supervisord", "-c", f"{folder}/supervisord.conf",
        env={"HOME": str(folder), "PATH": os.environ["PATH"], **environment},
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    host = Host(folder, daemon)
    try:
        await host.until((folder / "supervisor.sock").exists)
        yield host
    finally:
        if daemon.returncode is None:
            daemon.terminate()
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await daemon.wait()
            except TimeoutError:
                host.kill()
                await daemon.wait()
