"""A meeting that is recorded, and what the tests of it ask; only the disk is made to refuse."""

import errno
from collections.abc import Callable

import pytest

from notetaker.meetings.live import LiveMeeting
from notetaker.model.audio import AudioFrame
from notetaker.model.meeting import Meeting
from notetaker.model.transcript import Gap
from notetaker.model.utterance import Utterance
from notetaker.recording.recorder import Recorder
from tests.harness.office import SENTENCE

STARTED = 1_795_357_805_000_000_000
MEETING = Meeting("20261122-143005-k3f9qz", 1, 2, "Standup", 3, 4, STARTED)
SECOND = 1_000_000_000
ADA, SSRC = 42, 7


class FullDisk:
    """Wraps a recorder's methods that write: while ``full``, they raise what a full disk raises."""

    def __init__(self, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        for name in ("open_session", "add_speaker", "remove_speaker", "write", "mark_gap"):
            monkeypatch.setattr(recorder, name, self._refusing(getattr(recorder, name)))

    def _refusing(self, write: Callable[..., None]) -> Callable[..., None]:
        def wrapped(*args: object) -> None:
            if self.full:
                raise OSError(errno.ENOSPC, "No space left on device")
            write(*args)

        return wrapped


def utterances(live: LiveMeeting) -> list[Utterance]:
    return [one for one in live.waiting if isinstance(one, Utterance)]


def gaps(live: LiveMeeting) -> list[Gap]:
    return [one for one in live.waiting if isinstance(one, Gap)]


def say(live: LiveMeeting, now: float, first: int = 0) -> float:
    """A sentence; returns when it ends."""
    for number, opus in enumerate(SENTENCE):
        sequence = first + number
        live.frame(AudioFrame(ADA, SSRC, sequence, 960 * sequence, opus, now + number * 0.02))
    return now + len(SENTENCE) * 0.02
