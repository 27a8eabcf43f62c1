"""The classifier, and what its weights may look like."""

import math

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.classifier import Classifier, Model, parse, trained
from notetaker.notes.minutes.features import Scene
from notetaker.notes.minutes.statements import talk
from tests.notes.minutes.builders import PEOPLE, lines

MODEL = Model(bias=-1.0, weights={":settled": 2.0, ":agreed": 1.0, "we _": 0.5}, threshold=0.5)
CLASSIFIER = Classifier(frozenset({"we"}), {Kind.DECISION: MODEL, Kind.ACTION: Model(0.0, {}, 0.5)})


def probability(dialogue: str, kind: Kind = Kind.DECISION, classifier: Classifier = CLASSIFIER) -> float:
    spoken = talk(lines(dialogue))
    return classifier.probability(Scene(spoken, PEOPLE), spoken.statements[0], kind)


def test_the_weights_of_all_that_is_known_add_up() -> None:
    alone = probability("Ana: We settled that matter today.")
    assert math.isclose(alone, 1 / (1 + math.exp(1 - 2 - 0.5)))
    agreed = probability("Ana: We settled that matter today.\nBen: Yeah.")
    assert math.isclose(agreed, 1 / (1 + math.exp(1 - 2 - 0.5 - 1)))


def test_without_a_cue_there_is_no_decision() -> None:
    assert probability("Ana: We were at the lake on Sunday.\nBen: Yeah.") == 0


def test_a_question_decides_nothing_and_may_be_a_request() -> None:
    assert probability("Ana: Have we settled on the red one?") == 0
    assert probability("Ana: Can you send me the red one?", Kind.ACTION) > 0


def test_a_decision_that_is_still_to_be_taken_is_none() -> None:
    assert probability("Ana: We have to decide whether it is settled.") == 0


def test_the_weights_that_the_package_brings_can_be_read() -> None:
    classifier = trained()
    assert set(classifier.models) == {Kind.DECISION, Kind.ACTION}
    for model in classifier.models.values():
        assert 0.5 < model.threshold < 1
        assert len(model.weights) < 5000
        assert max(map(abs, model.weights.values())) < 5
    assert {"we", "i", "the"} <= classifier.common


def test_weights_are_json() -> None:
    text = '{"common": ["we"], "kinds": {"action": {"bias": -2, "threshold": 0.7, "weights": {"I _": 0.5}}}}'
    assert parse(text) == Classifier(frozenset({"we"}), {Kind.ACTION: Model(-2, {"I _": 0.5}, 0.7)})
