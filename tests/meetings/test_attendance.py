"""Who is in the room, on a real recorder, store and job queue. Voice and Discord are stand-ins."""

import asyncio
from dataclasses import replace

import pytest

from notetaker.discordbot import replies
from notetaker.meetings.attendance import SHOW_AGAIN_S
from notetaker.model.meeting import Meeting, MeetingState, Place
from notetaker.model.room import Room
from notetaker.model.transcript import EMPTY, MOVED, UNSHOWN
from notetaker.model.voice import Admission
from tests.harness.bench import ADA, GENERAL, GUILD, PLANNING, STANDUP, Bench

BEN, CHLOE, ROBOT = 43, 44, 666
ROOM = Room(STANDUP, "Standup", frozenset({ADA}), chat=True)
OTHER = Room(PLANNING, "Planning", frozenset({ADA, CHLOE}), chat=True)


class Office:
    """A bench on which people come and go."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    async def shows(self, room: Room) -> None:
        """Discord shows this room from now on, which the bot notices."""
        self.bench.discord.rooms[room.channel_id] = room
        self.bench.recordings.look(GUILD)
        await self.settle()

    async def wait(self, seconds: float) -> None:
        self.bench.later_s += seconds
        self.bench.recordings.tick(self.now)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)

    async def has_ended(self) -> bool:
        """Whether the meeting has ended, once all is done for that."""
        async with self.bench.recordings.locks[GUILD]:
            pass
        await self.settle()
        return self.bench.meetings.meeting(GUILD) is None

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time() + self.bench.later_s

    async def move(self, channel_id: int) -> None:
        """A moderator moves the bot."""
        self.bench.voice.target = self.bench.voice.here = channel_id
        self.bench.recordings.moved(GUILD)
        await self.settle()

    def said(self, channel_id: int) -> list[str]:
        return [text for where, text in self.bench.discord.said if where == channel_id]


async def begin(bench: Bench, room: Room = ROOM) -> tuple[Office, Meeting]:
    bench.discord.rooms[STANDUP] = room
    meeting = await bench.start()
    office = Office(bench)
    await office.settle()
    return office, meeting


async def test_people_in_the_room_are_told_in_its_own_chat(bench: Bench) -> None:
    office, meeting = await begin(bench)
    await office.wait(1)
    assert office.said(STANDUP) == [replies.recording_here(meeting)]
    assert bench.voice.admission == Admission(STANDUP)
    await bench.stop()


async def test_where_the_first_message_is_refused_nobody_is_recorded_until_one_arrives(bench: Bench) -> None:
    bench.discord.closed = {STANDUP}
    office, meeting = await begin(bench)
    await office.wait(1)
    assert bench.voice.admission == Admission(None)
    assert office.said(GENERAL) == [replies.not_recording(replies.cannot_show(STANDUP))]
    await office.wait(SHOW_AGAIN_S + 1)
    assert bench.voice.admission == Admission(None)
    bench.discord.closed = set()
    await office.wait(SHOW_AGAIN_S + 1)
    assert bench.voice.admission == Admission(STANDUP)
    assert office.said(STANDUP) == [replies.recording_here(meeting)]
    await bench.stop()


async def test_a_newcomer_is_told_once(bench: Bench) -> None:
    office, _ = await begin(bench)
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN, CHLOE})))
    await office.shows(ROOM)
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN})))
    assert office.said(STANDUP)[1:] == [replies.newcomers([BEN, CHLOE])]
    assert office.said(STANDUP)[1].startswith(f"<@{BEN}>, <@{CHLOE}>: notes are being taken here")
    await bench.stop()


async def test_a_newcomer_who_was_not_told_is_told_again_or_nobody_is_recorded(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.discord.closed = {STANDUP}
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN})))
    bench.discord.closed = set()
    await office.wait(SHOW_AGAIN_S - 5)
    assert office.said(STANDUP)[1:] == []
    await office.wait(6)
    assert office.said(STANDUP)[1:] == [replies.newcomers([BEN])]
    bench.discord.closed = {STANDUP}
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN, CHLOE})))
    assert bench.voice.admission == Admission(STANDUP)
    await office.wait(SHOW_AGAIN_S + 1)
    await office.wait(1)
    assert bench.voice.admission == Admission(None)
    bench.discord.closed = set()
    await office.wait(SHOW_AGAIN_S + 1)
    assert bench.voice.admission == Admission(STANDUP)
    assert office.said(STANDUP)[2:] == [replies.recording_here(meeting)]
    await office.wait(SHOW_AGAIN_S + 1)
    assert office.said(STANDUP)[3:] == [], "all have been told"
    await bench.stop()


async def test_an_empty_room_pauses_at_once_and_ends_the_meeting_after_the_grace(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.voice.hear()
    await office.wait(10)
    await office.shows(replace(ROOM, people=frozenset(), bots=frozenset({ROBOT})))
    assert bench.voice.admission == Admission(None)
    await office.wait(59)
    assert bench.meetings.meeting(GUILD) == meeting
    await office.wait(2)
    assert await office.has_ended()
    await bench.recordings.store()
    assert office.said(GENERAL) == [replies.stopped_unasked(meeting, replies.ROOM_EMPTY)]
    kept = bench.store.meeting(meeting.id)
    assert kept is not None
    assert kept.state is MeetingState.FINISHING
    assert kept.ended_ns is not None
    assert 9e9 < kept.ended_ns - meeting.started_ns < 30e9, "it ended when the last one left"
    assert bench.store.gaps(meeting.id) == []
    assert len(bench.store.utterances(meeting.id)) == 1, "what was said before is kept"


async def test_who_comes_back_within_the_grace_is_recorded_again(bench: Bench) -> None:
    office, meeting = await begin(bench)
    await office.shows(replace(ROOM, people=frozenset()))
    await office.wait(50)
    await office.shows(ROOM)
    assert bench.voice.admission == Admission(STANDUP)
    await office.wait(100)
    await bench.stop()
    [pause] = bench.store.gaps(meeting.id)
    assert (pause.cause, round((pause.ended_ns - pause.started_ns) / 1e9)) == (EMPTY, 50)
    assert len(office.said(STANDUP)) == 1, "they had been told"


async def test_bots_are_refused_unless_the_server_wants_them(bench: Bench) -> None:
    await begin(bench, replace(ROOM, bots=frozenset({ROBOT})))
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    await bench.stop()
    await bench.settings.set(GUILD, "record_bots", True)
    await bench.start()
    assert bench.voice.admission == Admission(STANDUP)
    await bench.stop()


async def test_the_grace_is_the_servers(bench: Bench) -> None:
    await bench.settings.set(GUILD, "empty_grace_s", 5)
    office, _ = await begin(bench, replace(ROOM, people=frozenset()))
    await office.wait(6)
    assert await office.has_ended()


async def test_moved_by_a_moderator_it_says_so_there_and_goes_on_as_a_new_part(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.discord.rooms[PLANNING] = OTHER
    await office.move(PLANNING)
    assert office.said(PLANNING) == [replies.moved_here(meeting, STANDUP)]
    assert office.said(GENERAL) == [replies.moved_to(PLANNING)]
    assert bench.voice.admission == Admission(PLANNING)
    await office.shows(replace(OTHER, people=OTHER.people | {BEN}))
    assert office.said(PLANNING)[1:] == [replies.newcomers([BEN])]
    await office.shows(replace(OTHER, name="Plans"))
    await bench.stop()
    first, second = bench.store.places(meeting)
    assert first == meeting.first_place
    assert second == Place(second.started_ns, PLANNING, "Plans")
    assert [one.cause for one in bench.store.gaps(meeting.id)] in ([], [MOVED])


async def test_nobody_there_is_recorded_before_they_have_been_told(bench: Bench) -> None:
    office, _ = await begin(bench)
    bench.discord.rooms[PLANNING] = OTHER
    bench.voice.target = PLANNING
    bench.recordings.moved(GUILD)
    await office.settle()
    assert (bench.voice.admission, office.said(PLANNING)) == (Admission(None), [])
    bench.voice.here = PLANNING
    bench.recordings.moved(GUILD)
    assert bench.voice.admission == Admission(None)
    await office.settle()
    assert bench.voice.admission == Admission(PLANNING)
    await bench.stop()


async def test_where_it_may_not_record_it_is_silent_and_says_why_where_the_notes_go(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.discord.rooms[PLANNING] = replace(OTHER, chat=False)
    await office.move(PLANNING)
    await office.wait(30)
    why = replies.not_recording(replies.cannot_show(PLANNING))
    assert (office.said(PLANNING), office.said(GENERAL)) == ([], [why])
    assert bench.voice.admission == Admission(None)
    await office.move(STANDUP)
    assert bench.voice.admission == Admission(STANDUP)
    await bench.stop()
    assert bench.store.places(meeting) == [meeting.first_place]
    [pause] = bench.store.gaps(meeting.id)
    assert pause.cause == MOVED


async def test_a_message_that_does_not_arrive_shows_nothing(bench: Bench) -> None:
    office, _ = await begin(bench)
    bench.discord.rooms[PLANNING] = OTHER
    bench.discord.closed = {PLANNING}
    await office.move(PLANNING)
    assert bench.voice.admission == Admission(None)
    assert office.said(GENERAL) == [replies.not_recording(replies.cannot_show(PLANNING))]
    await office.move(STANDUP)
    assert bench.voice.admission == Admission(STANDUP), "it failed elsewhere"
    await office.move(PLANNING)
    assert bench.voice.admission == Admission(None)
    bench.discord.closed = set()
    await office.wait(SHOW_AGAIN_S + 1)
    assert bench.voice.admission == Admission(PLANNING)
    await bench.stop()


async def test_without_a_chat_the_mark_shows_it_and_comes_off_at_the_end(bench: Bench) -> None:
    secret = replace(ROOM, chat=False)
    office, meeting = await begin(bench, replace(secret, markable=True))
    assert bench.discord.marked == STANDUP
    assert bench.voice.admission == Admission(STANDUP)
    await office.shows(secret)
    assert bench.voice.admission == Admission(None)
    assert office.said(GENERAL) == [replies.not_recording(replies.cannot_show(STANDUP))]
    await office.wait(20)
    await office.shows(replace(secret, seen=True))
    await bench.stop()
    assert not bench.discord.marked
    assert [gap.cause for gap in bench.store.gaps(meeting.id)] == [UNSHOWN]


async def test_a_mark_does_not_stay_where_the_bot_no_longer_is(bench: Bench) -> None:
    office, _ = await begin(bench, replace(ROOM, chat=False, markable=True))
    bench.discord.rooms[PLANNING] = OTHER
    await office.move(PLANNING)
    assert bench.voice.admission == Admission(PLANNING)
    assert not bench.discord.marked
    await bench.stop()


async def test_a_mark_that_was_taken_off_is_set_again_before_anybody_is_recorded(bench: Bench) -> None:
    office, _ = await begin(bench, replace(ROOM, chat=False, markable=True))
    await bench.discord.unmark(GUILD, STANDUP)
    bench.recordings.look(GUILD)
    assert bench.voice.admission == Admission(None)
    await office.settle()
    assert bench.discord.marked == STANDUP
    assert bench.voice.admission == Admission(STANDUP)
    await bench.stop()


async def test_a_lost_permission_ends_the_meeting_with_its_notes(bench: Bench) -> None:
    office, meeting = await begin(bench)
    await office.shows(replace(ROOM, failure="I need the Connect permission."))
    assert await office.has_ended()
    text = replies.stopped_unasked(meeting, "I need the Connect permission.")
    assert (office.said(GENERAL)[-1], office.said(STANDUP)[-1]) == (text, text)


async def test_removed_from_the_server_it_writes_to_who_started_the_meeting(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.discord.closed = {GENERAL, STANDUP}
    await office.shows(Room(STANDUP, failure=replies.GUILD_GONE, gone=True))
    assert await office.has_ended()
    assert office.said(meeting.started_by) == [replies.stopped_unasked(meeting, replies.GUILD_GONE)]


async def test_an_outage_changes_nothing(bench: Bench) -> None:
    office, meeting = await begin(bench)
    del bench.discord.rooms[STANDUP]
    await office.wait(1000)
    assert bench.meetings.meeting(GUILD) == meeting
    assert bench.voice.admission == Admission(STANDUP)
    await bench.stop()


async def test_whom_only_voice_sees_is_there_and_is_told(bench: Bench) -> None:
    office, meeting = await begin(bench)
    await office.shows(replace(ROOM, people=frozenset(), bots=frozenset({ROBOT})))
    bench.voice.others_there = {ADA, BEN, ROBOT}
    await office.wait(100)
    assert bench.meetings.meeting(GUILD) == meeting
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    assert office.said(STANDUP)[1:] == [replies.newcomers([BEN])]
    bench.voice.others_there = {ROBOT}
    await office.wait(1)
    assert bench.voice.admission == Admission(None)
    await office.wait(61)
    assert await office.has_ended()


async def test_whom_only_voice_sees_is_recorded_also_while_discord_shows_nothing(bench: Bench) -> None:
    office, _ = await begin(bench)
    await office.shows(replace(ROOM, people=frozenset(), bots=frozenset({ROBOT})))
    del bench.discord.rooms[STANDUP]
    bench.voice.others_there = {ROBOT}
    await office.wait(1000)
    assert bench.voice.admission == Admission(None)
    bench.voice.others_there = {ADA, ROBOT}
    await office.wait(1)
    assert bench.voice.admission == Admission(STANDUP, frozenset({ROBOT}))
    await bench.stop()


async def test_who_is_seen_only_by_voice_need_not_see_where_the_notes_go(bench: Bench) -> None:
    elsewhere = replace(ROOM, chat=False, seen=True)
    office, _ = await begin(bench, elsewhere)
    await office.wait(1)
    bench.voice.others_there = {ADA, BEN}
    await office.wait(1)
    assert bench.voice.admission == Admission(None)
    await office.shows(replace(elsewhere, people=frozenset({ADA, BEN})))
    await office.shows(elsewhere)
    assert bench.voice.admission == Admission(STANDUP), "Ben could see it, and has just left"
    await bench.stop()


async def test_a_look_that_fails_changes_nothing_and_is_logged_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    office, meeting = await begin(bench)

    def room(*_: int) -> Room:
        raise RuntimeError("Parent channel not found")

    monkeypatch.setattr(bench.discord, "room", room)
    await office.wait(100)
    await office.wait(100)
    bench.recordings.moved(GUILD)
    assert caplog.messages.count("Cannot see who is in the room of a meeting") == 1
    monkeypatch.undo()
    await office.shows(replace(ROOM, people=frozenset({ADA, BEN})))
    assert bench.meetings.meeting(GUILD) == meeting
    assert office.said(STANDUP)[1:] == [replies.newcomers([BEN])]
    await bench.stop()


async def test_a_meeting_that_gets_too_long_is_announced_and_ended(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.recordings.longest_s = 3600.0
    await office.wait(2999)
    assert office.said(GENERAL) == []
    await office.wait(2)
    await office.wait(2)
    soon = replies.ends_soon(meeting, 3600.0)
    assert (office.said(GENERAL), office.said(STANDUP)[1:]) == ([soon], [soon])
    await office.wait(600)
    assert await office.has_ended()
    assert office.said(GENERAL)[1:] == [replies.stopped_unasked(meeting, replies.TOO_LONG)]


async def test_after_a_restart_it_goes_back_to_where_it_was_allowed_to_be(bench: Bench) -> None:
    office, meeting = await begin(bench)
    bench.discord.rooms[PLANNING] = OTHER
    await office.move(PLANNING)
    await bench.tick(office.now)
    await bench.restart()
    assert bench.voice.here == PLANNING
    assert bench.voice.admission == Admission(PLANNING)
    await bench.stop()
    assert [place.name for place in bench.store.places(meeting)] == ["Standup", "Planning"]
