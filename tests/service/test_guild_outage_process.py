"""A guild that fails on the main gateway in the middle of a meeting, with the real bot process."""

from tests.harness.office import SENTENCE, Office


async def test_a_meeting_outlives_an_outage_of_its_guild(office: Office) -> None:
    """Voice has servers of its own: it goes on, and so does the meeting."""
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until("Ready as Notetaker")
        await office.says("startnotes")
        await office.sim("faults", kind="guild_outage", guild_id=str(office.guild.id), seconds=1.0)
        for said in (1, 2):
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", said * len(SENTENCE))
        assert "I stopped recording" in await office.says("stopnotes")
        await bot.terminate()
