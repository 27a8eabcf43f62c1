"""A datagram's whole way from the socket to one counted outcome.

Only one order works: transport cipher, extension body, padding, then DAVE, then Opus (discord.js#11449). A packet
whose speaker or DAVE key is not known yet is held, and released in order of arrival as soon as they are. It is never
dropped while it may still be needed.

Without DAVE, as in a stage, the sound of an unknown speaker is passed on at once, and its owner named later. With
DAVE it cannot be: only the owner's key makes sound of it. While some people are refused, it may be theirs, and waits.
"""

import math
from collections import Counter, deque
from collections.abc import Iterable, Iterator

from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.outcome import Coverage, Outcome, total
from notetaker.wire.claims import Claims
from notetaker.wire.dave import DaveGroup
from notetaker.wire.events import Heard, SpeakerJoined
from notetaker.wire.losses import END, Loss
from notetaker.wire.rtp import OPUS_PAYLOAD_TYPE, parse_header, strip
from notetaker.wire.stream import EVERYONE, Held, Screen, Stream
from notetaker.wire.transport import SUFFIX_BYTES, TAG_BYTES, TransportCipher

HOLD_S = 60.0
"""How long a packet waits for its speaker or key: longer than it takes to resume a lost websocket, on which both
come. Keys of an epoch that is over expire long before (``dave.KEY_EXPIRY_S``)."""
HOLD_PACKETS = 3000
"""Held packets per stream: 60 s of speech, some 450 kB."""
LATE_S = 2.0
"""How long packets of somebody who has left may still come. After that their SSRC is nobody's."""
STILL_THERE_S = 1.0
"""A stream that sounds this long after its owner has left was not meant: opcode 13 was late, and they are back."""
LAST_SEARCHES = 8
"""Most searches for an owner when the session is over: 16 ms."""

_HEARD = Outcome.HEARD  # an enum looks its members up slowly


class Receiver:
    """All RTP streams of one voice session."""

    def __init__(self, dave: DaveGroup) -> None:
        self._dave = dave
        self._cipher: TransportCipher | None = None
        self._streams: dict[int, Stream] = {}
        self._leaving: dict[Stream, float] = {}
        """When their owners left; ``END``: they are back, and only packets will tell whether under this SSRC."""
        self._claims = Claims(dave)
        self._holding: set[Stream] = set()
        self._unsettled: set[Stream] = set()
        self._refused: int | None = None
        self._everyone_refused = False
        self._screen = EVERYONE
        self._last_searches = LAST_SEARCHES
        self._retired: list[Stream] = []  # their SSRCs are somebody else's, or nobody's
        self.early_until = -math.inf
        """Until when what others encrypt is not for us: then it is no loss."""
        self.heard_at = -math.inf
        """When the last authentic packet arrived that was not a repetition."""
        self.dave_generation = 0
        """Generation of the DAVE keys that the held packets were last tried with."""
        self.unattributed: Counter[Outcome] = Counter()
        """Outcomes of datagrams that were not authentic, so their SSRC cannot be trusted."""

    def set_cipher(self, cipher: TransportCipher) -> None:
        self._cipher = cipher

    def receive(self, data: bytes, now: float) -> AudioFrame | None:
        """Take a datagram that arrived at ``now``. Return its frame, unless it is held or dropped."""
        header = parse_header(data)
        if header is None or header.payload_type != OPUS_PAYLOAD_TYPE:  # RTCP's types, read so, are 64 to 95
            self.unattributed[Outcome.NOT_AUDIO] += 1
            return None
        _, _, _, sequence, timestamp, ssrc, header_size, _ = header
        if self._cipher is None or len(data) < header_size + TAG_BYTES + SUFFIX_BYTES:
            self.unattributed[Outcome.BAD_AUTH] += 1
            return None
        plaintext = self._cipher.open(data, header_size)
        if plaintext is None:
            self.unattributed[Outcome.BAD_AUTH] += 1
            return None
        stream = self._streams.get(ssrc)
        if stream is None:
            stream = self._streams[ssrc] = Stream(ssrc, self._unsettled)
        payload = strip(plaintext, header)
        mark = sequence, timestamp, data[-SUFFIX_BYTES:], bool(payload)
        if self._leaving and stream in self._leaving and payload and not stream.continues(mark, now):
            stream = self._pass_on(stream)
        if stream.refused or self._everyone_refused:
            self.heard_at = now
            stream.let_pass(mark, now)
            (self.unattributed if self._everyone_refused else stream.outcomes)[Outcome.REFUSED] += 1
            return None
        outcome = stream.admit(mark, now)
        if outcome is not None:
            stream.outcomes[outcome] += 1
            return None
        self.heard_at = now
        if not payload:
            stream.outcomes[Outcome.NOT_AUDIO if payload is None else Outcome.PADDING_ONLY] += 1
            return None
        user_id = stream.user_id
        if user_id is None:
            if self._screen is not EVERYONE or not self._dave.is_plain(payload):
                self._hold(stream, Held(sequence, timestamp, payload, now, False, self._screen))
                self._claims.wait(stream, now)
                return None
            stream.outcomes[_HEARD] += 1
            return AudioFrame(UNKNOWN, ssrc, sequence, timestamp, payload, now)
        opus = self._dave.decrypt(user_id, payload)
        if opus is None:
            refused = self._dave.has_key(user_id)
            self._hold(stream, Held(sequence, timestamp, payload, now, refused, self._screen))
            self._claims.wait(stream, now)  # the SSRC may be another's by now
            self._refused = user_id
            return None
        stream.outcomes[_HEARD] += 1
        return AudioFrame(user_id, ssrc, sequence, timestamp, opus, now)

    def take_refused(self) -> int | None:
        """Return whose frame has just failed to decrypt, with a key or for lack of one."""
        user_id, self._refused = self._refused, None
        return user_id

    def speaker(self, ssrc: int) -> int | None:
        """Return the user whose stream this is, if known."""
        stream = self._streams.get(ssrc)
        return None if stream is None else stream.user_id

    def name_speaker(self, ssrc: int, user_id: int, now: float) -> Iterator[Heard]:
        """Assign ``ssrc`` to ``user_id``. Yield the news, unless it is none, then frames that were held.

        Nobody has two audio streams: their others are over, once late packets are.
        """
        stream = self._streams.get(ssrc)
        if stream is None:
            stream = self._streams[ssrc] = Stream(ssrc, self._unsettled)
        back = self._leaving.pop(stream, None) is not None
        for other in self._streams_of(user_id):
            if other is not stream:
                self._leave(other, now)
        if stream.user_id == user_id:
            stream.named_at = now if back else stream.named_at
            return
        if stream.user_id is not None:
            stream = self._pass_on(stream)
        stream.user_id = user_id
        stream.named_at = now
        self._claims.settled(stream)
        yield SpeakerJoined(user_id, ssrc, now)
        stream.refused = self._screen.refuses(user_id)
        if stream.refused and not self._everyone_refused:
            self._turn_away(stream)
            stream.forget_losses()
        yield from self._retry(stream)

    def refuse(self, users: frozenset[int] | None, only: frozenset[int] | None = None) -> None:
        """Count the packets of these users, and decrypt them no further; None: of everyone. What was held for them
        goes with them. ``only``: those of everyone who is not among them, too.

        What arrives meanwhile without a name is held for one, and counted if it is one of theirs.
        """
        everyone_before, self._everyone_refused = self._everyone_refused, users is None
        self._screen = Screen(users or frozenset(), only) if users or only is not None else EVERYONE
        for stream in {*self._streams.values(), *self._holding}:
            before, stream.refused = stream.refused, self._screen.refuses(stream.user_id)
            if stream.refused or self._everyone_refused:
                self._turn_away(stream)
            elif before or everyone_before:
                stream.retire()  # what its sender has sent meanwhile is no loss

    def user_left(self, user_id: int, now: float) -> None:
        """Release the streams of ``user_id``, once late packets are over.

        If they have just got a new stream beside another one, this is about the other: they are back already.
        """
        streams = self._streams_of(user_id)
        spared = streams[-1:] if len(streams) > 1 and streams[-1].named_at + LATE_S > now else []
        for stream in streams:
            if stream not in spared:
                self._leave(stream, now)

    def user_is_back(self, user_id: int) -> None:
        """Keep the newest stream of ``user_id``, unless another sender turns up under its SSRC."""
        for newest in self._streams_of(user_id)[-1:]:
            if newest in self._leaving:
                self._leaving[newest] = END

    def keys_changed(self) -> Iterator[AudioFrame]:
        """Retry held packets with changed DAVE keys. Yield the frames that can be decrypted now."""
        self.dave_generation = self._dave.generation
        self._claims.keys_changed()
        for stream in self._by_ssrc(self._holding):
            yield from self._retry(stream)

    def expire(self, now: float) -> Iterator[Heard]:
        """Do what is due: release streams of who left, search owners, and give up what was held for ``HOLD_S``.

        Yield the losses that are complete, besides what comes of that.
        """
        for stream, left_at in [*self._leaving.items()]:
            if left_at + LATE_S <= now:
                del self._leaving[stream]
                if stream.arrived_at < left_at + STILL_THERE_S:
                    self._retire(stream)
                    del self._streams[stream.ssrc]
        yield from self._search(now)
        for stream in self._by_ssrc(self._holding):
            while stream.held and stream.held[0].arrival + HOLD_S <= now:
                self._give_up(stream, now)
        for stream in self._by_ssrc(self._unsettled):
            yield from stream.settle(now)

    def give_up_all(self) -> Iterator[Heard]:
        """Give up everything held, because the session is over. Yield what can still be opened, and all losses."""
        while self._claims.waiting and self._last_searches:
            self._last_searches -= 1
            yield from self._search(END)
        self._leaving.clear()
        for stream in self._by_ssrc(self._unsettled | self._holding):
            yield from self._finish(stream)

    @property
    def next_expiry(self) -> float | None:
        """When ``expire`` has something to do."""
        due = min(
            min((stream.held[0].arrival for stream in self._holding), default=END) + HOLD_S,
            min((stream.losses.due for stream in self._unsettled), default=END),
            min(self._leaving.values(), default=END) + LATE_S,
            self._claims.next_search,
        )
        return None if due == END else due

    @property
    def held(self) -> int:
        """Number of packets that wait. Every other received packet has its outcome."""
        return sum(len(stream.held) for stream in self._holding)

    def speakers(self) -> list[tuple[int, int]]:
        """Return (SSRC, user id) of every stream that has a name."""
        return [(stream.ssrc, stream.user_id) for stream in self._streams.values() if stream.user_id]

    def restart_counts(self) -> None:
        """Count from zero, because a recording begins in the middle of the session."""
        self.unattributed.clear()
        self._retired.clear()
        for stream in self._streams.values():
            stream.restart_counts()

    def coverage(self) -> list[Coverage]:
        """Return what became of each speaker's packets. User id 0 stands for streams without a name."""
        return total(
            Coverage(stream.user_id or 0, stream.outcomes, stream.lost)
            for stream in (*self._retired, *self._streams.values())
            if stream.outcomes.total() or stream.lost
        )

    def _streams_of(self, user_id: int) -> list[Stream]:
        """Return the streams of a user, the newest one last."""
        streams = (stream for stream in self._streams.values() if stream.user_id == user_id)
        return sorted(streams, key=lambda stream: stream.named_at)

    def _leave(self, stream: Stream, now: float) -> None:
        self._leaving[stream] = min(self._leaving.get(stream, END), now)

    def _search(self, now: float) -> Iterator[Heard]:
        owners = (user_id for _, user_id in self.speakers())
        found = self._claims.search(owners, now)
        if found is not None:
            stream, user_id = found
            yield from self.name_speaker(stream.ssrc, user_id, stream.arrived_at if now == END else now)

    def _pass_on(self, stream: Stream) -> Stream:
        """Return a stream for the next owner of the SSRC, who may have sent what the key of the last one refused."""
        self._retire(stream)
        ours = self._streams[stream.ssrc] = Stream(stream.ssrc, self._unsettled)
        ours.held.extend(packet for packet in stream.held if packet.refused)
        stream.held = deque(packet for packet in stream.held if not packet.refused)
        for one in (stream, ours):
            (self._holding.add if one.held else self._holding.discard)(one)
        return ours

    def _retire(self, stream: Stream) -> None:
        """Take no more packets for a stream. Those that it holds wait for a key as before."""
        self._leaving.pop(stream, None)
        self._claims.settled(stream)
        stream.retire()
        self._retired.append(stream)

    def _hold(self, stream: Stream, packet: Held) -> None:
        if len(stream.held) >= HOLD_PACKETS:
            self._give_up(stream, packet.arrival)
        stream.held.append(packet)
        self._holding.add(stream)

    def _give_up(self, stream: Stream, now: float) -> None:
        stream.give_up(stream.held.popleft(), now, self.early_until)
        if not stream.held:
            self._released(stream)

    def _released(self, stream: Stream) -> None:
        self._holding.discard(stream)
        self._claims.settled(stream)

    def _turn_away(self, stream: Stream) -> None:
        stream.outcomes[Outcome.REFUSED] += len(stream.held)
        stream.held.clear()
        self._released(stream)

    def _finish(self, stream: Stream) -> list[Loss]:
        while stream.held:
            self._give_up(stream, END)
        return stream.settle(END)

    @staticmethod
    def _by_ssrc(streams: Iterable[Stream]) -> list[Stream]:
        return sorted(streams, key=lambda stream: stream.ssrc)

    def _retry(self, stream: Stream) -> Iterator[AudioFrame]:
        user_id = stream.user_id
        has_key = user_id is not None and self._dave.has_key(user_id)
        for packet in [stream.held.popleft() for _ in range(len(stream.held))]:
            if packet.screen.refuses(user_id):
                stream.outcomes[Outcome.REFUSED] += 1
                continue
            opus = self._open(user_id, packet)
            if opus is None:
                stream.held.append(packet._replace(refused=has_key))
                continue
            stream.outcomes[_HEARD] += 1
            yield AudioFrame(
                user_id or UNKNOWN, stream.ssrc, packet.sequence, packet.timestamp, opus, packet.arrival
            )
        if not stream.held:
            self._released(stream)

    def _open(self, user_id: int | None, packet: Held) -> bytes | None:
        if user_id is not None:
            return self._dave.decrypt(user_id, packet.payload)
        return packet.payload if packet.screen is EVERYONE and self._dave.is_plain(packet.payload) else None
