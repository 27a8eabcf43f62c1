"""Put into the bot as `sitecustomize` (module site): two signals make it do what no operator can.

SIGUSR1: its event loop stands still. SIGUSR2: the lock of every guild's voice is taken, and never given back.
"""

import asyncio
import gc
import os
import signal
import time
from types import FrameType

HELD: list[object] = []


def _stand_still(number: int, frame: FrameType | None) -> None:
    time.sleep(3600)


def _take_locks(number: int, frame: FrameType | None) -> None:
    loop = asyncio.get_running_loop()
    for guild in [one for one in gc.get_objects() if type(one).__name__ == "GuildVoice"]:
        if "LOCK_S" in os.environ:
            guild.lock._patience_s = lambda: float(os.environ["LOCK_S"])
        HELD.append(loop.create_task(guild.lock.acquire()))


signal.signal(signal.SIGUSR1, _stand_still)
signal.signal(signal.SIGUSR2, _take_locks)
