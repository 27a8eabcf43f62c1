"""The state that a recording leaves for whoever comes after it."""

import os
from pathlib import Path

import pytest

from notetaker.recording.recorder import Recorder
from notetaker.recording.state import OpenGap, RecordingState, StateFile

STATE = RecordingState(20, (OpenGap(1_795_357_805_000_000_000, "voice session lost (4006)"),), stopped=False)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    StateFile(tmp_path).keep(STATE)
    assert StateFile(tmp_path).read() == STATE
    [path] = (tmp_path / "journal").iterdir()
    assert path.stat().st_mode & 0o077 == 0


def test_a_sign_of_life_is_given_also_when_nothing_has_changed(tmp_path: Path) -> None:
    file = StateFile(tmp_path)
    file.keep(STATE)
    os.utime(tmp_path / "journal" / "state.json", (1000, 1000))
    assert file.alive_ns() == 1000 * 10**9
    file.keep(STATE)
    alive_ns = file.alive_ns()
    assert alive_ns is not None
    assert alive_ns > 1000 * 10**9


def test_a_packet_is_a_sign_of_life(tmp_path: Path) -> None:
    StateFile(tmp_path).keep(STATE)
    os.utime(tmp_path / "journal" / "state.json", (1000, 1000))
    recorder = Recorder(tmp_path, "m", lambda _: None)
    recorder.open_session(0.0, 0)
    recorder.close_session(0.0)
    recorder.sync()
    os.utime(tmp_path / "journal" / "0001.pcap", (2000, 2000))
    assert StateFile(tmp_path).alive_ns() == 2000 * 10**9


def test_where_nothing_was_recorded_there_is_no_sign_of_life(tmp_path: Path) -> None:
    assert StateFile(tmp_path).alive_ns() is None
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
    ],
)
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, content: bytes) -> None:
    StateFile(tmp_path).keep(STATE)
    (tmp_path / "journal" / "state.json").write_bytes(content)
    assert StateFile(tmp_path).read() is None
