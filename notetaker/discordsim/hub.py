"""What every request handler can reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.gateway import Gateway
from notetaker.discordsim.gateway.voice_states import VoiceStates
from notetaker.discordsim.rest.ratelimit import RateLimiter
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.server import VoiceServer
from notetaker.discordsim.world.entities import Json
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.world import World

if TYPE_CHECKING:
    from notetaker.discordsim.messages.interactions import Interactions

API = "/api/v10"


@dataclass
class Hub:
    world: World
    events: EventLog
    gateway: Gateway
    broadcast: Broadcast
    voice_states: VoiceStates
    interactions: Interactions
    limits: RateLimiter
    voice: VoiceServer
    faults: Faults


HUB = web.AppKey("hub", Hub)


def hub_of(request: web.Request) -> Hub:
    return request.app[HUB]


def reply(body: Json | list[Json], status: int = 200) -> web.Response:
    """JSON with exactly Discord's content type: clients compare it as a whole string."""
    response = web.json_response(body, status=status)
    response.headers["Content-Type"] = "application/json"
    return response


def no_content() -> web.Response:
    return web.Response(status=204)
