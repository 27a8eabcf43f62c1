"""What is in ``deploy/systemd``, as systemd reads it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from notetaker.host.exit_codes import ExitCode
from notetaker.host.supervisor.watchdog import ABORT_S
from notetaker.service.supervision import PATIENCE
from notetaker.settings.credentials import LLM_KEY_CREDENTIAL, LLM_KEY_FILE, TOKEN_CREDENTIAL, TOKEN_FILE

DEPLOY = Path(__file__).parents[2] / "deploy"
SYSTEMD = DEPLOY / "systemd"
BOT, WORKER, LLM = "notetaker-bot.service", "notetaker-worker@.service", "notetaker-llm.service"
MOST_EXPOSED = 15
"""Tenths of what systemd-analyze security calls exposure: 0 (safe) to 100."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and os.environ.get("CI") != "true",
    reason="systemd is not installed",
)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units where systemd would read them, although the program is not installed."""
    folder = tmp_path / "units"
    shutil.copytree(SYSTEMD, folder)
    for service in folder.glob("*.service"):
        programs = r"/opt/notetaker/current/bin/notetaker|/usr/local/bin/llama-server"
        service.write_text(re.sub(programs, "/bin/true", service.read_text()))
    (folder / "notetaker-worker@1.service").symlink_to(WORKER)
    return folder


def add(units: Path, drop_in: str, unit: str) -> None:
    """As scripts/install does."""
    target = units / f"{unit}.d" / f"20-{drop_in}"
    target.parent.mkdir(exist_ok=True)
    shutil.copy(SYSTEMD / drop_in, target)


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@needs_systemd
@pytest.mark.parametrize("network", [False, True])
def test_systemd_accepts_the_units(units: Path, network: bool) -> None:
    if network:
        add(units, "worker-network.conf", WORKER)
    names = ("notetaker.target", BOT, "notetaker-worker@1.service", LLM)
    result = analyze("verify", "--man=no", *(units / name for name in names))
    assert [line for line in result.stderr.splitlines() if "notetaker" in line] == []
    assert result.returncode == 0


@needs_systemd
@pytest.mark.parametrize("unit", [BOT, "notetaker-worker@1.service", LLM])
@pytest.mark.parametrize("network", [False, True])
def test_the_units_are_hardened(units: Path, unit: str, network: bool) -> None:
    if network:
        add(units, "worker-network.conf", WORKER)
    result = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", units / unit)
    assert result.returncode == 0, result.stdout


@needs_systemd
def test_a_worker_without_a_remote_database_has_no_network(units: Path) -> None:
    def findings() -> str:
        return analyze("security", "--offline=true", units / "notetaker-worker@1.service").stdout

    assert re.search("✓ PrivateNetwork=", findings())
    assert re.search(r"✓ RestrictAddressFamilies=~AF_\(INET\|INET6\)", findings())
    add(units, "worker-network.conf", WORKER)
    assert re.search("✗ PrivateNetwork=", findings())
    assert re.search(r"✗ RestrictAddressFamilies=~AF_\(INET\|INET6\)", findings())


def settings_of(unit: str) -> dict[str, list[str]]:
    """Every assignment of a unit, the common ones first."""
    settings: dict[str, list[str]] = {}
    for file in (SYSTEMD / "notetaker-.service.d" / "10-common.conf", SYSTEMD / unit):
        for line in file.read_text().splitlines():
            if re.match("[A-Za-z]+=", line):
                name, _, value = line.partition("=")
                settings.setdefault(name, []).append(value)
    return settings


def test_services_do_not_restart_where_restarting_cannot_help() -> None:
    for_a_person = [ExitCode.ALREADY_RUNNING, ExitCode.TOKEN_REJECTED, ExitCode.CONFIGURATION]
    assert settings_of(BOT)["RestartPreventExitStatus"] == [" ".join(str(int(c)) for c in for_a_person)]
    assert settings_of(WORKER)["RestartPreventExitStatus"] == [str(int(ExitCode.CONFIGURATION))]


@pytest.mark.parametrize("unit", [BOT, WORKER])
def test_services_are_watched_and_come_back(unit: str) -> None:
    settings = settings_of(unit)
    assert settings["Type"] == ["notify"]
    assert settings["NotifyAccess"] == ["main"]
    assert settings["WatchdogSec"] == ["30"]
    assert settings["WatchdogSignal"] == ["SIGABRT"]
    assert settings["Restart"] == ["on-failure"]
    assert settings["TimeoutStopFailureMode"] == ["abort"]


def test_a_bot_that_no_signal_can_end_gives_up_before_it_is_killed_without_a_word() -> None:
    settings = settings_of(BOT)
    watchdog_s = float(settings["WatchdogSec"][0])
    assert watchdog_s < PATIENCE * watchdog_s < watchdog_s + int(settings["TimeoutAbortSec"][0])
    supervisor = (DEPLOY / "supervisor" / "notetaker.conf").read_text()
    for usec in re.findall('WATCHDOG_USEC="([0-9]+)"', supervisor):
        watchdog_s = int(usec) / 1e6
        assert watchdog_s < PATIENCE * watchdog_s < watchdog_s + ABORT_S


def test_the_bot_stays_below_the_identifies_that_discord_allows() -> None:
    """1000 in 24 hours: https://discord.com/developers/docs/events/gateway#session-start-limit-object"""
    settings = settings_of(BOT)
    assert settings["StartLimitIntervalSec"] == ["1d"]
    assert int(settings["StartLimitBurst"][0]) <= 1000 / 2


def test_the_token_reaches_the_bot_only() -> None:
    assert settings_of(BOT)["LoadCredential"] == [f"{TOKEN_CREDENTIAL}:{TOKEN_FILE}"]
    worker = settings_of(WORKER)
    assert worker["LoadCredential"] == [f"{LLM_KEY_CREDENTIAL}:{LLM_KEY_FILE}"]
    assert worker["UnsetEnvironment"] == ["DISCORD_TOKEN DISCORD_BOT_TOKEN"]


def test_a_language_model_reads_no_recording_and_talks_to_no_other_host() -> None:
    model = settings_of(LLM)
    [state] = model["StateDirectory"]
    assert model["TemporaryFileSystem"] == [f"/var/lib/{state}:ro"]
    assert model["InaccessiblePaths"] == [f"-{Path(TOKEN_FILE).parent}"]
    assert (model["IPAddressDeny"], model["IPAddressAllow"]) == (["any"], ["localhost"])


def test_a_worker_goes_before_the_recorder_and_a_language_model_before_both() -> None:
    bot, worker, model = settings_of(BOT), settings_of(WORKER), settings_of(LLM)
    assert int(bot["OOMScoreAdjust"][0]) < 0 < int(worker["OOMScoreAdjust"][0])
    assert int(worker["OOMScoreAdjust"][0]) < int(model["OOMScoreAdjust"][0])
    assert int(worker["Nice"][0]) > 0
    assert int(worker["CPUWeight"][0]) < 100  # systemd's default
    assert "MemoryMax" in worker
