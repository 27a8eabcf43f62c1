"""/settings and /correct of the real bot in the local Discord, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from aiohttp import ClientSession

from notetaker.discordbot import replies
from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.ports import Meetings, Notebook, Privacy, Voice
from notetaker.discordsim.server import LocalDiscord
from notetaker.host.worker_thread import WorkerThread
from notetaker.jobs.queue import JobQueue
from notetaker.meetings.server_settings import ServerSettings
from notetaker.meetings.storage import Storage
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.vocabulary import MOST, MOST_BY_ONE, Entry
from notetaker.notes.markdown import length
from notetaker.store.database import StoreError
from notetaker.store.store import Store
from tests.harness.bench import Broken
from tests.harness.office import Office
from tests.store.examples import MEETING

DEFAULTS = GuildSettings(language="fr", empty_grace_s=90)


class Admin(Office):
    """Ada, who owns the server, and the database behind the bot."""

    store: Store
    broken: Broken

    @property
    def set(self) -> GuildSettings:
        return self.store.guild_settings(self.guild.id, DEFAULTS)

    async def is_offered(self, command: str, option: str, text: str) -> list[str]:
        shown = await self.sim(
            "autocomplete",
            user_id=str(self.user("Ada").id),
            channel_id=str(self.channel("general")),
            command=command,
            focused=option,
            options={option: text},
        )
        return [choice["name"] for choice in shown["choices"]]


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[Admin]:
    async with asyncio.timeout(30), LocalDiscord(state_dir=tmp_path) as local, ClientSession() as http:
        admin = Admin(local, http, tmp_path)
        admin.store = Store(f"sqlite:///{tmp_path}/notetaker.db")
        admin.store.migrate()
        admin.broken = Broken(admin.store)
        database = WorkerThread("database", StoreError)
        storage = Storage(cast("Store", admin.broken), cast("JobQueue", None), database, database)
        bot = NotetakerBot(api_base_url=local.api_url, ca_file=None)
        bot.attach(
            cast("Meetings", None),
            cast("Voice", None),
            ServerSettings(storage, DEFAULTS),
            cast("Notebook", None),
            cast("Privacy", None),
        )
        bot.bridge.received = lambda message: None  # type: ignore[method-assign]  # there is no voice stack
        serving = asyncio.ensure_future(bot.serve(admin.bot.token))
        await bot.wait_for("ready")
        yield admin
        await bot.close()
        await serving
        database.close()
        admin.store.close()


async def test_the_settings_of_a_server_are_shown_with_the_operators(admin: Admin) -> None:
    await admin.says("settings time-zone zone:berlin")
    assert await admin.says("settings show") == (
        "(only you) ### Settings of this server\n"
        "- Kind of notes: **meeting** (the default)\n"
        "- Language: **French** (the default)\n"
        "- Time zone: **Europe/Berlin**\n"
        "- When everyone has left: the meeting ends after **1 min 30 s** (the default)\n"
        "- Other bots: **not recorded** (the default)\n"
        "- Consent: **notice**, everyone is recorded who hasn't refused (the default)\n"
        "- Vocabulary: **0 entries**"
    )


@pytest.mark.parametrize(
    ("command", "said", "field", "value"),
    [
        ("kind kind:podcast", "Kind of notes: **podcast**", "kind", "podcast"),
        ("language language:Deutsch", "Language: **German**", "language", "de"),
        ("time-zone zone:New York", "Time zone: **America/New_York**", "time_zone", "America/New_York"),
        (
            "empty-channel seconds:0",
            "When everyone has left: the meeting ends after **0 s**",
            "empty_grace_s",
            0,
        ),
        (
            "consent mode:opt-in",
            "Consent: **opt-in**, only those are recorded who have agreed",
            "consent",
            "opt-in",
        ),
        ("bots record:true", "Other bots: **recorded**", "record_bots", True),
    ],
)
async def test_each_setting_can_be_set_and_taken_back(
    admin: Admin, command: str, said: str, field: str, value: object
) -> None:
    assert (
        await admin.says(f"settings {command}") == f"(only you) {said}. This holds from the next meeting on."
    )
    assert getattr(admin.set, field) == value
    assert admin.set.own == {field}
    shown = await admin.says(f"settings {command.split()[0]}")
    assert shown.endswith(" (the default). This holds from the next meeting on.")
    assert admin.set == DEFAULTS


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("language language:Klingon", replies.unknown_language("Klingon")),
        ("time-zone zone:Europe", replies.unknown_time_zone("Europe")),
        ("time-zone zone:@everyone", replies.unknown_time_zone("@everyone")),
    ],
)
async def test_a_mistake_gets_a_sentence_and_changes_nothing(admin: Admin, command: str, reason: str) -> None:
    assert await admin.says(f"settings {command}") == f"(only you) {reason}"
    assert admin.set == DEFAULTS


async def test_choices_are_offered_while_somebody_types(admin: Admin) -> None:
    assert await admin.is_offered("settings time-zone", "zone", "ber") == [
        "Atlantic/Bermuda",
        "Europe/Berlin",
        "Australia/Canberra",
    ]
    assert await admin.is_offered("settings language", "language", "germ") == ["German (Deutsch)"]
    assert len(await admin.is_offered("settings time-zone", "zone", "")) == 25


async def test_only_who_manages_the_server_may_change_it(admin: Admin) -> None:
    shown = await admin.types("settings bots record:true", user="Ben")
    assert "may not use /settings" in str(shown)
    assert admin.set == DEFAULTS


@pytest.mark.parametrize("call", ["guild_settings", "set_for_guild"])
async def test_a_database_that_does_not_work_is_told(
    admin: Admin, caplog: pytest.LogCaptureFixture, call: str
) -> None:
    admin.broken.calls = {call}
    assert await admin.says("settings bots record:true") == f"(only you) {replies.NO_SETTINGS}"
    assert "Cannot read or store the settings of a server: the database notetaker.db" in caplog.text


async def test_a_server_teaches_names_and_terms(admin: Admin) -> None:
    assert "has no vocabulary yet" in await admin.says("settings vocabulary")
    said = await admin.says("settings vocabulary add: Zyx,  Lady   Vire; *Jira*,, zyx")
    assert said == "(only you) **3 entries**, which I expect from now on: \\*Jira\\*, Lady Vire, zyx"
    assert admin.store.vocabulary(admin.guild.id) == [Entry("*Jira*"), Entry("Lady Vire"), Entry("zyx")]
    assert "- Vocabulary: **3 entries**" in await admin.says("settings show")
    assert await admin.is_offered("settings vocabulary", "remove", "vi") == ["Lady Vire"]
    said = await admin.says("settings vocabulary remove:LADY vire add:Hask")
    assert said == "(only you) **3 entries**, which I expect from now on: \\*Jira\\*, Hask, zyx"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("add:Zyx, " + "x" * 61, replies.not_a_term("x" * 61, "is longer than 60 characters")),
        ("add:Zyx, 🎉", replies.not_a_term("🎉", "has no letters")),
        ("add:Zyx remove:Hask", replies.not_in_vocabulary("Hask")),
    ],
)
async def test_what_cannot_be_in_a_vocabulary_is_told_and_changes_nothing(
    admin: Admin, command: str, reason: str
) -> None:
    assert await admin.says(f"settings vocabulary {command}") == f"(only you) {reason}"
    assert admin.store.vocabulary(admin.guild.id) == []


async def test_a_full_vocabulary_takes_no_more_and_is_shown_in_one_message(admin: Admin) -> None:
    full = [Entry(f"{number:03}{'🎉' * 50}") for number in range(MOST)]
    admin.store.add_vocabulary(admin.guild.id, full)
    assert await admin.says("settings vocabulary add:one") == f"(only you) {replies.vocabulary_full(MOST)}"
    said = await admin.says(f"settings vocabulary add:{full[0].term}")
    assert said.endswith("more")
    assert 1800 < length(said) <= 2000
    assert len(await admin.is_offered("settings vocabulary", "remove", "")) == 25


async def test_what_a_vocabulary_says_is_in_no_log(admin: Admin, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    for broken in ("add_vocabulary", "vocabulary"):
        admin.broken.calls = {broken}
        for command in ("settings vocabulary add:Zyxophon", "correct right:Zyxophon wrong:Saxophon"):
            assert await admin.says(command) == f"(only you) {replies.NO_SETTINGS}"
    assert await admin.is_offered("settings vocabulary", "remove", "zyxophon") == []
    admin.broken.calls = set()
    await admin.says("settings vocabulary add:Zyxophon")
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("notetaker.")]
    assert any("Cannot read or store" in text for text in ours)
    assert "xophon" not in "".join(text for text in ours if "discordsim" not in text).lower()
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_who_was_in_a_meeting_corrects_a_name(admin: Admin) -> None:
    assert await admin.says("correct right:Zyx", user="Ben") == f"(only you) {replies.NOT_MET}"
    meeting = replace(MEETING, guild_id=admin.guild.id)
    admin.store.add_meeting(meeting)
    admin.store.name_speaker(meeting.id, admin.user("Ben").id, "Ben")
    said = await admin.says("correct right:Kubernetes wrong:Cooper  *Netties*", user="Ben")
    ben, ada = admin.user("Ben").id, admin.user("Ada").id
    kubernetes = Entry("Kubernetes", "Cooper *Netties*", ben)
    assert said == f"(only you) {replies.corrected(kubernetes)}"
    assert "I write **Kubernetes** where I hear “Cooper \\*Netties\\*”" in said
    await admin.says("correct right:Zyx", user="Ben")
    await admin.says("correct right:Jira wrong:Jira")
    assert admin.store.vocabulary(admin.guild.id) == [
        Entry("Jira", by=ada),
        kubernetes,
        Entry("Zyx", by=ben),
    ]
    assert f"Kubernetes (not Cooper \\*Netties\\*) by <@{ben}>, Zyx" in await admin.says(
        "settings vocabulary"
    )
    await admin.says("settings vocabulary remove:kubernetes")
    assert admin.store.vocabulary(admin.guild.id) == [Entry("Jira", by=ada), Entry("Zyx", by=ben)]


async def test_one_person_corrects_so_many_names(admin: Admin) -> None:
    meeting = replace(MEETING, guild_id=admin.guild.id)
    admin.store.add_meeting(meeting)
    admin.store.name_speaker(meeting.id, admin.user("Ben").id, "Ben")
    by_ben = [Entry(f"{number:02}", by=admin.user("Ben").id) for number in range(MOST_BY_ONE)]
    admin.store.add_vocabulary(admin.guild.id, by_ben)
    said = await admin.says("correct right:Zyx", user="Ben")
    assert said == f"(only you) {replies.corrected_enough(MOST_BY_ONE)}"
    assert await admin.says("correct right:07", user="Ben") == f"(only you) {replies.corrected(by_ben[7])}"
    assert admin.store.vocabulary(admin.guild.id) == by_ben
    await admin.says("correct right:Zyx")  # by Ada, who manages the server
    await admin.says("settings vocabulary add:Jira")
    assert admin.store.vocabulary(admin.guild.id) == [
        *by_ben,
        Entry("Jira"),
        Entry("Zyx", by=admin.user("Ada").id),
    ]


@pytest.mark.parametrize("wrong", ["the", "We Are", "a", "A I"])
async def test_a_common_word_is_not_replaced(admin: Admin, wrong: str) -> None:
    said = await admin.says(f"correct right:Zyx wrong:{wrong}")
    assert said == f"(only you) {replies.too_common(wrong)}"
    assert admin.store.vocabulary(admin.guild.id) == []
