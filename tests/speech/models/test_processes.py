"""Pulls in separate processes: killed, interrupted, concurrent, or out of disk space."""

import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from notetaker.speech.models.pull import pull
from notetaker.speech.models.store import Store, downloads
from tests.speech.models.example import (
    CONTENTS,
    MODEL,
    REPOSITORY,
    WEIGHTS,
    Web,
    is_installed,
    on_hugging_face,
)
from tests.speech.models.server import Page, Server

FROM_HUGGING_FACE = replace(MODEL, sources=(REPOSITORY,))

PULL = """
import resource, signal, sys
from dataclasses import replace
from pathlib import Path
from notetaker.speech.models.errors import ModelError
from notetaker.speech.models.pull import pull
from notetaker.speech.models.sources import Servers
from tests.speech.models.example import MODEL, REPOSITORY

folder, url, limit = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
signal.signal(signal.SIGINT, signal.default_int_handler)  # which shells remove for background processes
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    pull(
        replace(MODEL, sources=(REPOSITORY,)),
        folder,
        servers=Servers(url),
        progress=lambda done, total: print(done, flush=True),
    )
except ModelError as error:
    print(type(error).__name__, error)
"""


def start(
    folder: Path, url: str, limit: int = -1, prefix: Sequence[str] = (), **environment: str
) -> subprocess.Popen[str]:
    command = [*prefix, sys.executable, "-c", PULL, str(folder), url, str(limit)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)


def last_line(process: subprocess.Popen[str]) -> str:
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.splitlines()[-1]


def wait_for_half(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    while int(process.stdout.readline()) < len(WEIGHTS) // 2:
        pass


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_pull_that_is_interrupted_is_resumed(web: Web, tmp_path: Path, number: signal.Signals) -> None:
    web.weights.hold = threading.Event()
    with start(tmp_path, web.servers.hugging_face) as process:
        wait_for_half(process)
        process.send_signal(number)
        assert process.wait(60) != 0
    assert Store([tmp_path]).path(FROM_HUGGING_FACE) is None
    rest = downloads(tmp_path, MODEL) / "files" / "model.bin.part"
    size = rest.stat().st_size
    assert rest.read_bytes() == WEIGHTS[:size]
    web.weights.hold.set()
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))
    assert web.hugging_face.requests[-1].range == f"bytes={size}-"


def test_two_pulls_at_once_download_once(web: Web, tmp_path: Path) -> None:
    web.weights.hold = threading.Event()
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        assert web.weights.hold is not None
        web.weights.hold.set()

    with start(tmp_path, web.servers.hugging_face) as process:
        wait_for_half(process)
        assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers, say=say))
    assert process.returncode == 0
    assert said == ["Waiting for another process that is pulling whisper-base."]
    assert web.hugging_face.paths().count(on_hugging_face("model.bin")) == 1


def test_a_file_that_cannot_be_written_whole(web: Web, tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes write() fail with EFBIG, because Python ignores SIGXFSZ."""
    line = last_line(start(tmp_path, web.servers.hugging_face, limit=100_000))
    assert line.startswith("ModelError whisper-base cannot be installed: ")
    assert line.endswith(": File too large.")
    assert Store([tmp_path]).path(MODEL) is None
    assert is_installed(pull(MODEL, tmp_path, servers=web.servers))


NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="may not mount a file system")
def test_a_disk_that_is_full_is_emptied_again(web: Web, tmp_path: Path) -> None:
    """The file system has enough bytes free but too few for the files, so the pull fails halfway."""
    script = 'mount -t tmpfs -o nr_inodes=7 none "$0"; "$@"; find "$0" -type f >&2'
    process = start(
        tmp_path, web.servers.hugging_face, prefix=[*NAMESPACE, "sh", "-c", script, str(tmp_path)]
    )
    line = last_line(process)
    assert line.startswith("NoRoom Not enough disk space for whisper-base at ")
    assert Store([tmp_path]).path(MODEL) is None


def test_an_authority_in_ssl_cert_file_is_trusted(tmp_path: Path) -> None:
    authority, context = trustme.CA(), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    server = Server("127.0.0.1", context)
    for name, contents in CONTENTS.items():
        server.pages[on_hugging_face(name)] = Page(contents)
    with server.running():
        last_line(start(tmp_path, f"{server.url}/hf", SSL_CERT_FILE=str(tmp_path / "ca.pem")))
    assert is_installed(tmp_path / "whisper-base")
