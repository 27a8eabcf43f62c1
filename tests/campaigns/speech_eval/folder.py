"""A folder of recordings with what is said in them, as somebody would say it in a voice channel."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notetaker.model.wording import count
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.speech_eval.client import Run, runs
from tests.campaigns.speech_eval.meeting import Line, OfflineMeeting, failures
from tests.campaigns.speech_eval.recordings import RATE, Recording, find, read
from tests.campaigns.speech_eval.score import Score, percent
from tests.campaigns.speech_eval.sentences import add_passes
from tests.campaigns.speech_eval.transcriber import MeasuredTranscriber

Progress = Callable[[str], None]

PAUSE_S = 2.0
"""Between two recordings."""
SHOWN = 20
"""Recordings in the table, the worst first."""
REACH = {"whisper-tiny.en": (0.055, 0.10), "whisper-base": (0.050, 0.20)}
"""Word error rate of human speech, and CPU seconds per second of it."""


@dataclass(frozen=True, slots=True)
class FileResult:
    recording: Recording
    draft: str
    final: str
    score: Score
    """Of the final text; empty when there is nothing to compare it with."""

    def as_json(self) -> dict[str, Any]:
        file = {"name": self.recording.name, "draft": self.draft, "final": self.final}
        if self.recording.said is None:
            return file
        return {**file, "said": self.recording.said.strip(), **self.score.as_json()}


def run(
    folder: Path,
    progress: Progress,
    transcriber: MeasuredTranscriber,
    *,
    recordings: Path,
    language: str | None = None,
    together: bool = False,
) -> Result:
    """``together``: the recordings of one folder are of one person, else each is of another.

    Raises RecordingError.
    """
    transcriber.reset()
    found = find(recordings)
    people: defaultdict[str, list[Run]] = defaultdict(list)
    spans: list[tuple[str, float]] = []  # who speaks in each recording, and until when
    at_s = 0.0
    for number, recording in enumerate(found, 1):
        progress(f"reading {number} of {len(found)}")
        sound = read(recording.path)
        person = str(recording.path.parent) if together else recording.name
        people[person] += [Run(at_s + run.start_s, run.packets) for run in runs(sound)]
        at_s += len(sound) / RATE + PAUSE_S
        spans.append((person, at_s - PAUSE_S / 2))
    meeting = OfflineMeeting(folder, transcriber, language)
    lines = meeting.hold(list(people.values()), lambda share: progress(f"listening, {share:.0%}"))
    user_ids = {person: user_id for user_id, person in enumerate(people, 1)}
    heard: list[tuple[Recording, list[Line]]] = []
    begins_s = 0.0
    for recording, (person, ends_s) in zip(found, spans, strict=True):
        own = [line for line in lines if line.user_id == user_ids[person]]
        heard.append((recording, [line for line in own if begins_s <= line.start_s < ends_s]))
        begins_s = ends_s
    return result(heard, transcriber, language or "en")


def result(
    heard: list[tuple[Recording, list[Line]]], transcriber: MeasuredTranscriber, language: str
) -> Result:
    drafts, finals = Score(), Score()
    files = []
    for recording, lines in heard:
        draft, final = " ".join(ln.draft for ln in lines).strip(), " ".join(ln.final for ln in lines).strip()
        own = Score()
        if recording.said is not None:
            drafts.add([recording.said], draft, language)
            finals.add([recording.said], final, language)
            own.add([recording.said], final, language)
        files.append(FileResult(recording, draft, final, own))
    lines = [line for _, own_lines in heard for line in own_lines]
    cost = transcriber.figures(sum(line.length_s for line in lines))
    shown = Result(
        f"folder: {len(files)} recordings, {cost['speech_s']} s of speech in {cost['utterances']} utterances",
        ("", "WER", "first words right", "CPU s per s", "peak RSS"),
    )
    add_passes(shown, drafts, finals, cost)
    shown.notes += failures(lines)
    scored = [file for file in files if file.recording.said is not None]
    for file in sorted(scored, key=lambda file: -file.score.rate)[:SHOWN]:
        shown.notes.append(f"{file.recording.name}: {percent(file.score.rate)} of {file.score.words} words")
    unscored = [file for file in files if file.recording.said is None]
    if unscored:
        shown.notes.append(
            f"{count(len(unscored), 'recording')} without a text: what was heard is shown, and does not count."
        )
    shown.notes += [f"{file.recording.name}: {file.final or '(nothing)'}" for file in unscored[:SHOWN]]
    _add_reach(shown, finals, cost, transcriber.engine_name)
    shown.figures = {
        "draft": drafts.as_json(),
        "final": finals.as_json(),
        "cost": cost,
        "files": [file.as_json() for file in files],
    }
    return shown


def _add_reach(shown: Result, finals: Score, cost: dict[str, Any], engine: str) -> None:
    if engine not in REACH or not finals.words:
        return
    rate, cpu_s = REACH[engine]
    both = cost["cpu_s_per_s"]["both"]
    average_s = cost["speech_s"] / max(cost["utterances"], 1)
    shown.notes.append(
        reached(f"WER {percent(finals.rate)} of human speech (at most {percent(rate)})", finals.rate <= rate)
    )
    shown.notes.append(
        reached(
            f"{both:.2f} s of CPU per second (at most {cpu_s:.2f}), at utterances of {average_s:.1f} s",
            both <= cpu_s,
        )
    )
