"""No token, key, session id, word or sound of a meeting is ever written to a log, a trace or the journal."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from notetaker.model import events
from notetaker.store.store import Store
from tests.harness.canaries import Canaries
from tests.harness.journald import FakeJournald
from tests.harness.office import SENTENCE, Office

TALKATIVE = {"LOG_LEVEL": "DEBUG", "VOICE_DEBUG": "1"}


@pytest.mark.parametrize(
    "written",
    [
        b"key=0123456789abcdef!",
        b"30313233343536373839616263646566",
        b"[48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102]",
        base64.b64encode(b"0123456789abcdef"),
        base64.b64encode(b"x0123456789abcdefyz"),
        base64.b64encode(b"xy0123456789abcdef"),
    ],
)
def test_a_canary_is_found_in_any_form(written: bytes) -> None:
    canaries = Canaries()
    canaries.add("0123456789abcdef")
    assert canaries.found_in(written) == [b"0123456789abcdef"]
    canaries.add(b"abcdef\xff\x00")
    assert canaries.found_in(b"...") == []
    assert canaries.found_in(repr(b"abcdef\xff\x00").encode()) == [b"abcdef\xff\x00"]


async def test_a_meeting_with_everything_that_goes_wrong_writes_no_canary(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret, speech = Canaries(), Canaries()
    secret.collect(monkeypatch, office.local.world.random)
    async with FakeJournald(tmp_path) as journal, AsyncExitStack() as running:
        journaled = TALKATIVE | journal.environment()
        log = [
            await running.enter_async_context(office.process("worker", **TALKATIVE, DISCORD_TOKEN="")),
            await running.enter_async_context(office.process("worker", **journaled, DISCORD_TOKEN="")),
            await running.enter_async_context(office.process("bot", **journaled)),
        ]
        await log[0].until("Ready with")
        await journal.until(MESSAGE="Ready as Notetaker")
        await meeting(office, journal)
        await office.posted(1)
        await journal.until(MESSAGE_ID=events.NOTES_POSTED.message_id)
        assert [await process.terminate() for process in log] == [0, 0, 0]

    check_events(journal, office)
    secret.add(*(user.token for user in office.local.world.users.values()))
    speech.add(*(packet for packet in SENTENCE if len(packet) >= 20))
    words = said(office)
    speech.add(*(" ".join(words[at : at + 3]) for at in range(len(words) - 2)))
    traces = [file.read_bytes() for file in (office.state / "voice-traces").iterdir()]
    written = b"\n".join([*(process.log.encode() for process in log), *journal.raw, *traces])
    assert len(traces) >= 3
    assert b"SESSION_DESCRIPTION" in written
    assert len(secret) > 20
    assert len(speech) > 50
    assert secret.found_in(written) == []
    assert speech.found_in(written) == []
    assert re.search(rb"\bAda\b", written) is None
    assert b"Traceback" not in written
    kept = [file.read_bytes() for file in office.state.rglob("*") if file.is_file()]
    assert secret.found_in(b"\n".join(kept)) == []


async def test_an_answer_that_discord_does_not_take_is_no_bug_and_writes_no_canary(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = Canaries()
    secret.collect(monkeypatch, office.local.world.random)
    async with (
        going_in_circles(office, r"/(interactions|webhooks)/") as api_url,
        office.process("bot", **TALKATIVE, DISCORD_API_BASE_URL=api_url) as bot,
        office.person("Ada"),
    ):
        await bot.until("Ready as Notetaker")
        for command in ("stopnotes", "joinvoice", "voicestatus"):  # a refusal, a deferral, a cog of its own
            await office.types(command, wait_s=0)
            await bot.until(f"Cannot answer /{command}: Discord could not be reached (TooManyRedirects)")
        assert await bot.terminate() == 0
    secret.add(*(user.token for user in office.local.world.users.values()))
    assert secret.found_in(bot.log.encode()) == []
    assert " ERROR " not in bot.log
    assert "Traceback" not in bot.log


@asynccontextmanager
async def going_in_circles(office: Office, paths: str) -> AsyncIterator[str]:
    """The local Discord's REST API, which sends requests to some paths round in circles.

    Of all that goes wrong on the way, this is what aiohttp tells most about: the address and all headers.
    """

    async def answer(request: web.Request) -> web.Response:
        if re.search(paths, request.path):
            raise web.HTTPTemporaryRedirect(request.path_qs)
        headers = {
            name: request.headers[name]
            for name in ("Authorization", "Content-Type")
            if name in request.headers
        }
        address = f"{office.local.world.cdn_url}{request.path_qs}"
        async with http.request(
            request.method, address, headers=headers, data=await request.read()
        ) as response:
            return web.Response(
                status=response.status, body=await response.read(), content_type=response.content_type
            )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with ClientSession() as http, TestServer(app) as server:
        yield str(server.make_url("/api"))


async def meeting(office: Office, journal: FakeJournald) -> None:
    """A first attempt that is refused, a websocket that breaks and is resumed, a session that is lost."""
    bot = str(office.bot.id)
    async with office.person("Ada") as ada:
        await office.sim("faults", kind="refuse_identify", user_id=bot, code=4006)
        await office.says("startnotes")
        await ada.speak(SENTENCE[:25])
        await office.sim("faults", kind="voice_close", user_id=bot, code=4015)
        await journal.until(MESSAGE_ID=events.VOICE_RESUMED.message_id)
        await ada.speak(SENTENCE[25:])
        await office.sim("faults", kind="gateway_reconnect", user_id=bot)
        await journal.until(MESSAGE="Reconnected to Discord")
        await office.sim("faults", kind="voice_close", user_id=bot, code=4006)
        await journal.until(times=2, MESSAGE_ID=events.VOICE_UP.message_id)
        await ada.speak(SENTENCE)
        await office.says("stopnotes")


def check_events(journal: FakeJournald, office: Office) -> None:
    """What an operator would look for is found."""
    guild = str(office.guild.id)
    [refused, lost] = journal.having(VOICE_CLOSE_CODE="4006")
    assert (refused["MESSAGE_ID"], refused["ATTEMPT"]) == (events.VOICE_ATTEMPT_FAILED.message_id, "1")
    assert (lost["MESSAGE_ID"], lost["VOICE_STATE"]) == (events.VOICE_LOST.message_id, "connecting")
    assert refused["PRIORITY"] == lost["PRIORITY"] == "4"
    assert refused["GUILD_ID"] == lost["GUILD_ID"] == guild
    assert refused["CHANNEL_ID"] == lost["CHANNEL_ID"] == str(office.channel("Standup"))
    [resuming] = journal.having(VOICE_CLOSE_CODE="4015")
    assert (resuming["MESSAGE_ID"], resuming["GUILD_ID"]) == (events.VOICE_RESUMING.message_id, guild)
    [gap] = journal.having(MESSAGE_ID=events.GAP.message_id)
    assert 0 <= int(gap["GAP_MS"]) < 10_000
    of_meeting = [entry["MESSAGE_ID"] for entry in journal.having(MEETING_ID=gap["MEETING_ID"])]
    told = (events.MEETING_STARTED, events.GAP, events.MEETING_ENDED, events.NOTES_POSTED)
    assert of_meeting == [event.message_id for event in told]
    for event, times in ((events.READY, 2), (events.STOPPING, 2), (events.GATEWAY_UP, 2)):
        assert len(journal.having(MESSAGE_ID=event.message_id)) == times


def said(office: Office) -> list[str]:
    store = Store(f"sqlite:///{office.state / 'notetaker.db'}")
    try:
        [meeting] = store.meetings()
        return [word for _, text in store.transcribed(meeting.id) for word in text.text.split()]
    finally:
        store.close()
