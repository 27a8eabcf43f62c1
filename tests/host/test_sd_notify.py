"""sd_notify(3) and sd_watchdog_enabled(3). ``test_supervision`` and ``test_watchdog`` have the real processes."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from notetaker.host.sd_notify import ServiceManager


@pytest.fixture
def listening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
        listening.bind(str(tmp_path / "notify"))
        yield listening


@pytest.mark.parametrize(
    ("usec", "pid", "watchdog_s"),
    [
        ("30000000", None, 30.0),
        ("30000000", "ours", 30.0),
        ("30000000", "1", None),  # it is somebody else's, inherited
        ("0", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_the_watchdog_is_ours_only_if_manager_says_so(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, watchdog_s: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, str(os.getpid()) if value == "ours" else value)
    assert ServiceManager().watchdog_s == watchdog_s
    assert ServiceManager().ping_every_s == (10.0 if watchdog_s is None else watchdog_s / 3)


def test_a_status_is_said_when_it_has_changed(listening: socket.socket) -> None:
    manager = ServiceManager()
    manager.status("No meeting")
    manager.status("No meeting")
    manager.ready("1 meeting")
    manager.status("1 meeting")
    manager.status("2 meetings")
    heard = [listening.recv(4096).decode() for _ in range(3)]
    assert heard == ["STATUS=No meeting", "READY=1\nSTATUS=1 meeting", "STATUS=2 meetings"]
    with pytest.raises(BlockingIOError):
        listening.recv(4096)


def test_a_socket_in_the_abstract_name_space_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"@{tmp_path}/notify"
    monkeypatch.setenv("NOTIFY_SOCKET", name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
        listening.bind("\0" + name[1:])
        ServiceManager().extend(1.5)
        assert listening.recv(4096) == b"EXTEND_TIMEOUT_USEC=1500000"


# sdnotify leaves a socket that it could not connect to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_listener_that_is_gone_full_or_new_holds_nobody_up(
    listening: socket.socket, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manager = ServiceManager()
    for _ in range(2000):  # far more than net.unix.max_dgram_qlen
        manager.healthy()
    (tmp_path / "notify").unlink()
    manager.healthy()
    assert len(caplog.records) == 1
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as new:
        new.bind(str(tmp_path / "notify"))
        manager.healthy()
        assert new.recv(4096) == b"WATCHDOG=1"
