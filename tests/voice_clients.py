"""How users of py-cord and discord.py get into a voice channel, whatever the machine is busy with.

py-cord 2.8.1 has two weaknesses in this that no setting mends; they are lived with from outside.
"""

import asyncio
from typing import Any

TRY_S = 6.0
TRIES = 3


async def keep_awake() -> None:
    """py-cord hands the answer of IP discovery over from a thread without waking the loop (`get_ip_packet`)."""
    while True:  # noqa: ASYNC110 - nothing is waited for
        await asyncio.sleep(0.005)


async def connect(client: Any, channel_id: int) -> Any:
    """The library's voice client, connected. Raises TimeoutError after 18 s.

    A thread of py-cord's that comes late to ``SocketReader.run`` pauses itself for good, and IP discovery with it:
    tried again, as its users do. "Ready" of either library does not wait for a guild that comes late.
    """
    while (channel := client.get_channel(channel_id)) is None:  # noqa: ASYNC110 - "ready" has been announced
        await asyncio.sleep(0.01)
    for left in reversed(range(TRIES)):
        try:
            return await channel.connect(timeout=TRY_S)
        except TimeoutError:
            if not left:
                raise
    raise AssertionError
