import json
from pathlib import Path

import pytest

from notetaker.model.minutes import Kind
from tests.campaigns.notes_eval.cli import OWN
from tests.campaigns.notes_eval.labelled import meeting, meetings

CONTENT = {
    "meeting": "lamp",
    "turns": [
        {"speaker": "Ana", "text": "Then we put a dimmer in."},
        {"speaker": "Ben", "text": ""},
        {"speaker": "Ana", "text": "Fine.", "start": 60, "end": 61},
    ],
    "labels": {
        "decisions": [{"turns": [0], "text": "A dimmer."}],
        "key_points": [{"turns": [0, 2], "text": "There is a dimmer."}],
        "borderline": [{"turns": [2], "kind": "decision", "why": "unclear"}],
    },
}


def test_a_meeting_is_read(tmp_path: Path) -> None:
    (tmp_path / "lamp.json").write_text(json.dumps(CONTENT))
    (lamp,) = meetings(tmp_path)
    assert [(line.utterance_id, line.speaker) for line in lamp.lines] == [
        ("0", "Ana"),
        ("1", "Ben"),
        ("2", "Ana"),
    ]
    assert lamp.lines[0].user_id == lamp.lines[2].user_id != lamp.lines[1].user_id
    assert lamp.lines[2].started_ns - lamp.lines[0].started_ns == 60 * 10**9
    assert [label.turns for label in lamp.labels[Kind.POINT]] == [(0, 2)]
    assert lamp.labels[Kind.ACTION] == ()
    assert lamp.borderline[Kind.DECISION] == ((2,),)
    assert lamp.people == ("Ana", "Ben")


@pytest.mark.parametrize("text", ["{", "[]", '{"meeting": "lamp"}'])
def test_another_file_is_refused_with_its_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"other\.json is not a labelled meeting"):
        meeting(path)


def test_our_own_labels_name_turns_that_exist() -> None:
    own = meetings(OWN)
    assert len(own) == 4
    for one in own:
        for labels in one.labels.values():
            assert labels
            for label in labels:
                assert label.text
                assert all(one.lines[turn].text for turn in label.turns)
