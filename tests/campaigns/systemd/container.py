"""A throw-away container with a real systemd as PID 1, booted from this machine's /usr and nothing else of it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from tests.campaigns.supervised.patience import Wrong
from tests.harness.notify import NotifySocket

BOOT_S = 60.0
LEADER = "X_NSPAWN_LEADER_PID="
COMMAND_S = 60.0
NSPAWN = (
    "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes", "--register=no", "--keep-unit", "--boot",
    "--console=pipe", "--tmpfs=/usr/local:mode=0755", "--notify-ready=yes", "--machine=notetaker-test",
)  # fmt: skip
KERNEL = (
    "systemd.unit=basic.target",  # without the services that this machine has for its own work
    "systemd.mask=systemd-firstboot.service",  # asks at the console
)
FILES = {
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
"""systemd-tmpfiles makes no such ones."""
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}


class ContainerError(Wrong):
    """One sentence, and what the command has written."""


class Done(NamedTuple):
    """A command that has ended."""

    code: int
    output: str
    """Standard output and standard error."""


class Container:
    """Its network is that of this process."""

    def __init__(self, leader: int) -> None:
        """`leader` is the PID of its systemd, seen from here."""
        self.leader = leader

    def path(self, inside: str) -> Path:
        """Where a file of the container is found from here."""
        return Path(f"/proc/{self.leader}/root{inside}")

    def write(self, inside: str, content: str, mode: int = 0o644) -> None:
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(mode)

    def remove(self, inside: str) -> None:
        self.path(inside).unlink()

    @property
    def enter(self) -> list[str]:
        """What comes before a command that is to run as root in the container."""
        environment = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        return ["nsenter", f"--target={self.leader}", "--all", "--wdns=/", "env", "-i", *environment]

    async def run(
        self, *command: str, timeout_s: float = COMMAND_S, environment: Mapping[str, str] | None = None
    ) -> Done:
        """As root. Raises ContainerError when it takes too long."""
        settings = [f"{name}={value}" for name, value in (environment or {}).items()]
        process = await asyncio.create_subprocess_exec(
            *self.enter, *settings, *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            async with asyncio.timeout(timeout_s):
                output, _ = await process.communicate()
        except TimeoutError:
            raise ContainerError(f"`{' '.join(command)}` has not ended within {timeout_s:.0f} s.") from None
        finally:
            if process.returncode is None:
                await _kill(process)
        return Done(process.returncode or 0, output.decode(errors="replace"))

    async def check(self, *command: str) -> str:
        """The output of a command that has to succeed. Raises ContainerError."""
        code, output = await self.run(*command)
        if code:
            raise ContainerError(f"`{' '.join(command)}` ended with exit code {code}:\n{output}")
        return output


async def _kill(nsenter: asyncio.subprocess.Process) -> None:
    """With what it runs: nobody else could wait for that one's end, without which no container ends."""
    children = Path(f"/proc/{nsenter.pid}/task/{nsenter.pid}/children").read_text().split()
    for pid in [int(child) for child in children] or [nsenter.pid]:
        os.kill(pid, signal.SIGKILL)
    await nsenter.wait()


@asynccontextmanager
async def booted(console: Path, *read_only: Path) -> AsyncIterator[Container]:
    """`console` gets what it writes there; the folders `read_only` are at the same place inside.

    Raises ContainerError when it does not come up. Killed at the end, without ceremony.
    """
    binds = [f"--bind-ro={path}" for path in read_only]
    notify = NotifySocket()
    with console.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *NSPAWN, *binds, *KERNEL,
            env={**os.environ, "NOTIFY_SOCKET": notify.address},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us
        )  # fmt: skip
    try:
        try:
            await notify.until(lambda: _leader(notify) and "READY=1" in notify.heard, BOOT_S)
        except TimeoutError:
            log = "\n".join(console.read_text(errors="replace").splitlines()[-15:])
            raise ContainerError(f"The container has not booted within {BOOT_S:.0f} s:\n{log}") from None
        finally:
            notify.close()  # what nobody reads would make systemd-nspawn wait
        leader = _leader(notify)
        assert leader is not None
        container = Container(leader)
        for path, content in FILES.items():
            container.write(path, content)
        yield container
    finally:
        if process.returncode is None:
            if (leader := _leader(notify)) is None:
                process.terminate()
            else:
                os.kill(leader, signal.SIGKILL)  # then systemd-nspawn tidies up
            await process.wait()


def _leader(notify: NotifySocket) -> int | None:
    """The PID of the container's systemd (sd_notify(3), "X_NSPAWN_LEADER_PID")."""
    found = [int(one.removeprefix(LEADER)) for one in notify.heard if one.startswith(LEADER)]
    return found[0] if found else None
