"""The referee for the journal: tshark counts the same packets and the same loss per SSRC as we do."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from notetaker.recording.journal import JournalReader, Packet

TIMEOUT_S = 60


@dataclass
class Journals:
    files: int = 0
    """Opened."""
    wrong: list[str] = field(default_factory=list)

    @property
    def referee(self) -> str | None:
        return shutil.which("tshark")

    def check(self, files: Sequence[Path]) -> None:
        if self.referee is None:
            return
        for path in files:
            ours, theirs = counts(path), tshark_counts(self.referee, path)
            self.files += 1
            if ours != theirs:
                self.wrong.append(f"{path}: packets and loss per SSRC are {ours}, tshark counts {theirs}.")


def counts(path: Path) -> dict[int, tuple[int, int]]:
    """SSRC: packets, and packets lost in tshark's sense: from the first to the last that arrives, less those there.

    Modulo 65536: it is below zero when the last one was overtaken, and tshark 4.0 counts a wrap of the sequence
    numbers once more for every packet that is late just there.
    """
    sequences: dict[int, list[int]] = {}
    for event in JournalReader(path):
        if isinstance(event, Packet):
            sequences.setdefault(event.ssrc, []).append(event.sequence)
    return {
        ssrc: (len(numbers), (numbers[-1] - numbers[0] + 1 - len(numbers)) & 0xFFFF)
        for ssrc, numbers in sequences.items()
    }


def tshark_counts(tshark: str, path: Path) -> dict[int, tuple[int, int]]:
    command = [tshark, "-n", "-r", str(path), "-d", "udp.port==5004,rtp", "-q", "-z", "rtp,streams"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
    rows = [line.split() for line in done.stdout.splitlines() if "RTPType-120" in line]
    return {int(row[6], 16): (int(row[8]), int(row[9]) & 0xFFFF) for row in rows}
