"""Contender: PocketSphinx, as the project's last resort has it."""

from notetaker.speech import engines
from notetaker.speech.engine import Hints
from notetaker.speech.engines import EngineSettings
from tests.campaigns.bench.speech.passes import Hear, one_by_one, serve


def load(settings: dict[str, str]) -> Hear:
    engine = engines.load(EngineSettings("pocketsphinx"))

    def hear(clip: bytes) -> str:
        [heard] = engine.transcribe([clip], Hints(language="en"))
        return heard.text

    return one_by_one("one by one", hear)


if __name__ == "__main__":
    serve(load)
