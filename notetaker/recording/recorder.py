"""What the bot writes a meeting with: every packet into the journal first, then to the cutter."""

from pathlib import Path

from notetaker.model.audio import AudioFrame
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.utterances import Cutter
from notetaker.recording.writer import JournalWriter


class _Session:
    """One voice session: its journal file, its cutter, and how its clock relates to the world's."""

    def __init__(self, folder: Path, meeting_id: str, now: float, wall_ns: int) -> None:
        self.journal = JournalWriter(folder)
        self.cutter = Cutter(meeting_id, self.journal.segment)
        self._now = now
        self._wall_ns = wall_ns

    def wall_ns(self, now: float) -> int:
        return self._wall_ns + round((now - self._now) * 1e9)


class Recorder:
    """Records one meeting into ``folder``. Not thread-safe, but for :meth:`sync`.

    Methods that write raise OSError when the disk refuses: nothing written before is lost, the call that failed
    has had no effect, and a later one works as soon as the disk does. They raise RuntimeError outside a session.
    """

    def __init__(self, folder: Path, meeting_id: str) -> None:
        self._folder = folder
        self._meeting_id = meeting_id
        self._session: _Session | None = None
        self._written: list[JournalWriter] = []  # of past sessions, to be closed by ``sync``
        self._ended: list[Utterance] = []

    def open_session(self, now: float, wall_ns: int) -> None:
        """A new voice session, in a new journal file; one still open is closed. ``now`` is ``wall_ns`` Unix ns."""
        self.close_session(now)
        self._session = _Session(self._folder, self._meeting_id, now, wall_ns)

    def close_session(self, now: float) -> None:
        """The voice session is over, and everyone's utterance with it. Without one: nothing.

        Its file is closed by the next :meth:`sync`, because that waits for the disk.
        """
        session, self._session = self._session, None
        if session is not None:
            session.cutter.tick(session.wall_ns(now))
            session.cutter.close()
            self._ended += session.cutter.take()
            self._written.append(session.journal)

    def add_speaker(self, user_id: int, ssrc: int, now: float) -> None:
        """The SSRC is that user's. Said again, it changes nothing."""
        session = self._open()
        if session.journal.speaker(ssrc) != user_id:
            session.journal.name_speaker(user_id, ssrc, session.wall_ns(now))
            session.cutter.name_speaker(user_id, ssrc)

    def remove_speaker(self, user_id: int, now: float) -> None:
        """The user left; what they were saying has ended. Late packets of theirs are still taken."""
        session = self._open()
        for ssrc in session.journal.ssrcs(user_id):
            session.journal.speaker_left(ssrc, session.wall_ns(now))
            session.cutter.end_speaker(ssrc)

    def write(self, frame: AudioFrame) -> None:
        """Stores one packet. A speaker who was not added is added by it."""
        session = self._session or self._open()
        journal, cutter, ssrc = session.journal, session.cutter, frame.ssrc
        if journal.speaker(ssrc) != frame.user_id:
            self.add_speaker(frame.user_id, ssrc, frame.arrival)
        arrival_ns = session.wall_ns(frame.arrival)
        earliest_ns = cutter.earliest(ssrc)
        if arrival_ns < earliest_ns:
            arrival_ns = earliest_ns
        offset, end_offset = journal.write(frame, arrival_ns)
        cutter.add(ssrc, frame.opus, arrival_ns, offset, end_offset)

    def mark_gap(self, gap: Gap) -> None:
        """Sound was lost. Outside a session the mark gets a journal file of its own."""
        if self._session is not None:
            self._session.journal.mark_gap(gap)
            return
        journal = JournalWriter(self._folder)
        self._written.append(journal)
        journal.mark_gap(gap)

    @property
    def busy(self) -> bool:
        """An utterance is under way, or has ended since the last :meth:`tick`."""
        return bool(self._ended) or (self._session is not None and self._session.cutter.busy)

    def tick(self, now: float) -> list[Utterance]:
        """The utterances that have ended since the last call."""
        if self._session is not None:
            self._session.cutter.tick(self._session.wall_ns(now))
            self._ended += self._session.cutter.take()
        ended, self._ended = self._ended, []
        return ended

    def sync(self) -> None:
        """Makes everything written so far safe from power loss. For another thread: it may take a while.

        Raises OSError. To be called once more when the last session is closed.
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
