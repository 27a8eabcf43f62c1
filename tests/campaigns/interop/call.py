"""One call: one client speaks, our bot and the other clients listen."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.speaker.socket import SpeakerError
from notetaker.discordsim.speaker.speaker import Speaker
from notetaker.discordsim.voice.sfu import Counts
from notetaker.discordsim.world.entities import User
from tests.campaigns.interop import verdict
from tests.campaigns.interop.bot import Bot
from tests.campaigns.interop.client import Client, ClientFailed, Kind
from tests.campaigns.interop.clients.protocol import digest
from tests.campaigns.interop.place import TEXT_CHANNEL, Place, Variant
from tests.harness.people import in_voice

OUR_BOT = "our bot"
DAVE_GROUP = "DAVE group"

AGREE_S = 5.0
"""How long the clients may take until they agree on the members of their DAVE group."""
GUEST_COMES_S, GUEST_STAYS_S = 0.4, 0.4
QUIET_S = 0.5
"""When nothing has arrived anywhere for so long, everything has: longer than the longest delay on the network."""
LOOK_S = 0.1
ARRIVE_S = 10.0


@dataclass
class Outcome:
    """What is wrong, per column of the table; an empty list means the cell holds."""

    speaker: Kind
    variant: Variant
    wrong: dict[str, list[str]] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    """Packets that reached a listener and that it dropped, as far as its cell allows for that."""
    journal: list[Path] = field(default_factory=list)


def leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """The errors in it, and in the groups in it."""
    return [
        leaf
        for error in group.exceptions
        for leaf in (leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]


class Call:
    def __init__(
        self,
        local: LocalDiscord,
        place: Place,
        bot: Bot | None,
        speaker: Kind,
        listeners: Sequence[Kind],
        variant: Variant,
        folder: Path,
    ) -> None:
        """`bot` is None when it is not wanted among the listeners."""
        self._local = local
        self._place = place
        self._bot = bot
        self._speaker = speaker
        self._listeners = listeners
        self._variant = variant
        self._folder = folder
        self._guild = place.guild(speaker)
        self._channel_id = place.channel(speaker, variant.name)

    async def hold(self, frames: Sequence[bytes]) -> Outcome:
        outcome = Outcome(self._speaker, self._variant)
        columns = [kind.name for kind in self._listeners] + ([OUR_BOT] if self._bot else [])
        try:
            await self._hold(frames, outcome)
        except* (ClientFailed, SpeakerError) as errors:
            sentences = [str(error) for error in leaves(errors)]
            for column in columns:
                outcome.wrong[column] = sentences
        return outcome

    async def _hold(self, frames: Sequence[bytes], outcome: Outcome) -> None:
        place, kind = self._place, self._speaker
        host, text_channel = place.host(kind), place.channel(kind, TEXT_CHANNEL)
        async with AsyncExitStack() as cleanup:
            await cleanup.enter_async_context(self._person(host))
            clients = [self._client(kind, place.speaker(kind), "speaker")]
            clients += [
                self._client(other, place.listener(other, kind), "listener") for other in self._listeners
            ]
            async with asyncio.TaskGroup() as joining:
                for client in clients:
                    joining.create_task(cleanup.enter_async_context(client))
                if self._bot:
                    joining.create_task(cleanup.enter_async_context(self._bot.notes(host, text_channel)))
            await self._until_audible({client.user_id for client in clients})
            speaker, *listeners = clients
            for listener in listeners:
                await listener.expect(speaker.user_id)
            if self._variant.e2ee:
                outcome.wrong[DAVE_GROUP] = await self._disagreements(clients)
            await self._speak(speaker, frames)
            if self._variant.e2ee and self._variant.guest:
                following = [client for client in clients if client.kind.follows_leavers]
                outcome.wrong[DAVE_GROUP] += await self._disagreements(following)
            await self._until_quiet(clients)
        if self._bot:
            await self._bot.handed_over(self._channel_id)
            outcome.journal = self._bot.journal(self._channel_id)
        self._judge(speaker, listeners, [digest(frame) for frame in frames], outcome)

    def _judge(
        self, speaker: Client, listeners: Sequence[Client], planned: list[str], outcome: Outcome
    ) -> None:
        in_order = not self._variant.lossy
        key_changes = 2 if self._variant.guest and self._variant.e2ee else 0
        for listener in listeners:
            speech = verdict.Speech(planned, speaker.sent, self._way(speaker.user_id, listener.user_id))
            heard = listener.heard(speaker.user_id)
            outcome.wrong[listener.kind.name] = speech.faults() + verdict.of_client(
                speech, heard, in_order=in_order, key_changes=key_changes
            )
            outcome.dropped[listener.kind.name] = verdict.missing(speech, heard)
        if self._bot:
            speech = verdict.Speech(planned, speaker.sent, self._way(speaker.user_id, self._place.bot.id))
            stored = self._bot.stored(self._channel_id, speaker.user_id)
            coverage = self._bot.coverage(self._channel_id, speaker.user_id)
            outcome.wrong[OUR_BOT] = speech.faults() + verdict.of_bot(
                speech, stored, coverage, in_order=in_order
            )

    async def _until_audible(self, users: set[int]) -> None:
        """Until their op 5 has reached the server, which else would forward nothing to or from them."""
        missing = {str(user_id) for user_id in users | ({self._place.bot.id} if self._bot else set())}
        try:
            async with asyncio.timeout(ARRIVE_S):
                async for event in self._local.events.watch():
                    if event["event"] == "speaking" and event["channel_id"] == str(self._channel_id):
                        missing.discard(str(event["user_id"]))
                    if not missing:
                        return
        except TimeoutError:
            names = ", ".join(self._name(int(user_id)) for user_id in missing)
            raise ClientFailed(f"{names}: no op 5, so neither hears nor is heard") from None

    async def _speak(self, speaker: Client, frames: Sequence[bytes]) -> None:
        async with asyncio.TaskGroup() as tasks:
            speaking = tasks.create_task(speaker.speak(frames))
            if self._variant.guest:
                await asyncio.sleep(GUEST_COMES_S)
                async with self._person(self._place.guest(self._speaker)):
                    await asyncio.sleep(GUEST_STAYS_S)
                if speaking.done():
                    raise ClientFailed("the guest was to leave while the speaker speaks, but came too late")

    async def _disagreements(self, clients: Sequence[Client]) -> list[str]:
        """Who does not see in its DAVE group exactly those who are in the channel, our bot among them."""
        there = {
            state.user_id
            for state in self._guild.voice_states.values()
            if state.channel_id == self._channel_id
        }
        seen: dict[str, set[int] | None] = {}
        try:
            async with asyncio.timeout(AGREE_S):
                while True:
                    seen = {client.kind.name: await client.members() for client in clients}
                    if all(members is None or members == there for members in seen.values()):
                        return []
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            return [
                f"{name} misses {sorted(map(self._name, there - members))} in its DAVE group and has "
                f"{sorted(map(self._name, members - there))} too many."
                for name, members in seen.items()
                if members is not None and members != there
            ]

    def _name(self, user_id: int) -> str:
        return self._place.world.users[user_id].display_name

    async def _until_quiet(self, clients: Sequence[Client]) -> None:
        """Until the last packet sent has come wherever it goes."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + ARRIVE_S
        before, since = self._progress(clients), loop.time()
        while loop.time() - since < QUIET_S and loop.time() < deadline:
            await asyncio.sleep(LOOK_S)
            now = self._progress(clients)
            if now != before:
                before, since = now, loop.time()

    def _progress(self, clients: Sequence[Client]) -> list[int]:
        speaker_id = self._place.speaker(self._speaker).id
        journal = self._bot.journal(self._channel_id) if self._bot else []
        return [
            *(len(client.heard(speaker_id)) for client in clients),
            *(path.stat().st_size for path in journal),
            *(int(str(row["delivered"])) for row in self._local.voice.stats()),
        ]

    def _way(self, sender: int, receiver: int) -> Counts:
        pair = (self._channel_id, sender, receiver)
        for row in self._local.voice.stats():
            if (row.pop("channel_id"), row.pop("sender"), row.pop("receiver")) == pair:
                del row["guild_id"]
                return Counts(**row)  # type: ignore[arg-type]
        return Counts()

    def _client(self, kind: Kind, user: User, role: str) -> Client:
        order = {
            "api_url": self._local.api_url,
            "ca_file": str(self._local.ca_file),
            "token": user.token,
            "user_id": str(user.id),
            "guild_id": str(self._guild.id),
            "channel_id": str(self._channel_id),
            "role": role,
        }
        log = self._folder / f"{self._speaker.key} {self._variant.name}, {kind.key} {role}.log"
        return Client(kind, order, log)

    def _person(self, user: User) -> Speaker:
        return in_voice(self._local, user, self._guild.id, self._channel_id)
