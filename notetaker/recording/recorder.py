"""Record a meeting: every packet goes into the journal first, then to the cutter."""

from collections.abc import Callable
from pathlib import Path

from notetaker.model.audio import AudioFrame
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.tally import Tally
from notetaker.recording.utterances import Cutter
from notetaker.recording.writer import JournalWriter


class _Session:
    """One voice session: its journal file, its cutter, and how its clock relates to the wall's."""

    def __init__(self, journal: JournalWriter, cutter: Cutter, now: float, wall_ns: int) -> None:
        self.journal = journal
        self.cutter = cutter
        self._now = now
        self._wall_ns = wall_ns

    def wall_ns(self, now: float) -> int:
        return self._wall_ns + round((now - self._now) * 1e9)


class Recorder:
    """Record one meeting into ``folder``. Not thread-safe, except for :meth:`sync`.

    Methods that write raise OSError when the disk fails: nothing written before is lost, the failed call has had no
    effect, and a later one works as soon as the disk does. They raise RuntimeError outside a session.
    """

    def __init__(self, folder: Path, meeting_id: str, on_utterance: Callable[[Utterance], object]) -> None:
        """``on_utterance`` is given every utterance as it ends, and again if its speaker is named later."""
        self._folder = folder
        self._meeting_id = meeting_id
        self._on_utterance = on_utterance
        self.no_opus = Tally()
        """Packets in the journal that are no Opus, which no decoder takes: they go no further."""
        self._session: _Session | None = None
        self._written: list[JournalWriter] = []  # of past sessions, to be closed by ``sync``

    def open_session(self, now: float, wall_ns: int) -> None:
        """Begin a voice session and its journal file; one still open is closed. ``now`` is ``wall_ns`` Unix ns."""
        self.close_session(now)
        journal = JournalWriter(self._folder)
        cutter = Cutter(self._meeting_id, journal.segment, self._on_utterance)
        self._session = _Session(journal, cutter, now, wall_ns)

    def close_session(self, now: float) -> None:
        """End the voice session, if there is one, and everyone's utterance with it.

        Its file is closed by the next :meth:`sync`, because that waits for the disk.
        """
        session, self._session = self._session, None
        if session is not None:
            session.cutter.tick(session.wall_ns(now))
            session.cutter.close()
            self.no_opus.end_session()
            self._written.append(session.journal)

    def add_speaker(self, user_id: int, ssrc: int, now: float) -> None:
        """Name the SSRC's speaker, also of what was ``UNKNOWN``'s until now. Doing so again changes nothing."""
        session = self._open()
        if session.journal.speaker(ssrc) != user_id:
            session.journal.name_speaker(user_id, ssrc, session.wall_ns(now))
            session.cutter.name_speaker(user_id, ssrc)
            self.no_opus.name(user_id, ssrc)

    def remove_speaker(self, user_id: int, now: float) -> None:
        """The user left: end their utterance. Late packets of theirs are still taken."""
        session = self._open()
        for ssrc in session.journal.ssrcs(user_id):
            session.journal.speaker_left(ssrc, session.wall_ns(now))
            session.cutter.end_speaker(ssrc)

    def write(self, frame: AudioFrame) -> None:
        """Write one packet, which adds its speaker if necessary."""
        session = self._session or self._open()
        journal, cutter, ssrc = session.journal, session.cutter, frame.ssrc
        if journal.speaker(ssrc) != frame.user_id:
            self.add_speaker(frame.user_id, ssrc, frame.arrival)
        arrival_ns = session.wall_ns(frame.arrival)
        earliest_ns = cutter.earliest(ssrc)
        if arrival_ns < earliest_ns:
            arrival_ns = earliest_ns
        offset, end_offset = journal.write(frame, arrival_ns)
        opus, sequence, timestamp = frame.opus, frame.sequence, frame.timestamp
        if not cutter.add(ssrc, opus, sequence, timestamp, arrival_ns, offset, end_offset):
            self.no_opus.add(frame.user_id, ssrc)

    def mark_gap(self, gap: Gap) -> None:
        """Mark a gap. Outside a session the mark gets a journal file of its own."""
        if self._session is not None:
            self._session.journal.mark_gap(gap)
            return
        journal = JournalWriter(self._folder)
        self._written.append(journal)
        journal.mark_gap(gap)

    @property
    def busy(self) -> bool:
        """An utterance is under way."""
        return self._session is not None and self._session.cutter.busy

    def tick(self, now: float) -> None:
        """End the utterances that have been quiet for long enough."""
        if self._session is not None:
            self._session.cutter.tick(self._session.wall_ns(now))

    def sync(self) -> None:
        """Make everything written so far safe from power loss. Meant for another thread: it may take a while.

        Raises OSError. Call it once more after the last session is closed.
        """
        while self._written:
            self._written.pop().close()
        session = self._session
        if session is not None:
            session.journal.sync()

    def _open(self) -> _Session:
        if self._session is None:
            raise RuntimeError("No voice session is open in this recorder.")
        return self._session
