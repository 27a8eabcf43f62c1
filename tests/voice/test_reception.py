"""One connection takes the other's place; every one of them is closed in the end."""

import asyncio
import ssl

import aiohttp

from notetaker.model.audio import UNKNOWN, AudioFrame
from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.connection import VoiceConnection
from notetaker.voice.reception import Reception
from notetaker.voice.timing import LoopClock
from notetaker.voice.trace.writer import Tracer
from notetaker.wire.losses import Loss
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


class Ears:
    """A sink that remembers what it is given of sound and names."""

    def __init__(self) -> None:
        self.stored: dict[int, int] = {}
        self.given: list[tuple[str, int]] = []

    def session_opened(self, now: float) -> None: ...
    def session_closed(self, now: float, reason: str) -> None: ...
    def speaker_left(self, user_id: int, now: float) -> None: ...
    def lost(self, loss: Loss) -> None: ...
    def deafened(self, now: float, deaf: bool) -> None: ...

    def speaker_joined(self, user_id: int, ssrc: int, now: float) -> None:
        self.given.append(("joined", user_id))

    def frame(self, frame: AudioFrame) -> None:
        self.given.append(("frame", frame.user_id))


async def test_who_is_named_while_the_connection_is_established_has_that_name_from_the_start() -> None:
    async with asyncio.timeout(10), aiohttp.ClientSession() as http:
        totals, ears = VoiceTotals(), Ears()
        reception = Reception(LoopClock(), totals, lambda _: None, lambda _: None)
        reception.record(ears)
        connection = Slow(http, totals)
        frames = [AudioFrame(UNKNOWN, ssrc, 1, 960, b"sound", 1.0) for ssrc in (70, 71)]
        arrivals = [*frames, *connection.session.receiver.name_speaker(70, 7, 2.0)]
        reception.adopt(connection, arrivals)
        assert ears.given == [("joined", 7), ("frame", 7), ("frame", UNKNOWN)]
        connection.may_close.set()
        await reception.drop("done")
