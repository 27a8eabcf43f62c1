"""A bot that somebody supervises, a local Discord, and people who hold a meeting in it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

from notetaker.status import unix_socket
from tests.campaigns.supervised.pace import Pace
from tests.campaigns.supervised.patience import Wrong, expect, until
from tests.campaigns.supervised.talker import Talker
from tests.campaigns.supervised.world import Branch
from tests.harness.office import SENTENCE, Office, stored

TOLD_S = 30.0
HEARD_S = 45.0
HEARD = 25
"""Packets, half a second of speech."""
SABOTAGE = Path(__file__).with_name("sabotage.py")
"""For the bot's `sitecustomize.py`."""


class Stage(ABC):
    """What a supervisor does is abstract; the meeting is the same whoever supervises."""

    def __init__(self, office: Office, branches: list[Branch], pace: Pace, socket_folder: Path) -> None:
        """`socket_folder`: where the bot answers `notetaker status`, seen from here."""
        self.office = office
        self.branches = branches
        self.pace = pace
        self.meeting_id = ""
        """Of the meeting that is being held; empty: none is."""
        self.absences = 0
        """How often the bot was away in that meeting."""
        self.spoken = 0
        """Packets that Ben has spoken in that meeting."""
        self.ada = Talker(office, "Ada")
        self._socket_folder = socket_folder
        self._read = 0

    # The supervisor

    @abstractmethod
    async def running(self) -> int:
        """Everything is started, and the bot is ready. Returns the bot's process id."""

    @abstractmethod
    async def restarted(self, old: int) -> None:
        """Once another process than `old` is the bot, and runs. Raises Wrong or TimeoutError."""

    @abstractmethod
    def undisturbed(self) -> AbstractAsyncContextManager[None]:
        """Whatever happens meanwhile, nothing is started again. Raises Wrong."""

    @abstractmethod
    async def reload(self, outcome: str, **settings: str) -> str:
        """Changes settings and has the bot read them again. The line in its log that has the outcome."""

    @abstractmethod
    async def report(self, meeting_id: str) -> dict[str, Any]:
        """What `notetaker meeting ID --json` knows."""

    @abstractmethod
    async def log(self) -> str:
        """How it ends, to be shown with what went wrong."""

    # The meeting

    async def said(self) -> dict[str, Any]:
        """What the bot says of itself. Raises Wrong when it does not answer."""
        try:
            return await asyncio.to_thread(unix_socket.ask, self._socket_folder)
        except (unix_socket.NotRunning, unix_socket.NoAnswer) as error:
            raise Wrong(str(error)) from None

    async def meeting(self) -> int:
        """Notes are being taken, and Ada is heard. Returns the bot's process id."""
        pid = await self.running()
        if not self.meeting_id:
            await self.ada.here()
            said = await self.office.says("startnotes")
            expect("I'm taking notes" in said, f"/startnotes was answered with: {said}")
            self.meeting_id = (await self.said())["meetings"][0]["id"]
            self.absences = self.spoken = 0
        self.ada.talk()
        await self.heard()
        return pid

    async def end_meeting(self) -> str:
        """Its id. Raises Wrong."""
        self.ada.hush()
        meeting_id, self.meeting_id = self.meeting_id, ""
        said = await self.office.says("stopnotes")
        expect("I'll post the notes" in said, f"/stopnotes was answered with: {said}")
        return meeting_id

    async def heard(self) -> float:
        """Once what Ada says is stored in the meeting, after how many seconds. Raises Wrong."""
        took = await self._stores("Ada", HEARD, await self._stored("Ada"))
        running = [meeting["id"] for meeting in (await self.said())["meetings"]]
        expect(running == [self.meeting_id], f"The meetings are {running} instead of {self.meeting_id}.")
        return took

    async def ben_speaks(self) -> None:
        """In a meeting that runs, and all of it is stored. Raises Wrong."""
        before = await self._stored("Ben")
        async with self.office.person("Ben") as ben:
            await ben.speak(SENTENCE)
            await self._stores("Ben", len(SENTENCE), before)
        self.spoken += len(SENTENCE)

    async def _stores(self, name: str, packets: int, before: tuple[int, int]) -> float:
        """Once it has stored so many more of this person, after how many seconds. Raises Wrong."""

        async def more() -> bool:
            pid, stored = await self._stored(name)
            return stored >= packets + (before[1] if pid == before[0] else 0)

        return await until(more, HEARD_S, f"What {name} says is not stored.")

    async def _stored(self, name: str) -> tuple[int, int]:
        """The process, and how many packets of this person it has stored in the office."""
        try:
            said = await self.said()
        except Wrong:  # between two processes
            return 0, 0
        return said["pid"], stored(said, self.office.guild, self.office.user(name))

    async def goes_on(self, old: int) -> str:
        """Another process than `old`, the same meeting, and people are told what the notes will tell: returned."""
        await self.restarted(old)
        self.absences += 1
        await self.heard()
        gap = whole_gaps(await self.report(self.meeting_id))[-1]
        await self.told("I was away", gap["cause"])
        missed = datetime.fromisoformat(gap["ended"]) - datetime.fromisoformat(gap["started"])
        return f"{missed.total_seconds():.1f} s not heard: {gap['cause']}"

    async def told(self, *texts: str) -> str:
        """The next message in the text channel that has all of these, once there is one. Raises Wrong."""
        found: list[str] = []

        async def some() -> bool:
            new = [message.content for message in self.office.messages()[self._read :]]
            found[:] = [message for message in new if all(text in message for text in texts)]
            return bool(found)

        await until(some, TOLD_S, f"People were not told “{' … '.join(texts)}”.")
        self._read = len(self.office.messages())
        return found[0]

    # Discord

    async def fault(self, kind: str, **fields: Any) -> None:
        refused = await self.office.sim("faults", kind=kind, **fields)
        expect(refused is None, f"The local Discord refused the fault {kind}: {refused}")


def whole_gaps(report: dict[str, Any]) -> list[dict[str, Any]]:
    """In which the meeting was not heard at all."""
    return [gap for gap in report["gaps"] if gap["user_id"] is None]
