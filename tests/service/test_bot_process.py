"""The real bot process against the local Discord, as its users and its operator see it."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from notetaker.discordsim.world.permissions import Permission
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.notes import Posting
from notetaker.store.store import Store
from tests.harness.office import SENTENCE, Office
from tests.store.examples import NO_NOTES

READY = "Ready as Notetaker"


async def test_every_command_answers_where_it_has_nothing_to_do(office: Office) -> None:
    standup = f"<#{office.channel('Standup')}>"
    async with office.process("bot") as bot:
        await bot.until(READY)
        for command in ("joinvoice", "startnotes"):
            said = await office.says(command)
            assert said.startswith("(only you) You're not in a voice channel that I can see.")
        assert (await office.says("stopnotes")).startswith("(only you) I'm not taking notes in this server.")
        assert (await office.says("leavevoice")).startswith("(only you) I'm not in a voice channel")
        async with office.person("Ada"):
            assert await office.says("joinvoice") == (
                f"I'm in {standup}. I won't record anything until someone uses /startnotes."
            )
            assert (await office.says("joinvoice")).startswith(f"(only you) I'm already in {standup}.")
            said = await office.says("stopnotes")
            assert said.startswith(f"(only you) I'm in {standup}, but I'm not taking notes.")
            assert office.bot.id in office.guild.voice_states
            assert await office.says("leavevoice") == f"I've left {standup}."
            assert office.bot.id not in office.guild.voice_states
            await office.says("startnotes")
            said = await office.says("leavevoice")
            assert "I didn't hear anyone, so there is nothing to write down" in said
        assert await bot.terminate() == 0


async def test_obstacles_are_named_before_anything_is_tried(office: Office) -> None:
    booth, board, general = (office.channel(name) for name in ("Phone booth", "Board room", "general"))
    async with office.process("bot") as bot, AsyncExitStack() as people:
        await bot.until(READY)
        await people.enter_async_context(office.person("Ben", "Phone booth"))
        said = await office.says("startnotes", user="Ben")
        assert said.startswith(f"(only you) <#{booth}> is full (1 of 1).")
        await people.enter_async_context(office.person("Ada", "Board room"))
        said = await office.says("joinvoice")
        assert said.startswith(f"(only you) I can't join <#{board}>: I need the Connect permission there.")
        await bot.terminate()
        assert "Voice attempt" not in bot.log
        deny = Permission.SEND_MESSAGES | Permission.ATTACH_FILES
        office.local.world.overwrite(office.guild.channels[general], office.bot.id, deny=deny)
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        assert (await office.says("startnotes")).startswith(
            f"(only you) I can't post notes in <#{general}>: "
            "I need the Send Messages and Attach Files permissions there."
        )


async def test_a_meeting_from_startnotes_to_the_posted_notes(office: Office) -> None:
    standup, general = office.channel("Standup"), office.channel("general")
    async with office.process("bot") as bot, office.process("worker", DISCORD_TOKEN="") as worker:
        await bot.until(READY)
        await worker.until("Ready")
        async with office.person("Ada") as ada:
            started = await office.says("startnotes")
            assert started.startswith(f"🔴 **I'm taking notes in <#{standup}>.**")
            again = await office.says("startnotes")
            assert again.startswith(f"(only you) I've been taking notes in <#{standup}> since <t:")
            await ada.speak(SENTENCE)
            sent = ada.packets_sent
            assert await office.says("stopnotes") == (
                f"I stopped recording in <#{standup}>. I heard one person, "
                f"and I'll post the notes in <#{general}> when they're ready."
            )
        [message] = await office.posted(1)
        assert "Ada" in message.content
        [attachment] = message.attachments
        async with office.process(f"meeting {attachment.filename[11:-3]} --json") as shown:
            assert await shown.exit_code() == 0
        assert await worker.terminate() == 0
        assert await bot.terminate() == 0
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    [meeting] = store.meetings()
    assert meeting.state is MeetingState.POSTED
    assert store.speakers(meeting.id) == {office.user("Ada").id: "Ada"}
    [coverage] = store.coverage(meeting.id)
    assert (coverage.received, coverage.stored, coverage.lost) == (sent, sent, 0)
    assert store.gaps(meeting.id) == []
    store.close()


async def test_what_goes_wrong_with_voice_is_told_to_the_people(office: Office) -> None:
    standup = f"<#{office.channel('Standup')}>"
    settings = {"VOICE_RETRY_ATTEMPTS": "1", "VOICE_CONNECTION_TIMEOUT": "10"}
    async with office.process("bot", **settings) as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.sim("faults", kind="refuse_identify", user_id=str(office.bot.id), code=4006, times=1)
        said = await office.says("joinvoice")
        assert said.startswith(f"I couldn't join {standup} yet. Tried once without success.")
        assert "4006" in said
        assert (await office.says("stopnotes")).startswith("(only you) I'm not taking notes")
        assert (
            await office.says("leavevoice") == f"I wasn't in {standup} yet, and I've stopped trying to join."
        )

        await office.says("startnotes")
        await ada.speak(SENTENCE[:50])
        await office.sim("disconnect", guild_id=str(office.guild.id), user_id=str(office.bot.id))
        [message] = await office.posted(1)
        assert "disconnected from the voice channel" in message.content
        assert f"I've stopped taking notes in {standup}." in message.content
        assert (await office.says("stopnotes")).startswith("(only you) I'm not taking notes")
        assert "Traceback" not in bot.log


async def test_a_second_bot_is_told_so_and_does_not_end_the_meeting_of_the_first(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        async with office.process("bot") as second:
            assert await second.exit_code() == 69
            assert second.log.startswith("notetaker: another bot is running with this token (process ")
        await ada.speak(SENTENCE)
        assert "I heard one person" in await office.says("stopnotes")
        await bot.kill()
    async with office.process("bot") as bot:  # the death of the first has freed the folder
        await bot.until(READY)


async def test_notes_are_posted_once_although_the_bot_died_between_sending_and_recording(
    office: Office,
) -> None:
    async with office.process("bot") as bot, office.process("worker"), office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        await office.says("stopnotes")
        await office.posted(1)
        await bot.kill()
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    with store.engine.begin() as connection:  # as if the answer of Discord had never been recorded
        connection.exec_driver_sql("UPDATE postings SET message_id = NULL")
        connection.exec_driver_sql("UPDATE meetings SET state = 'ready'")
    [message] = office.messages()
    message.nonce = None  # Discord forgets nonces within minutes
    async with office.process("bot") as bot:
        await bot.until(" posted")
    [posting] = store.meetings()
    assert posting.state is MeetingState.POSTED
    assert office.messages() == [message]
    store.close()


async def test_a_main_gateway_that_drops_is_resumed_and_the_meeting_goes_on(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await office.sim("faults", kind="gateway_reconnect", user_id=str(office.bot.id))
        await bot.until("no events missed")
        await ada.speak(SENTENCE)
        assert "I heard one person" in await office.says("stopnotes")


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"DISCORD_TOKEN": "MTIz.wrong.secret-part"}, "DISCORD_TOKEN"),
        ({"DISCORD_BOT_TOKEN": "MTIz.wrong.secret-part"}, "DISCORD_BOT_TOKEN"),
        ({"CREDENTIALS_DIRECTORY": "."}, "/etc/notetaker/discord_token"),
    ],
)
async def test_a_rejected_token_is_one_sentence_and_exit_code_77(
    office: Office, tmp_path: Path, settings: dict[str, str], place: str
) -> None:
    (tmp_path / "discord_token").write_text("MTIz.wrong.secret-part\n")
    async with office.process("bot", **{"DISCORD_TOKEN": "", **settings}) as bot:
        assert await bot.exit_code() == 77
        assert [line for line in bot.log.splitlines() if not line.startswith("2")] == [
            f"notetaker: Discord rejected the token in {place}; copy it again or reset it on the Bot page of "
            "the application at https://discord.com/developers/applications."
        ]
        assert "secret" not in bot.log


async def test_sigterm_works_while_discord_is_out_of_reach(office: Office) -> None:
    async with office.process("bot", DISCORD_API_BASE_URL="http://127.0.0.1:9/api") as bot:
        await bot.until("Cannot reach Discord")
        assert await bot.terminate() == 0


async def test_notes_that_are_due_wait_while_discord_is_out_of_reach(office: Office) -> None:
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    store.migrate()
    meeting = Meeting(
        "20261122-143005-k3f9qz", office.guild.id, 2, "Standup", office.channel("general"), 4, 5
    )
    store.add_meeting(meeting)
    posting = Posting(meeting.id, meeting.text_channel_id, "The notes.", "transcript.md", "The transcript.")
    store.save_notes(NO_NOTES, posting)
    async with office.process("bot", DISCORD_API_BASE_URL="http://127.0.0.1:9/api") as bot:
        await bot.until("retrying in 4 s")
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log
    async with office.process("bot"):
        [message] = await office.posted(1)
        assert message.content == "The notes."
    store.close()


async def test_sigterm_does_not_wait_for_a_join_that_fails_again_and_again(office: Office) -> None:
    async with office.process("bot", VOICE_RETRY_ATTEMPTS="20") as bot, office.person("Ada"):
        await bot.until(READY)
        await office.sim("faults", kind="refuse_identify", user_id=str(office.bot.id), code=4006, times=20)
        starting = asyncio.ensure_future(office.says("startnotes"))
        await bot.until("Voice attempt 1 of 20")
        assert await bot.terminate() == 0
        starting.cancel()
        assert "Traceback" not in bot.log


async def test_sigterm_works_when_discord_has_vanished_in_the_middle_of_a_meeting(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        await ada.leave()
        await office.local.stop()
        await bot.until("Lost the main connection")
        assert await bot.terminate() == 0
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    [meeting] = store.meetings()
    assert meeting.state is MeetingState.RECORDING
    assert store.utterances(meeting.id)
    store.close()


async def test_no_log_line_at_debug_holds_a_token(office: Office) -> None:
    async with office.process("bot", LOG_LEVEL="DEBUG") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        await ada.speak(SENTENCE[:20])
        await office.says("stopnotes")
        await bot.terminate()
        assert office.bot.token not in bot.log
        assert "token" not in bot.log.lower()


async def test_only_those_it_concerns_mark_and_stop_a_meeting(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        assert (await office.says("mark")).startswith("(only you) I'm not taking notes")
        await office.says("startnotes")
        for command in ("mark", "stopnotes", "leavevoice"):
            said = await office.says(command, user="Ben")
            assert said.startswith(
                f"(only you) That's for the people in <#{office.channel('Standup')}>, for <@"
            )
        async with office.person("Ben"):
            said = await office.says("mark text:ask about *price*", user="Ben")
            assert said.startswith("(only you) 🔖 Marked <t:") and said.endswith(":T>: ask about \\*price\\*")
            assert (await office.says("mark")).endswith(":T>.")
            assert "I stopped recording" in await office.says("stopnotes", user="Ben")
        await bot.terminate()
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    [meeting] = store.meetings()
    assert [(mark.name, mark.text) for mark in store.marks(meeting.id)] == [
        ("Ben", "ask about *price*"),
        ("Ada", ""),
    ]
    store.close()
