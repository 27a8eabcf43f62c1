"""A stand-in for systemd-journald: receives the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

import array
import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path

WAIT_S = 30.0
LARGEST = 1 << 20

Entry = dict[str, str]
"""One log line, by field."""

PRELUDE = """
import os
from pathlib import Path
from logging_journald import JournaldTransport

JournaldTransport.SOCKET_PATH = Path(os.environ["JOURNALD"])
stderr = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{stderr.st_dev}:{stderr.st_ino}"
"""
"""Makes a Python process believe that systemd has started it (systemd.exec(5) about JOURNAL_STREAM)."""


class FakeJournald:
    def __init__(self, folder: Path) -> None:
        """Has a socket in ``folder``; inside a running event loop, it reads from it by itself."""
        self.path = folder / "journald"
        self.raw: list[bytes] = []
        """All that came, a datagram each."""
        self.entries: list[Entry] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self.path))
        self._changed = asyncio.Event()

    def close(self) -> None:
        self._socket.close()
        self.path.unlink()

    def environment(self, folder: Path) -> dict[str, str]:
        """For a process that is to write to this journal."""
        prelude = folder / "prelude"
        prelude.mkdir(exist_ok=True)
        (prelude / "sitecustomize.py").write_text(PRELUDE)
        return {"PYTHONPATH": str(prelude), "JOURNALD": str(self.path)}

    def read(self) -> list[Entry]:
        """What has come since the last time."""
        known = len(self.entries)
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(
                    LARGEST, socket.CMSG_LEN(array.array("i").itemsize)
                )
            except BlockingIOError:
                return self.entries[known:]
            for _, _, descriptor in ancillary:
                data = _content(array.array("i", descriptor)[0])
            self.raw.append(data)
            self.entries.append(parsed(data))

    async def until(self, holds: Callable[[Entry], bool]) -> Entry:
        """The first entry for which that is so."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._changed.set)
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    self._changed.clear()
                    self.read()
                    for entry in self.entries:
                        if holds(entry):
                            return entry
                    await self._changed.wait()
        finally:
            loop.remove_reader(self._socket)


def parsed(data: bytes) -> Entry:
    """``NAME=value`` and a newline; or, for any bytes, NAME, a newline, 64 bits of length, the bytes, a newline."""
    entry: Entry = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            length = int.from_bytes(rest[:8], "little")
            value, rest = rest[8 : 8 + length], rest[8 + length :]
            assert rest[:1] == b"\n"
            rest = rest[1:]
        assert name.decode() not in entry
        entry[name.decode()] = value.decode()
        data = rest
    return entry


def _content(descriptor: int) -> bytes:
    """Of a memory file, in which large entries come."""
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read()
