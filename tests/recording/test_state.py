"""The state that a recording leaves for whoever comes after it."""

import json
import os
from pathlib import Path

import pytest

from notetaker.model.transcript import paused_by
from notetaker.recording.clock import SignOfLife
from notetaker.recording.recorder import Recorder
from notetaker.recording.state import OpenGap, RecordingState, StateFile

ALIVE = SignOfLife("boot", 300 * 10**9, 5000 * 10**9, 1400 * 10**9)
"""The wall clock has been set forth by an hour since the meeting began."""
STATE = RecordingState(
    20,
    (OpenGap(1_795_357_805_000_000_000, "voice session lost (4006)"),),
    stopped=False,
    paused=paused_by("Ada"),
)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    StateFile(tmp_path).keep(STATE, ALIVE)
    assert StateFile(tmp_path).read() == STATE
    assert StateFile(tmp_path).alive() == ALIVE
    [path] = (tmp_path / "journal").iterdir()
    assert path.stat().st_mode & 0o077 == 0


def test_a_sign_of_life_is_given_also_when_nothing_has_changed(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    for seconds in range(3):
        file.keep(STATE, ALIVE.later(seconds * 10**9))
        assert StateFile(tmp_path).alive() == ALIVE.later(seconds * 10**9)


def test_a_clock_that_is_set_is_noted_when_nothing_else_has_changed(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.keep(STATE, ALIVE)
    now_set = ALIVE.later(10**9)._replace(unix_ns=3 * 10**9)
    file.keep(STATE, now_set)
    assert StateFile(tmp_path).alive() == now_set


def test_a_crash_just_after_the_state_was_written_leaves_its_sign_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = StateFile(tmp_path)
    file.keep(STATE, ALIVE)

    def write(part: Path, path: Path) -> None:
        part.rename(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", write)
    with pytest.raises(KeyboardInterrupt):
        file.keep(RecordingState(21), ALIVE.later(5 * 10**9))
    assert StateFile(tmp_path).alive() == ALIVE.later(5 * 10**9)


def packet(folder: Path, at_s: int) -> None:
    """The last packet came when the wall clock showed this."""
    recorder = Recorder(folder, "m", lambda _: None)
    recorder.open_session(0.0, 0)
    recorder.close_session(0.0)
    recorder.sync()
    os.utime(folder / "journal" / "0001.pcap", (at_s, at_s))


@pytest.mark.parametrize(
    ("at_s", "later_s"),
    [
        pytest.param(4990, 0, id="before"),
        pytest.param(5007, 7, id="after"),
        pytest.param(5000 + 1800, 0, id="the clock was set once more"),
    ],
)
def test_a_packet_is_a_sign_of_life(tmp_path: Path, at_s: int, later_s: int) -> None:
    StateFile(tmp_path).keep(STATE, ALIVE)
    packet(tmp_path, at_s)
    assert StateFile(tmp_path).alive() == ALIVE.later(later_s * 10**9)


@pytest.mark.parametrize("at_s", [900, 1500])
def test_of_an_earlier_release_there_is_only_what_the_wall_clock_says(tmp_path: Path, at_s: int) -> None:
    StateFile(tmp_path).keep(STATE, ALIVE)
    path = tmp_path / "journal" / "state.json"
    content = json.loads(path.read_text())
    del content["clocks"]
    path.write_text(json.dumps(content))
    os.utime(path, (1000, 1000))
    packet(tmp_path, at_s)
    latest_ns = max(at_s, 1000) * 10**9
    assert StateFile(tmp_path).read() == STATE
    assert StateFile(tmp_path).alive() == SignOfLife(None, 0, latest_ns, latest_ns)


def test_where_nothing_was_recorded_there_is_no_sign_of_life(tmp_path: Path) -> None:
    assert StateFile(tmp_path).alive() is None
    assert StateFile(tmp_path).read() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"channel_id": 1}',
        b'{"missing": [[1]]}',
        b'{"channel_id": 1e999, "missing": [], "over": false}',
        b"\xff",
        b"[" * 100_000,
        b'{"clocks": ["boot", 1, 2]}',
        b'{"clocks": ["boot", 1, 2, 1e999]}',
        b'{"clocks": null}',
    ],
)
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    StateFile(tmp_path).keep(STATE, ALIVE)
    path = tmp_path / "journal" / "state.json"
    path.write_bytes(content)
    os.utime(path, (1000, 1000))
    assert StateFile(tmp_path).read() is None
    assert StateFile(tmp_path).alive() == SignOfLife(None, 0, 1000 * 10**9, 1000 * 10**9)
