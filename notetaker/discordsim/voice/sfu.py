"""The selective forwarding unit: one UDP socket that opens each client's audio and seals it for every other client.

Source: Discord docs, Voice Connections, "Establishing a Voice UDP Connection"; the keepalive ping after
discord-userdoccers. Datagrams that it cannot use are counted in ``dropped``.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import cast

from notetaker.discordsim.voice import rtp
from notetaker.discordsim.voice.aead import NotAuthenticError
from notetaker.discordsim.voice.faults import Damage, Direction, Faults, Probe
from notetaker.discordsim.voice.renumber import Renumbering
from notetaker.discordsim.voice.route import Route
from notetaker.discordsim.voice.session import Session

DISCOVERY = struct.Struct(">HHI64sH")
DISCOVERY_REQUEST, DISCOVERY_RESPONSE, DISCOVERY_BODY_BYTES = 1, 2, 70
PING, PONG = b"\x13\x37\xca\xfe", b"\x13\x37\xf0\x0d"
KEEPALIVE_BYTES = 8
MAX_PADDING_BYTES = 32
RECEIVE_BUFFER_BYTES = 1 << 22


@dataclass
class Counts:
    """Packets from one sender for one receiver; ``packets_in`` is always the sum of the seven below it."""

    packets_in: int = 0
    """Audio packets that the sender sent while the receiver was in its channel."""
    forwarded: int = 0
    no_session: int = 0
    """Not forwarded: the receiver had no voice session (any more)."""
    withheld: int = 0
    """Not forwarded: the receiver had not selected a protocol, or not sent op 5."""
    muted: int = 0
    """Not forwarded: a moderator muted the sender."""
    deafened: int = 0
    """Not forwarded: a moderator deafened the receiver."""
    blackholed: int = 0
    """Not forwarded: the sender's or the receiver's network was down; see ``Faults.blackhole``."""
    rebound: int = 0
    """Not forwarded: a NAT had taken away the address in the receiver's op 1; see ``Session.rebind``."""
    damaged: int = 0
    """Forwarded, but damaged so that nobody can decrypt them; see ``Damage.AUDIO``, ``Faults.break_sender``."""
    padding_only: int = 0
    """Packets without audio that were inserted."""
    lost: list[int] = field(default_factory=list)
    """Packets that were forwarded, but lost on purpose: their positions among ``packets_in``, from 0."""
    noticeable_losses: int = 0
    """Packets, padding-only ones too, that were lost on purpose between packets that were delivered."""
    delivered: int = 0
    """Datagrams sent to the receiver: forwarded and inserted ones, less the lost, plus the duplicated."""


class Sfu(asyncio.DatagramProtocol):
    """``audience(session)`` yields everybody else in a sender's channel: the id, and the session if there is one."""

    def __init__(
        self, faults: Faults, audience: Callable[[Session], Iterable[tuple[int, Session | None]]]
    ) -> None:
        self.dropped: Counter[str] = Counter()
        self.muted: set[tuple[int, int]] = set()
        """(guild id, user id) of those whom a moderator muted."""
        self.deafened: set[tuple[int, int]] = set()
        self._faults = faults
        self._audience = audience
        self._sessions: dict[int, Session] = {}
        self._streams: dict[tuple[int, int], tuple[Renumbering, Route]] = {}
        self._counts: dict[tuple[int, int, int, int], Counts] = {}
        self._held_back: dict[int, list[bytes]] = {}
        """Packets of an SSRC that are still on their way; see ``Faults.clog``."""
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> tuple[str, int]:
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def add(self, session: Session) -> None:
        self._sessions[session.ssrc] = session

    def remove(self, session: Session) -> None:
        del self._sessions[session.ssrc]
        for pair in [pair for pair in self._streams if session.ssrc in pair]:
            del self._streams[pair]

    def restart(self, sender: Session) -> int:
        """Continue a sender's streams anywhere else, and return how many they are."""
        streams = [stream for (ssrc, _), (stream, _) in self._streams.items() if ssrc == sender.ssrc]
        for stream in streams:
            stream.restart(self._faults.random)
        return len(streams)

    def stats(self) -> list[dict[str, object]]:
        """Return one entry per sender and receiver, over all their sessions: ids, and the fields of ``Counts``."""
        return [
            {"guild_id": guild_id, "channel_id": channel_id, "sender": sender, "receiver": receiver}
            | asdict(counts)
            for (guild_id, channel_id, sender, receiver), counts in self._counts.items()
        ]

    def close(self) -> None:
        if self._transport:
            self._transport.close()

    # asyncio.DatagramProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        # A stall of this process must not look like packet loss. The kernel may grant less.
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES
        )

    def error_received(self, exc: Exception) -> None:
        """Count an ICMP error: a client's socket is gone."""
        self.dropped["unreachable client"] += 1

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if len(data) == DISCOVERY.size and data[:2] == DISCOVERY_REQUEST.to_bytes(2):
            self._discover(data, addr)
        elif len(data) == KEEPALIVE_BYTES:
            self._echo(data, addr)
        elif len(data) >= 2 and data[1] in rtp.RTCP_TYPES:
            self.dropped["rtcp"] += 1
        else:
            self._receive_rtp(data)

    def _send(self, data: bytes, address: tuple[str, int]) -> None:
        assert self._transport is not None
        if not self._transport.is_closing():  # a delayed packet may come after the end
            self._transport.sendto(data, address)

    def _discover(self, data: bytes, address: tuple[str, int]) -> None:
        _, length, ssrc, _, _ = DISCOVERY.unpack(data)
        if length != DISCOVERY_BODY_BYTES or ssrc not in self._sessions:
            self.dropped["ip discovery"] += 1
            return
        user = self._sessions[ssrc]
        if self._is_lost(user, Direction.FROM_USER):
            return
        if self._faults.script.strike(user.user_id, user.guild_id, Damage.DISCOVERY_LOST):
            return
        if user.key is not None and self._ignores(user, Probe.DISCOVERY):
            return
        host, port = user.seen_at(address)
        reply = DISCOVERY.pack(DISCOVERY_RESPONSE, DISCOVERY_BODY_BYTES, ssrc, host.encode(), port)
        self._answer(user, reply, address)
        if self._faults.script.strike(user.user_id, user.guild_id, Damage.DISCOVERY_TWICE):
            self._answer(user, reply, address)

    def _echo(self, data: bytes, address: tuple[str, int]) -> None:
        """Answer a ping, or send a keepalive back. Only the address tells whose they are."""
        ping = data.startswith(PING)
        answer = PONG + data[len(PING) :] if ping else data
        user = next((session for session in self._sessions.values() if session.sends_from(address)), None)
        if user is None:
            self.dropped["keepalive"] += 1
            return
        probe = Probe.PING if ping else Probe.KEEPALIVE
        if not (self._is_lost(user, Direction.FROM_USER) or self._ignores(user, probe)):
            self._answer(user, answer, address)

    def _answer(self, user: Session, data: bytes, address: tuple[str, int]) -> None:
        if not self._is_lost(user, Direction.TO_USER):
            self._send(data, address)

    def _ignores(self, user: Session, probe: Probe) -> bool:
        ignored = self._faults.ignores(user.user_id, user.guild_id, probe)
        if ignored:
            self.dropped["ignored"] += 1
        return ignored

    def _is_lost(self, user: Session, direction: Direction) -> bool:
        """Return whether a blackhole takes a datagram without audio, which counts it."""
        lost = self._faults.blackholed(user.user_id, user.guild_id, direction)
        if lost:
            self.dropped["blackhole"] += 1
        return lost

    def _receive_rtp(self, data: bytes) -> None:
        try:
            header, header_size = rtp.Header.parse(data)
            sender = self._sessions.get(header.ssrc)
            if sender is None or sender.key is None:
                self.dropped["unknown ssrc"] += 1
                return
            if self._holds_back(sender, data):
                return
            media = rtp.payload(header, sender.key.open(data, header_size))
        except rtp.RtpError:
            self.dropped["not rtp"] += 1
            return
        except NotAuthenticError:
            self.dropped["not authentic"] += 1
            return
        if header.payload_type != rtp.PAYLOAD_TYPE_OPUS:
            self.dropped["not audio"] += 1
        elif not media:
            self.dropped["padding only"] += 1
        elif sender.speaking is None:
            self.dropped["sender never sent op 5"] += 1
        else:
            for user_id, receiver in self._audience(sender):
                pair = (sender.guild_id, sender.channel_id, sender.user_id, user_id)
                counts = self._counts.setdefault(pair, Counts())
                counts.packets_in += 1
                if receiver is None:
                    counts.no_session += 1
                elif not receiver.can_hear:
                    counts.withheld += 1
                elif (sender.guild_id, sender.user_id) in self.muted:
                    counts.muted += 1
                elif (sender.guild_id, user_id) in self.deafened:
                    counts.deafened += 1
                elif self._is_blackholed(sender, user_id):
                    counts.blackholed += 1
                elif receiver.destination is None:
                    counts.rebound += 1
                else:
                    self._forward(sender, receiver, header, media, counts)

    def _holds_back(self, sender: Session, data: bytes) -> bool:
        waiting = self._held_back.get(sender.ssrc)
        if waiting is None:
            seconds = self._faults.clogged_for(sender.user_id, sender.guild_id)
            if not seconds:
                return False
            waiting = self._held_back[sender.ssrc] = []
            asyncio.get_running_loop().call_later(seconds, self._let_through, sender.ssrc)
        waiting.append(data)
        return True

    def _let_through(self, ssrc: int) -> None:
        for data in self._held_back.pop(ssrc):
            self._receive_rtp(data)

    def _is_blackholed(self, sender: Session, receiver_id: int) -> bool:
        ways = (sender.user_id, Direction.FROM_USER), (receiver_id, Direction.TO_USER)
        return any(self._faults.blackholed(user, sender.guild_id, way) for user, way in ways)

    def _forward(
        self, sender: Session, receiver: Session, header: rtp.Header, media: bytes, counts: Counts
    ) -> None:
        ssrcs = (sender.ssrc, receiver.ssrc)
        if ssrcs not in self._streams:
            self._streams[ssrcs] = (Renumbering(), Route(self._faults, sender.user_id, receiver.user_id))
        stream, route = self._streams[ssrcs]
        sequence, newest = stream.outgoing(header.sequence)
        faults = self._faults
        timestamp = faults.timestamp(sender.user_id, sender.guild_id, header.timestamp)
        timestamp = (timestamp + stream.ticks) & 0xFFFF_FFFF
        if faults.is_broken_sender(sender.user_id, sender.guild_id) or faults.script.strike(
            receiver.user_id, receiver.guild_id, Damage.AUDIO
        ):
            media = bytes([media[0] ^ 0xFF]) + media[1:]
            counts.damaged += 1
        padding = faults.random.randint(1, MAX_PADDING_BYTES) if faults.hits(faults.padding_chance) else 0
        packet = self._seal(
            receiver, replace(header, sequence=sequence, timestamp=timestamp, csrcs=b""), media, padding
        )
        counts.forwarded += 1
        if not self._deliver(packet, receiver, route, counts, sound=True):
            counts.lost.append(counts.packets_in - 1)
        if newest and faults.hits(faults.padding_burst_chance):
            for sequence in stream.insert(faults.random.randint(*faults.padding_burst_packets)):
                size = faults.random.randint(1, 255)
                only_padding = replace(
                    header, sequence=sequence, timestamp=timestamp, marker=False, csrcs=b""
                )
                packet = self._seal(receiver, only_padding, b"", size)
                self._deliver(packet, receiver, route, counts, sound=False)
                counts.padding_only += 1

    def _deliver(
        self, packet: bytes, receiver: Session, route: Route, counts: Counts, *, sound: bool
    ) -> bool:
        """Send a packet over the route. Return False if it is lost there."""
        address = receiver.destination
        assert address is not None
        losses_before = route.noticeable_losses
        arrivals = route.arrivals(sound=sound)
        for delay in arrivals:
            if delay:
                asyncio.get_running_loop().call_later(delay, self._send, packet, address)
            else:
                self._send(packet, address)
        counts.delivered += len(arrivals)
        counts.noticeable_losses += route.noticeable_losses - losses_before
        return bool(arrivals)

    def _seal(self, receiver: Session, header: rtp.Header, media: bytes, padding: int) -> bytes:
        """Return one packet, with the extension and the padding that live traffic has."""
        assert receiver.key is not None
        faults = self._faults
        words = faults.random.choice(faults.extension_words) if faults.hits(faults.extension_chance) else None
        header = replace(header, padding=padding > 0, extension_words=words)
        body = self._extension(words or 0) + media + (rtp.padding(padding) if padding else b"")
        return receiver.key.seal(bytes(header), body)

    def _extension(self, words: int) -> bytes:
        """Return one-byte header elements (RFC 8285) with Discord's ids: 1 audio level, 3 send time, 9 speaking."""
        level = bytes([0x10, self._faults.random.randrange(128)])
        send_time = b"\x32" + self._faults.random.randbytes(3)
        speaking = b"\x90\x01"
        elements = (b"", level + speaking, level + send_time + speaking)[min(words, 2)]
        return elements.ljust(4 * words, b"\0")
