"""Limits a speech process to one thread, because more hardly help Whisper and slow down the other processes."""

import os
from typing import Final

ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Environment variables of the libraries. The voice detector ignores the first, and with a second thread it would use
ten times the CPU for waiting."""


def use_one_thread() -> None:
    """Set the variables. Call this before importing numpy, CTranslate2 or the voice detector."""
    os.environ.update(ONE_THREAD)
