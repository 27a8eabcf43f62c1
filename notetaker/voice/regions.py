"""Other voice regions, for a channel whose own cannot be connected to (opt-in: ``VOICE_REGION_FALLBACK``).

A channel's settings may name a region; without one Discord chooses. What the settings said is written down before it
is changed, and put back when every region has failed, or else when the bot has left the channel: changing it earlier
would send the call back to where it did not work.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from notetaker.model import events
from notetaker.voice.ports import MainGateway

log = logging.getLogger(__name__)


class Regions:
    """``file`` outlives the process, so that a crash leaves no channel with a region that nobody chose."""

    def __init__(self, gateway: MainGateway, names: Sequence[str], file: Path | None) -> None:
        self._gateway = gateway
        self.names = tuple(names)
        """Those to try, in turn."""
        self._file = file
        self._original: dict[int, str | None] = self._read()
        self._lock = asyncio.Lock()  # keepers change, the health monitor puts back

    async def change(self, channel_id: int, region: str) -> bool:
        """Whether the channel's settings now ask for ``region``."""
        try:
            async with self._lock:
                if channel_id not in self._original:
                    self._write(self._original | {channel_id: await self._gateway.voice_region(channel_id)})
                await self._gateway.set_voice_region(channel_id, region)
        except (PermissionError, ConnectionError) as failure:
            log.warning("The voice region of channel %d stays as it is: %s", channel_id, failure)
            return False
        return True

    async def put_back(self, channel_id: int) -> bool:
        """Whether the channel's settings are what they were. What fails is tried again when asked again."""
        async with self._lock:
            if channel_id not in self._original:
                return True
            try:
                await self._gateway.set_voice_region(channel_id, self._original[channel_id])
            except (PermissionError, ConnectionError) as failure:
                log.warning("The voice region of channel %d could not be put back: %s", channel_id, failure)
                return False
            self._write({channel: was for channel, was in self._original.items() if channel != channel_id})
            return True

    @property
    def changed(self) -> list[int]:
        """Channels whose region is not their own at the moment."""
        return list(self._original)

    def _read(self) -> dict[int, str | None]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            return {int(channel): region for channel, region in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, AttributeError) as error:
            self._tell("read", error)
            return {}

    def _write(self, original: dict[int, str | None]) -> None:
        self._original = original
        if self._file is None:
            return
        try:
            self._file.write_text(json.dumps(original))
        except OSError as error:
            self._tell("written", error)

    def _tell(self, what: str, error: Exception) -> None:
        log.critical(
            "%s cannot be %s, so a channel may keep a voice region that nobody chose: %s",
            self._file, what, error, extra=events.REGIONS_UNKNOWN(),
        )  # fmt: skip
