"""One thread for each speech process: more hardly make Whisper faster, and the rest of them slower."""

import os
from typing import Final

ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}
"""The voice detector ignores the first, and spends ten times the CPU in waiting for a second thread."""


def use_one_thread() -> None:
    """To be called before numpy, CTranslate2 or the voice detector is imported: they read the environment once."""
    os.environ.update(ONE_THREAD)
