"""Which proxy is used for Discord."""

import pytest

from notetaker.host.errors import SettingsError
from notetaker.settings.proxy import proxy_for

API = "https://discord.com/api"


@pytest.fixture(autouse=True)
def _none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def test_without_a_variable_there_is_none() -> None:
    assert proxy_for(API) is None


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy"])
@pytest.mark.parametrize("scheme", ["", "http://", "https://"])
def test_it_is_shown_without_its_password(monkeypatch: pytest.MonkeyPatch, name: str, scheme: str) -> None:
    monkeypatch.setenv(name, f"{scheme}me:hunter2@proxy.example:3128")
    proxy = proxy_for(API)
    assert proxy is not None
    assert proxy.url == f"{scheme or 'http://'}me:hunter2@proxy.example:3128"
    assert str(proxy) == "proxy.example:3128"
    assert proxy_for("http://127.0.0.1:8080/api") is None


def test_the_local_discord_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert str(proxy_for("http://127.0.0.1:8080/api")) == "proxy.example:3128"
    assert proxy_for(API) is None


def test_a_host_can_be_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.discord.com,discord.com")
    assert proxy_for(API) is None


@pytest.mark.parametrize(
    "value", ["socks5://me:hunter2@proxy:1080", "http://", "http://me:hunter2@proxy:port"]
)
def test_what_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(
        SettingsError, match=r"^HTTPS_PROXY is invalid: only HTTP proxies work; for"
    ) as caught:
        proxy_for(API)
    assert "hunter2" not in str(caught.value)
