"""Referee: unmodified py-cord 2.8.1 uses the local Discord as it uses Discord."""

import asyncio
import io
from typing import Annotated, Any, cast

import discord
import pytest

from tests.discordsim.conftest import DEADLINE_S, Place, RunBot

Kind = type[discord.Bot] | type[discord.AutoShardedBot]


def new_bot(kind: Kind = discord.Bot) -> discord.Bot:
    intents = discord.Intents(guilds=True, voice_states=True, guild_messages=True)
    bot: Any = kind(intents=intents, guild_ready_timeout=0.2)  # an AutoShardedBot is as good as a Bot
    return cast(discord.Bot, bot)


@pytest.mark.parametrize("kind", [discord.Bot, discord.AutoShardedBot])
async def test_a_bot_logs_in_and_sees_its_guilds(
    place: Place, run_bot: RunBot, kind: type[discord.Bot]
) -> None:
    bot = new_bot(kind)
    async with run_bot(bot):
        assert bot.user is not None
        assert bot.user.id == place.bot.id
        assert {guild.name for guild in bot.guilds} == {"Office", "Book club"}
        office = bot.get_guild(place.office.id)
        assert office is not None
        assert office.member_count == 6
        assert [c.name for c in office.voice_channels] == ["Standup", "Planning", "Phone booth", "Board room"]
        assert [c.name for c in office.stage_channels] == ["All hands"]
        booth = bot.get_channel(place.channel_id("Phone booth"))
        assert isinstance(booth, discord.VoiceChannel)
        assert booth.user_limit == 1
        board = bot.get_channel(place.channel_id("Board room"))
        assert isinstance(board, discord.VoiceChannel)
        assert not board.permissions_for(office.me).connect


async def test_slash_commands_are_synced_and_kept(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()

    @bot.slash_command(description="Write notes")
    async def startnotes(ctx: discord.ApplicationContext, title: str) -> None:
        await ctx.respond(title)

    async with run_bot(bot):
        _, registered = await place.rest("GET", f"/applications/{place.bot.id}/commands")
        assert [command["name"] for command in registered] == ["startnotes"]
        assert registered[0]["options"][0]["name"] == "title"
        await bot.sync_commands(force=True)
        _, again = await place.rest("GET", f"/applications/{place.bot.id}/commands")
        assert [command["id"] for command in again] == [registered[0]["id"]]
        await bot.sync_commands(commands=[], force=True)
        assert await place.rest("GET", f"/applications/{place.bot.id}/commands") == (200, [])


async def test_every_way_to_answer_an_interaction(place: Place, run_bot: RunBot) -> None:
    bot = new_bot(discord.AutoShardedBot)

    @bot.slash_command(description="Reply")
    async def reply(ctx: discord.ApplicationContext, person: discord.Member, often: int = 1) -> None:
        embed = discord.Embed(title="Notes", description="Nothing said").add_field(
            name="Who", value=person.name
        )
        await ctx.respond(f"{ctx.author.display_name} greets {person.mention}" * often, embed=embed)

    @bot.slash_command(description="Defer")
    async def deferred(ctx: discord.ApplicationContext) -> None:
        await ctx.defer()
        await ctx.edit(content="done at last")
        file = discord.File(io.BytesIO("so sprach Ada – ja".encode()), "transcript.md")
        await ctx.followup.send("the transcript", file=file, embed=discord.Embed(title="Transcript"))

    @bot.slash_command(description="Whisper")
    async def whisper(ctx: discord.ApplicationContext) -> None:
        await ctx.respond("only for you", ephemeral=True)
        await ctx.edit(content="still only for you")

    @bot.slash_command(description="Defer and follow up")
    async def slow(ctx: discord.ApplicationContext) -> None:
        await ctx.defer(ephemeral=True)
        await ctx.followup.send("filled in")

    async with run_bot(bot):
        answer = await place.use("reply", person=str(place.user("Ben").id), often=2)
        assert answer["status"] == "answered"
        [message] = answer["messages"]
        assert message["content"] == f"Ada greets <@{place.user('Ben').id}>" * 2
        assert message["embeds"][0]["fields"] == [{"name": "Who", "value": "ben", "inline": True}]
        assert message["author"]["id"] == str(place.bot.id)

        answer = await place.use("deferred")
        [original] = answer["messages"][:1]
        assert (answer["status"], original["content"], original["flags"]) == ("answered", "done at last", 0)
        follow_up = (await _answers(place, answer["id"], 2))[1]
        [attachment] = follow_up["attachments"]
        assert attachment["filename"] == "transcript.md"
        async with place.http.get(attachment["url"]) as response:
            assert (await response.read()).decode() == "so sprach Ada – ja"

        answer = await place.use("whisper")
        assert answer["messages"][0]["flags"] == 64
        _, listed = await place.rest("GET", f"/channels/{place.channel_id('general')}/messages")
        assert [m["content"] for m in listed if "for you" in m["content"]] == []

        answer = await place.use("slow")
        assert [(m["content"], m["flags"]) for m in answer["messages"]] == [("filled in", 64)]


async def test_an_option_is_completed_while_it_is_typed(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()

    def tongues(ctx: discord.AutocompleteContext) -> list[discord.OptionChoice]:
        return [discord.OptionChoice(f"{ctx.value}man", "de"), discord.OptionChoice("English", "en")]

    tongue = discord.Option(str, "Which", autocomplete=tongues, required=False)

    @bot.slash_command(description="Speak")
    async def speak(ctx: discord.ApplicationContext, tongue: Annotated[str | None, tongue]) -> None:
        await ctx.respond(str(tongue))

    async with run_bot(bot):
        offered = await place.typing("speak", "tongue", tongue="Ger")
        assert offered["choices"] == [{"name": "German", "value": "de"}, {"name": "English", "value": "en"}]
        for line, said in (("speak tongue:de", "de"), ("speak tongue:Klingon", "Klingon"), ("speak", "None")):
            assert (await place.use(line))["messages"][0]["content"] == said


async def _answers(place: Place, interaction_id: str, count: int) -> list[Any]:
    """Wait until an interaction has ``count`` messages, and return them."""
    async with asyncio.timeout(DEADLINE_S):
        async for _ in place.local.events.watch():
            async with place.http.get(f"{place.world.cdn_url}/sim/interactions/{interaction_id}") as response:
                messages: list[Any] = (await response.json())["messages"]
            if len(messages) >= count:
                return messages
    raise AssertionError("unreachable")


async def test_a_button_updates_its_message(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()

    class Consent(discord.ui.View):
        @discord.ui.button(label="Record me", custom_id="consent")
        async def consent(self, button: discord.ui.Button[Any], interaction: discord.Interaction) -> None:
            await interaction.response.edit_message(content="Recording Ben", view=None)

    @bot.slash_command(description="Ask")
    async def ask(ctx: discord.ApplicationContext) -> None:
        await ctx.respond("May I?", view=Consent())

    async with run_bot(bot):
        asked = (await place.use("ask"))["messages"][0]
        assert asked["components"][0]["components"][0]["custom_id"] == "consent"
        answer = await place.sim(
            "interactions",
            user_id=str(place.user("Ben").id),
            channel_id=asked["channel_id"],
            message_id=asked["id"],
            custom_id="consent",
        )
        assert answer["status"] == "answered"
        _, now = await place.rest("GET", f"/channels/{asked['channel_id']}/messages/{asked['id']}")
        assert (now["content"], now["components"]) == ("Recording Ben", [])


async def test_messages_threads_and_files(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()
    async with run_bot(bot):
        channel = bot.get_channel(place.channel_id("meeting-notes"))
        assert isinstance(channel, discord.TextChannel)
        message = await channel.send("Notes of today", nonce="meeting-1", enforce_nonce=True)
        again = await channel.send("Notes of today", nonce="meeting-1", enforce_nonce=True)
        assert again.id == message.id
        thread = await message.create_thread(name="Transcript", auto_archive_duration=1440)
        assert thread.id == message.id
        await thread.send(file=discord.File(io.BytesIO(b"hello"), "notes.txt"))
        [posted] = [m async for m in thread.history(limit=1)]
        assert await posted.attachments[0].read() == b"hello"
        lone = await channel.create_thread(name="Lone", type=discord.ChannelType.public_thread)
        await lone.edit(archived=True)
        edited = await message.edit(content="Notes, corrected")
        assert edited.content == "Notes, corrected"
        assert [m.content async for m in channel.history(limit=10)] == ["Lone", "Notes, corrected"]
        await message.delete()
        with pytest.raises(discord.NotFound) as missing:
            await channel.fetch_message(message.id)
        assert missing.value.code == 10008
        with pytest.raises(discord.HTTPException) as long:
            await channel.send("x" * 2001)
        assert long.value.code == 50035
        assert "2000 or fewer" in str(long.value)


async def test_a_wrong_token_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord.http.Route, "API_BASE_URL", place.local.api_url + "/v10")
    bot = new_bot()
    with pytest.raises(discord.LoginFailure):
        await bot.start(place.bot.token[:-1] + "x")
    await bot.close()


async def test_a_privileged_intent_that_is_off_is_refused(place: Place, run_bot: RunBot) -> None:
    bot = new_bot()
    bot._connection._intents.members = True
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with run_bot(bot):
            pass


async def test_op_4_brings_the_voice_pair_and_a_full_channel_silence(place: Place, run_bot: RunBot) -> None:
    bot = new_bot(discord.AutoShardedBot)
    seen: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
    async with run_bot(bot):
        office = bot.get_guild(place.office.id)
        assert office is not None
        websocket = office._state._get_websocket(office.id)
        parsers = websocket._discord_parsers
        for name in ("VOICE_STATE_UPDATE", "VOICE_SERVER_UPDATE"):
            original = parsers[name]

            def record(data: Any, name: str = name, original: Any = original) -> None:
                seen.put_nowait((name, data))
                original(data)

            parsers[name] = record
        channels = {channel.name: channel for channel in office.voice_channels}
        await office.change_voice_state(channel=channels["Standup"], self_mute=True)
        async with asyncio.timeout(DEADLINE_S):
            pair = dict([await seen.get(), await seen.get()])
        state, server = pair["VOICE_STATE_UPDATE"], pair["VOICE_SERVER_UPDATE"]
        assert state["session_id"] == websocket.session_id
        assert (state["channel_id"], state["self_mute"]) == (str(place.channel_id("Standup")), True)
        assert server["endpoint"] == place.local.voice.endpoint
        assert office.me.voice is not None

        await office.change_voice_state(channel=channels["Planning"])
        async with asyncio.timeout(DEADLINE_S):
            moved = dict([await seen.get(), await seen.get()])
        assert moved["VOICE_SERVER_UPDATE"]["token"] != server["token"]

        # Board room: no CONNECT. The answer to the next request is the first thing that comes.
        await office.change_voice_state(channel=channels["Board room"])
        await office.change_voice_state(channel=None)
        async with asyncio.timeout(DEADLINE_S):
            name, data = await seen.get()
        assert (name, data["channel_id"]) == ("VOICE_STATE_UPDATE", None)
        assert seen.empty()


@pytest.mark.parametrize("kind", [discord.Bot, discord.AutoShardedBot])
@pytest.mark.parametrize(
    ("fault", "event"),
    [("gateway_reconnect", "resumed"), ("gateway_close", "resumed"), ("gateway_invalidate", "ready")],
)
async def test_a_disturbed_gateway_is_survived(
    place: Place, run_bot: RunBot, kind: Kind, fault: str, event: str
) -> None:
    bot = new_bot(kind)
    back = asyncio.Event()

    async def on_event() -> None:
        back.set()

    async with run_bot(bot):
        bot.add_listener(on_event, f"on_{event}")
        await place.sim("faults", kind=fault, user_id=str(place.bot.id))
        async with asyncio.timeout(DEADLINE_S):
            await back.wait()
        assert {guild.name for guild in bot.guilds} == {"Office", "Book club"}
