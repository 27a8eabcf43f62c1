"""Where the libraries of others are installed, in the versions of ``requirements.lock`` beside this file.

They have packages of their own that the project does not want, so they are kept apart from it.
"""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = ROOT / ".bench"
VENV = FOLDER / "speech"
PYTHON = VENV / "bin" / "python"


def installed() -> bool:
    """Whether exactly these versions are there."""
    stamp = _stamp()
    return stamp.is_file() and stamp.read_text("ascii") == _wanted()


def install() -> bool:
    """Installs them if need be; False: that could not be done, and pip has said why."""
    if installed():
        return True
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / ".gitignore").write_text("*\n", encoding="ascii")
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    try:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
        subprocess.run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK)], check=True)
    except subprocess.CalledProcessError:
        return False
    _stamp().write_text(_wanted(), encoding="ascii")
    return True


def _stamp() -> Path:
    return VENV / ".installed"


def _wanted() -> str:
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()
