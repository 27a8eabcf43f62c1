"""The engine for these tests: real, fast, deterministic, and without a model to pull."""

from notetaker.speech.engines import EngineSettings

POCKETSPHINX = EngineSettings(engine="pocketsphinx")
