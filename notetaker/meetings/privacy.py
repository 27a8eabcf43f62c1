"""What people have answered about being recorded, and what is kept of them: ``discordbot.ports.Privacy``."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from notetaker.discordbot import consent
from notetaker.discordbot.ports import Refused, Standing
from notetaker.meetings.server_settings import ServerSettings
from notetaker.meetings.storage import Storage
from notetaker.model.consent import Answer, Consent
from notetaker.model.guild_settings import GuildSettings
from notetaker.model.wording import SECOND_NS
from notetaker.store.database import Rejected, StoreError

READ_EVERY = 5.0  # seconds between two attempts to read what people have answered

log = logging.getLogger(__name__)


class Privacy:
    """An answer counts at once: a refusal before it is stored, an agreement only afterwards."""

    def __init__(
        self,
        storage: Storage,
        settings: ServerSettings,
        policy: int = 1,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """``policy`` is the version of the privacy policy; ``clock`` returns Unix nanoseconds."""
        self._policy = policy
        self.on_change: Callable[[int], object] = lambda guild_id: None
        """Called with the id of the server in which somebody has answered."""
        self._store = storage.store
        self._settings = settings
        self._clock = clock
        self._latest_ns = 0
        self._answers: defaultdict[int, dict[int, Answer]] = defaultdict(dict)  # by guild and user

    async def read(self, guild_id: int, settings: GuildSettings) -> Consent:
        """Return what decides in a server, which goes on to follow what people answer. Raises StoreError."""
        stored = await self._settings.database(self._store.answers, guild_id)
        for user_id, answer in stored.items():
            self._latest_ns = max(self._latest_ns, answer.at_ns)
            self._know(guild_id, user_id, answer)
        return Consent(self._answers[guild_id], settings.consent, self._policy, settings.record_bots)

    async def until_read(self, guild_id: int) -> tuple[GuildSettings, Consent]:
        """Return a server's settings and what decides there, once the database has them: who has refused is not to be
        recorded for want of a database.
        """
        while True:
            try:
                settings = await self._settings.read(guild_id)
                return settings, await self.read(guild_id, settings)
            except StoreError as error:
                log.warning("Notes in guild %d cannot go on yet: %s", guild_id, error)
            await asyncio.sleep(READ_EVERY)

    # discordbot.ports.Privacy

    async def refuse(self, guild_id: int, user_id: int) -> None:
        answer = self._answer(agreed=False)
        self._know(guild_id, user_id, answer)
        await self._keep(guild_id, user_id, answer, consent.REFUSAL_NOT_KEPT)

    async def allow(self, guild_id: int, user_id: int) -> None:
        answer = self._answer(agreed=True)
        await self._keep(guild_id, user_id, answer, consent.AGREEMENT_NOT_KEPT)
        self._know(guild_id, user_id, answer)

    async def standing(self, guild_id: int, user_id: int) -> Standing:
        settings = await self._settings.of(guild_id)
        known = await self._settings.answered(self.read(guild_id, settings))
        meetings = await self._settings.answered(
            self._settings.database(self._store.heard_in, guild_id, user_id)
        )
        answer = known.answers.get(user_id)
        return Standing(settings.consent, answer, answer is not None and answer.holds(self._policy), meetings)

    async def words(self, guild_id: int, user_id: int) -> str:
        zone = ZoneInfo((await self._settings.of(guild_id)).time_zone)
        found = await self._settings.answered(self._settings.database(self._store.said_by, guild_id, user_id))

        def at(unix_ns: int, form: str) -> str:
            return datetime.fromtimestamp(unix_ns / SECOND_NS, zone).strftime(form)

        return "".join(
            f"{meeting.voice_channel_name}, {at(meeting.started_ns, '%Y-%m-%d %H:%M')} ({zone.key})\n\n"
            + "".join(f"{at(one.started_ns, '%H:%M:%S')}  {one.text}\n" for one in lines)
            + "\n"
            for meeting, lines in found
        )

    def _answer(self, *, agreed: bool) -> Answer:
        """Return an answer that is newer than all others, even if somebody has set the clock back."""
        self._latest_ns = max(self._clock(), self._latest_ns + 1)
        return Answer(agreed, self._policy, self._latest_ns)

    async def _keep(self, guild_id: int, user_id: int, answer: Answer, failure: str) -> None:
        """Store an answer. Raises Refused with ``failure``."""
        try:
            await self._settings.database(self._store.set_answer, guild_id, user_id, answer)
        except StoreError as error:
            bug = error if isinstance(error.__cause__, Rejected) else None
            log.warning("Cannot store whether somebody may be recorded: %s", error, exc_info=bug)
            raise Refused(failure) from error

    def _know(self, guild_id: int, user_id: int, answer: Answer) -> None:
        """Take an answer, unless there is a newer one: one that was being stored meanwhile."""
        known = self._answers[guild_id].get(user_id)
        if known is None or known.at_ns < answer.at_ns:
            self._answers[guild_id][user_id] = answer
            self.on_change(guild_id)
