"""What is heard in one guild: one connection at a time, and the sink that takes what it hears.

Connections come and go; one replaces the other without a gap.
"""

from collections.abc import Callable, Sequence

from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.failure import Failure
from notetaker.model.outcome import Coverage, total
from notetaker.model.voice import Admission
from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.ports import SessionSink
from notetaker.voice.timing import Clock
from notetaker.wire.events import Heard, SpeakerJoined, SpeakerLeft
from notetaker.wire.explanations import explain
from notetaker.wire.losses import Loss


class Reception:
    """Hears the established connection. ``on_ended`` is called when that ends by itself, ``on_path_dead`` again and
    again while sound does not reach it.
    """

    def __init__(
        self,
        clock: Clock,
        totals: VoiceTotals,
        on_ended: Callable[[Failure], None],
        on_path_dead: Callable[[Failure], None],
    ) -> None:
        self.connection: VoiceConnection | None = None
        """The established connection."""
        self.established_at = 0.0
        """When the latest connection was established, monotonic seconds."""
        self._doomed: tuple[Failure, float] | None = None
        self._clock = clock
        self._totals = totals
        self._on_ended = on_ended
        self._on_path_dead = on_path_dead
        self._closing: list[VoiceConnection] = []
        self._sink: SessionSink | None = None
        self._admission: Admission | None = None
        self._earlier: list[Coverage] = []
        self._deafened = False
        self._first_packet_since: float | None = None

    @property
    def channel_id(self) -> int | None:
        """The channel of the live connection."""
        return None if self.connection is None else self.connection.session.credentials.channel_id

    # Connections

    def adopt(self, connection: VoiceConnection, arrivals: Sequence[Heard]) -> None:
        """Make this our connection. ``arrivals`` is what it heard while it was being established."""
        self.screen(connection)
        self.connection = connection
        self.established_at = self._clock.time()
        self._first_packet_since = connection.began_at
        connection.ended.add_done_callback(lambda ended: self._ended(connection, ended.result()))
        self._open_sink(connection)
        for event in arrivals:
            if isinstance(event, AudioFrame) and event.user_id == UNKNOWN:
                event = event._replace(user_id=connection.session.receiver.speaker(event.ssrc) or UNKNOWN)
            if not isinstance(event, SpeakerJoined):  # the sink already knows everyone who has a name
                self._hear(event)
        connection.hear = self._hear
        connection.on_path_dead = self._on_path_dead

    def detach(self, reason: str) -> None:
        """End our connection, keep its counts, tell the sink. Only its closing remains to be awaited.

        All of this happens at once, so that a cancelled closing leaves nothing half done.
        """
        connection, self.connection = self.connection, None
        if connection is None:
            return
        connection.end(reason)  # nothing is heard from it after this
        self._keep_counts(connection)
        self._closing.append(connection)
        if self._sink is not None:
            failure = self._doomed and self._doomed[0]
            reason = reason if failure is None else explain(failure).reason
            self._sink.session_closed(self._silent_since(connection), reason)
        self._doomed = None

    def doom(self, failure: Failure) -> None:
        """Take note that no sound reaches our connection, which is the reason of its end, however that comes."""
        if self.connection is not None:
            self._doomed = failure, self.connection.session.unproven_since or self._clock.time()

    @property
    def doomed(self) -> bool:
        return self._doomed is not None

    def _silent_since(self, connection: VoiceConnection) -> float:
        """Until when people could be heard: the path, or a lost websocket, was dead before we knew."""
        proved = connection.session.unproven_since
        if self._doomed is not None:
            proved = self._doomed[1]  # what it has proved since then is not that people were heard before
        elif proved is None and connection.lost_websocket_at is not None:
            proved = connection.session.heartbeat.proved
        return self._clock.time() if proved is None else max(proved, connection.heard_at, self.established_at)

    async def drop(self, reason: str) -> None:
        """End our connection; return when it and all earlier ones are closed."""
        self.detach(reason)
        await self.close_earlier(reason)

    async def close_earlier(self, reason: str) -> None:
        """Return when all connections that are no longer ours are closed."""
        while self._closing:
            connection = self._closing[0]
            await connection.close(reason)
            self._closing.remove(connection)  # others may have been added meanwhile

    def heard_before(self, connection: VoiceConnection, arrivals: Sequence[Heard], reason: str) -> None:
        """End a connection that did not become ours, and keep what it heard all the same."""
        connection.end(reason)
        if self.connection is None and any(isinstance(event, AudioFrame) for event in arrivals):
            self.adopt(connection, arrivals)
            self.detach(reason)
        else:
            add_counts(self._totals, connection)

    def _ended(self, connection: VoiceConnection, failure: Failure) -> None:
        if connection is self.connection:
            try:
                self.detach(explain(failure).reason)
            finally:  # the keeper must know, even when the sink raises
                self._on_ended(failure)

    # The recording

    def record(self, sink: SessionSink | None) -> None:
        """Give ``sink`` what is heard from now on, and count coverage from zero. Everyone is admitted."""
        self._totals.stored += self.stored
        self.admit(None)
        self._sink = sink
        self._earlier = []
        if self.connection is not None:
            add_packets(self._totals, self.connection)
            self.connection.session.receiver.restart_counts()
            self._open_sink(self.connection)

    def admit(self, admission: Admission | None) -> None:
        """Take nobody's sound but that of those admitted from now on; None: take everyone's."""
        if admission == self._admission:
            return
        self._admission = admission
        if self.connection is not None:
            self.catch_up()
            self.screen(self.connection)
            self._name_speakers(self.connection)

    def screen(self, connection: VoiceConnection) -> None:
        """Have a connection take no packets but those of people who are admitted."""
        only = None if self._admission is None else self._admission.only
        connection.session.receiver.refuse(self._refused_by(connection), only)

    def _refused_by(self, connection: VoiceConnection) -> frozenset[int] | None:
        """Return whose packets the connection does not take; None: everyone's."""
        if self._admission is None:
            return frozenset()
        return self._admission.refused_in(connection.session.credentials.channel_id)

    def catch_up(self) -> None:
        """Hear everything that has arrived."""
        if self.connection is not None:
            self.connection.catch_up()

    def deafened(self, deaf: bool) -> None:
        if deaf != self._deafened:
            self._deafened = deaf
            if self._sink is not None and self.connection is not None:
                self._sink.deafened(self._clock.time(), deaf)

    def coverage(self) -> list[Coverage]:
        """Return the counts per speaker, over all sessions of the current recording."""
        live = [] if self.connection is None else self.connection.coverage()
        heard = total([*self._earlier, *live])
        if self._sink is not None:
            for one in heard:
                one.stored = self._sink.stored.get(one.user_id, 0)
        return heard

    @property
    def nobody_to_hear(self) -> bool:
        """None of the others in the channel takes part in its end-to-end encryption."""
        return self.connection is not None and self.connection.session.dave.nobody_to_hear

    @property
    def others(self) -> frozenset[int]:
        """User ids of the others in the channel, as its voice server tells."""
        return frozenset() if self.connection is None else self.connection.session.dave.others

    @property
    def recording(self) -> bool:
        """True while what is heard goes to a sink."""
        return self._sink is not None

    @property
    def stored(self) -> int:
        """Number of frames that the current recording has stored."""
        return 0 if self._sink is None else sum(self._sink.stored.values())

    def _open_sink(self, connection: VoiceConnection) -> None:
        """Tell the sink about the session and everyone named in it so far."""
        if self._sink is None:
            return
        now = self._clock.time()
        self._sink.session_opened(now)
        if self._deafened:
            self._sink.deafened(now, True)
        self._name_speakers(connection)

    def _name_speakers(self, connection: VoiceConnection) -> None:
        """Tell the sink who has a name, unless nobody is admitted: then it has no business to know."""
        if self._sink is None or self._refused_by(connection) is None:
            return
        now = self._clock.time()
        for ssrc, user_id in connection.session.receiver.speakers():
            self._sink.speaker_joined(user_id, ssrc, now)

    def _keep_counts(self, connection: VoiceConnection) -> None:
        self._earlier += connection.coverage()
        add_counts(self._totals, connection)

    def _hear(self, event: Heard) -> None:
        if self._first_packet_since is not None and isinstance(event, AudioFrame):
            self._totals.add_first_packet(max(event.arrival - self._first_packet_since, 0.0))
            self._first_packet_since = None
        if self._sink is None:
            return
        match event:
            case AudioFrame():
                self._sink.frame(event)
            case Loss():
                self._sink.lost(event)
            case SpeakerJoined(user_id, ssrc, now):
                if self.connection is None or self._refused_by(self.connection) is None:
                    return
                self._sink.speaker_joined(user_id, ssrc, now)
            case SpeakerLeft(user_id, now):
                self._sink.speaker_left(user_id, now)


def add_packets(totals: VoiceTotals, connection: VoiceConnection) -> None:
    """Add what became of the connection's packets since its counts were started."""
    receiver = connection.session.receiver
    totals.packets.update(receiver.unattributed)
    for coverage in receiver.coverage():
        totals.packets.update(coverage.outcomes)
        totals.lost += coverage.lost


def add_counts(totals: VoiceTotals, connection: VoiceConnection) -> None:
    """Add everything that the connection has counted and that is not in ``totals`` yet."""
    add_packets(totals, connection)
    dave = connection.session.dave
    totals.dave_invalid += dave.invalid_commits
    totals.dave_recoveries += dave.recoveries
    totals.undecryptable_runs += dave.undecryptable_runs
    totals.malformed_messages += connection.session.malformed
    totals.repeated_messages += connection.session.repeated
