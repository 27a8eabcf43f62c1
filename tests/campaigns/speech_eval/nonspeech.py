"""Words invented where nobody speaks."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np

from tests.campaigns.bench.report import Result, reached
from tests.campaigns.speech_eval import noise
from tests.campaigns.speech_eval.client import FRAME_S, Run, runs
from tests.campaigns.speech_eval.meeting import Line, OfflineMeeting
from tests.campaigns.speech_eval.transcriber import MeasuredTranscriber

Progress = Callable[[str], None]

REACH = 5
"""Words in an hour."""
PAUSE_S = 1.5
SHORTEST_S, LONGEST_S = 2.0, 25.0
SEED = 10


def run(
    folder: Path,
    progress: Progress,
    transcriber: MeasuredTranscriber,
    *,
    minutes: float = 60,
    language: str | None = None,
) -> Result:
    """``minutes``: of all kinds together. Everything is sent, as when a client takes it for a voice."""
    transcriber.reset()
    sent: list[list[Run]] = []
    for number, kind in enumerate(noise.KINDS, 1):
        progress(f"making {kind} ({number} of {len(noise.KINDS)})")
        sent.append(list(_clips(kind, minutes * 60 / len(noise.KINDS))))
    meeting = OfflineMeeting(folder, transcriber, language)
    lines = meeting.hold(sent, lambda share: progress(f"listening, {share:.0%}"))
    seconds = sum(run.end_s - run.start_s for kind in sent for run in kind)
    return result(lines, seconds / 3600, transcriber.figures(seconds))


def _clips(kind: str, seconds: float) -> Iterator[Run]:
    """Clips of a kind that last so long together, with pauses between."""
    random = np.random.default_rng([SEED, *kind.encode()])
    at_s = 0.0
    for seed in count():
        length_s = min(random.uniform(SHORTEST_S, LONGEST_S), seconds)
        if length_s < FRAME_S:
            return
        for sent in runs(noise.make(kind, seed, length_s), gated=False):
            yield Run(at_s + sent.start_s, sent.packets)
        at_s += length_s + PAUSE_S
        seconds -= length_s


def result(lines: list[Line], hours: float, cost: dict[str, object]) -> Result:
    """User ids count through the kinds."""
    kinds = dict(enumerate(noise.KINDS, 1))
    drafts: Counter[str] = Counter()
    finals: Counter[str] = Counter()
    texts: Counter[tuple[str, str]] = Counter()
    for line in lines:
        kind = kinds[line.user_id]
        drafts[kind] += len(line.draft.split())
        finals[kind] += len(line.final.split())
        texts.update((kind, text) for text in (line.draft, line.final) if text)
    shown = Result(
        f"nonspeech: words invented in {hours * 60:.0f} minutes", ("", "drafts", "final", "final, per hour")
    )
    for kind in kinds.values():
        per_hour = finals[kind] / (hours / len(kinds))
        shown.rows.append((kind, str(drafts[kind]), str(finals[kind]), f"{per_hour:.0f}"))
    per_hour = finals.total() / hours
    shown.rows.append(("all", str(drafts.total()), str(finals.total()), f"{per_hour:.1f}"))
    shown.figures = {
        "hours": round(hours, 3),
        "words": {"draft": drafts.total(), "final": finals.total()},
        "final_words_per_hour": round(per_hour, 2),
        "by_kind": {kind: {"draft": drafts[kind], "final": finals[kind]} for kind in kinds.values()},
        "texts": [{"kind": kind, "text": text, "times": n} for (kind, text), n in texts.most_common()],
        "cost": cost,
    }
    shown.notes.append(
        reached(f"{per_hour:.1f} words an hour in final texts (at most {REACH})", per_hour <= REACH)
    )
    for (kind, text), times in texts.most_common(8):
        shown.notes.append(f"{kind}: {text[:80]}" + (f" x{times}" if times > 1 else ""))
    return shown
