"""Who is recorded, with the real bot process: people press buttons and type /privacy while others speak."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

from notetaker.discordbot import consent
from notetaker.discordbot import panel as words
from notetaker.discordsim.world.entities import Message
from notetaker.model.meeting import Meeting
from notetaker.model.outcome import Outcome
from notetaker.recording.journal import JournalReader, Packet, journal_files
from notetaker.store.store import Store
from tests.harness.office import SENTENCE, Office
from tests.harness.people import press
from tests.harness.process import POLL_S, WAIT_S

READY = "Ready as Notetaker"


def kept(office: Office) -> tuple[Store, Meeting]:
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    return store, store.meetings()[0]


def heard(office: Office, name: str) -> list[int]:
    """When each packet of somebody arrived that is in a journal, Unix nanoseconds."""
    found: list[int] = []
    for folder in (office.state / "meetings").iterdir():
        for _, path in journal_files(folder):
            packets = (event for event in JournalReader(path) if isinstance(event, Packet))
            found += [one.arrival_ns for one in packets if one.user_id == office.user(name).id]
    return found


async def refused(office: Office, name: str) -> int:
    """How many packets of somebody were refused, as the bot says in its status."""
    said: dict[str, Any] = await office.status()
    coverage = [one for guild in said["voice"]["guilds"] for one in guild["coverage"]]
    return sum(
        one["dropped"].get("refused", 0) for one in coverage if one["user_id"] == str(office.user(name).id)
    )


async def until_refused(office: Office, name: str, packets: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while await refused(office, name) < packets:  # noqa: ASYNC110 - the bot announces none
            await asyncio.sleep(POLL_S)


def labels(message: Message | dict[str, Any]) -> list[str]:
    rows = message["components"] if isinstance(message, dict) else message.components
    return [one["label"] for row in rows for one in row["components"]]


async def pressed(office: Office, message: Message, action: str, user: str) -> dict[str, Any]:
    """The answer to a button."""
    custom_ids = [one["custom_id"] for row in message.components for one in row["components"]]
    [custom_id] = [one for one in custom_ids if f":{action}:" in one]
    shown = {"id": str(message.id), "channel_id": str(message.channel_id)}
    state = await press(office.http, office.local, office.user(user).id, shown, custom_id, wait_s=15)
    [answer] = state["messages"]
    assert answer["flags"] & 64, "only they see it"
    return dict(answer)


async def shown(office: Office, text: str, channel: str = "general") -> Message:
    messages = office.guild.channels[office.channel(channel)].messages

    def found() -> list[Message]:
        return [one for one in messages.values() if text in one.content]

    await office.until(lambda: bool(found()))
    return found()[-1]


async def test_who_refuses_while_speaking_is_recorded_no_more_and_others_are(office: Office) -> None:
    async with office.process("bot") as bot, office.person("Ada") as ada, office.person("Ben") as ben:
        await bot.until(READY)
        await office.says("startnotes")
        panel = await shown(office, "🔴 **Recording**")
        speaking = asyncio.gather(ada.speak(SENTENCE * 3), ben.speak(SENTENCE * 3))
        await office.until_stored("Ben", 20)
        answer = await pressed(office, panel, consent.REFUSE, "Ben")
        answered_ns = time.time_ns()
        assert answer["content"].startswith("Done: I don't record you.")
        assert labels(answer) == ["Record me again"]
        await speaking
        await shown(office, "🚫 Ben, not recorded")
        await office.until_stored("Ada", 3 * len(SENTENCE))
        before = heard(office, "Ben")
        assert 20 <= len(before) < 2 * len(SENTENCE)
        assert max(before) <= answered_ns
        assert len(heard(office, "Ada")) >= 3 * len(SENTENCE)
        await until_refused(office, "Ben", 20)

        [row] = answer["components"]
        [button] = row["components"]
        place = {"id": answer["id"], "channel_id": str(office.channel("general"))}
        again = await press(office.http, office.local, office.user("Ben").id, place, button["custom_id"])
        assert again["messages"][0]["content"].startswith("Done: I record you from now on")
        await ben.speak(SENTENCE)
        await office.until_stored("Ben", len(before) + len(SENTENCE))
        await office.says("stopnotes")
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log
    store, meeting = kept(office)
    [row] = [one for one in store.coverage(meeting.id) if one.user_id == office.user("Ben").id]
    assert row.lost == 0
    assert row.outcomes[Outcome.REFUSED] > 0
    assert [gap for gap in store.gaps(meeting.id) if gap.user_id == row.user_id] == []
    store.close()


async def test_where_people_are_asked_nobody_is_recorded_before_they_agree(office: Office) -> None:
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(office.process("bot"))
        ada = await stack.enter_async_context(office.person("Ada"))
        ben = await stack.enter_async_context(office.person("Ben"))
        await bot.until(READY)
        said = await office.says("settings consent mode:opt-in")
        assert "Consent: **opt-in**, only those are recorded who have agreed." in said
        assert "I'm recording those in that channel who agree" in await office.says("startnotes")
        panel = await shown(office, "-# Only those who agree are recorded.")
        assert labels(panel)[3:] == ["Yes, record me", "No"]
        here = await shown(office, "those in this channel who agree", "Standup")
        assert labels(here) == ["Yes, record me", "No"]
        await asyncio.gather(ada.speak(SENTENCE), ben.speak(SENTENCE))
        await until_refused(office, "Ada", len(SENTENCE))
        assert (heard(office, "Ada"), heard(office, "Ben")) == ([], [])

        both = await asyncio.gather(
            pressed(office, panel, consent.ALLOW, "Ada"), pressed(office, here, consent.REFUSE, "Ben")
        )
        assert [one["content"][:20] for one in both] == ["Done: I record you f", "Done: I don't record"]
        await asyncio.gather(ada.speak(SENTENCE), ben.speak(SENTENCE))
        await office.until_stored("Ada", len(SENTENCE))
        await until_refused(office, "Ben", 2 * len(SENTENCE))

        chloe = await stack.enter_async_context(office.person("Chloe"))
        asked = await shown(
            office, f"<@{office.user('Chloe').id}>: notes are being taken here. May I", "Standup"
        )
        await chloe.speak(SENTENCE)
        await pressed(office, asked, consent.ALLOW, "Chloe")
        await chloe.speak(SENTENCE)
        await office.until_stored("Chloe", len(SENTENCE))
        assert len(heard(office, "Chloe")) < 2 * len(SENTENCE)
        assert heard(office, "Ben") == []
        assert await bot.terminate() == 0

        bot = await stack.enter_async_context(office.process("bot"))  # answers hold
        await bot.until("resumed")
        await bot.until(READY)
        await shown(office, "I was away from")
        await asyncio.gather(ada.speak(SENTENCE), ben.speak(SENTENCE))
        await office.until_stored("Ada", len(SENTENCE))
        assert heard(office, "Ben") == []
        await office.says("stopnotes")
        late = await pressed(office, asked, consent.ALLOW, "Ben")  # of a meeting that is over
        assert late["content"].startswith("Done: I record you from now on")
        assert await bot.terminate() == 0

        bot = await stack.enter_async_context(office.process("bot", PRIVACY_VERSION="2"))
        await bot.until(READY)
        await office.says("startnotes")
        await shown(office, "-# Only those who agree are recorded.")
        status = await office.says("privacy status", user="Ben")
        assert "to an earlier version of the privacy policy" in status
        assert await bot.terminate() == 0


async def test_paused_by_somebody_nothing_is_recorded_not_even_after_a_restart(office: Office) -> None:
    async with office.person("Ada") as ada, office.person("Ben") as ben:
        async with office.process("bot") as bot:
            await bot.until(READY)
            await office.says("startnotes")
            panel = await shown(office, "🔴 **Recording**")
            outsider = await pressed(office, panel, words.PAUSE, "Chloe")
            assert outsider["content"].startswith("That's for the people in <#")
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            twice = await asyncio.gather(
                *(pressed(office, panel, words.PAUSE, who) for who in ("Ada", "Ben"))
            )
            assert sorted(one["content"][:7] for one in twice) == ["Paused:", "The not"]
            before = len(heard(office, "Ada"))
            await shown(office, " paused the notes of <#")
            await shown(office, " paused the notes of <#", "Standup")
            panel = await shown(office, "⏸ **Paused.** Nothing is recorded.")
            assert labels(panel)[1] == "Resume"
            await asyncio.gather(ada.speak(SENTENCE), ben.speak(SENTENCE))
            assert await bot.terminate() == 0
        async with office.process("bot") as bot:
            await bot.until(READY)
            await shown(office, "are still paused, and nothing is recorded until somebody presses Resume")
            await ada.speak(SENTENCE)
            assert (len(heard(office, "Ada")), heard(office, "Ben")) == (before, [])
            twice = await asyncio.gather(
                *(pressed(office, panel, words.RESUME, who) for who in ("Ada", "Ben"))
            )
            assert {one["content"] for one in twice} == {consent.RESUMED, consent.NOT_PAUSED}
            await ada.speak(SENTENCE)
            await office.until_stored("Ada", len(SENTENCE))
            await office.says("stopnotes")
            assert await bot.terminate() == 0
            assert "Traceback" not in bot.log
    store, meeting = kept(office)
    pauses = [gap.cause for gap in store.gaps(meeting.id) if gap.is_pause]
    assert len(pauses) == 2
    assert set(pauses) in ({"Ada paused the notes"}, {"Ben paused the notes"})
    store.close()


async def test_people_decide_and_look_with_privacy(office: Office) -> None:
    async with office.process("bot") as bot, office.process("worker"), office.person("Ada") as ada:
        await bot.until(READY)
        nothing = await office.says("privacy status")
        assert nothing.startswith("(only you) ### I record you in this server\n- You haven't answered yet")
        assert "You were heard in 0 meetings of this server." in nothing
        assert "(only you) There is nothing of yours" in await office.says("privacy export")
        await office.says("startnotes")
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", len(SENTENCE))
        assert (await office.says("privacy refuse")).startswith("(only you) Done: I don't record you.")
        before = len(heard(office, "Ada"))
        await ada.speak(SENTENCE)
        await until_refused(office, "Ada", len(SENTENCE))
        assert len(heard(office, "Ada")) == before
        refused_now = await office.says("privacy status")
        assert "### I don’t record you in this server\n- You refused to be recorded on <t:" in refused_now
        assert "You were heard in 1 meeting of this server." in refused_now
        await office.says("stopnotes")
        await office.posted(1)
        export = await office.types("privacy export")
        [message] = export["messages"]
        assert message["content"] == consent.WORDS
        assert message["flags"] & 64
        [file] = message["attachments"]
        async with office.http.get(file["url"]) as response:
            content = await response.text()
        assert content.startswith("Standup, 20")
        assert (await office.says("privacy allow")).startswith("(only you) Done: I record you from now on")
        assert "### I record you" in await office.says("privacy status")
        other = await office.says("privacy export", user="Ben")
        assert other.startswith("(only you) There is nothing of yours")
        assert await bot.terminate() == 0
