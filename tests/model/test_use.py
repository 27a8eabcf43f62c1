from collections import Counter

from notetaker.model.outcome import Coverage, Outcome
from notetaker.model.use import Use, uses
from notetaker.model.utterance import Clip, Transcription, Utterance

ADA, BEN, UNKNOWN = 1, 2, 0
TEXT = Transcription("hello", "e")


def utterance(user_id: int, packets: int, number: int = 0) -> Utterance:
    return Utterance("m", user_id, Clip(1, number, number + 1, user_id), 0, 0, packets)


def stored(user_id: int, packets: int) -> Coverage:
    return Coverage(user_id, Counter({Outcome.HEARD: packets}), stored=packets)


def test_every_stored_packet_has_one_use() -> None:
    texts = {
        Use.TRANSCRIBED: TEXT,
        Use.NO_SPEECH: Transcription("", "e", speech_s=0.0),
        Use.FAILED: Transcription("", "e", error="No."),
        Use.WAITING: None,
    }
    said = [(utterance(ADA, 10**number, number), text) for number, text in enumerate(texts.values())]
    assert uses([stored(ADA, 2000)], said)[ADA] == {
        Use.TRANSCRIBED: 1,
        Use.NO_SPEECH: 10,
        Use.FAILED: 100,
        Use.WAITING: 1000,
        Use.UNDECODABLE: 0,
        Use.QUIET: 889,
    }


def test_of_an_utterance_only_what_can_be_decoded_reaches_an_engine() -> None:
    said = [
        (utterance(ADA, 10, 1), Transcription("", "e", speech_s=0.5, undecodable=4)),
        (utterance(ADA, 5, 2), Transcription("", "e", speech_s=0.0, undecodable=5)),
    ]
    assert +uses([stored(ADA, 15)], said)[ADA] == {Use.TRANSCRIBED: 6, Use.UNDECODABLE: 9}


def test_what_is_no_opus_is_in_no_utterance_and_not_quiet() -> None:
    one = Coverage(ADA, Counter({Outcome.HEARD: 15}), stored=15, no_opus=4)
    said = [(utterance(ADA, 10), Transcription("", "e", speech_s=0.5, undecodable=1))]
    assert +uses([one], said)[ADA] == {Use.TRANSCRIBED: 9, Use.UNDECODABLE: 5, Use.QUIET: 1}


def test_speakers_do_not_mix_and_the_unknown_one_counts() -> None:
    counts = uses(
        [stored(UNKNOWN, 7), stored(ADA, 9)], [(utterance(BEN, 3), TEXT), (utterance(UNKNOWN, 5), TEXT)]
    )
    assert {user_id: +counter for user_id, counter in counts.items()} == {
        UNKNOWN: {Use.TRANSCRIBED: 5, Use.QUIET: 2},
        ADA: {Use.QUIET: 9},
        BEN: {Use.TRANSCRIBED: 3},
    }
