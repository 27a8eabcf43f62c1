"""Minutes of whatever an engine may make of speech: any script, torn words, text that no encoding takes."""

from hypothesis import example, given
from hypothesis import strategies as st

from notetaker.model.minutes import Minutes, PartMinutes
from notetaker.model.transcript import Transcript
from notetaker.notes.minutes.builtin import BuiltIn
from notetaker.notes.minutes.check import check
from notetaker.notes.minutes.joining import join
from notetaker.notes.minutes.making import make, sum_up
from notetaker.notes.minutes.parts import parts
from notetaker.notes.render import render_message, render_transcript
from tests.notes.builders import ADA, BEN, said, transcript
from tests.notes.strategies import foreign, meetings

BUILT_IN = BuiltIn()
PIECES = (
    "we decided",
    "we'll go with",
    "I'll send",
    "by Friday",
    "so the",
    "okay",
    "let's not",
    "E-mail-server",
    "Fine-tuning the model",
    "-mail",
    "co-",
    "- - -",
    "--",
    "'s",
    "'",
    "L_C_D_",
    "1,000.50",
    "twenty-first",
    "İstanbul'da",
    "ığdır",
    "I\u0307",
    "ß",
    "\u0130\u0307",
    "👩‍👩‍👧",
    "\ud800",
    "\udfff",
    "\u200d",
    "\x00",
    "\u2028",
    "你好我们决定",
    "سنقرر",
    "?",
    ".",
    "...",
    ",",
    "(",
    "[",
    "<",
)
speech = st.one_of(
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=40).map(" ".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join),
    st.text(max_size=80),
    foreign,
)


@given(meetings(speech, lines=40), st.sampled_from(["en", "de", "tr", "ja"]))
@example(transcript(said(ADA, 0, 300, "we decided " * 5000), said(BEN, 300, 600, "Yeah okay. " * 5000)), "en")
@example(
    transcript(said(ADA, 0, 300, "a" * 5000), said(BEN, 300, 600, "We'll send the " + "-x" * 5000)), "en"
)
@example(transcript(said(ADA, 0, 9, "ığdır we decided by Friday we decided I'll send")), "en")
@example(transcript(said(ADA, 0, 3, ""), said(BEN, 4, 9, "  ")), "en")
def test_whatever_is_said_there_are_notes(spoken: Transcript, language: str) -> None:
    cut = parts(spoken.lines, tuple(spoken.speakers.values()), language, ended=True)
    made: list[PartMinutes] = []
    for part in cut:
        minutes = make(part, BUILT_IN, BUILT_IN)
        assert minutes.fell_back is None, "the writer has failed"
        assert not check(part, minutes.items).fallen
        made.append(minutes)
    summary = sum_up(cut, made, BUILT_IN, BUILT_IN)
    assert summary.fell_back is None
    notes: Minutes = join(made, summary)
    assert len(render_message(notes, spoken)) <= 2000
    assert render_transcript(spoken, notes)
