"""`python -m tests.supervisor`: notetaker under a real supervisord, with the configuration that we ship."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
from aiohttp import ClientSession

import notetaker
from notetaker.discordsim.server import LocalDiscord
from tests.service.office import Office
from tests.supervisor import calm, ending, failing, operating, starting
from tests.supervisor.host import deployed, running
from tests.supervisor.stage import SILENCE_S, Stage, configure
from tests.systemd.patience import Wrong
from tests.systemd.stage import world

LOCK_S = 3.0
"""How long a guild's lock may be held once it is stuck: half a minute in production."""

Step = Callable[[Stage], Awaitable[str]]
"""Returns what was seen, in a few words. Raises Wrong."""

STEPS: list[Step] = [
    starting.bad_token,
    starting.no_token,
    starting.broken,
    starting.start,
    starting.second_bot,
    calm.idle,
    operating.reload,
    failing.kill,
    failing.stopped,
    failing.blocked_loop,
    failing.stuck_lock,
    failing.journal_unwritable,
    failing.worker,
    failing.watchdog,
    operating.restart,
    operating.upgrade,
    calm.outage,
    calm.refused,
    operating.stop,
    ending.notes,
    ending.logs,
    ending.shutdown,
]
"""In this order. Each brings about what it needs, so it can run alone."""


NAMES = [step.__name__ for step in STEPS]


@click.command(context_settings={"help_option_names": ["-h", "--help"]}, epilog=f"Steps: {', '.join(NAMES)}")
@click.argument("names", metavar="[STEP]...", nargs=-1, type=click.Choice(NAMES))
def main(names: tuple[str, ...]) -> None:
    """Run notetaker under supervisord, and see how it fares in a meeting. Some four minutes, or only a STEP."""
    steps = [step for step in STEPS if not names or step.__name__ in names]
    with tempfile.TemporaryDirectory(prefix="nt-") as name:  # short, because of the unix sockets in it
        sys.exit(min(1, asyncio.run(run(steps, Path(name)))))


async def run(steps: list[Step], folder: Path) -> int:
    """How many of them have failed."""
    began, failed = time.monotonic(), 0
    hook, checkout = folder / "hook", folder / "checkout"
    hook.mkdir()
    shutil.copy(Path(__file__).parents[1] / "systemd" / "sabotage.py", hook / "sitecustomize.py")
    # The processes run a copy: it can be replaced, and the checkout itself may change meanwhile.
    shutil.copytree(Path(notetaker.__file__).parent, checkout / "notetaker")
    made, branches = world()
    async with LocalDiscord(state_dir=folder, world=made) as local, ClientSession() as http:
        office = Office(local, http, folder)
        configure(office)
        environment = {"PYTHONPATH": f"{hook}:{checkout}", "LOCK_S": f"{LOCK_S:g}"}
        async with (
            running(folder, deployed(folder, SILENCE_S), **environment) as host,
            asyncio.TaskGroup() as people,
        ):
            stage = Stage(host, office, branches, checkout)
            talking = people.create_task(stage.ada.run())
            for step in steps:
                failed += not await _done(step, stage)
            talking.cancel()
        for log in host.logs() if failed else ():
            click.echo(f"\n== {log.name}\n{log.read_text(errors='replace')}")
    verdict = f"{failed} of {len(steps)} failed" if failed else f"all {len(steps)} passed"
    click.secho(f"\n{verdict} in {time.monotonic() - began:.0f} s", fg="red" if failed else None)
    return failed


async def _done(step: Step, stage: Stage) -> bool:
    """Says what came of it."""
    began = time.monotonic()
    try:
        seen = await step(stage)
    except (Wrong, AssertionError, TimeoutError) as error:  # an Office and a Host raise the last two
        click.secho(f"✗ {time.monotonic() - began:5.1f} s  {step.__doc__}", fg="red")
        click.echo(f"           {str(error) or type(error).__name__}".replace("\n", "\n           "))
        return False
    click.echo(f"{click.style('✓', fg='green')} {time.monotonic() - began:5.1f} s  {step.__doc__}")
    if seen:
        click.secho(f"           {seen}", dim=True)
    return True


if __name__ == "__main__":
    main()
