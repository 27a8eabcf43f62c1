"""Which of Discord's refusals are final; the codes are those of its documentation."""

from typing import Any, cast

import aiohttp
import discord
import pytest

from notetaker.discordbot.publish import Undeliverable, Undelivered, delivering


class Response:
    reason = ""

    def __init__(self, status: int) -> None:
        self.status = status


def failure(status: int, code: int) -> Exception:
    """Return py-cord's exception for an answer of Discord."""
    kind = {403: discord.Forbidden, 404: discord.NotFound}.get(status, discord.HTTPException)
    return kind(cast(Any, Response(status)), {"code": code, "message": "secret"})


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (404, 10003, "the channel no longer exists"),
        (404, 10013, "Discord answered 404"),
        (403, 50001, "the bot lacks a permission"),
        (403, 50013, "the bot lacks a permission"),
        (403, 50007, "the person takes no direct messages"),
        (400, 50007, "the person takes no direct messages"),
        (403, 50278, "the person takes no direct messages"),
        (400, 50083, "the thread is closed"),
        (403, 50083, "the thread is closed"),
        (403, 160005, "the thread is closed"),
        (400, 50024, "Discord answered 400"),
        (400, 40058, "Discord answered 400"),
    ],
)
def test_some_last_for_ever(status: int, code: int, reason: str) -> None:
    with pytest.raises(Undeliverable, match=f"^{reason}"), delivering():
        raise failure(status, code)


@pytest.mark.parametrize(
    "error",
    [
        failure(429, 0),
        failure(429, 20028),
        failure(403, 40003),
        failure(403, 40004),
        failure(400, 20016),
        failure(403, 0),  # by a firewall in front of Discord
        failure(404, 0),
        failure(401, 0),
        failure(500, 0),
        failure(502, 0),
        failure(503, 130000),
        aiohttp.ClientConnectionError(),
        TimeoutError(),
        ConnectionResetError(),
    ],
    ids=repr,
)
def test_others_pass(error: Exception) -> None:
    with pytest.raises(Undelivered) as caught, delivering():
        raise error
    assert not isinstance(caught.value, Undeliverable)
