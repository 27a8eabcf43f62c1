"""Other voice regions, for a channel that cannot be joined in its own (opt-in: ``VOICE_REGION_FALLBACK``).

A channel's settings may name a region; without one Discord chooses. The original setting is saved before it is
changed, and restored when every region has failed, or else when the bot has left the channel: restoring it earlier
would send the call back to where it did not work.
"""

import asyncio
import json
import logging
from pathlib import Path

from notetaker.model import events
from notetaker.voice.ports import MainGateway

log = logging.getLogger(__name__)


class Regions:
    """Changes regions and restores them; ``file`` keeps the original ones, also over a crash."""

    def __init__(self, gateway: MainGateway, file: Path | None) -> None:
        self._gateway = gateway
        self._file = file
        self._original: dict[int, str | None] = self._read()
        self._lock = asyncio.Lock()  # keepers change, the health monitor puts back

    async def change(self, channel_id: int, region: str) -> bool:
        """Have the channel's settings ask for ``region``; return False if they cannot be changed."""
        try:
            async with self._lock:
                if channel_id not in self._original:
                    self._write(self._original | {channel_id: await self._gateway.voice_region(channel_id)})
                await self._gateway.set_voice_region(channel_id, region)
        except (PermissionError, ConnectionError) as failure:
            log.warning("Cannot change the voice region of channel %d: %s", channel_id, failure)
            return False
        return True

    async def put_back(self, channel_id: int) -> bool:
        """Restore the channel's original region; return False if that failed, and may be tried again."""
        async with self._lock:
            if channel_id not in self._original:
                return True
            try:
                await self._gateway.set_voice_region(channel_id, self._original[channel_id])
            except (PermissionError, ConnectionError) as failure:
                log.warning("Cannot restore the voice region of channel %d: %s", channel_id, failure)
                return False
            self._write({channel: was for channel, was in self._original.items() if channel != channel_id})
            return True

    @property
    def changed(self) -> list[int]:
        """Channels whose region is not their original one."""
        return list(self._original)

    def _read(self) -> dict[int, str | None]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            return {int(channel): region for channel, region in json.loads(self._file.read_text()).items()}
        except (OSError, ValueError, AttributeError) as error:
            self._log("read", error)
            return {}

    def _write(self, original: dict[int, str | None]) -> None:
        self._original = original
        if self._file is None:
            return
        try:
            self._file.write_text(json.dumps(original))
        except OSError as error:
            self._log("write", error)

    def _log(self, verb: str, error: Exception) -> None:
        log.critical(
            "Cannot %s %s, so a channel may keep a voice region that nobody chose: %s",
            verb, self._file, error, extra=events.REGIONS_UNKNOWN(),
        )  # fmt: skip
