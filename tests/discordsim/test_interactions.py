"""Interactions and the control API, with a plain client instead of an application."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from notetaker.discordsim.messages import interactions
from tests.discordsim.conftest import DEADLINE_S, Place
from tests.discordsim.gateway_client import Client, logged_in

pytestmark = pytest.mark.usefixtures("command")


@pytest.fixture
async def command(place: Place) -> None:
    options: list[Any] = [
        {"name": "tongue", "description": "d", "type": 3, "autocomplete": True, "max_length": 20},
        {"name": "pages", "description": "d", "type": 4, "min_value": 0},
        {"name": "loud", "description": "d", "type": 5},
    ]
    body = {"name": "start", "description": "d", "options": options}
    status, _ = await place.rest("PUT", f"/applications/{place.bot.id}/commands", json=[body])
    assert status == 200


@asynccontextmanager
async def asked(place: Place) -> AsyncIterator[tuple[Client, Any, asyncio.Task[Any]]]:
    """Let Ada use /start. Return the application's connection, the interaction, and what Ada will see."""
    async with logged_in(place, "Notetaker") as bot:
        seen = asyncio.ensure_future(place.use("start"))
        interaction = await bot.event("INTERACTION_CREATE")
        yield bot, interaction, seen
        seen.cancel()


async def answer(place: Place, interaction: Any, body: Any, query: str = "") -> tuple[int, Any]:
    path = f"/interactions/{interaction['id']}/{interaction['token']}/callback{query}"
    return await place.rest("POST", path, json=body)


async def test_what_an_interaction_brings(place: Place) -> None:
    async with asked(place) as (_, interaction, seen):
        assert interaction["type"] == 2
        assert interaction["data"]["name"] == "start"
        assert interaction["application_id"] == str(place.bot.id)
        assert interaction["guild_id"] == interaction["guild"]["id"] == str(place.office.id)
        assert interaction["channel_id"] == interaction["channel"]["id"] == str(place.channel_id("general"))
        assert interaction["member"]["user"]["id"] == str(place.user("Ada").id)
        assert int(interaction["member"]["permissions"]) & (1 << 3)
        assert int(interaction["app_permissions"]) & (1 << 15)
        assert (interaction["locale"], interaction["context"]) == ("en-US", 0)
        status, body = await answer(
            place, interaction, {"type": 4, "data": {"content": "yes"}}, "?with_response=true"
        )
        assert (status, body["resource"]["message"]["content"]) == (200, "yes")
        assert body["interaction"]["response_message_id"] == body["resource"]["message"]["id"]
        assert (await seen)["messages"][0]["interaction_metadata"]["user"]["username"] == "ada"


async def test_an_interaction_is_answered_once(place: Place) -> None:
    async with asked(place) as (_, interaction, seen):
        webhook = f"/webhooks/{place.bot.id}/{interaction['token']}"
        assert (await place.rest("POST", webhook, json={"content": "early"}))[1]["code"] == 10015
        assert await answer(place, interaction, {"type": 5}) == (204, None)
        status, error = await answer(place, interaction, {"type": 4, "data": {"content": "again"}})
        assert (status, error["code"]) == (400, 40060)
        _, waiting = await place.rest("GET", webhook + "/messages/@original")
        assert waiting["flags"] == 128
        assert not seen.done()
        await place.rest("PATCH", webhook + "/messages/@original", json={"content": "done"})
        assert [m["content"] for m in (await seen)["messages"]] == ["done"]
        _, more = await place.rest("POST", webhook, json={"content": "more"})
        assert more["message_reference"]["message_id"] == waiting["id"]
        assert await place.rest("DELETE", f"{webhook}/messages/{more['id']}") == (204, None)
        assert (await place.rest("GET", f"{webhook}/messages/{more['id']}"))[1]["code"] == 10008


@pytest.mark.parametrize("kind", [1, 6, 7, 99, None])
async def test_an_invalid_answer_is_refused(place: Place, kind: int | None) -> None:
    async with asked(place) as (_, interaction, _seen):
        status, error = await answer(place, interaction, {"type": kind, "data": {}})
        assert (status, error["code"]) == (400, 50035)


async def test_no_answer_in_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "ANSWER_S", 0.05)
    async with asked(place) as (_, interaction, seen):
        shown = await seen
        assert (shown["status"], shown["error"]) == ("failed", "The application did not respond")
        late = await answer(place, interaction, {"type": 4, "data": {"content": "late"}})
        assert (late[0], late[1]["code"]) == (404, 10062)


async def test_an_application_that_is_not_there(place: Place) -> None:
    assert (await place.use("start"))["error"] == "The application did not respond"


async def test_an_ephemeral_answer_reaches_no_gateway_session(place: Place) -> None:
    async with logged_in(place, "Ben") as ben, asked(place) as (_, interaction, seen):
        await answer(place, interaction, {"type": 4, "data": {"content": "psst", "flags": 64}})
        [message] = (await seen)["messages"]
        assert message["flags"] == 64
        await ben.nothing_came()
    [event] = [e for e in place.local.events.since(0) if e["event"] == "message_create"]
    assert (event["content"], event["visible_to"]) == ("psst", str(place.user("Ada").id))


async def typed(place: Place, line: str) -> Any:
    """Return the options that arrive when Ada types this, or the error."""
    async with logged_in(place, "Notetaker") as bot:
        seen = asyncio.ensure_future(place.use(line))
        came = asyncio.ensure_future(bot.event("INTERACTION_CREATE"))
        await asyncio.wait({seen, came}, return_when=asyncio.FIRST_COMPLETED)
        if not came.done():
            came.cancel()
            return (await seen)["error"]
        seen.cancel()
        options = (await came)["data"].get("options", [])
        return {option["name"]: option["value"] for option in options}


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("/start", {}),
        ("start tongue:German", {"tongue": "German"}),
        (
            "start tongue:Haitian Creole pages:2 loud:True",
            {"tongue": "Haitian Creole", "pages": 2, "loud": True},
        ),
        ("start tongue:of http://x:1", {"tongue": "of http://x:1"}),
        ("start pages:many", "Option pages does not take 'many'."),
        ("start pages:-1", "Option pages does not take -1."),
        ("start tongue:" + "x" * 21, f"Option tongue does not take '{'x' * 21}'."),
        ("start tone:German", "/start has no subcommand tone:German."),
        ("", "There is no command / in Office."),
    ],
)
async def test_options_are_typed_after_the_command(place: Place, line: str, options: Any) -> None:
    assert await typed(place, line) == options


@asynccontextmanager
async def completing(place: Place, **options: Any) -> AsyncIterator[tuple[Any, asyncio.Task[Any]]]:
    """Let Ada type the option tongue of /start. Return the interaction, and her choices to come."""
    async with logged_in(place, "Notetaker") as bot:
        seen = asyncio.ensure_future(place.typing("start", "tongue", **options))
        yield await bot.event("INTERACTION_CREATE"), seen
        seen.cancel()


async def test_what_a_person_is_typing_is_completed(place: Place) -> None:
    choices = [{"name": "German (Deutsch)", "value": "de"}]
    async with completing(place, tongue="ger", pages=2) as (interaction, seen):
        assert (interaction["type"], interaction["data"]["name"]) == (4, "start")
        assert interaction["data"]["options"] == [
            {"name": "tongue", "type": 3, "value": "ger", "focused": True},
            {"name": "pages", "type": 4, "value": 2},
        ]
        body = {"type": 8, "data": {"choices": choices}}
        answered = await answer(place, interaction, body, "?with_response=true")
        assert answered == (
            200,
            {"interaction": {"id": interaction["id"], "type": 4}, "resource": {"type": 8}},
        )
        shown = await seen
        assert (shown["status"], shown["choices"], shown["messages"]) == ("answered", choices, [])
        assert (await answer(place, interaction, body))[1]["code"] == 40060
        webhook = f"/webhooks/{place.bot.id}/{interaction['token']}"
        assert (await place.rest("POST", webhook, json={"content": "more"}))[1]["code"] == 10015
    events = [event["event"] for event in place.local.events.since(0)]
    assert events == ["gateway_ready", "autocomplete", "autocomplete_answered"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"type": 4, "data": {"content": "no"}}, "type"),
        ({"type": 5}, "type"),
        ({"type": 8}, "data.choices"),
        ({"type": 8, "data": {"choices": [{"name": "x" * 101, "value": "x"}]}}, "data.choices.0.name"),
        ({"type": 8, "data": {"choices": [{"name": "x", "value": "x" * 101}]}}, "data.choices.0.value"),
        ({"type": 8, "data": {"choices": [{"name": "x", "value": 1}]}}, "data.choices.0.value"),
        ({"type": 8, "data": {"choices": [{"name": "x", "value": "x"}] * 26}}, "data.choices"),
    ],
)
async def test_invalid_choices_are_refused(place: Place, body: Any, path: str) -> None:
    async with completing(place) as (interaction, _seen):
        assert interaction["data"]["options"] == [{"name": "tongue", "type": 3, "value": "", "focused": True}]
        status, error = await answer(place, interaction, body)
        assert (status, error["code"]) == (400, 50035)
        node = error["errors"]
        for part in path.split("."):
            node = node[part]
        assert node["_errors"]


async def test_a_command_is_not_answered_with_choices(place: Place) -> None:
    async with asked(place) as (_, interaction, _seen):
        status, error = await answer(place, interaction, {"type": 8, "data": {"choices": []}})
        assert (status, error["code"]) == (400, 50035)


async def test_choices_that_come_too_late(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interactions, "ANSWER_S", 0.05)
    async with completing(place) as (_, seen):
        assert (await seen)["error"] == "Loading options failed"


async def test_only_some_options_are_completed(place: Place) -> None:
    assert (await place.typing("start", "pages"))["error"] == "Option pages of /start has no autocomplete."
    assert (await place.typing("start", "tone"))["error"] == "/start has no option tone."


async def test_the_event_stream_has_everything_and_ends_with_the_server(place: Place) -> None:
    async with asked(place) as (_, interaction, seen):
        await answer(place, interaction, {"type": 4, "data": {"content": "yes"}})
        await seen
    lines = []
    async with asyncio.timeout(DEADLINE_S):
        async with place.http.get(f"{place.world.cdn_url}/sim/events?since=0") as response:
            stopping = asyncio.ensure_future(place.local.stop())
            async for line in response.content:
                lines.append(json.loads(line))
            await stopping
    names = [line["event"] for line in lines]
    assert names[:4] == ["gateway_ready", "interaction", "message_create", "interaction_answered"]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert (lines[2]["author"], lines[2]["channel"]) == ("Notetaker", "general")


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("disconnect", {"guild_id": "1", "user_id": "1"}, "There is no such guild."),
        ("disconnect", {}, "The field guild_id is missing."),
        ("interactions", {"user_id": "1", "channel_id": "2", "command": "x"}, "There is no such channel."),
        ("faults", {"kind": "flood"}, "There is no fault of kind flood; there are refuse_identify,"),
        ("faults", {"kind": "gateway_close", "user_id": "1"}, "This user has no gateway connection."),
    ],
)
async def test_an_invalid_request_is_one_sentence(place: Place, path: str, body: Any, reason: str) -> None:
    assert (await place.sim(path, **body))["error"].startswith(reason)


async def test_being_moved_and_kicked(place: Place) -> None:
    async with logged_in(place, "Ada") as ada:
        await ada.join(place, "Standup")
        await ada.event("VOICE_STATE_UPDATE")
        await ada.event("VOICE_SERVER_UPDATE")
        who = {"guild_id": str(place.office.id), "user_id": str(place.user("Ada").id)}
        await place.sim("move", **who, channel_id=str(place.channel_id("Planning")))
        state = await ada.event("VOICE_STATE_UPDATE")
        assert (state["channel_id"], state["session_id"]) == (
            str(place.channel_id("Planning")),
            ada.session_id,
        )
        await ada.event("VOICE_SERVER_UPDATE")
        await place.sim("disconnect", **who)
        assert (await ada.event("VOICE_STATE_UPDATE"))["channel_id"] is None
        assert "no voice channel" in (await place.sim("disconnect", **who))["error"]
