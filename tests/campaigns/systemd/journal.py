"""The container's journal, read with `journalctl`."""

from __future__ import annotations

import json
import time
from typing import Any

from notetaker.model.events import Event
from tests.campaigns.supervised.patience import until
from tests.campaigns.systemd.container import Container

Entry = dict[str, Any]
WRITTEN_S = 5.0
"""From an event to its entry in the journal, at most."""
BOT = "notetaker-bot.service"
EVERYTHING = ("--output=json", "--all", "--unit=notetaker-*")


class Journal:
    """From the moment of its making on, or of the latest `mark()`."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._since = 0.0

    def mark(self) -> None:
        """What is there now is the past."""
        # No cursor: with matches, journalctl of systemd 252 leaves out the first entry behind it.
        self._since = time.time()

    async def entries(self, *arguments: str) -> list[Entry]:
        """What `journalctl -o json ARGUMENTS` gives, oldest first."""
        return _parsed(await self._journalctl("--output=json", "--all", *arguments))

    async def everything(self) -> list[Entry]:
        """Of notetaker's units, since boot."""
        return _parsed(await self._journalctl(*EVERYTHING, since=False))

    async def explained(self, message_id: str) -> str:
        """What `journalctl -x` shows for the latest entry with that id."""
        return await self._journalctl("--catalog", "--lines=1", f"MESSAGE_ID={message_id}", since=False)

    async def explanation(self, message_id: str) -> str:
        """The text of the catalog. journalctl fills in each @FIELD@, and shows the name of one that is missing."""
        return await self._container.check("journalctl", "--dump-catalog", message_id)

    async def of_unit(self, unit: str = BOT) -> list[Entry]:
        """What its processes have written."""
        return await self.entries(f"_SYSTEMD_UNIT={unit}")

    async def of_manager(self, unit: str = BOT) -> list[Entry]:
        """What systemd has said of the unit."""
        return await self.entries("_PID=1", f"UNIT={unit}")

    async def the(self, event: Event, *matches: str, unit: str = BOT) -> list[Entry]:
        """The unit's entries of this event, once there is one. Raises Wrong."""
        found: list[Entry] = []

        async def some() -> bool:
            found[:] = await self.entries(f"_SYSTEMD_UNIT={unit}", f"MESSAGE_ID={event.message_id}", *matches)
            return bool(found)

        await until(some, WRITTEN_S, f"The journal has no MESSAGE_ID={event.message_id} {' '.join(matches)}")
        return found

    async def line(self, text: str) -> str:
        """The bot's line with this text, once there is one. Raises Wrong."""
        found: list[str] = []

        async def some() -> bool:
            found[:] = [message(entry) for entry in await self.of_unit() if text in message(entry)]
            return bool(found)

        await until(some, WRITTEN_S, f"The bot's log has no line with “{text}”.")
        return found[0]

    async def _journalctl(self, *arguments: str, since: bool = True) -> str:
        await self._container.check("journalctl", "--sync")
        start = self._since if since else 0.0
        done = await self._container.run(
            "journalctl", "--quiet", "--no-pager", f"--since=@{start:.6f}", *arguments
        )
        return done.output  # exit code 1: nothing found


def _parsed(output: str) -> list[Entry]:
    return [json.loads(line) for line in output.splitlines()]


def seconds(entry: Entry) -> float:
    """When it was written, Unix seconds."""
    return int(entry["__REALTIME_TIMESTAMP"]) / 1e6


def message(entry: Entry) -> str:
    """Of bytes that are not UTF-8 journalctl makes a list."""
    said = entry.get("MESSAGE") or ""
    return said if isinstance(said, str) else bytes(said).decode(errors="replace")
