"""What a trace tells of where an attempt failed, however it is damaged."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.model.failure import Failure, Step
from notetaker.voice.trace import reader
from notetaker.voice.trace.text import described
from notetaker.voice.trace.writer import Tracer

Line = tuple[str, dict[str, Any]]


def line(event: str, **facts: Any) -> Line:
    return event, facts


ASKED = line("op 4", channel=20)
SHOWN = line("VOICE_STATE_UPDATE", channel=20, session="s")
NAMED = line("VOICE_SERVER_UPDATE", endpoint="localhost:2048", token="t")
OPENING = line("websocket opening", endpoint="localhost:2048")
OPEN = line("websocket open")
PAIR = [ASKED, SHOWN, NAMED]
LEFT_BEFORE = [
    line("op 4", channel=None),
    line("VOICE_STATE_UPDATE", channel=None, session="s"),
    line("left"),
]
FAILED = line("end", outcome="It failed.")
UP = line("end", outcome="established in channel 20")


def step(name: str) -> Line:
    return line("step", name=name)


def closed(code: int | None) -> Line:
    return line("websocket closed", code=code)


FAILURES = [
    ([], Step.GATEWAY, None),
    ([ASKED], Step.CREDENTIALS, None),
    ([*LEFT_BEFORE, ASKED], Step.CREDENTIALS, None),
    ([ASKED, SHOWN], Step.VOICE_SERVER_UPDATE, None),
    ([ASKED, SHOWN, line("VOICE_SERVER_UPDATE", endpoint=None, token="t")], Step.VOICE_SERVER_UPDATE, None),
    ([ASKED, NAMED], Step.VOICE_STATE_UPDATE, None),
    ([*PAIR, OPENING, line("websocket failed", reason="refused"), step("ENDED")], Step.CONNECT, None),
    ([*PAIR, OPENING, OPEN, step("IDENTIFY"), closed(4006), step("ENDED")], Step.IDENTIFY, 4006),
    ([*PAIR, OPENING, OPEN, step("IDENTIFY"), closed(None), step("ENDED")], Step.IDENTIFY, 1006),
    ([*PAIR, OPENING, OPEN, step("IDENTIFY"), step("DISCOVER"), step("ENDED")], Step.DISCOVER, None),
]


def recorded(tmp_path: Path, *lines: Line, guild: int = 10) -> reader.Recorded:
    attempt = Tracer(tmp_path).attempt(guild, 20, 1, 3)
    for event, facts in lines:
        attempt.note(event, **facts)
    return reader.latest(tmp_path, 1)[0]


@pytest.mark.parametrize(("lines", "step", "code"), FAILURES)
def test_a_failed_attempt_tells_where(
    lines: list[Line], step: Step, code: int | None, tmp_path: Path
) -> None:
    found = recorded(tmp_path, *lines, FAILED, closed(1000))
    assert found.failure() == Failure(step, code)
    assert not found.established


HANDSHAKE = [*PAIR, OPENING, OPEN, step("IDENTIFY"), step("DISCOVER"), step("ESTABLISHED"), UP]


def test_what_succeeded_has_no_failure(tmp_path: Path) -> None:
    found = recorded(tmp_path, *HANDSHAKE, step("ENDED"), line("ended", reason="we left"))
    assert found.established
    assert found.failure() is None


def test_what_is_under_way_has_no_failure_yet(tmp_path: Path) -> None:
    found = recorded(tmp_path, *PAIR, OPENING)
    assert (found.outcome, found.failure()) == (None, None)


RESUMING = [closed(None), step("RESUME"), line("resuming", delay_s=0.0), OPENING, OPEN]


def test_what_was_resumed_is_no_failure(tmp_path: Path) -> None:
    found = recorded(tmp_path, *HANDSHAKE, *RESUMING, step("ESTABLISHED"), line("resumed"))
    assert found.failure() is None


@pytest.mark.parametrize(
    ("lines", "failure"),
    [
        ([closed(4006), step("ENDED")], Failure(Step.ESTABLISHED, 4006)),
        ([*RESUMING, closed(4006), step("ENDED")], Failure(Step.RESUME, 4006)),
        ([*RESUMING, step("ENDED")], Failure(Step.RESUME)),
        (
            [step("RESUME"), line("resuming", delay_s=0.0), OPENING, line("websocket failed", reason="no")],
            Failure(Step.RESUME),
        ),
    ],
)
def test_a_session_that_was_lost_later_tells_how(lines: list[Line], failure: Failure, tmp_path: Path) -> None:
    assert recorded(tmp_path, *HANDSHAKE, *lines).failure() == failure


def test_the_latest_are_shown_in_order(tmp_path: Path) -> None:
    for guild in (1, 22, 1, 2, 1):
        recorded(tmp_path, guild=guild)
    assert [found.head["guild"] for found in reader.latest(tmp_path, 3)] == [1, 2, 1]
    assert [found.head["guild"] for found in reader.latest(tmp_path, 9, guild_id=2)] == [2]
    assert len(reader.latest(tmp_path, 2, guild_id=1)) == 2


def test_no_folder_means_no_traces(tmp_path: Path) -> None:
    assert reader.latest(tmp_path / "none", 3) == []


def test_damaged_lines_are_counted_and_the_others_are_read(tmp_path: Path) -> None:
    path = recorded(tmp_path, ASKED).path
    with path.open("ab") as file:
        file.write(
            b'\xff\xfe\x00\n[1]\n"op 4"\nnull\n\n{"t":1,"event":"end","outcome":"It failed."}\n{"t":2,"ev'
        )
    (found,) = reader.latest(tmp_path, 1)
    assert (found.damaged, found.outcome) == (5, "It failed.")
    assert found.failure() == Failure(Step.CREDENTIALS)


EVENTS = ("attempt", "op 4", "step", "websocket closed", "resuming", "end", "sent")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
OBJECTS = st.dictionaries(
    st.sampled_from(["t", "event", "name", "code", "outcome", "channel", "op", "d"]),
    VALUES | st.sampled_from(EVENTS),
)


@given(st.lists(OBJECTS, max_size=8))
def test_whatever_the_lines_are_they_can_be_shown(lines: list[dict[str, Any]]) -> None:
    found = reader.Recorded(Path("trace"), lines=json.loads(json.dumps(lines)))
    found.failure()
    for one in found.lines:
        sign, text = described(one)
        assert sign in ("*", ">", "<")
        assert text.isprintable()
