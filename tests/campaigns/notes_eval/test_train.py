"""Training on a few snippets, and what the snippets look like."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

from notetaker.model.minutes import Kind
from notetaker.notes.minutes.classifier import parse
from tests.campaigns.notes_eval.snippets import snippets
from tests.campaigns.notes_eval.train import choose, examples, left_out, train, write

SNIPPETS = snippets()


def test_there_are_hundreds_of_snippets_most_of_them_without_anything() -> None:
    found = Counter(kind for snippet in SNIPPETS for kind in Kind if snippet.labels[kind])
    assert len(SNIPPETS) > 800
    assert found[Kind.DECISION] > 170
    assert found[Kind.ACTION] > 160


def test_what_was_learnt_tells_decisions_and_tasks_from_what_looks_like_them(tmp_path: Path) -> None:
    known = [example for snippet in SNIPPETS for example in examples(snippet)]
    learnt, unseen = known[::2], known[1::2]
    classifier = train(learnt, {})
    path = tmp_path / "weights.json"
    write(classifier, "A test.", path)
    assert parse(path.read_text()) == classifier
    for kind in (Kind.DECISION, Kind.ACTION):
        rated = sorted(unseen, key=lambda one: -classifier.probability(one.scene, one.statement, kind))
        best = rated[:40]
        assert sum(one.is_a[kind] for one in best) >= 28


def test_a_threshold_is_chosen_on_meetings_left_out() -> None:
    by_file = {
        name: [one for one in SNIPPETS if one.name == name] for name in ("teams", "more", "design", "friends")
    }
    own = [example for snippet in SNIPPETS[:150] for example in examples(snippet)]
    curve = left_out([several[:2] for several in by_file.values()], own)[Kind.DECISION]
    point = choose(curve, 0.5)
    assert point.score.precision >= 0.5 or point == curve[0]
    assert all(one.score.right <= other.score.right for one, other in pairwise(curve))
