"""One connection takes the other's place; every one of them is closed in the end."""

import asyncio
import ssl

import aiohttp

from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.reception import Reception
from notetaker.voice.timing import LoopClock
from notetaker.voice.trace.writer import Tracer
from notetaker.wire.patience import Patience
from notetaker.wire.whereabouts import Credentials

PLACE = Credentials(1, 2, 3, "session", "token", "localhost:1")


class Slow(VoiceConnection):
    """Takes its time to close. Never opened, because nothing of it but its end matters here."""

    def __init__(self, http: aiohttp.ClientSession, totals: VoiceTotals) -> None:
        tls = ssl.create_default_context()
        trace = Tracer(None).attempt(1, 2, 1, 1)
        super().__init__(PLACE, http, tls, lambda _: None, trace, totals, Patience())
        self.closing = asyncio.Event()
        self.may_close = asyncio.Event()

    async def close(self, reason: str) -> None:
        self.closing.set()
        await self.may_close.wait()
        await super().close(reason)


async def test_a_connection_that_ends_while_another_one_closes_is_waited_for_too() -> None:
    totals = VoiceTotals()
    ended = asyncio.Event()
    reception = Reception(LoopClock(), totals, lambda _: ended.set(), lambda _: None)
    async with asyncio.timeout(10), aiohttp.ClientSession() as http:
        first, second = Slow(http, totals), Slow(http, totals)
        reception.adopt(first, [])
        reception.detach("another one takes its place")
        reception.adopt(second, [])
        closing = asyncio.ensure_future(reception.close_earlier("another one has taken its place"))
        await first.closing.wait()
        second.end("the server has closed it")
        await ended.wait()
        first.may_close.set()
        await asyncio.wait(
            {closing, asyncio.ensure_future(second.closing.wait())}, return_when=asyncio.FIRST_COMPLETED
        )
        assert not closing.done(), "the second one is still closing"
        second.may_close.set()
        await closing
