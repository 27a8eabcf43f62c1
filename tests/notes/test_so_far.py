"""What is shown of a meeting that goes on."""

from dataclasses import replace

from hypothesis import given

from notetaker.model.minutes import Item, Kind, Minutes, PartMinutes
from notetaker.model.transcript import Transcript
from notetaker.notes.markdown import length
from notetaker.notes.render import MESSAGE_LIMIT
from notetaker.notes.so_far import NOTHING_YET, render_so_far
from tests.notes.builders import ADA, MEETING, SECOND, START, at, said, transcript
from tests.notes.strategies import meetings

RUNNING = replace(MEETING, ended_ns=None)


def with_decisions(spoken: Transcript, title: str = "") -> Minutes:
    decisions = tuple(
        Item(Kind.DECISION, line.text, (line.utterance_id,)) for line in spoken.lines if line.text
    )
    part = PartMinutes(title, (), START, "model", fell_back="The language model is away.")
    return Minutes("", (), (part,), decisions, (), (), ("model",), 0)


def test_the_latest_items_are_shown_if_not_all_fit() -> None:
    lines = [said(ADA, 10 * i, 10 * i + 5, f"We decided to keep plan {i} of the office.") for i in range(200)]
    spoken = transcript(*lines, meeting=RUNNING)
    shown = render_so_far(with_decisions(spoken), spoken, at(1990), at(2110)).splitlines()
    assert shown[1] == f"-# Started <t:{START // SECOND}:t>. The last 2 minutes are not in yet."
    assert "plan 199" in "\n".join(shown)
    number = sum("We decided" in line for line in shown)
    assert shown[3] == f"- {200 - number} earlier …"
    assert shown[-1] == "-# 1 of 1 part by the built-in writer: The language model is away."


def test_what_is_missing_is_a_minute_at_least() -> None:
    spoken = transcript(meeting=RUNNING)
    shown = render_so_far(Minutes("", (), (), (), (), (), (), 0), spoken, START, START)
    assert "The last 1 minute is not in yet.\n" + NOTHING_YET in shown
    ended = transcript(meeting=MEETING)
    shown = render_so_far(Minutes("", (), (), (), (), (), (), 0), ended, START, START)
    assert f"ended <t:{START // SECOND + 60}:t>. I'm writing the last 1 minute." in shown


@given(meetings())
def test_whatever_is_said_it_fits_into_a_message(spoken: Transcript) -> None:
    assert length(render_so_far(with_decisions(spoken, "@everyone"), spoken, START, START)) <= MESSAGE_LIMIT
