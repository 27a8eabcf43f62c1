"""`python -m tests.campaigns.systemd`: run by scripts/test-systemd, as the first process of its own namespaces."""

from __future__ import annotations

import asyncio
import fcntl
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from notetaker.speech.models.catalogue import DEFAULT
from notetaker.speech.models.store import SYSTEM_FOLDER, Store, user_folder
from tests.campaigns.supervised import common
from tests.campaigns.supervised.campaign import Step, play, which
from tests.campaigns.supervised.pace import HURRIED, PRODUCTION, Pace
from tests.campaigns.supervised.world import discord
from tests.campaigns.systemd import ending, failing, installing, operating, remote, starting
from tests.campaigns.systemd.cgroup import own_cgroup
from tests.campaigns.systemd.container import Container, ContainerError, booted
from tests.campaigns.systemd.stage import MODEL, WHEELS, Stage, copy_checkout

STOPPED = 130
"""As a shell calls the end by Ctrl-C."""

SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
"""netdevice(7)"""


STEPS: list[Step[Stage]] = [
    installing.install,
    starting.no_token,
    starting.bad_token,
    starting.wrong_setting,
    starting.start,
    starting.without_discord,
    starting.disabled,
    starting.second_bot,
    common.idle,
    operating.status,
    common.reload,
    failing.kill,
    failing.stopped,
    failing.blocked_loop,
    failing.stuck_lock,
    failing.journal_unwritable,
    failing.hung_stop,
    failing.worker,
    operating.restart,
    operating.upgrade,
    common.outage,
    operating.refused,
    operating.explains,
    common.notes,
    remote.database,
    ending.backup,
    ending.stop,
    ending.uninstall,
]
"""In this order. Each brings about what it needs, so it can run alone."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--wheels", type=click.Path(exists=True, path_type=Path), required=True, hidden=True)
@which(STEPS)
@click.option(
    "--production", is_flag=True, help="WatchdogSec as shipped, Discord down for ten minutes: 20 minutes."
)
@click.option("--keep", is_flag=True, help="When all is done, keep the container until Ctrl-C.")
def main(wheels: Path, steps: list[Step[Stage]], production: bool, keep: bool) -> None:
    """Install notetaker under a real systemd, and see how it fares in a meeting. Some four minutes."""
    private_mounts()
    loopback_up()
    with own_cgroup(), tempfile.TemporaryDirectory(prefix="notetaker-test-") as folder:
        console = Console(highlight=False, soft_wrap=True)
        try:
            pace = PRODUCTION if production else HURRIED
            code = asyncio.run(run(steps, wheels, pace, keep, Path(folder), console))
        except (KeyboardInterrupt, asyncio.CancelledError):
            console.print("Stopped.")
            code = STOPPED
    sys.exit(code)


async def run(
    steps: list[Step[Stage]], wheels: Path, pace: Pace, keep: bool, folder: Path, console: Console
) -> int:
    """The exit code."""
    this = asyncio.current_task()
    assert this is not None
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGTERM, this.cancel
    )  # nobody else does it for PID 1
    failed = 0
    try:
        model = _model()
        async with (
            discord(folder) as (office, branches),
            booted(folder / "console", wheels, model) as container,
        ):
            copy_checkout(container)
            container.path(WHEELS).symlink_to(wheels)
            container.path(MODEL).symlink_to(model)
            stage = Stage(container, office, branches, pace)
            async with stage.ada.present():
                failed = await play(steps, stage, console)
                if keep:
                    await _keep(container, console)
    except* ContainerError as errors:
        console.print(f"[bold red]✗[/] {escape(str(errors.exceptions[0]))}")
        failed += 1
    return min(1, failed)


def _model() -> Path:
    """What scripts/setup has pulled. Raises ContainerError."""
    path = Store([user_folder(), SYSTEM_FOLDER]).path(DEFAULT)
    if path is None:
        raise ContainerError(
            f"The speech model {DEFAULT.name} is not installed: run scripts/setup with a network."
        )
    return path


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
