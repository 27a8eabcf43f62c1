"""REST: answering interactions.

Source: Discord docs, Interactions / Receiving and Responding, and Resources / Webhook.
"""

from aiohttp import web

from notetaker.discordsim import errors
from notetaker.discordsim.http import API, no_content, reply
from notetaker.discordsim.hub import hub_of
from notetaker.discordsim.messages import drafts
from notetaker.discordsim.messages.interaction import Callback, Interaction
from notetaker.discordsim.rest.request import snowflake
from notetaker.discordsim.world import payloads
from notetaker.discordsim.world.entities import Json, Message, MessageFlag

routes = web.RouteTableDef()

WEBHOOK = API + "/webhooks/{application_id}/{token}"


@routes.post(API + "/interactions/{interaction_id}/{token}/callback")
async def callback(request: web.Request) -> web.Response:
    hub = hub_of(request)
    draft = await drafts.read(request)
    interaction = hub.interactions.unanswered(
        snowflake(request, "interaction_id"), request.match_info["token"]
    )
    kind = draft.of("type", None)
    if kind not in list(Callback):
        hub.events.publish("unknown_callback", type=kind)
        message = "Value must be one of {4, 5, 6, 7, 8, 9}."
        raise errors.invalid_form(("type", "BASE_TYPE_CHOICES", message))
    hub.interactions.respond(interaction, Callback(kind), drafts.within(draft, "data"))
    if request.query.get("with_response", "").lower() not in ("1", "true"):
        return no_content()
    return reply(_callback_response(request, interaction, Callback(kind)))


def _callback_response(request: web.Request, interaction: Interaction, kind: Callback) -> Json:
    body: Json = {
        "interaction": {"id": str(interaction.id), "type": int(interaction.kind)},
        "resource": {"type": int(kind)},
    }
    message = None if kind is Callback.MODAL else interaction.original
    if message is not None:
        body["interaction"] |= {
            "response_message_id": str(message.id),
            "response_message_loading": interaction.loading,
            "response_message_ephemeral": bool(message.flags & MessageFlag.EPHEMERAL),
        }
    if message is not None and kind in (Callback.MESSAGE, Callback.UPDATE_MESSAGE):
        body["resource"]["message"] = payloads.message(hub_of(request).world, message)
    return body


@routes.post(WEBHOOK)
async def follow_up(request: web.Request) -> web.Response:
    interaction = _interaction(request)
    message = hub_of(request).interactions.follow_up(interaction, await drafts.read(request))
    return _message(request, message)


@routes.get(WEBHOOK + "/messages/{message_id}")
async def get_answer(request: web.Request) -> web.Response:
    interaction = _interaction(request)
    return _message(request, hub_of(request).interactions.find(interaction, request.match_info["message_id"]))


@routes.patch(WEBHOOK + "/messages/{message_id}")
async def edit_answer(request: web.Request) -> web.Response:
    interactions, interaction = hub_of(request).interactions, _interaction(request)
    message = interactions.find(interaction, request.match_info["message_id"])
    return _message(request, interactions.edit(interaction, message, await drafts.read(request)))


@routes.delete(WEBHOOK + "/messages/{message_id}")
async def delete_answer(request: web.Request) -> web.Response:
    interactions, interaction = hub_of(request).interactions, _interaction(request)
    interactions.delete(interaction, interactions.find(interaction, request.match_info["message_id"]))
    return no_content()


def _interaction(request: web.Request) -> Interaction:
    return hub_of(request).interactions.answered(
        snowflake(request, "application_id"), request.match_info["token"]
    )


def _message(request: web.Request, message: Message) -> web.Response:
    return reply(payloads.message(hub_of(request).world, message))
