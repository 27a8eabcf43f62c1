"""The panel of a meeting and its buttons, with the real bot process, as people use them."""

import asyncio
from typing import Any

from notetaker.discordbot import panel as words
from notetaker.discordsim.world.entities import Message
from tests.harness.office import SENTENCE, Office
from tests.harness.people import fill_in, press

READY = "Ready as Notetaker"


async def pressed(office: Office, message: Message, action: str, user: str = "Ada") -> dict[str, Any]:
    custom_ids = [one["custom_id"] for row in message.components for one in row["components"]]
    [custom_id] = [one for one in custom_ids if f":{action}:" in one]
    shown = {"id": str(message.id), "channel_id": str(message.channel_id)}
    return await press(office.http, office.local, office.user(user).id, shown, custom_id, wait_s=15)


def panel_of(office: Office) -> Message:
    found = office.guild.channels[office.channel("general")].messages.values()
    return next(message for message in found if message.components)


async def shown(office: Office, text: str) -> Message:
    await office.until(
        lambda: any(
            text in message.content
            for message in office.guild.channels[office.channel("general")].messages.values()
        )
    )
    return next(
        message
        for message in office.guild.channels[office.channel("general")].messages.values()
        if text in message.content
    )


async def test_the_answer_becomes_a_panel_with_buttons(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada:
        await bot.until(READY)
        await office.says("startnotes")
        panel = await shown(office, "🔴 **Recording**")
        assert "⚪ Ada" in panel.content
        await ada.speak(SENTENCE)
        await shown(office, "🟢 Ada")

        refused = await pressed(office, panel, words.STOP, user="Ben")
        assert refused["messages"][0]["content"].startswith("That's for the people in <#")
        assert refused["messages"][0]["flags"] & 64

        asked = await pressed(office, panel, words.MARK)
        assert asked["modal"]["title"] == "Mark this moment"
        said = await fill_in(office.http, office.local, asked, {"text": "the price"}, wait_s=15)
        assert said["messages"][0]["content"].startswith("🔖 Marked <t:")
        assert said["messages"][0]["content"].endswith(": the price")

        late = await pressed(office, panel, words.MARK)
        twice = await asyncio.gather(*(pressed(office, panel, words.STOP) for _ in range(2)))
        answers = [one["messages"][0]["content"] for one in twice]
        assert sum("I stopped recording" in answer for answer in answers) == 1
        writing = await shown(office, "✍️ **Writing the notes**")
        assert writing.id == panel.id and not writing.components
        over = await fill_in(office.http, office.local, late, {"text": "too late"}, wait_s=15)
        assert over["messages"][0]["content"].startswith("That meeting has ended")
        await bot.terminate()


async def test_a_panel_that_somebody_deletes_comes_back_once(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada"):
        await bot.until(READY)
        await office.says("startnotes")
        first = await shown(office, "🔴 **Recording**")
        channel = office.guild.channels[office.channel("general")]
        del channel.messages[first.id]
        async with office.person("Ben"):
            again = await shown(office, "🔴 **Recording**")
            assert again.id != first.id
        await bot.terminate()


async def test_after_a_restart_the_buttons_still_work(office: Office) -> None:
    async with office.person("Ada"):
        async with office.process("bot") as bot:
            await bot.until(READY)
            await office.says("startnotes")
            panel = await shown(office, "🔴 **Recording**")
            await bot.terminate()
        async with office.process("bot") as bot:
            await bot.until(READY)
            await bot.until("resumed")
            stopped = await pressed(office, panel, words.STOP)
            assert "I stopped recording" in stopped["messages"][0]["content"]
            await bot.terminate()


async def test_an_empty_room_pauses_the_panel_and_another_room_is_on_it(office: Office) -> None:
    async with office.process("bot") as bot:
        await bot.until(READY)
        async with office.person("Ada"):
            await office.says("startnotes")
            await shown(office, "🔴 **Recording**")
        await shown(office, "⏸ **Paused.** Nothing is recorded. Nobody was in the voice channel.")
        planning = office.channel("Planning")
        async with office.person("Ada", "Planning"):
            who = {"guild_id": str(office.guild.id), "user_id": str(office.bot.id)}
            await office.sim("move", **who, channel_id=str(planning))
            await shown(office, f"🔴 **Recording** <#{planning}>")
        await bot.terminate()
