"""What is said in the benchmark, in utterances of a few seconds, as engines listen to it: 16 kHz mono PCM.

A round is about as much speech of one person as the product gives to an engine at once, because that is what a long
meeting is made of. No sentence comes twice in a round: what is said twice can pass for an engine that repeats itself.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from notetaker.demo import script
from notetaker.demo.script import Sentence
from notetaker.jobs.batches import PAUSE_NS, WINDOW_NS
from notetaker.speech.decode import decode
from notetaker.speech.engine import BYTES_PER_SECOND
from notetaker.speech.files import media
from notetaker.speech.passages import LONGEST_S
from tests.campaigns.speech_eval import recordings
from tests.speech.packets import rtp

SEED: Final = 10
TIMES: Final = 3
BREATH: Final = bytes(BYTES_PER_SECOND * 3 // 10)
"""Between two sentences of one utterance: 0.3 s."""


@dataclass(frozen=True, slots=True)
class Utterance:
    said: str
    pcm: bytes

    @property
    def length_s(self) -> float:
        return len(self.pcm) / BYTES_PER_SECOND


Round = Sequence[Utterance]
"""Utterances that the product transcribes together."""


def demo(rounds: int) -> list[Round]:
    """The demo's sentences, one or two of a voice together, in another order in each round.

    All four voices count as one person: none of them has enough to say.
    """
    voices: dict[str, list[Sentence]] = {}
    for sentence in script.load().sentences:
        voices.setdefault(sentence.speaker, []).append(sentence)
    chance = random.Random(SEED)
    return [next(_windows(_shuffled(voices.values(), chance))) for _ in range(rounds)]


def recorded(folder: Path) -> list[Round]:
    """Recordings with what is said in them in a text file of the same name; those of one folder are of one person.

    Each is heard ``TIMES`` times, in as many rounds. Recordings that nobody has written down, or that are longer than
    an engine listens to at once, are passed over. Raises RecordingError and MediaError.
    """
    people: dict[Path, list[Utterance]] = {}
    for recording in recordings.find(folder):
        if recording.said is None:
            continue
        with media.opened(recording.path) as file:
            utterance = Utterance(recording.said, b"".join(file.pcm()))
        if utterance.length_s <= LONGEST_S:
            people.setdefault(recording.path.parent, []).append(utterance)
    return TIMES * [window for utterances in people.values() for window in _windows(utterances)]


def _windows(utterances: Iterable[Utterance]) -> Iterator[Round]:
    """As many utterances as the product transcribes together."""
    window: list[Utterance] = []
    filled_s = 0.0
    for utterance in utterances:
        if window and filled_s + utterance.length_s > WINDOW_NS / 1e9:
            yield window
            window, filled_s = [], 0.0
        window.append(utterance)
        filled_s += utterance.length_s + PAUSE_NS / 1e9
    if window:
        yield window


def _shuffled(voices: Iterable[Sequence[Sentence]], chance: random.Random) -> list[Utterance]:
    utterances = []
    for sentences in voices:
        left = chance.sample(sentences, len(sentences))
        while left:
            together = chance.choice((1, 2))
            now, left = left[:together], left[together:]
            said, sounds = " ".join(one.text for one in now), [_pcm(one.frames) for one in now]
            utterances.append(Utterance(said, BREATH.join(sounds)))
    chance.shuffle(utterances)
    return utterances


def _pcm(frames: Sequence[bytes]) -> bytes:
    return decode(rtp(frames))
