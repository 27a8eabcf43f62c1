"""The end of the processes, and of the installation."""

from __future__ import annotations

import json

from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.systemd.stage import SETTINGS, STATE, TOKEN, Stage

LEFT_S = 5.0
"""For the local Discord to read what a process has written that has ended."""
BACKUP = "/root/notetaker.tar.gz"


async def backup(stage: Stage) -> str:
    """The backup of docs/operations.md, restored after everything is lost"""
    await stage.running()
    before = await _meetings(stage)
    await stage.target.stop()
    await _have_ended(stage)
    saved = (
        "tar",
        "--create",
        "--gzip",
        f"--file={BACKUP}",
        "--directory=/",
        "etc/notetaker",
        "var/lib/notetaker",
    )
    await stage.container.check("sh", "-c", f"umask 077 && {' '.join(saved)}")
    await stage.container.check("rm", "-r", "/etc/notetaker", STATE)
    await stage.container.check("tar", "--extract", f"--file={BACKUP}", "--directory=/")
    await stage.running()
    after = await _meetings(stage)
    expect(after == before, f"The meetings were {before}, and are {after}.")
    return f"{len(after)} meetings, and the bot is ready"


async def stop(stage: Stage) -> str:
    """`systemctl stop` in mid-meeting: leaves voice, exit code 0, and the meeting goes on after a start"""
    before = await stage.meeting()
    stage.journal.mark()
    office = stage.office
    await stage.target.stop()
    await _have_ended(stage)

    async def left() -> bool:
        return office.bot.id not in office.guild.voice_states

    await until(left, LEFT_S, "Discord still shows the bot in voice.")
    await stage.running()
    return await stage.goes_on(before)


async def uninstall(stage: Stage) -> str:
    """`scripts/install --uninstall` keeps settings and recordings, --purge does not"""
    await stage.installed()
    done = await stage.install("--uninstall")
    expect(done.code == 0 and "Kept:" in done.output, f"--uninstall: {done}")
    stage.meeting_id = ""
    listed = await stage.container.run(
        "systemctl", "list-units", "--all", "--plain", "--no-legend", "notetaker*"
    )
    left = [line for line in listed.output.splitlines() if " not-found " not in line]
    expect(not left, f"Units are left: {left}")
    expect(not stage.container.path("/opt/notetaker").exists(), "/opt/notetaker is left.")
    for kept in (SETTINGS, TOKEN, f"{STATE}/notetaker.db"):
        expect(stage.container.path(kept).exists(), f"{kept} is gone.")
    done = await stage.install("--uninstall", "--purge")
    expect(done.code == 0, f"--uninstall --purge: {done}")
    for gone in ("/etc/notetaker", STATE):
        expect(not stage.container.path(gone).exists(), f"{gone} is left.")
    for names in ("passwd", "group"):
        entry = await stage.container.run("getent", names, "notetaker")
        expect(entry.code != 0, f"notetaker is left in {names}.")
    processes = await stage.container.run("pgrep", "--full", "--list-full", "/opt/notetaker")
    expect(processes.code == 1, f"Processes are left:\n{processes.output}")
    return "and --purge leaves nothing"


async def _meetings(stage: Stage) -> list[str]:
    """Their ids: in one that is going on, more is said all the time."""
    return [one["id"] for one in json.loads(await stage.container.check("notetaker", "meetings", "--json"))]


async def _have_ended(stage: Stage) -> None:
    """Already, since the end of `systemctl stop`. Raises Wrong."""
    for unit in (stage.bot, stage.worker):
        state = await unit.state()
        ended = state.active, state.result, state.exit_code
        expect(ended == ("inactive", "success", 0), f"{unit.name} is {state}.")
