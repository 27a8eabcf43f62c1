"""`python -m tests.systemd`: started by scripts/test-systemd, as the first process of namespaces of its own."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import click
from rich.console import Console
from rich.markup import escape

from notetaker.discordsim.server import LocalDiscord
from tests.systemd.cgroup import own_cgroup
from tests.systemd.container import Container, ContainerError, booted
from tests.systemd.pace import HURRIED, PRODUCTION, Pace
from tests.systemd.patience import Wrong
from tests.systemd.stage import WHEELS, Stage, copy_checkout, world
from tests.systemd.steps import STEPS, Step

LOG_LINES = 25
"""Of the journal, shown with what went wrong."""

STOPPED = 130
"""As a shell calls the end by Ctrl-C."""

SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
"""netdevice(7)"""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--wheels", type=click.Path(exists=True, path_type=Path), required=True, hidden=True)
@click.option("--only", metavar="NAME", multiple=True, help="Only this step. May be given several times.")
@click.option("--list", "only_list", is_flag=True, help="Name the steps.")
@click.option(
    "--production", is_flag=True, help="WatchdogSec as shipped, Discord down for ten minutes: 20 minutes."
)
@click.option("--keep", is_flag=True, help="When all is done, keep the container until Ctrl-C.")
def main(wheels: Path, only: tuple[str, ...], only_list: bool, production: bool, keep: bool) -> None:
    """Install notetaker under a real systemd, and see how it fares in a meeting. Some four minutes."""
    unknown = set(only) - {step.name for step in STEPS}
    if unknown:
        raise click.UsageError(f"There is no step {', '.join(sorted(unknown))}; --list names them.")
    console = Console(highlight=False, soft_wrap=True)
    if only_list:
        for step in STEPS:
            console.print(f"{step.name:<20}[dim]{step.about}[/]")
        return
    steps = [step for step in STEPS if not only or step.name in only]
    private_mounts()
    loopback_up()
    with own_cgroup(), tempfile.TemporaryDirectory(prefix="notetaker-test-") as folder:
        try:
            pace = PRODUCTION if production else HURRIED
            code = asyncio.run(run(steps, wheels, pace, keep, Path(folder), console))
        except (KeyboardInterrupt, asyncio.CancelledError):
            console.print("Stopped.")
            code = STOPPED
    sys.exit(code)


async def run(steps: list[Step], wheels: Path, pace: Pace, keep: bool, folder: Path, console: Console) -> int:
    """The exit code."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, this.cancel
    )  # nobody else does it for PID 1
    began, failed = time.monotonic(), 0
    made, branches = world()
    try:
        async with (
            LocalDiscord(state_dir=folder, world=made) as local,
            aiohttp.ClientSession() as http,
            booted(folder / "console", wheels) as container,
        ):
            copy_checkout(container)
            container.path(WHEELS).symlink_to(wheels)
            stage = Stage(container, local, branches, http, pace)
            async with asyncio.TaskGroup() as people:
                talking = people.create_task(stage.ada.run())
                for step in steps:
                    failed += not await _do(step, stage, console)
                if keep:
                    await _keep(container, console)
                talking.cancel()
    except* ContainerError as errors:
        console.print(f"[bold red]✗[/] {escape(str(errors.exceptions[0]))}")
        failed += 1
    taken = time.monotonic() - began
    verdict = f"[bold red]{failed} of {len(steps)} failed[/]" if failed else f"all {len(steps)} passed"
    console.print(f"\n{verdict} in {taken:.0f} s")
    return 1 if failed else 0


async def _do(step: Step, stage: Stage, console: Console) -> bool:
    began = time.monotonic()
    status = console.status(f"{step.name}: {step.about}")
    try:
        with status:
            seen = await step.run(stage)
    except (Wrong, ContainerError, AssertionError) as error:  # the last: what an Office expects
        console.print(f"[bold red]✗[/] {time.monotonic() - began:5.1f} s  {step.name:<18} {step.about}")
        console.print(f"           {escape(str(error))}", style="red")
        log = await stage.container.run("journalctl", "--no-pager", f"--lines={LOG_LINES}")
        console.print(escape(log.output), style="dim")
        return False
    console.print(f"[green]✓[/] {time.monotonic() - began:5.1f} s  {step.name:<18} {step.about}")
    console.print(f"           [dim]{escape(seen)}[/]")
    return True


async def _keep(container: Container, console: Console) -> None:
    outside = next(
        line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("NSpid")
    )
    console.print(
        f"The container is kept until Ctrl-C. To enter it: {' '.join(container.enter)} bash ({outside})"
    )
    await asyncio.get_running_loop().create_future()


def private_mounts() -> None:
    """What systemd-nspawn keeps in /run/systemd/nspawn is to go with us."""
    folder = Path("/run/systemd/nspawn")
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], check=True)


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


if __name__ == "__main__":
    main()
