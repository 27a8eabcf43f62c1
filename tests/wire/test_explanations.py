"""Every failure can be put into words that are true and useful."""

import pytest

from notetaker.model.failure import CLOSE_CODES, DeadPath, Failure, Step
from notetaker.wire.explanations import CODES, PATHS, STEPS, close_code_meaning, explain

REASONS = [
    (Failure(Step.GATEWAY), "The connection to Discord itself is down at the moment."),
    (
        Failure(Step.CREDENTIALS, timed_out=True),
        "Discord sent neither VOICE_STATE_UPDATE nor VOICE_SERVER_UPDATE within 10 s.",
    ),
    (
        Failure(Step.VOICE_SERVER_UPDATE, timed_out=True),
        "Discord sent no VOICE_SERVER_UPDATE within 10 s.",
    ),
    (Failure(Step.DISCOVER, timed_out=True), "The voice server did not answer IP discovery within 5 s."),
    (Failure(Step.DISCOVER), "The voice server did not answer IP discovery."),
    (Failure(Step.CONNECT, detail="No way there."), "No way there."),
    (Failure(Step.CONNECT, timed_out=True, detail="No way there."), "No way there."),
    (
        Failure(Step.IDENTIFY, 4006),
        "Discord closed the voice connection during IDENTIFY: the voice session is no longer valid (4006).",
    ),
    (
        Failure(Step.ESTABLISHED, 4014),
        "Discord closed the voice connection: we were disconnected from the channel (4014).",
    ),
    (
        Failure(Step.RESUME, 1006),
        "The voice connection broke during RESUME: the connection was cut without a close code (1006).",
    ),
    (
        Failure(Step.ESTABLISHED, 4999),
        "Discord closed the voice connection: it gave a code that is not documented (4999).",
    ),
    (
        Failure(Step.ESTABLISHED, path=DeadPath.SILENT),
        "The network path to Discord's voice server was dead.",
    ),
]


@pytest.mark.parametrize(("failure", "reason"), REASONS)
def test_the_reason_is_one_sentence(failure: Failure, reason: str) -> None:
    assert explain(failure).reason == reason


def test_no_other_try_is_promised_where_the_session_goes_on() -> None:
    assert "again" not in explain(Failure(Step.GROUP, timed_out=True)).advice.partition(":")[0]


def test_every_step_every_close_code_and_every_dead_path_has_words() -> None:
    assert STEPS.keys() == {*Step}
    assert CODES.keys() == CLOSE_CODES.keys()
    assert PATHS.keys() == {*DeadPath}
    coded = [Failure(Step.IDENTIFY, code) for code in CLOSE_CODES]
    dead = [Failure(Step.ESTABLISHED, path=path) for path in DeadPath]
    for failure in [*map(Failure, Step), *coded, *dead]:
        reason, hint, meaning, advice = explain(failure)
        assert reason[-1] == meaning[-1] == advice[-1] == "."
        assert hint == "" or hint[-1] in ".?"


def test_a_new_code_is_not_guessed_at() -> None:
    explained = explain(Failure(Step.IDENTIFY, 4999))
    assert "with 4999: it gave a code that is not documented." in explained.meaning
    assert "upgrade notetaker" in explained.advice
    assert close_code_meaning(4999) == "it gave a code that is not documented"


def test_4006_depends_on_when_it_comes() -> None:
    identify, resume, later = (
        explain(Failure(step, 4006)) for step in (Step.IDENTIFY, Step.RESUME, Step.ESTABLISHED)
    )
    assert len({identify.meaning, resume.meaning, later.meaning}) == 3
    assert "session id together with this token" in identify.meaning
    assert "second process" in identify.advice


def test_what_can_be_fixed_is_named() -> None:
    assert "outgoing UDP" in explain(Failure(Step.DISCOVER)).meaning
    assert "user limit" in explain(Failure(Step.CREDENTIALS)).advice
    assert "Connect" in explain(Failure(Step.CREDENTIALS)).advice
    assert "region" in explain(Failure(Step.VOICE_SERVER_UPDATE)).advice
    assert "dave.py" in explain(Failure(Step.IDENTIFY, 4017)).advice


def test_a_chat_gets_reason_and_hint() -> None:
    assert explain(Failure(Step.IDENTIFY, 4017)).summary == (
        "Discord closed the voice connection during IDENTIFY: it requires end-to-end encryption (DAVE) (4017). "
        "Check that dave.py is installed and current."
    )
    assert explain(Failure(Step.IDENTIFY, 4021)).summary == (
        "Discord closed the voice connection during IDENTIFY: we are rate limited (4021)."
    )


def test_a_detail_comes_without_the_hint_of_its_step() -> None:
    assert explain(Failure(Step.CREDENTIALS, detail="We were moved.")).summary == "We were moved."
