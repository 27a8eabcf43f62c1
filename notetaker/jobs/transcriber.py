"""The speech engine in a process of its own.

An engine may hold the interpreter lock for seconds, hang, or crash in C code. Here that costs the worker a
child process, never its queues, its watchdog, or a database lock that is held a moment too long.

The child is ``transcriber_child``, which says how the two speak.
"""

import json
import select
import subprocess
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from notetaker.model.utterance import Clip
from notetaker.speech.engine import EngineError, UnknownEngineError

TIMEOUT = 300.0
"""Seconds after which an engine is taken to hang. An utterance is at most a minute of sound."""


class Transcriber:
    """An engine, in a child that is started when there is none. One request at a time, from any thread."""

    def __init__(self, engine_name: str) -> None:
        self.engine_name = engine_name
        self.timeout = TIMEOUT
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int | None:
        return self._child.pid if self._child else None

    def start(self) -> None:
        """Raises UnknownEngineError, or EngineError when the engine does not start."""
        with self._lock:
            self._running_child()

    def transcribe(self, folder: Path, clip: Clip) -> str:
        """The words in a clip of the meeting in ``folder``. Raises EngineError, one sentence."""
        request = {"folder": str(folder), "clip": asdict(clip)}
        with self._lock:
            answer = self._ask(self._running_child(), request)
        if "error" in answer:
            raise EngineError(answer["error"])
        return str(answer["text"])

    def close(self) -> None:
        """A request that is under way fails."""
        if child := self._child:
            child.kill()
        with self._lock:
            self._end_child()

    def _running_child(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end_child()
        command = [sys.executable, "-m", "notetaker.jobs.transcriber_child", self.engine_name]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        greeting = self._answer(self._child)
        if "error" in greeting:
            self._end_child()
            raise UnknownEngineError(greeting["error"])
        return self._child

    def _ask(self, child: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, Any]:
        assert child.stdin
        try:
            child.stdin.write(json.dumps(request).encode() + b"\n")
            child.stdin.flush()
        except BrokenPipeError:
            self._fail("has died")
        return self._answer(child)

    def _answer(self, child: subprocess.Popen[bytes]) -> dict[str, Any]:
        assert child.stdout
        readable, _, _ = select.select([child.stdout], [], [], self.timeout)
        if not readable:
            self._fail(f"did not answer in {self.timeout:g} s")
        line = child.stdout.readline()
        if not line:
            self._fail("has died")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _fail(self, what: str) -> None:
        self._end_child()
        raise EngineError(f"The speech engine {self.engine_name} {what}.")

    def _end_child(self) -> None:
        if self._child is None:
            return
        self._child.kill()
        self._child.communicate()
        self._child = None
