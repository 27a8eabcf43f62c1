"""Contender: whisper.cpp through pywhispercpp, with its defaults. Runs in an environment of its own.

The model has 8-bit integers like the others' (``q8_0``). ``window``: how much the encoder listens to, in positions of
20 ms; 0 is all 30 s, which is the default.
"""

import numpy as np
from pywhispercpp.model import Model  # type: ignore[import-not-found]

from tests.campaigns.bench.speech.passes import Hear, one_by_one, serve


def load(settings: dict[str, str]) -> Hear:
    model = Model(
        settings["ggml"], n_threads=1, language="en", audio_ctx=int(settings["window"]), print_progress=False
    )

    def hear(clip: bytes) -> str:
        sound = np.frombuffer(clip, "<i2").astype(np.float32) / 32768
        return " ".join(segment.text for segment in model.transcribe(sound))

    return one_by_one("one by one", hear)


if __name__ == "__main__":
    serve(load)
