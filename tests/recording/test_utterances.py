import random

import pytest

from notetaker.model.utterance import Clip, Utterance
from notetaker.recording.utterances import MOMENT, Cutter
from tests.recording.sounds import SILENCE

MS = 1_000_000
SPEECH = b"\xf8" * 100
SSRC = 70


class Tape:
    """Feeds a cutter; a record takes 100 bytes here, so that offsets tell the packet's number."""

    def __init__(self) -> None:
        self.utterances: list[Utterance] = []
        self.cutter = Cutter("m", 1, self.utterances.append)
        self.cutter.name_speaker(7, SSRC)
        self.count = 0

    def packet(
        self,
        at_ms: int,
        opus: bytes = SPEECH,
        ssrc: int = SSRC,
        *,
        said_ms: int | None = None,
        sequence: int | None = None,
    ) -> None:
        """It arrives at ``at_ms``; unless something else is given, it was said then, and after those before it."""
        timestamp = 48 * (at_ms if said_ms is None else said_ms)
        sequence = self.count if sequence is None else sequence
        offset = 100 * self.count
        self.cutter.add(ssrc, opus, sequence % 2**16, timestamp % 2**32, at_ms * MS, offset, offset + 100)
        self.count += 1

    def speak(self, start_ms: int, end_ms: int, opus: bytes = SPEECH, ssrc: int = SSRC) -> None:
        for at_ms in range(start_ms, end_ms, 20):
            self.packet(at_ms, opus, ssrc)

    def end(self) -> list[Utterance]:
        self.cutter.close()
        return self.taken()

    def taken(self) -> list[Utterance]:
        """What has ended since the last call."""
        taken, self.utterances[:] = self.utterances[:], []
        return taken


def spans(utterances: list[Utterance]) -> list[tuple[int, int]]:
    return [(round(utterance.started_ns / MS), round(utterance.ended_ns / MS)) for utterance in utterances]


def test_a_run_of_speech_is_one_utterance() -> None:
    tape = Tape()
    tape.speak(1000, 2000)
    assert tape.end() == [Utterance("m", 7, Clip(1, 0, 5000, SSRC), 1000 * MS, 2000 * MS, 50)]


def test_a_pause_of_800_ms_ends_it_and_a_shorter_one_does_not() -> None:
    tape = Tape()
    for start_ms in (0, 879, 1759):
        tape.speak(start_ms, start_ms + 100)
    assert spans(tape.end()) == [(0, 979), (1759, 1859)]


def test_a_stall_is_no_pause_unless_it_lasts_for_two_and_a_half_seconds() -> None:
    tape = Tape()
    tape.speak(0, 100)
    for said_ms in range(100, 2560, 20):
        tape.packet(2579, said_ms=said_ms)
    for said_ms in range(2560, 5080, 20):
        tape.packet(5079, said_ms=said_ms)
    tape.speak(5080, 5200)
    first, second = spans(tape.end())
    assert first == pytest.approx((0, 2560), abs=2)
    assert second == pytest.approx((2560, 5200), abs=2)


def test_a_sender_whose_clock_stands_still_in_a_pause_ends_after_two_and_a_half_seconds() -> None:
    tape = Tape()
    for start_ms, said_ms in ((0, 0), (2579, 100), (5159, 200)):
        for at_ms in range(0, 100, 20):
            tape.packet(start_ms + at_ms, said_ms=said_ms + at_ms)
    assert spans(tape.end()) == [(0, 2679), (5159, 5259)]


def test_silence_frames_and_dtx_are_a_pause_too() -> None:
    for quiet in (SILENCE, b"\xf8", b"\x08\x00"):
        tape = Tape()
        tape.speak(0, 100)
        tape.speak(100, 900, quiet)
        tape.speak(900, 1000)
        assert spans(tape.end()) == [(0, 100), (900, 1000)]


def test_a_short_silence_stays_inside() -> None:
    tape = Tape()
    tape.speak(0, 100)
    tape.speak(100, 200, SILENCE)
    tape.speak(200, 300)
    (utterance,) = tape.end()
    assert utterance.packets == 15


def test_closing_silence_is_no_part_of_it() -> None:
    tape = Tape()
    tape.speak(0, 100)
    tape.speak(100, 200, SILENCE)
    (utterance,) = tape.end()
    assert (utterance.packets, utterance.clip.end_offset, utterance.ended_ns) == (5, 500, 100 * MS)


def test_only_silence_is_no_utterance() -> None:
    tape = Tape()
    tape.speak(0, 5000, SILENCE)
    assert tape.end() == []


def test_one_who_leaves_has_ended() -> None:
    tape = Tape()
    tape.packet(0)
    tape.cutter.end_speaker(SSRC)
    tape.packet(20)
    assert spans(tape.end()) == [(0, 20), (20, 40)]


def test_an_ssrc_that_goes_to_another_user_begins_anew() -> None:
    tape = Tape()
    tape.packet(0)
    tape.cutter.name_speaker(7, SSRC)  # says nothing new
    tape.packet(20)
    tape.cutter.name_speaker(8, SSRC)
    tape.packet(40)
    assert [(u.user_id, u.packets) for u in tape.end()] == [(7, 2), (8, 1)]


def test_speakers_do_not_disturb_each_other() -> None:
    tape = Tape()
    tape.cutter.name_speaker(8, 80)
    for at_ms in range(0, 2000, 20):
        tape.packet(at_ms)
        tape.packet(at_ms, ssrc=80)
    assert [(u.user_id, u.packets, u.clip.ssrc) for u in tape.end()] == [(7, 100, 70), (8, 100, 80)]


DTX = b"\xf8"
NOISE = b"\xf8" * 12
"""One packet of it stands between twenty of DTX, as libopus 1.3.1 writes them."""


@pytest.mark.parametrize("quiet", [SILENCE, DTX])
def test_a_marked_pause_of_500_ms_ends_it_and_a_shorter_one_does_not(quiet: bytes) -> None:
    tape = Tape()
    for start_ms in (0, 540, 1120):
        tape.speak(start_ms, start_ms + 100)
        tape.speak(start_ms + 100, start_ms + 160, quiet)
    assert spans(tape.end()) == [(0, 640), (1120, 1220)]


@pytest.mark.parametrize("arrived", [0, 1, 2])
def test_of_a_mark_three_packets_must_arrive(arrived: int) -> None:
    tape = Tape()
    tape.speak(0, 100)
    tape.speak(100, 100 + 20 * arrived, SILENCE)
    tape.speak(850, 950)
    assert spans(tape.end()) == [(0, 950)]


def test_a_breath_does_not_end_a_sentence_of_a_sender_with_dtx() -> None:
    """It stops to send sound 200 ms after the speech, so that a breath of 600 ms is 400 ms here."""
    tape = Tape()
    tape.speak(0, 1000)
    tape.speak(1000, 1400, DTX)
    tape.speak(1400, 2400)
    assert spans(tape.end()) == [(0, 2400)]


def test_background_noise_between_dtx_is_no_speech() -> None:
    tape = Tape()
    tape.speak(0, 1000)
    for pause_ms in range(1000, 10_000, 420):
        tape.speak(pause_ms, pause_ms + 400, DTX)
        tape.packet(pause_ms + 400, NOISE)
    tape.speak(10_260, 10_660, DTX)
    tape.speak(10_660, 11_660)
    assert spans(tape.end()) == [(0, 1000), (10_660, 11_660)]


def test_a_word_that_follows_such_noise_begins_with_it() -> None:
    tape = Tape()
    tape.speak(0, 100)
    tape.speak(100, 900, SILENCE)
    tape.packet(900, NOISE)
    tape.speak(920, 1000)
    _, word = tape.end()
    assert word.started_ns == 900 * MS


def test_it_begins_with_the_quiet_packets_of_the_300_ms_before_its_speech() -> None:
    tape = Tape()
    tape.speak(0, 1000, SILENCE)
    tape.speak(1000, 1100)
    (utterance,) = tape.end()
    assert (utterance.clip.start_offset, utterance.packets) == (3500, 20)
    assert spans([utterance]) == [(1000, 1100)], "the pre-roll is no part of its time"


def test_pre_roll_never_reaches_into_the_utterance_before() -> None:
    tape = Tape()
    tape.cutter.name_speaker(7, SSRC)
    tape.speak(0, 100)
    tape.cutter.end_speaker(SSRC)
    tape.speak(100, 160, SILENCE)
    tape.speak(160, 200)
    assert [(u.clip.start_offset, u.clip.end_offset) for u in tape.end()] == [(0, 500), (500, 1000)]


def test_a_new_owner_of_an_ssrc_has_no_pre_roll_of_the_old_one() -> None:
    tape = Tape()
    tape.speak(0, 100, SILENCE)
    tape.cutter.name_speaker(8, SSRC)
    tape.packet(100)
    (utterance,) = tape.end()
    assert utterance.id == "m.1.70.500"


def test_a_monologue_is_cut_at_the_quietest_moment_between_20_and_28_s() -> None:
    tape = Tape()
    tape.speak(0, 19_000)
    tape.speak(19_000, 19_200, b"tiny")  # smaller yet, but too early
    tape.speak(19_200, 24_000)
    tape.speak(24_000, 24_020 + 20 * (MOMENT - 1), b"\xf8mall")
    tape.speak(24_100, 26_000)
    tape.packet(26_000, b"tiny")  # smaller yet, but within a word
    tape.speak(26_020, 40_000)
    assert spans(tape.end()) == [(0, 24_060), (24_060, 40_000)]


def test_a_monologue_is_cut_at_silence_before_small_packets() -> None:
    tape = Tape()
    tape.speak(0, 22_000)
    tape.speak(22_000, 22_200, SILENCE)
    tape.speak(22_200, 26_000)
    tape.speak(26_000, 26_500, b"tiny")
    tape.speak(26_500, 30_000)
    first, second = tape.end()
    assert spans([first, second]) == [(0, 22_000), (22_200, 30_000)]
    assert first.clip.end_offset == second.clip.start_offset, "the silence is the second one's pre-roll"


def test_a_monologue_at_a_constant_bit_rate_is_cut_late() -> None:
    tape = Tape()
    tape.speak(0, 70_000)
    assert spans(tape.end()) == [(0, 27_960), (27_960, 55_920), (55_920, 70_000)]


def test_sound_that_arrives_all_at_once_is_cut_by_its_length() -> None:
    tape = Tape()
    for _ in range(3000):
        tape.packet(1000)
    assert [u.packets for u in tape.end()] == [1398, 1398, 204]


def test_packets_of_60_ms_are_cut_by_their_length() -> None:
    tape = Tape()
    sixty = b"\x18" + bytes(200)  # SILK, 60 ms (RFC 6716 table 2)
    for number in range(1000):
        tape.packet(60 * number, sixty)
    utterances = tape.end()
    assert [u.packets for u in utterances] == [465, 465, 70]
    assert spans(utterances)[-1] == (930 * 60, 60_000)


def test_a_cut_in_silence_leaves_the_silence_out() -> None:
    tape = Tape()
    tape.speak(0, 26_000)
    tape.packet(26_000, b"\xf8")  # the smallest
    tape.speak(26_020, 26_400, SILENCE)
    tape.speak(26_400, 31_000)
    first, second = tape.end()
    assert spans([first, second]) == [(0, 26_000), (26_400, 31_000)]
    assert first.packets == 1300


def test_a_cut_behind_which_only_silence_came_leaves_nothing_over() -> None:
    tape = Tape()
    tape.speak(0, 27_500)
    tape.speak(27_500, 28_100, SILENCE)
    assert spans(tape.end()) == [(0, 27_500)]


def test_reordered_packets_stay_in_their_utterance() -> None:
    tape = Tape()
    chance = random.Random(5)
    arrivals = sorted((said_ms + chance.choice((0, 0, 70)), said_ms) for said_ms in range(0, 2000, 20))
    for at_ms, said_ms in arrivals:
        tape.packet(at_ms, said_ms=said_ms, sequence=said_ms // 20)
    (utterance,) = tape.end()
    assert utterance.packets == 100
    assert spans([utterance])[0] == (0, 2000)


@pytest.mark.parametrize(("marked", "ends_ms"), [(True, 500), (False, 2500)])
def test_a_tick_brings_it_out_as_soon_as_it_has_ended(marked: bool, ends_ms: int) -> None:
    tape = Tape()
    tape.packet(0)
    tape.speak(20, 120 if marked else 60, SILENCE)
    tape.cutter.tick((ends_ms - 1) * MS)
    assert tape.taken() == []
    tape.cutter.tick(ends_ms * MS)
    assert spans(tape.taken()) == [(0, 20)]
    assert tape.cutter.earliest(SSRC) == ends_ms * MS  # what arrived before would have belonged to it
    assert tape.cutter.earliest(999) == 0


def test_what_ended_comes_out_once() -> None:
    tape = Tape()
    tape.packet(0)
    assert len(tape.end()) == 1
    assert tape.end() == []


def test_the_id_names_where_the_sound_begins() -> None:
    tape = Tape()
    tape.packet(0, SILENCE)
    tape.packet(400)
    (utterance,) = tape.end()
    assert utterance.id == "m.1.70.100"
