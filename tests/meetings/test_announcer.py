"""What becomes of messages about meetings when Discord does not answer."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from notetaker.discordbot.bot import NotetakerBot
from notetaker.discordbot.publish import Undelivered
from notetaker.meetings.announcer import Announcer


class Publisher:
    """Of a Discord that lets everybody wait, or refuses."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.refuses = False

    async def say(self, channel_id: int, text: str, buttons: object) -> None:
        self.asked.set()
        if self.refuses:
            raise Undelivered("Discord answered 500 (code 0)")
        await asyncio.Event().wait()


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def announcer(publisher: Publisher) -> Announcer:
    return an_announcer(publisher)


def an_announcer(publisher: Publisher, **limits: float) -> Announcer:
    bot = cast("NotetakerBot", SimpleNamespace(user="Notetaker", publisher=publisher))
    return Announcer(bot, **limits)


async def test_when_the_bot_stops_no_message_is_waited_for_much_longer(
    publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    announcer = an_announcer(publisher, farewell_s=0.01)
    async with asyncio.timeout(10):
        earlier = asyncio.ensure_future(announcer.say(1, "I am still not back."))
        await publisher.asked.wait()
        announcer.hurry()
        await announcer.say(1, "Notes are suspended.")
        await earlier
    assert [record.getMessage() for record in caplog.records] == [
        "Cannot post a message about a meeting: Discord does not answer"
    ] * 2


async def test_the_bot_can_stop_as_a_limit_runs_out(
    publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    announcer = an_announcer(publisher, say_s=0.0)
    saying = asyncio.ensure_future(announcer.say(1, "I am still not back."))
    await publisher.asked.wait()  # by then the limit has run out, and who waits has not heard of it yet
    announcer.hurry()
    await saying
    assert caplog.messages == ["Cannot post a message about a meeting: Discord does not answer"]


async def test_a_refused_message_is_logged_without_its_text(
    announcer: Announcer, publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    publisher.refuses = True
    await announcer.say(1, "Notes are suspended.")
    assert caplog.messages == ["Cannot post a message about a meeting: Discord answered 500 (code 0)"]
