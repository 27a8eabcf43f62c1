"""scripts/install, on a host where nothing is installed."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.campaigns.supervised.patience import expect
from tests.campaigns.systemd.stage import PROGRAM, SETTINGS, STATE, TOKEN, Stage

MODES = {
    "/etc/notetaker": (0o750, "root", "notetaker"),
    SETTINGS: (0o640, "root", "notetaker"),
    TOKEN: (0o600, "root", "root"),
}
UNITS = ("notetaker.target", "notetaker-bot.service", "notetaker-worker@1.service")


async def install(stage: Stage) -> str:
    """`scripts/install`, its --dry-run, and once more"""
    before = _changes(stage)
    dry = await stage.install("--dry-run")
    expect(dry.code == 0 and "would run" in dry.output, f"--dry-run: {dry}")
    expect(_changes(stage) == before, "--dry-run has changed something.")
    done = await stage.install()
    expect(done.code == 0, f"scripts/install ended with {done.code}:\n{done.output}")
    expect("Next: put the bot's token into" in done.output, f"No next step was named:\n{done.output}")
    version = await stage.container.check(PROGRAM, "--version")
    for path, (mode, user, group) in MODES.items():
        shown = (await stage.container.check("stat", "--format=%a %U %G", path)).strip()
        expect(shown == f"{mode:o} {user} {group}", f"{path} is {shown}.")
    for unit in UNITS:
        enabled = (await stage.container.run("systemctl", "is-enabled", unit)).output.strip()
        expect(enabled == "enabled", f"{unit} is {enabled} instead of enabled.")
    once = _changes(stage)
    again = await stage.install()
    expect(again.code == 0 and "up to date" in again.output, f"The second time: {again}")
    expect(_changes(stage) == once, "Installing once more has changed something.")
    await stage.installed()
    return f"{version.strip()}; the second time changed nothing"


def _changes(stage: Stage) -> set[tuple[str, int, int]]:
    """Every file of ours outside of the program's release, its size and mode."""
    found = set()
    for root in ("/etc/systemd/system", "/etc/notetaker", "/opt", STATE):
        for path in _files(stage.container.path(root)):
            about = path.lstat()
            size = 0 if stat.S_ISDIR(about.st_mode) else about.st_size
            found.add((str(path), size, about.st_mode))
    return found


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if "site-packages" not in path.parts and path.suffix != ".pyc"]
