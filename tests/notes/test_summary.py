"""The summariser on meetings written by hand, most without full stops, which many engines do not write."""

from hypothesis import given

from notetaker.model.transcript import Transcript
from notetaker.notes import citations
from notetaker.notes.summary import summarise
from tests.notes.builders import ADA, BEN, CHLOE, Said, said, transcript
from tests.notes.strategies import meetings, speech

MEETING = (
    said(ADA, 0, 3, "good morning everyone and thank you for coming"),
    said(ADA, 3, 6, "the question is when we open the new website"),
    said(BEN, 6, 9, "last week we tested the payment system with real customers"),
    said(CHLOE, 9, 12, "more than two hundred people tried the new system last week"),
    said(BEN, 12, 13, "that is good to hear"),
    said(ADA, 14, 18, "so we decided to open the new website on the first of march"),
    said(BEN, 18, 21, "i will send the final report to all of you by friday"),
    said(ADA, 22, 25, "chloe will call the customers on tuesday"),
    said(CHLOE, 26, 28, "that sounds good to me"),
)


def utterance_id(one: Said) -> str:
    return one[0].id


def test_a_meeting_becomes_summary_decisions_and_action_items() -> None:
    notes = summarise(transcript(*MEETING))
    assert [item.text for item in notes.summary] == [
        "Ada: The question is when we open the new website.",
        "Ben: Last week we tested the payment system with real customers.",
        "Chloe: More than two hundred people tried the new system last week.",
    ]
    assert [item.text for item in notes.decisions] == [
        "Ada: So we decided to open the new website on the first of March."
    ]
    assert [item.text for item in notes.actions] == [
        "Ben: I will send the final report to all of you by Friday.",
        "Ada: Chloe will call the customers on Tuesday.",
    ]
    assert notes.made_by == "extractive summariser"


def test_every_item_cites_the_utterance_it_was_said_in() -> None:
    notes = summarise(transcript(*MEETING))
    assert notes.decisions[0].cites == (utterance_id(MEETING[5]),)
    assert [item.cites for item in notes.actions] == [
        (utterance_id(MEETING[6]),),
        (utterance_id(MEETING[7]),),
    ]


def test_courtesies_are_no_summary() -> None:
    notes = summarise(transcript(MEETING[0], MEETING[4], MEETING[8]))
    assert notes.summary == notes.decisions == notes.actions == ()


def test_an_empty_meeting_has_empty_notes() -> None:
    notes = summarise(transcript())
    assert notes.summary == notes.decisions == notes.actions == ()


def test_sound_without_words_is_not_summarised() -> None:
    notes = summarise(transcript(said(ADA, 0, 3, "", error="the budget report customers could not be heard")))
    assert notes.summary == ()


def test_a_sentence_left_hanging_in_a_pause_is_made_whole() -> None:
    first, other, rest = (
        said(ADA, 0, 2, "we decided to"),
        said(BEN, 2, 3, "yes"),
        said(ADA, 4, 6, "keep the old website"),
    )
    (decision,) = summarise(transcript(first, other, rest)).decisions
    assert decision.text == "Ada: We decided to keep the old website."
    assert decision.cites == (utterance_id(first), utterance_id(rest))


def test_a_sentence_is_not_completed_by_what_comes_much_later() -> None:
    first, rest = said(ADA, 0, 2, "we decided to"), said(ADA, 30, 32, "keep the old website")
    (decision,) = summarise(transcript(first, rest)).decisions
    assert decision.cites == (utterance_id(first),)


def test_of_punctuated_text_only_the_sentence_is_taken() -> None:
    line = said(ADA, 0, 9, "Good point, Ben. We agreed to wait. Who is next? I'll write the report.")
    notes = summarise(transcript(line))
    assert [item.text for item in notes.decisions] == ["Ada: We agreed to wait."]
    assert [item.text for item in notes.actions] == ["Ada: I'll write the report."]


def test_a_monologue_is_cut_around_what_was_decided() -> None:
    before, after = " ".join(["talk"] * 50), " ".join(["more"] * 50)
    (decision,) = summarise(transcript(said(ADA, 0, 60, f"{before} we decided to wait {after}"))).decisions
    assert decision.text.startswith("Ada: … talk talk talk talk we decided to wait more more")
    assert decision.text.endswith("more …")
    assert len(decision.text.split()) < 36


def test_two_tasks_in_a_monologue_are_two_items() -> None:
    filler = " ".join(["talk"] * 50)
    line = said(ADA, 0, 60, f"i will write the report {filler} i will call the bank {filler}")
    assert len(summarise(transcript(line)).actions) == 2


def test_what_is_said_twice_is_noted_once() -> None:
    notes = summarise(
        transcript(said(ADA, 0, 2, "we decided to wait"), said(ADA, 9, 11, "we decided to wait"))
    )
    assert len(notes.decisions) == 1


def test_the_summary_of_a_long_meeting_stays_short() -> None:
    lines = [said(ADA, i, i + 1, f"the budget of project {i} needs another review") for i in range(400)]
    assert len(summarise(transcript(*lines)).summary) <= 6


def bare(text: str) -> str:
    """Return ``text`` without what the notes add: capitals, a last full stop, marks of a cut."""
    return " ".join(text.lower().replace("…", " ").removesuffix(".").split())


@given(meetings(texts=speech))
def test_every_item_is_made_of_the_words_of_the_utterances_it_cites(meeting: Transcript) -> None:
    notes = summarise(meeting)
    citations.check(notes, meeting)
    lines = {line.utterance_id: line for line in meeting.lines}
    for item in (*notes.summary, *notes.decisions, *notes.actions):
        cited = [lines[cite] for cite in item.cites]
        speaker = cited[0].speaker
        assert item.text.startswith(f"{speaker}: ")
        assert {line.user_id for line in cited} == {cited[0].user_id}
        assert bare(item.text[len(speaker) + 2 :]) in bare(" ".join(line.text for line in cited))


@given(meetings())
def test_the_same_meeting_gives_the_same_notes(meeting: Transcript) -> None:
    notes = summarise(meeting)
    citations.check(notes, meeting)
    assert summarise(meeting) == notes
