"""What an operator does every other day."""

from __future__ import annotations

import re
import time

from notetaker.model import events
from tests.campaigns.supervised import common
from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.systemd.journal import BOT, WRITTEN_S, message
from tests.campaigns.systemd.stage import Stage, copy_checkout

STATUS_S = 15.0
"""How late the line in `systemctl status` may be."""
NEW = "/root/notetaker-new"
NEW_VERSION = "0.1.1"


async def status(stage: Stage) -> str:
    """`systemctl status` and `notetaker status` in a meeting"""
    async with stage.undisturbed():
        await stage.meeting()
        seen = ""

        async def told_of() -> bool:
            nonlocal seen
            shown = await stage.container.check("systemctl", "status", "--no-pager", stage.bot.name)
            seen = "".join(re.findall(r'^ +Status: "(.*)"$', shown, re.MULTILINE))
            return "1 meeting" in seen

        await until(told_of, STATUS_S, "systemctl status does not tell of the meeting")
        told = await stage.container.check("notetaker", "status")
        expect("connected" in told, f"notetaker status says:\n{told}")
    return f"“{seen}”"


async def restart(stage: Stage) -> str:
    """`systemctl restart` in mid-meeting: the same meeting, and only the seconds that it takes are lost"""
    before = await stage.meeting()
    stage.journal.mark()
    began = time.monotonic()
    await stage.container.check("systemctl", "restart", stage.target.name)
    told = await stage.goes_on(before)
    took = time.monotonic() - began
    expect((await stage.bot.state()).restarts == 0, "systemd had to restart it once more.")
    missed = await stage.missed()
    expect(missed <= took, f"{missed:.1f} s were not heard, of {took:.1f} s.")
    return f"{told}; everything, the worker too, took {took:.1f} s"


async def upgrade(stage: Stage) -> str:
    """`scripts/install` from a newer checkout in mid-meeting: the same meeting with the new version"""
    before = await stage.meeting()
    stage.journal.mark()
    if not stage.container.path(NEW).exists():
        copy_checkout(stage.container, NEW)
    for name in ("setup.cfg", "notetaker/__init__.py"):
        path = stage.container.path(f"{NEW}/{name}")
        path.write_text(path.read_text().replace("0.1.0", NEW_VERSION))
    units = stage.target.name, stage.worker.name
    await stage.container.check("systemctl", "--quiet", "disable", *units)
    done = await stage.install("--upgrade", checkout=NEW)
    expect(done.code == 0, f"scripts/install --upgrade ended with {done.code}:\n{done.output}")
    enabled = await stage.container.run("systemctl", "is-enabled", *units)
    expect(enabled.output.split() == ["disabled"] * 2, f"Of {units} disabled ones are {enabled.output}.")
    await stage.container.check("systemctl", "--quiet", "enable", *units)
    told = await stage.goes_on(before)
    version = (await stage.said())["version"]
    expect(version == NEW_VERSION, f"The bot's version is {version}.")
    return f"{version}; {told}"


async def refused(stage: Stage) -> str:
    """A hundred close codes 4006 in a row: not one restart, and `journalctl VOICE_CLOSE_CODE=4006` shows them all"""
    stage.journal.mark()
    seen = await common.refused(stage)

    async def shown() -> bool:
        return len(await stage.journal.entries("VOICE_CLOSE_CODE=4006", f"--unit={BOT}")) >= common.REFUSALS

    await until(shown, WRITTEN_S, "`journalctl VOICE_CLOSE_CODE=4006` does not show all.")
    return seen


async def explains(stage: Stage) -> str:
    """`journalctl -x` explains what has happened, and no secret is in the journal"""
    await stage.meeting()
    whole = await stage.journal.everything()
    known = {
        event.message_id: name for name, event in vars(events).items() if isinstance(event, events.Event)
    }
    seen = {entry["MESSAGE_ID"] for entry in whole if entry.get("MESSAGE_ID") in known}
    for message_id in seen:
        text = await stage.journal.explained(message_id)
        expect(
            "Subject:" in text and "Defined-By: notetaker" in text, f"{known[message_id]} is not explained."
        )
        blanks = set(re.findall("@([A-Z_]+)@", await stage.journal.explanation(message_id)))
        for entry in [entry for entry in whole if entry.get("MESSAGE_ID") == message_id]:
            unfilled = blanks - entry.keys()
            expect(not unfilled, f"{known[message_id]} came without {unfilled}: {message(entry)}")
    fields = "\n".join(f"{name}={value}" for entry in whole for name, value in entry.items())
    expect(stage.office.bot.token not in fields, "The journal has the bot's token.")
    lines = [message(entry) for entry in whole]
    bad = [n for n, line in enumerate(lines) if "Traceback" in line]
    expect(
        not bad, "The journal has a traceback:\n" + "\n".join(lines[bad[0] - 5 : bad[0] + 40]) if bad else ""
    )
    return f"{len(seen)} kinds of events, {len(whole)} entries"
