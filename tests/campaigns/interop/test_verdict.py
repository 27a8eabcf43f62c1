"""A referee that cannot find fault is worth nothing: every way in which a cell must not hold."""

from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from notetaker.discordsim.voice import rtp
from notetaker.discordsim.voice.sfu import Counts
from notetaker.model.outcome import Coverage, Outcome
from notetaker.recording.journal import Packet
from tests.campaigns.interop import verdict
from tests.campaigns.interop.clients.protocol import digest

OPUS = [b"\xfc" + bytes([number]) for number in range(20)]
HASHES = [digest(opus) for opus in OPUS]
USER = 7


def way(*lost: int, noticeable_losses: int = 0, doubled: int = 0) -> Counts:
    count = len(OPUS) + 1  # a closing silence
    return Counts(
        packets_in=count,
        forwarded=count,
        lost=list(lost),
        noticeable_losses=noticeable_losses,
        delivered=count - len(lost) + doubled,
    )


def journal(*numbers: int) -> list[Packet]:
    frames = [*OPUS, verdict.SILENCE]
    return [Packet(USER, 1, (65_530 + n) & 0xFFFF, 960 * n, frames[n], 0, 0, 0) for n in numbers]


def coverage(stored: int, lost: int = 0, **dropped: int) -> Coverage:
    outcomes = Counter({Outcome.HEARD: stored} | {Outcome(name): count for name, count in dropped.items()})
    return Coverage(USER, outcomes, lost, stored)


def speech(counts: Counts) -> verdict.Speech:
    return verdict.Speech(HASHES, HASHES, counts)


WHOLE = speech(way())
LOSSY = speech(way(3, 20, noticeable_losses=1, doubled=2))
"""The fourth packet and the closing silence are lost; two others come twice."""
LATE = [0, 2, 1, *range(4, 20)]


def test_a_call_in_which_all_is_well() -> None:
    assert WHOLE.faults() == []
    assert verdict.of_client(WHOLE, HASHES, in_order=True) == []
    assert verdict.of_bot(WHOLE, journal(*range(21)), coverage(21), in_order=True) == []


def test_a_lossy_call_in_which_all_is_well() -> None:
    heard = [HASHES[number] for number in LATE]
    assert verdict.of_client(LOSSY, [*heard, heard[0]], in_order=False) == []
    assert verdict.of_bot(LOSSY, journal(*LATE), coverage(19, lost=1, duplicate=2), in_order=False) == []


def test_the_speaker_must_send_what_it_was_given() -> None:
    assert replace(WHOLE, sent=HASHES[1:]).faults()
    assert replace(WHOLE, way=replace(way(), withheld=1)).faults()


@pytest.mark.parametrize(
    "heard",
    [
        [],
        HASHES[1:],
        HASHES[:-1],
        [HASHES[1], HASHES[0], *HASHES[2:]],
        [*HASHES, HASHES[-1]],
        [*HASHES[:5], digest(b"other"), *HASHES[5:]],
        [digest(b"other"), *HASHES[1:]],
    ],
    ids=["nothing", "no first", "no last", "swapped", "doubled", "one more", "another"],
)
def test_a_client_must_hear_what_was_sent_in_order(heard: list[str]) -> None:
    assert verdict.of_client(WHOLE, heard, in_order=True)


def test_a_client_may_take_padding_for_sound() -> None:
    padding = digest(rtp.padding(200))
    assert verdict.of_client(WHOLE, [HASHES[0], padding, *HASHES[1:]], in_order=True) == []


def test_a_client_may_drop_a_few_packets_at_a_key_change_and_no_others() -> None:
    of_client = partial(verdict.of_client, WHOLE, in_order=True, key_change_loss=5)
    few = [*HASHES[:2], *HASHES[7:9], *HASHES[10:]]
    assert of_client(few, key_changes=2) == []
    assert verdict.missing(WHOLE, few) == 6
    assert of_client(few, key_changes=1)
    assert of_client([*HASHES[:2], *HASHES[8:]], key_changes=2)
    assert of_client(few[::-1], key_changes=2)
    assert of_client([*few, digest(b"other")], key_changes=2)


@pytest.mark.parametrize("numbers", [LATE[:-1], [*LATE, 3], [5, *LATE], LATE[1:]])
def test_a_lossy_network_excuses_exactly_the_lost_packets(numbers: list[int]) -> None:
    stored = journal(*numbers)
    accounts = coverage(len(stored), lost=1, duplicate=21 - len(stored))
    assert verdict.of_bot(LOSSY, stored, accounts, in_order=False)


@pytest.mark.parametrize("numbers", [[], range(20), range(1, 21), [1, 0, *range(2, 21)], [0, *range(21)]])
def test_the_bot_must_store_what_was_sent_in_order(numbers: list[int]) -> None:
    assert verdict.of_bot(WHOLE, journal(*numbers), coverage(21), in_order=True)


@pytest.mark.parametrize(
    "accounts",
    [coverage(20), coverage(21, lost=1), coverage(21, duplicate=1), coverage(20, undecryptable=1)],
    ids=["one unaccounted", "a loss that was none", "one too many", "one dropped"],
)
def test_the_bot_must_account_for_every_packet(accounts: Coverage) -> None:
    assert verdict.of_bot(WHOLE, journal(*range(21)), accounts, in_order=True)


def test_the_bot_must_count_what_was_lost() -> None:
    stored = journal(*LATE)
    assert verdict.of_bot(LOSSY, stored, coverage(19, lost=0, duplicate=2), in_order=False)
    assert verdict.of_bot(LOSSY, stored, coverage(19, lost=2, duplicate=2), in_order=False)


def test_a_lossy_network_must_have_done_its_part() -> None:
    [sentence] = verdict.of_bot(WHOLE, journal(*range(21)), coverage(21), in_order=False)
    assert "too kind" in sentence
