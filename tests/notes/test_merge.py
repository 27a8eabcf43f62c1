from dataclasses import replace

from notetaker.model.transcript import Line
from notetaker.model.vocabulary import Entry
from tests.notes.builders import ADA, BEN, CHLOE, MEETING, at, gap, heard, said, transcript


def test_lines_are_in_time_order_whoever_spoke() -> None:
    merged = transcript(said(BEN, 3, 5, "second"), said(ADA, 0, 4, "first"), said(ADA, 6, 7, "third"))
    assert [(line.speaker, line.text) for line in merged.lines] == [
        ("Ada", "first"),
        ("Ben", "second"),
        ("Ada", "third"),
    ]


def test_a_line_says_where_it_comes_from() -> None:
    utterance, transcription = said(ADA, 1, 2.5, " good morning ")
    assert transcript((utterance, transcription)).lines == (
        Line(utterance.id, ADA, "Ada", at(1), at(2.5), "good morning", None),
    )


def test_what_is_misheard_is_corrected_and_counted() -> None:
    heard_as = Entry("Kubernetes", "Cooper Netties")
    one, other = said(ADA, 0, 1, "cooper netties is down"), said(BEN, 2, 3, "Cooper Netties?")
    merged = transcript(one, other, vocabulary=(heard_as, Entry("Zyx")))
    assert [line.text for line in merged.lines] == ["Kubernetes is down", "Kubernetes?"]
    assert merged.corrected == {heard_as: 2}
    assert merged.spellings == ("Kubernetes", "Zyx")


def test_people_who_speak_at_the_same_time_keep_their_own_lines() -> None:
    merged = transcript(said(BEN, 1, 3, "at once"), said(ADA, 1, 3, "both"), said(CHLOE, 0, 2, "before"))
    assert [line.text for line in merged.lines] == ["before", "both", "at once"]


def test_lines_that_begin_at_the_same_time_are_in_the_order_of_their_recording() -> None:
    places = [(2, 900), (10, 24), (2, 1000), (2, 24)]
    one, words = said(ADA, 1, 3, "")
    utterances = [
        replace(one, clip=replace(one.clip, segment=segment, start_offset=start), ended_ns=at(3 + number))
        for number, (segment, start) in enumerate(places)
    ]
    merged = transcript(*((one, replace(words, text=one.id)) for one in utterances))
    assert [line.text for line in merged.lines] == [utterances[number].id for number in (3, 0, 2, 1)]


def test_the_order_in_which_they_were_transcribed_does_not_matter() -> None:
    lines = [said(ADA, 0, 2, "a"), said(BEN, 0, 2, "b"), said(CHLOE, 1, 2, "c")]
    assert transcript(*lines) == transcript(*reversed(lines))


def test_an_utterance_without_words_is_left_out_and_a_failed_one_is_not() -> None:
    merged = transcript(said(ADA, 0, 1, "  "), said(ADA, 2, 3, "", error="The engine stopped."))
    assert [(line.text, line.error) for line in merged.lines] == [("", "The engine stopped.")]


def test_a_speaker_without_a_name_is_called_unknown() -> None:
    merged = transcript(said(ADA, 0, 1, "hello"), said(BEN, 1, 2, "hi"), names={ADA: " "})
    assert [line.speaker for line in merged.lines] == ["Unknown speaker (id 101)", "Unknown speaker (id 102)"]


def test_everyone_heard_or_seen_is_a_speaker_but_streams_that_nobody_claimed_are_not() -> None:
    merged = transcript(
        said(ADA, 0, 1, "hi"), names={BEN: "Ben"}, coverage=(heard(CHLOE, 3), heard(0, 0, held_too_long=4))
    )
    assert merged.speakers == {
        ADA: "Unknown speaker (id 101)",
        BEN: "Ben",
        CHLOE: "Unknown speaker (id 103)",
    }
    assert [part.user_id for part in merged.coverage] == [0, CHLOE]


def test_gaps_are_in_time_order() -> None:
    merged = transcript(gaps=(gap(9, 10), gap(3, 4)))
    assert [one.started_ns for one in merged.gaps] == [at(3), at(9)]
    assert merged.meeting == MEETING
