"""A stand-in for systemd-journald: receives the native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL)."""

import array
import asyncio
import os
import socket
from pathlib import Path
from typing import Self

WAIT_S = 90.0
LARGEST = 1 << 20
DESCRIPTOR_SIZE = array.array("i").itemsize

Entry = dict[str, str]
"""One log line, by field."""

UNDER_SYSTEMD = """
import os
from pathlib import Path
from logging_journald import JournaldTransport

JournaldTransport.SOCKET_PATH = Path(os.environ["JOURNALD"])
stderr = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{stderr.st_dev}:{stderr.st_ino}"
"""
"""Makes a Python process believe that systemd has started it (systemd.exec(5) about JOURNAL_STREAM)."""


class FakeJournald:
    """Within ``async with`` it reads by itself; else whoever wants to know says ``read``."""

    def __init__(self, folder: Path) -> None:
        """Has a socket in ``folder``."""
        self.path = folder / "journald"
        self.raw: list[bytes] = []
        """All that came, a datagram each."""
        self.entries: list[Entry] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(str(self.path))
        self._came = asyncio.Event()

    async def __aenter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self.read)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self.read()
        self.close()

    def close(self) -> None:
        self._socket.close()
        self.path.unlink()

    def environment(self) -> dict[str, str]:
        """For a process that is to write to this journal."""
        return {"AT_START": UNDER_SYSTEMD, "JOURNALD": str(self.path)}

    def read(self) -> list[Entry]:
        """What has come since the last time."""
        known = len(self.entries)
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(LARGEST, socket.CMSG_LEN(DESCRIPTOR_SIZE))
            except BlockingIOError:
                self._came.set()
                return self.entries[known:]
            for _, _, descriptor in ancillary:
                data = _content(array.array("i", descriptor)[0])
            self.raw.append(data)
            self.entries.append(parsed(data))

    async def until(self, times: int = 1, **fields: str) -> None:
        """Until so many entries that have these fields have come. ``MESSAGE`` is compared from its beginning."""
        async with asyncio.timeout(WAIT_S):
            while len(self.having(**fields)) < times:
                self._came.clear()
                await self._came.wait()

    def having(self, *, MESSAGE: str = "", **fields: str) -> list[Entry]:
        """What ``journalctl FIELD=value ...`` would show."""
        return [
            entry
            for entry in self.entries
            if fields.items() <= entry.items() and entry["MESSAGE"].startswith(MESSAGE)
        ]


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
