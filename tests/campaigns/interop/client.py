"""A client as a process of its own, and what one says to it: see `clients.protocol`."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent.parent
DISCORD_PY = PROJECT / ".interop" / "discordpy" / "bin" / "python"
NODE = HERE / "node" / "node_modules" / ".bin" / "node"
"""Comes with the clients: they need Node.js 22.12 or newer."""
NODE_CLIENT = HERE / "node" / "voice.mjs"

JOIN_S = 40.0
ANSWER_S = 30.0
LEAVE_S = 10.0

Event = dict[str, Any]


class ClientFailed(Exception):
    """A client did not do its part. The message says which, and how its log ends."""


@dataclass(frozen=True)
class Kind:
    """One program that takes part, and how it is started; its JSON argument follows `command`."""

    key: str
    """What `--only` calls it."""
    name: str
    command: tuple[str | Path, ...]
    extra: tuple[str, ...] = ()
    """Arguments behind the JSON."""
    needs: tuple[Path, ...] = field(default=(), kw_only=True)
    """What `scripts/interop` installs for it."""
    is_bot: bool = field(default=True, kw_only=True)
    follows_leavers: bool = field(default=True, kw_only=True)
    """It still knows the DAVE group once somebody has left."""

    @property
    def is_installed(self) -> bool:
        return all(path.exists() for path in self.needs)


_MODULE = (sys.executable, "-m")
_OWN = (*_MODULE, "tests.campaigns.interop.clients.own")
DAVEY = Kind("davey", "own, davey", _OWN, ("davey",), is_bot=False)
DAVE_PY = Kind("davepy", "own, dave.py", _OWN, ("dave.py",), is_bot=False)
PY_CORD = Kind(
    "pycord",
    "py-cord",
    (*_MODULE, "tests.campaigns.interop.clients.discordpy"),
    follows_leavers=False,  # an AttributeError in VoiceClient._remove_ssrc ends its reading of the voice websocket
)
DISCORDPY = Kind(
    "discordpy",
    "discord.py",
    (DISCORD_PY, "-m", "tests.campaigns.interop.clients.discordpy"),
    needs=(DISCORD_PY,),
)
DISCORD_JS = Kind("discordjs", "@discordjs/voice", (NODE, NODE_CLIENT), needs=(NODE,))

SPEAKERS = (DISCORD_JS, DISCORDPY, PY_CORD, DAVEY, DAVE_PY)
LISTENERS = (DISCORD_JS,)
"""Besides our bot."""


class Client:
    """`async with` it: entered, it has said that it is ready. `order` is its JSON argument."""

    def __init__(self, kind: Kind, order: dict[str, str], log: Path) -> None:
        self.kind = kind
        self.user_id = int(order["user_id"])
        self._order = order
        self._log = log
        self._events: list[Event] = []
        self._changed = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    @property
    def sent(self) -> list[str]:
        """Hashes of what it has sent."""
        return [event["opus"] for event in self._of("sent")]

    def heard(self, user_id: int) -> list[str]:
        """Hashes of what it has heard of somebody, in order of arrival."""
        return [event["opus"] for event in self._of("packet") if int(event["user_id"]) == user_id]

    async def __aenter__(self) -> Client:
        environment = {
            "SSL_CERT_FILE": self._order["ca_file"],
            "NODE_EXTRA_CA_CERTS": self._order["ca_file"],
            "PYTHONUNBUFFERED": "1",
        }
        command = [*self.kind.command, json.dumps(self._order), *self.kind.extra]
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                cwd=PROJECT,
                env=os.environ | environment,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._reading = asyncio.ensure_future(self._read())
        try:
            await self._until(lambda: bool(self._of("ready")), "ready", JOIN_S)
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._end()

    async def speak(self, frames: Sequence[bytes]) -> None:
        """Returns when they are sent."""
        done = len(self._of("spoken")) + 1
        self._tell({"do": "speak", "frames": [base64.b64encode(frame).decode() for frame in frames]})
        await self._until(lambda: len(self._of("spoken")) == done, "end of speech", ANSWER_S)

    async def expect(self, user_id: int) -> None:
        """Returns when it knows whose sound comes next: @discordjs/voice drops what comes from an unknown SSRC."""
        self._tell({"do": "expect", "user_id": str(user_id)})
        await self._until(lambda: bool(self._of("expects")), f"op 5 of {user_id}", ANSWER_S)

    async def members(self) -> set[int] | None:
        """Of its DAVE group; None if it cannot tell."""
        asked = len(self._of("dave")) + 1
        self._tell({"do": "members"})
        await self._until(lambda: len(self._of("dave")) == asked, "answer about members", ANSWER_S)
        members = self._of("dave")[-1]["members"]
        return None if members is None else {int(member) for member in members}

    def _of(self, name: str) -> list[Event]:
        return [event for event in self._events if event["event"] == name]

    def _tell(self, command: Event) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def _until(self, met: Callable[[], bool], what: str, timeout_s: float) -> None:
        assert self._reading is not None
        reading = self._reading
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: met() or bool(self._of("error")) or reading.done())
        if not met():
            said = "".join(f" It says: {event['message']}." for event in self._of("error"))
            tail = "\n".join(self._log.read_text(errors="replace").splitlines()[-15:])
            raise ClientFailed(f"{self.kind.name}: no {what}.{said}\n{tail}".rstrip())

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                self._events.append(json.loads(line))
                async with self._changed:
                    self._changed.notify_all()
        finally:
            async with self._changed:
                self._changed.notify_all()

    async def _end(self) -> None:
        """It leaves when its input ends; who does not is killed."""
        assert self._process is not None and self._process.stdin is not None
        assert self._reading is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(LEAVE_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reading
