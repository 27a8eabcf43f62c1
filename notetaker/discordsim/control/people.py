"""The control API: people who use commands and components.

POST /sim/interactions       {user_id, channel_id, command, options?, wait?}, where options may also be typed in the
                             command, as in "startnotes language:German"
                             or {user_id, channel_id, message_id, custom_id, values?, wait?} for a component
                             or {modal_of, fields?, wait?} for the modal that answered the interaction ``modal_of``;
                             ``fields`` has texts, or lists of values, by custom_id
POST /sim/autocomplete       {user_id, channel_id, command, options?, focused}: the choices for a person who is typing
                             the option ``focused``
GET  /sim/interactions/{id}  the answers so far
GET  /sim/messages?user_id=N&channel_id=N    the messages that a person sees, ephemeral ones included, oldest first
"""

from typing import Any

from aiohttp import web
from pydantic import BaseModel

from notetaker.discordsim.control.body import Id, body_of, channel_of, parse, read
from notetaker.discordsim.http import reply
from notetaker.discordsim.hub import Hub, hub_of
from notetaker.discordsim.messages import component_usage
from notetaker.discordsim.messages.command_usage import UsageError, command_data
from notetaker.discordsim.messages.interaction import Interaction, Kind
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Channel, Json
from notetaker.discordsim.world.permissions import Permission

routes = web.RouteTableDef()

WAIT_S = 15.0
"""How long to wait for the end of a deferred answer by default."""


class Person(BaseModel):
    user_id: Id
    channel_id: Id

    def channel(self, hub: Hub) -> Channel:
        """Return the channel, if the person sees it. Raises UsageError."""
        channel = channel_of(hub, self.channel_id)
        if not hub.world.permissions(self.user_id, channel):
            raise UsageError("This user does not see that channel.")
        return channel


class Command(Person):
    command: str
    options: Json | None = None
    wait: float = WAIT_S

    async def start(self, hub: Hub, focused: str | None = None) -> Interaction:
        """Use the command, or ask for the choices of the option ``focused``."""
        channel = self.channel(hub)
        if channel.guild_id is None:
            raise UsageError("Commands are used in guilds here.")
        if channel.thread is not None and channel.thread.archived:
            raise UsageError("Commands are not used in archived threads.")
        if not hub.world.permissions(self.user_id, channel) & Permission.USE_APPLICATION_COMMANDS:
            raise UsageError("This user may not use commands in that channel.")
        guild = hub.world.guild_of(channel)
        command, data = command_data(
            hub.world, guild, self.user_id, self.command, self.options or {}, focused
        )
        kind = Kind.COMMAND if focused is None else Kind.AUTOCOMPLETE
        return await hub.interactions.start(kind, command.application_id, self.user_id, channel, data)


class Component(Person):
    message_id: Id
    custom_id: str
    values: list[Any] = []
    wait: float = WAIT_S

    async def start(self, hub: Hub) -> Interaction:
        channel = self.channel(hub)
        seen = hub.interactions.seen_by(self.user_id, channel)
        source = next((message for message in seen if message.id == self.message_id), None)
        if source is None:
            raise UsageError("This user sees no such message in that channel.")
        if channel.guild_id is not None and hub.world.in_timeout(hub.world.guild_of(channel), self.user_id):
            raise UsageError("This user is in timeout.")
        data = component_usage.used(source.components, self.custom_id, self.values)
        return await hub.interactions.start(
            Kind.COMPONENT, source.author_id, self.user_id, channel, data, source
        )


class Submission(BaseModel):
    modal_of: Id
    fields: Json = {}
    wait: float = WAIT_S

    async def start(self, hub: Hub) -> Interaction:
        opened_by = hub.interactions.get(self.modal_of)
        if opened_by is None or opened_by.modal is None:
            raise UsageError("That interaction was not answered with a modal.")
        data = component_usage.submitted(opened_by.modal, self.fields)
        return await hub.interactions.start(
            Kind.MODAL,
            opened_by.application_id,
            opened_by.user_id,
            opened_by.channel,
            data,
            opened_by.source,
        )


class Typing(Command):
    focused: str


@routes.post("/sim/interactions")
async def use(request: web.Request) -> web.Response:
    """Respond when the interaction has its final answer, has failed, or ``wait`` seconds are over."""
    hub, body = hub_of(request), await body_of(request)
    used: Command | Component | Submission
    if "message_id" in body:
        used = parse(Component, body)
    else:
        used = parse(Submission, body) if "modal_of" in body else parse(Command, body)
    interaction = await used.start(hub)
    if not interaction.failed:
        await interaction.until(lambda: not interaction.loading, used.wait)
    return reply(_shown(hub, interaction))


@routes.post("/sim/autocomplete")
async def complete(request: web.Request) -> web.Response:
    """Respond when the interaction is answered, or has failed."""
    hub, typing = hub_of(request), await read(request, Typing)
    return reply(_shown(hub, await typing.start(hub, typing.focused)))


@routes.get("/sim/interactions/{interaction_id}")
async def get_answers(request: web.Request) -> web.Response:
    hub = hub_of(request)
    interaction = hub.interactions.get(int(request.match_info["interaction_id"]))
    if interaction is None:
        raise UsageError("There is no such interaction.")
    return reply(_shown(hub, interaction))


@routes.get("/sim/messages")
async def read_channel(request: web.Request) -> web.Response:
    hub, person = hub_of(request), parse(Person, dict(request.query))
    seen = hub.interactions.seen_by(person.user_id, person.channel(hub))
    return reply([payloads.message(hub.world, message) for message in seen])


def _shown(hub: Hub, interaction: Interaction) -> Json:
    """Return what the person sees. The status is answered, thinking or failed."""
    status = "failed" if interaction.failed else "thinking" if interaction.loading else "answered"
    shown: Json = {
        "id": str(interaction.id),
        "status": status,
        "messages": [payloads.message(hub.world, message) for message in interaction.messages],
    }
    if interaction.choices is not None:
        shown["choices"] = interaction.choices
    if interaction.modal is not None:
        shown["modal"] = interaction.modal
    if interaction.failed:
        shown["error"] = interaction.failure
    return shown
