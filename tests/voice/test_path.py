"""UDP dies while the websocket is well: the bot notices, gets another session, and dates the gap back."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from notetaker.discordsim.speaker.link import VoiceLink
from notetaker.discordsim.voice.faults import Direction, Probe
from notetaker.model.audio import AudioFrame
from notetaker.model.failure import DeadPath, Failure, Step
from notetaker.model.voice import VoiceState
from notetaker.model.voice_status import VoicePhase
from notetaker.voice import presence
from notetaker.voice.decision import Stay, decide
from notetaker.voice.trace import reader
from notetaker.wire.path import Pace, Paces, PathWatch
from tests.voice.call import BOT, CHANNEL, GUILD, Call, Recording, a_call, until

ADA = 501
FRAME = b"\xfc" + bytes(60)
LONG_S = 600.0
"""Ended by the test itself."""

SPEAKING, SILENT = Pace(0.15, 0.04, 6), Pace(0.5, 0.125, 8)
PACES = Paces(SILENT, SPEAKING, unheard_s=1.0)
"""A tenth of the real times, and less."""
SILENT_PATH = "The network path to Discord's voice server was dead."
MOVED_PATH = (
    "The network path from Discord's voice server was dead, because our address on the internet had changed."
)


@dataclass
class Reasons(Recording):
    """A sink that remembers why sessions were closed, and when the last frame came."""

    reasons: list[str] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)

    def frame(self, frame: AudioFrame) -> None:
        super().frame(frame)
        self.arrivals.append(frame.arrival)

    def session_closed(self, now: float, reason: str) -> None:
        self.reasons.append(reason)
        super().session_closed(now, reason)


def a_hole(direction: Direction) -> Callable[[Call], None]:
    return lambda call: call.faults.blackhole(BOT, LONG_S, direction=direction)


def rebind(call: Call) -> None:
    assert call.server.rebind(BOT) == 1


def mend(call: Call) -> None:
    for direction in Direction:
        call.faults.blackhole(BOT, 0, direction=direction)


def watch(call: Call) -> PathWatch:
    """That of the live connection."""
    connection = call.manager._guilds[GUILD].reception.connection
    assert connection is not None
    return connection.session.path


async def speak(ada: VoiceLink) -> None:
    while True:
        await ada.send_audio(FRAME)
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("strike", "cause", "reason"),
    [
        pytest.param(a_hole(Direction.BOTH), DeadPath.SILENT, SILENT_PATH, id="both ways"),
        pytest.param(a_hole(Direction.TO_USER), DeadPath.SILENT, SILENT_PATH, id="towards us"),
        pytest.param(rebind, DeadPath.MOVED, MOVED_PATH, id="moved"),
    ],
)
@pytest.mark.parametrize("silence", [False, True])
async def test_a_dead_path_brings_a_new_session(
    tmp_path: Path,
    strike: Callable[[Call], None],
    cause: DeadPath,
    reason: str,
    silence: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    async with a_call(tmp_path, paces=PACES) as call:
        recording = Reasons()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            speaking = asyncio.ensure_future(speak(ada))
            await recording.until_heard(ADA, 5)
            if silence:
                speaking.cancel()
                ada.speaking(0)
                await ada._udp.flush()
            strike(call)
            struck = call.clock.time()
            await until(lambda: call.gateway.asked == [CHANNEL] * 2)
            mend(call)
            await recording.until_event("opened", 2)
            before = len(recording.arrivals)
            if silence:
                speaking = asyncio.ensure_future(speak(ada))
            await recording.until_heard(ADA, before + 5)
            speaking.cancel()
        assert recording.reasons == [reason]
        assert recording.closed_at[0] <= max(struck, recording.arrivals[before - 1]) + 0.05
        assert call.gateway.asked == [CHANNEL] * 2, "it has not left the channel"
        assert await call.joined.get() == GUILD, "people are told"
        status = call.manager.status()
        assert status.totals.dead_paths == 1
        assert [guild.phase for guild in status.guilds] == [VoicePhase.CONNECTED]
        first = reader.latest(tmp_path / "traces", 10)[0]
        assert [line["event"] for line in first.lines].count("path dead") == 1
        assert first.failure() == Failure(Step.ESTABLISHED, path=cause)
        told = [message for message in caplog.messages if message.startswith("Voice ended")]
        assert told == [f"Voice ended in guild {GUILD}: {reason}"], (
            "that the old session is closed is no news"
        )


async def test_silence_on_a_path_that_is_well_changes_nothing(tmp_path: Path) -> None:
    async with a_call(tmp_path, paces=PACES) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA):
            await until(lambda: watch(call)._ponged > 2 * SPEAKING.tries, within_s=20)
        assert recording.events.count("opened") == 1
        assert call.gateway.asked == [CHANNEL]


@pytest.mark.parametrize("ignored", [Probe.PING, Probe.DISCOVERY])
async def test_one_kind_of_answer_is_enough(tmp_path: Path, ignored: Probe) -> None:
    async with a_call(tmp_path, paces=PACES._replace(unheard_s=LONG_S)) as call:
        call.faults.ignore(BOT, ignored)
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA):
            await until(lambda: watch(call)._pings > 2 * SPEAKING.tries, within_s=20)
        assert call.gateway.asked == [CHANNEL]
        call.faults.blackhole(BOT, LONG_S)
        await until(lambda: call.gateway.asked == [CHANNEL] * 2)
        mend(call)
        await recording.until_event("opened", 2)


async def test_a_server_that_answers_nothing_is_left_once(tmp_path: Path) -> None:
    async with a_call(tmp_path, paces=PACES) as call:
        for probe in Probe:
            call.faults.ignore(BOT, probe)
        recording = Reasons()
        await call.manager.join(GUILD, CHANNEL, recording)
        await until(lambda: watch(call)._unanswered > SILENT.tries)
        assert call.gateway.asked == [CHANNEL], "silence alone is no reason"
        async with call.speaker(ADA) as ada:
            await ada.send_audio(FRAME)
            await recording.until_heard(ADA, 1)
            ada.speaking(1)
            await recording.until_event("opened", 2)  # marked as speaking, and not heard
            assert "although somebody was marked as speaking" in recording.reasons[0]
            assert recording.closed_at[0] <= recording.arrivals[0] + 0.05
            ada.speaking(1)
            await until(lambda: watch(call).dead is DeadPath.UNHEARD, within_s=15)
            assert call.gateway.asked == [CHANNEL] * 2, "but not over and over"


async def test_a_path_that_stays_dead_ends_in_the_usual_rest(tmp_path: Path) -> None:
    async with a_call(tmp_path, paces=PACES, attempts=1, timeout_s=2) as call:
        call.clock.deadlines[presence.WHAT_NEXT_S] = 0.05
        recording = Reasons()
        await call.manager.join(GUILD, CHANNEL, recording)
        async with call.speaker(ADA) as ada:
            await ada.send_audio(FRAME)
            await recording.until_heard(ADA, 1)
            call.faults.blackhole(BOT, LONG_S)
            assert Step.DISCOVER in await asyncio.wait_for(call.waiting.get(), 20)
            assert decide(call.manager._guilds[GUILD].facts) == Stay(), "no hammering"
            mend(call)
            call.clock.skip(120)
            await call.manager.check()
            await recording.until_event("opened", 2)
            assert recording.reasons == [SILENT_PATH]
            assert recording.closed_at[0] <= recording.arrivals[0] + 0.05
            assert call.manager.status().totals.dead_paths == 1


async def test_a_session_that_ends_while_its_path_is_in_doubt_was_silent_since_then(tmp_path: Path) -> None:
    async with a_call(tmp_path, paces=PACES) as call:
        recording = Recording()
        await call.manager.join(GUILD, CHANNEL, recording)
        connection = call.manager._guilds[GUILD].reception.connection
        assert connection is not None
        await until(lambda: connection.session.path._ponged)
        call.faults.blackhole(BOT, LONG_S)
        struck = call.clock.time()
        await until(lambda: connection.session.unproven_since)
        call.server.hang_up(BOT, 4006)
        await connection.ended
        mend(call)
        await recording.until_event("opened", 2)
        assert recording.closed_at[0] <= struck
        assert call.manager.status().totals.dead_paths == 0


async def test_a_bot_that_a_moderator_has_deafened_does_not_wonder_that_it_hears_nobody(
    tmp_path: Path,
) -> None:
    async with a_call(tmp_path, paces=PACES) as call:
        for probe in Probe:
            call.faults.ignore(BOT, probe)
        await call.manager.join(GUILD, CHANNEL, Recording())
        call.gateway.tell(VoiceState(GUILD, CHANNEL, BOT, "session 1", deaf=True))
        async with call.speaker(ADA):
            await until(lambda: watch(call).dead is DeadPath.UNHEARD, within_s=15)
            assert call.gateway.asked == [CHANNEL]
            call.gateway.tell(VoiceState(GUILD, CHANNEL, BOT, "session 1"))
            await until(lambda: call.gateway.asked == [CHANNEL] * 2, within_s=8)
