"""What a token tells of its account without Discord being asked."""

import re
from base64 import urlsafe_b64encode
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notetaker.discordsim.world.snowflake import new_token
from notetaker.host.instance.account import bot_identity

API = "https://discord.com/api"


def test_the_example_of_discord_s_own_documentation() -> None:
    """Reference, Authentication."""
    token = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
    assert bot_identity(token, API) == "198622483471925248"


@given(st.integers(1, 2**64 - 1), st.randoms(use_true_random=False))
def test_an_account_keeps_its_name_when_its_token_is_reset(user_id: int, random: Random) -> None:
    assert bot_identity(new_token(user_id, random), API) == str(user_id)


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=12))
@pytest.mark.parametrize("api", [API, "http://proxy:hunter2@127.0.0.1:8080/api", "http://[::1]/"])
def test_any_text_has_a_name_that_gives_nothing_away(api: str, text: str) -> None:
    name = bot_identity(text, api)
    assert re.fullmatch(r"[a-z0-9-]{1,32}", name)
    assert text not in name


@pytest.mark.parametrize(
    "head",
    [
        "MTIz",  # no dot follows
        "M.T.I.z",
        urlsafe_b64encode(b"-5").decode() + ".a.b",
        urlsafe_b64encode(b"123 ").decode() + ".a.b",
        urlsafe_b64encode("١٢٣".encode()).decode() + ".a.b",
        "é.a.b",
        ".a.b",
    ],
)
def test_what_is_not_of_the_shape_is_known_by_a_fingerprint(head: str) -> None:
    assert bot_identity(head, API).startswith("token-")
    assert bot_identity(head, API) == bot_identity(head, API) != bot_identity(head + "x", API)


@pytest.mark.parametrize(
    "api",
    [
        "https://DISCORD.com/api/v10",
        "https://discord.com:443/api",
        "https://discord.com./api",
        "https://discordapp.com/api",
        "https://ptb.discord.com/api",
        "https://canary.discordapp.com/api",
    ],
)
def test_discord_is_one_whatever_its_host_is_called(api: str) -> None:
    assert bot_identity("MTIz.a.b", api) == "123"


def test_the_same_id_of_another_discord_is_another_account() -> None:
    others = (
        *("http://localhost:8080/api", "http://127.0.0.1:8080/api", "http://127.0.0.1:8081/api"),
        *("https://discord.com.example.org/api", "https://notdiscord.com/api", "https://api.discord.com/api"),
        *("http://proxy/api", "https://proxy/api"),
    )
    names = {bot_identity("MTIz.a.b", api) for api in (API, *others)}
    assert len(names) == 1 + len(others)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a:b@proxy/api", "http://proxy/api"),
        ("http://proxy:80/api", "http://PROXY./api/v10"),
        ("https://proxy:443/api", "https://proxy/api"),
        ("http://[::1]:80/api", "http://[::1]/api"),
    ],
)
def test_a_host_is_one_however_its_address_is_written(one: str, other: str) -> None:
    assert bot_identity("MTIz.a.b", one) == bot_identity("MTIz.a.b", other)
