"""A Whisper model for CTranslate2, converted into the format of whisper.cpp, so that both have the same weights.

CTranslate2's format, version 6: a header, then each variable's name, shape, type and values
(``ctranslate2/specs/model_spec.py``, ``_serialize``). whisper.cpp's: a header, mel filters, the bytes of each token,
then each tensor (``models/convert-h5-to-ggml.py``). Matrices become ``q8_0``: 32 values share a 16-bit float that
their 8-bit integers are multiplied with.
"""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from notetaker.speech.whisper.features import Spectrogram
from notetaker.speech.whisper.tokens import Tokens

Array = NDArray[Any]

MAGIC = 0x67676D6C
F32, F16, Q8_0 = 0, 1, 8
"""Types of a tensor."""
MOSTLY_Q8_0 = 2007
"""Type of the whole file: 7, in version 2 of the quantised formats."""
BLOCK = 32
VERSION = 6
TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
}
"""CTranslate2's types by number."""


def convert(model: Path, target: Path) -> None:
    """``model`` is a folder. Raises ValueError: it is of another kind than is known here."""
    variables = read(model / "model.bin")
    tokens = Tokens(model / "tokenizer.json")
    text, sound = variables["decoder/embeddings/weight"], variables["encoder/position_encodings/encodings"]
    bands = variables["encoder/conv1/weight"].shape[1]
    width = sound.shape[1]
    with target.open("wb") as file:
        _integers(file, MAGIC, text.shape[0])
        _integers(file, len(sound), width, int(variables["encoder/num_heads"]), _layers(variables, "encoder"))
        spoken = variables["decoder/position_encodings/encodings"]
        _integers(
            file, len(spoken), width, int(variables["decoder/num_heads"]), _layers(variables, "decoder")
        )
        _integers(file, bands, MOSTLY_Q8_0)
        filters = Spectrogram(bands)._filters
        _integers(file, *filters.shape)
        file.write(filters.astype("<f4").tobytes())
        _integers(file, tokens.end)
        for token in range(tokens.end):
            raw = tokens._raw([token])
            _integers(file, len(raw))
            file.write(raw)
        for name, values in tensors(variables):
            _write(file, name, values)


def read(path: Path) -> dict[str, Array]:
    """The variables of a model for CTranslate2. Raises ValueError."""
    found = {}
    with path.open("rb") as file:
        (version,) = struct.unpack("<I", file.read(4))
        kind, (_revision, count) = _string(file), struct.unpack("<II", file.read(8))
        if (version, kind) != (VERSION, "WhisperSpec"):
            raise ValueError(f"{path} is a {kind} of version {version}, not a WhisperSpec of {VERSION}.")
        for _ in range(count):
            name, rank = _string(file), file.read(1)[0]
            shape = struct.unpack(f"<{rank}I", file.read(4 * rank))
            number, size = struct.unpack("<BI", file.read(5))
            found[name] = np.frombuffer(file.read(size), TYPES[number]).reshape(shape)
    return found


def tensors(variables: dict[str, Array]) -> Iterator[tuple[str, Array]]:
    """The same weights under whisper.cpp's names: what CTranslate2 keeps in one matrix is parted."""

    def both(target: str, source: str, weight: str = "weight", bias: str = "bias") -> Iterator[Any]:
        yield f"{target}.weight", variables[f"{source}/{weight}"]
        yield f"{target}.bias", variables[f"{source}/{bias}"]

    def norm(target: str, source: str) -> Iterator[Any]:
        return both(target, source, "gamma", "beta")

    def parted(target: str, source: str, names: tuple[str, ...]) -> Iterator[Any]:
        weights = np.split(variables[f"{source}/weight"], len(names))
        biases = np.split(variables[f"{source}/bias"], len(names))
        for name, weight, bias in zip(names, weights, biases, strict=True):
            yield f"{target}.{name}.weight", weight
            if name != "key":  # its bias is always zero, and whisper.cpp knows none
                yield f"{target}.{name}.bias", bias

    for side, positions in (("encoder", "encoder.ln_post"), ("decoder", "decoder.ln")):
        yield f"{side}.positional_embedding", variables[f"{side}/position_encodings/encodings"]
        yield from norm(positions, f"{side}/layer_norm")
        for number in range(_layers(variables, side)):
            target, source = f"{side}.blocks.{number}", f"{side}/layer_{number}"
            yield from norm(f"{target}.attn_ln", f"{source}/self_attention/layer_norm")
            yield from parted(
                f"{target}.attn", f"{source}/self_attention/linear_0", ("query", "key", "value")
            )
            yield from both(f"{target}.attn.out", f"{source}/self_attention/linear_1")
            if side == "decoder":
                yield from norm(f"{target}.cross_attn_ln", f"{source}/attention/layer_norm")
                yield from both(f"{target}.cross_attn.query", f"{source}/attention/linear_0")
                yield from parted(f"{target}.cross_attn", f"{source}/attention/linear_1", ("key", "value"))
                yield from both(f"{target}.cross_attn.out", f"{source}/attention/linear_2")
            yield from norm(f"{target}.mlp_ln", f"{source}/ffn/layer_norm")
            yield from both(f"{target}.mlp.0", f"{source}/ffn/linear_0")
            yield from both(f"{target}.mlp.2", f"{source}/ffn/linear_1")
    for conv in ("conv1", "conv2"):
        yield f"encoder.{conv}.weight", variables[f"encoder/{conv}/weight"]
        yield f"encoder.{conv}.bias", variables[f"encoder/{conv}/bias"][:, None]
    yield "decoder.token_embedding.weight", variables["decoder/embeddings/weight"]


def quantised(values: Array) -> bytes:
    """``q8_0``: for every 32 values their scale, and as many integers from -127 to 127."""
    blocks = values.astype(np.float32).reshape(-1, BLOCK)
    scales = np.abs(blocks).max(axis=1, keepdims=True) / 127
    integers = np.rint(np.divide(blocks, scales, out=np.zeros_like(blocks), where=scales > 0))
    return np.hstack([scales.astype("<f2").view(np.int8), integers.astype(np.int8)]).tobytes()


def _write(file: BinaryIO, name: str, values: Array) -> None:
    if values.ndim < 2 or "positional" in name or name.endswith(".bias"):
        number, raw = F32, values.astype("<f4").tobytes()
    elif values.ndim == 2:
        number, raw = Q8_0, quantised(values)
    else:
        number, raw = F16, values.astype("<f2").tobytes()
    _integers(file, values.ndim, len(name), number, *reversed(values.shape))
    file.write(name.encode("ascii") + raw)


def _layers(variables: dict[str, Array], side: str) -> int:
    return sum(
        name.startswith(f"{side}/layer_") and name.endswith("/ffn/linear_0/weight") for name in variables
    )


def _string(file: BinaryIO) -> str:
    """Its length with the zero behind it, then both."""
    (length,) = struct.unpack("<H", file.read(2))
    return file.read(length)[:-1].decode("ascii")


def _integers(file: BinaryIO, *values: int) -> None:
    file.write(struct.pack(f"<{len(values)}i", *values))
