"""A client of the main gateway that speaks it frame by frame."""

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from notetaker.discordsim.gateway.protocol import Intent
from notetaker.discordsim.world.entities import User
from tests.discordsim.conftest import DEADLINE_S, Place

INTENTS = int(Intent.GUILDS | Intent.GUILD_VOICE_STATES | Intent.GUILD_MESSAGES)


class Client:
    """One gateway connection; every wait is bounded."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.inflate = zlib.decompressobj()
        self.seq = 0
        self.session_id = ""

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def receive(self) -> Any:
        async with asyncio.timeout(DEADLINE_S):
            message = await self.socket.receive()
        if message.type is WSMsgType.CLOSE:
            return message.data
        if message.type is WSMsgType.BINARY:
            assert message.data.endswith(b"\x00\x00\xff\xff")
            payload = json.loads(self.inflate.decompress(message.data))
        else:
            assert message.type is WSMsgType.TEXT, message
            payload = message.json()
        self.seq = payload["s"] or self.seq
        return payload

    async def event(self, name: str) -> Any:
        """Return the data of the next event, which must have this name."""
        payload = await self.receive()
        assert payload["t"] == name, payload
        return payload["d"]

    async def identify(self, user: User, intents: int | None = INTENTS, **fields: Any) -> Any:
        """Identify and return READY's data; the guilds come after it."""
        await self.send(2, {"token": user.token, "intents": intents, "properties": {}, **fields})
        ready = await self.event("READY")
        self.session_id = ready["session_id"]
        return ready

    async def join(self, place: Place, channel: str | None, **flags: Any) -> None:
        channel_id = None if channel is None else place.channel_id(channel)
        await self.send(4, {"guild_id": place.office.id, "channel_id": channel_id, **flags})

    async def nothing_came(self) -> None:
        """Check that nothing is queued: answers to earlier requests would come before the answer to this one."""
        await self.send(1, None)
        assert (await self.receive())["op"] == 11


@asynccontextmanager
async def connect(place: Place, query: str = "?v=10&encoding=json") -> AsyncIterator[Client]:
    async with place.http.ws_connect(place.local.gateway.url + query) as socket:
        client = Client(socket)
        hello = await client.receive()
        assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, 41250)
        yield client


@asynccontextmanager
async def logged_in(place: Place, name: str, intents: int = INTENTS) -> AsyncIterator[Client]:
    async with connect(place) as client:
        ready = await client.identify(place.user(name), intents)
        for _ in ready["guilds"]:
            await client.event("GUILD_CREATE")
        yield client
