"""Shows what is said while a meeting goes on: drafts within seconds, final texts in their place."""

from dataclasses import dataclass, replace
from itertools import takewhile

from notetaker.discordbot.publish import Undeliverable
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.ports import Board
from notetaker.model.live_text import ShownPage
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.wording import SECOND_NS
from notetaker.notes.live_text import Page, entries, pages
from notetaker.notes.merge import merge
from notetaker.store.store import Store

EDIT_S = 1.5
"""Least seconds between two edits of the newest page: Discord allows five in five seconds in a channel, and others
post there, too."""
OLD_EDIT_S = 5.0
"""... of older ones, which change only when their texts have become final."""
_FINAL = (MeetingState.READY, MeetingState.POSTED, MeetingState.UNDELIVERED)
_LATE_NS = 60 * SECOND_NS
"""An utterance lasts up to 28 s, and takes a moment until it is stored."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What there is to show."""

    pages: list[Page]
    """Those that are not settled."""
    state: MeetingState
    """Of the meeting; from READY on, all texts are final."""


class LiveText:
    """The pages of one meeting. ``following.Display``."""

    name = "live text"

    def __init__(self, meeting: Meeting, store: Store, database: WorkerThread, board: Board) -> None:
        self.meeting = meeting
        self.closed = False
        """There is nothing more to show."""
        self._store = store
        self._database = database
        self._board = board
        self._channel_id: int | None = None
        self._shown: list[ShownPage] | None = None  # None: not read yet
        self._texts: dict[int, str] = {}  # what pages show, by index, as far as this life of the bot knows
        self._version: tuple[object, ...] = ()
        self._settled = 0
        """How many pages, from the first on, are final and shown: they are not read again until the end."""
        self._since_ns = 0  # what ended before is on those
        self._newest_ns = 0  # when the newest utterance with a text ended
        self._waiting_ns: int | None = None  # when the oldest without one ended
        self._look = _Look([], MeetingState.RECORDING)
        self._edited = self._edited_old = float("-inf")

    @property
    def ended(self) -> bool:
        """The meeting is not recorded any more."""
        return self._look.state is not MeetingState.RECORDING

    async def give_up(self) -> None:
        """Show nothing more. Raises StoreError and Rejected."""
        self.closed = True
        await self._database(self._store.close_live_text, self.meeting.id)

    async def step(self, now: float) -> None:
        """Show what is new, ``now`` in monotonic seconds. Raises Undelivered, StoreError and Rejected."""
        if self._shown is None:
            await self._remember()
        version = await self._database(self._store.text_version, self.meeting.id)
        if version != self._version:
            if self._look.state not in _FINAL:
                await self._database(self._settle)
            look = await self._database(self._read)
            if look is None:
                self.closed = True
                return
            self._look, self._version = look, version
        await self._show(now)

    async def _remember(self) -> None:
        """Read what earlier lives of the bot have shown."""
        known = await self._database(self._store.live_text, self.meeting.id)
        self._shown = [] if known is None else list(known.pages)
        if known is not None:
            self._channel_id = known.channel_id
            self.closed = known.closed

    def _read(self) -> _Look | None:
        """Return what there is to show, None if the meeting has been deleted. For the database's thread."""
        store, meeting_id = self._store, self.meeting.id
        meeting = store.meeting(meeting_id)
        if meeting is None:
            return None
        ended = meeting.state in _FINAL
        if ended:
            self._settled = self._since_ns = 0
        self._waiting_ns = store.progress(meeting_id).waiting_since_ns
        transcribed = store.transcribed(meeting_id, self._since_ns)
        self._newest_ns = max((one.ended_ns for one, _ in transcribed), default=self._newest_ns)
        drafts = {utterance.id for utterance, said in transcribed if not said.final}
        speakers, gaps, marks = store.speakers(meeting_id), store.gaps(meeting_id), store.marks(meeting_id)
        places = store.places(meeting)
        transcript = merge(meeting, transcribed, speakers, gaps, coverage=(), marks=marks, places=places)
        ending = f"-# This meeting has ended. Its notes are in <#{meeting.text_channel_id}>." if ended else ""
        shown = [page.keys for page in self._shown or ()]
        settled = {key for keys in shown[: self._settled] for key in keys}
        found = [entry for entry in entries(transcript, drafts) if entry.key not in settled]
        return _Look(pages(found, shown[self._settled :], ending), meeting.state)

    def _settle(self) -> None:
        """Leave out of the next look what is final and shown. For the database's thread."""
        assert self._shown is not None
        look = self._look.pages
        final = takewhile(lambda known: not known[1].draft and self._is_shown(*known), enumerate(look[:-1]))
        done = sum(1 for _ in final)
        left = look[done:]
        self._settled += done
        self._look = replace(self._look, pages=left)
        if self._settled:
            times = (page.began_ns for page in left)
            self._since_ns = min([self._newest_ns - _LATE_NS, self._waiting_ns or self._newest_ns, *times])

    def _is_shown(self, index: int, page: Page) -> bool:
        return self._texts.get(self._settled + index) == page.text

    async def _show(self, now: float) -> None:
        """Post the first new page, or else edit the newest one, or else an older one, whose texts are final."""
        assert self._shown is not None
        found = self._look.pages
        if self._settled + len(found) > len(self._shown):
            await self._post(len(self._shown), now)
            return
        other = [index for index, page in enumerate(found) if not self._is_shown(index, page)]
        if other and other[-1] == len(found) - 1:
            if now - self._edited >= EDIT_S:
                self._edited = now
                await self._edit(self._settled + other[-1])
            return
        final = [index for index in other if not found[index].draft]
        if final and now - self._edited_old >= OLD_EDIT_S:
            self._edited_old = now
            await self._edit(self._settled + final[0])
        elif not other and self._look.state in _FINAL:
            await self.give_up()

    async def _post(self, index: int, now: float) -> None:
        assert self._shown is not None
        if self._channel_id is None:
            panel = await self._database(self._store.panel, self.meeting.id)
            channel_id = await self._board.place(self.meeting, None if panel is None else panel[1])
            if channel_id is None:
                self.closed = True  # it may not be shown here, as /startnotes has said
                return
            await self._database(self._store.open_live_text, self.meeting.id, channel_id)
            self._channel_id = channel_id
        page = self._look.pages[index - self._settled]
        nonce = f"{self.meeting.id[-17:]}p{index + 1}"
        message_id = await self._board.post(self._channel_id, page.text, nonce)
        self._edited = now
        self._shown.append(ShownPage(message_id, page.keys))
        self._texts[index] = page.text
        await self._save(index)

    async def _edit(self, index: int) -> None:
        assert self._shown is not None and self._channel_id is not None
        page, shown = self._look.pages[index - self._settled], self._shown[index]
        try:
            await self._board.edit(self._channel_id, shown.message_id, page.text)
        except Undeliverable:
            if index == len(self._shown) - 1:
                raise
            # somebody has deleted an older page: the others go on
        self._texts[index] = page.text
        if page.keys != shown.keys:
            self._shown[index] = ShownPage(shown.message_id, page.keys)
            await self._save(index)

    async def _save(self, index: int) -> None:
        assert self._shown is not None
        await self._database(self._store.save_page, self.meeting.id, index + 1, self._shown[index])
