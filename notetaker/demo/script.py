"""The demo's meeting: who comes and goes when, and what they say, as recorded Opus packets.

``scripts/make-voices`` made the recordings; the demo needs no speech synthesiser.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import av

VOICES = Path(__file__).parent / "voices"
FRAME_S = 0.02
"""Seconds of sound in one packet."""


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    joins_s: float
    """Seconds after the start of the meeting; 0: in the channel before it."""
    leaves_s: float | None
    """Seconds after the start of the meeting; None: stays to the end."""


@dataclass(frozen=True, slots=True)
class Sentence:
    speaker: str
    start_s: float
    """When the first packet is sent, in seconds after the start of the meeting."""
    text: str
    """What is said: the reference for the word error rate."""
    frames: tuple[bytes, ...]
    """Opus packets of 20 ms."""

    @property
    def end_s(self) -> float:
        return self.start_s + FRAME_S * len(self.frames)


@dataclass(frozen=True, slots=True)
class Script:
    people: tuple[Person, ...]
    sentences: tuple[Sentence, ...]
    """Sorted by start."""

    @property
    def duration_s(self) -> float:
        return max(sentence.end_s for sentence in self.sentences)


def load(folder: Path = VOICES) -> Script:
    """Read the script and its recordings: ``script.json`` in the folder, and the Ogg files that it names."""
    script = json.loads((folder / "script.json").read_text("utf-8"))
    return Script(
        people=tuple(Person(**person) for person in script["people"]),
        sentences=tuple(
            Sentence(line["speaker"], line["start_s"], line["text"], opus_packets(folder / line["file"]))
            for line in script["sentences"]
        ),
    )


def opus_packets(path: Path) -> tuple[bytes, ...]:
    """Return the Opus packets in an Ogg file."""
    with av.open(str(path)) as ogg:
        return tuple(bytes(packet) for packet in ogg.demux(audio=0) if packet.size)
