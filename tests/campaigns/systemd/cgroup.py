"""A cgroup of our own, below the one that we were started in.

systemd-nspawn makes the container's cgroups below that of whoever calls it, always with the same names: two
containers that share one would take each other's services for their own.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MYSELF = "0"
"""For whoever writes it into `cgroup.procs`, whatever its PID namespace."""


@contextmanager
def own_cgroup() -> Iterator[None]:
    """What is started inside has to be gone at the end."""
    name = f"notetaker-test-{secrets.token_hex(4)}"
    parents = _of_this_process()
    for parent in parents:
        (parent / name).mkdir()
        (parent / name / "cgroup.procs").write_text(MYSELF)
    try:
        yield
    finally:
        for parent in parents:
            (parent / "cgroup.procs").write_text(MYSELF)
            for folder, _, _ in os.walk(parent / name, topdown=False):
                with suppress(FileNotFoundError):  # the kernel's, not a folder of ours
                    Path(folder).rmdir()


def _of_this_process() -> list[Path]:
    """In the hierarchies by which systemd tells services apart: its own one of cgroup v1, and that of v2."""
    mounts = {"name=systemd": ROOT / "systemd", "": ROOT / "unified" if (ROOT / "unified").is_dir() else ROOT}
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    found = [
        mounts[controllers] / path.lstrip("/") for _, controllers, path in lines if controllers in mounts
    ]
    return [path for path in found if path.is_dir()]
