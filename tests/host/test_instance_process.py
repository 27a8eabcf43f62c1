"""One bot per account, with the real command against the local Discord."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from notetaker.host.instance.account import bot_identity
from notetaker.host.instance.single import running_bot
from tests.harness.office import SENTENCE, Office
from tests.harness.people import in_voice
from tests.harness.process import WAIT_S
from tests.host.candidates import can_unshare

READY = "Ready as Notetaker"


async def test_a_second_checkout_with_the_token_is_refused_at_once_and_the_meeting_goes_on(
    office: Office, tmp_path: Path
) -> None:
    elsewhere = {"NOTETAKER_STATE_DIR": str(tmp_path / "another"), "HOME": str(tmp_path / "another home")}
    async with office.process("bot") as first, office.person("Ada") as ada:
        await first.until(READY)
        await office.says("startnotes")
        async with office.process("bot", **elsewhere) as second:
            assert await second.exit_code() == 69
            [sentence] = second.log.splitlines()
            assert sentence.startswith("notetaker: another bot is running with this token (process ")
            assert office.bot.token not in sentence
        await ada.speak(SENTENCE)
        assert "I heard one person" in await office.says("stopnotes")
        await first.kill()
    async with office.process("bot", **elsewhere) as second:
        await second.until(READY)
        assert await second.terminate() == 0


async def test_two_tokens_run_side_by_side(office: Office, tmp_path: Path) -> None:
    world = office.local.world
    other = world.add_bot("Scribe", owner=office.user("Ada"))
    world.add_member(office.guild, other)
    own = {"DISCORD_TOKEN": other.token, "NOTETAKER_STATE_DIR": str(tmp_path / "another")}
    async with office.process("bot") as first, office.process("bot", **own) as second:
        await first.until(READY)
        await second.until("Ready as Scribe")
        assert await second.terminate() == await first.terminate() == 0


async def test_the_bot_says_who_it_is_until_it_has_ended(office: Office, tmp_path: Path) -> None:
    identity = bot_identity(office.bot.token, office.local.api_url)
    nowhere = tmp_path / "nowhere"
    async with office.process("bot") as bot:
        await bot.until(READY)
        running = await asyncio.to_thread(running_bot, nowhere, identity)
        assert running is not None
        os.kill(int(running.split()[1]), signal.SIGKILL)
        assert await bot.exit_code() == -signal.SIGKILL
        assert running_bot(nowhere, identity) is None


async def test_a_process_on_another_host_is_named_in_the_log_once_and_to_everyone_who_asks(
    office: Office,
) -> None:
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        await office.says("joinvoice")
        async with in_voice(office.local, office.bot, office.guild.id, office.channel("Planning")):
            await bot.until("CRITICAL")
        duplicate = (await office.status())["voice"]["duplicate"]
        assert duplicate.startswith("Another process is using this bot's token: ")
        [message] = (await office.types("voicestatus"))["messages"]
        [embed] = message["embeds"]
        assert duplicate in [field["value"] for field in embed["fields"]]
        [line] = [line for line in bot.log.splitlines() if "CRITICAL" in line]
        assert duplicate in line


@pytest.mark.skipif(not can_unshare("--mount"), reason="mounts a file system")
@pytest.mark.parametrize("files", [1, 2, 3])
def test_a_bot_that_finds_the_disk_full_is_worth_another_start(tmp_path: Path, files: int) -> None:
    """Room for the state folder; for that of the meetings, too; and for the first of two locks."""
    bot = f'mount -t tmpfs -o mode=700,nr_inodes={files} none . && exec "$0" -W error -m notetaker.cli bot'
    state = {"NOTETAKER_STATE_DIR": str(tmp_path), "DISCORD_TOKEN": f"of-{tmp_path.name}"}
    ended = subprocess.run(
        ["unshare", "--mount", "sh", "-c", bot, sys.executable],
        env={"PATH": os.environ["PATH"], **state}, cwd=tmp_path,
        stderr=subprocess.PIPE, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert ended.returncode == 75, ended.stderr
    [sentence] = ended.stderr.splitlines()
    assert "(No space left on device): free some disk space." in sentence
