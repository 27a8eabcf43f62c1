"""The books of a meeting, kept from a journal that grows."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from notetaker.model.audio import AudioFrame
from notetaker.model.transcript import Gap as JournalGap
from notetaker.recording.writer import JournalWriter
from tests.campaigns.chaos.account import Account
from tests.campaigns.chaos.journal import Tail
from tests.campaigns.chaos.judge import judge
from tests.campaigns.chaos.truth import Delivered, Gap, Sent, Stored, opus

ADA, SSRC = 11, 1


class Meeting:
    """One person speaks; a test says what arrives and what is stored."""

    def __init__(self, folder: Path, **limits: float) -> None:
        self.given_up = 0
        self.began = time.time()
        self._arrived: list[Delivered] = []
        self.writer = JournalWriter(folder)
        self.writer.name_speaker(ADA, SSRC, self.ns(0))
        self.account = Account(folder, self._take, lambda: self.given_up, **limits)

    def ns(self, number: int) -> int:
        return round((self.began + 0.02 * number) * 1e9)

    def arrives(self, number: int) -> None:
        moment = self.began + 0.02 * number
        self.account.sent(Sent(ADA, number, moment))
        self._arrived.append(Delivered(SSRC, number, moment))

    def is_stored(self, number: int) -> None:
        self.writer.write(
            AudioFrame(ADA, SSRC, number, 960 * number, opus(ADA, number), 0.0), self.ns(number)
        )

    def _take(self) -> list[Delivered]:
        arrived, self._arrived = self._arrived, []
        return arrived


@pytest.fixture
def meeting(tmp_path: Path) -> Iterator[Meeting]:
    meeting = Meeting(tmp_path)
    yield meeting
    meeting.writer.close()


@pytest.fixture
def hurried(tmp_path: Path) -> Iterator[Meeting]:
    """One whose books wait neither for what is held nor for counts."""
    meeting = Meeting(tmp_path, held_s=0.0, counted_s=0.0)
    yield meeting
    meeting.writer.close()


async def settled_after(what: Callable[[], None], settling: asyncio.Task[None]) -> None:
    await asyncio.sleep(0)
    assert not settling.done()
    what()
    async with asyncio.timeout(5):
        await settling


async def test_a_window_of_which_everything_is_stored_is_settled_at_once(meeting: Meeting) -> None:
    for number in range(1, 50):
        meeting.arrives(number)
        meeting.is_stored(number)
    evidence = meeting.account.close_window()
    async with asyncio.timeout(1):
        await meeting.account.settle(evidence)
    assert len(evidence.stored) == 49
    assert judge(evidence).lost_though_received == 0


async def test_what_is_stored_in_the_next_window_belongs_to_its_own(meeting: Meeting) -> None:
    meeting.arrives(1)
    evidence = meeting.account.close_window()
    settling = asyncio.ensure_future(meeting.account.settle(evidence))
    meeting.arrives(2)
    meeting.is_stored(2)
    await settled_after(lambda: meeting.is_stored(1), settling)
    assert [packet.number for packet in evidence.late] == [1]
    assert [packet.number for packet in meeting.account.window.stored] == [2]
    assert judge(evidence).lost_though_received == 0


async def test_what_is_given_up_is_no_loss_of_the_window_and_is_counted_once(hurried: Meeting) -> None:
    hurried.given_up = 3
    windows = []
    for number in range(4):
        hurried.arrives(number)
        if number % 2:
            windows.append(hurried.account.close_window())
            await hurried.account.settle(windows[-1])
    assert [window.dropped for window in windows] == [2, 1]
    assert [judge(window).lost_though_received for window in windows] == [0, 1]


async def test_nothing_is_waited_for_when_the_meeting_is_over(hurried: Meeting) -> None:
    hurried.arrives(1)
    evidence = hurried.account.close_window()
    hurried.account.over = True
    async with asyncio.timeout(1):
        await hurried.account.settle(evidence)
    assert judge(evidence).lost_though_received == 1


def test_a_journal_is_read_on_from_where_it_was(tmp_path: Path, meeting: Meeting) -> None:
    tail = Tail(tmp_path)
    assert list(tail.new()) == []
    meeting.is_stored(1)
    [packet] = tail.new()
    assert isinstance(packet, Stored)
    assert (packet.user_id, packet.sent_by, packet.number) == (ADA, ADA, 1)
    meeting.writer.mark_gap(JournalGap(meeting.ns(2), meeting.ns(3), "voice session lost"))
    assert [event.cause for event in tail.new() if isinstance(event, Gap)] == ["voice session lost"]
    second = JournalWriter(tmp_path)
    second.name_speaker(ADA, 2, meeting.ns(4))
    second.write(AudioFrame(ADA, 2, 5, 0, opus(ADA, 2), 0.0), meeting.ns(5))
    assert [event.number for event in tail.new() if isinstance(event, Stored)] == [2]
    second.close()


def test_silence_has_no_sender(tmp_path: Path, meeting: Meeting) -> None:
    meeting.writer.write(AudioFrame(ADA, SSRC, 1, 960, b"\xf8\xff\xfe", 0.0), meeting.ns(1))
    [packet] = Tail(tmp_path).new()
    assert isinstance(packet, Stored)
    assert (packet.user_id, packet.sent_by) == (ADA, None)
