"""Live text on a real store, and on the local Discord."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from notetaker.discordbot.board import Board, Components
from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.publish import Undeliverable, Undelivered
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import Channel, ChannelType
from notetaker.discordsim.world.permissions import Permission
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.live_text import EDIT_S, OLD_EDIT_S, LiveText
from notetaker.model.meeting import Meeting
from notetaker.model.utterance import Transcription, Utterance
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness.world import the_guild
from tests.store.examples import MEETING, NO_NOTES, POSTING, STARTED, utterance

THREAD = 999
S = STARTED // 10**9


class Whiteboard:
    """Remembers its messages; fails as told."""

    def __init__(self) -> None:
        self.messages: dict[int, str] = {}
        self.nonces: list[str] = []
        self.edits = 0
        self.failure: Undelivered | None = None
        self.gone: set[int] = set()

    async def place(self, meeting: Meeting, panel_id: int | None) -> int | None:
        return THREAD

    def people(self, guild_id: int, channel_id: int) -> dict[int, str]:
        return {}

    async def post(self, channel_id: int, text: str, nonce: str, components: Components = ()) -> int:
        assert channel_id == THREAD
        self._fail()
        self.nonces.append(nonce)
        self.messages[len(self.messages) + 1] = text
        return len(self.messages)

    async def edit(self, channel_id: int, message_id: int, text: str, components: Components = ()) -> None:
        self._fail()
        if message_id in self.gone:
            raise Undeliverable("Discord answered 404 (code 10008)")
        self.edits += 1
        self.messages[message_id] = text

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path / 'notetaker.db'}")
    store.migrate()
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, utterance(1).user_id, "Ada")
    yield store
    store.close()


@pytest.fixture
def database() -> Iterator[WorkerThread]:
    database = WorkerThread("database", StoreError)
    yield database
    database.close()


def say(store: Store, number: int, text: str, *, final: bool = False) -> None:
    """Store a draft, or the final text in its place."""
    store.add_utterance(utterance(number))
    said = Transcription(text, "engine", final=final)
    if final:
        store.set_final({utterance(number).id: said}, STARTED)
    else:
        store.set_draft(utterance(number).id, said, STARTED)


def end(store: Store) -> None:
    store.end_meeting(MEETING.id, STARTED + 10**11)
    store.save_notes(NO_NOTES, POSTING)


async def settle(live: LiveText, now: float) -> float:
    """Give it all the time that it needs, and return the time then."""
    for _ in range(20):
        await live.step(now)
        now += OLD_EDIT_S
    return now


async def test_a_draft_is_shown_at_once_and_its_final_text_takes_its_place(
    store: Store, database: WorkerThread
) -> None:
    board = Whiteboard()
    live = LiveText(MEETING, store, database, board)
    await live.step(0.0)
    assert not board.messages
    say(store, 1, "Shall we beg in?")
    await live.step(0.1)
    assert board.messages == {1: f"**Ada** <t:{S + 1}:T> Shall we beg in? …"}
    say(store, 1, "Shall we begin?", final=True)
    await settle(live, 1.0)
    assert board.messages == {1: f"**Ada** <t:{S + 1}:T> Shall we begin?"}
    assert board.edits == 1


async def test_the_newest_page_is_edited_at_most_once_in_a_while(
    store: Store, database: WorkerThread
) -> None:
    board = Whiteboard()
    live = LiveText(MEETING, store, database, board)
    for tenth in range(100):
        if tenth % 3 == 0:
            say(store, tenth, "Well.")
        await live.step(tenth / 10)
    assert board.edits <= 10 / EDIT_S


async def test_at_the_end_every_page_is_final_and_the_notes_are_pointed_to(
    store: Store, database: WorkerThread
) -> None:
    board = Whiteboard()
    live = LiveText(MEETING, store, database, board)
    for number in range(1, 40):
        say(store, 30 * number, f"Draft {number} " + "word " * 30)
    now = await settle(live, 0.0)
    assert len(board.messages) > 2
    for number in range(1, 40):
        say(store, 30 * number, f"Final {number} " + "word " * 30, final=True)
    end(store)
    for _ in range(3):
        now = await settle(live, now)
    assert live.closed
    text = "\n".join(board.messages.values())
    assert "Draft" not in text and "…" not in text
    assert all(f"Final {number} " in text for number in range(1, 40))
    assert text.endswith(f"Its notes are in <#{MEETING.text_channel_id}>.")
    assert len({*board.nonces}) == len(board.messages)


async def test_the_next_life_of_the_bot_continues_on_the_same_pages(
    store: Store, database: WorkerThread
) -> None:
    board = Whiteboard()
    say(store, 1, "One.")
    await settle(LiveText(MEETING, store, database, board), 0.0)
    assert store.open_live_texts() == [MEETING]
    say(store, 2, "Two.")
    await settle(LiveText(MEETING, store, database, board), 0.0)
    [text] = board.messages.values()
    assert "One." in text and "Two." in text


async def test_what_discord_did_not_take_is_sent_by_the_next_step(
    store: Store, database: WorkerThread
) -> None:
    board = Whiteboard()
    live = LiveText(MEETING, store, database, board)
    say(store, 1, "One.")
    board.failure = Undelivered("Discord answered 503 (code 0)")
    with pytest.raises(Undelivered):
        await live.step(0.0)
    board.failure = None
    await live.step(5.0)
    say(store, 2, "Two.")
    board.failure = Undelivered("Discord answered 503 (code 0)")
    with pytest.raises(Undelivered):
        await live.step(10.0)
    board.failure = None
    await live.step(15.0)
    assert "Two." in board.messages[1]


async def test_of_a_long_meeting_only_what_may_change_is_read_again(
    store: Store, database: WorkerThread
) -> None:
    """Late texts are shown all the same: that of a slow job at once, any other when the notes are made."""
    board = Whiteboard()
    live = LiveText(MEETING, store, database, board)
    now = 0.0
    for number in range(1, 60):
        say(store, 30 * number, f"Line {number} " + "word " * 30, final=True)
        now = await settle(live, now)
    read: list[int] = []
    transcribed = store.transcribed

    def counted(meeting_id: str, since_ns: int = 0) -> list[tuple[Utterance, Transcription]]:
        found = transcribed(meeting_id, since_ns)
        read.append(len(found))
        return found

    store.transcribed = counted  # type: ignore[method-assign]
    say(store, 1800, "A new one.", final=True)
    now = await settle(live, now)
    assert 0 < read[-1] < 30
    store.add_utterance(utterance(2))
    say(store, 1801, "Another one.", final=True)
    now = await settle(live, now)
    say(store, 2, "Late but here.", final=True)
    now = await settle(live, now)
    assert "Late but here." in "".join(board.messages.values())
    end(store)
    for _ in range(3):
        now = await settle(live, now)
    assert live.closed and read[-1] == 62
    text = "\n".join(board.messages.values())
    assert all(f"Line {number} " in text for number in range(1, 60))


async def test_the_live_text_of_a_deleted_meeting_is_over(store: Store, database: WorkerThread) -> None:
    live = LiveText(MEETING, store, database, Whiteboard())
    say(store, 1, "One.")
    await live.step(0.0)
    store.delete_meeting(MEETING.id)
    await live.step(5.0)
    assert live.closed


async def test_a_page_that_somebody_deletes_does_not_end_the_others(
    store: Store, database: WorkerThread
) -> None:
    board = Whiteboard()
    live = LiveText(MEETING, store, database, board)
    for number in range(1, 20):
        say(store, 30 * number, f"Draft {number} " + "word " * 30)
    now = await settle(live, 0.0)
    board.gone.add(1)
    for number in range(1, 20):
        say(store, 30 * number, f"Final {number} " + "word " * 30, final=True)
    await settle(live, now)
    assert not live.closed
    assert "Draft" in board.messages[1]
    assert "Draft" not in board.messages[2]


# On the local Discord


@pytest.fixture
async def local(tmp_path: Path) -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord(state_dir=tmp_path / "discord") as local:
        yield local


@asynccontextmanager
async def connected(local: LocalDiscord) -> AsyncIterator[NotetakerBot]:
    bot = NotetakerBot(api_base_url=local.api_url, ca_file=local.ca_file)
    token = next(user.token for user in local.world.users.values() if user.bot)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bot.serve(token))
        await bot.wait_until_ready()
        yield bot
        await bot.close()


@pytest.fixture
def channel(local: LocalDiscord) -> Channel:
    guild = the_guild(local.world, "Office")
    return next(c for c in guild.channels.values() if c.name == "general")


async def test_pages_are_in_a_thread_of_their_own(
    store: Store, database: WorkerThread, channel: Channel, local: LocalDiscord
) -> None:
    meeting = replace(MEETING, guild_id=channel.guild_id or 0, text_channel_id=channel.id)
    say(store, 1, "Hello @everyone")
    async with connected(local) as bot:
        panel_id = await Board(bot).post(channel.id, "panel", "1")
        store.open_panel(MEETING.id, channel.id, panel_id)
        live = LiveText(meeting, store, database, Board(bot, "Europe/Berlin"))
        await live.step(0.0)
        say(store, 2, "Welcome.")
        await live.step(10.0)
    [thread] = [one for one in the_guild(local.world, "Office").channels.values() if one.is_thread]
    assert (thread.parent_id, thread.id) == (channel.id, panel_id)  # a thread has the id of its message
    assert thread.name == f"{MEETING.voice_channel_name}, 2026-11-18 12:06"
    [message] = [one for one in thread.messages.values() if one.content]
    assert message.content.endswith("Welcome. …")


async def test_a_thread_that_somebody_has_taken_away_is_gone(channel: Channel, local: LocalDiscord) -> None:
    async with connected(local) as bot:
        board = Board(bot)
        thread_id = await board.place(
            replace(MEETING, guild_id=channel.guild_id or 0, text_channel_id=channel.id), None
        )
        assert thread_id is not None
        local.world.overwrite(channel, channel.guild_id or 0, deny=Permission.VIEW_CHANNEL)
        with pytest.raises(Undeliverable):
            await board.post(thread_id, "Hello", "1")
        with pytest.raises(Undeliverable):
            await board.edit(12345, 67890, "Hello")


async def test_without_the_permissions_there_is_no_thread(channel: Channel, local: LocalDiscord) -> None:
    local.world.overwrite(channel, channel.guild_id or 0, deny=Permission.CREATE_PUBLIC_THREADS)
    async with connected(local) as bot:
        assert (
            await Board(bot).place(
                replace(MEETING, guild_id=channel.guild_id or 0, text_channel_id=channel.id), None
            )
            is None
        )


async def test_in_a_chat_without_threads_the_pages_are_in_the_chat(local: LocalDiscord) -> None:
    guild = the_guild(local.world, "Office")
    voice = next(one for one in guild.channels.values() if one.type == ChannelType.VOICE)
    async with connected(local) as bot:
        assert (
            await Board(bot).place(replace(MEETING, guild_id=guild.id, text_channel_id=voice.id), None)
            == voice.id
        )


async def test_a_thread_whose_answer_was_lost_is_used(channel: Channel, local: LocalDiscord) -> None:
    meeting = replace(MEETING, guild_id=channel.guild_id or 0, text_channel_id=channel.id)
    async with connected(local) as bot:
        board = Board(bot)
        panel_id = await board.post(channel.id, "panel", "1")
        assert await board.place(meeting, panel_id) == panel_id
        assert await board.place(meeting, panel_id) == panel_id


async def test_a_thread_that_somebody_archives_is_opened_again(channel: Channel, local: LocalDiscord) -> None:
    meeting = replace(MEETING, guild_id=channel.guild_id or 0, text_channel_id=channel.id)
    async with connected(local) as bot:
        board = Board(bot)
        thread_id = await board.place(meeting, await board.post(channel.id, "panel", "1"))
        assert thread_id is not None
        message_id = await board.post(thread_id, "Hello", "2")
        await bot.http.edit_channel(thread_id, archived=True)
        await board.edit(thread_id, message_id, "Hello again")
    [thread] = [one for one in the_guild(local.world, "Office").channels.values() if one.is_thread]
    assert thread.messages[message_id].content == "Hello again"


async def test_while_discord_shows_nothing_of_a_server_its_place_is_not_known(local: LocalDiscord) -> None:
    async with connected(local) as bot:
        with pytest.raises(Undelivered):
            await Board(bot).place(MEETING, None)
