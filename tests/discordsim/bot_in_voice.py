"""The bot in a voice channel of the Office, with plain connections to the main gateway and the voice server."""

import ssl
from contextlib import AsyncExitStack
from typing import Any

from notetaker.discordsim.speaker.link import VoicePlace
from tests.discordsim.conftest import Place
from tests.discordsim.gateway_client import Client, logged_in
from tests.discordsim.voice.listener import Listener


class Bot:
    """The bot in a voice channel: its main gateway and voice connections."""

    def __init__(self, place: Place, client: Client, http: AsyncExitStack) -> None:
        self.place = place
        self.client = client
        self._voice = http

    async def answer(self) -> tuple[Any, Any]:
        return await self.client.event("VOICE_STATE_UPDATE"), await self.client.event("VOICE_SERVER_UPDATE")

    async def connect(self, server: Any, channel: str = "Standup") -> Listener:
        """A voice connection with the credentials in a VOICE_SERVER_UPDATE, up to op 5."""
        return await (await self.open(server, channel)).join()

    async def open(self, server: Any, channel: str = "Standup") -> Listener:
        place = self.place
        seat = VoicePlace(
            place.office.id,
            place.channel_id(channel),
            place.bot.id,
            self.client.session_id,
            server["endpoint"],
            server["token"],
        )
        tls = ssl.create_default_context(cafile=str(place.local.ca_file))
        return await self._voice.enter_async_context(Listener(seat, tls))

    async def join(self, channel: str = "Standup") -> Listener:
        await self.client.join(self.place, channel)
        _, server = await self.answer()
        return await self.connect(server, channel)


class InVoice:
    """A context in which the bot is logged in."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Bot:
        client = await self._stack.enter_async_context(logged_in(self._place, "Notetaker"))
        return Bot(self._place, client, self._stack)

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()


async def fault(place: Place, kind: str, **fields: Any) -> Any:
    """Inject a fault, by default for the bot in the Office. Return None, or the error."""
    victim = {"user_id": str(place.bot.id), "guild_id": str(place.office.id)}
    return await place.sim("faults", kind=kind, **(victim | fields))


def published(place: Place) -> list[tuple[object, object]]:
    return [(e["kind"], e["state"]) for e in place.local.events.since(0) if e["event"] == "fault"]


async def closed_with(listener: Listener) -> int | None:
    await listener.until(lambda: listener.close_code is not None)
    return listener.close_code
