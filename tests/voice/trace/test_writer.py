"""What is recorded of an attempt, and what never is."""

import json
import logging
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker import __version__
from notetaker.voice.trace import redaction, writer
from notetaker.voice.trace.writer import MAX_FILES, MAX_LINES, MAX_MESSAGES, Tracer, fingerprint
from notetaker.wire.opcodes import Op

GUILD, CHANNEL = 10, 20
TOKEN, SESSION, KEY, MEDIA = "canary-token", "canary-session", [*range(100, 132)], "canary-media"
CANARIES = (TOKEN, SESSION, MEDIA, "203.0.113.77", "101, 102", "101,102", bytes(KEY).decode("latin-1"))
AT_NS = 1_795_357_805_123_456_789  # 2026-11-22 14:30:05 UTC

IDENTIFY = {"server_id": "10", "user_id": "4242", "session_id": SESSION, "token": TOKEN}
DESCRIPTION = {
    "mode": "aead_aes256_gcm_rtpsize",
    "secret_key": KEY,
    "media_session_id": MEDIA,
    "dave_protocol_version": 1,
}
SELECTION = {"protocol": "udp", "data": {"address": "203.0.113.77", "port": 50_001, "mode": "aead"}}


class Clock:
    """Monotonic seconds that stand still, and a date that passes, so that each trace has its own name."""

    def __init__(self) -> None:
        self.now, self.at_ns = 1000.0, AT_NS

    def monotonic(self) -> float:
        return self.now

    def unix_ns(self) -> int:
        self.at_ns += 1000
        return self.at_ns - 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tracer(tmp_path: Path, clock: Clock) -> Tracer:
    return Tracer(tmp_path / "traces", monotonic=clock.monotonic, unix_ns=clock.unix_ns)


def message(op: int, data: Any, **more: Any) -> str:
    return json.dumps({"op": op, "d": data, **more})


def lines(folder: Path) -> list[dict[str, Any]]:
    (path,) = (folder / "traces").iterdir()
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_trace_says_first_what_it_is(tracer: Tracer, tmp_path: Path) -> None:
    tracer.attempt(GUILD, CHANNEL, 2, 3)
    (line,) = lines(tmp_path)
    versions = {library: line.pop(library) for library in ("py-cord", "dave.py", "PyNaCl")}
    assert all(version[0].isdigit() for version in versions.values())
    assert line == {
        "t": 0,
        "event": "attempt",
        "guild": GUILD,
        "channel": CHANNEL,
        "attempt": 2,
        "of": 3,
        "at": "2026-11-22T14:30:05+00:00",
        "version": __version__,
    }


def test_every_line_has_its_time(tracer: Tracer, clock: Clock, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    clock.now += 0.01249
    attempt.note("websocket opening", endpoint="localhost:2048")
    clock.now += 1
    attempt.end("established in channel 20")
    attempt.note("websocket closed", code=4006)
    assert [(line["t"], line["event"]) for line in lines(tmp_path)[1:]] == [
        (0.012, "websocket opening"),
        (1.012, "end"),
        (1.012, "websocket closed"),
    ]


def test_only_the_owner_may_read_it(tracer: Tracer, tmp_path: Path) -> None:
    tracer.attempt(GUILD, CHANNEL, 1, 1)
    (path,) = (tmp_path / "traces").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_secrets_stay_out_of_file_and_log(
    tracer: Tracer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    attempt.note("VOICE_STATE_UPDATE", channel=CHANNEL, session=SESSION)
    attempt.note("VOICE_SERVER_UPDATE", endpoint="localhost:2048", token=TOKEN)
    attempt.sent(message(Op.IDENTIFY, IDENTIFY))
    attempt.sent(message(Op.RESUME, IDENTIFY))
    attempt.sent(message(Op.SELECT_PROTOCOL, SELECTION))
    attempt.received(message(Op.SESSION_DESCRIPTION, DESCRIPTION, seq=3))
    attempt.received(message(99, {"note": TOKEN, "list": [SESSION], "data": {"token": TOKEN, "x": MEDIA}}))
    attempt.received(message(99, TOKEN))
    attempt.received(TOKEN)
    attempt.received(message(Op.READY, {"token": [TOKEN], "session_id": {"is": SESSION}}))
    attempt.sent(b"\x1a" + TOKEN.encode())
    attempt.received(b"\x00\x01\x19" + TOKEN.encode())
    attempt.received(TOKEN.encode())
    (path,) = (tmp_path / "traces").iterdir()
    assert len(caplog.records) == 14
    for canary in CANARIES:
        assert canary not in path.read_text()
        assert canary not in caplog.text


def test_the_same_secret_looks_the_same_everywhere(tracer: Tracer, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    attempt.note("VOICE_STATE_UPDATE", channel=CHANNEL, session=SESSION)
    attempt.note("VOICE_SERVER_UPDATE", endpoint="localhost:2048", token=TOKEN)
    attempt.sent(message(Op.IDENTIFY, IDENTIFY))
    _, state, server, identify = lines(tmp_path)
    assert state["session"] == identify["d"]["session_id"] == fingerprint(SESSION)
    assert server["token"] == identify["d"]["token"] == fingerprint(TOKEN)
    assert fingerprint("abc") == "ba7816bf"  # FIPS 180-2, appendix B.1


def test_messages_keep_their_opcode_and_what_does_no_harm(tracer: Tracer, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    attempt.sent(message(Op.SELECT_PROTOCOL, SELECTION))
    attempt.received(message(Op.CLIENTS_CONNECT, {"user_ids": [str(n) for n in range(30)]}))
    attempt.received(bytes([0, 7, Op.MLS_EXTERNAL_SENDER]) + bytes(68))
    attempt.sent(bytes([Op.MLS_KEY_PACKAGE]) + bytes(9))
    attempt.received(message(77, {}))
    attempt.received("no JSON")
    _, select, connect, sender, package, unknown, garbage = lines(tmp_path)
    assert (select["event"], select["op"], select["name"]) == ("sent", 1, "SELECT_PROTOCOL")
    assert select["d"] == {"protocol": "udp", "port": 50_001, "mode": "aead"}
    assert connect["d"]["user_ids"] == [str(n) for n in range(20)] + ["and 10 more"]
    assert (sender["event"], sender["name"], sender["bytes"]) == ("received", "MLS_EXTERNAL_SENDER", 71)
    assert (package["name"], package["bytes"]) == ("MLS_KEY_PACKAGE", 10)
    assert (unknown["op"], unknown["name"]) == (77, None)
    assert garbage["characters"] == 7


def test_of_heartbeats_the_first_two_each_way_are_enough(tracer: Tracer, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    for nonce in range(5):
        attempt.sent(message(Op.HEARTBEAT, {"t": nonce, "seq_ack": -1}))
        attempt.received(message(Op.HEARTBEAT_ACK, {"t": nonce}))
    assert Counter(line.get("name") for line in lines(tmp_path)[1:]) == {"HEARTBEAT": 2, "HEARTBEAT_ACK": 2}


def test_a_long_session_leaves_room_for_how_it_ends(tracer: Tracer, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    for _ in range(MAX_MESSAGES + 500):
        attempt.received(message(Op.CLIENT_DISCONNECT, {"user_id": "1"}))
    attempt.note("websocket closed", code=4006)
    written = lines(tmp_path)
    assert len(written) == 1 + MAX_MESSAGES + 1 + 1
    assert written[-2]["event"] == "messages are not recorded any more"
    assert written[-1]["code"] == 4006


def test_who_speaks_again_and_again_does_not_fill_the_trace(tracer: Tracer, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    for ssrc in (2, 3):
        for speaking in (1, 0, 1, 0):
            attempt.received(message(Op.SPEAKING, {"user_id": "1", "ssrc": ssrc, "speaking": speaking}))
    assert [line["d"]["ssrc"] for line in lines(tmp_path)[1:]] == [2, 2, 3, 3]


def test_a_trace_has_an_end(tracer: Tracer, tmp_path: Path) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    for _ in range(MAX_LINES + 10):
        attempt.note("resumed")
    written = lines(tmp_path)
    assert len(written) == MAX_LINES
    assert written[-1]["event"] == "this trace is full"


def test_the_oldest_traces_make_room(tracer: Tracer, tmp_path: Path) -> None:
    for number in range(MAX_FILES + 5):
        tracer.attempt(GUILD, number, 1, 1)
    kept = sorted((tmp_path / "traces").iterdir())
    assert len(kept) == MAX_FILES
    assert [json.loads(kept[at].read_text())["channel"] for at in (0, -1)] == [5, MAX_FILES + 4]


def test_a_trace_that_had_to_make_room_ends(
    tracer: Tracer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    (path,) = (tmp_path / "traces").iterdir()
    path.unlink()
    attempt.note("resumed")
    attempt.note("resumed")
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert not path.exists()


def test_a_folder_that_cannot_be_used_costs_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    attempt = Tracer(tmp_path / "file" / "traces").attempt(GUILD, CHANNEL, 1, 1)
    attempt.sent(message(Op.IDENTIFY, IDENTIFY))
    attempt.end("established")
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "This voice attempt has no trace" in record.message


def test_nothing_is_recorded_unasked(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    attempt = Tracer(None).attempt(GUILD, CHANNEL, 1, 1)
    attempt.note("op 4", channel=CHANNEL)
    attempt.sent(message(Op.IDENTIFY, IDENTIFY))
    attempt.received(b"\x00\x01\x19")
    attempt.end("established")
    assert caplog.records == []


def test_the_log_shows_each_line_and_no_control_characters(
    tracer: Tracer, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = tracer.attempt(GUILD, CHANNEL, 1, 1)
    caplog.set_level(logging.INFO)
    clock.now += 0.5
    attempt.note("op 4", channel=CHANNEL)
    attempt.note("websocket failed", reason="red \x1b[31m\nforged line")
    attempt.received(message(Op.HELLO, {"heartbeat_interval": 13750, "v": 8}))
    assert [record.message for record in caplog.records] == [
        "Guild 10: 0.500 > main gateway: op 4  channel=20",
        r"Guild 10: 0.500 * websocket failed  reason=red \x1b[31m\nforged line",
        "Guild 10: 0.500 < op 8 HELLO  heartbeat_interval=13750 v=8",
    ]


def test_a_library_that_is_missing_is_named(
    tracer: Tracer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(writer, "LIBRARIES", ("no-such-library-at-all",))
    tracer.attempt(GUILD, CHANNEL, 1, 1)
    assert lines(tmp_path)[0]["no-such-library-at-all"] is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["token", "data", "t", "ip", "user_ids", "x"]), inner)
    ),
)
HOSTILE = st.text() | st.binary() | st.builds(message, st.integers(), JSON) | st.just("[" * 5000)


@given(HOSTILE, st.booleans())
def test_whatever_comes_is_described_in_a_line_of_bounded_size(hostile: str | bytes, ours: bool) -> None:
    facts = redaction.facts(hostile, ours=ours)
    line = json.dumps(facts, allow_nan=False)
    assert len(line) < 20_000
    assert "\n" not in line


@given(st.text(min_size=6, alphabet="⚷abcdef"), st.sampled_from(sorted(redaction.SECRET)), st.booleans())
def test_a_secret_is_a_fingerprint_in_whatever_message(secret: str, name: str, nested: bool) -> None:
    data = {name: secret}
    facts = redaction.facts(message(Op.READY, {"data": data} if nested else data), ours=False)
    assert facts["d"] == {name: fingerprint(secret)}
