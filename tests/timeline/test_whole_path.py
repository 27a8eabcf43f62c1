"""When a real bot says that something was said, against the speaker's own clock; through the local Discord."""

import time
from contextlib import closing

import pytest

from notetaker.demo.script import FRAME_S
from notetaker.store.store import Store
from tests.harness.office import SENTENCE, Office

SECOND = 1_000_000_000


async def test_an_utterance_lasts_as_long_as_its_sound_and_begins_after_its_meeting(office: Office) -> None:
    """Although bursts of packets without sound, as Discord sends them, use up sequence numbers in between."""
    office.local.faults.padding_burst_chance = 0.1
    sent_ns: list[int] = []
    async with office.person("Ada") as ada, office.process("bot") as bot:
        await bot.until("Ready as Notetaker")
        assert (await office.says("startnotes")).startswith("🔴")
        await ada.speak(SENTENCE * 2, lambda _: sent_ns.append(time.time_ns()))
        await office.until_stored("Ada", 2 * len(SENTENCE))
        assert "I heard one person" in await office.says("stopnotes")
        assert await bot.terminate() == 0
    with closing(Store(f"sqlite:///{office.state / 'notetaker.db'}")) as store:
        [meeting] = store.meetings()
        [utterance] = store.utterances(meeting.id)
    assert meeting.started_ns <= utterance.started_ns
    assert utterance.started_ns == pytest.approx(sent_ns[0], abs=SECOND / 10)
    lasts_ns = utterance.ended_ns - utterance.started_ns
    assert lasts_ns == pytest.approx(2 * len(SENTENCE) * FRAME_S * SECOND, abs=SECOND / 10)
