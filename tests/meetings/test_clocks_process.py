"""Real bots under a wall clock that leaps during a meeting, as NTP makes it, against the local Discord."""

import time
from contextlib import closing
from pathlib import Path

import pytest

from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.store.store import Store
from tests.harness.office import SENTENCE, Office
from tests.harness.process import Process

SECOND = 1_000_000_000
CRASHED = "the note-taker had stopped unexpectedly"


class WallClock:
    def __init__(self, folder: Path) -> None:
        self._file = folder / "ahead"
        self.set(0)
        self.settings = {"AT_START": "import wall_clock", "WALL_CLOCK": str(self._file)}
        """For the environment of a process."""

    def set(self, ahead_s: float) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(str(ahead_s))
        part.replace(self._file)


async def say(office: Office, ada: Speaker, packets: int) -> None:
    await ada.speak(SENTENCE)
    await office.until_stored("Ada", packets)


async def lose_voice_session(office: Office, bot: Process) -> None:
    await office.sim(
        "faults", kind="voice_close", user_id=str(office.bot.id), guild_id=str(office.guild.id), code=4006
    )
    await bot.until(": gap of ")


@pytest.mark.parametrize("ahead_s", [(-3600, 0), (7200, -7200)])
async def test_notes_of_a_meeting_in_which_the_clock_was_set_tell_all_in_order(
    office: Office, tmp_path: Path, ahead_s: tuple[float, float]
) -> None:
    """Set before another voice session, and again while the bot is down."""
    clock = WallClock(tmp_path)
    began = time.monotonic()
    async with office.person("Ada") as ada:
        async with office.process("bot", **clock.settings) as bot:
            await bot.until("Ready as Notetaker")
            assert (await office.says("startnotes")).startswith("🔴")
            await say(office, ada, len(SENTENCE))
            clock.set(ahead_s[0])
            await lose_voice_session(office, bot)
            await say(office, ada, 2 * len(SENTENCE))
            await bot.kill()
        clock.set(ahead_s[1])
        async with (
            office.process("bot", **clock.settings) as bot,
            office.process("worker", DISCORD_TOKEN="") as worker,
        ):
            await bot.until(f" s: {CRASHED}")  # the gap, which ends with the next session
            await say(office, ada, len(SENTENCE))
            assert "I heard one person" in await office.says("stopnotes")
            await bot.until(" posted")
            assert await bot.terminate() == 0
            assert await worker.terminate() == 0
            assert "Traceback" not in bot.log + worker.log
    lasted_ns = (time.monotonic() - began) * SECOND
    with closing(Store(f"sqlite:///{office.state / 'notetaker.db'}")) as store:
        [meeting] = store.meetings()
        utterances, gaps = store.utterances(meeting.id), store.gaps(meeting.id)
    assert [one.clip.segment for one in utterances] == [1, 2, 3]
    assert [gap.cause for gap in gaps][-1] == CRASHED
    first, second, third = utterances
    lost, crashed = gaps
    assert meeting.ended_ns is not None
    parts = first, lost, second, crashed, third
    order = [meeting.started_ns, *(part.started_ns for part in parts), third.ended_ns, meeting.ended_ns]
    assert order == sorted(order)
    assert all(part.started_ns < part.ended_ns for part in parts)
    assert meeting.ended_ns - meeting.started_ns < lasted_ns
    [notes] = [message for message in office.messages() if message.attachments]
    assert notes.attachments[0].data.decode().count("**Ada:**") == 3
