"""The engine of these tests: real, quick, without a model to be pulled, and with the same words every time."""

from notetaker.speech.engines import EngineSettings

POCKETSPHINX = EngineSettings(engine="pocketsphinx")
