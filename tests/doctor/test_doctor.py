"""``notetaker doctor`` against the local Discord, as who calls it sees it."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from notetaker.discordsim.voice.faults import Damage
from notetaker.doctor.checks import CHECKS
from tests.harness.office import Office
from tests.harness.process import WAIT_S, settings_for

NAMES = [check.name for check in CHECKS]
VOICE = [name for name in NAMES if name.startswith("voice-")]


class Document:
    """What ``--json`` printed."""

    def __init__(self, text: str) -> None:
        self.text = text
        document: dict[str, Any] = json.loads(text)
        self.ok = document["ok"]
        self._checks = {check["check"]: check for check in document["checks"]}

    def __getitem__(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self._checks[name]
        return found

    def named(self, state: str) -> list[str]:
        return [name for name, check in self._checks.items() if check["state"] == state]


@asynccontextmanager
async def doctor(
    office: Office, *arguments: str, **settings: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = settings_for(office.local, office.bot, office.state) | settings
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-m", "notetaker.cli", "doctor", *arguments,
        env=environment, cwd=office.state.parent, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def examine(office: Office, *arguments: str, code: int, **settings: str) -> Document:
    """Exit code and standard error are as they should be, and the token is in none of what was printed."""
    async with doctor(office, "--json", *arguments, **settings) as process, asyncio.timeout(WAIT_S):
        printed, errors = await process.communicate()
    assert errors.decode() == ""
    assert process.returncode == code
    document = Document(printed.decode())
    assert (settings.get("DISCORD_TOKEN") or office.bot.token) not in document.text
    assert [*document._checks] == NAMES
    assert document.ok == (code == 0)
    return document


def place(office: Office, channel: str) -> tuple[str, ...]:
    return "--guild", str(office.guild.id), "--channel", str(office.channel(channel))


async def test_all_is_well(office: Office) -> None:
    async with office.person("Ada"):
        document = await examine(office, *place(office, "Standup"), code=0)
        assert document.named("passed") == NAMES
        assert "DAVE 1" in document["voice-session"]["text"]
        assert "answered IP discovery after" in document["voice-udp"]["text"]
        assert office.bot.id not in office.guild.voice_states
    assert not office.state.exists()  # whoever calls the doctor may not be the user of the bot


async def test_a_call_in_which_nobody_lets_us_into_the_group_is_no_good(office: Office) -> None:
    office.local.faults.damage(Damage.KEY_PACKAGE, office.user("Ada").id)
    async with office.person("Ada"):
        document = await examine(office, *place(office, "Standup"), code=1)
    assert document.named("failed") == ["voice-group"]
    assert "Nobody in the channel added us" in document["voice-group"]["text"]


async def test_a_person_reads_a_line_for_each_check(office: Office) -> None:
    async with doctor(office, *place(office, "Board room")) as process, asyncio.timeout(WAIT_S):
        printed, errors = await process.communicate()
    lines = printed.decode().splitlines()
    assert (process.returncode, errors) == (1, b"")
    assert [line[0] for line in lines] == [*"✓" * 16, "✗", " ", "✓", *"–" * 7]
    assert lines[11].split(maxsplit=2) == [
        "✓",
        "Token",
        f"bot Notetaker, id {office.bot.id}",
    ]
    assert lines[16].endswith("I can't join #Board room: I need the Connect permission there")
    assert lines[17].strip().startswith("Someone who manages the server can grant that")
    assert lines[18].endswith("VOICE_REGION_FALLBACK is not set")
    assert lines[19].endswith("skipped, needs: Permissions")


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"DISCORD_TOKEN": "MTIz.wrong.secret-part"}, "DISCORD_TOKEN"),
        ({"DISCORD_TOKEN": "", "CREDENTIALS_DIRECTORY": "."}, "/etc/notetaker/discord_token"),
    ],
)
async def test_a_wrong_token_is_named_and_not_shown(
    office: Office, tmp_path: Path, settings: dict[str, str], where: str
) -> None:
    (tmp_path / "discord_token").write_text("MTIz.wrong.secret-part\n")
    document = await examine(office, code=1, **settings)
    assert document.named("failed") == ["token"]
    assert document["token"]["text"] == f"Discord rejected the token in {where}"
    assert "secret-part" not in document.text
    assert document["gateway"]["state"] == "passed"
    assert document["intents"]["text"] == "skipped, needs: Token"


@pytest.mark.parametrize("folder", ["state", "another folder"])
async def test_beside_a_running_bot_all_but_voice_is_tried(office: Office, folder: str) -> None:
    state = str(office.state.with_name(folder))
    async with office.process("bot", NOTETAKER_STATE_DIR=state) as bot, office.person("Ada"):
        await bot.until("Ready as Notetaker")
        await office.says("joinvoice")
        session = office.guild.voice_states[office.bot.id].session_id
        document = await examine(office, *place(office, "Standup"), code=0)
        assert document["instance"]["text"].startswith("a bot is running (process ")
        assert document["voice-server"]["text"].startswith(
            "skipped: it would disconnect the running bot (process "
        )
        assert document.named("skipped") == VOICE
        assert office.guild.voice_states[office.bot.id].session_id == session
        assert "I've left" in await office.says("leavevoice")  # its commands are still there, and its own


async def test_the_doctor_answers_no_command_and_unregisters_none(office: Office) -> None:
    registered, _ = office.local.world.register(
        office.bot.id, None, {"name": "stopnotes", "description": "Stop."}
    )
    await office.sim("faults", kind="discovery_lost", user_id=str(office.bot.id), times=99)
    async with doctor(office, *place(office, "Standup")) as process, asyncio.timeout(WAIT_S):
        await office.until(lambda: office.bot.id in office.guild.voice_states)
        shown = await office.types("stopnotes")
        assert shown["status"] == "failed"  # nobody is there to answer
        process.terminate()
        await process.communicate()
    assert office.local.world.applications[office.bot.id].commands == {registered.id: registered}


@pytest.fixture
def heeds_sigint() -> Iterator[None]:
    """Whoever runs the tests in the background ignores it, and what they start inherits that."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, earlier)


@pytest.mark.usefixtures("heeds_sigint")
async def test_ctrl_c_and_sigterm_end_it_and_leave_voice(office: Office) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        await office.sim("faults", kind="discovery_lost", user_id=str(office.bot.id), times=99)
        async with doctor(office, *place(office, "Standup")) as process, asyncio.timeout(WAIT_S):
            assert process.stdout is not None
            while "Voice: identify" not in (await process.stdout.readline()).decode():
                pass
            assert office.bot.id in office.guild.voice_states
            process.send_signal(number)
            _, errors = await process.communicate()
        ended = process.returncode, errors.decode()
        assert ended == (130, "\nInterrupted; the bot has disconnected from Discord.\n")
        assert office.bot.id not in office.guild.voice_states


async def test_another_process_in_voice_is_left_alone(office: Office) -> None:
    """A ghost, or a bot on another computer: here one that another address of Discord keeps from being seen."""
    elsewhere = {
        "NOTETAKER_STATE_DIR": f"{office.state} 2",
        "DISCORD_API_BASE_URL": office.local.api_url.replace("127.0.0.1", "localhost"),
    }
    async with office.process("bot", **elsewhere) as bot, office.person("Ada"):
        await bot.until("Ready as Notetaker")
        await office.says("joinvoice")
        document = await examine(office, *place(office, "Planning"), code=1)
        assert document.named("failed") == ["alone"]
        assert "Discord shows the bot in #Standup of Office" in document["alone"]["text"]
        assert document.named("skipped") == VOICE
        assert office.guild.voice_states[office.bot.id].channel_id == office.channel("Standup")


async def test_whoever_reads_only_the_first_lines_gets_no_traceback(office: Office) -> None:
    async with doctor(office) as process, asyncio.timeout(WAIT_S):
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"Settings" in await process.stdout.readline()
        process.stdout._transport.close()  # type: ignore[attr-defined] # as head does
        assert await process.stderr.read() == b""
        assert await process.wait() == 1
