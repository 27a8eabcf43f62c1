"""The unit files, as systemd and supervisor read them."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from notetaker.service.exit_codes import ExitCode

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:  # the program need not be installed to check the unit
        (tmp_path / unit.name).write_text(
            unit.read_text().replace("/opt/notetaker/.venv/bin/notetaker", "/bin/true")
        )
    names = [tmp_path / unit.name.replace("@.", "@1.") for unit in UNITS]
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert [line for line in result.stderr.splitlines() if "notetaker" in line] == []
    assert result.returncode == 0


@pytest.mark.parametrize(
    "unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name
)
def test_services_do_not_restart_where_restarting_cannot_help(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    assert f"RestartPreventExitStatus={ExitCode.TOKEN_REJECTED} {ExitCode.CONFIGURATION}" in lines
    assert "Type=notify" in lines


def test_supervisor_does_not_either() -> None:
    config = configparser.RawConfigParser()
    config.read(DEPLOY / "supervisor" / "notetaker.conf")
    for section in ("program:notetaker-bot", "program:notetaker-worker"):
        codes = {int(code) for code in config[section]["exitcodes"].split(",")}
        assert codes == {ExitCode.OK, ExitCode.TOKEN_REJECTED, ExitCode.CONFIGURATION}
        assert config[section]["autorestart"] == "unexpected"
