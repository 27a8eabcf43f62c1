"""/notes list, search and ask of the real bot in the local Discord, on a real database."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from notetaker.discordbot import replies
from notetaker.discordsim.world.entities import ChannelType
from notetaker.discordsim.world.permissions import Permission
from notetaker.jobs.asking import answer_question
from notetaker.jobs.queue import JobQueue
from notetaker.jobs.search import index_all
from notetaker.meetings.searching import NO_ANSWER, NOTHING
from notetaker.model.live_text import ShownPage
from notetaker.model.meeting import Meeting, Place
from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.notes.markdown import escape
from notetaker.store.store import Store
from notetaker.writing.llm import LlmWriter
from notetaker.writing.settings import LlmSettings
from tests.discordbot.test_notes import MINUTE, SECOND, Readers, readers
from tests.remote.server import Answer, no_proxy
from tests.store.examples import NOTES, POSTING
from tests.writing.llm_server import MODEL, Server, completion

__all__ = ["no_proxy", "readers"]


def say(readers: Readers, meeting: Meeting, *texts: str, by: str = "Ben", language: str = "en") -> list[str]:
    """Have somebody say something, one text every ten seconds. Return the ids of the utterances."""
    ids = []
    before = len(readers.store.utterances(meeting.id))
    readers.store.name_speaker(meeting.id, readers.user(by).id, by)
    for number, text in enumerate(texts, before):
        said_ns = meeting.started_ns + number * 10 * SECOND
        clip = Clip(1, 100 * number, 100 * number + 90, 7)
        one = Utterance(meeting.id, readers.user(by).id, clip, said_ns, said_ns + 9 * SECOND, 450)
        readers.store.add_utterance(one)
        readers.store.set_final({one.id: Transcription(text, "e", language=language)}, said_ns)
        ids.append(one.id)
    return ids


def end(readers: Readers, meeting: Meeting) -> None:
    """End a meeting after half an hour, with notes in general, and let the worker index it."""
    readers.store.end_meeting(meeting.id, meeting.started_ns + 30 * MINUTE)
    posting = replace(POSTING, meeting_id=meeting.id, channel_id=meeting.text_channel_id)
    readers.store.save_notes(NOTES, posting)
    readers.store.posted(meeting.id, 42, meeting.text_channel_id)
    index_all(readers.store, lambda: False)


async def test_what_was_said_is_found_with_its_words_marked(readers: Readers) -> None:
    old, new = readers.meet(0), readers.meet(1)
    say(readers, old, "The *invoices* are late.", *["Yes."] * 30, "I'll pay the old invoice @everyone.")
    say(readers, new, "We have no invoicing software.", by="Chloe")
    end(readers, old)
    link = f"https://discord.com/channels/{readers.guild.id}/{readers.channel('general')}/42"
    assert await readers.says("notes search words:Invoice", user="Ben") == (
        "(only you) **“Invoice”**, newest first\n"
        "**Standup**, <t:1795357860:f>\n"
        "- <t:1795357860:T> Chloe: We have no **invoicing** software.\n"
        "**Standup**, <t:1795357800:f>\n"
        f"- <t:1795357800:T> Ben: The \\***invoices**\\* are late. [open]({link})\n"
        f"- <t:1795358110:T> Ben: I'll pay the old **invoice** @\u200beveryone. [open]({link})"
    )
    assert "**“old invoices”**" in await readers.says("notes search words:old invoices", user="Ben")
    said = await readers.says("notes search words:late software", user="Ben")
    assert said == f"(only you) **“late software”**\n{NOTHING}"
    assert "are **late**." in await readers.says("notes search words:late", user="Ben")
    said = await readers.says("notes search words:what was it?", user="Ben")
    assert said == f"(only you) {replies.NO_WORDS}"


async def test_a_line_is_linked_to_the_message_that_showed_it(readers: Readers) -> None:
    meeting = readers.meet(0)
    first, second = say(readers, meeting, "The roof leaks.", "The budget is small.")
    readers.store.open_live_text(meeting.id, 77)
    readers.store.save_page(meeting.id, 1, ShownPage(8, (first,)))
    readers.store.save_page(meeting.id, 2, ShownPage(9, (second,)))
    end(readers, meeting)
    assert f"/{readers.guild.id}/77/9)" in await readers.says("notes search words:budget")


async def test_the_best_passages_answer_a_question(readers: Readers) -> None:
    meeting = readers.meet(0)
    say(readers, meeting, "The price is right.", *["Yes."] * 40, by="Ben")
    say(readers, meeting, "The price is too high.", by="Chloe")
    end(readers, meeting)
    said = await readers.says("notes ask question:What did Chloe say about the price?", user="Ben")
    heading, _, first, second = said.splitlines()
    assert heading == "(only you) **“What did Chloe say about the price?”**"
    assert "Chloe: The **price** is too high." in first
    assert "Ben: The **price** is right." in second
    said = await readers.says("notes ask question:Where is the zebra?", user="Ben")
    assert said == f"(only you) **“Where is the zebra?”**\n{NO_ANSWER}"


class Workers:
    """Jobs that are done as soon as they are requested, as ``jobs.worker`` does them; or never."""

    def __init__(self, store: Store, model: LlmWriter | None) -> None:
        self._store = store
        self._model = model
        self.idle = False
        self.answers: dict[str, dict[str, Any]] = {}

    def ask(self, question: str, passages: list[tuple[str, list[str]]]) -> str:
        if not self.idle:
            self.answers["job"] = answer_question(self._store, self._model, question, passages)
        return "job"

    def answer(self, name: str) -> dict[str, Any] | None:
        return self.answers.get(name)

    def forget(self, name: str) -> None:
        self.answers.pop(name, None)


@pytest.fixture
async def asked(readers: Readers, no_proxy: None) -> AsyncIterator[tuple[Readers, Workers, Server]]:
    """A meeting about a price, and a language model."""
    meeting = readers.meet(0)
    say(readers, meeting, "So we launch the new billing page on the twelfth of March.")
    end(readers, meeting)
    with Server().running() as server, closing(LlmWriter(LlmSettings(server.url, MODEL))) as model:
        workers = Workers(readers.store, model)
        readers.notebook._answers, readers.notebook._answer_s = True, 0.6
        readers.notebook._storage.queue = cast("JobQueue", workers)
        yield readers, workers, server


QUESTION = "When do we launch the billing page?"


async def test_a_language_model_answers_from_what_was_said(asked: tuple[Readers, Workers, Server]) -> None:
    readers, workers, server = asked
    sentences = [
        {"lines": [1], "text": "The billing page is launched on the twelfth of March."},
        {"lines": [1], "text": "The billing page is launched on the fifteenth of April."},
        {"lines": [9], "text": "The billing page is launched by Caro alone."},
    ]
    server.answer = lambda _: completion(json.dumps({"points": sentences}))
    link = f"https://discord.com/channels/{readers.guild.id}/{readers.channel('general')}/42"
    assert await readers.says(f"notes ask question:{QUESTION}", user="Ben") == (
        f"(only you) **“{QUESTION}”**\n"
        "- The billing page is launched on the twelfth of March. (Ben, Standup, <t:1795357800:f> "
        f"[open]({link}))\n"
        "-# Written by small-model from what was said, which may be misheard."
    )
    assert workers.answers == {}, "nothing of it is kept"
    shown = server.questions[0].text
    assert "Standup, 22 November 2026:\n[1] Ben: So we launch the new billing page" in shown
    assert shown.endswith(f"The question: {QUESTION}")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (completion('{"points": []}'), "nothing that I could write was said in these passages"),
        (Answer(401), "NOTES_LLM_API_KEY: the server rejected the key"),
    ],
)
async def test_without_an_answer_the_passages_are_shown(
    asked: tuple[Readers, Workers, Server], answer: Answer, reason: str
) -> None:
    readers, _, server = asked
    server.answer = lambda _: answer
    said = await readers.says(f"notes ask question:{QUESTION}")
    assert "Ben: So we **launch** the new **billing** **page** on the twelfth of March." in said
    assert f"\n-# I have no answer in words: {escape(reason)}" in said


async def test_when_no_worker_answers_the_passages_are_shown(asked: tuple[Readers, Workers, Server]) -> None:
    readers, workers, _ = asked
    workers.idle = True
    said = await readers.says(f"notes ask question:{QUESTION}")
    assert said.endswith("\n-# I have no answer in words: the language model has not answered in time.")
    assert "**billing**" in said


async def test_meetings_are_listed(readers: Readers) -> None:
    assert await readers.says("notes list") == f"(only you) {replies.NO_MEETINGS}"
    done, _ = readers.meet(0), readers.meet(1)
    end(readers, done)
    link = f"https://discord.com/channels/{readers.guild.id}/{readers.channel('general')}/42"
    assert await readers.says("notes list", user="Ben") == (
        "(only you) **2 meetings** that you can see, newest first\n"
        "- **Standup**, <t:1795357860:f>, going on\n"
        f"- **Standup**, <t:1795357800:f>, 30 min: Radio, lamp [notes]({link})"
    )
    for number in range(2, 60):
        readers.meet(number)
    said = await readers.says("notes list", user="Ben")
    assert said.count("\n- ") == 15
    assert said.endswith("\n-# And 45 earlier. /notes search finds what was said in them.")


@pytest.mark.parametrize(
    ("voice", "text"),
    [("Board", "general"), ("Locked", "general"), ("Standup", "board-notes"), ("Standup", "no-history")],
)
async def test_only_what_a_person_may_see_now_is_found(readers: Readers, voice: str, text: str) -> None:
    secret, seen = readers.meet(0, voice=voice, text=text), readers.meet(1)
    say(readers, secret, "The merger is secret.")
    say(readers, seen, "The weather is fine.")
    end(readers, secret)
    for asked in ("search words:merger", "ask question:Is there a merger?"):
        assert "secret" not in await readers.says(f"notes {asked}", user="Ben")
        assert "The **merger** is secret." in await readers.says(f"notes {asked}", user="Chloe")
    assert (await readers.says("notes list", user="Ben")).count("\n- ") == 1
    assert (await readers.says("notes list", user="Chloe")).count("\n- ") == 2


async def test_a_meeting_that_moved_is_for_those_who_see_all_its_rooms(readers: Readers) -> None:
    meeting = readers.meet(0)
    readers.store.set_place(meeting.id, Place(meeting.started_ns + MINUTE, readers.channel("Board"), "Board"))
    say(readers, meeting, "The merger is secret.")
    end(readers, meeting)
    for asked in ("search words:merger", "list", "show"):
        assert await readers.says(f"notes {asked}", user="Ben") == f"(only you) {replies.NO_MEETINGS}"
    said = await readers.says(f"notes show meeting:{meeting.id}", user="Ben")
    assert said == f"(only you) {replies.no_such_meeting(meeting.id)}"
    assert "**merger**" in await readers.says("notes search words:merger", user="Chloe")


async def test_a_channel_hidden_in_between_is_not_searched_any_more(readers: Readers) -> None:
    meeting = readers.meet(0)
    say(readers, meeting, "The merger is secret.")
    end(readers, meeting)
    assert "**merger**" in await readers.says("notes search words:merger", user="Ben")
    url = f"{readers.local.api_url}/v10/channels/{readers.channel('Standup')}/permissions/{readers.guild.id}"
    hidden = {"type": 0, "allow": "0", "deny": str(int(Permission.VIEW_CHANNEL))}
    token = {"Authorization": readers.user("Ada").token}
    async with readers.http.put(url, json=hidden, headers=token) as response:
        assert response.status == 204
    assert await readers.says("notes search words:merger", user="Ben") == f"(only you) {replies.NO_MEETINGS}"
    assert "**merger**" in await readers.says("notes search words:merger", user="Ada")


async def test_another_server_is_never_searched(readers: Readers) -> None:
    mine = readers.meet(0)
    other = replace(mine, id="20261122-150000-other1", guild_id=5)
    readers.store.add_meeting(other)
    say(readers, other, "The merger is secret.")
    end(readers, other)
    for asked in ("search words:merger", "ask question:Is there a merger?", "list"):
        assert "secret" not in (said := await readers.says(f"notes {asked}")), said
    assert (await readers.says("notes list")).count("\n- ") == 1


async def test_a_private_thread_is_searched_for_its_members(readers: Readers) -> None:
    general = readers.guild.channels[readers.channel("general")]
    kind = ChannelType.PRIVATE_THREAD
    readers.local.world.add_thread(general, "hiring", readers.bot.id, kind=kind, thread_id=None, minutes=60)
    say(readers, readers.meet(0, text="hiring"), "We take the second applicant.")
    assert (
        await readers.says("notes search words:applicant", user="Ben") == f"(only you) {replies.NO_MEETINGS}"
    )
    assert "**applicant**" in await readers.says("notes search words:applicant")


async def test_more_than_fits_is_counted(readers: Readers) -> None:
    for number in range(12):
        meeting = replace(readers.meet(number), voice_channel_name="x" * 99)
        say(readers, meeting, "An invoice " + "and so on " * 40)
        end(readers, meeting)
    said = await readers.says("notes search words:invoice")
    assert said.endswith(" more did not fit.\n-# There is more. Add a word to narrow it down.")
    assert said.count("**invoice**") >= 4


async def test_a_meeting_in_another_language_is_found(readers: Readers) -> None:
    meeting = readers.meet(0)
    say(readers, meeting, "Die Rechnungen sind spät.", language="de")
    assert "Die **Rechnungen** sind spät." in await readers.says("notes search words:rechnung")


async def test_what_is_not_indexed_yet_is_said(readers: Readers) -> None:
    for number in range(8):
        say(readers, readers.meet(number), "The roof leaks.")
    said = await readers.says("notes search words:roof")
    assert said.count("**roof**") == 5
    assert said.endswith("-# 3 meetings not searched yet, because a worker has yet to index them.")


async def test_without_a_database_the_search_says_so(readers: Readers) -> None:
    readers.meet(0)
    readers.broken.calls = {"heads"}
    assert await readers.says("notes search words:roof") == f"(only you) {replies.NO_NOTES}"


async def test_a_long_search_keeps_nobody_else_waiting(readers: Readers) -> None:
    say(readers, readers.meet(0), "The roof leaks.")
    with readers.broken.slow("heads") as (begun, end):
        searching = asyncio.ensure_future(readers.says("notes search words:roof"))
        await asyncio.to_thread(begun.wait)
        assert len(await readers.is_offered(user="Ben")) == 1
        for command in ("notes search words:roof", "notes ask question:roof", "notes list"):
            assert await readers.says(command) == f"(only you) {replies.STILL_LOOKING}"
        end.set()
        assert "The **roof** leaks." in await searching
    assert "The **roof** leaks." in await readers.says("notes search words:roof")


async def post(readers: Readers, channel: str) -> int:
    """Have the bot post something. Return the message's id."""
    url = f"{readers.local.api_url}/v10/channels/{readers.channel(channel)}/messages"
    token = {"Authorization": f"Bot {readers.bot.token}"}
    async with readers.http.post(url, json={"content": "words"}, headers=token) as response:
        return int((await response.json())["id"])


async def test_a_meeting_is_deleted_with_all_that_is_kept_of_it(readers: Readers, tmp_path: Path) -> None:
    meeting, other = readers.meet(0), readers.meet(1)
    say(readers, other, "Another roof.")
    readers.store.end_meeting(meeting.id, meeting.started_ns + 30 * MINUTE)
    [line] = say(readers, meeting, "The merger is secret.")
    readers.store.save_notes(
        NOTES, replace(POSTING, meeting_id=meeting.id, channel_id=meeting.text_channel_id)
    )
    assert await readers.says(f"notes delete meeting:{meeting.id}") == f"(only you) {replies.NOT_FINISHED}"
    page, notes, mine = [await post(readers, "general") for _ in range(3)]
    readers.store.posted(meeting.id, notes, meeting.text_channel_id)
    readers.store.open_live_text(meeting.id, readers.channel("general"))
    readers.store.save_page(meeting.id, 1, ShownPage(page, (line,)))
    index_all(readers.store, lambda: False)
    track = tmp_path / "meetings" / meeting.id / "tracks" / "ben.ogg"
    track.parent.mkdir(parents=True)
    track.touch()
    assert await readers.says(f"notes delete meeting:{meeting.id}") == (
        "(only you) Deleted: Standup, 22 November 2026, 14:30, with its notes, its transcript and its sound. "
        "What people have downloaded is out of my reach."
    )
    assert not track.parent.parent.exists()
    left = readers.guild.channels[readers.channel("general")].messages
    assert {page, notes, mine} & left.keys() == {mine}
    assert readers.store.meeting(meeting.id) is None
    assert readers.store.transcription(line) is None
    assert "merger" not in (await readers.says("notes search words:merger")).partition("\n")[2]
    assert "Another **roof**." in await readers.says("notes search words:roof")


async def test_only_who_started_a_meeting_or_manages_the_server_deletes_it(readers: Readers) -> None:
    by_ada = readers.meet(0)
    by_ben = replace(readers.meet(1), id="20261122-150000-by2ben", started_by=readers.user("Ben").id)
    readers.store.add_meeting(by_ben)
    for meeting in (by_ada, by_ben):
        end(readers, meeting)
    said = await readers.says(f"notes delete meeting:{by_ada.id}", user="Ben")
    assert said == f"(only you) {replies.NOT_YOURS}"
    assert "Deleted" in await readers.says(f"notes delete meeting:{by_ben.id}", user="Ben")
    said = await readers.says(f"notes delete meeting:{by_ben.id}", user="Ben")
    assert said == f"(only you) {replies.no_such_meeting(by_ben.id)}"
    readers.broken.calls = {"delete_meeting"}
    said = await readers.says(f"notes delete meeting:{by_ada.id}")
    assert said == f"(only you) {replies.CANNOT_DELETE}"
    assert readers.store.meeting(by_ada.id) is not None


async def test_who_manages_the_server_deletes_a_meeting_whose_channel_is_gone(readers: Readers) -> None:
    gone = replace(
        readers.meet(0), id="20261122-150000-gone11", text_channel_id=4, started_by=readers.user("Ben").id
    )
    hidden = replace(gone, id="20261122-150000-hidden", text_channel_id=readers.channel("board-notes"))
    for meeting in (gone, hidden):
        readers.store.add_meeting(meeting)
        end(readers, meeting)
    for person, one in (("Ben", gone), ("Ben", hidden), ("Chloe", gone)):
        said = await readers.says(f"notes delete meeting:{one.id}", user=person)
        assert said == f"(only you) {replies.no_such_meeting(one.id)}"
        offered = await readers.is_offered(user=person, command="notes delete")
        assert one.id not in [choice["value"] for choice in offered]
    offered = await readers.is_offered(command="notes delete")
    assert gone.id in [choice["value"] for choice in offered]
    assert gone.id not in [choice["value"] for choice in await readers.is_offered()]
    assert await readers.says(f"notes show meeting:{gone.id}") == (
        f"(only you) {replies.no_such_meeting(gone.id)}"
    )
    assert "Deleted" in await readers.says(f"notes delete meeting:{gone.id}")


async def test_messages_that_stay_are_counted(readers: Readers) -> None:
    meeting = readers.meet(0)
    end(readers, meeting)
    readers.store.open_live_text(meeting.id, readers.channel("board-notes"))
    readers.store.save_page(meeting.id, 1, ShownPage(8, ()))
    said = await readers.says(f"notes delete meeting:{meeting.id}")
    assert "I could not delete 1 message of mine with its words" in said
