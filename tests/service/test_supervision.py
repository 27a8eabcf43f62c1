"""What the real bot and worker say of themselves to systemd: ready, status, reloading, stopping."""

import signal
import sqlite3
from pathlib import Path

from tests.harness.office import SENTENCE, Office
from tests.harness.process import Process
from tests.harness.watchdog import Watchdog, a_watchdog


async def reloaded(bot: Process, watchdog: Watchdog) -> list[str]:
    """What is said from SIGHUP to the word that the bot is ready again, and the status with it."""
    before = len(watchdog.heard)
    bot.send_signal(signal.SIGHUP)
    await watchdog.until(lambda: "READY=1" in watchdog.heard[before:])
    return watchdog.heard[before:]


async def test_the_status_is_what_a_person_wants_to_know(office: Office, tmp_path: Path) -> None:
    async with (
        a_watchdog() as watchdog,
        office.process("bot", **watchdog.settings) as bot,
        office.person("Ada") as ada,
    ):
        await watchdog.until_heard("READY=1")
        assert watchdog.heard[0].startswith("STATUS=Waiting for Discord since ")
        await watchdog.until_heard("STATUS=No meeting, in ")
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        await watchdog.until_heard("STATUS=1 meeting, 1 person heard, 0 reconnecting")
        assert await bot.terminate() == 0


async def test_a_bot_that_stops_says_so_at_once_and_nothing_after_it(office: Office, tmp_path: Path) -> None:
    async with (
        a_watchdog() as watchdog,
        office.process("bot", **watchdog.settings) as bot,
        office.person("Ada") as ada,
    ):
        await watchdog.until_heard("READY=1")
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        assert await bot.terminate() == 0
        await watchdog.until_heard("STOPPING=1")
        assert watchdog.heard[-2:] == [
            "STOPPING=1",
            "STATUS=Leaving voice channels; meetings resume after a restart",
        ]
        assert office.bot.id not in office.guild.voice_states


async def test_while_it_still_writes_a_bot_that_stops_asks_for_more_time(
    office: Office, tmp_path: Path
) -> None:
    async with (
        a_watchdog() as watchdog,
        office.process("bot", **watchdog.settings) as bot,
        office.person("Ada"),
    ):
        await watchdog.until_heard("READY=1")
        await office.says("startnotes")
        database = sqlite3.connect(office.state / "notetaker.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")  # as a backup does, or a file system that is slow
        bot.send_signal(signal.SIGTERM)
        await watchdog.until_heard("EXTEND_TIMEOUT_USEC=60000000")
        database.execute("ROLLBACK")
        database.close()
        assert await bot.exit_code() == 0


async def test_a_reload_changes_what_can_change_and_names_what_cannot(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "notetaker.env"
    file.write_text("LOG_LEVEL=INFO\nVOICE_RETRY_ATTEMPTS=1\nMETRICS_PORT=\n")
    async with (
        a_watchdog() as watchdog,
        office.process(
            "bot",
            **watchdog.settings,
            NOTETAKER_ENV_FILE=str(file),
            LOG_LEVEL="INFO",
            VOICE_RETRY_ATTEMPTS="1",
            VOICE_CONNECTION_TIMEOUT="10",
        ) as bot,
        office.person("Ada"),
    ):
        await watchdog.until_heard("READY=1")
        await office.sim("faults", kind="refuse_identify", user_id=str(office.bot.id), code=4006, times=3)
        assert "Tried once without success" in await office.says("joinvoice")
        await office.says("leavevoice")

        file.write_text("LOG_LEVEL=DEBUG\nVOICE_RETRY_ATTEMPTS=2\nVOICE_DEBUG=1\nMETRICS_PORT=9464\n")
        said = await reloaded(bot, watchdog)
        assert [one.partition("=")[0] for one in said[:3]] == ["RELOADING", "MONOTONIC_USEC", "READY"]
        assert said[3].endswith("; METRICS_PORT will change after a restart")
        await bot.until("notetaker.env: LOG_LEVEL, VOICE_DEBUG, VOICE_RETRY_ATTEMPTS\n")
        await bot.until("METRICS_PORT can only be changed by a restart")
        assert "Tried 2 times without success" in await office.says("joinvoice")
        assert len(list((office.state / "voice-traces").iterdir())) == 2

        file.write_text("VOICE_RETRY_ATTEMPTS=many\n")
        said = await reloaded(bot, watchdog)
        assert said[3].endswith("; reloading the settings failed")
        await bot.until(
            "Reload failed, keeping the current settings: VOICE_RETRY_ATTEMPTS is invalid: input should be a valid "
            "integer"
        )

        file.write_text("")
        assert await reloaded(bot, watchdog)
        await bot.until("notetaker.env: LOG_LEVEL, VOICE_DEBUG, VOICE_RETRY_ATTEMPTS\n")
        assert await bot.terminate() == 0
        assert bot.log.count("notetaker.env: LOG_LEVEL, VOICE_DEBUG, VOICE_RETRY_ATTEMPTS\n") == 2
