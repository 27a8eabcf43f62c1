"""Starting and stopping; ``test_resuming`` has what comes after the process has ended."""

import asyncio
import errno
import logging
import os
import threading
from dataclasses import replace

import pytest

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Refused
from notetaker.model.meeting import MeetingState
from notetaker.store.database import Rejected, StoreError
from tests.harness.bench import ADA, GUILD, PLANNING, STANDUP, WISH, Bench, heard, join_failed
from tests.harness.office import SENTENCE


async def test_stopping_hands_the_meeting_over(bench: Bench) -> None:
    meeting = await bench.start()
    assert bench.meetings.meeting(GUILD) == meeting
    bench.voice.hear()
    stopped = await bench.stop()
    assert stopped is not None
    assert stopped.speakers == 1
    assert bench.meetings.meeting(GUILD) is None
    assert bench.store.meeting(meeting.id) == replace(stopped.meeting)
    assert bench.store.speakers(meeting.id) == {ADA: "Ada"}
    [utterance] = bench.store.utterances(meeting.id)
    assert bench.queue.states("transcribe", [utterance.id])
    assert bench.store.coverage(meeting.id) == [heard(len(SENTENCE))]
    assert bench.voice.here is None


async def test_a_meeting_keeps_the_kind_of_notes_that_was_chosen(bench: Bench) -> None:
    meeting = await bench.start(replace(WISH, kind="session"))
    kept = bench.store.meeting(meeting.id)
    assert kept and kept.kind == "session"


async def test_a_meeting_keeps_the_language_that_was_chosen(bench: Bench) -> None:
    meeting = await bench.start(replace(WISH, language="de"))
    await bench.stop()
    kept = bench.store.meeting(meeting.id)
    assert kept is not None
    assert kept.language == "de"


async def test_a_meeting_takes_what_the_server_has_set(bench: Bench) -> None:
    bench.store.set_for_guild(GUILD, "language", "de")
    bench.store.set_for_guild(GUILD, "time_zone", "Europe/Berlin")
    meeting = await bench.start()
    bench.store.set_for_guild(GUILD, "time_zone", "Asia/Tokyo")
    await bench.stop()
    kept = bench.store.meeting(meeting.id)
    assert kept is not None
    assert (kept.language, kept.time_zone) == ("de", "Europe/Berlin")
    meeting = await bench.start(replace(WISH, language="fr"))
    assert (meeting.language, meeting.time_zone) == ("fr", "Asia/Tokyo")
    await bench.stop()


@pytest.mark.parametrize("alone", [True, False])
async def test_who_starts_is_told_when_nobody_can_be_heard_yet(bench: Bench, alone: bool) -> None:
    bench.voice.alone = alone
    started = await bench.meetings.start(WISH, 1)
    assert started.nobody_to_hear == alone
    await bench.stop()


async def test_of_two_who_start_at_once_one_is_told_that_the_other_has(bench: Bench) -> None:
    results = await asyncio.gather(
        bench.start(),
        bench.start(replace(WISH, voice_channel_id=PLANNING)),
        return_exceptions=True,
    )
    [refused] = [result for result in results if isinstance(result, Refused)]
    running = bench.meetings.meeting(GUILD)
    assert running is not None
    assert str(refused) == replies.already_running(running)
    assert len(bench.store.meetings()) == 1
    await bench.meetings.close()


async def test_of_two_who_stop_at_once_one_finds_nothing_to_stop(bench: Bench) -> None:
    await bench.start()
    results = await asyncio.gather(bench.stop(), bench.stop())
    assert sorted(result is None for result in results) == [False, True]


async def test_a_join_that_is_hopeless_leaves_no_meeting(bench: Bench) -> None:
    bench.voice.failure = join_failed("The voice server demands DAVE (4017).", final=True)
    with pytest.raises(Refused, match=rf"^I couldn't join <#{STANDUP}>\. The voice server demands DAVE"):
        await bench.start()
    assert bench.store.meetings() == []
    assert bench.meetings.meeting(GUILD) is None
    bench.voice.failure = None
    await bench.start()
    await bench.meetings.close()


@pytest.mark.parametrize("call", ["guild_settings", "add_meeting"])
@pytest.mark.parametrize("error", [StoreError("database is locked"), Rejected("NotNullViolation")])
async def test_a_meeting_that_cannot_be_stored_is_not_begun(
    bench: Bench, error: Exception, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench.broken.calls, bench.broken.error = {call}, error
    with pytest.raises(Refused, match=r"^I can't start, because I can't save anything"):
        await bench.start()
    assert bench.voice.left == 1
    assert bench.meetings.meeting(GUILD) is None
    [record] = [one for one in caplog.records if one.levelno == logging.CRITICAL]
    assert bool(record.exc_info) == isinstance(error, Rejected), "that is a bug of ours"


async def test_what_the_store_refuses_is_stored_by_a_later_tick(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.broken.calls = {"add_utterance", "name_speaker"}
    meeting = await bench.start()
    bench.voice.hear()
    loop = asyncio.get_running_loop()
    await bench.tick(loop.time() + 60)
    await bench.tick(loop.time() + 60)
    assert bench.store.utterances(meeting.id) == []
    bench.broken.calls = set()
    await bench.tick(loop.time() + 60)
    await bench.tick(loop.time() + 60)
    assert len(bench.store.utterances(meeting.id)) == 1
    assert caplog.messages == [
        f"Cannot store meeting {meeting.id}, will retry: the database notetaker.db cannot be used: database is "
        "locked",
        f"Meeting {meeting.id} is stored again",
    ], "each once"
    await bench.stop()
    assert bench.store.speakers(meeting.id) == {ADA: "Ada"}


async def test_each_cause_for_which_a_meeting_cannot_be_stored_is_told_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    meeting = await bench.start()
    live = bench.recordings.live[0]
    with monkeypatch.context() as broken:

        def refuse() -> None:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))

        broken.setattr(live.recorder, "sync", refuse)
        for _ in range(3):
            await bench.tick()
            await bench.recordings.store()  # which the disk does not refuse
        bench.broken.calls = {"set_coverage"}
        await bench.recordings.store()
        await bench.tick()
    bench.broken.calls = set()
    await bench.stop()
    assert [message.replace(meeting.id, "1") for message in caplog.messages] == [
        "Cannot store meeting 1, will retry: [Errno 27] File too large",
        "Cannot store meeting 1, will retry: the database notetaker.db cannot be used: database is locked",
        "Meeting 1 is stored again",
    ]


async def test_an_end_that_the_store_refuses_is_stored_by_a_later_tick(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    bench.broken.calls = {"add_utterance", "end_meeting"}
    stopped = await bench.stop()
    assert stopped is not None
    [kept] = bench.store.meetings_in(MeetingState.RECORDING)
    assert kept.id == meeting.id
    bench.broken.calls = set()
    await bench.tick()
    assert bench.store.meeting(meeting.id) == stopped.meeting
    assert stopped.meeting.state is MeetingState.FINISHING
    assert len(bench.store.utterances(meeting.id)) == 1


async def test_a_tick_under_way_does_not_replace_the_last_counts_by_older_ones(bench: Bench) -> None:
    meeting = await bench.start()
    bench.voice.hear()
    await bench.tick()
    await bench.database(lambda: None)  # her name is stored: nothing holds up the stop below
    disk = threading.Event()

    async def speak_and_stop() -> None:
        bench.voice.hear()
        asyncio.get_running_loop().call_later(0.05, disk.set)
        await bench.stop()

    await asyncio.gather(bench.database(disk.wait, 20), bench.tick(), speak_and_stop())
    [coverage] = bench.store.coverage(meeting.id)
    assert coverage.stored == 2 * len(SENTENCE)


async def test_the_latest_command_wins_and_everyone_is_answered(bench: Bench) -> None:
    bench.voice.slow.clear()
    commands = [bench.join(STANDUP), bench.leave(), bench.join(PLANNING), bench.leave(), bench.join(STANDUP)]
    running = [asyncio.ensure_future(command) for command in commands]
    await asyncio.sleep(0)
    bench.voice.slow.set()
    results = await asyncio.gather(*running, return_exceptions=True)
    assert bench.voice.here == bench.voice.target == STANDUP
    assert results[-1] is None
    assert [str(one) for one in results[1:4]] == [replies.overtaken(STANDUP)] * 3


async def test_whoever_asks_to_leave_interrupts_a_join_that_takes_long(bench: Bench) -> None:
    bench.voice.slow.clear()
    starting = asyncio.ensure_future(bench.start())
    await asyncio.sleep(0)
    meeting = bench.meetings.meeting(GUILD)
    assert meeting is not None
    with pytest.raises(Refused, match=r"^I've been taking notes"):
        await bench.join(PLANNING)
    assert await bench.leave() is None
    with pytest.raises(Refused) as refused:
        await starting
    assert str(refused.value) == replies.overtaken(None)
    assert (bench.voice.here, bench.voice.target, bench.store.meetings()) == (None, None, [])


async def test_a_command_that_discord_delivers_late_does_not_undo_a_later_one(bench: Bench) -> None:
    await bench.meetings.join(GUILD, STANDUP, 1000)
    with pytest.raises(Refused) as refused:
        await bench.meetings.leave(GUILD, 999)
    assert str(refused.value) == replies.overtaken(STANDUP)
    assert bench.voice.here == STANDUP
    await bench.meetings.leave(GUILD, 1001)


async def test_a_command_for_what_is_so_already_counts_as_well(bench: Bench) -> None:
    bench.meetings.already_so(GUILD, 1000)
    with pytest.raises(Refused) as refused:
        await bench.meetings.join(GUILD, STANDUP, 999)
    assert str(refused.value) == replies.overtaken(None)
    assert bench.voice.target is None


async def test_a_join_without_success_goes_on_being_tried(bench: Bench) -> None:
    bench.voice.failure = join_failed("Tried 3 times without success.")
    with pytest.raises(Refused, match=rf"^I couldn't join <#{STANDUP}> yet\. Tried 3 times"):
        await bench.join(STANDUP)
    assert bench.meetings.wanted(GUILD) == STANDUP
    await bench.leave()
    assert bench.meetings.wanted(GUILD) is None


async def test_notes_that_cannot_begin_yet_begin_when_the_bot_is_in(bench: Bench) -> None:
    bench.voice.failure = join_failed("Tried 3 times without success.")
    started = await bench.meetings.start(WISH, 1)
    assert started.reason == "Tried 3 times without success."
    assert bench.meetings.meeting(GUILD) == started.meeting
    bench.voice.comes_in()
    bench.recordings.joined(GUILD)
    bench.voice.hear()
    stopped = await bench.stop()
    assert stopped is not None
    assert (stopped.speakers, stopped.connected) == (1, True)
    assert bench.texts == [replies.joined_at_last(started.meeting)]
    [gap] = bench.store.gaps(started.meeting.id)
    assert gap.started_ns == started.meeting.started_ns
    assert gap.cause == "the voice channel could not be joined: Tried 3 times without success."
    assert len(bench.store.utterances(started.meeting.id)) == 1


async def test_people_hear_at_once_that_the_bot_has_lost_the_channel_and_cannot_get_back(
    bench: Bench,
) -> None:
    await bench.start()
    bench.recordings.waiting(GUILD, "Tried 3 times without success.")
    await asyncio.sleep(0)
    assert bench.texts == [replies.still_away(STANDUP, "Tried 3 times without success.")]
    await bench.stop()
    bench.recordings.waiting(GUILD, "Tried 3 times without success.")
    await asyncio.sleep(0)
    assert len(bench.texts) == 1, "nobody talks in vain without a meeting"


async def test_notes_that_never_began_say_so(bench: Bench) -> None:
    bench.voice.failure = join_failed("Tried 3 times without success.")
    await bench.start()
    stopped = await bench.stop()
    assert stopped is not None
    assert not stopped.connected
    assert "I never got in" in replies.stopped(stopped)


async def test_people_are_told_when_a_moderator_deafens_the_bot_and_when_that_is_over(bench: Bench) -> None:
    meeting = await bench.start()
    assert bench.voice.sink is not None
    now = asyncio.get_running_loop().time()
    bench.voice.sink.deafened(now, True)
    await bench.tick(now)
    bench.voice.sink.deafened(now + 5, False)
    await bench.tick(now + 5)
    await bench.stop()
    assert bench.texts == [replies.deafened(STANDUP), replies.undeafened(STANDUP)]
    [gap] = bench.store.gaps(meeting.id)
    assert gap.cause == "a moderator had deafened the note-taker"
    assert gap.ended_ns - gap.started_ns == pytest.approx(5e9, abs=1000)
