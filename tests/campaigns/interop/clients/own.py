"""Our own small speaker, with either DAVE implementation behind it: `own.py JSON davey|dave.py`."""

from __future__ import annotations

import sys

from notetaker.discordsim.speaker.dave import MakeDave, SpeakerDave
from notetaker.discordsim.speaker.speaker import Speaker
from tests.campaigns.interop.clients.libdave import LibdaveSpeaker
from tests.campaigns.interop.clients.protocol import Order, obey, run, sent

DAVE: dict[str, MakeDave] = {"davey": SpeakerDave, "dave.py": LibdaveSpeaker}


class OwnSpeaker:
    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker

    async def speak(self, frames: list[bytes]) -> None:
        await self._speaker.speak(frames, on_sent=sent)

    def dave(self) -> tuple[int, list[str] | None]:
        link = self._speaker.link
        members = link.dave.members if link.dave else []
        return link.dave_version, [str(user_id) for user_id in members]


async def main(order: Order, library: str) -> None:
    async with Speaker(
        api_url=f"{order.api_url}/v10",
        token=order.token,
        ca_file=order.ca_file,
        guild_id=order.guild_id,
        channel_id=order.channel_id,
        name=library,
        dave=DAVE[library],
    ) as speaker:
        await obey(OwnSpeaker(speaker))


if __name__ == "__main__":
    run(main(Order.from_arguments(), sys.argv[2]))
