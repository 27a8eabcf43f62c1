"""A host whose only way to Discord is a proxy."""

from pathlib import Path

from notetaker.doctor.network import OUR_PROXY
from tests.harness.office import SENTENCE, Office
from tests.harness.proxy import behind_it, http_proxy

AUTHORIZATION = "Proxy-Authorization: Basic YWRhOmh1bnRlcjI="
"""ada:hunter2"""


async def test_a_bot_behind_a_proxy_connects_and_records(office: Office, tmp_path: Path) -> None:
    async with (
        office.person("Ada") as ada,
        http_proxy() as proxy,
        behind_it(office.local, tmp_path) as settings,
        office.process("bot", HTTPS_PROXY=proxy.url, **settings) as bot,
    ):
        await bot.until("Ready as Notetaker")
        assert (await office.says("startnotes")).startswith("🔴")
        await ada.speak(SENTENCE)
        await office.until_stored("Ada", len(SENTENCE))
        assert await bot.terminate() == 0
        where = proxy.url.rpartition("@")[2]
        assert f"Connecting to Discord through the proxy {where}, except for voice" in bot.log
        assert "hunter2" not in bot.log
    hosts = {head.split()[1].partition(":")[0] for head in proxy.heads if head.startswith("CONNECT ")}
    assert hosts == {"discord.invalid", "gateway.invalid"}
    assert all(AUTHORIZATION in head for head in proxy.heads)


async def test_without_tls_the_proxy_is_used_as_well(office: Office) -> None:
    local = office.local
    local.gateway.url = local.gateway.url.replace("127.0.0.1", "gateway.invalid")
    api_url = local.api_url.replace("127.0.0.1", "discord.invalid")
    async with (
        http_proxy() as proxy,
        office.process("bot", HTTP_PROXY=proxy.url, DISCORD_API_BASE_URL=api_url) as bot,
    ):
        await bot.until("Ready as Notetaker")
        assert await bot.terminate() == 0


async def test_the_doctor_names_the_proxy_and_what_does_not_go_through_it(office: Office) -> None:
    async with http_proxy() as proxy, office.process("doctor", HTTP_PROXY=proxy.url) as doctor:
        where = proxy.url.rpartition("@")[2]
        await doctor.until(f"proxy {where}, TCP")
        await doctor.until("; not for voice, which needs UDP")
        await doctor.until("READY, with the intents GUILDS")
    assert proxy.heads
    assert "hunter2" not in doctor.log


async def test_the_doctor_finds_that_the_proxy_is_the_reason(office: Office) -> None:
    async with http_proxy() as proxy:
        proxy.refuses = True
        async with office.process("doctor", HTTP_PROXY=proxy.url) as doctor:
            await doctor.until("Voice: encryption")
        assert "✗ REST API" in doctor.log
        assert "407" in doctor.log
        assert OUR_PROXY in doctor.log
    async with office.process("doctor", HTTP_PROXY=proxy.url) as doctor:  # it is away
        await doctor.until("Voice: encryption")
    assert "✗ Connection" in doctor.log
    assert OUR_PROXY in doctor.log
    assert "hunter2" not in doctor.log
