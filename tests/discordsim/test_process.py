"""The local Discord as its own process."""

import asyncio
import json
import signal
import socket
import stat
import sys
from pathlib import Path

from aiohttp import ClientSession

from tests.discordsim.conftest import DEADLINE_S


async def start(folder: Path, *more: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "notetaker.discordsim", "--state-dir", str(folder), *more),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_it_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    async with asyncio.timeout(DEADLINE_S):
        process = await start(tmp_path)
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        async with ClientSession() as http, http.get(ready["api_url"] + "/v10/gateway") as response:
            assert (await response.json())["url"].startswith("ws://127.0.0.1:")
        assert ready["users"][0]["name"] == "Ada"
        written = tmp_path / "discordsim.json"
        assert json.loads(written.read_text()) == ready
        assert stat.S_IMODE(written.stat().st_mode) == 0o600
        assert "BEGIN CERTIFICATE" in Path(ready["ca_file"]).read_text()
        process.send_signal(signal.SIGTERM)
        _, complaints = await process.communicate()
    assert (process.returncode, complaints) == (0, b"")


async def test_a_port_that_is_taken_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with asyncio.timeout(DEADLINE_S):
            process = await start(tmp_path, "--port", str(taken.getsockname()[1]))
            _, complaints = await process.communicate()
    assert process.returncode == 1
    assert complaints.decode().startswith("The local Discord cannot start: ")
    assert complaints.count(b"\n") == 1
