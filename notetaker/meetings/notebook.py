"""The notes of meetings, from the database: ``discordbot.ports.Notebook``."""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from notetaker.discordbot import replies
from notetaker.discordbot.ports import Page, Refused
from notetaker.host.worker_thread import WorkerThread
from notetaker.jobs.so_far import so_far
from notetaker.meetings.saving import PATIENCE_S
from notetaker.meetings.searching import Evidence, evidence, listed, searched, shown, told
from notetaker.meetings.storage import NO_ANSWER, Storage
from notetaker.model.locale import Locale
from notetaker.model.meeting import Meeting
from notetaker.model.notes_kind import NotesKind
from notetaker.model.wording import clip
from notetaker.notes.kinds import STANDARD, Kinds
from notetaker.notes.so_far import render_so_far
from notetaker.notes.wording import clock, day
from notetaker.store.database import StoreError
from notetaker.store.store import Store

LATEST = 100
"""Meetings that are offered to choose from."""
LOOK_S = 0.25
"""Seconds between looks for an answer."""
LABEL_MAX = 100
"""Discord docs, Application Command Option Choice: at most 100 characters in its name."""

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class Notebook:
    def __init__(
        self,
        storage: Storage,
        time_zone: str,
        folder: Path,
        clock_ns: Callable[[], int] = time.time_ns,
        *,
        kinds: Kinds = STANDARD,
        answers: bool = False,
        answer_s: float = 60.0,
    ) -> None:
        """``time_zone`` is the one of meetings that have none of their own, whose files are in ``folder``.

        With ``answers``, workers have a language model that answers questions, for which people wait up to
        ``answer_s`` seconds.
        """
        self._storage = storage
        self._searching = WorkerThread("search", StoreError)
        """For what may take seconds, so that meetings do not wait for it."""
        self._time_zone = time_zone
        self._folder = folder
        self._clock_ns = clock_ns
        self._answers = answers
        self._answer_s = answer_s
        self._kinds = kinds

    # discordbot.ports.Notebook

    async def latest(self, guild_id: int) -> list[Meeting]:
        return await self._database(self._storage.store.meetings_of, guild_id, LATEST)

    async def meeting(self, meeting_id: str) -> Meeting | None:
        return await self._database(self._storage.store.meeting, meeting_id)

    async def rooms(self, guild_id: int) -> Mapping[str, Collection[int]]:
        return await self._database(self._storage.store.rooms, guild_id)

    async def every(self, guild_id: int) -> list[Meeting]:
        return await self._database(self._storage.store.meetings_of, guild_id, None)

    async def titles(self, meetings: Sequence[Meeting]) -> str:
        return await self._search(listed, self._storage.store, meetings)

    async def search(self, guild_id: int, meetings: Sequence[Meeting], words: str) -> str:
        return await self._search(searched, self._storage.store, guild_id, meetings, words)

    async def ask(self, guild_id: int, meetings: Sequence[Meeting], question: str) -> str:
        found = await self._search(evidence, self._storage.store, guild_id, meetings, question)
        if not self._answers or not found.hits:
            return shown(found)
        answered = await self._answer(found)
        if answered is None:
            return shown(found, "the language model has not answered in time")
        return await self._search(told, self._storage.store, found, answered)

    async def messages(self, meeting: Meeting) -> list[tuple[int, int]]:
        return await self._database(_messages, self._storage.store, meeting.id)

    async def delete(self, meeting: Meeting) -> None:
        try:
            await self._storage.disk(_remove, self._folder / meeting.id)
            await self._storage.database(self._storage.store.delete_meeting, meeting.id)
        except (OSError, StoreError) as error:
            log.warning("Cannot delete meeting %s: %s", meeting.id, error)
            raise Refused(replies.CANNOT_DELETE) from error

    async def _answer(self, found: Evidence) -> dict[str, Any] | None:
        """Return what a worker answers, or None if it takes too long. Nothing of it stays in the job database."""
        queue = self._storage.queue
        job = await self._database(queue.ask, found.question, found.passages)
        try:
            async with asyncio.timeout(self._answer_s):
                while (answered := await self._database(queue.answer, job)) is None:  # noqa: ASYNC110 - a table
                    await asyncio.sleep(LOOK_S)
                return answered
        except TimeoutError:
            return None
        finally:
            await self._database(queue.forget, job)

    async def page(self, meeting: Meeting) -> Page:
        kind = self._kinds.get(meeting.kind)
        return await self._search(
            _page, self._storage.store, meeting, self._time_zone, self._clock_ns(), kind
        )

    def label(self, meeting: Meeting) -> str:
        locale = Locale("en", meeting.time_zone or self._time_zone)
        when = f"{day(meeting.started_ns, locale)}, {clock(meeting.started_ns, locale)[:5]}"
        running = "" if meeting.ended_ns is not None else " (going on)"
        return f"{clip(meeting.voice_channel_name, LABEL_MAX - len(when + running) - 2)}, {when}{running}"

    async def _database(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await _answered(self._storage.database(call, *args, **kwargs))

    async def _search(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await _answered(self._searching(call, *args, **kwargs))


async def _answered(call: Coroutine[Any, Any, T]) -> T:
    """Raises Refused if the database cannot be used, or does not answer in time."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await call
    except (StoreError, TimeoutError) as error:
        log.warning("Cannot read the notes of a server: %s", str(error) or NO_ANSWER)
        raise Refused(replies.NO_NOTES) from error


def _messages(store: Store, meeting_id: str) -> list[tuple[int, int]]:
    posted, live = store.posted_at(meeting_id), store.live_text(meeting_id)
    pages = [] if live is None else [(live.channel_id, page.message_id) for page in live.pages]
    return [*pages, *([posted] if posted else [])]


def _remove(folder: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _page(store: Store, meeting: Meeting, time_zone: str, now_ns: int, kind: NotesKind) -> Page:
    posting = store.posting(meeting.id)
    if posting is not None:
        return Page(posting.content, posting.attachment_name, posting.attachment)
    known = so_far(store, meeting, time_zone, kind)
    return Page(render_so_far(known.minutes, known.transcript, known.until_ns, now_ns, kind))
