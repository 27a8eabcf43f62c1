"""Do the packets heard equal the packets sent? Every function returns what is wrong, as sentences; none when all is.

The speaker's packets reach the voice server over a way without loss, in order. So the nth packet there is the nth
sent, and what the voice server lost on purpose, by position, is what a listener may not have.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from notetaker.discordsim.voice import rtp
from notetaker.discordsim.voice.sfu import Counts
from notetaker.model.outcome import Coverage, Outcome
from notetaker.recording.journal import Packet
from tests.campaigns.interop.clients.protocol import digest

SILENCE = b"\xf8\xff\xfe"
PADDING = {digest(rtp.padding(size)) for size in range(1, 256)}

KEY_CHANGE_LOSS = 36
"""Packets in a row: the later @discordjs/voice is, the more it reads before the news of their key. After more than
these it starts DAVE again (`decryptionFailureTolerance`)."""

EXPECTED_OUTCOMES = {Outcome.HEARD, Outcome.PADDING_ONLY, Outcome.DUPLICATE}


@dataclass(frozen=True)
class Speech:
    """What a speaker sent for one listener, and what the network did to it. Hashes of packets, without silence."""

    planned: list[str]
    sent: list[str]
    way: Counts

    @property
    def arrived(self) -> list[str]:
        """In the order sent."""
        lost = set(self.way.lost)
        return [opus for position, opus in enumerate(self.sent) if position not in lost]

    def faults(self) -> list[str]:
        wrong = []
        if self.sent != self.planned:
            wrong.append(f"The speaker sent {_difference(self.planned, self.sent)}.")
        if self.way.withheld:
            wrong.append(f"The voice server withheld {self.way.withheld} packets.")
        return wrong


def of_client(
    speech: Speech,
    heard: list[str],
    *,
    in_order: bool,
    key_changes: int = 0,
    key_change_loss: int = KEY_CHANGE_LOSS,
) -> list[str]:
    """`in_order`: the network keeps the order, so the listener must too; else every packet must have been heard.

    Three things are not held against @discordjs/voice: it passes padding-only packets without a header extension on
    as if they were sound; it passes packets that come twice on twice, unless DAVE refuses them; and it drops what it
    cannot decrypt yet. So at each of `key_changes` of the DAVE group up to `key_change_loss` packets may be missing.
    """
    expected = speech.arrived
    heard = [opus for opus in heard if opus not in PADDING]
    if not in_order:
        expected, heard = sorted(expected), sorted(set(heard))
    runs = _missing_runs(expected, heard)
    if len(runs) <= key_changes and max(runs, default=0) <= key_change_loss:
        expected = [opus for opus in expected if opus in set(heard)]
    return [] if heard == expected else [f"Heard {_difference(speech.arrived, heard)}."]


def missing(speech: Speech, heard: list[str]) -> int:
    """Packets that arrived and were not heard."""
    return len(set(speech.arrived) - set(heard))


def of_bot(speech: Speech, stored: list[Packet], coverage: Coverage, *, in_order: bool) -> list[str]:
    """The journal may be in order of arrival: without `in_order` it is sorted by sequence number first."""
    wrong = []
    way = speech.way
    packets = stored if in_order else _by_sequence(stored)
    heard = [digest(packet.opus) for packet in packets if packet.opus != SILENCE]
    if heard != speech.arrived:
        wrong.append(f"Stored {_difference(speech.arrived, heard)}.")
    if coverage.received != way.delivered:
        wrong.append(f"{way.delivered} packets were delivered, the bot accounts for {coverage.received}.")
    if not coverage.heard == coverage.stored == len(stored) == way.forwarded - len(way.lost):
        wrong.append(
            f"{way.forwarded - len(way.lost)} packets of sound were delivered, the journal has {len(stored)}, "
            f"the bot counts {coverage.heard} heard and {coverage.stored} stored."
        )
    if not in_order and (not way.lost or not coverage.outcomes[Outcome.DUPLICATE] or packets == stored):
        wrong.append("The network was too kind: it was to lose, to double and to delay packets.")
    if coverage.lost != way.noticeable_losses:
        wrong.append(f"{way.noticeable_losses} packets were lost, the bot counts {coverage.lost}.")
    if unexpected := {
        outcome: n for outcome, n in coverage.outcomes.items() if outcome not in EXPECTED_OUTCOMES
    }:
        wrong.append(f"Packets were dropped: {unexpected}.")
    return wrong


def _by_sequence(packets: list[Packet]) -> list[Packet]:
    """RTP sequence numbers wrap at 65536; a call is far shorter than half of that."""
    if not packets:
        return []
    first = packets[0].sequence
    return sorted(packets, key=lambda packet: (packet.sequence - first + 0x8000) & 0xFFFF)


def _missing_runs(expected: list[str], found: list[str]) -> list[int]:
    """Lengths of the runs of packets that are expected and not found."""
    there = set(found)
    return [len(list(run)) for is_there, run in groupby(opus in there for opus in expected) if not is_there]


def _difference(expected: list[str], found: list[str]) -> str:
    missing, extra = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    if not missing and not extra:
        return f"all {len(expected)} packets, but not in order"
    where = (
        f" (the first is number {next(n for n, opus in enumerate(expected, 1) if opus in missing)})"
        if missing
        else ""
    )
    return f"{len(found)} packets: {missing.total()} of {len(expected)} are missing{where}, {extra.total()} are extra"
