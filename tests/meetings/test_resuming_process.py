"""Real bots that are killed, stopped and started in the middle of a meeting, against the local Discord."""

import asyncio
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.transcript import Gap
from notetaker.store.store import Store
from tests.harness import postgres
from tests.harness.bench import Bench
from tests.harness.office import SENTENCE, Office
from tests.harness.process import Process

READY = "Ready as Notetaker"
OUT_OF_REACH = "http://127.0.0.1:9/api"
CRASHED, RESTARTED = "the note-taker had stopped unexpectedly", "the note-taker was restarted"


def opened(office: Office) -> closing[Store]:
    return closing(Store(f"sqlite:///{office.state / 'notetaker.db'}"))


async def record(office: Office, bot: Process, speaker: Speaker) -> None:
    """A meeting begins, and something is said in it."""
    await bot.until(READY)
    assert (await office.says("startnotes")).startswith("🔴")
    await speaker.speak(SENTENCE)
    await office.until_stored("Ada", len(SENTENCE))


async def stop(office: Office) -> tuple[str, list[Gap]]:
    """Ends the meeting. Returns its id and gaps."""
    assert "I heard one person" in await office.says("stopnotes")
    with opened(office) as store:
        [meeting] = store.meetings()
        return meeting.id, store.gaps(meeting.id)


def segments(office: Office, meeting_id: str) -> list[str]:
    return sorted(path.name for path in (office.state / "meetings" / meeting_id / "journal").glob("*.pcap"))


async def test_a_killed_bot_goes_on_with_the_same_meeting(office: Office) -> None:
    async with office.person("Ada") as ada:
        async with office.process("bot") as bot:
            await record(office, bot, ada)
            killed_ns = time.time_ns()
            await bot.kill()
        async with office.process("bot") as bot:
            [back] = await office.posted(1)
            back_ns = time.time_ns()
            assert back.content.startswith("🔴 I was away from <t:")
            assert f"{CRASHED}." in back.content
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            meeting_id, gaps = await stop(office)
            assert segments(office, meeting_id) == ["0001.pcap", "0002.pcap"]
            async with office.process("worker", DISCORD_TOKEN="") as worker:
                _, notes = await office.posted(2)
                assert await worker.terminate() == 0
            assert await bot.terminate() == 0
            assert "Traceback" not in bot.log
        sent = ada.packets_sent
    transcript = notes.attachments[0].data.decode()
    assert transcript.count("**Ada:**") == 2
    assert f"not heard: {CRASHED}" in transcript
    [gap] = gaps
    assert gap.cause == CRASHED
    assert killed_ns - 1.5e9 <= gap.started_ns <= killed_ns + 1e8, "at most a sync before the death"
    assert gap.ended_ns <= back_ns
    with opened(office) as store:
        [coverage] = store.coverage(meeting_id)
        assert 2 * len(SENTENCE) <= coverage.stored <= sent
        before, after = store.transcribed(meeting_id)
        assert before[1].text
        assert before[1].text == after[1].text
        assert (before[0].clip.segment, after[0].clip.segment) == (1, 2)


async def test_a_bot_that_is_restarted_goes_on_with_the_same_meeting(office: Office) -> None:
    standup = f"<#{office.channel('Standup')}>"
    async with office.person("Ada") as ada:
        async with office.process("bot") as bot:
            await record(office, bot, ada)
            stopped_ns = time.time_ns()
            assert await bot.terminate() == 0
            assert office.bot.id not in office.guild.voice_states
            [suspended] = office.messages()
            assert suspended.content.startswith("I'm being stopped or restarted by the person who runs me.")
            with opened(office) as store:
                [meeting] = store.meetings_in(MeetingState.RECORDING)
                assert sum(one.packets for one in store.utterances(meeting.id)) >= len(SENTENCE)
        async with office.process("bot") as bot:
            _, back = await office.posted(2)
            assert f"recording everyone in {standup} again" in back.content
            assert (await office.says("startnotes")).startswith("(only you) I've been taking notes")
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            meeting_id, [gap] = await stop(office)
            assert meeting_id == meeting.id
            assert gap.cause == RESTARTED
            assert stopped_ns <= gap.started_ns < gap.ended_ns <= time.time_ns()


async def test_a_bot_that_is_killed_again_while_discord_is_out_of_reach_leaves_one_gap(
    office: Office,
) -> None:
    async with office.person("Ada") as ada:
        async with office.process("bot") as bot:
            await record(office, bot, ada)
            killed_ns = time.time_ns()
            await bot.kill()
        async with office.process("bot", DISCORD_API_BASE_URL=OUT_OF_REACH) as bot:
            await bot.until("read back 1 utterance from its journal")
            await bot.until("retrying in 2 s")
            await bot.kill()
        async with office.process("bot"):
            await office.posted(1)
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            meeting_id, [gap] = await stop(office)
    assert gap.cause == CRASHED
    assert abs(gap.started_ns - killed_ns) < 1.5e9
    assert segments(office, meeting_id) == ["0001.pcap", "0002.pcap"]


async def test_a_bot_whose_database_is_frozen_stops_all_the_same_and_its_meeting_goes_on(
    office: Office, postgres_socket: Path
) -> None:
    url = postgres.new_database(postgres_socket)
    async with office.person("Ada") as ada:
        async with office.process("bot", NOTETAKER_DATABASE_URL=url) as bot:
            await record(office, bot, ada)
            with postgres.frozen(postgres_socket):
                await ada.speak(SENTENCE)
                assert await bot.terminate() == 0
            assert "Traceback" not in bot.log
        async with office.process("bot", NOTETAKER_DATABASE_URL=url) as bot:
            await office.posted(2)  # that it goes, and that it is back
            assert "I heard one person" in await office.says("stopnotes")
            assert await bot.terminate() == 0
    with closing(Store(url)) as store:
        [meeting] = store.meetings()
        assert sum(one.packets for one in store.utterances(meeting.id)) >= 2 * len(SENTENCE)
        assert [gap.cause for gap in store.gaps(meeting.id)] == [RESTARTED]


def unreadable(bench: Bench, meeting: Meeting) -> Callable[[], None]:
    journal = bench.folder / meeting.id / "journal" / "0001.pcap"
    journal.mkdir(parents=True)
    return journal.rmdir


def rejected(bench: Bench, meeting: Meeting) -> Callable[[], None]:
    run(
        bench.store,
        f"CREATE TRIGGER refuse BEFORE UPDATE ON meetings WHEN old.id = '{meeting.id}' "
        "BEGIN SELECT RAISE(ABORT, ''); END",
    )
    return partial(run, bench.store, "DROP TRIGGER refuse")


def run(store: Store, statement: str) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("hinder", "cause"), [(unreadable, "[Errno 21]"), (rejected, "IntegrityError: SQLITE_CONSTRAINT_TRIGGER")]
)
async def test_a_meeting_that_cannot_be_read_back_keeps_no_other_from_it(
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    hinder: Callable[[Bench, Meeting], Callable[[], None]],
    cause: str,
) -> None:
    meeting = await bench.start()
    later = replace(meeting, id="29991231-235959-k3f9qz", started_ns=meeting.started_ns + 1)
    bench.store.add_meeting(later)
    mend = hinder(bench, later)
    bench.begin(0.0)
    attempts: list[list[Meeting]] = []

    def mend_after_three() -> None:
        attempts.append(bench.store.meetings_in(MeetingState.RECORDING))
        if len(attempts) == 4:
            mend()

    await bench.resume(0.0, before_reading=mend_after_three, pause_s=0.0)
    assert attempts == [[meeting, later], [meeting, later], [later], [later]]
    assert bench.store.meetings_in(MeetingState.RECORDING) == []
    [told] = [
        record
        for record in caplog.records
        if f"Cannot recover meeting {later.id}, will retry: {cause}" in record.message
    ]
    assert vars(told)["MEETING_ID"] == later.id


async def test_a_meeting_older_than_the_window_is_finished_with_notes_from_what_there_is(
    office: Office,
) -> None:
    window = {"MEETING_RESUME_WINDOW": "0.001"}
    async with office.person("Ada") as ada:
        async with office.process("bot", **window) as bot:
            await record(office, bot, ada)
            await bot.kill()
        async with (
            office.process("bot", **window) as bot,
            office.process("worker", DISCORD_TOKEN="") as worker,
        ):
            said, notes = await office.posted(2)
            await bot.until(" posted")
            assert await bot.terminate() == 0
            assert await worker.terminate() == 0
    assert said.content.startswith("I stopped unexpectedly.")
    assert "Ada" in notes.content
    assert f"not heard: {CRASHED}" in notes.attachments[0].data.decode()
    with opened(office) as store:
        [meeting] = store.meetings()
        assert meeting.state is MeetingState.POSTED


async def test_without_a_window_sigterm_ends_the_meeting(office: Office) -> None:
    async with office.process("bot", MEETING_RESUME_WINDOW="0") as bot, office.person("Ada") as ada:
        await record(office, bot, ada)
        assert await bot.terminate() == 0
        [message] = office.messages()
        assert "taking notes in" in message.content
        assert "I've stopped taking notes" in message.content
    with opened(office) as store:
        [meeting] = store.meetings()
        assert meeting.state is MeetingState.FINISHING
        assert sum(one.packets for one in store.utterances(meeting.id)) >= len(SENTENCE)


async def test_notes_begin_as_soon_as_the_bot_gets_in(office: Office) -> None:
    settings = {"VOICE_RETRY_ATTEMPTS": "1", "VOICE_HEALTH_INTERVAL": "1"}
    async with office.process("bot", **settings) as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.sim("faults", kind="refuse_identify", user_id=str(office.bot.id), code=4006, times=1)
        said = await office.says("startnotes")
        assert "but I can't join it yet.** Tried once without success." in said
        assert "4006" in said
        [begun] = await office.posted(1)
        assert begun.content.startswith(f"🔴 **I'm in <#{office.channel('Standup')}> now**")
        await ada.speak(SENTENCE)
        _, [gap] = await stop(office)
        assert gap.cause.startswith("the voice channel could not be joined: Tried once without success.")


async def test_where_the_voice_channel_is_gone_the_meeting_is_finished(office: Office) -> None:
    async with office.person("Ada") as ada, office.process("bot") as bot:
        await record(office, bot, ada)
        assert await bot.terminate() == 0
    del office.guild.channels[office.channel("Standup")]
    async with office.process("bot") as bot:
        _, said = await office.posted(2)
        assert said.content.startswith("The voice channel no longer exists.")
        assert await bot.terminate() == 0
    with opened(office) as store:
        [meeting] = store.meetings()
        assert meeting.state is MeetingState.FINISHING


@pytest.mark.parametrize("last", ["joinvoice", "leavevoice"])
async def test_many_people_who_ask_for_different_things_get_what_the_last_one_asked_for(
    office: Office, last: str
) -> None:
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        earlier = [asyncio.ensure_future(office.says(one)) for one in ("joinvoice", "leavevoice") * 10]
        await office.typed(len(earlier))
        said = await office.says(last)
        assert not said.startswith("I skipped")
        await office.until(lambda: (office.bot.id in office.guild.voice_states) == (last == "joinvoice"))
        for answer in await asyncio.gather(*earlier):
            assert answer.removeprefix("(only you) ").startswith(KNOWN)
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log


KNOWN = (
    "I'm in",
    "I'm already in",
    "I've left",
    "I wasn't in",
    "I'm not in",
    "I skipped this command",
)
