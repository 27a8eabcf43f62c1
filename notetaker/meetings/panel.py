"""The panel of a meeting: the answer to /startnotes, which goes on to show how the meeting is doing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from notetaker.discordbot import panel as words
from notetaker.discordbot.consent import Rows
from notetaker.discordbot.publish import Undeliverable
from notetaker.host.worker_thread import WorkerThread
from notetaker.meetings.live import LiveMeeting
from notetaker.meetings.ports import Board
from notetaker.model.meeting import Meeting, MeetingState
from notetaker.model.panel import Hearing, Panel, PanelState, Participant
from notetaker.model.voice_status import GuildVoiceStatus, VoicePhase
from notetaker.store.panels import Progress
from notetaker.store.store import Store

EDIT_S = 10.0
"""Least seconds between two edits, unless something goes wrong or well again."""
LOOK_S = 1.0
"""Seconds between two looks."""
COUNT_S = 5.0
"""Seconds between two looks at how many words there are."""
HEARD_S = 30.0
"""How long somebody counts as heard after their last packet."""


class PanelMessage:
    """``following.Display``."""

    name = "panel"

    def __init__(
        self,
        meeting: Meeting,
        store: Store,
        database: WorkerThread,
        board: Board,
        live: Callable[[], LiveMeeting | None],
        voice: Callable[[], GuildVoiceStatus | None],
    ) -> None:
        """``live`` returns the meeting while it is recorded, ``voice`` the state of voice in its guild."""
        self.closed = False
        self.ended = False
        self._meeting = meeting
        self._store = store
        self._database = database
        self._board = board
        self._live = live
        self._voice = voice
        self._message: tuple[int, int] | None = None  # channel and message
        self._shown: tuple[Panel, str] | None = None
        self._progress: Progress | None = None
        self._looked = self._counted = self._edited = float("-inf")
        self._heard: Counter[int] = Counter()
        self._heard_at: dict[int, float] = {}
        self._lost = False

    async def give_up(self) -> None:
        self.closed = True
        await self._database(self._store.close_panel, self._meeting.id)

    async def step(self, now: float) -> None:
        if now - self._looked < LOOK_S:
            return
        self._looked = now
        live = self._live()
        self.ended = live is None or live.leaving
        if self._message is None and not self._lost:
            self._message = await self._database(self._store.panel, self._meeting.id)
            if self._message is None:  # /startnotes has not been answered yet, or could not be
                self.closed = self.ended
                return
        if self._progress is None or self.ended or now - self._counted >= COUNT_S:
            self._counted = now
            self._progress = await self._database(self._store.progress, self._meeting.id)
            stored = await self._database(self._store.meeting, self._meeting.id)
            self._meeting = stored or self._meeting
        panel = Panel(
            self._meeting, PanelState.DONE, words=self._progress.words, live_text=self._progress.live_text
        )
        if live is not None and not live.leaving:
            panel = self._recorded(panel, live, self._progress, now)
        elif self._meeting.state in (MeetingState.RECORDING, MeetingState.FINISHING):
            panel = replace(panel, state=PanelState.WRITING)
        await self._show(panel, now)
        if panel.state is PanelState.DONE and self._shown is not None and self._shown[0] == panel:
            await self.give_up()

    def _recorded(self, panel: Panel, live: LiveMeeting, progress: Progress, now: float) -> Panel:
        voice = self._voice()
        self._listen(live.stored, now)
        lost = set(voice.undecryptable) if voice is not None else set()
        names = self._board.people(live.meeting.guild_id, live.channel_id)
        people = (
            Participant(name, self._hearing(user_id, lost, live, now))
            for name, user_id in sorted((name, user_id) for user_id, name in names.items())
        )
        waiting_ns = progress.waiting_since_ns
        behind_ns = 0 if waiting_ns is None else live.time_ns(now) - waiting_ns
        state = _state(live, voice)
        return replace(
            panel,
            meeting=live.meeting,
            state=state,
            people=tuple(people),
            behind_s=max(behind_ns, 0) / 1e9,
            opt_in=live.opt_in,
            held=live.held is not None,
            reason=f"{live.paused[0].upper()}{live.paused[1:]}."
            if state is PanelState.PAUSED and live.paused
            else "",
        )

    def _listen(self, stored: Mapping[int, int], now: float) -> None:
        for user_id, packets in stored.items():
            if packets > self._heard[user_id]:
                self._heard[user_id] = packets
                self._heard_at[user_id] = now

    def _hearing(self, user_id: int, lost: set[int], live: LiveMeeting, now: float) -> Hearing:
        if not live.admission.takes(user_id):
            return Hearing.REFUSED
        if user_id in lost:
            return Hearing.UNHEARD
        heard = now - self._heard_at.get(user_id, float("-inf")) <= HEARD_S
        return Hearing.HEARD if heard else Hearing.QUIET

    async def _show(self, panel: Panel, now: float) -> None:
        """Edit the panel if it is another one: at once if something is wrong, else in its time."""
        text, buttons = words.text(panel), words.buttons(panel)
        if self._message is None:
            await self._repost(panel, text, buttons)
        elif self._is_due(panel, text, now):
            try:
                await self._board.edit(*self._message, text, buttons)
            except Undeliverable:
                if self._lost:
                    raise
                self._lost, self._message = True, None  # somebody has deleted it: the next step posts another
                return
        else:
            return
        self._shown, self._edited = (panel, text), now

    async def _repost(self, panel: Panel, text: str, buttons: Rows) -> None:
        channel_id = panel.meeting.text_channel_id
        message_id = await self._board.post(channel_id, text, f"{panel.meeting.id[-17:]}panel", buttons)
        self._message = channel_id, message_id
        await self._database(self._store.open_panel, panel.meeting.id, channel_id, message_id)

    def _is_due(self, panel: Panel, text: str, now: float) -> bool:
        if self._shown is None:
            return True  # of an earlier life of the bot
        shown, shown_text = self._shown
        same = panel.state is shown.state and panel.held == shown.held and _unheard(panel) == _unheard(shown)
        return text != shown_text and (not same or now - self._edited >= EDIT_S)


def _unheard(panel: Panel) -> set[Participant]:
    unheard = (Hearing.UNHEARD, Hearing.REFUSED)
    return {person for person in panel.people if person.hearing in unheard}


def _state(live: LiveMeeting, voice: GuildVoiceStatus | None) -> PanelState:
    if live.disk_failure is not None:
        return PanelState.NO_DISK
    if live.paused is not None:
        return PanelState.PAUSED
    if voice is None or voice.phase not in (VoicePhase.CONNECTED, VoicePhase.RESUMING):
        return PanelState.AWAY if live.connected else PanelState.JOINING
    return PanelState.DEAFENED if voice.deafened else PanelState.RECORDING
