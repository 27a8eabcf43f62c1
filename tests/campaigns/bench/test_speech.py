"""The benchmark of speech, with numbers too small to mean anything; and that what it rests on is true."""

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from tests.campaigns.bench.contender import ContenderFailed
from tests.campaigns.bench.speech import benchmark, clips, environment, ggml
from tests.speech.installed import model


def quietly(text: str) -> None:
    """Progress that nobody watches."""


def record(path: Path, seconds: float, said: str | None) -> None:
    """Silence."""
    path.parent.mkdir(exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * round(8000 * seconds)))
    if said is not None:
        path.with_suffix(".txt").write_text(said, "utf-8")


async def test_everyone_who_is_installed_hears_the_same_speech(tmp_path: Path) -> None:
    model("whisper-base")
    result = await benchmark.run(tmp_path, quietly, rounds=1, utterances=1, install=False)
    both = result.figures["whisper-base, notetaker, both passes"]
    draft, final = (result.figures[f"whisper-base, notetaker, {one} pass"] for one in ("draft", "final"))
    assert 0 < draft["demo"]["cpu_s_per_hour"] < both["demo"]["cpu_s_per_hour"]
    assert both["demo"]["to_both_passes"] == 1.0
    assert both["demo"]["wrong"] == final["demo"]["wrong"] < 0.2 * both["demo"]["words"]
    assert 100 < both["peak_mb"] < 1000
    faster = {name for name in result.figures if "faster-whisper" in name}
    assert bool(faster) == environment.installed()
    assert ("faster-whisper and whisper.cpp are left out: they are not installed." in result.notes) == (
        not faster
    )
    assert len({figures["demo"]["words"] for name, figures in result.figures.items() if "," in name}) == 1


async def test_a_folder_without_recordings_is_said_to_be_so(tmp_path: Path) -> None:
    with pytest.raises(ContenderFailed, match="no audio file"):
        await benchmark.run(tmp_path, quietly, recordings=tmp_path, install=False)


async def test_recordings_without_their_words_are_no_use(tmp_path: Path) -> None:
    record(tmp_path / "1.wav", 1, None)
    with pytest.raises(ContenderFailed, match="has its words beside it"):
        await benchmark.run(tmp_path, quietly, recordings=tmp_path, install=False)


def test_no_sentence_comes_twice_in_a_round() -> None:
    for said in clips.demo(5):
        texts = [one.said for one in said]
        assert len(set(texts)) == len(texts) >= 3
        assert 15 < sum(one.length_s for one in said) < 28


def test_rounds_are_the_same_in_every_run() -> None:
    assert clips.demo(2) == clips.demo(2)


def test_recordings_of_one_folder_are_of_one_person(tmp_path: Path) -> None:
    record(tmp_path / "ann" / "1.wav", 2, "yes")
    record(tmp_path / "ann" / "2.wav", 3, "no")
    record(tmp_path / "ben" / "1.wav", 1, "maybe")
    record(tmp_path / "ben" / "2.wav", 1, None)
    record(tmp_path / "ben" / "3.wav", 60, "far too long")
    rounds = clips.recorded(tmp_path)
    assert [[one.said for one in said] for said in rounds] == clips.TIMES * [["yes", "no"], ["maybe"]]
    assert [one.length_s for one in rounds[0]] == pytest.approx([2, 3], abs=0.02)


def test_contenders_can_talk_without_the_packages_of_the_project() -> None:
    command = [sys.executable, "-S", "-c", "import tests.campaigns.bench.speech.passes"]
    subprocess.run(command, cwd=environment.ROOT, check=True)


def test_a_converted_model_has_the_weights_of_the_original(tmp_path: Path) -> None:
    folder = model("whisper-base")
    variables = ggml.read(folder / "model.bin")
    tensors = dict(ggml.tensors(variables))
    floats = [values for values in variables.values() if values.dtype == np.float16]
    keys = 3 * 6 * 512  # biases that are always zero, in three places of six layers
    assert sum(values.size for values in tensors.values()) == sum(map(np.size, floats)) - keys
    assert len(tensors) == 245
    ggml.convert(folder, tmp_path / "base.ggml")
    assert (tmp_path / "base.ggml").read_bytes()[:4] == b"lmgg"


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"\6\0\0\0" + b"\x09\0" + b"BertSpec\0" + bytes(8))
    with pytest.raises(ValueError, match="a BertSpec of version 6"):
        ggml.read(path)


def test_quantised_values_are_off_by_half_a_step_at_most() -> None:
    values = np.random.default_rng(1).normal(size=(3, 64)).astype(np.float16)
    blocks = np.frombuffer(ggml.quantised(values), np.int8).reshape(6, 34)
    scales = np.ascontiguousarray(blocks[:, :2]).view("<f2").astype(np.float32)
    restored = (scales * blocks[:, 2:]).reshape(3, 64)
    assert np.abs(restored - values).max() <= 0.51 * scales.max()


def test_zeros_stay_zeros() -> None:
    assert not any(ggml.quantised(np.zeros((1, 32), np.float16)))
