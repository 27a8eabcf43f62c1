"""Numbering and replay of the messages of one session."""

import json
import struct

from notetaker.discordsim.voice.session import MAX_REPLAYED, Allocation, Replay, Session


def filled(count: int, last: int = 0) -> Replay:
    replay = Replay(last)
    for _ in range(count):
        replay.keep(str(replay.next_number()))
    return replay


def test_a_client_gets_exactly_what_it_has_not_seen() -> None:
    replay = filled(5)
    assert replay.after(2) == ["3", "4", "5"]
    assert replay.after(5) == []
    assert replay.after(-1) == ["1", "2", "3", "4", "5"]
    assert replay.after(9) is None


def test_numbers_wrap_at_16_bits_and_replay_goes_on_across() -> None:
    replay = filled(4, last=65533)
    assert replay.after(65534) == ["65535", "0", "1"]


def test_acknowledged_messages_are_let_go() -> None:
    replay = filled(5)
    replay.acknowledge(3)
    assert replay.after(3) == ["4", "5"]
    assert replay.after(2) is None
    assert replay.after(-1) is None
    replay.acknowledge(77)
    assert replay.after(3) == ["4", "5"]


def test_the_buffer_is_finite() -> None:
    replay = filled(MAX_REPLAYED + 1)
    assert replay.after(1) is not None
    replay.keep(str(replay.next_number()))
    assert replay.after(1) is None


def test_json_and_binary_messages_are_numbered_alike() -> None:
    session = Session(Allocation(1, 2, 3, "s", "t", True), 4)
    session.send(5, {"speaking": 1})
    session.send(25, b"package")
    frames = session.replay.after(-1)
    assert frames is not None
    assert json.loads(frames[0]) == {"op": 5, "d": {"speaking": 1}, "seq": 1}
    assert frames[1] == struct.pack(">HB", 2, 25) + b"package"
