"""Starts that succeed, and those that must not be tried again."""

from __future__ import annotations

import re
import time

from notetaker.host.exit_codes import ExitCode
from notetaker.model import events
from notetaker.model.events import Event
from tests.campaigns.supervised.patience import expect, until
from tests.campaigns.systemd.journal import message
from tests.campaigns.systemd.stage import PROGRAM, Stage

AWAY_S = 10.0
"""Discord, when the bot starts."""


async def no_token(stage: Stage) -> str:
    """Started without a token: exit code 78, and no second try"""
    await stage.installed()
    await stage.bot.stop()
    stage.token("")
    return await _refuses(stage, ExitCode.CONFIGURATION, events.SETTINGS_WRONG)


async def bad_token(stage: Stage) -> str:
    """A token that Discord rejects: exit code 77, and no second try"""
    await stage.installed()
    await stage.bot.stop()
    stage.token("MTIzNDU2Nzg5.Gabcde.a-token-that-nobody-gave-out")
    return await _refuses(stage, ExitCode.TOKEN_REJECTED, events.TOKEN_REJECTED)


async def wrong_setting(stage: Stage) -> str:
    """A malformed setting: exit code 78, and no second try"""
    await stage.installed()
    await stage.bot.stop()
    stage.set(VOICE_RETRY_ATTEMPTS="three")
    try:
        said = await _refuses(stage, ExitCode.CONFIGURATION, events.SETTINGS_WRONG)
    finally:
        stage.set(VOICE_RETRY_ATTEMPTS="3")
    expect("VOICE_RETRY_ATTEMPTS" in said, f"The setting is not named: {said}")
    return said


async def start(stage: Stage) -> str:
    """`systemctl start notetaker.target`: ready when connected to Discord"""
    stage.journal.mark()
    await stage.running()
    state = await stage.bot.state()
    expect(state.restarts == 0, f"It needed {state.restarts} restarts.")
    [entry] = await stage.journal.the(events.READY)
    expect(entry["PRIORITY"] == "6", f"The priority of “Ready” is {entry['PRIORITY']}.")
    expect(entry["_UID"] != "0", "The bot runs as root.")

    async def worker_runs() -> bool:
        return (await stage.worker.state()).runs

    await until(worker_runs, 60, "The worker does not get ready.")
    worker = await stage.worker.state()
    expect("whisper-base" in worker.status, f"Whisper does not work in the worker's sandbox: {worker.status}")
    return f"{message(entry)}; “{state.status}”; “{worker.status}”"


async def without_discord(stage: Stage) -> str:
    """Discord away at the start: `systemctl start notetaker.target` does not wait, as no boot may; the bot does"""
    await stage.running()
    await stage.target.stop()
    await stage.fault("outage", seconds=AWAY_S)
    began = time.monotonic()
    await stage.target.start()
    took = time.monotonic() - began
    state = await stage.bot.state()
    expect(took < AWAY_S / 2 and state.active == "activating", f"After {took:.1f} s, the bot is {state}.")
    await stage.running()
    return f"started after {took:.1f} s, ready after {time.monotonic() - began:.1f} s"


async def disabled(stage: Stage) -> str:
    """A bot that is disabled is not started with the target, the worker is"""
    await stage.running()
    await stage.target.stop()
    await stage.container.check("systemctl", "disable", stage.bot.name)
    try:
        await stage.target.start()
        state, worker = await stage.bot.state(), await stage.worker.state()
    finally:
        await stage.container.check("systemctl", "enable", stage.bot.name)
    expect(state.active == "inactive" and worker.pid, f"The bot is {state}, the worker {worker}.")
    return ""


async def second_bot(stage: Stage) -> str:
    """A second bot with the same token: exit code 69, and it names the first one"""
    async with stage.undisturbed():
        state = await stage.bot.state()
        answers = set()
        for user in ("notetaker", "nobody"):
            done = await stage.as_user(
                user, PROGRAM, "bot",
                DISCORD_TOKEN=stage.office.bot.token,
                DISCORD_API_BASE_URL=stage.office.local.api_url,
                NOTETAKER_STATE_DIR=f"/tmp/{user}",
            )  # fmt: skip
            expect(done.code == ExitCode.ALREADY_RUNNING, f"As {user}: {done}")
            expect(f"process {state.pid} " in done.output, f"Process {state.pid} is not named: {done.output}")
            answers.add(done.output.strip())
    return re.sub(r"(MT|Nz|OD)\S+", "…", answers.pop())


async def _refuses(stage: Stage, code: ExitCode, event: Event) -> str:
    """Returns what it says."""
    before = await stage.bot.state()
    stage.journal.mark()
    await stage.container.run("systemctl", "start", stage.bot.name)  # whether it fails or is not waited for
    state = await stage.bot.ended()
    stage.token(stage.office.bot.token)
    expect(state.exit_code == code, f"The exit code is {state.exit_code} instead of {code}: {state}")
    expect(state.result == "exit-code" and state.active == "failed", f"systemd calls it {state}.")
    expect(state.restarts == before.restarts, "It was started again.")
    [entry] = await stage.journal.the(event)
    expect(entry["PRIORITY"] == "2", f"The priority is {entry['PRIORITY']}.")
    return message(entry)
