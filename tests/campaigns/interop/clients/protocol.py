"""How the runner talks to a client; the standard library only, for clients live in environments of their own.

Started with one argument, a JSON object: `api_url` (to be followed by /v10), `ca_file`, `token`, `user_id`,
`guild_id`, `channel_id`, `role` ("speaker" or "listener"); ids are strings. Logs go to stderr.

    says    {"event": "ready"}                         in the channel, voice connected, DAVE active unless alone
            {"event": "sent", "opus": HASH}            a packet was sent, the closing silence not counted
            {"event": "spoken"}                        a speak command is done
            {"event": "packet", "user_id", "opus"}     a packet was heard, silence not counted
            {"event": "dave", "version", "members"}    ids of the DAVE group; null: there is no way to tell
            {"event": "error", "message"}  {"event": "left"}
    obeys   {"do": "speak", "frames": [base64, ...]}   at the pace of 20 ms
            {"do": "members"}  {"do": "leave"}         the end of input also means leave

HASH is the first 16 hex digits of the SHA-256 of the Opus payload.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Any, Protocol

FRAME_S = 0.02


@dataclass(frozen=True)
class Order:
    """What the client was started with."""

    api_url: str
    ca_file: str
    token: str
    user_id: int
    guild_id: int
    channel_id: int

    @classmethod
    def from_arguments(cls) -> Order:
        given = json.loads(sys.argv[1])
        ids = {name: int(given[name]) for name in ("user_id", "guild_id", "channel_id")}
        return cls(api_url=given["api_url"], ca_file=given["ca_file"], token=given["token"], **ids)


class Commands(Protocol):
    """What a client does when it is told to."""

    async def speak(self, frames: list[bytes]) -> None:
        """Calls `sent` for every frame."""

    def dave(self) -> tuple[int, list[str] | None]:
        """Version, and the ids of the members."""


def say(event: str, **fields: object) -> None:
    """One line in one write: threads of a client may say something at once."""
    os.write(sys.stdout.fileno(), json.dumps({"event": event, **fields}).encode() + b"\n")


def sent(opus: bytes) -> None:
    say("sent", opus=digest(opus))


def digest(opus: bytes) -> str:
    return hashlib.sha256(opus).hexdigest()[:16]


async def obey(client: Commands) -> None:
    """Until told to leave."""
    say("ready")
    async for command in _commands():
        if command["do"] == "leave":
            return
        if command["do"] == "speak":
            await client.speak([base64.b64decode(frame) for frame in command["frames"]])
            say("spoken")
        elif command["do"] == "members":
            version, members = client.dave()
            say("dave", version=version, members=members)


async def _commands() -> AsyncIterator[dict[str, Any]]:
    reader = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def run(client: Awaitable[None]) -> None:
    """Runs a client to its end; whatever ends it early is said in one line before the traceback."""

    async def complete() -> None:
        await client

    try:
        asyncio.run(complete())
    except Exception as error:
        say("error", message=f"{type(error).__name__}: {error}")
        raise
    say("left")
