"""A receiver in a process of its own, driven by lines of JSON on its standard input; its standard output answers.

``{"do": "join"}`` makes it join its channel. It asks for that with ``{"op": 4, "d": {...}}`` and is told the two
events that Discord's main gateway would send, unless it has a main gateway connection of its own.
``{"do": "start"}`` and ``{"do": "stop"}`` enclose a round; the answer to the latter is its :class:`Usage`.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.campaigns.bench.studio import WAIT_S, Studio


@dataclass(frozen=True, slots=True)
class Usage:
    cpu_us: float
    """User and system time of the whole process during the round (getrusage)."""
    packets: int
    """That came out at the other end."""


class ContenderFailed(Exception):
    """``str()`` is a sentence."""


class Contender:
    def __init__(self, name: str, user_id: int, process: asyncio.subprocess.Process, studio: Studio) -> None:
        self.name = name
        self.user_id = user_id
        self.log = log_of(studio, user_id)
        """What it, or a library of its, has written to standard error."""
        self._process = process
        self._studio = studio
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._reading = asyncio.ensure_future(self._read())
        self._joins = 0

    async def join(self) -> None:
        """Until it says that it is in the channel."""
        self.tell({"do": "join"})
        await self.until("joined")

    async def start(self, packets: int) -> None:
        self.tell({"do": "start", "packets": packets})
        await self.until("started")

    async def stop(self) -> Usage:
        self.tell({"do": "stop"})
        answer = await self.until("usage")
        return Usage(answer["cpu_us"], answer["packets"])

    def tell(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def until(self, event: str) -> dict[str, Any]:
        """The next event of this name. Raises ContenderFailed when there is none to come."""
        try:
            async with asyncio.timeout(WAIT_S):
                while (message := await self._events.get())["event"] != event:
                    if message["event"] in ("error", "ended"):
                        raise ContenderFailed(
                            f"{self.name} has ended. {message.get('message', self.last_words())}"
                        )
        except TimeoutError:
            waited = f"{self.name} did not come to {event!r} in {WAIT_S:.0f} s."
            raise ContenderFailed(f"{waited} {self.last_words()}") from None
        return message

    def last_words(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:]

    async def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            message = json.loads(line)
            if message.get("op") == 4:
                await self._answer_op4(message["d"])
            else:
                self._events.put_nowait(message)
        self._events.put_nowait({"event": "ended"})

    async def _answer_op4(self, data: dict[str, Any]) -> None:
        """The part of the main gateway."""
        guild_id, channel_id = int(data["guild_id"]), data["channel_id"]
        self._joins += 1
        state = {
            "guild_id": str(guild_id),
            "channel_id": channel_id,
            "user_id": str(self.user_id),
            "session_id": f"session {self._joins} of {self.user_id}",
            "self_mute": False,
            "self_deaf": False,
        }
        self.tell({"t": "VOICE_STATE_UPDATE", "d": state})
        if channel_id is None:
            await self._studio.local.voice.release(guild_id=guild_id, user_id=self.user_id)
            return
        place = self._studio.allocate(guild_id, int(channel_id), self.user_id, str(state["session_id"]))
        server = {"token": place.token, "guild_id": str(guild_id), "endpoint": place.endpoint}
        self.tell({"t": "VOICE_SERVER_UPDATE", "d": server})


def log_of(studio: Studio, user_id: int) -> Path:
    return studio.folder / f"{user_id}.log"


@asynccontextmanager
async def contender(
    name: str, command: Sequence[str], user_id: int, place: tuple[int, int], studio: Studio, **settings: Any
) -> AsyncIterator[Contender]:
    """Starts ``command`` with its settings as one argument of JSON. Ended at the end.

    ``place`` is guild and voice channel.
    """
    given = {
        "ca_file": str(studio.ca_file),
        "user_id": str(user_id),
        "guild_id": str(place[0]),
        "channel_id": str(place[1]),
        "folder": str(studio.folder),
        **settings,
    }
    with log_of(studio, user_id).open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            json.dumps(given),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(studio.ca_file)},
        )
    it = Contender(name, user_id, process, studio)
    try:
        yield it
    finally:
        await it.close()


def python(module: str) -> tuple[str, ...]:
    """The command for a contender in this package."""
    return sys.executable, "-m", f"tests.campaigns.bench.{module}"
