"""Somebody who speaks in the local Discord, connected like any other client."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import aiohttp

from notetaker.discordsim.gateway.protocol import Intent, Op
from notetaker.discordsim.speaker.dave import MakeDave, SpeakerDave
from notetaker.discordsim.speaker.link import JOIN_TIMEOUT_S, VoiceLink, VoicePlace
from notetaker.discordsim.speaker.socket import GatewaySocket, SpeakerError

FRAME_S = 0.02
SILENCE = b"\xf8\xff\xfe"
SILENCE_FRAMES = 5
"""Sent when speech ends, so that decoders do not interpolate (Discord docs, "Voice Data Interpolation")."""

MICROPHONE = 1
"""The bit of op 5 for speaking."""
INTENTS = Intent.GUILDS | Intent.GUILD_VOICE_STATES


class Speaker:
    """An async context manager that logs in and joins a voice channel (see VoiceLink). It raises SpeakerError.

    ``api_url`` is that of the REST API, with its version ("http://127.0.0.1:1234/api/v10"). ``ca_file`` holds the
    certificate of the voice server's authority.
    """

    def __init__(
        self,
        *,
        api_url: str,
        token: str,
        ca_file: Path | str,
        guild_id: int,
        channel_id: int,
        name: str,
        dave: MakeDave = SpeakerDave,
    ) -> None:
        self.name = name
        self.user_id = 0
        """Set once joined."""
        self.link: VoiceLink
        """Its voice connection, set once joined."""
        self._api_url = api_url.rstrip("/")
        self._token = token
        self._ca_file = str(ca_file)
        self._guild_id = guild_id
        self._channel_id = channel_id
        self._make_dave = dave
        self._session_id = ""
        self._in_channel = False
        self._server: dict[str, Any] | None = None
        self._sequence: int | None = None
        self._socket: GatewaySocket
        self._stay = AsyncExitStack()
        """Everything to undo when leaving."""

    @property
    def packets_sent(self) -> int:
        """Audio packets, including the silence at the end of speech."""
        return self.link.packets_sent

    async def __aenter__(self) -> Self:
        try:
            await self._connect()
            await self._join()
        except BaseException:
            await self.leave()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.leave()

    async def speak(
        self, frames: Sequence[bytes], on_sent: Callable[[bytes], None] = lambda frame: None
    ) -> None:
        """Wait for DAVE, then send 20 ms Opus frames in real time, and silence. ``on_sent`` gets each frame sent."""
        loop = asyncio.get_running_loop()
        self.link.speaking(MICROPHONE)
        start = loop.time()
        for number, frame in enumerate([*frames, *[SILENCE] * SILENCE_FRAMES]):
            due = start + number * FRAME_S
            await asyncio.sleep(max(0.0, due - loop.time()))
            waits = not self.link.can_be_heard
            if await self.link.send_audio(frame, due) and number < len(frames):
                on_sent(frame)
            late = loop.time() - due
            if waits and late > FRAME_S * SILENCE_FRAMES:  # for DAVE: continue from here, without a burst
                start += late
        self.link.speaking(0)

    async def leave(self) -> None:
        """Leave the channel and disconnect. May be called twice."""
        await self._stay.aclose()

    # The main gateway

    async def _connect(self) -> None:
        http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=JOIN_TIMEOUT_S))
        await self._stay.enter_async_context(http)
        try:
            async with http.get(f"{self._api_url}/gateway") as response:
                response.raise_for_status()
                url = (await response.json())["url"]
            websocket = await http.ws_connect(f"{url.rstrip('/')}/?v=10&encoding=json")
        except (aiohttp.ClientError, OSError) as error:
            raise SpeakerError(f"{self.name} cannot reach the gateway of {self._api_url}: {error}") from error
        self._socket = GatewaySocket("gateway", websocket, self._receive, self._receive_binary)
        self._stay.push_async_callback(self._socket.close)
        properties = {"os": "linux", "browser": "speaker", "device": "speaker"}
        identify = {"token": self._token, "intents": INTENTS, "properties": properties}
        self._socket.send({"op": Op.IDENTIFY, "d": identify})
        await self._socket.until(lambda: bool(self._session_id), "READY", JOIN_TIMEOUT_S)

    async def _join(self) -> None:
        self._stay.callback(self._update_voice_state, None)
        self._update_voice_state(self._channel_id)
        await self._socket.until(
            lambda: self._in_channel and self._server is not None, "answer to joining voice", JOIN_TIMEOUT_S
        )
        assert self._server is not None
        place = VoicePlace(
            guild_id=self._guild_id,
            channel_id=self._channel_id,
            user_id=self.user_id,
            session_id=self._session_id,
            endpoint=self._server["endpoint"],
            token=self._server["token"],
        )
        ssl_context = ssl.create_default_context(cafile=self._ca_file)
        link = VoiceLink(place, ssl_context, dave=self._make_dave)
        self.link = await self._stay.enter_async_context(link)

    def _receive(self, message: dict[str, Any]) -> None:
        self._sequence = message.get("s") or self._sequence
        body = message.get("d")
        if message["op"] == Op.HELLO and isinstance(body, dict):
            self._socket.beat(
                body["heartbeat_interval"] / 1000, lambda: {"op": Op.HEARTBEAT, "d": self._sequence}
            )
        elif message["op"] == Op.DISPATCH and isinstance(body, dict):
            self._receive_event(message["t"], body)

    def _receive_event(self, event: str, body: dict[str, Any]) -> None:
        if event == "READY":
            self.user_id = int(body["user"]["id"])
            self._session_id = body["session_id"]
        elif event == "VOICE_STATE_UPDATE" and int(body["user_id"]) == self.user_id:
            self._in_channel = int(body["channel_id"] or 0) == self._channel_id
            if self._in_channel:
                self._session_id = body["session_id"]
        elif event == "VOICE_SERVER_UPDATE" and int(body["guild_id"]) == self._guild_id:
            self._server = body if body["endpoint"] else None

    def _receive_binary(self, data: bytes) -> None:
        raise SpeakerError("the gateway sent a binary message although JSON was asked for")

    def _update_voice_state(self, channel_id: int | None) -> None:
        body = {
            "guild_id": str(self._guild_id),
            "channel_id": None if channel_id is None else str(channel_id),
            "self_mute": False,
            "self_deaf": False,
        }
        self._socket.send({"op": Op.VOICE_STATE_UPDATE, "d": body})
