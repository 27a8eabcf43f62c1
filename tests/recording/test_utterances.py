import random

from notetaker.model.utterance import Clip, Utterance
from notetaker.recording.utterances import Cutter
from tests.recording.sounds import SILENCE

MS = 1_000_000
SPEECH = b"s" * 100
SSRC = 70


class Tape:
    """Feeds a cutter; a record takes 100 bytes here, so that offsets tell the packet's number."""

    def __init__(self) -> None:
        self.cutter = Cutter("m", 1)
        self.cutter.name_speaker(7, SSRC)
        self.count = 0

    def packet(self, at_ms: int, opus: bytes = SPEECH, ssrc: int = SSRC) -> None:
        self.cutter.add(ssrc, opus, at_ms * MS, 100 * self.count, 100 * self.count + 100)
        self.count += 1

    def speak(self, start_ms: int, end_ms: int, opus: bytes = SPEECH, ssrc: int = SSRC) -> None:
        for at_ms in range(start_ms, end_ms, 20):
            self.packet(at_ms, opus, ssrc)

    def end(self) -> list[Utterance]:
        self.cutter.close()
        return self.cutter.take()


def spans(utterances: list[Utterance]) -> list[tuple[int, int]]:
    return [(utterance.started_ns // MS, utterance.ended_ns // MS) for utterance in utterances]


def test_a_run_of_speech_is_one_utterance() -> None:
    tape = Tape()
    tape.speak(1000, 2000)
    assert tape.end() == [Utterance("m", 7, Clip(1, 0, 5000, SSRC), 1000 * MS, 2000 * MS, 50)]


def test_a_pause_of_800_ms_ends_it_and_a_shorter_one_does_not() -> None:
    tape = Tape()
    for at_ms in (0, 799, 1599):
        tape.packet(at_ms)
    assert spans(tape.end()) == [(0, 819), (1599, 1619)]


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


def test_a_monologue_is_cut_at_the_smallest_packet_of_its_last_5_s() -> None:
    tape = Tape()
    tape.speak(0, 20_000)
    tape.packet(20_000, b"tiny")  # smaller yet, but too early
    tape.speak(20_020, 27_000)
    tape.packet(27_000, b"small")
    tape.speak(27_020, 40_000)
    assert spans(tape.end()) == [(0, 27_020), (27_020, 40_000)]


def test_a_monologue_at_a_constant_bit_rate_is_cut_at_30_s() -> None:
    tape = Tape()
    tape.speak(0, 70_000)
    assert spans(tape.end()) == [(0, 30_000), (30_000, 60_000), (60_000, 70_000)]


def test_a_cut_in_silence_leaves_the_silence_out() -> None:
    tape = Tape()
    tape.speak(0, 26_000)
    tape.packet(26_000, b"\xf8")  # the smallest
    tape.speak(26_020, 26_400, SILENCE)
    tape.speak(26_400, 31_000)
    assert [(u.started_ns // MS, u.packets) for u in tape.end()] == [(0, 1300), (26_400, 230)]


def test_a_cut_behind_which_only_silence_came_leaves_nothing_over() -> None:
    tape = Tape()
    tape.speak(0, 29_500)
    tape.packet(29_500, b"\xf8")
    tape.speak(29_520, 30_100, SILENCE)
    assert spans(tape.end()) == [(0, 29_500)]


def test_reordered_packets_stay_in_their_utterance() -> None:
    tape = Tape()
    order = list(range(0, 2000, 20))
    random.Random(5).shuffle(order)
    for at_ms in order:
        tape.packet(at_ms)
    (utterance,) = tape.end()
    assert (utterance.packets, *spans([utterance])[0]) == (100, 0, 2000)


def test_a_tick_brings_out_what_can_get_nothing_more() -> None:
    tape = Tape()
    tape.packet(0)
    tape.cutter.tick(2799 * MS)
    assert tape.cutter.take() == []
    tape.cutter.tick(2800 * MS)
    assert spans(tape.cutter.take()) == [(0, 20)]
    assert tape.cutter.earliest(SSRC) == 800 * MS  # what arrived before would have belonged to it
    assert tape.cutter.earliest(999) == 0


def test_what_ended_comes_out_once() -> None:
    tape = Tape()
    tape.packet(0)
    assert len(tape.end()) == 1
    assert tape.end() == []


def test_the_id_names_where_the_sound_begins() -> None:
    tape = Tape()
    tape.packet(0, SILENCE)
    tape.packet(20)
    (utterance,) = tape.end()
    assert utterance.id == "m.1.70.100"
