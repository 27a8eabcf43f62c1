"""Learns the weights of the built-in writer, and says what they are worth on meetings that they have not seen."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.classifier import Classifier, Model, features, parse
from notetaker.notes.minutes.cues import normal
from notetaker.notes.minutes.features import Scene
from notetaker.notes.minutes.spoken import stems
from notetaker.notes.minutes.statements import Statement, talk
from tests.campaigns.notes_eval.labelled import Label, Meeting
from tests.campaigns.notes_eval.score import Score, total

KINDS = (Kind.DECISION, Kind.ACTION)
PRECISION = {Kind.DECISION: 0.85, Kind.ACTION: 0.85}
"""What the threshold must reach on meetings that were left out of the training."""

_COMMON = 6
"""Sources in which a word must occur to be a common one."""
_SOURCES = 4
"""Sources in which a phrase must occur to be looked at, so that no meeting's subject is learnt."""
_PENALTY = 3.0
_POSITIVE = 3.0
"""How much more than another a decision or an action counts, because there are few."""
_OWN = 2.0
"""How much more than a turn of a meeting a line of a snippet counts, because it was written to teach."""
_STEPS = 150
_LEAST = 0.04
"""Smaller weights are left out of the file."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Example:
    statement: Statement
    scene: Scene
    source: str
    weight: float
    is_a: dict[Kind, bool] = field(default_factory=dict)
    skip: set[Kind] = field(default_factory=set)
    """Kinds for which it is borderline."""
    names: dict[Kind, set[str]] = field(default_factory=dict)


def examples(meeting: Meeting, weight: float = 1.0) -> list[Example]:
    """Return all statements of a meeting with what they are."""
    spoken = talk(meeting.lines)
    scene = Scene(spoken, meeting.people)
    found = []
    for statement in spoken.statements:
        example = Example(statement, scene, meeting.name, weight)
        siblings = sum(bool(set(other.at) & set(statement.at)) for other in spoken.statements)
        for kind in KINDS:
            example.is_a[kind] = any(_says(statement, label, siblings) for label in meeting.labels[kind])
            if not example.is_a[kind] and any(
                set(turns) & set(statement.at) for turns in meeting.borderline[kind]
            ):
                example.skip.add(kind)
        found.append(example)
    return found


def _says(statement: Statement, label: Label, siblings: int) -> bool:
    """Say whether a statement is what was labelled: of a long turn, only the sentences that share its words."""
    if not set(label.turns) & set(statement.at):
        return False
    return siblings == 1 or bool(stems(statement.text) & stems(label.text))


def train(known: Sequence[Example], thresholds: dict[Kind, float]) -> Classifier:
    common = _common(known)
    models = {kind: _model(known, kind, common, thresholds.get(kind, 0.5)) for kind in KINDS}
    return Classifier(common, models)


def _common(known: Iterable[Example]) -> frozenset[str]:
    sources: dict[str, set[str]] = {}
    for example in known:
        for word in normal(example.statement.text):
            sources.setdefault(word, set()).add(example.source)
    return frozenset(word for word, heard in sources.items() if len(heard) >= _COMMON and word not in "@#?")


def _model(known: Sequence[Example], kind: Kind, common: frozenset[str], threshold: float) -> Model:
    used = [one for one in known if kind not in one.skip and one.scene.cues(one.statement, kind)]
    seen: Counter[str] = Counter()
    sources: dict[str, set[str]] = {}
    for example in used:
        certain, phrases = example.scene.features(example.statement, kind, common)
        example.names[kind] = certain | phrases
        seen.update(example.names[kind])
        for name in example.names[kind]:
            sources.setdefault(name, set()).add(example.source)
    names = sorted(name for name, heard in sources.items() if len(heard) >= _SOURCES)
    column = {name: number for number, name in enumerate(names)}
    rows = _rows(
        [features(example.scene, example.statement, kind, common, column) for example in used], column
    )
    y = np.array([example.is_a[kind] for example in used], float)
    weight = np.array([example.weight for example in used]) * np.where(y, _POSITIVE, 1)
    slopes, bias = _fit(rows, y, weight)
    rounded = {name: round(float(slope), 3) for name, slope in zip(names, slopes, strict=True)}
    return Model(
        round(bias, 3), {name: slope for name, slope in rounded.items() if abs(slope) >= _LEAST}, threshold
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """A matrix of which few values are not 0: those values, with their rows and columns."""

    values: Floats
    row: Ints
    column: Ints
    shape: tuple[int, int]

    def __matmul__(self, slopes: Floats) -> Floats:
        return np.bincount(self.row, self.values * slopes[self.column], self.shape[0]).astype(float)

    def transposed(self, error: Floats) -> Floats:
        return np.bincount(self.column, self.values * error[self.row], self.shape[1]).astype(float)


def _rows(known: Sequence[Mapping[str, float]], column: Mapping[str, int]) -> _Rows:
    entries = [
        (value, row, column[name]) for row, one in enumerate(known) for name, value in sorted(one.items())
    ]
    values, rows, columns = zip(*entries, strict=True)
    return _Rows(np.array(values), np.array(rows), np.array(columns), (len(known), len(column)))


def _fit(x: _Rows, y: Floats, weight: Floats) -> tuple[Floats, float]:
    """Return the weights and the bias of a logistic regression with a quadratic penalty (Nesterov's method)."""
    direction = np.ones(x.shape[1])
    for _ in range(15):  # the largest curvature, by power iteration
        direction = x.transposed(weight * (x @ direction))
        curvature = float(np.linalg.norm(direction))
        direction /= curvature
    step = 1 / (2.2 * (0.25 * curvature + _PENALTY))
    bias_step = 1 / (0.5 * float(weight.sum()))
    slopes = ahead = np.zeros(x.shape[1])
    bias = bias_ahead = float(np.log((weight * y).sum() / (weight * (1 - y)).sum()))
    speed = 1.0
    for _ in range(_STEPS):
        error = weight * (1 / (1 + np.exp(-np.clip(x @ ahead + bias_ahead, -30, 30))) - y)
        new = ahead - step * (x.transposed(error) + _PENALTY * ahead)
        new_bias = bias_ahead - bias_step * float(error.sum())
        faster = (1 + (1 + 4 * speed * speed) ** 0.5) / 2
        momentum = (speed - 1) / faster
        ahead, bias_ahead = new + momentum * (new - slopes), new_bias + momentum * (new_bias - bias)
        slopes, bias, speed = new, new_bias, faster
    return slopes, bias


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives on meetings that were left out."""

    threshold: float
    score: Score


def left_out(groups: Sequence[Sequence[Meeting]], own: Sequence[Example]) -> dict[Kind, list[Point]]:
    """Leave each group of meetings out in turn, and return what every threshold gives, the highest first."""
    found: dict[Kind, list[list[tuple[float, Statement]]]] = {kind: [] for kind in KINDS}
    meetings = [meeting for group in groups for meeting in group]
    known = [[examples(meeting) for meeting in group] for group in groups]
    for group in known:
        others = [example for other in known if other is not group for one in other for example in one]
        classifier = train([*others, *own], {})
        for unseen in group:
            for kind in KINDS:
                rated = [(_chance(classifier, one, kind), one.statement) for one in unseen]
                found[kind].append(sorted(rated, key=lambda one: -one[0])[:60])
    curves = {}
    for kind in KINDS:
        thresholds = sorted(
            {chance for rated in found[kind] for chance, _ in rated if chance > 0.2}, reverse=True
        )
        curves[kind] = [
            Point(
                threshold,
                total(
                    Score.of(
                        [one.at for chance, one in rated if chance >= threshold],
                        [label.turns for label in meeting.labels[kind]],
                        meeting.borderline[kind],
                    )
                    for meeting, rated in zip(meetings, found[kind], strict=True)
                ),
            )
            for threshold in thresholds
        ]
    return curves


def _chance(classifier: Classifier, one: Example, kind: Kind) -> float:
    """Return what the writer goes by: what is explicit needs no classifier."""
    if one.scene.is_explicit(one.statement, kind):
        return 1.0
    return classifier.probability(one.scene, one.statement, kind)


def choose(curve: Sequence[Point], precision: float) -> Point:
    """Return the point with the most labels found of those that are precise enough: of several, the middle one."""
    enough = [point for point in curve if point.score.precision >= precision] or curve[:1]
    found = max(point.score.found for point in enough)
    best = [point for point in enough if point.score.found == found]
    return best[len(best) // 2]


def write(classifier: Classifier, about: str, path: Path) -> None:
    content: dict[str, Any] = {
        "about": about,
        "common": sorted(classifier.common),
        "kinds": {
            kind: {
                "bias": model.bias,
                "threshold": model.threshold,
                "weights": dict(sorted(model.weights.items())),
            }
            for kind, model in classifier.models.items()
        },
    }
    text = json.dumps(content, indent=0, ensure_ascii=False)
    parse(text)
    path.write_text(text + "\n")
