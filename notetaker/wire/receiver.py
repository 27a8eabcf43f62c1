"""A datagram's whole way from the socket to one counted outcome.

Only one order works: transport cipher, extension body, padding, then DAVE, then Opus (discord.js#11449). A packet
whose speaker or DAVE key is not known yet is held, and released in order of arrival as soon as they are. It is never
dropped while it may still be needed.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from notetaker.model.audio import AudioFrame
from notetaker.model.outcome import Coverage, Outcome, total
from notetaker.wire.dave import DaveGroup
from notetaker.wire.losses import END, Loss
from notetaker.wire.rtp import OPUS_PAYLOAD_TYPE, parse_header, strip
from notetaker.wire.stream import Held, Stream
from notetaker.wire.transport import SUFFIX_BYTES, TAG_BYTES, TransportCipher

HOLD_S = 15.0
"""How long a packet waits for its speaker or key: longer than a DAVE transition with a recovery in it."""
HOLD_PACKETS = 1000
"""Held packets per stream: 20 s of speech, some 150 kB."""

_HEARD = Outcome.HEARD  # an enum looks its members up slowly


class Receiver:
    """All RTP streams of one voice session."""

    def __init__(self, dave: DaveGroup) -> None:
        self._dave = dave
        self._cipher: TransportCipher | None = None
        self._streams: dict[int, Stream] = {}
        self._holding: set[int] = set()
        self._unsettled: set[Stream] = set()
        self._refused: int | None = None
        self._retired: list[Stream] = []  # their SSRCs now belong to somebody else
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
        outcome = stream.admit((sequence, timestamp, data[-SUFFIX_BYTES:], bool(payload)), now)
        if outcome is not None:
            stream.outcomes[outcome] += 1
            return None
        self.heard_at = now
        if not payload:
            stream.outcomes[Outcome.NOT_AUDIO if payload is None else Outcome.PADDING_ONLY] += 1
            return None
        user_id = stream.user_id
        if user_id is None:
            self._hold(stream, Held(sequence, timestamp, payload, now, refused=False))
            return None
        opus = self._dave.decrypt(user_id, payload)
        if opus is None:
            refused = self._dave.has_key(user_id)
            self._hold(stream, Held(sequence, timestamp, payload, now, refused))
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

    def name_speaker(self, ssrc: int, user_id: int) -> Iterator[AudioFrame | Loss]:
        """Assign ``ssrc`` to ``user_id``. Yield the losses of its previous owner, then frames that were held."""
        stream = self._streams.get(ssrc)
        if stream is not None and stream.user_id not in (None, user_id):
            yield from self._finish(stream)
            self._retired.append(stream)
            stream = None
        if stream is None:
            stream = self._streams[ssrc] = Stream(ssrc, self._unsettled)
        stream.user_id = user_id
        yield from self._retry(stream)

    def keys_changed(self) -> Iterator[AudioFrame]:
        """Retry held packets with changed DAVE keys. Yield the frames that can be decrypted now."""
        self.dave_generation = self._dave.generation
        for ssrc in sorted(self._holding):
            yield from self._retry(self._streams[ssrc])

    def expire(self, now: float) -> list[Loss]:
        """Give up what was held for ``HOLD_S``. Return the losses that are complete."""
        for ssrc in tuple(self._holding):
            stream = self._streams[ssrc]
            while stream.held and stream.held[0].arrival + HOLD_S <= now:
                self._give_up(stream, now)
        return [loss for stream in self._by_ssrc(self._unsettled) for loss in stream.settle(now)]

    def give_up_all(self) -> list[Loss]:
        """Give up everything held, because the session is over. Return all remaining losses."""
        streams = self._by_ssrc({*self._unsettled, *(self._streams[ssrc] for ssrc in self._holding)})
        return [loss for stream in streams for loss in self._finish(stream)]

    @property
    def next_expiry(self) -> float | None:
        """When ``expire`` has something to do."""
        if not self._holding and not self._unsettled:
            return None
        held = min((self._streams[ssrc].held[0].arrival for ssrc in self._holding), default=END) + HOLD_S
        due = min([held, *(stream.losses.due for stream in self._unsettled)])
        return None if due == END else due

    @property
    def held(self) -> int:
        """Number of packets that wait. Every other received packet has its outcome."""
        return sum(len(self._streams[ssrc].held) for ssrc in self._holding)

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
        )

    def _hold(self, stream: Stream, packet: Held) -> None:
        if len(stream.held) >= HOLD_PACKETS:
            self._give_up(stream, packet.arrival)
        stream.held.append(packet)
        self._holding.add(stream.ssrc)

    def _give_up(self, stream: Stream, now: float) -> None:
        stream.give_up(stream.held.popleft(), now, self.early_until)
        if not stream.held:
            self._holding.discard(stream.ssrc)

    def _finish(self, stream: Stream) -> list[Loss]:
        while stream.held:
            self._give_up(stream, END)
        return stream.settle(END)

    @staticmethod
    def _by_ssrc(streams: Iterable[Stream]) -> list[Stream]:
        return sorted(streams, key=lambda stream: stream.ssrc)

    def _retry(self, stream: Stream) -> Iterator[AudioFrame]:
        if stream.user_id is None:
            return
        has_key = self._dave.has_key(stream.user_id)
        for packet in [stream.held.popleft() for _ in range(len(stream.held))]:
            opus = self._dave.decrypt(stream.user_id, packet.payload)
            if opus is None:
                stream.held.append(packet._replace(refused=has_key))
                continue
            stream.outcomes[_HEARD] += 1
            yield AudioFrame(
                stream.user_id, stream.ssrc, packet.sequence, packet.timestamp, opus, packet.arrival
            )
        if not stream.held:
            self._holding.discard(stream.ssrc)
