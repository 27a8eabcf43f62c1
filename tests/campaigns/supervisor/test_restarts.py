"""Under supervisor, which knows no pause: a process that fails at its start lasts a while, and others do not."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from notetaker.cli import processes
from notetaker.host.exit_codes import ExitCode

PATIENCE_S = 60.0
LONG_S = 3600.0
"""Nobody would wait for that."""


def settings(folder: Path) -> dict[str, str]:
    """With a database server that is not there yet."""
    url = f"postgresql://notetaker@/notetaker?host={folder}"
    return {"NOTETAKER_STATE_DIR": str(folder / "state"), "NOTETAKER_DATABASE_URL": url}


@contextmanager
def failing_worker(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """It has said why it ends."""
    environment = {**settings(folder), "PATH": os.environ["PATH"], "SUPERVISOR_ENABLED": "1"}
    command = [sys.executable, "-m", "notetaker.cli", "worker"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert any("cannot be used" in line for line in process.stderr)
            yield process
        finally:
            process.kill()


def test_a_worker_that_cannot_start_does_not_end_at_once(tmp_path: Path) -> None:
    began = time.monotonic()
    with failing_worker(tmp_path) as process:
        assert process.wait(PATIENCE_S) == ExitCode.TRY_AGAIN
    assert time.monotonic() - began > processes.SHORTEST_LIFE_S


def test_a_stop_need_not_wait(tmp_path: Path) -> None:
    with failing_worker(tmp_path) as process:
        caught = 1 << (signal.SIGTERM - 1)
        while _caught(process.pid) & caught:
            time.sleep(0.01)
        process.terminate()
        assert process.wait(PATIENCE_S) == -signal.SIGTERM


def _caught(pid: int) -> int:
    """Mask of the signals that the process handles, see proc(5)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("SigCgt:")), 16)


@pytest.mark.parametrize(
    ("under_supervisor", "code"), [("1", ExitCode.CONFIGURATION), ("", ExitCode.TRY_AGAIN)]
)
def test_what_is_not_restarted_at_once_ends_at_once(
    monkeypatch: pytest.MonkeyPatch, under_supervisor: str, code: ExitCode
) -> None:
    monkeypatch.delenv("SUPERVISOR_ENABLED", raising=False)
    if under_supervisor:
        monkeypatch.setenv("SUPERVISOR_ENABLED", under_supervisor)
    with pytest.raises(SystemExit), processes.restarted_in_time(LONG_S):
        sys.exit(code)
