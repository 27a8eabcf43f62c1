"""Buttons, menus and modals, with a plain client instead of an application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.discordsim.conftest import Place
from tests.discordsim.gateway_client import Client, logged_in

TEXT = {"type": 4, "custom_id": "title", "style": 1, "label": "Title", "max_length": 20, "value": "Standup"}


def button(custom_id: str = "stop", **fields: Any) -> Any:
    return {"type": 2, "style": 1, "custom_id": custom_id, "label": "Stop", **fields}


def row(*children: Any) -> Any:
    return {"type": 1, "components": list(children)}


def menu(**fields: Any) -> Any:
    options = [{"label": name.title(), "value": name} for name in ("german", "english")]
    return {"type": 3, "custom_id": "tongue", "options": options, **fields}


def modal(*components: Any, **fields: Any) -> Any:
    return {
        "type": 9,
        "data": {"custom_id": "rename", "title": "Rename", "components": list(components), **fields},
    }


def label(child: Any) -> Any:
    return {"type": 18, "label": "Which", "component": child}


async def post(place: Place, **body: Any) -> tuple[int, Any]:
    return await place.rest("POST", f"/channels/{place.channel_id('general')}/messages", json=body)


@asynccontextmanager
async def clicked(
    place: Place, components: Any, custom_id: str, **act: Any
) -> AsyncIterator[tuple[Client, Any, asyncio.Task[Any]]]:
    """Let Ada use a component of a new message. Return the application, the interaction and what she will see."""
    async with logged_in(place, "Notetaker") as bot:
        _, message = await post(place, content="Panel", components=components)
        await bot.event("MESSAGE_CREATE")
        seen = asyncio.ensure_future(place.press(message, custom_id, **act))
        yield bot, await bot.event("INTERACTION_CREATE"), seen
        seen.cancel()


async def answer(place: Place, interaction: Any, kind: int, **data: Any) -> tuple[int, Any]:
    path = f"/interactions/{interaction['id']}/{interaction['token']}/callback?with_response=true"
    return await place.rest("POST", path, json={"type": kind, "data": data})


@pytest.mark.parametrize(
    ("components", "path", "code"),
    [
        ([row(button(str(i))) for i in range(6)], "components", "BASE_TYPE_BAD_LENGTH"),
        ([row()], "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ([row(*(button(str(i)) for i in range(6)))], "components.0.components", "BASE_TYPE_BAD_LENGTH"),
        ([row(button(label="x" * 81))], "components.0.components.0.label", "BASE_TYPE_MAX_LENGTH"),
        ([row(button("x" * 101))], "components.0.components.0.custom_id", "BASE_TYPE_MAX_LENGTH"),
        ([row(button(""))], "components.0.components.0.custom_id", "BASE_TYPE_REQUIRED"),
        ([row(button(style=7))], "components.0.components.0.style", "BASE_TYPE_CHOICES"),
        ([row(button(style=5))], "components.0.components.0.url", "BUTTON_COMPONENT_URL_REQUIRED"),
        ([row(button(label=None))], "components.0.components.0", "BUTTON_COMPONENT_NO_LABEL_OR_EMOJI"),
        ([row(button(), button())], "components", "COMPONENT_CUSTOM_ID_DUPLICATED"),
        ([row(button(), menu())], "components.0.components.1", "COMPONENT_LAYOUT_WIDTH_EXCEEDED"),
        ([row(menu(options=[]))], "components.0.components.0.options", "BASE_TYPE_BAD_LENGTH"),
        ([row(menu(max_values=26))], "components.0.components.0.max_values", "NUMBER_TYPE_RANGE"),
        ([row(menu(placeholder="x" * 151))], "components.0.components.0.placeholder", "BASE_TYPE_MAX_LENGTH"),
        (
            [row(menu(options=[{"label": "x", "value": "x"}] * 2))],
            "components.0.components.0.options.1.value",
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        ),
        ([row(TEXT)], "components.0.components.0.type", "UNION_TYPE_CHOICES"),
        ([button()], "components.0.type", "UNION_TYPE_CHOICES"),
    ],
)
async def test_invalid_components_are_refused(place: Place, components: Any, path: str, code: str) -> None:
    status, error = await post(place, content="Panel", components=components)
    assert (status, error["code"], error["message"]) == (400, 50035, "Invalid Form Body")
    node = error["errors"]
    for part in path.split("."):
        node = node[part]
    assert [one["code"] for one in node["_errors"]] == [code]


async def test_as_many_components_as_fit(place: Place) -> None:
    rows = [row(*(button(f"{i}-{j}" + "x" * 97, label="x" * 80) for j in range(5))) for i in range(5)]
    status, message = await post(place, components=rows)
    assert status == 200
    ids = [one["id"] for one in message["components"]]
    ids += [child["id"] for one in message["components"] for child in one["components"]]
    assert sorted(ids) == list(range(1, 31))


async def test_what_a_button_brings(place: Place) -> None:
    async with clicked(place, [row(button())], "stop") as (bot, interaction, seen):
        assert interaction["type"] == 3
        assert interaction["data"] == {"custom_id": "stop", "component_type": 2, "id": 2}
        assert interaction["message"]["content"] == "Panel"
        assert interaction["member"]["user"]["username"] == "ada"
        status, body = await answer(place, interaction, 6)
        assert (status, body["resource"]) == (200, {"type": 6})
        assert body["interaction"]["response_message_id"] == interaction["message"]["id"]
        assert (await seen)["messages"] == []
        await bot.nothing_came()


async def test_a_button_updates_its_message(place: Place) -> None:
    async with clicked(place, [row(button())], "stop") as (bot, interaction, seen):
        _, body = await answer(place, interaction, 7, content="Stopped", components=[])
        assert body["resource"]["message"]["content"] == "Stopped"
        assert (await bot.event("MESSAGE_UPDATE"))["components"] == []
        await seen
        assert [message["content"] for message in await place.sees("Ben")] == ["Stopped"]
        again = await place.press(interaction["message"], "stop")
        assert again == {"error": "That message has no component stop."}


async def test_an_ephemeral_answer_has_buttons_for_one_person(place: Place) -> None:
    async with clicked(place, [row(button())], "stop") as (bot, interaction, seen):
        confirm = [row(button("sure", label="Sure"))]
        await answer(place, interaction, 4, content="Sure?", flags=64, components=confirm)
        [question] = (await seen)["messages"]
        assert question["message_reference"]["message_id"] == interaction["message"]["id"]
        assert [message["content"] for message in await place.sees("Ada")] == ["Panel", "Sure?"]
        assert [message["content"] for message in await place.sees("Ben")] == ["Panel"]
        assert "sees no such message" in (await place.press(question, "sure", user="Ben"))["error"]
        pressed = asyncio.ensure_future(place.press(question, "sure"))
        second = await bot.event("INTERACTION_CREATE")
        assert second["message"]["flags"] == 64
        await answer(place, second, 7, content="Stopped", components=[])
        await pressed
        assert [message["content"] for message in await place.sees("Ada")] == ["Panel", "Stopped"]
        await bot.nothing_came()


async def test_a_menu_brings_what_was_selected(place: Place) -> None:
    async with clicked(place, [row(menu())], "tongue", values=["german"]) as (_, interaction, _seen):
        assert interaction["data"] == {
            "custom_id": "tongue",
            "component_type": 3,
            "id": 2,
            "values": ["german"],
        }
        for values, error in (
            (["klingon"], "The menu tongue does not offer 'klingon'."),
            ([], "The menu tongue does not take 0 values."),
        ):
            assert (await place.press(interaction["message"], "tongue", values=values))["error"] == error


async def test_what_cannot_be_pressed(place: Place) -> None:
    _, message = await post(place, content="Panel", components=[row(button(disabled=True))])
    assert (await place.press(message, "stop"))["error"] == "The component stop is disabled."
    assert (await place.press(message | {"id": "1"}, "stop"))["error"] == (
        "This user sees no such message in that channel."
    )
    _, other = await post(place, content="Panel", components=[row(button())])
    assert (await place.press(other, "stop"))["error"] == "The application did not respond"


@pytest.mark.parametrize("field", [row(TEXT), label({key: TEXT[key] for key in TEXT if key != "label"})])
async def test_a_modal_is_filled_in(place: Place, field: Any) -> None:
    async with clicked(place, [row(button())], "stop") as (bot, interaction, seen):
        status, body = await answer(place, interaction, **modal_fields(modal(field)))
        assert (status, body["resource"], "response_message_id" in body["interaction"]) == (
            200,
            {"type": 9},
            False,
        )
        shown = await seen
        assert (shown["status"], shown["modal"]["title"]) == ("answered", "Rename")
        assert (await place.fill_in(shown, title="x" * 21))["error"].startswith(
            "The field title does not take"
        )
        assert (await place.fill_in(shown, title=""))["error"].startswith("The field title does not take")
        assert (await place.fill_in(shown, name="x"))["error"] == "The modal has no field name."
        submitted = asyncio.ensure_future(place.fill_in(shown, title="Planning"))
        submission = await bot.event("INTERACTION_CREATE")
        assert (submission["type"], submission["data"]["custom_id"]) == (5, "rename")
        assert submission["message"]["id"] == interaction["message"]["id"]
        [echo] = submission["data"]["components"]
        inner = echo["components"][0] if echo["type"] == 1 else echo["component"]
        assert inner == {"type": 4, "id": 2, "custom_id": "title", "value": "Planning"}
        assert (await answer(place, submission, **modal_fields(modal(field))))[0] == 400, (
            "no modal after a modal"
        )
        await answer(place, submission, 7, content="Planning")
        assert (await submitted)["status"] == "answered"
        assert (await bot.event("MESSAGE_UPDATE"))["content"] == "Planning"


def modal_fields(body: Any) -> Any:
    return {"kind": body["type"], **body["data"]}


async def test_a_field_keeps_the_text_it_came_with(place: Place) -> None:
    async with clicked(place, [row(button())], "stop") as (bot, interaction, seen):
        choice = {**menu(), "required": False}
        await answer(place, interaction, **modal_fields(modal(row(TEXT), label(choice))))
        submitted = asyncio.ensure_future(place.fill_in(await seen))
        first, second = (await bot.event("INTERACTION_CREATE"))["data"]["components"]
        assert first["components"][0]["value"] == "Standup"
        assert second["component"]["values"] == []
        submitted.cancel()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (modal(row(TEXT), title=""), "title"),
        (modal(row(TEXT), title="x" * 46), "title"),
        (modal(row(TEXT), custom_id="x" * 101), "custom_id"),
        (modal(), "components"),
        (modal(*(row({**TEXT, "custom_id": str(i)}) for i in range(6))), "components"),
        (modal(row(TEXT), row(TEXT)), "components"),
        (modal(row(button())), "components.0.components.0.type"),
        (modal(row({**TEXT, "label": "x" * 46})), "components.0.components.0.label"),
        (modal(row({**TEXT, "max_length": 4001})), "components.0.components.0.max_length"),
        (modal(row({**TEXT, "style": 3})), "components.0.components.0.style"),
        (modal(label(button())), "components.0.component.type"),
    ],
)
async def test_an_invalid_modal_is_refused(place: Place, body: Any, path: str) -> None:
    async with clicked(place, [row(button())], "stop") as (_, interaction, _seen):
        status, error = await answer(place, interaction, **modal_fields(body))
        assert (status, error["code"]) == (400, 50035)
        node = error["errors"]["data"]
        for part in path.split("."):
            node = node[part]
        assert node["_errors"]


async def test_a_button_in_a_dm(place: Place) -> None:
    recipient = {"recipient_id": str(place.user("Ada").id)}
    _, dm = await place.rest("POST", "/users/@me/channels", json=recipient)
    body = {"content": "Your notes", "components": [row(button())]}
    _, message = await place.rest("POST", f"/channels/{dm['id']}/messages", json=body)
    async with logged_in(place, "Notetaker") as bot:
        pressed = asyncio.ensure_future(place.press(message, "stop"))
        interaction = await bot.event("INTERACTION_CREATE")
        assert (interaction["user"]["username"], interaction["context"]) == ("ada", 1)
        assert not {"guild_id", "guild", "member"} & interaction.keys()
        await answer(place, interaction, 7, content="Done", components=[])
        assert (await pressed)["status"] == "answered"
    assert (await place.press(message, "stop", user="Ben"))["error"] == "This user does not see that channel."
