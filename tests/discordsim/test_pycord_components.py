"""Referee: unmodified py-cord 2.8.1 uses buttons, menus and modals of the local Discord as it uses Discord's."""

import asyncio
from typing import Any

import discord

from tests.discordsim.conftest import Place, RunBot
from tests.discordsim.test_pycord import new_bot


class Panel(discord.ui.View):
    """A view that outlives the bot."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Stop", custom_id="stop", style=discord.ButtonStyle.danger)
    async def stop_notes(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await interaction.response.send_message("Sure?", ephemeral=True, view=Confirm())

    @discord.ui.button(label="Rename", custom_id="rename")
    async def rename(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Rename())

    @discord.ui.button(label="Think", custom_id="think")
    async def think(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="Thought about it")
        await interaction.followup.send("Only you see this", ephemeral=True)

    @discord.ui.string_select(
        placeholder="Language", custom_id="tongue", options=[discord.SelectOption(label="German", value="de")]
    )
    async def tongue(self, menu: discord.ui.Select[Any, Any], interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Speaks {menu.values}")


class Confirm(discord.ui.View):
    @discord.ui.button(label="Sure", custom_id="sure")
    async def sure(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
        assert interaction.user is not None
        await interaction.response.edit_message(content=f"Stopped by {interaction.user.name}", view=None)


class Rename(discord.ui.Modal):
    def __init__(self) -> None:
        super().__init__(
            discord.ui.InputText(label="Title", custom_id="title", max_length=45),
            title="Rename",
            custom_id="renaming",
        )

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.edit_message(content=f"Now called {self.children[0].value}")


class Language(discord.ui.DesignerModal):
    def __init__(self) -> None:
        options = [discord.SelectOption(label="German", value="de")]
        self.menu: discord.ui.Select[Any, Any] = discord.ui.Select(custom_id="tongue", options=options)
        super().__init__(discord.ui.Label("Which", self.menu), title="Language", custom_id="language")

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Speaks {self.menu.values}")


async def test_a_panel_is_used_also_after_a_restart(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()
    async with run_bot(bot):
        channel = bot.get_channel(place.channel_id("general"))
        assert isinstance(channel, discord.TextChannel)
        await channel.send("Panel", view=Panel())
    again = new_bot()
    async with run_bot(again):
        again.add_view(Panel())
        [panel] = await place.sees("Ben")
        asked = await asyncio.gather(*(place.press(panel, "stop", user=name) for name in ("Ada", "Ben")))
        questions = [shown["messages"][0] for shown in asked]
        assert [message["flags"] for message in questions] == [64, 64]
        await place.press(questions[1], "sure", user="Ben")
        assert [message["content"] for message in await place.sees("Ben")] == ["Panel", "Stopped by ben"]
        assert [message["content"] for message in await place.sees("Ada")] == ["Panel", "Sure?"]
        await place.press(panel, "tongue", values=["de"])
        assert (await place.sees("Ben"))[0]["content"] == "Speaks ['de']"
        await place.fill_in(await place.press(panel, "rename"), title="Planning")
        assert (await place.sees("Ben"))[0]["content"] == "Now called Planning"
        thought = await place.press(panel, "think", user="Ben")
        assert thought["status"] == "answered"
        async for _ in place.local.events.watch():
            if len(seen := await place.sees("Ben")) == 3:
                break
        assert [message["content"] for message in seen] == [
            "Thought about it",
            "Stopped by ben",
            "Only you see this",
        ]


async def test_a_command_opens_a_modal(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()

    @bot.slash_command(description="Choose a language")
    async def language(ctx: discord.ApplicationContext) -> None:
        await ctx.send_modal(Language())

    async with run_bot(bot):
        opened = await place.use("language")
        assert opened["modal"]["title"] == "Language"
        said = await place.fill_in(opened, tongue=["de"])
        assert [message["content"] for message in said["messages"]] == ["Speaks ['de']"]
