"""``notetaker setup`` on a real terminal, and ``notetaker invite``, against the local Discord."""

import asyncio
import os
import pty
import re
import stat
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from notetaker.discordbot.invitation import PERMISSIONS, link
from notetaker.discordsim.server import LocalDiscord
from notetaker.discordsim.world.entities import User
from tests.harness.world import the_bot

OPERATIONS = Path(__file__).parent.parent / "docs" / "operations.md"


@dataclass
class Result:
    code: int
    said: str
    errors: str = ""


class Place:
    """A folder and a Discord."""

    def __init__(self, folder: Path, local: LocalDiscord) -> None:
        self.folder = folder
        self.env = folder / ".env"
        self._local = local
        self.settings = {"DISCORD_API_BASE_URL": local.api_url}

    @property
    def bot(self) -> User:
        return the_bot(self._local.world)

    async def runs(self, name: str, **settings: str) -> Result:
        """Run a command without a terminal."""
        process = await self._start(name, settings, asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL)
        said, errors = await process.communicate()
        return Result(process.returncode or 0, said.decode(), errors.decode())

    async def sets_up(self, typed: str, *, token_file: Path | None = None, **settings: str) -> Result:
        """Type something where the token is asked for."""
        ours, theirs = pty.openpty()
        try:
            process = await self._start("setup", settings, theirs, theirs, token_file)
            os.close(theirs)
            said = await asyncio.to_thread(_type, ours, typed)
            return Result(await process.wait(), said)
        finally:
            os.close(ours)

    async def _start(
        self, name: str, settings: dict[str, str], output: int, keyboard: int, token_file: Path | None = None
    ) -> asyncio.subprocess.Process:
        run = "import sys; from notetaker.cli import main; "
        if token_file is not None:
            run += f"sys.modules['notetaker.cli.setup'].TOKEN_FILE = {str(token_file)!r}; "
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **self.settings, **settings}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", f"{run}main()", name,
            env=environment, cwd=self.folder, stdin=keyboard, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip


def _type(terminal: int, line: str) -> str:
    """Type a line where a token is asked for, and return all that is shown."""
    shown, typed = b"", False
    while True:
        try:
            shown += os.read(terminal, 65536)
        except OSError:  # Linux: the last process has closed the other end
            return shown.decode().replace("\r\n", "\n")
        if b"(it is not shown): " in shown and not typed:
            typed = bool(os.write(terminal, f"{line}\n".encode()))


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    folder = tmp_path / "installed"
    folder.mkdir()
    async with LocalDiscord(state_dir=tmp_path) as local:
        yield Place(folder, local)


async def test_a_token_is_checked_stored_and_never_shown(place: Place) -> None:
    result = await place.sets_up(f"  {place.bot.token} ")
    assert result.code == 0, result.said
    assert place.env.read_text() == f"DISCORD_TOKEN={place.bot.token}\n"
    assert mode(place.env) == 0o600
    assert link(str(place.bot.id)) in result.said
    assert "Then start it: notetaker bot" in result.said
    assert place.bot.token not in result.said


async def test_other_lines_stay_as_they_are(place: Place) -> None:
    before, after = (
        "# ours\nLOG_LEVEL=DEBUG\n",
        "\n#DISCORD_TOKEN=example\nTIME_ZONE='Europe/Berlin' # here\n",
    )
    place.env.write_text(f"{before}DISCORD_TOKEN=old{after}")
    place.env.chmod(0o644)
    assert (await place.sets_up(place.bot.token)).code == 0
    assert place.env.read_text() == f"{before}DISCORD_TOKEN={place.bot.token}{after}"
    assert mode(place.env) == 0o600
    assert [file.name for file in place.folder.iterdir()] == [".env"]


async def test_under_systemd_it_is_a_credential(place: Place) -> None:
    token_file = place.folder / "discord_token"
    token_file.write_text("old\n")
    token_file.chmod(0o644)
    credentials = str(place.folder / "credentials")
    result = await place.sets_up(place.bot.token, token_file=token_file, CREDENTIALS_DIRECTORY=credentials)
    assert result.code == 0, result.said
    assert token_file.read_text() == f"{place.bot.token}\n"
    assert mode(token_file) == 0o600
    assert "Then start it: systemctl start notetaker.target" in result.said
    assert [file.name for file in place.folder.iterdir()] == ["discord_token"]


@pytest.mark.parametrize(
    ("typed", "code", "sentence"),
    [
        ("MTIz.abc.wrong", 77, "Discord rejects this token; copy it again, or reset it on that page."),
        ("Bot MTIz.abc.wrong", 78, 'DISCORD_TOKEN is invalid: it starts with "Bot"; enter the token alone'),
    ],
)
async def test_what_is_no_token_is_not_stored(place: Place, typed: str, code: int, sentence: str) -> None:
    result = await place.sets_up(typed)
    assert result.code == code
    assert f"notetaker: {sentence}" in result.said
    assert "wrong" not in result.said
    assert not place.env.exists()


async def test_a_token_that_cannot_be_checked_is_not_stored(place: Place) -> None:
    result = await place.sets_up("MTIz.abc.def", DISCORD_API_BASE_URL="http://127.0.0.1:9/api")
    assert result.code == 75
    assert "cannot check the token, so it is not stored: http://127.0.0.1:9/api gives no valid" in result.said
    assert not place.env.exists()


async def test_a_folder_that_cannot_be_written_to_is_one_sentence(place: Place) -> None:
    place.env.mkdir()
    result = await place.sets_up(place.bot.token)
    assert result.code == 78
    assert f"notetaker: cannot write {place.env}: Is a directory." in result.said


async def test_without_a_terminal_setup_is_one_sentence(place: Place) -> None:
    result = await place.runs("setup")
    assert result.code == 78
    assert result.said == ""
    assert re.fullmatch(
        r"notetaker: setup asks for the token, which needs a terminal; .* yourself\.\n", result.errors
    )


async def test_the_invitation_asks_for_what_is_needed(place: Place) -> None:
    result = await place.runs("invite", DISCORD_TOKEN=place.bot.token)
    assert result.code == 0, result.errors
    [address] = re.findall(r"https://\S+", result.said)
    query = parse_qs(urlsplit(address).query)
    assert query["client_id"] == [str(place.bot.id)]
    assert query["scope"] == ["bot applications.commands"]
    granted = {name for name, has in discord.Permissions(int(query["permissions"][0])) if has}
    assert granted == {
        "view_channel",
        "connect",
        "send_messages",
        "send_messages_in_threads",
        "attach_files",
        "read_message_history",
        "create_public_threads",
        "change_nickname",
        "set_voice_channel_status",
    }
    assert all(f"  {one.name:<25} to {one.why}\n" in result.said for one in PERMISSIONS)


async def test_a_link_needs_no_network(place: Place) -> None:
    away = {"DISCORD_API_BASE_URL": "http://127.0.0.1:9/api"}
    result = await place.runs("invite", DISCORD_TOKEN="MTk4NjIyNDgzNDcxOTI1MjQ4.a.b", **away)
    assert result.code == 0
    assert link("198622483471925248") in result.said
    assert result.errors.startswith(
        "Discord could not be asked (http://127.0.0.1:9/api gives no valid answer"
    )
    assert (await place.runs("invite", DISCORD_TOKEN="nothing", **away)).code == 75
    assert (await place.runs("invite", DISCORD_TOKEN="MTIz.a.b")).code == 77
    assert (await place.runs("invite")).code == 78


def test_the_documentation_has_the_same_table() -> None:
    text = OPERATIONS.read_text()
    assert link("APPLICATION_ID") in text
    assert all(f"| {one.name} | {one.why} |\n" in text for one in PERMISSIONS)
