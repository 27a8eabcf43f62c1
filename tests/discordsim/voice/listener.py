"""A voice client for the tests, written apart from everything in the package: what it hears is the proof.

Raw websocket and UDP, its own RTP and AEAD code, and one of the two public DAVE implementations.
"""

import asyncio
import json
import random
import socket
import ssl
import struct
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import nacl.bindings
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.exceptions import CryptoError

from notetaker.discordsim.speaker.link import VoicePlace
from tests.discordsim.voice.members import DaveyMember, LibdaveMember, Member

AES = "aead_aes256_gcm_rtpsize"
XCHACHA = "aead_xchacha20_poly1305_rtpsize"
PATIENCE_S = 10.0


class Listener(asyncio.DatagramProtocol):
    """Keeps every message and every packet. ``heard[user]`` is what was decrypted, in order of arrival."""

    def __init__(
        self, place: VoicePlace, tls: ssl.SSLContext, mode: str = XCHACHA, kind: str = "l", version: int = 1
    ) -> None:
        self.place = place
        self.mode = mode
        self.version = version
        self.member: Member | None = None
        self.messages: list[dict[str, Any]] = []
        self.sequences: list[int] = []
        self.heard: dict[int, list[bytes]] = {}
        self.headers: dict[int, list[int]] = {}
        self.timestamps: dict[int, list[int]] = {}
        self.audio: Counter[int] = Counter()
        self.padding_only: Counter[int] = Counter()
        self.extensions: Counter[int | None] = Counter()
        self.padded = 0
        self.bad = 0
        self.undecryptable: dict[int, list[bytes]] = {}
        self.others_datagrams: list[bytes] = []
        self.close_code: int | None = None
        self.speakers: dict[int, int] = {}
        self.users: set[int] = {place.user_id}
        self._kind = kind
        self._tls = tls
        self._changed = asyncio.Event()
        self._nonce = random.getrandbits(16)
        self._sending: list[asyncio.Task[None]] = []
        self._held: list[tuple[int, bytes]] = []
        self.ssrc = 0
        self.payload_type = 120
        self.downgraded = False

    # Life

    async def __aenter__(self) -> "Listener":
        self.http = aiohttp.ClientSession()
        await self.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.hang_up()
        await asyncio.gather(*self._sending, return_exceptions=True)  # what came after a close is lost
        if hasattr(self, "udp"):
            self.udp.close()
        await self.http.close()

    async def open(self, query: str = "?v=8") -> None:
        url = f"wss://{self.place.endpoint}/{query}"
        self.websocket = await self.http.ws_connect(url, ssl=self._tls, compress=15)
        self.close_code = None
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def hang_up(self) -> None:
        await self.websocket.close()
        await self._reader

    async def drop(self) -> None:
        """Break the TCP connection, without a close frame."""
        response = self.websocket._response
        assert response.connection is not None and response.connection.transport is not None
        response.connection.transport.abort()
        await self._reader

    async def join(self) -> "Listener":
        """Do the whole handshake, up to op 5."""
        await self.identify()
        await self.select()
        self.send(5, {"speaking": 0, "delay": 0, "ssrc": self.ssrc})
        await self.beat(1)
        return self

    async def beat(self, nonce: int) -> None:
        """Wait until the server has read everything sent so far."""
        self.send(3, {"t": nonce, "seq_ack": self.sequences[-1] if self.sequences else -1})
        await self.until(lambda: self.has(6) and self.body(6) == {"t": nonce})

    async def identify(self, **changes: object) -> None:
        place = self.place
        body: dict[str, object] = {
            "server_id": str(place.guild_id),
            "user_id": str(place.user_id),
            "session_id": place.session_id,
            "token": place.token,
            "max_dave_protocol_version": self.version,
        }
        self.send(0, body | changes)
        await self.until(lambda: self.has(2) or self.close_code is not None)

    async def select(self) -> None:
        ready = self.body(2)
        self.ssrc = ready["ssrc"]
        loop = asyncio.get_running_loop()
        self.udp, _ = await loop.create_datagram_endpoint(
            lambda: self, remote_addr=(ready["ip"], ready["port"])
        )
        # On a busy machine packets pile up, which must not look like loss.
        self.udp.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.udp.sendto(struct.pack(">HHI", 1, 70, self.ssrc) + bytes(66))
        await self.until(lambda: any(len(d) == 74 for d in self.others_datagrams))
        answer = next(d for d in self.others_datagrams if len(d) == 74)
        assert answer[:8] == struct.pack(">HHI", 2, 70, self.ssrc)
        address = answer[8 : answer.index(0, 8)].decode()
        (port,) = struct.unpack(">H", answer[-2:])
        data = {"address": address, "port": port, "mode": self.mode}
        self.send(1, {"protocol": "udp", "data": data})
        await self.until(lambda: self.has(4) or self.close_code is not None)

    async def until(self, met: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not met():
                self._changed.clear()
                await self._changed.wait()

    # Websocket

    def send(self, op: int, body: object) -> None:
        self.send_text(json.dumps({"op": op, "d": body}))

    def send_text(self, text: str) -> None:
        self._spawn(self.websocket.send_str(text))

    def send_bytes(self, data: bytes) -> None:
        self._spawn(self.websocket.send_bytes(data))

    def _spawn(self, sending: Coroutine[Any, Any, None]) -> None:
        self._sending.append(asyncio.get_running_loop().create_task(sending))

    def has(self, op: int) -> bool:
        return any(message["op"] == op for message in self.messages)

    def ops(self) -> list[int]:
        return [message["op"] for message in self.messages]

    def body(self, op: int) -> Any:
        return next(message["d"] for message in reversed(self.messages) if message["op"] == op)

    async def _read(self) -> None:
        async for message in self.websocket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._receive(json.loads(message.data))
            else:
                number, op = struct.unpack_from(">HB", message.data)
                self._receive({"op": op, "d": message.data[3:], "seq": number})
            self._changed.set()
        self.close_code = self.websocket.close_code
        self._changed.set()

    def _receive(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        op, body = message["op"], message["d"]
        if "seq" in message:
            self.sequences.append(message["seq"])
        replies: list[Any] = []
        if op == 4:
            key = bytes(body["secret_key"])
            self._aes, self._key = AESGCM(key), key
            if body["dave_protocol_version"]:
                make = DaveyMember if self._kind == "d" else LibdaveMember
                self.member = make(self.place.user_id, self.place.channel_id)
                replies = self.member.start()
        elif op == 5:
            self.speakers[body["ssrc"]] = int(body["user_id"])
        elif op == 11:
            self.users |= {int(user) for user in body["user_ids"]}
        elif op in range(21, 31) and self.member:
            self.downgraded |= op == 21 and body["protocol_version"] == 0
            replies = self.member.receive(op, body, self.users)
        for reply_op, reply in replies:
            if isinstance(reply, bytes):
                self.send_bytes(bytes([reply_op]) + reply)
            else:
                self.send(reply_op, reply)
        if op in (29, 30):
            held, self._held = self._held, []
            for user, frame in held:
                self._decrypt(user, frame)

    @property
    def established(self) -> bool:
        return self.member is not None and self.member.established

    # UDP

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data[0] >> 6 == 2 and len(data) > 12 + 20:
            self._receive_rtp(data)
        else:
            self.others_datagrams.append(data)
        self._changed.set()

    def _receive_rtp(self, data: bytes) -> None:
        size = 12 + 4 * (data[0] & 15)
        words: int | None = None
        if data[0] & 0x10:
            (words,) = struct.unpack_from(">H", data, size + 2)
            size += 4
        try:
            if self.mode == AES:
                body = self._aes.decrypt(data[-4:] + bytes(8), data[size:-4], data[:size])
            else:
                body = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                    data[size:-4], data[:size], data[-4:] + bytes(20), self._key
                )
        except (InvalidTag, CryptoError):
            self.bad += 1
            return
        assert data[1] & 0x7F == 120
        sequence, timestamp, ssrc = struct.unpack_from(">HII", data, 2)
        body = body[4 * (words or 0) :]
        user = self.speakers[ssrc]
        self.headers.setdefault(user, []).append(sequence)
        self.extensions[words] += 1
        if data[0] & 0x20:
            self.padded += 1
            body = body[: -body[-1]]
        if not body:
            self.padding_only[user] += 1
            return
        self.audio[user] += 1
        self.timestamps.setdefault(user, []).append(timestamp)
        if self.member is None:
            self.heard.setdefault(user, []).append(body)
        else:
            self._decrypt(user, body)

    def _decrypt(self, user: int, frame: bytes) -> None:
        """What cannot be decrypted is tried again after the next commit or welcome.

        Since a downgrade what is no DAVE frame is taken as it is (whitepaper, "Passthrough Mode").
        """
        assert self.member is not None
        plain = self.downgraded and not frame.endswith(b"\xfa\xfa")
        opened = frame if plain else self.member.decrypt(user, frame)
        if opened is None:
            self._held.append((user, frame))
            self.undecryptable.setdefault(user, []).append(frame)
        else:
            self.heard.setdefault(user, []).append(opened)

    def seal(
        self,
        body: bytes,
        sequence: int,
        timestamp: int,
        ssrc: int | None = None,
        first_byte: int = 0x80,
        clear: bytes = b"",
    ) -> bytes:
        """A packet of ours, in XChaCha20; ``clear`` follows the fixed header, ``body`` is everything sealed."""
        header = struct.pack(
            ">BBHII",
            first_byte,
            self.payload_type,
            sequence,
            timestamp,
            self.ssrc if ssrc is None else ssrc,
        )
        self._nonce += 1
        suffix = struct.pack(">I", self._nonce)
        sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            body, header + clear, suffix + bytes(20), self._key
        )
        return header + clear + sealed + suffix
