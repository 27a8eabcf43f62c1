"""Contender: the bare primitives in a loop. Nothing that receives Discord's voice in Python can cost less.

It joins as ours does, then takes socket, key and decryptors and calls what has to be called for each packet: recv,
transport cipher, DAVE, write. No bookkeeping at all: no replay window, no padding, no times, nobody leaves.
"""

import asyncio
import os
import socket
import struct

import dave
from nacl._sodium import ffi, lib  # type: ignore[import-not-found]

from notetaker.wire.transport import AesGcm, XChaCha20Poly1305
from tests.campaigns.bench import child
from tests.campaigns.bench.ours import Receiver

CLEAR, EXTENSION = 16, 8
"""Bytes of RTP header with the preamble of the extension, and of the extension itself, in every packet."""
SHORTEST = 40
"""Shorter ones answer keepalives."""


class Floor:
    """The loop, with what it needs taken out of a connection."""

    def __init__(self, receiver: Receiver) -> None:
        guild = receiver.manager._guild(receiver.guild_id)
        connection = guild.reception.connection
        assert connection is not None
        session, udp = connection.session, connection._udp
        assert udp is not None
        session.path.due = None  # nobody reads the answers to probes here
        connection._udp, self._udp = None, udp  # else its timers would read along, from a socket that blocks
        self._loop = asyncio.get_running_loop()
        self._loop.remove_reader(udp._socket)
        self._socket = socket.socket(fileno=os.dup(udp._socket.fileno()))
        self._socket.setblocking(True)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 5, 0))
        self._cipher = session.receiver._cipher
        decryptors = session.dave._decryptors
        self._decrypt = {
            ssrc.to_bytes(4, "big"): decryptors[user_id].decrypt
            for ssrc, user_id in session.receiver.speakers()
        }
        path = receiver.folder / "floor"
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def run(self, packets: int) -> None:
        self._loop.remove_reader(self._socket)
        if isinstance(self._cipher, AesGcm):
            self._run_aes_gcm(packets)
        else:
            self._run_xchacha(packets)
        self._loop.add_reader(self._socket, self._discard)

    def _discard(self) -> None:
        """Answers to keepalives that come between rounds."""
        self._socket.recv(2048, socket.MSG_DONTWAIT)

    def _run_aes_gcm(self, packets: int) -> None:
        receive, write, fd, decrypt = self._socket.recv, os.write, self._fd, self._decrypt
        assert isinstance(self._cipher, AesGcm)
        open_, zeros, audio = self._cipher._aead.decrypt, bytes(8), dave.MediaType.audio
        for _ in range(packets):
            data = receive(2048)
            while len(data) < SHORTEST:
                data = receive(2048)
            plain = open_(data[-4:] + zeros, data[CLEAR:-4], data[:CLEAR])
            opus = decrypt[data[8:12]](audio, plain[EXTENSION:])
            assert opus is not None
            write(fd, opus)

    def _run_xchacha(self, packets: int) -> None:
        receive, write, fd, decrypt = self._socket.recv, os.write, self._fd, self._decrypt
        assert isinstance(self._cipher, XChaCha20Poly1305)
        open_, key, zeros = lib.crypto_aead_xchacha20poly1305_ietf_decrypt, self._cipher._key, bytes(20)
        audio, null, plaintext = dave.MediaType.audio, ffi.NULL, ffi.new("unsigned char[]", 2048)
        buffer = ffi.buffer(plaintext)
        for _ in range(packets):
            data = receive(2048)
            while len(data) < SHORTEST:
                data = receive(2048)
            sealed = data[CLEAR:-4]
            size = len(sealed)
            open_(plaintext, null, null, sealed, size, data[:CLEAR], CLEAR, data[-4:] + zeros, key)
            opus = decrypt[data[8:12]](audio, buffer[EXTENSION : size - 16])
            assert opus is not None
            write(fd, opus)


async def main() -> None:
    receiver = Receiver(child.settings())
    receiver.folder.mkdir(parents=True, exist_ok=True)
    measured = child.Round()
    floor: Floor | None = None
    async with asyncio.TaskGroup() as tasks:
        async for message in child.commands():
            match message:
                case {"t": _}:
                    receiver.hear(message)
                case {"do": "join"}:
                    tasks.create_task(receiver.join())
                case {"do": "start", "packets": packets}:
                    floor = floor or Floor(receiver)
                    measured.start(0)
                    floor.run(packets)
                case {"do": "stop"}:
                    measured.stop(packets)
    await receiver.close()


if __name__ == "__main__":
    asyncio.run(main())
