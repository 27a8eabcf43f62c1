import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from notetaker.host.errors import SettingsError
from notetaker.host.users import user_name
from notetaker.settings import state_folder
from notetaker.settings.values import Settings, environment_names, token_place
from tests.host.candidates import can_unshare

EXAMPLE = Path(__file__).parents[2] / ".env.example"
NOBODY = 65534


def test_env_example_and_settings_name_the_same_variables() -> None:
    assert set(dotenv_values(EXAMPLE)) == {environment_names(field)[0] for field in Settings.model_fields}


def test_older_names_are_mentioned_in_env_example() -> None:
    text = EXAMPLE.read_text()
    for field in Settings.model_fields:
        for name in environment_names(field):
            assert name in text


def test_env_example_states_every_default(monkeypatch: pytest.MonkeyPatch) -> None:
    values = dotenv_values(EXAMPLE)
    for field, info in Settings.model_fields.items():
        stated = values[environment_names(field)[0]]
        computed = info.default_factory is not None or info.default in (None, ())
        older_name = len(environment_names(field)) > 1
        assert (stated == "") == (computed or older_name), (
            f"{field}: a fixed default is written out, unless it would come before what an older name says"
        )
    defaults = Settings.load()
    for name, value in values.items():
        monkeypatch.setenv(name, value or "")
    assert Settings.load() == defaults


def test_every_setting_is_described_in_env_example() -> None:
    previous = ""
    for line in EXAMPLE.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            assert previous.startswith("# "), f"{line} has no comment above it"
        previous = line


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "VOICE_CONNECTION_TIMEOUT",
            "soon",
            "VOICE_CONNECTION_TIMEOUT is invalid: input should be a valid number, unable to parse string as a "
            "number; for example VOICE_CONNECTION_TIMEOUT=30",
        ),
        (
            "VOICE_RETRY_ATTEMPTS",
            "0",
            "VOICE_RETRY_ATTEMPTS is invalid: input should be greater than or equal to 1; "
            "for example VOICE_RETRY_ATTEMPTS=3",
        ),
        (
            "VOICE_REGION_FALLBACK",
            "us-west,somewhere else",
            "VOICE_REGION_FALLBACK is invalid: 'somewhere else' is not a voice region; "
            "for example VOICE_REGION_FALLBACK=us-west,us-east,us-central",
        ),
        *(
            (
                "TIME_ZONE",
                name,
                f"TIME_ZONE is invalid: there is no time zone {name!r}; for example TIME_ZONE=Europe/Berlin",
            )
            for name in ("Berlin", "Europe", "../zone", "/etc/localtime", "z" * 300)
        ),
        (
            "DISCORD_API_BASE_URL",
            "discord.com",
            "DISCORD_API_BASE_URL is invalid: it must start with https:// (or http://); "
            "for example DISCORD_API_BASE_URL=https://discord.com/api",
        ),
        (
            "DISCORD_API_BASE_URL",
            "https://",
            "DISCORD_API_BASE_URL is invalid: it has no host name; "
            "for example DISCORD_API_BASE_URL=https://discord.com/api",
        ),
        (
            "DISCORD_API_BASE_URL",
            "https://me:pass/word@proxy.example.org/api",
            "DISCORD_API_BASE_URL is invalid: its port is not a number up to 65535; "
            "for example DISCORD_API_BASE_URL=https://discord.com/api",
        ),
        (
            "NOTETAKER_STATE_DIR",
            "~nobody-of-that-name/state",
            "NOTETAKER_STATE_DIR is invalid: there is no user nobody-of-that-name; "
            "for example NOTETAKER_STATE_DIR=/var/lib/notetaker",
        ),
        (
            "NOTETAKER_STATE_DIR",
            "/srv/what?/state",
            "NOTETAKER_STATE_DIR is invalid: it must not contain a question mark; "
            "for example NOTETAKER_STATE_DIR=/var/lib/notetaker",
        ),
        (
            "DISCORD_CA_FILE",
            "/nowhere/ca.pem",
            "DISCORD_CA_FILE is invalid: there is no file /nowhere/ca.pem; "
            "for example DISCORD_CA_FILE=/etc/ssl/certs/our-proxy.pem",
        ),
        (
            "DISCORD_CA_FILE",
            f"/{'a' * 300}",
            f"DISCORD_CA_FILE is invalid: cannot read /{'a' * 300} (File name too long); "
            "for example DISCORD_CA_FILE=/etc/ssl/certs/our-proxy.pem",
        ),
        (
            "LOG_LEVEL",
            "loud",
            "LOG_LEVEL is invalid: input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'; "
            "for example LOG_LEVEL=INFO",
        ),
    ],
)
def test_a_malformed_setting_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value) == sentence


@pytest.mark.parametrize("name", ["LOG_LEVEL", "BOT_LOG_LEVEL"])
@pytest.mark.parametrize("given", [True, False])
def test_a_mistake_is_found_under_the_name_that_was_used(
    monkeypatch: pytest.MonkeyPatch, name: str, given: bool
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "")
    monkeypatch.setenv(name, "loud")
    with pytest.raises(SettingsError, match=rf"^{name} is invalid: .*; for example {name}=INFO$"):
        Settings.load({name: "loud"} if given else None)


@pytest.mark.parametrize("token", ["Bot MTIz.abc.hidden", "MTIz.abc hidden", "MTIz.abc\thidden"])
@pytest.mark.parametrize("name", ["DISCORD_TOKEN", "DISCORD_BOT_TOKEN"])
def test_a_malformed_token_is_named_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, token: str, name: str
) -> None:
    monkeypatch.setenv(name, token)
    with pytest.raises(SettingsError, match=rf"^{name} is invalid: it ") as error:
        Settings.load()
    assert "hidden" not in str(error.value)


def test_a_missing_token_concerns_only_who_asks_for_it() -> None:
    with pytest.raises(SettingsError, match=r"^DISCORD_TOKEN is not set; for example DISCORD_TOKEN="):
        Settings.load().require_token()


def test_secrets_are_not_in_the_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "MTIz.abc.hidden")
    monkeypatch.setenv("NOTETAKER_DATABASE_URL", "postgresql://me:hidden@db/notetaker")
    settings = Settings.load()
    assert "hidden" not in repr(settings)
    assert settings.require_token() == "MTIz.abc.hidden"
    assert settings.database == "postgresql://me:hidden@db/notetaker"


def test_an_empty_preferred_name_does_not_hide_the_older_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "")
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "MTIz.abc.def")
    monkeypatch.setenv("BOT_LOG_LEVEL", "warning")
    assert Settings.load().require_token() == "MTIz.abc.def"
    assert Settings.load().log_level == "WARNING"


def test_the_time_zone_is_a_name_of_the_iana_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().time_zone == "UTC"
    monkeypatch.setenv("TIME_ZONE", "Europe/Berlin")
    assert Settings.load().time_zone == "Europe/Berlin"


def test_voice_regions_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOICE_REGION_FALLBACK", "us-west, US-East,,rotterdam ")
    assert Settings.load().voice_region_fallback == ("us-west", "us-east", "rotterdam")


def test_systemds_state_directory_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/notetaker:/var/lib/other")
    settings = Settings.load()
    assert settings.state_dir == Path("/var/lib/notetaker")
    assert settings.database == "sqlite:////var/lib/notetaker/notetaker.db"


def test_a_ca_file_without_a_certificate_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("no certificate\n")
    monkeypatch.setenv("DISCORD_CA_FILE", str(file))
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value).startswith(
        f"DISCORD_CA_FILE is invalid: {file} is not a PEM file of certificates; for example"
    )


def test_the_state_folder_is_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = tmp_path / "new" / "state"
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(state))
    state_folder.make(Settings.load())
    assert [path.stat().st_mode & 0o777 for path in (state, state / "meetings")] == [0o700, 0o700]


def test_a_state_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NOTETAKER_STATE_DIR", str(tmp_path / "file" / "state"))
    with pytest.raises(SettingsError, match=r"^NOTETAKER_STATE_DIR is invalid: .*Not a directory"):
        state_folder.make(Settings.load())


@pytest.mark.skipif(not can_unshare("--mount"), reason="mounts a folder")
@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (
            {"STATE_DIRECTORY": "/var/lib/notetaker"},
            "systemd lets notetaker write only to /var/lib/notetaker: mount the disk there, or put [Service] and "
            "ReadWritePaths={folder} into /etc/systemd/system/notetaker-.service.d/state.conf, run systemctl "
            "daemon-reload, and make sure that {folder} exists and is owned by {user}",
        ),
        ({"STATE_DIRECTORY": "{folder}"}, "cannot create or write to {folder} (Read-only file system)"),
        ({}, "cannot create or write to {folder} (Read-only file system)"),
    ],
)
def test_a_read_only_state_folder_is_one_sentence_with_what_opens_it_to_systemd(
    tmp_path: Path, own: dict[str, str], sentence: str
) -> None:
    read_only = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'
    load = (
        "from notetaker.settings import state_folder; from notetaker.settings.values import Settings; "
        "state_folder.make(Settings.load())"
    )
    result = subprocess.run(
        ["unshare", "--mount", "sh", "-c", read_only, tmp_path, sys.executable, "-c", load],
        env={
            "PATH": os.environ["PATH"],
            "NOTETAKER_STATE_DIR": str(tmp_path),
            **{name: value.format(folder=tmp_path) for name, value in own.items()},
        },
        capture_output=True,
        text=True,
        check=False,
    )
    problem = sentence.format(folder=tmp_path, user=user_name(os.geteuid()))
    assert result.stderr.splitlines()[-1].endswith(
        f"SettingsError: NOTETAKER_STATE_DIR is invalid: {problem}; for example "
        "NOTETAKER_STATE_DIR=/var/lib/notetaker"
    )


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder that is there already, where every user may go, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        monkeypatch.setenv("NOTETAKER_STATE_DIR", name)
        yield Path(name)


@pytest.mark.parametrize("mode", [0o700, 0o775, 0o2770])
def test_a_state_folder_that_the_group_may_write_to_is_taken_as_it_is(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    state_folder.make(Settings.load())
    assert folder.stat().st_mode & 0o7777 == mode


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_state_folder_that_everybody_may_write_to_is_refused(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    with pytest.raises(SettingsError, match=r"^NOTETAKER_STATE_DIR .*: every user on this host can replace "):
        state_folder.make(Settings.load())
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_another_user_s_state_folder_is_refused(folder: Path) -> None:
    os.chown(folder, NOBODY, NOBODY)
    with pytest.raises(
        SettingsError,
        match=rf": the user nobody can replace files that root writes to {folder}: use a folder ",
    ):
        state_folder.make(Settings.load())
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_file_server_may_call_us_another_user(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As NFS does with ``all_squash``, and CIFS with ``uid=``."""
    os.chown(folder, NOBODY, NOBODY)
    os.seteuid(NOBODY)
    try:
        monkeypatch.setattr(os, "geteuid", lambda: NOBODY - 1)
        state_folder.make(Settings.load())
    finally:
        os.seteuid(0)
    assert (folder / "meetings").is_dir()


@pytest.fixture
def credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that systemd would make; the test writes it."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    return tmp_path / "discord_token"


def test_the_token_may_be_a_credential_of_systemd(credential: Path) -> None:
    credential.write_text("MTIz.abc.from-systemd\n")
    assert Settings.load().require_token() == "MTIz.abc.from-systemd"


def test_a_token_in_the_environment_comes_before_the_credential(
    credential: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential.write_text("MTIz.abc.from-systemd\n")
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "MTIz.abc.from-environment")
    assert Settings.load().require_token() == "MTIz.abc.from-environment"
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "")
    assert Settings.load().require_token() == "MTIz.abc.from-systemd"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_an_empty_credential_is_no_token_yet(credential: Path, content: str | None) -> None:
    if content is not None:
        credential.write_text(content)
    with pytest.raises(SettingsError) as error:
        Settings.load().require_token()
    assert str(error.value) == (
        "/etc/notetaker/discord_token is missing or empty, and DISCORD_TOKEN is not set; put the "
        "token into this file"
    )


def test_a_credential_that_cannot_be_read_is_one_sentence(credential: Path) -> None:
    credential.mkdir()
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value) == ("cannot read /etc/notetaker/discord_token (Is a directory)")


@pytest.mark.parametrize("content", [b"MTIz.abc hidden", b"Bot MTIz.hidden", b"MTIz.hidden\xff"])
def test_a_malformed_credential_is_one_sentence_without_the_token(credential: Path, content: bytes) -> None:
    credential.write_bytes(content)
    with pytest.raises(SettingsError) as error:
        Settings.load()
    assert str(error.value).startswith("/etc/notetaker/discord_token is invalid: it ")
    assert "hidden" not in str(error.value)


def test_the_place_of_the_token_is_the_one_that_counts(
    credential: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential.write_text("MTIz.abc.from-systemd\n")
    monkeypatch.setenv("DISCORD_TOKEN", "")
    assert token_place() == "/etc/notetaker/discord_token"
    monkeypatch.setenv("DISCORD_BOT_TOKEN", "MTIz.abc.from-environment")
    assert token_place() == "DISCORD_BOT_TOKEN, which takes precedence over /etc/notetaker/discord_token"
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert token_place() == "DISCORD_BOT_TOKEN"
    monkeypatch.delenv("DISCORD_BOT_TOKEN")
    assert token_place() == "DISCORD_TOKEN"
