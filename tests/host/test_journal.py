"""What the real processes tell the journal about their own end."""

import signal
from pathlib import Path

from notetaker.model import events
from tests.harness.journald import Entry, FakeJournald
from tests.harness.office import Office


async def test_a_process_that_cannot_go_on_says_why_in_the_journal(office: Office, tmp_path: Path) -> None:
    async with FakeJournald(tmp_path) as journal:
        journaled = journal.environment()

        async def end_of(command: str, **settings: str) -> Entry:
            known = len(journal.entries)
            async with office.process(command, **journaled, **settings) as process:
                await process.exit_code()
                assert process.log == ""
            journal.read()
            last = journal.entries[-1]
            assert len(journal.entries) > known
            assert last["PRIORITY"] == "2"
            return last

        missing = await end_of("bot", DISCORD_TOKEN="", LOG_LEVEL="nonsense")
        assert missing["MESSAGE_ID"] == events.SETTINGS_WRONG.message_id
        assert missing["MESSAGE"].startswith("LOG_LEVEL ")
        rejected = await end_of("bot", DISCORD_TOKEN="MTIz.wrong.secret-part")
        assert rejected["MESSAGE_ID"] == events.TOKEN_REJECTED.message_id
        down = await end_of("worker", NOTETAKER_DATABASE_URL="postgresql://127.0.0.1:9/notes")
        assert down["MESSAGE_ID"] == events.UNAVAILABLE.message_id
        async with office.process("bot", **journaled):
            await journal.until(MESSAGE="Ready as Notetaker")
            second = await end_of("bot")
            assert second["MESSAGE_ID"] == events.ALREADY_RUNNING.message_id
            assert "another bot is running" in second["MESSAGE"]


async def test_what_the_tasks_of_an_aborted_bot_wait_for_is_one_entry(office: Office, tmp_path: Path) -> None:
    async with (
        FakeJournald(tmp_path) as journal,
        office.process("bot", **journal.environment()) as bot,
    ):
        await journal.until(MESSAGE="Ready as Notetaker")
        bot.send_signal(signal.SIGABRT)
        assert await bot.exit_code() == -signal.SIGABRT
        await journal.until(MESSAGE_ID=events.ABORTED.message_id)
        [entry] = journal.having(MESSAGE_ID=events.ABORTED.message_id)
        assert entry["PRIORITY"] == "2"
        assert entry["MESSAGE"].count("(most recent call first):") > 3
        assert bot.log.startswith("Fatal Python error: Aborted"), "the threads"
