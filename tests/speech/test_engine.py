import subprocess
import sys

import pytest

from notetaker.speech import engine


def test_the_built_in_engine_is_known_by_its_name() -> None:
    assert engine.load("pocketsphinx").name == "pocketsphinx"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    sentence = r"^There is no speech engine called 'whisperer'; use one of: pocketsphinx\.$"
    with pytest.raises(engine.UnknownEngineError, match=sentence):
        engine.load("whisperer")


def test_an_engine_is_imported_only_when_it_is_asked_for() -> None:
    code = "import sys, notetaker.speech.engine; sys.exit('pocketsphinx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
