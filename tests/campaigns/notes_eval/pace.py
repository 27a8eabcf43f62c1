"""How soon notes come after the end of a meeting: its words go through the store, the job queue and a worker process.

What a speech engine would take is left out: final texts are stored when their windows are complete, and what is not
complete at the end, just before it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path

from notetaker.jobs.batches import complete
from notetaker.jobs.queue import ENDED, MINUTES, REFINE, JobQueue, part_name, refine_name
from notetaker.jobs.so_far import known_parts, transcript_of
from notetaker.model.meeting import Meeting
from notetaker.model.minutes import Minutes
from notetaker.model.transcript import Line
from notetaker.model.utterance import Clip, Transcription, Utterance
from notetaker.model.wording import SECOND_NS
from notetaker.notes.minutes.parts import keyed_parts
from notetaker.store.store import Store

HOUR_NS = 3600 * SECOND_NS
WAIT_S = 600.0
POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Pace:
    minutes: Minutes
    left: int
    """Parts whose minutes were not written when the meeting ended."""
    in_vain: int
    """Parts that were written, and then had other lines."""
    end_s: float
    """Seconds from the end of the meeting to its notes, ready to be posted."""


def an_hour_of(meetings: Sequence[Sequence[Line]]) -> list[Line]:
    """Return an hour of talk: meetings one after the other, again and again."""
    talk: list[Line] = []
    began_ns = at_ns = meetings[0][0].started_ns
    for lines in cycle(meetings):
        shift_ns = at_ns - lines[0].started_ns
        for line in lines:
            moved = replace(line, started_ns=line.started_ns + shift_ns, ended_ns=line.ended_ns + shift_ns)
            if moved.ended_ns > began_ns + HOUR_NS:
                return talk
            talk.append(moved)
        at_ns = talk[-1].ended_ns + SECOND_NS
    raise AssertionError("there is a meeting")


def play(talk: Sequence[Line], state: Path, settings: Mapping[str, str]) -> Pace:
    """Hold a meeting in the folder ``state``. ``settings`` are those of the worker, beside the folder."""
    url = f"sqlite:///{state}/notetaker.db"
    meeting = Meeting("20261122-143005-k3f9qz", 1, 2, "General", 3, talk[0].user_id, talk[0].started_ns)
    with closing(Store(url)) as store, closing(JobQueue(url)) as queue, _worker(state, settings):
        store.migrate()
        store.add_meeting(meeting)
        for line in talk:
            store.name_speaker(meeting.id, line.user_id, line.speaker)
        rest = _Talk(store, queue, meeting).go_on(talk)
        known = known_parts(store, transcript_of(store, meeting, "UTC"))
        for key in known:  # in real time, a later text requests what the interval has left out
            queue.write_part(meeting.id, key)
        names = [part_name(meeting.id, key) for key in known]
        _until(lambda: _ended(queue, MINUTES, names))
        written = store.parts(meeting.id).keys()
        store.set_final(rest, talk[-1].ended_ns)
        began = time.perf_counter()
        store.end_meeting(meeting.id, talk[-1].ended_ns)
        queue.finish(meeting.id)
        _until(lambda: store.posting(meeting.id) is not None)
        end_s = time.perf_counter() - began
        minutes = store.notes(meeting.id)
        assert minutes is not None
        cut = keyed_parts(transcript_of(store, meeting, "UTC")).keys()
    return Pace(minutes, len(cut - written), len(written - cut), end_s)


class _Talk:
    def __init__(self, store: Store, queue: JobQueue, meeting: Meeting) -> None:
        self._store = store
        self._queue = queue
        self._meeting = meeting

    def go_on(self, talk: Sequence[Line]) -> dict[str, Transcription]:
        """Store all utterances and the final texts of complete windows, and wait for what that sets off.

        Return the other texts, by utterance id.
        """
        waiting: dict[str, Transcription] = {}
        spoken: dict[int, list[Utterance]] = {}
        jobs: list[str] = []
        for number, line in enumerate(sorted(talk, key=lambda line: line.ended_ns)):
            clip = Clip(1, 100 * number, 100 * number + 90, line.user_id)
            one = Utterance(self._meeting.id, line.user_id, clip, line.started_ns, line.ended_ns, 50)
            waiting[one.id] = Transcription(line.text, "given", language="en")
            self._store.add_utterance(one)
            spoken.setdefault(line.user_id, []).append(one)
            for theirs in spoken.values():
                for window in complete(theirs, line.ended_ns):
                    ids = [one.id for one in window]
                    if ids[0] in waiting:
                        self._store.set_final({known: waiting.pop(known) for known in ids}, line.ended_ns)
                        self._queue.refine(ids)
                        jobs.append(refine_name(ids))
                    theirs[:] = theirs[len(window) :]
        _until(lambda: _ended(self._queue, REFINE, jobs))
        return waiting


@contextmanager
def _worker(state: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Run ``notetaker worker``. Its log is in the folder ``state``."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(state), "NOTETAKER_STATE_DIR": str(state)}
    with (state / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "notetaker.cli", "worker"],
            env={**environment, "SPEECH_ENGINE": "pocketsphinx", "SPEECH_PROCESSES": "4", **settings},
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def _ended(queue: JobQueue, kind: str, names: Sequence[str]) -> bool:
    states = queue.states(kind, names)
    return all(states.get(name) in ENDED for name in names)


def _until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError("the worker takes too long")
        time.sleep(POLL_S)
