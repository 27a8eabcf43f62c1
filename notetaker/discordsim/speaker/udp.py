"""A speaker's UDP socket: IP discovery, keepalive pings, and RTP packets with Opus."""

import asyncio
import random
import struct
from typing import cast

from notetaker.discordsim.speaker.socket import SpeakerError
from notetaker.discordsim.voice.aead import TransportKey
from notetaker.discordsim.voice.rtp import PAYLOAD_TYPE_OPUS, Header

SAMPLES_PER_FRAME = 960
SAMPLES_PER_SECOND = 48000

DISCOVERY_TRIES = 6
DISCOVERY_WAIT_S = 0.5
PING_WAIT_S = 1.0
KEEPALIVE_S = 5.0


class SpeakerUdp(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._answer: asyncio.Future[bytes] | None = None
        self._answer_starts = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take the expected answer; everything else is other people's audio, which a speaker does not hear."""
        if self._answer and not self._answer.done() and data.startswith(self._answer_starts):
            self._answer.set_result(data)

    def send(self, packet: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(packet)

    async def discover(self, ssrc: int) -> tuple[str, int]:
        """Return our address as the server sees it. Raises SpeakerError if it does not answer."""
        request = struct.pack(">HHI64sH", 1, 70, ssrc, b"", 0)
        for _ in range(DISCOVERY_TRIES):
            answer = await self._ask(request, struct.pack(">HHI", 2, 70, ssrc), DISCOVERY_WAIT_S)
            if answer is not None and len(answer) == len(request):
                return answer[8:72].rstrip(b"\0").decode("ascii"), int.from_bytes(answer[72:])
        raise SpeakerError("the voice server does not answer IP discovery")

    async def flush(self) -> None:
        """Wait until the server has read everything sent so far, which its answer to a ping proves."""
        nonce = random.randbytes(4)
        await self._ask(b"\x13\x37\xca\xfe" + nonce, b"\x13\x37\xf0\x0d" + nonce, PING_WAIT_S)

    async def _ask(self, request: bytes, answer_starts: bytes, wait_s: float) -> bytes | None:
        self._answer = asyncio.get_running_loop().create_future()
        self._answer_starts = answer_starts
        self.send(request)
        try:
            async with asyncio.timeout(wait_s):
                return await self._answer
        except TimeoutError:
            return None

    def close(self) -> None:
        if self._transport:
            self._transport.close()


class OpusPackets:
    """One SSRC's packets, numbered consecutively, with the time they are spoken at."""

    def __init__(self, ssrc: int, key: TransportKey) -> None:
        self._ssrc = ssrc
        self._key = key
        self._sequence = random.getrandbits(16)
        self._first_timestamp = random.getrandbits(32)
        self._frames = 0

    def seal(self, payload: bytes, spoken_at: float) -> bytes:
        """Return a packet. ``spoken_at`` is in seconds on any clock; the timestamp advances by whole frames."""
        self._frames = max(self._frames + 1, round(spoken_at * SAMPLES_PER_SECOND / SAMPLES_PER_FRAME))
        header = Header(
            padding=False,
            marker=False,
            payload_type=PAYLOAD_TYPE_OPUS,
            sequence=self._sequence,
            timestamp=(self._first_timestamp + self._frames * SAMPLES_PER_FRAME) & 0xFFFF_FFFF,
            ssrc=self._ssrc,
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        return self._key.seal(bytes(header), payload)
