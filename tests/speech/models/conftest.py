from collections.abc import Iterator

import pytest

from tests.speech.models.example import Web
from tests.speech.models.server import Server


@pytest.fixture
def web() -> Iterator[Web]:
    hugging_face, pypi = Server("127.0.0.1"), Server("127.0.0.2")
    with hugging_face.running(), pypi.running():
        yield Web(hugging_face, pypi)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ignore this computer's proxy settings."""
    for name in "http_proxy", "https_proxy", "all_proxy", "no_proxy":
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
