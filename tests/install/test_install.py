"""What ``scripts/install`` would do on a host of our making. ``--dry-run`` says all of it."""

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "scripts" / "install"
SOME_PYTHON = "[ $1 = --version ] && echo Python 3.12.0 || cat >/dev/null"


class Host:
    """Stand-ins for the programs that the script asks about the host; everything else is the real one."""

    def __init__(self, folder: Path) -> None:
        self.checkout = ROOT
        self._bin = folder / "bin"
        self._bin.mkdir()
        self.has_systemd("252 (252.38-1~deb12u1)")
        self.has("python3", SOME_PYTHON)

    def has(self, program: str, script: str) -> None:
        file = self._bin / program
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def has_systemd(self, version: str, *, installed: bool = False) -> None:
        """One that knows our units if they are installed."""
        knows = "true" if installed else "false"
        self.has("systemctl", f"case $1 in --version) echo 'systemd {version}' ;; cat) {knows} ;; esac")

    def install(self, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "scripts" / "install", *options],
            env={"PATH": f"{self._bin}:{os.environ['PATH']}", "LC_ALL": "C", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def would_run(self, *options: str) -> list[str]:
        result = self.install("--dry-run", *options)
        assert (result.returncode, result.stderr) == (0, "")
        lines = result.stdout.splitlines()
        assert all(line.startswith("would run: ") for line in lines)
        return [line.removeprefix("would run: ") for line in lines]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def function(name: str) -> str:
    """A function of the script."""
    [found] = re.findall(rf"^{name}\(\) \{{.*?^\}}", INSTALL.read_text(), re.DOTALL | re.MULTILINE)
    return str(found)


def bash(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail; {script}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


def position(actions: list[str], pattern: str) -> int:
    [found] = [i for i, action in enumerate(actions) if re.search(pattern, action)]
    return found


needs_a_host_without_notetaker = pytest.mark.skipif(
    Path("/etc/notetaker").exists() or Path("/opt/notetaker").exists(), reason="notetaker is installed here"
)


@needs_a_host_without_notetaker
def test_everything_happens_in_an_order_in_which_a_failure_leaves_no_half_of_it(host: Host) -> None:
    actions = host.would_run()
    order = [
        "^useradd --system .* notetaker$",
        r"python3 -I -m venv /opt/notetaker/releases/0\.1\.0-[0-9a-f]{12}$",
        r"--require-hashes -r /opt/.*/setuptools\.lock$",
        "--require-hashes -r deploy/requirements.lock$",
        "--no-deps .*/source$",
        "^setpriv --reuid=notetaker .* import.*notetaker",
        r"^touch .*/\.complete$",
        r"^mv -T /opt/notetaker/current\.new /opt/notetaker/current$",
        "/bin/notetaker models pull whisper-base --to /opt/notetaker/models$",
        "^install -d -m 750 -o root -g notetaker /etc/notetaker$",
        "^install .*/etc/systemd/system .*notetaker-bot.service",
        "^systemctl --quiet enable notetaker.target notetaker-bot.service ",
        "^journalctl --update-catalog$",
        "^systemctl daemon-reload$",
        "^systemctl --no-block try-restart ",
    ]
    positions = [position(actions, pattern) for pattern in order]
    assert positions == sorted(positions)


@needs_a_host_without_notetaker
def test_settings_and_token_are_for_those_who_need_them(host: Host) -> None:
    actions = host.would_run()
    assert "chmod 640 /etc/notetaker/notetaker.env" in actions
    assert "chown root:notetaker /etc/notetaker/notetaker.env" in actions
    assert "chmod 600 /etc/notetaker/discord_token" in actions
    assert "chown root:root /etc/notetaker/discord_token" in actions


@needs_a_host_without_notetaker
def test_only_what_has_a_hash_and_the_checkout_itself_is_installed(host: Host, tmp_path: Path) -> None:
    actions = host.would_run()
    pips = [action for action in actions if "pip install" in action]
    assert all(" -I -m pip " in pip and "--no-build-isolation" in pip for pip in pips)
    assert ["--require-hashes" in pip or "--no-deps" in pip for pip in pips] == [True] * 3
    writing = actions[position(actions, r"^sed .*setuptools\.lock")]
    assert bash(re.sub(r"/opt/\S*/source", str(tmp_path), writing)).returncode == 0
    everything = locked(ROOT / "deploy" / "requirements.lock")
    assert (tmp_path / "setuptools.lock").read_text().strip() == everything["setuptools"]


def test_no_python_from_elsewhere_is_run_as_root(host: Host, tmp_path: Path) -> None:
    host.checkout, elsewhere = tmp_path / "checkout", tmp_path / "elsewhere"
    shutil.copytree(ROOT / "scripts", host.checkout / "scripts")
    for planted in (host.checkout / "venv.py", elsewhere / "sitecustomize.py"):
        planted.parent.mkdir(exist_ok=True)
        planted.write_text(f"open({str(tmp_path / 'run')!r}, 'w')")
    host.has("python3", f'env >{tmp_path}/environment; exec {sys.executable} "$@"')
    host.install("--dry-run", PYTHONPATH=str(elsewhere))
    assert "PYTHONPATH" not in (tmp_path / "environment").read_text()
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize(("owner", "mode"), [(65534, 0o755), (0, 0o775), (0, 0o757)])
@pytest.mark.parametrize("folder", [".", "releases"])
def test_a_folder_that_others_may_write_to_is_refused(
    tmp_path: Path, folder: str, owner: int, mode: int
) -> None:
    program = tmp_path / "notetaker"
    (program / "releases").mkdir(parents=True)
    check = f"fail() {{ echo $1; exit 1; }}; {function('check_folders')}\ncheck_folders"
    assert bash(check, PROGRAM=str(program)).returncode == 0
    os.chown(program / folder, owner, owner)
    (program / folder).chmod(mode)
    refused = bash(check, PROGRAM=str(program))
    assert refused.returncode == 1
    assert refused.stdout.startswith(f"others than root can write to {program / folder}")


def test_a_dry_run_does_nothing(host: Host, tmp_path: Path) -> None:
    for program in ("useradd", "install", "journalctl", "rm", "mkdir", "mv", "ln", "cp", "chmod", "chown"):
        host.has(program, f"touch {tmp_path}/touched")
    host.would_run()
    host.would_run("--uninstall", "--purge")
    assert not (tmp_path / "touched").exists()


def test_every_file_for_systemd_has_its_place(host: Host) -> None:
    host.has_systemd("255 (255.4)")
    actions = "\n".join(host.would_run())
    files = {file.name for file in (ROOT / "deploy" / "systemd").rglob("*") if file.is_file()}
    not_here = {"worker-network.conf"}  # the database is not on another host
    assert {name for name in files if name not in actions} == not_here


@pytest.mark.parametrize(("version", "can"), [("252 (252.38-1~deb12u1)", False), ("254 (254.1)", True)])
def test_growing_delays_come_with_a_systemd_that_knows_them(host: Host, version: str, can: bool) -> None:
    host.has_systemd(version)
    assert any("restart-delay" in action for action in host.would_run()) == can


@pytest.mark.parametrize(
    ("environment", "pulled"),
    [
        ({}, "models pull whisper-base --to /opt/notetaker/models$"),
        ({"MODEL": "whisper-tiny.en"}, "models pull whisper-tiny.en --to /opt/notetaker/models$"),
        (
            {"MODEL_FROM": "/media/usb"},
            "models pull whisper-base --to /opt/notetaker/models --from /media/usb$",
        ),
        ({"MODEL": "none"}, None),
    ],
)
def test_the_speech_model_is_the_administrators_choice(
    host: Host, environment: dict[str, str], pulled: str | None
) -> None:
    actions = host.install("--dry-run", **environment).stdout.splitlines()
    pulls = [action for action in actions if "models pull" in action]
    assert [bool(pulled and re.search(pulled, pull)) for pull in pulls] == [True] * (pulled is not None)


def test_what_is_enabled_is_the_administrators_choice_once_it_is_installed(host: Host) -> None:
    host.has_systemd("252", installed=True)
    actions = host.would_run()
    position(actions, "^install .*/etc/systemd/system .*notetaker-bot.service")
    assert not any(action.startswith("systemctl --quiet enable") for action in actions)


A_WORKER_PER_PROCESSOR = (
    "# One for each processor to spare: systemctl enable --now notetaker-worker@2\n[Unit]\n"
)


@pytest.mark.parametrize(
    ("unit", "enabled", "disabled"),
    [
        (A_WORKER_PER_PROCESSOR, ["1", "2", "3", "10", "15"], ["10", "15", "2", "3"]),
        (A_WORKER_PER_PROCESSOR, ["1"], []),
        (A_WORKER_PER_PROCESSOR, ["1", "2", "gpu"], ["2"]),
        (A_WORKER_PER_PROCESSOR, ["2", "3"], []),
        (A_WORKER_PER_PROCESSOR, [], []),
        ("# One is enough for a host\n[Unit]\n", ["1", "2"], []),
        (None, [], []),
    ],
)
@pytest.mark.parametrize("dry_run", ["yes", "no"])
def test_one_worker_is_left_of_a_release_that_had_one_for_each_processor(
    tmp_path: Path, unit: str | None, enabled: list[str], disabled: list[str], dry_run: str
) -> None:
    wants = tmp_path / "notetaker.target.wants"
    wants.mkdir()
    if unit is not None:
        (tmp_path / "notetaker-worker@.service").write_text(unit)
    for instance in enabled:
        (wants / f"notetaker-worker@{instance}.service").symlink_to(tmp_path / "notetaker-worker@.service")
    functions = "\n".join(map(function, ("run", "say", "leave_one_worker")))
    script = f"systemctl() {{ echo systemctl $*; }}; {functions}\nleave_one_worker"
    done = bash(script, UNITS=str(tmp_path), dry_run=dry_run, LC_ALL="C")
    units = " ".join(f"notetaker-worker@{instance}.service" for instance in disabled)
    lines = [f"systemctl --quiet disable --now {units}"]
    if dry_run == "yes":
        lines[0] = f"would run: {lines[0]}"
    else:
        lines.append(f"One worker now uses all cores; disabled {units}")
    assert (done.returncode, done.stdout.splitlines()) == (0, lines if disabled else [])


def test_workers_are_counted_before_their_unit_is_replaced() -> None:
    units = function("install_units")
    assert units.index("leave_one_worker") < units.index("notetaker-*.service")


@pytest.mark.parametrize(
    ("lines", "needed"),
    [
        ("", False),
        ("NOTETAKER_DATABASE_URL=", False),
        ('NOTETAKER_DATABASE_URL=""', False),
        ("# NOTETAKER_DATABASE_URL=postgresql://db/notes", False),
        ("NOTETAKER_DATABASE_URL=sqlite:////srv/notes.db", False),
        ("NOTETAKER_DATABASE_URL='sqlite:////srv/notes.db'", False),
        ("NOTETAKER_DATABASE_URL=postgresql+psycopg://db/notes", True),
        ('NOTETAKER_DATABASE_URL="cockroachdb://db/notes"', True),
        ("NOTETAKER_DATABASE_URL=postgresql://db/notes\nNOTETAKER_DATABASE_URL=", False),
        ("SPEECH_BASE_URL=", False),
        ("SPEECH_BASE_URL=http://gpu.example:8000/v1", True),
    ],
)
def test_workers_need_the_network_for_any_database_but_a_file_and_for_a_speech_server(
    tmp_path: Path, lines: str, needed: bool
) -> None:
    settings = tmp_path / "notetaker.env"
    settings.write_text(f"LOG_LEVEL=INFO\n{lines}\n")
    functions = f"{function('setting')}\n{function('workers_need_network')}"
    script = f"{functions}\nif workers_need_network; then exit 0; else exit 3; fi"
    assert bash(script, ENVIRONMENT=str(settings)).returncode == (0 if needed else 3)


def test_an_upgrade_is_an_installation(host: Host) -> None:
    assert host.would_run("--upgrade") == host.would_run()


def test_another_python_is_another_release(host: Host) -> None:
    before = host.would_run()
    host.has("python3", SOME_PYTHON.replace("3.12", "3.13"))
    assert host.would_run() != before


def test_uninstalling_keeps_settings_and_recordings(host: Host) -> None:
    kept = ("/etc/notetaker", "/var/lib/notetaker", "userdel")
    actions = "\n".join(host.would_run("--uninstall"))
    assert "rm -rf /opt/notetaker/releases /opt/notetaker/current" in actions
    assert not any(name in actions for name in kept)
    assert "rm -rf /etc/notetaker /var/lib/notetaker" in host.would_run("--uninstall", "--purge")


def test_uninstalling_stops_and_disables_first(host: Host) -> None:
    host.has_systemd("252", installed=True)
    actions = host.would_run("--uninstall")
    order = ["^systemctl stop notetaker.target ", "disable notetaker.target ", "^rm -rf .*/notetaker.target "]
    positions = [position(actions, pattern) for pattern in order]
    assert positions == sorted(positions)


@pytest.mark.parametrize(
    ("options", "environment", "sentence"),
    [
        (["--prefix=/usr"], {}, r"unknown option --prefix=/usr; options are --dry-run, .*"),
        (["--purge"], {}, "--purge needs --uninstall"),
        (["--dry-run"], {"PYTHON": "/nowhere/python3"}, r"no Python 3\.11 or newer .* found .*"),
        ([], {}, "(must be run as root|this host was not booted with systemd; .*)"),
    ],
)
def test_a_mistake_is_one_sentence(
    host: Host, options: list[str], environment: dict[str, str], sentence: str
) -> None:
    if not options and Path("/run/systemd/system").is_dir():
        host.has("id", "echo 1000")
    result = host.install(*options, **environment)
    assert result.returncode == 1
    assert result.stdout == ""
    assert re.fullmatch(f"scripts/install: {sentence}\n", result.stderr)


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_finds_nothing() -> None:
    subprocess.run(["shellcheck", INSTALL, ROOT / "deploy" / "notetaker"], check=True, timeout=60)


def test_the_administrators_command_gets_what_the_services_get() -> None:
    command = (ROOT / "deploy" / "notetaker").read_text()
    units = ROOT / "deploy" / "systemd"
    bot = (units / "notetaker-bot.service").read_text()
    bot += (units / "notetaker-.service.d" / "10-common.conf").read_text()
    secrets = [
        line
        for line in (units / "notetaker-worker@.service").read_text().splitlines()
        if "Credential=" in line
    ]
    # systemd takes no empty credential in a unit file; a line break is no secret either
    lines = [line.replace(r":\n", ":") for line in [*bot.splitlines(), *secrets]]
    assert set(re.findall(r"--property=(\S+)", command)) <= set(lines)


@pytest.mark.parametrize("arguments", [["bot"], ["worker"], ["status", "--json"]])
def test_the_administrators_command_starts_no_second_bot_beside_systemd(
    host: Host, tmp_path: Path, arguments: list[str]
) -> None:
    host.has("id", "echo 0")
    host.has("systemd-run", f'echo "$@" >{tmp_path}/run')
    result = subprocess.run(
        [ROOT / "deploy" / "notetaker", *arguments],
        env={"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    if arguments[0] == "status":
        assert (result.returncode, result.stderr) == (0, "")
        assert (tmp_path / "run").read_text().endswith("/opt/notetaker/current/bin/notetaker status --json\n")
    else:
        refusal = f"notetaker: the {arguments[0]} is run by systemd: systemctl start notetaker.target\n"
        assert (result.returncode, result.stderr) == (1, refusal)
        assert not (tmp_path / "run").exists()


def locked(lock: Path) -> dict[str, str]:
    """Package -> its version and hashes. For which Pythons it is depends on who else needs it."""
    packages = re.split(r"\n(?=\S)", "\n" + lock.read_text().split("scripts/lock\n", 1)[1])
    return {
        entry.partition("==")[0]: re.sub(r" ; .*? (?=\\\n)", " ", entry.strip(), count=1)
        for entry in packages
        if "==" in entry
    }


def test_an_installation_has_the_versions_that_the_tests_have() -> None:
    everything, installed = locked(ROOT / "requirements.lock"), locked(ROOT / "deploy" / "requirements.lock")
    assert installed.items() <= everything.items()
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    wanted = re.findall(r"^[\w.-]+", setup["options"]["install_requires"], re.MULTILINE)
    assert {re.sub(r"[._]", "-", name).lower() for name in wanted} <= installed.keys()
    assert not {"pytest", "mypy", "davey"} & installed.keys()
