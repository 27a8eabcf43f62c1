"""A speaker's voice connection: websocket version 8, UDP and DAVE."""

import asyncio
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from notetaker.discordsim.speaker.dave import DaveSender, MakeDave, Reply, SpeakerDave
from notetaker.discordsim.speaker.socket import GatewaySocket, SpeakerError
from notetaker.discordsim.speaker.udp import KEEPALIVE_S, OpusPackets, SpeakerUdp
from notetaker.discordsim.voice.aead import MODES, TransportKey
from notetaker.discordsim.voice.group import DaveOp
from notetaker.discordsim.voice.protocol import Op

JOIN_TIMEOUT_S = 10.0
DAVE_TIMEOUT_S = 20.0
"""Longer than the server keeps the session of somebody whose connection broke."""

JSON_DAVE_OPS = (DaveOp.PREPARE_TRANSITION, DaveOp.EXECUTE_TRANSITION, DaveOp.PREPARE_EPOCH)


@dataclass(frozen=True)
class VoicePlace:
    """What the main gateway's two events say about a voice connection."""

    guild_id: int
    channel_id: int
    user_id: int
    session_id: str
    endpoint: str
    token: str = field(repr=False)


class VoiceLink:
    """An async context manager that joins a channel, and waits until DAVE is ready or nobody else is there.

    It raises SpeakerError when the server refuses or goes away. It does not resume.
    """

    def __init__(
        self,
        place: VoicePlace,
        ssl_context: ssl.SSLContext,
        mode: str | None = None,
        dave: MakeDave = SpeakerDave,
    ) -> None:
        self.packets_sent = 0
        """Audio packets, silence included."""
        self.others: set[int] = set()
        """User ids of everybody else in the channel."""
        self.dave: DaveSender | None = None
        """None before the session description, and in a channel without DAVE."""
        self._place = place
        self._ssl_context = ssl_context
        self._wanted_mode = mode
        self._make_dave = dave
        self._ready: dict[str, Any] | None = None
        self._description: dict[str, Any] | None = None
        self._sequence = -1
        self._known: set[int] = {place.user_id}
        self._udp = SpeakerUdp()
        self._packets: OpusPackets | None = None
        self._socket: GatewaySocket
        self._stay = AsyncExitStack()
        """Everything to undo when leaving."""

    @property
    def dave_version(self) -> int:
        return self._description["dave_protocol_version"] if self._description else 0

    @property
    def can_be_heard(self) -> bool:
        """Whether everybody in the channel can decrypt what is sent now."""
        return self._packets is not None and (self.dave is None or self.dave.ready)

    async def __aenter__(self) -> Self:
        try:
            await self._join()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave once the server has read every packet. May be called twice."""
        await self._stay.aclose()

    def speaking(self, mask: int) -> None:
        """Send op 5, without which there is no audio in either direction."""
        assert self._ready is not None
        self._send(Op.SPEAKING, {"speaking": mask, "delay": 0, "ssrc": self._ready["ssrc"]})

    async def send_audio(self, frame: bytes, spoken_at: float | None = None) -> bool:
        """Send one Opus frame of 20 ms, by default spoken now (loop time). Return whether it was sent.

        Wait for DAVE while others are there; send nothing while nobody is.
        """
        assert self._packets is not None
        self._socket.check()
        if not self.can_be_heard:
            await self._until_heard_or_alone()
            if not self.can_be_heard:
                return False
        payload = self.dave.encrypt(frame) if self.dave else frame
        moment = asyncio.get_running_loop().time() if spoken_at is None else spoken_at
        self._udp.send(self._packets.seal(payload, moment))
        self.packets_sent += 1
        return True

    async def _until_heard_or_alone(self) -> None:
        await self._socket.until(lambda: self.can_be_heard or not self.others, "DAVE group", DAVE_TIMEOUT_S)

    async def _join(self) -> None:
        place = self._place
        http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=JOIN_TIMEOUT_S))
        await self._stay.enter_async_context(http)
        self._stay.callback(self._udp.close)
        try:
            websocket = await http.ws_connect(
                f"wss://{place.endpoint}/?v=8", ssl=self._ssl_context, compress=15
            )
        except (aiohttp.ClientError, OSError) as error:
            raise SpeakerError(f"the voice server at {place.endpoint} cannot be reached: {error}") from error
        self._socket = GatewaySocket("voice", websocket, self._receive_json, self._receive_binary)
        self._stay.push_async_callback(self._socket.close)
        self._send(
            Op.IDENTIFY,
            {
                "server_id": str(place.guild_id),
                "user_id": str(place.user_id),
                "session_id": place.session_id,
                "token": place.token,
                "max_dave_protocol_version": 1,
            },
        )
        await self._socket.until(lambda: self._ready is not None, "op 2", JOIN_TIMEOUT_S)
        assert self._ready is not None
        loop = asyncio.get_running_loop()
        server = (self._ready["ip"], self._ready["port"])
        await loop.create_datagram_endpoint(lambda: self._udp, remote_addr=server)
        address, port = await self._udp.discover(self._ready["ssrc"])
        wanted = [self._wanted_mode] if self._wanted_mode else list(MODES)
        mode = next((mode for mode in wanted if mode in self._ready["modes"]), None)
        if mode is None:
            raise SpeakerError("the voice server offers no encryption mode this speaker knows")
        data = {"address": address, "port": port, "mode": mode}
        self._send(Op.SELECT_PROTOCOL, {"protocol": "udp", "data": data})
        await self._socket.until(lambda: self._description is not None, "op 4", JOIN_TIMEOUT_S)
        assert self._description is not None
        key = TransportKey(self._description["mode"], bytes(self._description["secret_key"]))
        self._packets = OpusPackets(self._ready["ssrc"], key)
        self._stay.push_async_callback(self._udp.flush)
        self.speaking(0)
        await self._until_heard_or_alone()

    # Messages of the server

    def _receive_json(self, message: dict[str, Any]) -> None:
        self._sequence = message.get("seq", self._sequence)
        op, body, place = message["op"], message["d"], self._place
        if op == Op.HELLO:
            interval = min(body["heartbeat_interval"] / 1000, KEEPALIVE_S)
            self._socket.beat(interval, self._heartbeat)
        elif op == Op.READY:
            self._ready = body
        elif op == Op.SESSION_DESCRIPTION:
            self._description = body
            if version := body["dave_protocol_version"]:
                self.dave = self._make_dave(place.user_id, place.channel_id, version)
                self._reply([self.dave.key_package()])
        elif op == Op.CLIENTS_CONNECT:
            self.others |= {int(user_id) for user_id in body["user_ids"]} - {self._place.user_id}
            self._known |= self.others
        elif op == Op.CLIENT_DISCONNECT:
            self.others.discard(int(body["user_id"]))
        elif op in JSON_DAVE_OPS:
            if op == DaveOp.PREPARE_EPOCH and self.dave is None:
                self.dave = self._make_dave(place.user_id, place.channel_id, body["protocol_version"])
            if self.dave:
                self._reply(self.dave.receive_json(op, body))

    def _receive_binary(self, data: bytes) -> None:
        self._sequence = int.from_bytes(data[:2])
        if self.dave:
            self._reply(self.dave.receive_binary(data[2], data[3:], self._known))

    def _heartbeat(self) -> dict[str, Any]:
        """Return a heartbeat, and send a datagram with it, which keeps NATs open."""
        now_ms = int(asyncio.get_running_loop().time() * 1000)
        if self._packets:
            self._udp.send(now_ms.to_bytes(8))
        return {"op": Op.HEARTBEAT, "d": {"t": now_ms, "seq_ack": self._sequence}}

    def _send(self, op: int, body: dict[str, Any]) -> None:
        self._socket.send({"op": op, "d": body})

    def _reply(self, replies: list[Reply]) -> None:
        for op, body in replies:
            if isinstance(body, bytes):
                self._socket.send(bytes([op]) + body)
            else:
                self._send(op, body)
