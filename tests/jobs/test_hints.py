"""What the engine is told about an utterance in advance."""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from notetaker.jobs.queue import JobQueue
from notetaker.jobs.speech_process import ClipToHear
from notetaker.jobs.transcriber import Transcriber
from notetaker.jobs.workflows import Preferences, Workflows
from notetaker.model.utterance import Transcription
from notetaker.model.vocabulary import Entry
from notetaker.speech.engine import Heard, Hints
from notetaker.store.store import Store
from tests.store.examples import MEETING, utterance


class Listening:
    """A transcriber that keeps the hints."""

    engine_name = "listening"
    languages = None
    two_passes = True

    def __init__(self) -> None:
        self.hints: list[Hints] = []

    def final(self, folder: Path, clips: Sequence[ClipToHear], hints: Hints, *, urgent: bool) -> list[Heard]:
        self.hints.append(hints)
        return [Heard("words") for _ in clips]


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/notetaker.db"


def test_people_and_the_vocabulary_are_expected_what_the_draft_has_first(
    tmp_path: Path, store: Store, database_url: str
) -> None:
    store.add_meeting(MEETING)
    store.name_speaker(MEETING.id, 1, "Ada 🎉")
    store.add_vocabulary(MEETING.guild_id, [Entry("Kubernetes", "Cooper Netties"), Entry("Zyx")])
    store.add_vocabulary(MEETING.guild_id + 1, [Entry("of another server")])
    store.add_utterance(utterance(1))
    listening, queue = Listening(), JobQueue(database_url)
    preferences = Preferences(language="en", vocabulary=("Jira",))
    workflows = Workflows(
        store, queue, cast("Transcriber", listening), tmp_path, threading.Event(), preferences
    )
    workflows.refine_utterances([utterance(1).id])
    store.add_vocabulary(MEETING.guild_id, [Entry("Hask"), Entry("Siobhan")])
    store.add_utterance(utterance(2))
    store.set_draft(utterance(2).id, Transcription("Shavon is late.", "e", final=False), 1)
    workflows.refine_utterances([utterance(2).id])
    queue.close()
    assert listening.hints == [
        Hints("en", ("Ada", "Kubernetes", "Zyx", "Jira")),
        Hints("en", ("Siobhan", "Ada", "Kubernetes", "Hask", "Zyx", "Jira")),
    ]
