"""`python -m tests.campaigns.supervisor`: notetaker under a real supervisord, with the configuration that we ship."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console

import notetaker
from tests.campaigns.supervised import common
from tests.campaigns.supervised.campaign import Step, play, which
from tests.campaigns.supervised.pace import HURRIED
from tests.campaigns.supervised.stage import SABOTAGE
from tests.campaigns.supervised.world import discord
from tests.campaigns.supervisor import ending, failing, operating, starting
from tests.campaigns.supervisor.host import deployed, running
from tests.campaigns.supervisor.stage import Stage, configure

STEPS: list[Step[Stage]] = [
    starting.bad_token,
    starting.no_token,
    starting.broken,
    starting.start,
    starting.second_bot,
    common.idle,
    common.reload,
    failing.kill,
    failing.stopped,
    failing.blocked_loop,
    failing.stuck_lock,
    failing.journal_unwritable,
    failing.worker,
    failing.watchdog,
    operating.restart,
    operating.upgrade,
    common.outage,
    common.refused,
    operating.stop,
    common.notes,
    ending.logs,
    ending.shutdown,
]
"""In this order. Each brings about what it needs, so it can run alone."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@which(STEPS)
def main(steps: list[Step[Stage]]) -> None:
    """Run notetaker under supervisord, and see how it fares in a meeting. Some four minutes."""
    with tempfile.TemporaryDirectory(prefix="nt-") as name:  # short, because of the unix sockets in it
        sys.exit(min(1, asyncio.run(run(steps, Path(name)))))


async def run(steps: list[Step[Stage]], folder: Path) -> int:
    """How many of them have failed."""
    hook, checkout = folder / "hook", folder / "checkout"
    hook.mkdir()
    shutil.copy(SABOTAGE, hook / "sitecustomize.py")
    # The processes run a copy: it can be replaced, and the checkout itself may change meanwhile.
    shutil.copytree(Path(notetaker.__file__).parent, checkout / "notetaker")
    environment = {"PYTHONPATH": f"{hook}:{checkout}", "LOCK_S": f"{HURRIED.lock_s:g}"}
    async with discord(folder) as (office, branches):
        configure(office)
        async with running(folder, deployed(folder, HURRIED.silence_s), **environment) as host:
            stage = Stage(host, office, branches, checkout)
            async with stage.ada.present():
                return await play(steps, stage, Console(highlight=False, soft_wrap=True))


if __name__ == "__main__":
    main()
