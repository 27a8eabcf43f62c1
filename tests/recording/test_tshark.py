"""Wireshark's dissectors, which know nothing of us, read the journal (Debian package tshark)."""

import shutil
import subprocess
from pathlib import Path

import pytest

from notetaker.model.transcript import Gap
from notetaker.recording.journal import journal_files
from notetaker.recording.recorder import Recorder
from tests.recording.sounds import WALL_NS, talk

TSHARK = shutil.which("tshark")
pytestmark = pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    recorder = Recorder(tmp_path, "m", lambda _: None)
    recorder.open_session(0.0, WALL_NS)
    for user_id, ssrc in ((123456789012345678, 70), (8, 80)):
        for frame in talk((b"\xfc" + bytes(99),) * 300, 0.0, user_id=user_id, ssrc=ssrc, sequence=65_500):
            if ssrc == 70 or frame.sequence != 20:  # one packet of the second speaker is lost
                recorder.write(frame)
    recorder.remove_speaker(8, 7.0)
    recorder.mark_gap(Gap(WALL_NS, WALL_NS + 10**9, "voice session lost (4006)"))
    recorder.close_session(7.0)
    ((_, path),) = journal_files(tmp_path)
    return path


def tshark(path: Path, *arguments: str) -> list[str]:
    assert TSHARK is not None
    ports = ("-d", "udp.port==5004,rtp", "-d", "udp.port==5005,rtcp", "-o", "ip.check_checksum:TRUE")
    command = [TSHARK, "-n", "-r", str(path), *ports, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()


def test_it_counts_the_same_packets_and_the_lost_one(journal: Path) -> None:
    rows = [line.split() for line in tshark(journal, "-q", "-z", "rtp,streams") if "RTPType-120" in line]
    assert {(row[6], row[8], row[9]) for row in rows} == {
        ("0x00000046", "305", "0"),
        ("0x00000050", "304", "1"),
    }
    assert len({row[2] for row in rows}) == 2  # an address for each speaker


def test_nothing_is_malformed_and_the_checksums_are_right(journal: Path) -> None:
    assert (
        tshark(journal, "-Y", "_ws.malformed || _ws.expert.severity >= 6291456 || ip.checksum.status != 1")
        == []
    )


def test_it_reads_who_speaks_who_left_and_what_was_lost(journal: Path) -> None:
    fields = ("rtcp.pt", "rtcp.sdes.text", "rtcp.app.name")
    rows = tshark(journal, "-Y", "rtcp", "-T", "fields", *(arg for field in fields for arg in ("-e", field)))
    assert [row.split("\t") for row in rows] == [
        ["202", "123456789012345678", ""],
        ["202", "8", ""],
        ["203", "", ""],
        ["204", "", "NTGP"],
    ]
