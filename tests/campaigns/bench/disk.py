"""Bytes on disk over the Opus payload itself: while a meeting runs, and once it is finished."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from notetaker.model.audio import AudioFrame
from notetaker.recording.recorder import Recorder
from notetaker.recording.tracks import retire_journal, write_tracks
from tests.campaigns.bench.report import Result, reached
from tests.campaigns.bench.sound import FRAME_S, SILENCE, talk

WALL_NS = 1_795_000_000_000_000_000
WHILE_RUNNING, FINISHED = 1.7, 1.1
"""The reach: at most so many times the payload."""
SENTENCE = 250
"""Frames, 5 s, of somebody who then listens."""

Progress = Callable[[str], None]


async def run(folder: Path, progress: Progress, *, seconds: int = 3600) -> Result:
    """``seconds`` of speech, once without a pause and once by somebody who speaks a quarter of the time."""
    result = Result(
        "disk: bytes written for an hour of one person's speech",
        ("", "Opus payload", "journal", "× payload", "finished", "× payload"),
    )
    for name, pause in (("without a pause", 0), ("a quarter of the meeting", 3 * SENTENCE)):
        progress(name)
        payload, journal, track = await asyncio.to_thread(_record, folder / name, seconds, pause)
        result.rows.append(
            (
                name,
                f"{payload / 1e6:.2f} MB",
                f"{journal / 1e6:.2f} MB",
                f"{journal / payload:.2f}",
                f"{track / 1e6:.2f} MB",
                f"{track / payload:.3f}",
            )
        )
        result.figures[name] = {"payload": payload, "journal": journal, "track": track, "seconds": seconds}
        result.notes.append(
            reached(
                f"{name}: {journal / payload:.2f} while it runs (at most {WHILE_RUNNING}), "
                f"{track / payload:.3f} once finished (at most {FINISHED})",
                journal / payload <= WHILE_RUNNING and track / payload <= FINISHED,
            )
        )
    return result


def _record(folder: Path, seconds: int, pause: int) -> tuple[int, int, int]:
    """Bytes of payload, of the journal while the meeting runs, and of the track once it is finished."""
    folder.mkdir()
    recorder = Recorder(folder, "bench", lambda _: None)
    recorder.open_session(0.0, WALL_NS)
    payload = 0
    for frame in _frames(round(seconds / FRAME_S), pause):
        payload += len(frame.opus)
        recorder.write(frame)
    journal = _size(folder)
    recorder.close_session(frame.arrival)
    recorder.sync()
    write_tracks(folder, WALL_NS)
    retire_journal(folder)
    return payload, journal, _size(folder)


def _frames(spoken: int, pause: int) -> Iterator[AudioFrame]:
    """Each sentence ends as Discord's senders end it, with five packets of silence."""
    at = sequence = 0
    for number, opus in enumerate(talk(spoken), 1):
        closing = [SILENCE] * 5 if pause and number % SENTENCE == 0 else []
        for packet in [opus, *closing]:
            yield AudioFrame(7, 70, sequence % 2**16, at * 960 % 2**32, packet, at * FRAME_S)
            at += 1
            sequence += 1
        if closing:
            at += pause - len(closing)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
