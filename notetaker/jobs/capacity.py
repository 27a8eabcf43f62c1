"""Computes how many speech processes fit on this host, or into its cgroup."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MOST_PROCESSES: Final = 4
"""Most processes of each kind by default. More have to be configured, by someone who knows the host."""
REST_BYTES: Final = 400_000_000
"""Memory left for the worker itself."""


def processes_for(engine_bytes: int, cores: int | None = None, memory: int | None = None) -> int:
    """Return how many utterances to transcribe in parallel with an engine that needs ``engine_bytes`` per process.

    Each needs two processes, one for live lines and one for final texts. ``cores`` and ``memory`` (bytes) default to
    what this process may use.
    """
    by_cores = (cores or len(os.sched_getaffinity(0))) // 2
    by_memory = ((memory or memory_limit()) - REST_BYTES) // (2 * engine_bytes)
    return max(min(by_cores, by_memory, MOST_PROCESSES), 1)


def memory_limit(cgroups: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> int:
    """Return the bytes that this process and its children may use: the host's memory or the unit's ``MemoryMax=``.

    Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "memory.max".
    """
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    with suppress(OSError):  # no cgroups, or version 1
        group = cgroups / own.read_text().rpartition("::")[2].strip().lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(cgroups) and (folder / "memory.max").is_file():
                limit = (folder / "memory.max").read_text().strip()
                limits += [int(limit)] if limit.isdigit() else []  # else "max"
    return min(limits)
