"""The parts of the local Discord that request handlers use."""

from dataclasses import dataclass

from aiohttp import web

from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.membership import Membership
from notetaker.discordsim.gateway.server import Gateway
from notetaker.discordsim.gateway.threads import Threads
from notetaker.discordsim.gateway.voice_states import VoiceStates
from notetaker.discordsim.messages.interactions import Interactions
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.server import VoiceServer
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.world import World


@dataclass(frozen=True)
class Hub:
    world: World
    events: EventLog
    gateway: Gateway
    broadcast: Broadcast
    membership: Membership
    threads: Threads
    voice_states: VoiceStates
    interactions: Interactions
    voice: VoiceServer
    faults: Faults


HUB = web.AppKey("hub", Hub)


def hub_of(request: web.Request) -> Hub:
    return request.app[HUB]
