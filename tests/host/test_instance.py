"""One bot per account and per state folder, tried with processes that do nothing but hold the locks."""

import asyncio
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from notetaker.host.errors import SettingsError
from notetaker.host.instance.holder import UNKNOWN, Holder
from notetaker.host.instance.single import AlreadyRunning, only_bot, running_bot
from notetaker.host.instance.socket_name import ANSWER_EVERY_S
from tests.host.candidates import CHECKOUT, HOLDER, WAIT_S, can_unshare, candidate

NOBODY = 65534


@pytest.fixture(autouse=True)
def no_runtime_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def identity(tmp_path: Path) -> str:
    """Nobody else's: the names are those of the whole host."""
    return f"test-{os.getpid()}-{abs(hash(tmp_path)) % 10**9}"


@pytest.fixture
def states(tmp_path: Path) -> tuple[Path, Path]:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    return folders


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that every user may enter, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


async def test_a_second_checkout_with_the_token_is_told_which_one_is_the_first(
    states: tuple[Path, Path], identity: str, tmp_path: Path
) -> None:
    checkout = tmp_path / "another checkout"
    checkout.mkdir()
    (checkout / "notetaker").symlink_to(CHECKOUT / "notetaker")
    async with (
        candidate(states[0], identity, environment={"PYTHONPATH": str(checkout)}) as first,
        candidate(states[1], identity) as second,
    ):
        assert await first.tries() == "holds"
        refusal = await second.tries()
        held = json.loads((states[0] / "bot.lock").read_text())
        assert refusal == (
            f"another bot is running with this token ({Holder(**held)}). Stop it first: two bots with one token "
            "disconnect each other from voice."
        )
        assert (held["pid"], held["checkout"]) == (first.pid, str(checkout))
        assert list(states[1].iterdir()) == []


async def test_two_tokens_on_one_host_do_not_see_each_other(states: tuple[Path, Path], identity: str) -> None:
    async with candidate(states[0], identity) as first, candidate(states[1], identity + "-2") as second:
        assert await first.tries() == await second.tries() == "holds"


async def test_two_tokens_do_not_share_a_state_folder(tmp_path: Path, identity: str) -> None:
    async with candidate(tmp_path, identity) as first, candidate(tmp_path, identity + "-2") as second:
        assert await first.tries() == "holds"
        refusal = await second.tries()
        running = f"another bot is running with the state folder {tmp_path} (process {first.pid} of "
        assert refusal.startswith(running)
        assert refusal.endswith("). Stop it first, or set NOTETAKER_STATE_DIR to another folder.")
    with only_bot(tmp_path, identity + "-2"):  # who was refused holds nothing, and nor does who died
        pass


@pytest.mark.parametrize("death", ["kill", "end"])
async def test_the_end_of_the_first_frees_everything_however_it_ends(
    tmp_path: Path, identity: str, death: str
) -> None:
    async with (
        candidate(tmp_path, identity) as first,
        candidate(tmp_path, identity) as second,
    ):
        assert await first.tries() == "holds"
        await (first.dies() if death == "kill" else first.ends())
        assert await second.tries() == "holds"


async def test_a_child_of_the_first_that_outlives_it_holds_nothing(tmp_path: Path, identity: str) -> None:
    async with (
        candidate(tmp_path, identity, "sleep", "60") as first,
        candidate(tmp_path, identity) as second,
    ):
        assert await first.tries() == "holds"
        child = int(await first.says())
        try:
            await first.dies()
            os.kill(child, 0)
            assert await second.tries() == "holds"
        finally:
            os.kill(child, signal.SIGKILL)


async def test_a_first_one_that_is_stopped_is_named_all_the_same(tmp_path: Path, identity: str) -> None:
    async with (
        candidate(tmp_path, identity) as first,
        candidate(tmp_path, identity) as second,
    ):
        assert await first.tries() == "holds"
        await first.stop()
        refusal = await second.tries()
        assert f"with this token (process {first.pid} of " in refusal
        assert "not responding" in refusal


@pytest.mark.skipif(not can_unshare("--pid", "--fork"), reason="makes a pid namespace")
@pytest.mark.parametrize("stopped", [False, True])
async def test_a_container_with_the_host_s_network_is_refused_too(
    states: tuple[Path, Path], identity: str, stopped: bool
) -> None:
    container = "unshare", "--pid", "--fork", "--kill-child"
    async with (
        candidate(states[0], identity) as first,
        candidate(states[1], identity, before=container) as second,
    ):
        assert await first.tries() == "holds"
        if stopped:
            await first.stop()
        first_one = "a process in another container, not" if stopped else f"process {first.pid} of "
        assert f"with this token ({first_one}" in await second.tries()


async def test_of_several_that_start_at_the_same_moment_one_wins(
    states: tuple[Path, Path], identity: str
) -> None:
    async with (
        candidate(states[0], identity) as a,
        candidate(states[1], identity) as b,
        candidate(states[0], identity) as c,
        candidate(states[1], identity) as d,
        candidate(states[0], identity) as e,
    ):
        everyone = (a, b, c, d, e)
        answers = await asyncio.gather(*(one.tries() for one in everyone))
        [winner] = [one for one, answer in zip(everyone, answers, strict=True) if answer == "holds"]
        refusals = [answer for answer in answers if answer != "holds"]
        assert all(f"with this token (process {winner.pid} of " in refusal for refusal in refusals), refusals


async def test_in_a_race_for_the_state_folder_one_wins(tmp_path: Path, identity: str) -> None:
    async with (
        candidate(tmp_path, identity + "-1") as a,
        candidate(tmp_path, identity + "-2") as b,
        candidate(tmp_path, identity + "-3") as c,
    ):
        answers = await asyncio.gather(a.tries(), b.tries(), c.tries())
        assert answers.count("holds") == 1, answers


async def test_a_look_never_keeps_a_bot_from_starting(tmp_path: Path, identity: str) -> None:
    with only_bot(tmp_path, identity):
        pass
    async with candidate(tmp_path, identity) as one:
        looker = os.open(tmp_path / "bot.lock", os.O_RDONLY)
        fcntl.flock(looker, fcntl.LOCK_SH)
        asyncio.get_running_loop().call_later(0.05, os.close, looker)
        assert await one.tries() == "holds"


async def test_a_name_that_is_taken_and_given_back_at_this_instant_does_not_keep_a_bot_from_starting(
    tmp_path: Path, identity: str
) -> None:
    async with candidate(tmp_path, identity) as one:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            other.bind(f"\0notetaker-bot-{identity}".encode())
            asyncio.get_running_loop().call_later(0.05, other.close)
            assert await one.tries() == "holds"


def test_a_file_that_names_a_living_process_means_nothing_without_the_lock(
    tmp_path: Path, identity: str
) -> None:
    """The number of a bot that died is another process's by now."""
    stale = Holder.this_process().model_copy(update={"pid": os.getppid()}).model_dump_json().encode()
    for name in ("bot.lock", f"notetaker-bot-{identity}.lock"):
        (tmp_path / name).write_bytes(stale)
    assert running_bot(tmp_path, identity) is None
    with only_bot(tmp_path, identity):
        assert json.loads((tmp_path / "bot.lock").read_text())["pid"] == os.getpid()
        assert str(running_bot(tmp_path, identity)).startswith(f"process {os.getpid()} of ")
    assert running_bot(tmp_path, identity) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 5000, b'{"pid": 1}', b"\xff\xfe", b"null"])
def test_a_damaged_file_is_no_obstacle_and_a_locked_one_still_a_refusal(
    tmp_path: Path, identity: str, content: bytes
) -> None:
    path = tmp_path / "bot.lock"
    path.write_bytes(content)
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert running_bot(tmp_path, identity) == UNKNOWN
        with pytest.raises(AlreadyRunning, match=UNKNOWN), only_bot(tmp_path, identity):
            pass
    with only_bot(tmp_path, identity):
        assert json.loads(path.read_text())["pid"] == os.getpid()


@pytest.mark.parametrize(
    "lie",
    [
        b'{"pid": 1, "user": "root", "version": "\\u001b[2J", "checkout": "/", "started": "\\n"}',
        b"[" * 5000,
        b"\xff",
        b"",
    ],
)
def test_whoever_has_the_name_is_told_by_the_kernel_whatever_it_says(
    tmp_path: Path, identity: str, lie: bytes
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as squatter:
        squatter.bind(f"\0notetaker-bot-{identity}".encode())
        squatter.listen()
        asker = subprocess.Popen(
            [sys.executable, "-c", HOLDER, tmp_path, identity],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=CHECKOUT,
        )  # fmt: skip
        assert asker.stdin is not None
        asker.stdin.write(b"\n")
        asker.stdin.flush()
        client, _ = squatter.accept()
        with client:
            client.send(lie)
        out, _ = asker.communicate(timeout=WAIT_S)
    assert f"with this token (process {os.getpid()} of " in out.decode()
    assert out.decode().removeprefix("here\n").removesuffix("\n").isprintable()


@pytest.mark.parametrize("listens", [False, True])
def test_of_whoever_has_the_name_and_lets_nobody_connect_root_is_told_by_the_command_in_the_refusal(
    tmp_path: Path, identity: str, listens: bool
) -> None:
    name = f"notetaker-bot-{identity}"
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as squatter,
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as waiting,
    ):
        squatter.bind(f"\0{name}".encode())
        if listens:
            squatter.listen(0)
            waiting.connect(f"\0{name}".encode())
        with pytest.raises(AlreadyRunning) as refusal, only_bot(tmp_path, identity):
            pass
        command = f"ss -xap | grep {name}"
        assert f"({UNKNOWN}; to find it, run as root: {command})" in str(refusal.value)
        if shutil.which("ss"):
            shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout
            assert f"pid={os.getpid()}," in shown


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
async def test_another_user_is_refused_and_told_the_user_of_the_first(
    states: tuple[Path, Path], identity: str, open_folder: Path
) -> None:
    os.chown(open_folder, NOBODY, NOBODY)
    as_nobody = "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"
    async with (
        candidate(open_folder, identity, before=as_nobody) as nobody,
        candidate(states[0], identity) as root,
    ):
        assert await nobody.tries() == "holds"
        assert f"(process {nobody.pid} of nobody, version " in await root.tries()
    async with (
        candidate(states[0], identity) as root,
        candidate(open_folder, identity, before=as_nobody) as nobody,
    ):
        assert await root.tries() == "holds"
        assert f"(process {root.pid} of root, version " in await nobody.tries()


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a folder another user's")
async def test_another_user_s_runtime_folder_is_left_alone(
    states: tuple[Path, Path], identity: str, tmp_path: Path
) -> None:
    """As after ``sudo`` or ``su``, which leave XDG_RUNTIME_DIR as it was."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    async with (
        candidate(states[0], identity, environment={"XDG_RUNTIME_DIR": str(theirs)}) as first,
        candidate(states[1], identity) as second,
    ):
        assert await first.tries() == "holds"
        assert "with this token" in await second.tries()
    assert list(theirs.iterdir()) == []


async def test_a_runtime_folder_that_everybody_may_write_to_is_left_alone(
    tmp_path: Path, identity: str
) -> None:
    everybody_s = tmp_path / "everybody's"
    everybody_s.mkdir()
    everybody_s.chmod(0o1777)
    async with candidate(tmp_path, identity, environment={"XDG_RUNTIME_DIR": str(everybody_s)}) as one:
        assert await one.tries() == "holds"
    assert list(everybody_s.iterdir()) == []


@pytest.mark.parametrize("name", ["/nonexistent", "/etc/passwd", "relative/and/missing"])
async def test_a_runtime_folder_that_cannot_be_used_is_done_without(
    tmp_path: Path, identity: str, name: str
) -> None:
    async with candidate(tmp_path, identity, environment={"XDG_RUNTIME_DIR": name}) as one:
        assert await one.tries() == "holds"


@pytest.mark.skipif(not can_unshare("--net"), reason="makes a network namespace")
@pytest.mark.parametrize("variable", ["RUNTIME_DIRECTORY", "XDG_RUNTIME_DIR"])
async def test_a_runtime_folder_is_seen_across_network_namespaces(
    states: tuple[Path, Path], identity: str, tmp_path: Path, variable: str
) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    folder = {variable: str(runtime)}
    async with (
        candidate(states[0], identity, environment=folder) as first,
        candidate(states[1], identity, before=("unshare", "--net"), environment=folder) as second,
    ):
        assert await first.tries() == "holds"
        assert f"with this token (process {first.pid} of " in await second.tries()
        assert (runtime / f"notetaker-bot-{identity}.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_written_to_is_one_sentence(tmp_path: Path, identity: str) -> None:
    (tmp_path / "bot.lock").mkdir()
    with (
        pytest.raises(SettingsError, match=rf"^cannot write the lock file {tmp_path}/bot\.lock \("),
        only_bot(tmp_path, identity),
    ):
        pass


def test_a_symbolic_link_is_not_followed(tmp_path: Path, identity: str) -> None:
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "bot.lock").symlink_to(precious)
    with (
        pytest.raises(SettingsError, match=r"cannot write the lock file .*bot\.lock \("),
        only_bot(tmp_path, identity),
    ):
        pass
    with pytest.raises(OSError, match=r"bot\.lock"):
        running_bot(tmp_path, identity)
    assert precious.read_text() == "precious"


async def test_whoever_hangs_up_before_the_answer_does_not_end_the_answering(
    tmp_path: Path, identity: str
) -> None:
    async with candidate(tmp_path, identity) as first:
        assert await first.tries() == "holds"
        await first.stop()
        for _ in range(20):
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hasty:
                hasty.connect(f"\0notetaker-bot-{identity}".encode())
        first.process.send_signal(signal.SIGCONT)
        assert f"since {json.loads((tmp_path / 'bot.lock').read_text())['started']}" in str(
            running_bot(tmp_path, identity)
        )


async def test_whoever_asks_all_the_time_waits_longer_than_the_one_who_answers(
    tmp_path: Path, identity: str
) -> None:
    times = 20
    async with candidate(tmp_path, identity) as first:
        assert await first.tries() == "holds"
        began = time.monotonic()
        for _ in range(times):
            assert f"process {first.pid} of " in str(running_bot(tmp_path, identity))
        assert time.monotonic() - began >= (times - 1) * ANSWER_EVERY_S
