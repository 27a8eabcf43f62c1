"""What the doctor says of each thing that can be wrong."""

import asyncio
import re
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from notetaker.discordsim.gateway.protocol import KNOWN_INTENTS
from notetaker.discordsim.world.permissions import Permission
from notetaker.doctor import host
from notetaker.doctor.checks import CHECKS
from notetaker.doctor.checkup import Check, CheckSkipped, Checkup, Result, State, Watcher
from notetaker.doctor.run import Doctor
from tests.harness.office import Office


class Results(Watcher):
    """Watches, and remembers by name. Every check that is made was told of before."""

    def __init__(self) -> None:
        self._by_name: dict[str, Result] = {}
        self._begun: Check | None = None

    def __getitem__(self, name: str) -> Result:
        return self._by_name[name]

    def failed(self) -> list[str]:
        return [name for name, result in self._by_name.items() if result.state is State.FAILED]

    def begins(self, check: Check) -> None:
        self._begun = check

    def ended(self, result: Result) -> None:
        assert result.state is State.SKIPPED or result.check is self._begun
        self._by_name[result.check.name] = result


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings with nothing at the other end."""
    for name in ("DISCORD_BOT_TOKEN", "DISCORD_CA_FILE", "NOTETAKER_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISCORD_TOKEN", "MTIz.abc.secret")
    monkeypatch.setenv("DISCORD_API_BASE_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path / "state"))


@pytest.fixture
def local(home: None, office: Office, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Settings for the local Discord."""
    monkeypatch.setenv("DISCORD_TOKEN", office.bot.token)
    monkeypatch.setenv("DISCORD_API_BASE_URL", office.local.api_url)
    monkeypatch.setenv("DISCORD_CA_FILE", str(office.local.ca_file))
    return office


async def examine(
    guild_id: int | None = None, channel_id: int | None = None, *, unix_s: Callable[[], float] = time.time
) -> Results:
    results = Results()
    made = await Doctor(results, guild_id, channel_id, unix_s=unix_s).run()
    assert tuple(result.check for result in made) == CHECKS
    assert all(result.advice for result in made if result.state is State.FAILED)
    return results


@asynccontextmanager
async def a_server(
    status: int, body: str, monkeypatch: pytest.MonkeyPatch, **headers: str
) -> AsyncIterator[None]:
    """Something else where Discord should be."""

    async def answer(request: web.Request) -> web.Response:
        text = body.replace("HERE", request.host)
        return web.Response(status=status, text=text, headers=headers, content_type="application/json")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    monkeypatch.setenv("DISCORD_API_BASE_URL", f"http://127.0.0.1:{runner.addresses[0][1]}/api")
    try:
        yield
    finally:
        await runner.cleanup()


# This computer


async def test_wrong_settings_are_named_and_the_libraries_looked_at_all_the_same(
    home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_RETRY_ATTEMPTS", "many")
    monkeypatch.setenv("DISCORD_TOKEN", "Bot secret")
    results = await examine()
    assert results.failed() == ["settings"]
    assert "VOICE_RETRY_ATTEMPTS" in results["settings"].text
    assert "DISCORD_TOKEN" in results["settings"].text
    assert "secret" not in results["settings"].text
    assert results["libraries"].state is State.PASSED
    assert results["voice-group"].text == "skipped, needs: Settings"


async def test_a_missing_library_is_told_and_what_needs_it_not_tried(
    home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(name: str) -> str:
        if name == "dave.py":
            raise PackageNotFoundError(name)
        return "2.8.1"

    monkeypatch.setattr(host, "version", version)
    results = await examine()
    assert results["libraries"].text == "dave.py is not installed"
    assert results["connection"].state is State.FAILED  # was tried
    assert results["intents"].text == "skipped, needs: Libraries"


async def test_a_database_that_is_away_is_told_and_the_rest_looked_at(
    home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTETAKER_DATABASE_URL", "postgresql://me:hidden@127.0.0.1:1/notes")
    results = await examine()
    assert results.failed() == ["database", "connection"]
    assert results["database"].text.startswith("the database 'notes' on 127.0.0.1 cannot be used: ")
    assert "hidden" not in results["database"].text


# Discord from here


async def test_nothing_listens_there(home: None) -> None:
    results = await examine()
    assert results.failed() == ["connection"]
    assert results["connection"].text == "cannot connect to 127.0.0.1:9: Connection refused"
    assert results["dns"].state is State.PASSED
    assert results["clock"].text == results["intents"].text == "skipped, needs: Connection"


@pytest.mark.parametrize(
    ("url", "check"), [("https://discord..com/api", "dns"), ("https://127.0.0.1:99999/api", "settings")]
)
async def test_no_address_can_be_like_this(
    home: None, url: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_API_BASE_URL", url)
    results = await examine()
    assert results.failed() == [check]
    found = results[check]
    assert "DISCORD_API_BASE_URL" in f"{found.text} {found.advice}"


async def test_a_certificate_that_nobody_vouches_for(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("DISCORD_API_BASE_URL", f"https://127.0.0.1:{port}/api")
        results = await examine()
    assert results.failed() == ["connection"]
    assert results["connection"].text.startswith("the certificate of 127.0.0.1 is not trusted: ")
    assert "DISCORD_CA_FILE" in (results["connection"].advice or "")


@pytest.mark.parametrize(
    ("status", "body", "problem"),
    [
        (503, "", "Discord responded with 503: it has an outage"),
        (429, "{}", "Discord is rate limiting this address (429)"),
        (404, "<html>", "the response (404) is not Discord's"),
        (200, "<html>", "no valid response: "),
        (200, "[]", "the response (200) is not Discord's"),
        (200, "{}", "the response has no gateway URL"),
    ],
)
async def test_what_answers_is_not_discord_or_not_well(
    home: None, status: int, body: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_server(status, body, monkeypatch):
        results = await examine()
    assert results.failed() == ["http"]
    assert results["http"].text.startswith(problem)


async def test_a_gateway_that_does_not_speak(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_server(200, '{"url": "ws://HERE/"}', monkeypatch, Date="yesterday"):
        results = await examine()
    assert results.failed() == ["gateway"]
    assert results["gateway"].text.startswith("cannot connect to 127.0.0.1: ")
    assert results["clock"].state is State.SKIPPED  # a date that is none


@pytest.mark.parametrize(("error_s", "direction"), [(60, "ahead of"), (-3600, "behind")])
async def test_a_clock_that_is_wrong(
    home: None, error_s: int, direction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_server(200, '{"url": "ws://HERE/"}', monkeypatch):
        results = await examine(unix_s=lambda: time.time() + error_s)
    assert "clock" in results.failed()
    told = re.fullmatch(rf"it is (\d+) s {direction} Discord's, .*", results["clock"].text)
    assert told is not None
    assert abs(int(told[1]) - abs(error_s)) <= 2  # Discord's date has whole seconds
    assert "timedatectl" in (results["clock"].advice or "")


async def test_a_clock_that_is_nearly_right(home: None, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_server(200, '{"url": "ws://HERE/"}', monkeypatch):
        results = await examine(unix_s=lambda: time.time() + 3)
    assert results["clock"].state is State.PASSED


# The bot, connected


@pytest.mark.parametrize("code", [4013, 4014])
async def test_intents_that_are_refused(local: Office, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    if code == 4013:
        monkeypatch.setattr("notetaker.discordsim.gateway.server.KNOWN_INTENTS", 0)
    else:
        monkeypatch.setattr("notetaker.discordsim.gateway.server.PRIVILEGED", KNOWN_INTENTS)
    results = await examine()
    assert results.failed() == ["intents"]
    assert results["intents"].text == f"Discord rejected the intents GUILDS and GUILD_VOICE_STATES ({code})"


async def test_a_bot_without_a_server_is_told_how_to_be_invited(local: Office) -> None:
    for guild in local.local.world.guilds.values():
        del guild.members[local.bot.id]
    results = await examine()
    assert results.failed() == ["guild"]
    assert results["guild"].text == "the bot is not in any server"
    assert f"client_id={local.bot.id}&" in (results["guild"].advice or "")


async def test_a_server_that_the_bot_is_not_in(local: Office) -> None:
    results = await examine(12345, 6789)
    assert results.failed() == ["guild"]
    assert results["guild"].text.startswith("the bot is not in server 12345; it is in Office (")
    assert results["permissions"].text == "skipped, needs: Server"


async def test_a_channel_that_is_none_for_voice(local: Office) -> None:
    results = await examine(local.guild.id, local.channel("general"))
    assert results.failed() == ["permissions"]
    assert " in Office; it sees Standup (" in results["permissions"].text


async def test_what_can_be_named_is_told_when_nothing_is(local: Office) -> None:
    results = await examine()
    assert results.failed() == []
    assert f"Office ({local.guild.id})" in results["guild"].text
    assert results["voice-server"].text == "skipped, needs: Permissions"
    results = await examine(local.guild.id)
    assert results.failed() == []
    assert f"Standup ({local.channel('Standup')})" in results["permissions"].text


async def test_a_full_channel_needs_move_members(local: Office) -> None:
    booth = local.guild.channels[local.channel("Phone booth")]
    async with local.person("Ben", booth.name):
        results = await examine(local.guild.id, booth.id)
        assert results.failed() == ["permissions"]
        assert "#Phone booth is full (1 of 1)" in results["permissions"].text
        assert "Move Members" in (results["permissions"].advice or "")
        local.local.world.overwrite(booth, local.bot.id, allow=Permission.MOVE_MEMBERS)
        results = await examine(local.guild.id, booth.id)
        assert results.failed() == []
        assert results["voice-group"].state is State.PASSED


@pytest.mark.parametrize("channel", ["Standup", None])
async def test_other_regions_need_manage_channels(
    local: Office, channel: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_REGION_FALLBACK", "rotterdam,us-east")
    channel_id = None if channel is None else local.channel(channel)
    place = "Office" if channel is None else f"#{channel}"
    results = await examine(local.guild.id, channel_id)
    assert results.failed() == ["regions"]
    assert results["regions"].text == (
        f"VOICE_REGION_FALLBACK has no effect in {place}: the bot lacks Manage Channels there"
    )
    assert "can grant it" in (results["regions"].advice or "")
    everyone = local.guild.roles[local.guild.id]
    everyone.permissions |= Permission.MANAGE_CHANNELS
    results = await examine(local.guild.id, channel_id)
    assert results.failed() == []
    assert results["regions"].text == (
        f"rotterdam, us-east can be tried: the bot has Manage Channels in {place}"
    )


async def test_whether_other_regions_can_be_tried_depends_on_the_server(
    local: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_REGION_FALLBACK", "rotterdam")
    results = await examine()
    assert results["regions"].state is State.SKIPPED
    assert results["regions"].text.endswith("pass --guild ID")


# The bot, in voice


@pytest.mark.parametrize(
    ("step", "code", "check", "advice"),
    [
        ("identify", 4006, "voice-ready", "second process with the same bot token"),
        ("identify", 4017, "voice-ready", "dave.py"),
        ("heartbeat", 4021, "voice-heartbeat", "Wait a few minutes"),
    ],
)
async def test_a_close_code_is_explained_at_the_step_at_which_it_came(
    local: Office, step: str, code: int, check: str, advice: str
) -> None:
    await local.sim("faults", kind="close_at", user_id=str(local.bot.id), step=step, code=code)
    results = await examine(local.guild.id, local.channel("Standup"))
    assert results.failed() == [check]
    assert str(code) in results[check].text
    assert advice in (results[check].advice or "")
    assert local.bot.id not in local.guild.voice_states


async def test_no_udp_is_the_firewalls_fault(local: Office) -> None:
    await local.sim("faults", kind="discovery_lost", user_id=str(local.bot.id), times=99)
    results = await examine(local.guild.id, local.channel("Standup"))
    assert results.failed() == ["voice-udp"]
    assert "IP discovery" in results["voice-udp"].text
    assert (results["voice-udp"].advice or "").startswith("Allow outgoing UDP")
    assert results["voice-session"].text == results["voice-group"].text == "skipped, needs: Voice: UDP"


async def test_a_main_gateway_that_says_nothing_of_voice(
    local: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_CONNECTION_TIMEOUT", "1")  # shorter than that step's own limit
    await local.sim("faults", kind="voice_events", user_id=str(local.bot.id), mode="no_server")
    results = await examine(local.guild.id, local.channel("Standup"))
    assert results.failed() == ["voice-server"]
    assert "not up within 1 s" in results["voice-server"].text
    assert results["voice-websocket"].text == "skipped, needs: Voice: server"


# The list itself


async def test_what_hangs_ends_with_its_time_limit_and_its_advice() -> None:
    checkup = Checkup(Results())
    slow = Check("slow", "Slow", 0.01, "Hurry.")
    forever = asyncio.Event()

    async def look() -> str:
        await forever.wait()
        return "never"

    await checkup.make(slow, look)
    [result] = checkup.results
    assert (result.state, result.text, result.advice) == (State.FAILED, "no answer within 0.01 s", "Hurry.")


async def test_a_check_that_was_not_tried_stops_those_that_need_it() -> None:
    checkup = Checkup(Results())
    first = Check("first", "First", 1, "Fix it.")
    second = Check("second", "Second", 1, "Fix it.", needs=(first,))
    third = Check("third", "Third", 1, "Fix it.", needs=(second,))

    async def look() -> str:
        raise CheckSkipped("nobody asked")

    await checkup.make(first, look)
    await checkup.make(second, look)
    checkup.skip_rest((first, second, third))
    assert [result.text for result in checkup.results] == ["nobody asked", *["skipped, needs: First"] * 2]
    assert not any(result.advice for result in checkup.results)


def test_every_check_needs_only_earlier_ones() -> None:
    for number, check in enumerate(CHECKS):
        assert set(check.needs) <= set(CHECKS[:number]), check.name
