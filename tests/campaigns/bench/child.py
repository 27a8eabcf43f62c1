"""What the contenders written in Python share: talking to the parent, and reading their own CPU time."""

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator
from typing import Any


def say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def settings() -> dict[str, str]:
    given: dict[str, str] = json.loads(sys.argv[1])
    return given


async def commands() -> AsyncIterator[dict[str, Any]]:
    """What the parent says, until it hangs up."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async for line in reader:
        yield json.loads(line)


def cpu_us() -> float:
    """User and system time of this process so far, all threads, in microseconds."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1e6


class Round:
    """``start`` and ``stop`` enclose what is measured."""

    def __init__(self) -> None:
        self._cpu = 0.0
        self._packets = 0

    def start(self, packets: int) -> None:
        say(event="started")
        self._packets = packets
        self._cpu = cpu_us()

    def stop(self, packets: int) -> None:
        used = cpu_us() - self._cpu
        say(event="usage", cpu_us=used, packets=packets - self._packets)
