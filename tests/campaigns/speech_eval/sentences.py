"""The demo's meeting: its recordings, with what is said in them, at the times of its script."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from notetaker.demo.script import Script, load
from tests.campaigns.bench.report import Result
from tests.campaigns.speech_eval.client import Run, of_packets
from tests.campaigns.speech_eval.meeting import Line, OfflineMeeting, failures
from tests.campaigns.speech_eval.score import SHOWN, Said, Score, examples, firsts, percent
from tests.campaigns.speech_eval.transcriber import MeasuredTranscriber

Progress = Callable[[str], None]


def run(folder: Path, progress: Progress, transcriber: MeasuredTranscriber) -> Result:
    script = load()
    transcriber.reset()
    meeting = OfflineMeeting(folder, transcriber, language="en")
    lines = meeting.hold(runs_of(script), lambda share: progress(f"{share:.0%}"))
    return result(script, lines, transcriber)


def runs_of(script: Script) -> list[list[Run]]:
    """What each person sends."""
    return [
        [of_packets(one.frames, one.start_s) for one in script.sentences if one.speaker == person.name]
        for person in script.people
    ]


def result(script: Script, lines: Sequence[Line], transcriber: MeasuredTranscriber) -> Result:
    draft, final = Score(), Score()
    for user_id, person in enumerate(script.people, 1):
        said = [
            Said(one.start_s, one.end_s, one.text) for one in script.sentences if one.speaker == person.name
        ]
        own = [line for line in lines if line.user_id == user_id]
        draft.add_lines(said, (Said(line.start_s, line.end_s, line.draft) for line in own))
        final.add_lines(said, (Said(line.start_s, line.end_s, line.final) for line in own))
    cost = transcriber.figures(sum(line.length_s for line in lines))
    shown = Result(
        "demo: the recordings of the demo", ("", "WER", "first words right", "CPU s per s", "peak RSS")
    )
    add_passes(shown, draft, final, cost)
    shown.notes += failures(lines)
    shown.figures = {"draft": draft.as_json(), "final": final.as_json(), "cost": cost}
    return shown


def add_passes(shown: Result, draft: Score, final: Score, cost: dict[str, Any]) -> None:
    """A row for each pass and one for both, and what was misheard."""
    for title, name, score in (("drafts", "draft", draft), ("final pass", "final", final)):
        shown.rows.append(
            (
                title,
                percent(score.rate),
                firsts(score),
                f"{cost['cpu_s_per_s'][name]:.3f}",
                f"{cost['peak_rss_mb'][name]:.0f} MB",
            )
        )
    shown.rows.append(("both", "", "", f"{cost['cpu_s_per_s']['both']:.3f}", ""))
    for name, score in (("drafts", draft), ("final", final)):
        if score.mistakes:
            shown.notes.append(f"Misheard, {name}: {examples(score.mistakes.most_common(SHOWN))}")
