"""Imported AT_START: the wall clock is ahead of the true time by as many seconds as the file WALL_CLOCK says."""

import os
import time
from pathlib import Path

_FILE = Path(os.environ["WALL_CLOCK"])
_true, _true_ns = time.time, time.time_ns


def _ahead_s() -> float:
    return float(_FILE.read_text())


time.time = lambda: _true() + _ahead_s()
time.time_ns = lambda: _true_ns() + round(_ahead_s() * 1e9)
