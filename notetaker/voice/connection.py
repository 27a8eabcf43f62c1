"""One voice session on real sockets: feeds the machine of ``wire.session``, which makes all decisions.

Its commands are carried out here; what it hears is handed on.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from typing import Any, TypeVar

import aiohttp

from notetaker.model import events
from notetaker.model.audio import AudioFrame
from notetaker.model.failure import ABNORMAL, Failure, Step
from notetaker.model.outcome import Coverage
from notetaker.model.voice_status import VoiceTotals
from notetaker.voice.trace.writer import Trace
from notetaker.voice.udp import UdpSocket
from notetaker.voice.websocket import VoiceWebSocket
from notetaker.wire.commands import Command, OpenUdp, Reconnect, SendBinary, SendDatagram, SendText
from notetaker.wire.events import Ended, Established, Heard, PathDead, Resumed
from notetaker.wire.explanations import explain
from notetaker.wire.handshake import DEADLINES_S
from notetaker.wire.path import PACES, Paces
from notetaker.wire.patience import Patience
from notetaker.wire.session import VoiceSession
from notetaker.wire.whereabouts import Credentials

log = logging.getLogger(__name__)
T = TypeVar("T")

BUG = "A voice connection failed, which is a bug"
LAST_WORDS_S = 1.0
"""How long to read what has already arrived, after a message could not be sent."""


class VoiceConnection:
    """``open`` it, then await ``ended``. ``close`` may be called at any time and more than once."""

    def __init__(
        self,
        credentials: Credentials,
        http: aiohttp.ClientSession,
        tls: ssl.SSLContext,
        hear: Callable[[Heard], None],
        trace: Trace,
        totals: VoiceTotals,
        patience: Patience,
        paces: Paces = PACES,
    ) -> None:
        """``totals`` counts close codes, resumes and errors of UDP; ``patience`` is that of the guild."""
        self._loop = asyncio.get_running_loop()
        self.began_at = self._loop.time()
        """Monotonic seconds."""
        self.session = VoiceSession(credentials, self.began_at, patience, paces)
        self.ended: asyncio.Future[Failure] = self._loop.create_future()
        self._established: asyncio.Future[None] = self._loop.create_future()
        self._reconnect: asyncio.Future[float] = self._loop.create_future()
        self._http = http
        self._tls = tls
        self._trace = trace
        self._totals = totals
        self._step = self.session.step
        self.hear = hear
        """Called with what is heard, in order. May be replaced at any time."""
        self.on_path_dead: Callable[[Failure], None] = lambda failure: None
        """Called while sound no longer reaches us, again and again. May be replaced at any time."""
        self._path_failure: Failure | None = None
        self._websocket: VoiceWebSocket | None = None
        self._close_code: int | None = None  # of the websocket that was lost last; None: it fell silent
        self._udp: UdpSocket | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due: float | None = None  # when the timer goes off
        self.heard_at = 0.0
        """When the latest packet of audio arrived, monotonic seconds."""
        self.lost_websocket_at: float | None = None
        """When the websocket that is being resumed was lost, monotonic seconds; None while it is up."""
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> Failure | None:
        """Return None once the session is established, or the failure that ended it before that."""
        self._task = self._loop.create_task(self._run(), name="voice connection")
        self._task.add_done_callback(_report_bug)
        await _first(self._established, self.ended)
        return self.ended.result() if self.ended.done() else None

    def end(self, reason: str) -> None:
        """End the session, which settles ``ended``. Nothing is heard after this; the websocket closes soon."""
        self.session.end(reason)
        self._pump()

    async def close(self, reason: str) -> None:
        """End the session and wait until websocket and socket are closed."""
        self.end(reason)
        if self._task is not None:
            await asyncio.wait({self._task})

    def catch_up(self) -> None:
        """Hear everything that has arrived, before something is judged by the time."""
        if self._udp is not None:
            self._udp.catch_up()

    @property
    def overdue_s(self) -> float:
        """Seconds by which the session's timer is late. More than a moment means that it is not being served."""
        return 0.0 if self._due is None else max(self._loop.time() - self._due, 0.0)

    def coverage(self) -> list[Coverage]:
        return self.session.receiver.coverage()

    async def _run(self) -> None:
        """Serve the session from opening the websocket to closing everything."""
        try:
            delay_s = 0.0
            while not self.ended.done():
                self._reconnect = self._loop.create_future()
                await asyncio.sleep(delay_s)
                await self._converse()
                delay_s = self._reconnect.result() if self._reconnect.done() else 0.0
        finally:
            self.end("The connection was given up.")

    async def _converse(self) -> None:
        """Serve one websocket until it or the session ends."""
        websocket = await self._open_websocket()
        if websocket is None:
            return
        self._websocket, self._close_code = websocket, None
        self._trace.note("websocket open")
        self.session.websocket_opened(self._loop.time())
        self._pump()
        reader = self._loop.create_task(self._read(websocket), name="voice reader")
        writer = self._loop.create_task(websocket.write(), name="voice writer")
        try:
            await _first(reader, writer, self.ended, self._reconnect)
            if writer.done() and not self.ended.done():  # the server may have said why, before it closed
                await asyncio.wait({reader}, timeout=LAST_WORDS_S)
        finally:
            reader.cancel()
            writer.cancel()
            results = await asyncio.gather(reader, writer, return_exceptions=True)
            await websocket.close()
            self._websocket = None
        for result in results:
            if isinstance(result, OSError | TimeoutError):
                if not self._reconnect.done():  # else the reader has noticed first
                    self._websocket_closed(None)
            elif isinstance(result, Exception):
                raise result

    async def _open_websocket(self) -> VoiceWebSocket | None:
        """Return None if the server cannot be reached, after informing the session."""
        endpoint = self.session.credentials.endpoint
        self._trace.note("websocket opening", endpoint=endpoint)
        try:
            async with asyncio.timeout(DEADLINES_S[Step.CONNECT]):
                return await VoiceWebSocket.open(self._http, endpoint, self._tls)
        except TimeoutError:
            detail = f"The voice server {endpoint} did not answer."
        except (aiohttp.ClientError, OSError, ValueError) as error:
            detail = f"The voice server {endpoint} could not be reached: {error}."
        self._trace.note("websocket failed", reason=detail)
        self.session.websocket_failed(detail, self._loop.time())
        self._pump()
        return None

    async def _read(self, websocket: VoiceWebSocket) -> None:
        while (message := await websocket.receive()) is not None:
            now = self._loop.time()
            self._trace.received(message)
            self.catch_up()  # sound that was sent before a message is heard before it
            if isinstance(message, str):
                self.session.receive_text(message, now)
            else:
                self.session.receive_binary(message, now)
            self._pump()
        self._websocket_closed(websocket.close_code)

    def _websocket_closed(self, code: int | None) -> None:
        """The server has closed it with ``code``, or the network has cut it (None)."""
        if not self.ended.done():
            self._close_code = code or ABNORMAL
            self._totals.close_codes[code or ABNORMAL] += 1
            self._totals.last_close_ns[code or ABNORMAL] = time.time_ns()
            self._trace.note("websocket closed", code=code)
        self.session.websocket_closed(code, self._loop.time())
        self._pump()

    def _receive_batch(self, batch: list[tuple[bytes, float]]) -> None:
        self._called_back(self._receive_all, batch)

    def _receive_all(self, batch: list[tuple[bytes, float]]) -> None:
        receive = self.session.receive_datagram
        for data, arrival in batch:
            receive(data, arrival)

    def _on_timer(self) -> None:
        self._timer = self._due = None
        self.catch_up()
        self._called_back(self.session.handle_timeout, self._loop.time())

    def _called_back(self, act: Callable[[T], None], argument: T) -> None:
        """Act for the event loop, which would only log an exception and leave the session as it is."""
        try:
            act(argument)
            self._pump()
        except Exception:  # of any kind: it ends this session, and the keeper begins another one
            log.critical(BUG, exc_info=True, extra=events.BUG())
            failure = Failure(self.session.step, detail="The bot has run into a bug of its own.")
            try:
                self.end(failure.detail)
            finally:
                if not self.ended.done():  # the session's own event was lost with others
                    self._end(failure)

    def _pump(self) -> None:
        """Carry out the session's commands, deal with its events, and arm the one timer."""
        if self.session.step is not self._step:
            self._step = self.session.step
            self._trace.note("step", name=self._step)
        for command in self.session.take_commands():
            self._carry_out(command)
        happened = self.session.take_events()
        try:
            for event in happened:
                match event:
                    case AudioFrame():
                        self.heard_at = event.arrival
                        self.hear(event)
                    case Established():
                        self._established.set_result(None)
                    case Resumed():
                        self._resumed()
                    case PathDead(failure):
                        self._path_dead(failure)
                    case Ended():
                        pass
                    case _:
                        self.hear(event)
        finally:  # also if a sink raises; and last, because it delivers what the socket still has
            if self.session.step is Step.ENDED:
                for failure in [event.failure for event in happened if isinstance(event, Ended)]:
                    self._end(failure)
        due = self.session.next_timeout()
        if due != self._due:
            self._set_timer(due)

    def _set_timer(self, due: float | None) -> None:
        """Set the timer again. Rarely needed: audio does not change what is due next."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_at(due, self._on_timer)
        self._due = due

    def _carry_out(self, command: Command) -> None:
        match command:
            case SendText(text):
                self._send(text)
            case SendBinary(data):
                self._send(data)
            case SendDatagram(data):
                if self._udp is not None:
                    self._udp.send(data)
            case OpenUdp(host, port):
                self._open_udp(host, port)
            case Reconnect(delay_s):
                self._trace.note("resuming", delay_s=delay_s)
                if self.lost_websocket_at is None:
                    self.lost_websocket_at = self._loop.time()
                    self._log("lost its websocket, resuming", events.VOICE_RESUMING)
                if not self._reconnect.done():
                    self._reconnect.set_result(delay_s)

    def _resumed(self) -> None:
        self._log("continues over a new websocket", events.VOICE_RESUMED)
        self._trace.note("resumed")
        self._totals.resumes += 1
        self.lost_websocket_at = None

    def _path_dead(self, failure: Failure) -> None:
        if failure != self._path_failure:
            self._trace.note("path dead", cause=failure.path)
        self._path_failure = failure
        self.on_path_dead(failure)

    def _end(self, failure: Failure) -> None:
        if self.lost_websocket_at is not None:
            self._totals.resumes_failed += 1
        self._trace.note("ended", reason=explain(failure).reason)
        if self._udp is not None:
            udp, self._udp = self._udp, None
            udp.close()
        if not self.ended.done():
            self.ended.set_result(failure)
        self._stop_opening()

    def _log(self, what: str, event: events.Event) -> None:
        guild_id, channel_id = self.session.credentials.guild_id, self.session.credentials.channel_id
        extra = event(guild_id=guild_id, channel_id=channel_id, voice_close_code=self._close_code)
        log.info("The voice session of guild %d %s", guild_id, what, extra=extra)

    def _stop_opening(self) -> None:
        """Cancel the opening of a websocket, or the pause before it: it is no longer needed."""
        opening = self._websocket is None and asyncio.current_task() is not self._task
        if self._task is not None and opening:
            self._task.cancel()

    def _send(self, message: str | bytes) -> None:
        if self._websocket is not None:
            self._trace.sent(message)
            self._websocket.send(message)

    def _open_udp(self, host: str, port: int) -> None:
        self._trace.note("udp", server=f"{host}:{port}")
        try:
            self._udp = UdpSocket(host, port, self._receive_batch, self._totals)
        except (OSError, OverflowError, ValueError) as error:
            self.end(f"No UDP to {host}:{port}: {error}.")


def _report_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.critical(BUG, exc_info=task.exception(), extra=events.BUG())


async def _first(*futures: asyncio.Future[Any]) -> None:
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
