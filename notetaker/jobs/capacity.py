"""How many speech processes this host, or its part of it, has room for."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MOST_PROCESSES: Final = 4
"""Of each kind, unless it is set: more is for those who have looked at what their host can do."""
REST_BYTES: Final = 400_000_000
"""For the worker itself."""


def processes_for(engine_bytes: int, cores: int | None = None, memory: int | None = None) -> int:
    """How many utterances to transcribe at a time, with an engine that takes so much memory in each process.

    There are two processes for each, one for live lines and one for final texts. ``cores`` and ``memory``, in bytes:
    what may be used, by default all that this process may.
    """
    by_cores = (cores or len(os.sched_getaffinity(0))) // 2
    by_memory = ((memory or memory_limit()) - REST_BYTES) // (2 * engine_bytes)
    return max(min(by_cores, by_memory, MOST_PROCESSES), 1)


def memory_limit(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Bytes that this process and its children may take: those of the host, or what ``MemoryMax=`` in the unit says.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "memory.max".
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError):  # no cgroups, or those of version 1
        group = cgroups / own.read_text().rpartition("::")[2].strip().lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(cgroups) and (folder / "memory.max").is_file():
                limit = (folder / "memory.max").read_text().strip()
                limits += [int(limit)] if limit.isdigit() else []  # else "max"
    return min(limits)
