"""What the real bot process says of itself, against the local Discord."""

import socket
from typing import Any

import pytest
from aiohttp import ClientSession

from notetaker.status.unix_socket import NAME, NotRunning
from tests.harness.office import SENTENCE, Office
from tests.harness.process import WAIT_S

READY = "Ready as Notetaker"


@pytest.fixture(autouse=True)
def no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)


async def voicestatus(office: Office) -> dict[str, Any]:
    """The embed."""
    [message] = (await office.types("voicestatus"))["messages"]
    assert message["flags"] & 64, "only who typed it sees the answer"
    [embed] = message["embeds"]
    assert isinstance(embed, dict)
    return embed


async def metrics(port: int) -> list[str]:
    async with ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as response:
        return (await response.text()).splitlines()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_meeting_is_seen_by_the_operator_by_prometheus_and_by_the_server_s_managers(
    office: Office,
) -> None:
    port, standup = free_port(), office.channel("Standup")
    async with office.process("bot", METRICS_PORT=str(port)) as bot, office.person("Ada") as ada:
        await bot.until(READY)
        assert (await voicestatus(office))["description"].startswith("⚪ I'm not in a voice channel")
        await office.says("startnotes")
        await ada.speak(SENTENCE)

        found = await office.status()
        assert found["user"].startswith("Notetaker")
        assert found["servers"] == len(office.local.world.guilds)
        assert found["gateway"]["connected"]
        assert found["process"]["sockets"] >= 4
        [guild] = found["voice"]["guilds"]
        assert (guild["guild_id"], guild["phase"]) == (str(office.guild.id), "connected")
        assert guild["wanted"] == guild["connected_to"] == str(standup)
        assert guild["dave_version"] == 1
        assert guild["latency_s"] < 5
        [ada_s] = [one for one in guild["coverage"] if one["user_id"] == str(office.user("Ada").id)]
        assert ada_s["stored"] >= len(SENTENCE)
        assert found["voice"]["totals"]["stored"] == ada_s["stored"]
        assert found["voice"]["totals"]["attempts"] == found["voice"]["totals"]["established"] == 1
        assert 0 < found["voice"]["totals"]["first_packet_s"]["worst"] < WAIT_S
        assert found["voice"]["duplicate"] is None
        [meeting] = found["meetings"]
        assert (meeting["channel"], meeting["people"]) == ("Standup", 1)

        embed = await voicestatus(office)
        assert embed["description"].startswith(f"🟢 I'm in <#{standup}>, connected for ")
        [heard] = [field["value"] for field in embed["fields"] if field["name"].startswith("Heard")]
        assert heard.startswith(f"<@{office.user('Ada').id}>: ")

        lines = await metrics(port)
        assert "notetaker_voice_established_total 1.0" in lines
        assert 'notetaker_voice_guilds{phase="connected"} 1.0' in lines
        assert "notetaker_voice_first_packet_seconds_count 1.0" in lines
        assert not [line for line in lines if str(office.guild.id) in line or ada_s["user_id"] in line]

        await office.says("stopnotes")
        found = await office.status()
        assert (found["meetings"], found["voice"]["guilds"]) == ([], [])
        assert found["voice"]["totals"]["stored"] >= ada_s["stored"]
        assert await bot.terminate() == 0
        assert "Traceback" not in bot.log
    assert not (office.state / NAME).exists()


async def test_a_close_code_is_counted_where_everyone_looks(office: Office) -> None:
    port = free_port()
    settings = {"METRICS_PORT": str(port), "VOICE_RETRY_ATTEMPTS": "1"}
    async with office.process("bot", **settings) as bot, office.person("Ada"):
        await bot.until(READY)
        await office.sim("faults", kind="refuse_identify", user_id=str(office.bot.id), code=4006, times=1)
        await office.says("startnotes")
        totals = (await office.status())["voice"]["totals"]
        assert [(code["code"], code["count"]) for code in totals["close_codes"]] == [(4006, 1)]
        assert totals["failures"] == {"IDENTIFY": 1}
        assert 'notetaker_voice_closes_total{code="4006"} 1.0' in await metrics(port)
        [closed] = [
            field["value"]
            for field in (await voicestatus(office))["fields"]
            if field["name"] == "Closed by Discord"
        ]
        assert closed.startswith("**4006**, the voice session is no longer valid: 1×, last ")


async def test_a_bot_answers_before_it_has_reached_discord(office: Office) -> None:
    async with office.process("bot", DISCORD_API_BASE_URL="http://127.0.0.1:9/api") as bot:
        await bot.until("Cannot reach Discord")
        found = await office.status()
        assert (found["user"], found["servers"]) == (None, 0)
        assert found["gateway"] == {"connected": False, "latency_s": None}
        assert await bot.terminate() == 0


async def test_after_a_kill_none_is_running_and_the_next_one_takes_the_socket_over(office: Office) -> None:
    async with office.process("bot") as bot:
        await bot.until(READY)
        killed = (await office.status())["pid"]
        await bot.kill()
    assert (office.state / NAME).exists()
    with pytest.raises(NotRunning):
        await office.status()
    async with office.process("bot") as bot:
        await bot.until(READY)
        assert (await office.status())["pid"] != killed


async def test_a_metrics_port_in_use_keeps_no_bot_from_starting(office: Office) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        async with office.process("bot", METRICS_PORT=str(port)) as bot:
            await bot.until(f"No metrics: cannot listen on 127.0.0.1:{port} (")
            await bot.until(READY)
            assert await bot.terminate() == 0
            assert "Unclosed" not in bot.log
