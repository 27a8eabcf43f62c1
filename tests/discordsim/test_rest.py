"""The REST API: who may do what, and Discord's errors."""

import asyncio
import io
from typing import Any

import pytest
from aiohttp import FormData

from notetaker.discordsim.world.entities import ChannelType
from notetaker.discordsim.world.permissions import Permission
from tests.discordsim.conftest import Place

MIB = 1024 * 1024


def messages(place: Place, channel: str = "general") -> str:
    return f"/channels/{place.channel_id(channel)}/messages"


@pytest.mark.parametrize("authorization", ["", "Bot nobody", "Bearer x"])
async def test_without_a_token_nothing_works(place: Place, authorization: str) -> None:
    url = f"{place.local.api_url}/v10/users/@me"
    async with place.http.get(url, headers={"Authorization": authorization}) as response:
        assert response.status == 401
        assert await response.json() == {"message": "401: Unauthorized", "code": 0}
        assert response.headers["Content-Type"] == "application/json"


async def test_a_person_s_token_is_no_bot_token(place: Place) -> None:
    ada = place.user("Ada")
    url = f"{place.local.api_url}/v10/users/@me"
    async with place.http.get(url, headers={"Authorization": f"Bot {ada.token}"}) as response:
        assert response.status == 401
    status, me = await place.rest("GET", "/users/@me", user=ada)
    assert (status, me["id"], me["global_name"]) == (200, str(ada.id), "Ada")


async def test_an_unknown_route_is_seen(place: Place) -> None:
    assert await place.rest("GET", "/nothing/here") == (404, {"message": "404: Not Found", "code": 0})
    [event] = [e for e in place.local.events.since(0) if e["event"] == "unknown_route"]
    assert (event["method"], event["path"]) == ("GET", "/api/v10/nothing/here")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/channels/1", 404, 10003),
        ("GET", "/guilds/1", 404, 10004),
        ("GET", "/users/1", 404, 10013),
        ("GET", "/guilds/{office}/members/1", 404, 10007),
        ("GET", "/guilds/{office}/voice-states/@me", 404, 10065),
        ("GET", "/channels/{general}/messages/1", 404, 10008),
        ("GET", "/channels/x", 400, 50035),
        ("GET", "/channels/{general}/messages?limit=101", 400, 50035),
        ("POST", "/channels/{general}/messages/1/threads", 404, 10008),
        ("GET", "/applications/{bot}/commands/1", 404, 10063),
        ("POST", "/webhooks/{bot}/wrong", 401, 50027),
        ("POST", "/interactions/1/wrong/callback", 404, 10062),
        ("PUT", "/applications/1/commands", 403, 20012),
        ("DELETE", "/gateway", 405, 0),
    ],
)
async def test_errors_have_discord_s_codes(
    place: Place, method: str, path: str, status: int, code: int
) -> None:
    path = path.format(office=place.office.id, general=place.channel_id("general"), bot=place.bot.id)
    answer, body = await place.rest(method, path, json={})
    assert (answer, body["code"]) == (status, code)


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"content": "x" * 2001}, 400, 50035, "content"),
        ({"content": ""}, 400, 50006, None),
        ({"embeds": [{"title": "x" * 257}]}, 400, 50035, "embeds"),
        ({"embeds": [{"fields": [{"name": "n", "value": "x" * 1025}]}]}, 400, 50035, "embeds"),
        ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, 400, 50035, "embeds"),
        ({"embeds": [{"title": "x"}] * 11}, 400, 50035, "embeds"),
        ({"content": "a", "message_reference": {"message_id": "1"}}, 400, 50035, "message_reference"),
    ],
)
async def test_the_limits_of_a_message(
    place: Place, body: dict[str, Any], status: int, code: int, field: str | None
) -> None:
    answer, error = await place.rest("POST", messages(place), json=body)
    assert (answer, error["code"]) == (status, code)
    assert field is None or list(error["errors"]) == [field]


async def test_2000_characters_are_not_too_many(place: Place) -> None:
    status, message = await place.rest("POST", messages(place), json={"content": "é" * 2000})
    assert (status, len(message["content"])) == (200, 2000)


@pytest.mark.parametrize(
    ("tier", "sizes", "status"),
    [
        (0, [10 * MIB], 200),
        (0, [10 * MIB + 1], 413),
        (0, [10 * MIB, 10 * MIB, 5 * MIB + 1], 413),
        (2, [50 * MIB], 200),
        (2, [50 * MIB + 1], 413),
    ],
)
async def test_how_large_files_may_be(place: Place, tier: int, sizes: list[int], status: int) -> None:
    place.office.premium_tier = tier
    form = FormData()
    form.add_field("payload_json", "{}")
    for number, size in enumerate(sizes):
        form.add_field(f"files[{number}]", io.BytesIO(bytes(size)), filename="big.bin")
    answer, body = await place.rest("POST", messages(place), data=form)
    assert (answer, body.get("code")) == (status, 40005 if status == 413 else None)


async def test_a_nonce_that_is_not_enforced_posts_again(place: Place) -> None:
    body = {"content": "once", "nonce": "n"}
    _, first = await place.rest("POST", messages(place), json=body)
    _, second = await place.rest("POST", messages(place), json=body)
    _, third = await place.rest("POST", messages(place), json={**body, "enforce_nonce": True})
    assert first["id"] != second["id"] == third["id"]
    elsewhere = {**body, "enforce_nonce": True}
    _, other = await place.rest("POST", messages(place, "meeting-notes"), json=elsewhere)
    assert other["id"] not in (first["id"], second["id"])


async def test_messages_are_listed_newest_first(place: Place) -> None:
    ids = []
    for text in "abcd":
        _, message = await place.rest("POST", messages(place), json={"content": text})
        ids.append(message["id"])
    for query, expected in [
        ("", "dcba"),
        ("?limit=2", "dc"),
        (f"?before={ids[2]}", "ba"),
        (f"?before={ids[3]}&limit=1", "c"),
        (f"?after={ids[0]}&limit=2", "cb"),
        (f"?around={ids[1]}&limit=3", "cba"),
        (f"?around={ids[1]}&limit=1", "b"),
    ]:
        _, listed = await place.rest("GET", messages(place) + query)
        assert "".join(message["content"] for message in listed) == expected, query


async def test_permissions_are_asked_for(place: Place) -> None:
    channel = place.office.channels[place.channel_id("general")]
    ben = place.user("Ben")
    place.world.overwrite(channel, place.bot.id, deny=Permission.SEND_MESSAGES)
    status, error = await place.rest("POST", messages(place), json={"content": "x"})
    assert (status, error) == (403, {"message": "Missing Permissions", "code": 50013})
    place.world.overwrite(channel, place.bot.id, deny=Permission.ATTACH_FILES)
    form = FormData({"payload_json": "{}"})
    form.add_field("files[0]", b"x", filename="x.txt")
    status, error = await place.rest("POST", messages(place), data=form)
    assert (status, error["code"]) == (403, 50013)
    place.world.overwrite(channel, place.bot.id, deny=Permission.VIEW_CHANNEL)
    assert await place.rest("GET", messages(place)) == (403, {"message": "Missing Access", "code": 50001})

    _, message = await place.rest("POST", messages(place), user=ben, json={"content": "Ben's"})
    one = f"{messages(place)}/{message['id']}"
    chloe = place.user("Chloe")
    assert (await place.rest("PATCH", one, user=chloe, json={"content": "x"}))[1]["code"] == 50005
    assert (await place.rest("DELETE", one, user=chloe))[1]["code"] == 50013
    assert await place.rest("DELETE", one, user=place.user("Ada")) == (204, None)  # the owner may


async def test_too_many_messages_are_held_back_for_a_while(place: Place) -> None:
    url = f"{place.local.api_url}/v10{messages(place)}"
    headers = {"Authorization": f"Bot {place.bot.token}"}
    remaining = []
    for _ in range(6):
        async with place.http.post(url, headers=headers, json={"content": "x"}) as response:
            remaining.append(response.headers["X-RateLimit-Remaining"])
            status, body = response.status, await response.json()
    assert remaining == ["4", "3", "2", "1", "0", "0"]
    assert status == 429
    assert 0 < body["retry_after"] <= 5
    assert response.headers["Retry-After"] in "12345"
    other, _ = await place.rest("POST", messages(place, "meeting-notes"), json={"content": "x"})
    assert other == 200


async def test_member_is_moved_and_disconnected(place: Place) -> None:
    ada, ben = place.user("Ada"), place.user("Ben")
    path = f"/guilds/{place.office.id}/members/{ben.id}"
    move = {"channel_id": str(place.channel_id("Planning"))}
    assert (await place.rest("PATCH", path, user=ada, json=move))[1]["code"] == 40032
    async with place.http.ws_connect(place.local.gateway.url) as socket:
        await socket.send_json({"op": 2, "d": {"token": ben.token}})
        await socket.send_json(
            {"op": 4, "d": {"guild_id": place.office.id, "channel_id": place.channel_id("Standup")}}
        )
        async with asyncio.timeout(5):
            async for event in place.local.events.watch():
                if event["event"] == "voice_state":
                    break
        assert (await place.rest("PATCH", path, json=move))[1]["code"] == 50013
        assert (await place.rest("PATCH", path, user=ada, json=move))[0] == 200
        _, state = await place.rest("GET", f"/guilds/{place.office.id}/voice-states/{ben.id}")
        assert state["channel_id"] == move["channel_id"]
        await place.rest("PATCH", path, user=ada, json={"channel_id": None})
        status, _ = await place.rest("GET", f"/guilds/{place.office.id}/voice-states/{ben.id}")
        assert status == 404


async def test_on_a_stage_one_starts_in_the_audience(place: Place) -> None:
    own = f"/guilds/{place.office.id}/voice-states/@me"
    stage = str(place.channel_id("All hands"))
    async with place.http.ws_connect(place.local.gateway.url) as socket:
        await socket.send_json({"op": 2, "d": {"token": place.bot.token, "intents": 0}})
        await socket.send_json({"op": 4, "d": {"guild_id": str(place.office.id), "channel_id": stage}})
        async with asyncio.timeout(5):
            async for event in place.local.events.watch():
                if event["event"] == "voice_state":
                    break
        assert (await place.rest("GET", own))[1]["suppress"] is True
        speak = {"channel_id": stage, "suppress": False}
        assert (await place.rest("PATCH", own, json=speak))[1]["code"] == 50013
        stage_channel = place.office.channels[int(stage)]
        assert stage_channel.type is ChannelType.STAGE
        place.world.overwrite(stage_channel, place.bot.id, allow=Permission.MUTE_MEMBERS)
        assert await place.rest("PATCH", own, json=speak) == (204, None)
        assert (await place.rest("GET", own))[1]["suppress"] is False


async def test_a_command_is_refused_for_its_name(place: Place) -> None:
    path = f"/applications/{place.bot.id}/commands"
    for body in ({"name": "Start Notes", "description": "d"}, {"name": "start", "description": ""}):
        status, error = await place.rest("POST", path, json=body)
        assert (status, error["code"]) == (400, 50035)
    status, error = await place.rest("PUT", path, json=[{"name": "", "description": "d"}])
    assert (status, list(error["errors"]["0"])) == (400, ["name"])


NAMED = {"name": "tongue", "description": "d", "type": 3}


@pytest.mark.parametrize(
    ("options", "path", "code"),
    [
        ([{**NAMED, "name": "Tongue"}], "0.name", "APPLICATION_COMMAND_INVALID_NAME"),
        ([{**NAMED, "name": ""}], "0.name", "BASE_TYPE_REQUIRED"),
        ([{**NAMED, "description": ""}], "0.description", "BASE_TYPE_BAD_LENGTH"),
        ([{"name": "tongue", "description": "d"}], "0.type", "BASE_TYPE_REQUIRED"),
        ([{**NAMED, "type": 12}], "0.type", "BASE_TYPE_CHOICES"),
        ([{**NAMED, "type": 5, "autocomplete": True}], "0.type", "BASE_TYPE_CHOICES"),
        ([NAMED, NAMED], "1", "APPLICATION_COMMAND_OPTIONS_NAME_INVALID"),
        (
            [NAMED, {**NAMED, "name": "b", "required": True}],
            "1",
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        ([{**NAMED, "name": f"o{n}"} for n in range(26)], "", "BASE_TYPE_MAX_LENGTH"),
        ([{**NAMED, "choices": [{"name": "a", "value": "a"}] * 26}], "0.choices", "BASE_TYPE_MAX_LENGTH"),
        ([{**NAMED, "choices": [{"name": "", "value": "a"}]}], "0.choices.0.name", "BASE_TYPE_BAD_LENGTH"),
        ([{**NAMED, "choices": [{"name": "a", "value": 1}]}], "0.choices.0.value", "STRING_TYPE_CONVERT"),
        ([{**NAMED, "choices": [{"name": "a"}]}], "0.choices.0.value", "BASE_TYPE_REQUIRED"),
        (
            [{**NAMED, "type": 4, "choices": [{"name": "a", "value": "1"}]}],
            "0.choices.0.value",
            "NUMBER_TYPE_COERCE",
        ),
        ([{**NAMED, "max_length": 6001}], "0.max_length", "NUMBER_TYPE_RANGE"),
        (
            [{**NAMED, "choices": [{"name": "a", "value": "a"}], "autocomplete": True}],
            "0.autocomplete",
            "INVALID_AUTOCOMPLETE",
        ),
        (
            [{**NAMED, "type": 1, "options": [{**NAMED, "name": "?"}]}],
            "0.options.0.name",
            "APPLICATION_COMMAND_INVALID_NAME",
        ),
        ("tongue", "", "LIST_TYPE_CONVERT"),
        (["tongue"], "0", "DICT_TYPE_CONVERT"),
    ],
)
async def test_a_command_is_refused_for_its_options(place: Place, options: Any, path: str, code: str) -> None:
    body = {"name": "start", "description": "d", "options": options}
    status, error = await place.rest("POST", f"/applications/{place.bot.id}/commands", json=body)
    assert (status, error["code"]) == (400, 50035)
    node = error["errors"]["options"]
    for part in filter(None, path.split(".")):
        node = node[part]
    assert [error["code"] for error in node["_errors"]] == [code]


async def test_a_command_has_8000_characters_at_most(place: Place) -> None:
    path = f"/applications/{place.bot.id}/commands"
    options = [
        {**NAMED, "name": f"o{n}", "choices": [{"name": "x" * 70, "value": "y" * 70}] * 3} for n in range(19)
    ]
    fits = {"name": "start", "description": "d", "options": options[:18]}
    assert (await place.rest("POST", path, json=fits))[0] == 201
    status, error = await place.rest("POST", path, json={**fits, "options": options})
    assert (status, error["errors"]["_"]["_errors"][0]["code"]) == (400, "APPLICATION_COMMAND_TOO_LARGE")


async def test_guild_commands_stand_before_global_ones(place: Place) -> None:
    path = f"/applications/{place.bot.id}"
    body = {"name": "notes", "description": "global"}
    created, command = await place.rest("POST", path + "/commands", json=body)
    again, same = await place.rest("POST", path + "/commands", json=body)
    assert (created, again, command["id"]) == (201, 200, same["id"])
    in_guild = f"{path}/guilds/{place.office.id}/commands"
    await place.rest("PUT", in_guild, json=[{"name": "notes", "description": "here"}])
    assert [c.body["description"] for c in place.world.commands_in(place.office.id)] == ["here", "global"]
    status, edited = await place.rest(
        "PATCH", f"{path}/commands/{command['id']}", json={"description": "new"}
    )
    assert (status, edited["name"], edited["description"]) == (200, "notes", "new")
    assert await place.rest("DELETE", f"{path}/commands/{command['id']}") == (204, None)
    assert await place.rest("GET", path + "/commands") == (200, [])
