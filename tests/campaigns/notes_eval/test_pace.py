"""An hour of our own meetings, through the real store, job queue and worker process."""

import json
import re
from pathlib import Path

from notetaker.model.wording import SECOND_NS
from tests.campaigns.notes_eval.cli import OWN
from tests.campaigns.notes_eval.labelled import meetings
from tests.campaigns.notes_eval.pace import an_hour_of, play
from tests.campaigns.notes_eval.writers import Endpoint, worker_settings
from tests.remote.server import Answer
from tests.writing.llm_server import EMPTY, MODEL, Question, Server, completion

HOUR = an_hour_of([meeting.lines for meeting in meetings(OWN)])
TAIL = 3
"""Most parts that can be left at the end: seven minutes that are not cut yet, and three whose texts are not final."""


def test_notes_of_an_hour_come_within_five_seconds(tmp_path: Path) -> None:
    assert 3500 < (HOUR[-1].ended_ns - HOUR[0].started_ns) / SECOND_NS <= 3600
    pace = play(HOUR, tmp_path, {})
    assert pace.end_s < 5
    assert len(pace.minutes.parts) > 10
    assert pace.left <= TAIL, "the others were written while the meeting went on"
    assert pace.in_vain == 0
    assert [part.fell_back for part in pace.minutes.parts] == [None] * len(pace.minutes.parts)
    decided = [item.text for item in pace.minutes.decisions]
    assert decided, "and the meetings have decisions"
    assert len(decided) == len(set(decided)), "what was said in each repetition is one item"


def answer(question: Question) -> Answer:
    """Quote the first long line, or item, at once."""
    number, text = next(
        (number, text)
        for number, text in re.findall(r"^\[(\d+)\] [^:]+: (.+)$", question.text, re.MULTILINE)
        if len(text.split()) >= 6
    )
    if '"summary"' in question.text:
        return completion(json.dumps({"title": text, "summary": [{"items": [int(number)], "text": text}]}))
    return completion(json.dumps({**EMPTY, "points": [{"lines": [int(number)], "text": text}]}))


def test_with_a_model_that_answers_at_once_within_thirty(tmp_path: Path) -> None:
    with Server().running() as model:
        model.answer = answer
        pace = play(HOUR, tmp_path, worker_settings(Endpoint(model.url, MODEL)))
    assert pace.end_s < 30
    assert pace.left <= TAIL
    assert pace.in_vain == 0
    assert pace.minutes.made_by == (MODEL,)
    assert pace.minutes.summary
