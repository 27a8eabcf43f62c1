"""Contender: faster-whisper as its README uses it, with 8-bit integers. Runs in an environment of its own."""

import numpy as np
from faster_whisper import WhisperModel  # type: ignore[import-not-found]

from tests.campaigns.bench.speech.passes import Hear, one_by_one, serve


def load(settings: dict[str, str]) -> Hear:
    model = WhisperModel(
        settings["model"], device="cpu", compute_type="int8", cpu_threads=1, local_files_only=True
    )
    beams = int(settings["beams"])

    def hear(clip: bytes) -> str:
        sound = np.frombuffer(clip, "<i2").astype(np.float32) / 32768
        segments, _ = model.transcribe(sound, language="en", beam_size=beams)
        return " ".join(segment.text.strip() for segment in segments)

    return one_by_one("one by one", hear)


if __name__ == "__main__":
    serve(load)
