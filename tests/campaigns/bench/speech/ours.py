"""Contender: this project. A draft of each utterance, then the final texts of all of them together."""

from collections.abc import Sequence

from notetaker.speech import engines
from notetaker.speech.engine import Heard, Hints
from notetaker.speech.engines import EngineSettings
from notetaker.speech.recogniser import Piece, Recogniser
from tests.campaigns.bench.speech.passes import Hear, Passes, one_by_one, serve, together

DRAFT, FINAL = "draft", "final"
HINTS = Hints(language="en")


def load(settings: dict[str, str]) -> Hear:
    recogniser = Recogniser(engines.load(EngineSettings("whisper", settings["model"])))

    def hear(clips: Sequence[bytes]) -> Passes:
        drafts: list[Heard] = []

        def draft(clip: bytes) -> str:
            drafts.append(recogniser.draft(Piece(clip), HINTS))
            return drafts[-1].text

        def final(clips: Sequence[bytes]) -> list[str]:
            pieces = [Piece(clip, speech_s=heard.speech_s) for clip, heard in zip(clips, drafts, strict=True)]
            return [heard.text for heard in recogniser.final(pieces, HINTS)]

        return one_by_one(DRAFT, draft)(clips) | together(FINAL, final)(clips)

    return hear


if __name__ == "__main__":
    serve(load)
