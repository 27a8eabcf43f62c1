"""Says how likely a statement is a decision, or an action: a logistic regression with readable weights.

``scripts/train-notes`` learns ``weights.json`` from meetings that people have labelled, and from snippets of dialogue
written for the purpose.
"""

import json
import math
import pkgutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.features import Scene
from notetaker.notes.minutes.statements import Statement

_FEW_PHRASES = 12
"""A statement with more phrases than this has them weigh less, or long ones would always win."""


@dataclass(frozen=True, slots=True)
class Model:
    """What was learnt about one kind of item."""

    bias: float
    weights: Mapping[str, float]
    threshold: float
    """The probability from which on a statement is called one."""


@dataclass(frozen=True, slots=True)
class Classifier:
    common: frozenset[str]
    """The words that phrases are made of, because people use them whatever they talk about."""
    models: Mapping[Kind, Model]

    def probability(self, scene: Scene, statement: Statement, kind: Kind) -> float:
        """Return 0 for a statement without a cue, or with one that is denied."""
        if not scene.cues(statement, kind) or scene.is_denied(statement, kind):
            return 0.0
        model = self.models[kind]
        values = features(scene, statement, kind, self.common, model.weights)
        z = model.bias + math.fsum(model.weights[name] * value for name, value in values.items())
        return 1 / (1 + math.exp(-max(-30.0, min(z, 30.0))))


def features(
    scene: Scene, statement: Statement, kind: Kind, common: Collection[str], names: Collection[str]
) -> dict[str, float]:
    """Return the values of those features whose names are in ``names``; the others are 0."""
    known, phrases = scene.features(statement, kind, common)
    phrases &= set(names) if not isinstance(names, Mapping) else names.keys()
    share = math.sqrt(_FEW_PHRASES / max(_FEW_PHRASES, len(phrases)))
    return {name: 1.0 for name in known if name in names} | dict.fromkeys(phrases, share)


@cache
def trained() -> Classifier:
    """Return the classifier that the package brings."""
    data = pkgutil.get_data(__package__, "weights.json")
    assert data is not None  # part of the package
    return parse(data.decode())


def parse(text: str) -> Classifier:
    """Read the JSON that the training wrote."""
    content = json.loads(text)
    models = {
        Kind(kind): Model(model["bias"], model["weights"], model["threshold"])
        for kind, model in content["kinds"].items()
    }
    return Classifier(frozenset(content["common"]), models)
