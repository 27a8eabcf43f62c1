"""Whatever happens to a connection, there is something true and useful to say about it."""

import pytest

from notetaker.voice.explanations import CREDENTIALS, GATEWAY, SERVER, STATE, STEPS, Failure, explain
from notetaker.wire.close_codes import CLOSE_CODES
from notetaker.wire.handshake import Step


@pytest.mark.parametrize("step", [*Step.__members__, GATEWAY, CREDENTIALS, STATE, SERVER])
def test_every_step_is_explained(step: str) -> None:
    assert explain(Failure(step)) is STEPS[step]


@pytest.mark.parametrize("code", CLOSE_CODES)
def test_every_close_code_is_explained(code: int) -> None:
    meaning, advice = explain(Failure("IDENTIFY", code))
    assert meaning.startswith(
        f"Discord closed the voice connection with {code}: {CLOSE_CODES[code].meaning}. "
    )
    assert "not documented" not in meaning
    assert advice.endswith(".")


def test_a_new_code_is_not_guessed_at() -> None:
    meaning, advice = explain(Failure("IDENTIFY", 4999))
    assert "with 4999: it gave a code that is not documented." in meaning
    assert "upgrade notetaker" in advice


def test_4006_depends_on_when_it_comes() -> None:
    identify, resume, later = (explain(Failure(step, 4006)) for step in ("IDENTIFY", "RESUME", "ESTABLISHED"))
    assert len({identify.meaning, resume.meaning, later.meaning}) == 3
    assert "session id together with this token" in identify.meaning
    assert "second process" in identify.advice


def test_what_can_be_mended_is_named() -> None:
    assert "outgoing UDP" in explain(Failure("DISCOVER")).meaning
    assert "user limit" in explain(Failure(CREDENTIALS)).advice
    assert "Connect" in explain(Failure(CREDENTIALS)).advice
    assert "region" in explain(Failure(SERVER)).advice
    assert "dave.py" in explain(Failure("IDENTIFY", 4017)).advice


def test_an_unknown_step_is_not_guessed_at() -> None:
    assert explain(Failure("NEW_STEP")) == STEPS["ENDED"]
