"""Was anything lost? Pure: what was sent, what reached the bot and what it stored go in, figures come out."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import chain, pairwise
from math import inf

from tests.campaigns.chaos.truth import Delivered, Gap, Sent, Stored

FRAME_S = 0.02
SILENCE_S = 0.3
"""Between two packets of speech of the same person: they were silent, whatever the bot does."""
CLOSING_S = 0.005
"""Between closing a socket and saying since when nothing is heard."""
MARKED_S = 0.5
"""A stretch so long has to be marked as a gap."""
ABOUT_S = 0.25
"""A gap may begin or end so much later or earlier."""
UNREAD_S = 0.1
"""What reached the socket of a process so shortly before it was killed may not have been read by it."""


@dataclass
class Evidence:
    """Of one meeting, from some seconds before a fault until everybody was silent again."""

    sent: list[Sent] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    stored: list[Stored] = field(default_factory=list)
    late: list[Stored] = field(default_factory=list)
    """Stored when the next window had begun: the bot could decrypt them only then."""
    gaps: list[Gap] = field(default_factory=list)
    dropped: int = 0
    """Packets that the bot says it could not use, with the reason."""
    killed_at: float | None = None


@dataclass(frozen=True)
class Judgement:
    without_audio_s: float
    """The longest stretch in which somebody spoke and was not heard."""
    lost_though_received: int
    """Packets that reached the bot, are not in the journal, and are in no count of it."""
    lost_without_session: int
    """Packets of speech that did not reach the bot, or were encrypted for those who were there before it."""
    unmarked_s: float
    """Of speech that was not heard and is in no gap of the journal, in stretches worth a mark."""
    gaps: int
    """Of these people, or of all, that the journal says began while they spoke."""
    wrong: tuple[str, ...]
    """What no journal may hold."""


def judge(evidence: Evidence) -> Judgement:
    unaccounted = max(len(missing(evidence)) - evidence.dropped, 0)
    stored = _stored_numbers(evidence)
    return Judgement(
        without_audio_s=_longest_stretch(evidence.sent, stored),
        lost_though_received=unaccounted,
        lost_without_session=max(len(unheard(evidence)) - unaccounted, 0),
        unmarked_s=unmarked_s(evidence),
        gaps=_gaps(evidence),
        wrong=tuple(_wrong(evidence.stored)),
    )


def unheard(evidence: Evidence) -> set[tuple[int, int]]:
    """What people sent and nobody stored: user id and number."""
    return {(packet.user_id, packet.number) for packet in evidence.sent} - _stored_numbers(evidence)


def missing(evidence: Evidence) -> list[Delivered]:
    """What reached a socket of the bot that was open, and is not in the journal."""
    stored = {(packet.ssrc, packet.sequence) for packet in chain(evidence.stored, evidence.late)}
    deaf = _deaf(evidence)
    return [
        packet
        for packet in evidence.delivered
        if (packet.ssrc, packet.sequence) not in stored
        and not any(since <= packet.time <= until for since, until in deaf)
    ]


def unmarked_s(evidence: Evidence) -> float:
    """Seconds of speech that was not heard, without a gap in the journal that tells so."""
    stored = _stored_numbers(evidence)
    unmarked = 0.0
    for packets in _by_person(evidence.sent).values():
        stretch: list[Sent] = []
        for packet in [*packets, None]:
            if packet is not None and (packet.user_id, packet.number) not in stored:
                stretch.append(packet)
                continue
            silent = [p for p in stretch if not _is_marked(p, evidence.gaps)]
            if FRAME_S * len(silent) >= MARKED_S:
                unmarked += FRAME_S * len(silent)
            stretch = []
    return unmarked


def _gaps(evidence: Evidence) -> int:
    times = [packet.time for packet in evidence.sent]
    people = {None, *(packet.user_id for packet in evidence.sent)}
    return sum(gap.user_id in people and min(times) < gap.started < max(times) for gap in evidence.gaps)


def _is_marked(packet: Sent, gaps: list[Gap]) -> bool:
    return any(
        gap.user_id in (None, packet.user_id) and gap.started - ABOUT_S <= packet.time <= gap.ended + ABOUT_S
        for gap in gaps
    )


def _deaf(evidence: Evidence) -> list[tuple[float, float]]:
    """When nobody read: the voice server sends on for a while to a socket that is closed."""
    deaf = [(gap.started - CLOSING_S, gap.ended) for gap in evidence.gaps if gap.user_id is None]
    killed = evidence.killed_at
    if killed is not None:
        next_one_hears = min((p.time for p in evidence.stored if p.time > killed), default=inf)
        deaf.append((killed - UNREAD_S, next_one_hears))
    return deaf


def _stored_numbers(evidence: Evidence) -> set[tuple[int, int]]:
    packets = chain(evidence.stored, evidence.late)
    return {(packet.sent_by, packet.number) for packet in packets if packet.sent_by is not None}


def _longest_stretch(sent: list[Sent], stored: set[tuple[int, int]]) -> float:
    """From the last packet stored to the next one, less silence; 0 when every packet was stored."""
    longest = 0.0
    for packets in _by_person(sent).values():
        stretch = 0.0
        unheard = False
        for before, packet in pairwise([packets[0], *packets]):
            step = packet.time - before.time
            stretch += step if step < SILENCE_S else FRAME_S
            heard = (packet.user_id, packet.number) in stored
            if not heard:
                unheard = True
            if unheard:
                longest = max(longest, stretch)
            if heard:
                stretch, unheard = 0.0, False
    return longest


def _by_person(sent: list[Sent]) -> dict[int, list[Sent]]:
    people: defaultdict[int, list[Sent]] = defaultdict(list)
    for packet in sent:
        people[packet.user_id].append(packet)
    return people


def _wrong(stored: list[Stored]) -> list[str]:
    wrong = []
    if twice := sum(
        n - 1 for n in Counter((p.ssrc, p.sequence, p.sent_by, p.number) for p in stored).values()
    ):
        wrong.append(f"{twice} packets are in the journal twice.")
    if foreign := sum(p.sent_by is not None and p.user_id != p.sent_by for p in stored):
        wrong.append(f"{foreign} packets are in the journal as somebody else's.")
    newest: dict[int, int] = {}
    disorder = 0
    for packet in stored:
        if packet.sent_by is not None:
            disorder += packet.number <= newest.get(packet.sent_by, 0)
            newest[packet.sent_by] = packet.number
    if disorder and not twice:
        wrong.append(f"{disorder} packets are in the journal out of order.")
    return wrong
