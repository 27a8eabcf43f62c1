"""The process in which the engine works, started by ``transcriber``.

JSON lines over standard input and output. First this side says ``{"engine": name}`` when it is ready, or
``{"error": sentence}`` and ends. Then each request, ``{"folder": ..., "clip": {...}}``, gets one answer,
``{"text": ...}`` or ``{"error": sentence}``. It ends at the end of its input: when the worker is dead, too.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import IO, Any

from notetaker.model.utterance import Clip
from notetaker.recording.journal import JournalError, read_clip
from notetaker.speech.decode import decode
from notetaker.speech.engine import Engine, EngineError, UnknownEngineError, load


def main(engine_name: str) -> None:
    for stop in (signal.SIGINT, signal.SIGTERM):  # sent to the whole group: the worker lets us end our work
        signal.signal(stop, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    try:
        engine = load(engine_name)
    except UnknownEngineError as error:
        _say(answers, {"error": str(error)})
        return
    _say(answers, {"engine": engine.name})
    for line in sys.stdin.buffer:
        _say(answers, _transcribe(engine, json.loads(line)))


def _transcribe(engine: Engine, request: dict[str, Any]) -> dict[str, str]:
    try:
        packets = read_clip(Path(request["folder"]), Clip(**request["clip"]))
        return {"text": engine.transcribe(decode(packets))}
    except EngineError as error:
        return {"error": str(error)}
    except OSError as error:  # without the path: everyone in the channel will read this
        return {"error": f"The recording could not be read ({error.strerror})."}
    except JournalError:
        return {"error": "The recording is damaged."}


def _say(answers: IO[bytes], answer: dict[str, str]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")
    answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])
