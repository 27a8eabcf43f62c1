"""The whole local Discord in one object."""

import asyncio
import ssl
from pathlib import Path
from typing import Self

import trustme
from aiohttp import web

from notetaker.discordsim.control import faults, moderation, observation, people
from notetaker.discordsim.control.middleware import outage, usage_errors
from notetaker.discordsim.gateway.broadcast import Broadcast
from notetaker.discordsim.gateway.membership import Membership
from notetaker.discordsim.gateway.server import HEARTBEAT_MS, Gateway
from notetaker.discordsim.gateway.threads import Threads
from notetaker.discordsim.gateway.voice_states import VoiceStates
from notetaker.discordsim.hub import HUB, Hub
from notetaker.discordsim.messages.interactions import Interactions
from notetaker.discordsim.rest import (
    channels,
    commands,
    guilds,
    interactions,
    messages,
    roles,
    threads,
    users,
)
from notetaker.discordsim.rest.middleware import rest
from notetaker.discordsim.rest.ratelimit import RATE_LIMITER, RateLimiter
from notetaker.discordsim.voice.faults import Faults
from notetaker.discordsim.voice.server import VoiceServer
from notetaker.discordsim.world.events import EventLog
from notetaker.discordsim.world.world import World

HOST = "127.0.0.1"
MAX_BODY_BYTES = 128 * 1024 * 1024
"""Of a request, far above Discord's limits for its parts, which are checked one by one."""
SHUTDOWN_S = 3.0

REST = (users, channels, threads, messages, guilds, roles, commands, interactions)
CONTROL = (observation, people, moderation, faults)


class LocalDiscord:
    """REST, main gateway and control API on one HTTP port, the voice server on its own TLS port.

        async with LocalDiscord(state_dir=folder) as discord:
            discord.api_url  # "http://127.0.0.1:PORT/api"; clients append /v10
            discord.ca_file  # the certificate that clients of the voice server must trust

    ``world`` defaults to ``World.demo()``; ``port`` 0 takes a free one. Each start makes new certificates, and writes
    ``ca.pem`` into ``state_dir``.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        world: World | None = None,
        port: int = 0,
        heartbeat_ms: int = HEARTBEAT_MS,
    ) -> None:
        self.world = world or World.demo()
        self.ca_file = state_dir / "ca.pem"
        self.events = EventLog(self.world.clock)
        self.faults = Faults()
        self.voice = VoiceServer(
            ssl_context=self._certificate(), faults=self.faults, on_event=self._voice_event
        )
        self.gateway = Gateway(self.world, self.events, heartbeat_ms=heartbeat_ms)
        broadcast = Broadcast(self.world, self.gateway, self.events)
        voice_states = VoiceStates(self.world, self.gateway, broadcast, self.voice, self.faults.script)
        self.gateway.voice = voice_states
        self.hub = Hub(
            world=self.world,
            events=self.events,
            gateway=self.gateway,
            broadcast=broadcast,
            membership=Membership(self.world, self.gateway, broadcast, voice_states),
            threads=Threads(self.world, self.gateway, self.events),
            voice_states=voice_states,
            interactions=Interactions(self.world, self.gateway, broadcast, self.events),
            voice=self.voice,
            faults=self.faults,
        )
        self.api_url = ""
        self._port = port
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=SHUTDOWN_S)

    async def start(self) -> None:
        """Listen. Raises OSError if the port is taken."""
        await self.voice.start()
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError:
            await self.stop()
            raise
        port = self._runner.addresses[0][1]
        self.world.cdn_url = f"http://{HOST}:{port}"
        self.api_url = f"{self.world.cdn_url}/api"
        self.gateway.url = f"ws://{HOST}:{port}/gateway"

    async def stop(self) -> None:
        self.events.close()
        self.hub.interactions.stop()
        await self.hub.membership.stop()
        await self.hub.voice_states.stop()
        await self.gateway.stop()
        await self._runner.cleanup()
        await self.voice.stop()
        await asyncio.sleep(0)  # closed transports release their sockets in the next iteration of the loop

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.stop()

    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[outage, rest, usage_errors], client_max_size=MAX_BODY_BYTES
        )
        application[HUB] = self.hub
        application[RATE_LIMITER] = RateLimiter(self.world.clock)
        for module in (*REST, *CONTROL):
            application.add_routes(module.routes)
        application.router.add_get("/gateway", self.gateway.handle)
        application.router.add_get("/gateway/", self.gateway.handle)
        return application

    def _certificate(self) -> ssl.SSLContext:
        authority = trustme.CA()
        self.ca_file.parent.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(str(self.ca_file))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", HOST).configure_cert(context)
        return context

    def _voice_event(self, event: dict[str, object]) -> None:
        """Publish an event of the voice half, which knows users by id only, and ids as numbers."""
        fields = {key: _readable(key, value) for key, value in event.items() if key != "event"}
        user = self.world.users.get(int(str(event.get("user_id") or 0)))
        if user is not None:
            fields["name"] = user.display_name
        self.events.publish(str(event["event"]), **fields)


def _readable(key: str, value: object) -> object:
    """Return ids as text, because JavaScript's numbers cannot hold them."""
    if isinstance(value, list):
        return [_readable(key, item) for item in value]
    is_id = key.endswith("_id") or key == "members"
    return str(value) if is_id and isinstance(value, int) else value
