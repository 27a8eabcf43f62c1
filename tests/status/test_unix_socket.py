"""One answer per connection, whoever connects and however it behaves."""

import asyncio
import logging
import select
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from notetaker.status import unix_socket
from notetaker.status.unix_socket import NAME, NoAnswer, NotRunning, StatusServer, ask, socket_path

MUCH = {"much": "x" * 10_000_000}
"""More than the kernel buffers."""


@pytest.fixture(autouse=True)
def no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


@asynccontextmanager
async def serving(
    path: Path, snapshot: Callable[[], dict[str, Any]], answer_s: float = unix_socket.ANSWER_S
) -> AsyncIterator[None]:
    running = asyncio.ensure_future(StatusServer(path, snapshot, answer_s=answer_s).run())
    await asyncio.sleep(0)  # its first step, after which it listens
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_everyone_who_asks_gets_a_fresh_answer(tmp_path: Path) -> None:
    numbers = iter(range(10))
    async with serving(tmp_path / NAME, lambda: {"number": next(numbers), "name": "Zoë"}):
        for number in range(3):
            assert await asyncio.to_thread(ask, tmp_path) == {"number": number, "name": "Zoë"}


async def test_only_this_user_may_ask(tmp_path: Path) -> None:
    async with serving(tmp_path / NAME, dict):
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600


async def test_the_socket_is_gone_with_the_server(tmp_path: Path) -> None:
    async with serving(tmp_path / NAME, dict):
        pass
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotRunning, match=rf"^no bot is running with the state folder {tmp_path}: start one"):
        ask(tmp_path)


async def test_the_socket_of_a_killed_bot_is_no_bot_and_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(tmp_path / NAME))
    with pytest.raises(NotRunning):
        ask(tmp_path)
    async with serving(tmp_path / NAME, lambda: {"alive": True}):
        assert await asyncio.to_thread(ask, tmp_path) == {"alive": True}


async def test_systemd_s_runtime_directory_is_preferred_and_both_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, state = tmp_path / "run", tmp_path / "state"
    runtime.mkdir()
    state.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{runtime}:{tmp_path / 'other'}")
    assert socket_path(state) == runtime / NAME
    with pytest.raises(NotRunning, match=r": `systemctl start notetaker-bot` starts it\.$"):
        ask(state)
    async with serving(state / NAME, lambda: {"in": "state"}):
        assert await asyncio.to_thread(ask, state) == {"in": "state"}
        async with serving(runtime / NAME, lambda: {"in": "run"}):
            assert await asyncio.to_thread(ask, state) == {"in": "run"}


@contextmanager
def deaf_client(folder: Path) -> Iterator[socket.socket]:
    """Connects and reads nothing."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(folder / NAME))
        yield client


async def test_a_client_that_does_not_read_is_cut_off(tmp_path: Path) -> None:
    async with serving(tmp_path / NAME, lambda: MUCH, answer_s=0.05):
        with deaf_client(tmp_path) as client:
            hung_up = select.poll()
            hung_up.register(client, 0)  # POLLHUP is told in any case
            assert await asyncio.to_thread(hung_up.poll, 5000) == [(client.fileno(), select.POLLHUP)]


async def test_a_client_that_does_not_read_hinders_nobody_and_does_not_delay_the_end(tmp_path: Path) -> None:
    async with asyncio.timeout(4):
        async with serving(tmp_path / NAME, lambda: MUCH):
            with deaf_client(tmp_path):
                assert await asyncio.to_thread(ask, tmp_path) == MUCH


async def test_a_snapshot_that_fails_is_logged_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path / NAME, lambda: {"n": 1 // 0}):
        with pytest.raises(NoAnswer, match=r"^the bot at /\S+ gave no valid answer"):
            await asyncio.to_thread(ask, tmp_path)
    [record] = caplog.records
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ZeroDivisionError)


async def test_a_bot_that_is_stuck_is_said_to_be(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stuck:
        stuck.bind(str(tmp_path / NAME))
        stuck.listen()
        with pytest.raises(NoAnswer, match=r"^the bot at /\S+ has not answered within 0.05 s: it is stuck"):
            ask(tmp_path, answer_s=0.05)


def test_a_socket_that_one_may_not_use_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:  # as root, under which tests may run, everything is allowed
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with pytest.raises(
        NoAnswer, match=r"^permission denied for /\S+: run this as the user that runs the bot"
    ):
        ask(tmp_path)


async def test_a_path_that_is_too_long_for_a_socket_costs_only_the_status(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / ("x" * 107) / NAME
    path.parent.mkdir()
    async with asyncio.timeout(5):
        await StatusServer(path, dict).run()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith(
        f"notetaker status will not work: cannot create the socket {path}: "
    )
    with pytest.raises(NoAnswer, match="too long"):
        ask(path.parent)
