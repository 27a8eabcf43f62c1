"""How many speech processes fit on a host."""

import os
from pathlib import Path

import pytest

from notetaker.jobs.capacity import memory_limit, processes_for

GB = 1_000_000_000
BASE = 360_000_000


@pytest.mark.parametrize(
    ("cores", "memory", "engine", "processes"),
    [
        (1, 2 * GB, BASE, 1),
        (2, 2 * GB, BASE, 1),
        (4, 8 * GB, BASE, 2),
        (8, 3 * GB, BASE, 3),
        (16, 64 * GB, BASE, 4),
        (16, 3 * GB, 2_600_000_000, 1),
        (8, GB // 2, BASE, 1),
    ],
)
def test_as_many_as_cores_and_memory_allow(cores: int, memory: int, engine: int, processes: int) -> None:
    assert processes_for(engine, cores, memory) == processes


def test_this_host_has_room_for_one() -> None:
    assert processes_for(BASE) >= 1


@pytest.mark.parametrize(
    ("unit", "above", "limit"), [("max", "max", None), ("2000", "max", 2000), ("max", "1000", 1000)]
)
def test_the_limit_of_a_unit_counts(tmp_path: Path, unit: str, above: str, limit: int | None) -> None:
    folder = tmp_path / "cgroup" / "system.slice" / "notetaker-worker@1.service"
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text(f"{unit}\n")
    (folder.parent / "memory.max").write_text(f"{above}\n")
    own = tmp_path / "own"
    own.write_text("0::/system.slice/notetaker-worker@1.service\n")
    host = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory_limit(tmp_path / "cgroup", own) == (limit or host)


def test_without_cgroups_the_host_is_the_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path / "nothing") >= GB // 4
